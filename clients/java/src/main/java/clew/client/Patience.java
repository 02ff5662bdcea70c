package clew.client;

import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * When a call is tried again, and for how long.
 *
 * <p>Repeated are calls that surely were not carried out (no connection, status 429), and those that do no harm a second
 * time, after a lost answer or status 408, 502, 503 or 504. Pauses double from 0.1 s to 5 s, each by chance between half
 * and all of that; the server's {@code Retry-After} is kept.
 */
record Patience(Duration longest) {
    static final Patience NONE = new Patience(Duration.ZERO);

    private static final long FIRST_MS = 100;
    private static final long MAX_MS = 5_000;

    /** Whether a connection was never there, so that the server cannot have seen the call. */
    static boolean unsent(Throwable fault) {
        return fault instanceof ConnectException || fault instanceof HttpConnectTimeoutException;
    }

    /** Whether an answer of this status may become another one by itself. */
    static boolean passing(int status, boolean repeatable) {
        return status == 429 || repeatable && (status == 408 || status == 502 || status == 503 || status == 504);
    }

    /** Whether the address has a name that nobody knows: waiting seldom helps. */
    static boolean unknownName(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) return true;
        }
        return false;
    }

    /** How long to wait before a further attempt, in milliseconds; 0 after the first one. */
    static long pauseMs(int attempt) {
        long ms = Math.min(MAX_MS, FIRST_MS << Math.min(attempt, 10));
        return ThreadLocalRandom.current().nextLong(ms / 2, ms + 1);
    }

    /**
     * Waits before a further attempt.
     *
     * @param attempt 0 after the first one
     * @param startedNanos when the first one began, of {@link System#nanoTime()}
     * @param retryAfterS what the server asked for; 0 if nothing
     * @return false, without waiting, where that would take too long
     */
    boolean pause(int attempt, long startedNanos, double retryAfterS) throws InterruptedException {
        long ms = Math.max(pauseMs(attempt), (long) (retryAfterS * 1000));
        long spentMs = (System.nanoTime() - startedNanos) / 1_000_000;
        if (spentMs + ms > longest.toMillis()) return false;
        Thread.sleep(ms);
        return true;
    }
}
