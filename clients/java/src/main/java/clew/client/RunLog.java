package clew.client;

import clew.client.wire.KeyValue;
import clew.client.wire.LogBatch;
import clew.client.wire.MetricPoint;
import clew.client.wire.Routes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a run has logged and the server has not got yet, and its way there: in batches of at most 1000 metrics, 100 params and
 * 100 tags, 1000 in all, in the order of logging.
 *
 * <p>What cannot be sent stays for the next attempt. What the server refuses is found by halving the batch, so that the rest
 * is stored, and told by the next {@link #flush}.
 */
final class RunLog {
    static final int MAX_BATCH = 1000;
    static final int MAX_PAIRS = 100;
    /** From so many waiting points on, the one who logs waits for the server. */
    static final int MAX_WAITING = 100_000;

    private static final Logger LOGGER = System.getLogger(RunLog.class.getName());

    private final Connection connection;
    private final String runId;
    private final ReentrantLock sending = new ReentrantLock();
    private final Deque<MetricPoint> metrics = new ArrayDeque<>();
    private final Deque<KeyValue> params = new ArrayDeque<>();
    private final Map<String, String> known = new HashMap<>();
    private Map<String, String> tags = new LinkedHashMap<>();
    private final List<ClewException> refused = new ArrayList<>();
    private boolean sealed;
    private int failures; // of attempts in a row to send quietly; these and the next are for the one who sends
    private long quietUntilNanos;

    RunLog(Connection connection, String runId) {
        this.connection = connection;
        this.runId = runId;
    }

    void add(MetricPoint point) {
        int waiting;
        synchronized (metrics) {
            checkOpen();
            metrics.add(point);
            waiting = metrics.size();
        }
        if (waiting >= MAX_WAITING) drain(true);
    }

    /** Takes a param; one that this process logged with the same value is passed over. */
    void addParam(String key, String value) {
        synchronized (metrics) {
            checkOpen();
            String before = known.putIfAbsent(key, value);
            if (value.equals(before)) return;
            if (before != null) {
                String text = "Changing param values is not allowed. Param with key='" + key + "' was already logged with value='"
                    + before + "' for run ID='" + runId + "'. Attempted logging new value '" + value + "'.";
                throw new ClewException.Conflict(text, "INVALID_PARAMETER_VALUE", 0);
            }
            params.add(new KeyValue(key, value));
        }
    }

    void addTag(String key, String value) {
        synchronized (metrics) {
            checkOpen();
            tags.remove(key); // so that it goes to the end
            tags.put(key, value);
        }
    }

    /** Lets nothing more in: what came before is sent by the next flush, what comes later is an error of the caller. */
    void seal() {
        synchronized (metrics) {
            sealed = true;
        }
    }

    private void checkOpen() {
        if (sealed) throw new IllegalStateException("Run " + runId + " has ended; start another, or resume it.");
    }

    /** Whether enough waits for a batch. */
    boolean full() {
        synchronized (metrics) {
            int all = metrics.size() + params.size() + tags.size();
            return all >= MAX_BATCH || params.size() >= MAX_PAIRS || tags.size() >= MAX_PAIRS;
        }
    }

    private boolean empty() {
        synchronized (metrics) {
            return metrics.isEmpty() && params.isEmpty() && tags.isEmpty();
        }
    }

    /** Sends what waits, if the server is there, and leaves it in peace for a while where it is not; never throws. */
    void flushQuietly() {
        if (empty() || !sending.tryLock()) return;
        try {
            if (failures == 0 || System.nanoTime() - quietUntilNanos >= 0) drain(false);
        } catch (ClewException trouble) {
            if (failures == 0) LOGGER.log(Level.WARNING, "Run {0}: {1} What is logged waits.", runId, trouble.getMessage());
            quietUntilNanos = System.nanoTime() + Patience.pauseMs(failures++) * 1_000_000;
        } finally {
            sending.unlock();
        }
    }

    /**
     * Sends all that was logged before this call.
     *
     * @throws ClewException the server cannot be reached, and the data wait; or it has refused something, of which the first
     *     is thrown, with the others as suppressed ones
     */
    void flush() {
        drain(true);
        List<ClewException> told;
        synchronized (refused) {
            told = List.copyOf(refused);
            refused.clear();
        }
        if (told.isEmpty()) return;
        ClewException first = told.get(0);
        told.stream().skip(1).forEach(first::addSuppressed);
        throw first;
    }

    private void drain(boolean patient) {
        sending.lock();
        try {
            for (LogBatch batch = take(); batch != null; batch = take()) send(batch, patient);
            failures = 0;
        } finally {
            sending.unlock();
        }
    }

    /** Sends a batch, or parts of one that is refused; what is refused alone is kept in mind, what is not sent put back. */
    private void send(LogBatch batch, boolean patient) {
        List<LogBatch> halves;
        try {
            if (patient) connection.call(Routes.LOG_BATCH, batch);
            else connection.call(Routes.LOG_BATCH, batch, Patience.NONE);
            return;
        } catch (ClewException.NotFound | ClewException.InvalidParameter | ClewException.Conflict refusal) {
            halves = hopeless(refusal) ? List.of() : halves(batch);
            if (halves.isEmpty()) {
                LOGGER.log(Level.WARNING, "Run {0}: the server refused what was logged: {1}", runId, refusal.getMessage());
                synchronized (refused) {
                    refused.add(refusal);
                }
                return;
            }
        } catch (ClewException trouble) {
            putBack(batch);
            throw trouble;
        }
        try {
            send(halves.get(0), patient);
        } catch (ClewException trouble) {
            putBack(halves.get(1));
            throw trouble;
        }
        send(halves.get(1), patient);
    }

    /** Whether every part of the batch would be refused for the same reason: no such run, or one in the trash. */
    private static boolean hopeless(ClewException refusal) {
        return refusal instanceof ClewException.NotFound || refusal.getMessage().contains("must be in the 'active' state");
    }

    private static List<LogBatch> halves(LogBatch batch) {
        int size = batch.metrics().size() + batch.params().size() + batch.tags().size();
        if (size <= 1) return List.of();
        int half = size / 2;
        return List.of(part(batch, 0, half), part(batch, half, size));
    }

    /** The items of a batch from one place to another, counted through metrics, params and tags. */
    private static LogBatch part(LogBatch batch, int from, int to) {
        int params = batch.metrics().size();
        int tags = params + batch.params().size();
        return new LogBatch(batch.runId(), cut(batch.metrics(), from, to), cut(batch.params(), from - params, to - params),
            cut(batch.tags(), from - tags, to - tags));
    }

    private static <T> List<T> cut(List<T> items, int from, int to) {
        return items.subList(Math.min(Math.max(from, 0), items.size()), Math.min(Math.max(to, 0), items.size()));
    }

    private LogBatch take() {
        synchronized (metrics) {
            List<KeyValue> takenParams = poll(params, MAX_PAIRS);
            List<KeyValue> takenTags = new ArrayList<>();
            for (var entries = tags.entrySet().iterator(); entries.hasNext() && takenTags.size() < MAX_PAIRS; ) {
                var entry = entries.next();
                takenTags.add(new KeyValue(entry.getKey(), entry.getValue()));
                entries.remove();
            }
            List<MetricPoint> taken = poll(metrics, MAX_BATCH - takenParams.size() - takenTags.size());
            if (taken.isEmpty() && takenParams.isEmpty() && takenTags.isEmpty()) return null;
            return new LogBatch(runId, taken, takenParams, takenTags);
        }
    }

    private static <T> List<T> poll(Deque<T> items, int most) {
        List<T> taken = new ArrayList<>(Math.min(items.size(), most));
        while (taken.size() < most && !items.isEmpty()) taken.add(items.poll());
        return taken;
    }

    private void putBack(LogBatch batch) {
        synchronized (metrics) {
            for (int i = batch.metrics().size() - 1; i >= 0; i--) metrics.addFirst(batch.metrics().get(i));
            for (int i = batch.params().size() - 1; i >= 0; i--) params.addFirst(batch.params().get(i));
            Map<String, String> older = new LinkedHashMap<>();
            for (KeyValue tag : batch.tags()) older.put(tag.key(), tag.value());
            tags.keySet().forEach(older::remove); // what was set meanwhile is newer
            older.putAll(tags);
            tags = older;
        }
    }
}
