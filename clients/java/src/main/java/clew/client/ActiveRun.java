package clew.client;

import clew.client.wire.DeleteTag;
import clew.client.wire.LogInputs;
import clew.client.wire.LogOutputs;
import clew.client.wire.MetricPoint;
import clew.client.wire.Routes;
import clew.client.wire.Run;
import clew.client.wire.RunStatus;
import clew.client.wire.UpdateRun;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A run that one logs into; of {@link ClewClient#startRun}. All methods may be called by any number of threads.
 *
 * <p>Metrics, params and tags are gathered and sent in batches by a thread of the client, within about a second. A log
 * call does not wait for the server, and does not fail where the server is away, until 100,000 points wait: then it waits, too,
 * and throws. {@link #flush}, and the methods that end the run, return when all is stored, and throw where something is not;
 * they may be called again. A log call on a run that has ended throws {@link IllegalStateException}.
 *
 * <p>Closing ends the run as FINISHED, unless it ended before. A block of try-with-resources cannot see that an exception
 * passes, so say {@link #fail} in its {@code catch}, or use {@link ClewClient#withRun}, which does.
 */
public final class ActiveRun implements AutoCloseable {
    private static final int MAX_REASON = 500;
    private static final int MAX_TRACE = 200_000;

    private final ClewClient client;
    private final Connection connection;
    private final Run started;
    private final RunLog log;
    private final Artifacts artifacts;
    private UpdateRun ending;
    private boolean ended;

    ActiveRun(ClewClient client, Connection connection, Run started) {
        this.client = client;
        this.connection = connection;
        this.started = started;
        log = new RunLog(connection, started.id());
        artifacts = new Artifacts(connection, started.id(), false, started.info()::artifactUri);
    }

    /** 32 hex digits. */
    public String id() {
        return started.id();
    }

    /** The id of its experiment. */
    public String experimentId() {
        return started.info().experimentId();
    }

    /** Its name, given or made up by the server. */
    public String name() {
        return started.name();
    }

    /** Where its web page is. */
    public String url() {
        String page = connection.isClew() ? "/runs/" : "/#/experiments/" + experimentId() + "/runs/";
        return connection.base() + page + id();
    }

    /** Its files; they are sent by the call, not gathered. */
    public Artifacts artifacts() {
        return artifacts;
    }

    /**
     * Logs a param; the value is its {@link String#valueOf}.
     *
     * @throws ClewException.Conflict this process logged the param with another value
     */
    public void logParam(String key, Object value) {
        check(key);
        log.addParam(key, String.valueOf(value));
        wake();
    }

    /**
     * Logs params.
     *
     * @throws ClewException.Conflict this process logged one of them with another value
     */
    public void logParams(Map<String, ?> params) {
        params.forEach(this::logParam);
    }

    /** Logs a value of a metric at step 0, now. NaN and the infinities are kept. */
    public void logMetric(String key, double value) {
        logMetric(key, value, 0);
    }

    /** Logs a value of a metric at a step, now. */
    public void logMetric(String key, double value, long step) {
        logMetric(key, value, step, System.currentTimeMillis());
    }

    /** Logs a value of a metric at a step and a time, in milliseconds since 1970-01-01 UTC. */
    public void logMetric(String key, double value, long step, long timestampMs) {
        logMetric(MetricPoint.of(key, value, timestampMs).withStep(step));
    }

    /** Logs a point, which may name the logged model and the dataset that it tells of. */
    public void logMetric(MetricPoint point) {
        check(point.key());
        log.add(point);
        wake();
    }

    /** Logs values of metrics at one step, now. */
    public void logMetrics(Map<String, ? extends Number> values, long step) {
        long now = System.currentTimeMillis();
        values.forEach((key, value) -> logMetric(key, value.doubleValue(), step, now));
    }

    /** Sets a tag; the last value holds. */
    public void setTag(String key, Object value) {
        check(key);
        log.addTag(key, String.valueOf(value));
        wake();
    }

    /** Sets tags. */
    public void setTags(Map<String, ?> tags) {
        tags.forEach(this::setTag);
    }

    /**
     * Removes a tag, once what was logged before is stored.
     *
     * @throws ClewException.NotFound there is no such tag
     */
    public void deleteTag(String key) {
        check(key);
        log.flush();
        connection.call(Routes.DELETE_TAG, DeleteTag.of(id(), key));
    }

    /** Notes which datasets and logged models the run reads; its {@code runId} is that of this run, whatever it says. */
    public void logInputs(LogInputs inputs) {
        connection.call(Routes.LOG_INPUTS, new LogInputs(id(), inputs.datasets(), inputs.models()));
    }

    /** Notes which logged models the run made; its {@code runId} is that of this run, whatever it says. */
    public void logOutputs(LogOutputs outputs) {
        connection.call(Routes.LOG_OUTPUTS, new LogOutputs(id(), outputs.models()));
    }

    /** Stores a file under its own name. */
    public void logArtifact(Path file) {
        artifacts.put(file, "");
    }

    /** Stores a file under its own name in a folder of the run. */
    public void logArtifact(Path file, String folder) {
        artifacts.put(file, folder);
    }

    /** Stores a text as a file. */
    public void logText(String text, String path) {
        artifacts.putText(text, path);
    }

    /** Starts a run below this one, in the same experiment. Each of them ends by itself. */
    public ActiveRun startChild(String name) {
        return client.startRun(RunSpec.inExperiment(experimentId()).withName(name).withParent(id()));
    }

    /**
     * Sends all that was logged before this call.
     *
     * @throws ClewException.Unreachable the server is away; what is logged waits
     * @throws ClewException the server has refused something since the last call; the rest is stored
     */
    public void flush() {
        log.flush();
    }

    /**
     * Ends the run as FINISHED, unless it ended before.
     *
     * @throws ClewException something could not be stored
     */
    @Override
    public void close() {
        end(RunStatus.FINISHED, null, null);
    }

    /** Ends the run as FAILED, unless it ended before, and keeps the stack trace as a file and its first line as a tag. */
    public void fail(Throwable cause) {
        if (!end(RunStatus.FAILED, "clew.failed_reason", cause.toString())) return;
        StringWriter trace = new StringWriter();
        cause.printStackTrace(new PrintWriter(trace, true));
        String text = trace.toString();
        if (text.length() > MAX_TRACE) text = text.substring(0, MAX_TRACE) + "\n…";
        String name = host() + "-" + ProcessHandle.current().pid() + "+timestamp+" + System.currentTimeMillis() + ".txt";
        artifacts.putText(text, "clew/error/" + name);
    }

    /** Ends the run as KILLED, unless it ended before; the reason is kept as a tag. */
    public void kill(String reason) {
        end(RunStatus.KILLED, "clew.killed_reason", reason);
    }

    /** Whether it was this call that ended the run. One that could not be ended may be ended again, with the first status. */
    private synchronized boolean end(RunStatus status, String tag, String reason) {
        if (ended) return false;
        boolean first = ending == null;
        if (first) {
            if (tag != null) log.addTag(tag, reason.substring(0, Math.min(reason.length(), MAX_REASON)));
            ending = UpdateRun.of(id()).withStatus(status).withEndTime(System.currentTimeMillis());
            log.seal();
        }
        ClewException refused = null;
        try {
            log.flush();
        } catch (ClewException.NotFound | ClewException.InvalidParameter | ClewException.Conflict fault) {
            refused = fault;
        }
        connection.call(Routes.UPDATE_RUN, ending);
        ended = true;
        client.forget(this);
        if (refused != null) throw refused;
        return first;
    }

    void flushQuietly() {
        log.flushQuietly();
    }

    private void wake() {
        if (log.full()) client.wake();
    }

    private static void check(String key) {
        if (key == null || key.isEmpty()) throw new IllegalArgumentException("A key is needed.");
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException none) {
            return "localhost";
        }
    }
}
