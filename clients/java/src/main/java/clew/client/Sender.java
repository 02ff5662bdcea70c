package clew.client;

import java.util.ArrayList;
import java.util.Set;

/** The thread of a client that sends what its open runs have logged, and what ends them where nobody else did. */
final class Sender {
    private static final long PAUSE_MS = 1_000;

    private final Connection connection;
    private final Set<ActiveRun> open;
    private final Object signal = new Object();
    private Thread thread;
    private Thread hook;
    private boolean woken;
    private boolean closed;

    Sender(Connection connection, Set<ActiveRun> open) {
        this.connection = connection;
        this.open = open;
    }

    /** Begins to work, if it did not yet. */
    void start() {
        synchronized (signal) {
            if (closed) throw new IllegalStateException("The client is closed.");
            if (thread != null) return;
            thread = new Thread(this::work, "clew-sender");
            thread.setDaemon(true);
            thread.start();
            hook = new Thread(this::exit, "clew-exit");
            Runtime.getRuntime().addShutdownHook(hook);
        }
    }

    /** Asks for a batch to be sent now. */
    void wake() {
        synchronized (signal) {
            woken = true;
            signal.notifyAll();
        }
    }

    void close() {
        synchronized (signal) {
            if (closed) return;
            closed = true;
            signal.notifyAll();
            if (hook != null) forgetHook();
        }
        abandon("its client was closed");
    }

    private void exit() {
        connection.hurry();
        abandon("the program ended inside the run");
    }

    private void forgetHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // the hook runs already, and does the same
        }
    }

    private void abandon(String reason) {
        ClewException trouble = null;
        for (ActiveRun run : new ArrayList<>(open)) {
            try {
                run.kill(reason);
            } catch (ClewException fault) {
                if (trouble == null) trouble = fault;
                else trouble.addSuppressed(fault);
            }
        }
        if (trouble != null) throw trouble;
    }

    private void work() {
        while (waitForWork()) {
            for (ActiveRun run : new ArrayList<>(open)) run.flushQuietly();
        }
    }

    private boolean waitForWork() {
        synchronized (signal) {
            try {
                if (!woken && !closed) signal.wait(PAUSE_MS);
            } catch (InterruptedException stop) {
                return false;
            }
            woken = false;
            return !closed;
        }
    }
}
