package clew.client;

import clew.client.wire.CreateRun;
import clew.client.wire.KeyValue;
import clew.client.wire.LoggedModel;
import clew.client.wire.Message;
import clew.client.wire.Route;
import clew.client.wire.Routes;
import clew.client.wire.Run;
import clew.client.wire.RunStatus;
import clew.client.wire.StartRun;
import clew.client.wire.UpdateRun;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way to a tracking server: a Clew, or another one that speaks MLflow's REST API. One client serves any number of threads
 * and runs. Every call that asks the server throws a {@link ClewException} where it is refused or the server is away.
 *
 * <pre>
 * try (ClewClient client = ClewClient.connect("http://127.0.0.1:5000");
 *         ActiveRun run = client.startRun(RunSpec.in("digits").withName("first"))) {
 *     run.logParam("lr", 0.1);
 *     run.logMetric("loss", 0.25, 1);
 * }
 * </pre>
 */
public final class ClewClient implements AutoCloseable {
    private final Connection connection;
    private final Map<String, String> environment;
    private final String user;
    private final Sender sender;
    private final Set<ActiveRun> open = ConcurrentHashMap.newKeySet();

    private ClewClient(Builder settings) {
        connection = new Connection(settings);
        environment = settings.environment;
        user = settings.user();
        sender = new Sender(connection, open);
    }

    /** A client of the server at an {@code http} or {@code https} address, with the environment's token. */
    public static ClewClient connect(String uri) {
        return builder().uri(uri).build();
    }

    /** A client of the server that {@code CLEW_TRACKING_URI} or {@code MLFLOW_TRACKING_URI} name. */
    public static ClewClient ofEnvironment() {
        return builder().build();
    }

    /** A client of one's own making. */
    public static Builder builder() {
        return new Builder(System.getenv());
    }

    /**
     * Starts a run. On a Clew, this is one call that may be repeated, so a lost answer does not make two runs.
     *
     * @throws ClewException.NotFound there is no experiment of this id
     */
    public ActiveRun startRun(RunSpec spec) {
        String name = spec.experimentName();
        String id = spec.experimentId();
        if (name == null && id == null) {
            name = first("CLEW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME");
            id = first("CLEW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID");
        }
        long now = System.currentTimeMillis();
        List<KeyValue> tags = Pairs.of(tags(spec));
        Run run;
        if (connection.isClew()) {
            String runId = UUID.randomUUID().toString().replace("-", "");
            String experimentId = name != null ? null : id != null ? id : "0";
            run = call(Routes.START_RUN, new StartRun(runId, experimentId, name, spec.name(), user, now, tags)).run();
        } else {
            String experimentId = name != null ? experiments().getOrCreate(name) : id != null ? id : "0";
            run = call(Routes.CREATE_RUN, new CreateRun(experimentId, user, spec.name(), now, tags)).run();
        }
        return opened(run);
    }

    /** Goes on with a run that exists; its status becomes RUNNING. */
    public ActiveRun resumeRun(String runId) {
        call(Routes.UPDATE_RUN, UpdateRun.of(runId).withStatus(RunStatus.RUNNING));
        return opened(runs().get(runId));
    }

    /** Work inside a run. */
    @FunctionalInterface
    public interface Work<E extends Exception> {
        /** Does it. */
        void in(ActiveRun run) throws E;
    }

    /** Work inside a run that has a result. */
    @FunctionalInterface
    public interface Task<T, E extends Exception> {
        /** Does it. */
        T in(ActiveRun run) throws E;
    }

    /**
     * Starts a run, does work in it, and ends it as it deserves: FINISHED, KILLED where the thread was interrupted, or FAILED
     * with the stack trace where anything else was thrown, which is thrown on.
     */
    public <E extends Exception> void withRun(RunSpec spec, Work<E> work) throws E {
        callWithRun(spec, run -> {
            work.in(run);
            return null;
        });
    }

    /** As {@link #withRun}, with a result. */
    public <T, E extends Exception> T callWithRun(RunSpec spec, Task<T, E> task) throws E {
        ActiveRun run = startRun(spec);
        T result;
        try {
            result = task.in(run);
        } catch (Throwable cause) {
            end(run, cause);
            throw cause;
        }
        run.close();
        return result;
    }

    private static void end(ActiveRun run, Throwable cause) {
        boolean interrupted = Thread.interrupted(); // which would end our calls, too
        try {
            if (cause instanceof InterruptedException || cause instanceof ClewException.Interrupted) {
                run.kill("the thread was interrupted");
            } else {
                run.fail(cause);
            }
        } catch (ClewException trouble) {
            cause.addSuppressed(trouble);
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** The calls on experiments. */
    public Experiments experiments() {
        return new Experiments(connection);
    }

    /** The calls on runs that exist. */
    public Runs runs() {
        return new Runs(connection);
    }

    /** The model registry. */
    public Registry registry() {
        return new Registry(connection);
    }

    /** The calls on logged models. */
    public LoggedModels models() {
        return new LoggedModels(connection);
    }

    /** The files of a run. */
    public Artifacts artifacts(String runId) {
        return new Artifacts(connection, runId, false, () -> runs().get(runId).info().artifactUri());
    }

    /** The files of a logged model. */
    public Artifacts modelArtifacts(LoggedModel model) {
        return new Artifacts(connection, model.id(), true, model.info()::artifactUri);
    }

    /** Any call of the API; the other methods are made of these. */
    public <Q extends Message, A extends Message> A call(Route<Q, A> route, Q request) {
        return connection.call(route, request);
    }

    /** The server's address, without a slash at its end. */
    public String uri() {
        return connection.base();
    }

    /** Ends the thread that sends. Runs that nobody ended are stored, and end as KILLED. */
    @Override
    public void close() {
        sender.close();
    }

    void wake() {
        sender.wake();
    }

    void forget(ActiveRun run) {
        open.remove(run);
    }

    private ActiveRun opened(Run run) {
        ActiveRun opened = new ActiveRun(this, connection, run);
        open.add(opened);
        sender.start();
        return opened;
    }

    private Map<String, String> tags(RunSpec spec) {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("mlflow.user", user);
        tags.put("mlflow.source.type", "LOCAL");
        String program = System.getProperty("sun.java.command", "").split(" ", 2)[0];
        if (!program.isEmpty()) tags.put("mlflow.source.name", program);
        if (spec.parentRunId() != null) tags.put("mlflow.parentRunId", spec.parentRunId());
        tags.putAll(spec.tags());
        return tags;
    }

    private String first(String... names) {
        return Builder.first(environment, names);
    }

    /** What a client is made with; whatever is not set comes from the environment. */
    public static final class Builder {
        final Map<String, String> environment;
        Duration connectTimeout = Duration.ofSeconds(10);
        Duration timeout = Duration.ofSeconds(60);
        Duration transferTimeout = Duration.ofHours(1);
        Duration retryTimeout = Duration.ofSeconds(20);
        private String uri;
        private String token;

        Builder(Map<String, String> environment) {
            this.environment = environment;
        }

        /** The server's address; otherwise {@code CLEW_TRACKING_URI} or {@code MLFLOW_TRACKING_URI}. */
        public Builder uri(String address) {
            uri = address;
            return this;
        }

        /**
         * What shows who asks; otherwise {@code CLEW_TOKEN} or {@code MLFLOW_TRACKING_TOKEN}, else
         * {@code MLFLOW_TRACKING_USERNAME} and {@code MLFLOW_TRACKING_PASSWORD}.
         */
        public Builder token(String bearerToken) {
            token = bearerToken;
            return this;
        }

        /** How long a connection may take; 10 s. */
        public Builder connectTimeout(Duration longest) {
            connectTimeout = longest;
            return this;
        }

        /** How long an answer may take; 60 s. */
        public Builder timeout(Duration longest) {
            timeout = longest;
            return this;
        }

        /** How long the transfer of a file may take; an hour. */
        public Builder transferTimeout(Duration longest) {
            transferTimeout = longest;
            return this;
        }

        /** How long a call is repeated while the server is away or busy; 20 s. Zero: not at all. */
        public Builder retryTimeout(Duration longest) {
            retryTimeout = longest;
            return this;
        }

        /**
         * The client; it asks the server nothing yet.
         *
         * @throws ClewException.InvalidParameter no address is given, or not one of a server
         */
        public ClewClient build() {
            return new ClewClient(this);
        }

        String address() {
            String found = uri != null ? uri : first(environment, "CLEW_TRACKING_URI", "MLFLOW_TRACKING_URI");
            if (found == null) {
                throw invalid("No tracking server is named: set CLEW_TRACKING_URI, or give the builder a uri.");
            }
            if (!found.matches("(?i)https?://[^/?#]+(/[^?#]*)?")) {
                throw invalid("'" + found + "' is no address of a server. This client speaks http and https only: "
                    + "run `clew server` for the store, and give its address.");
            }
            return found.replaceAll("/+$", "");
        }

        String authorization() {
            String bearer = token != null ? token : first(environment, "CLEW_TOKEN", "MLFLOW_TRACKING_TOKEN");
            if (bearer != null) return "Bearer " + bearer;
            String name = first(environment, "MLFLOW_TRACKING_USERNAME");
            if (name == null) return null;
            String password = environment.getOrDefault("MLFLOW_TRACKING_PASSWORD", "");
            byte[] login = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
            return "Basic " + Base64.getEncoder().encodeToString(login);
        }

        String user() {
            String name = first(environment, "LOGNAME", "USER", "LNAME", "USERNAME");
            return name != null ? name : System.getProperty("user.name", "unknown");
        }

        static String first(Map<String, String> environment, String... names) {
            for (String name : names) {
                String value = environment.get(name);
                if (value != null && !value.isEmpty()) return value;
            }
            return null;
        }

        private static ClewException invalid(String text) {
            return new ClewException.InvalidParameter(text, null);
        }
    }
}
