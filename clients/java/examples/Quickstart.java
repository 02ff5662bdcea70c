import clew.client.ActiveRun;
import clew.client.ClewClient;
import clew.client.RunSpec;
import clew.client.wire.CreateLoggedModel;
import clew.client.wire.CreateModelVersion;
import clew.client.wire.LogOutputs;
import clew.client.wire.LoggedModel;
import clew.client.wire.ModelOutput;
import clew.client.wire.ModelVersion;
import clew.client.wire.Run;
import clew.client.wire.SearchRuns;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A first tour: an experiment, runs, a search, a registered model. Needs a server, for example of {@code clew server}:
 *
 * <pre>
 * export CLEW_TRACKING_URI=http://127.0.0.1:5000
 * java -cp clew-client.jar:jackson-core.jar examples/Quickstart.java
 * </pre>
 */
public final class Quickstart {
    private Quickstart() {}

    /** Goes the tour; the server is that of CLEW_TRACKING_URI. */
    public static void main(String[] arguments) {
        String suffix = UUID.randomUUID().toString().substring(0, 8);
        try (ClewClient client = ClewClient.ofEnvironment()) {
            String experimentId = client.experiments().create("quickstart-java-" + suffix);
            for (double rate : List.of(0.01, 0.1, 1.0)) {
                RunSpec spec = RunSpec.inExperiment(experimentId).withName("rate " + rate);
                client.withRun(spec, run -> train(run, rate));
            }

            SearchRuns search = SearchRuns.of()
                .withExperimentIds(List.of(experimentId))
                .withFilter("params.rate = '0.1' OR metrics.loss <= 0.001")
                .withOrderBy(List.of("metrics.loss ASC"));
            List<Run> found = client.runs().search(search).toList();
            found.forEach(run -> System.out.println(run.name() + ": loss " + run.metric("loss")));

            register(client, found.get(0), "digits-" + suffix);
        }
    }

    private static void train(ActiveRun run, double rate) {
        run.logParam("rate", rate);
        run.logParams(Map.of("optimizer", "sgd", "epochs", 1000));
        run.setTag("team", "vision");
        for (int step = 0; step < 1000; step++) {
            run.logMetric("loss", 1 / (1 + rate * step), step);
        }
        run.logText("digit,count\n0,178\n1,182\n", "data/digits.csv");
        String csv = run.artifacts().text("data/digits.csv");
        try (ActiveRun child = run.startChild("evaluation")) {
            child.logMetric("lines", csv.lines().count());
        }
    }

    private static void register(ClewClient client, Run run, String name) {
        LoggedModel model = client.models().create(
            CreateLoggedModel.of(run.info().experimentId()).withName("weights").withSourceRunId(run.id()));
        client.modelArtifacts(model).putText("{\"weights\": [0.5, -1.5]}", "model.json");
        client.models().ready(model.id());
        client.runs().logOutputs(LogOutputs.of(run.id(), List.of(new ModelOutput(model.id(), 999))));

        client.registry().createModel(name);
        ModelVersion version = client.registry().createVersion(
            CreateModelVersion.of(name, model.uri()).withRunId(run.id()).withModelId(model.id()));
        client.registry().setStage(name, version.version(), "Staging");
        client.registry().setAlias(name, "champion", version.version());

        ModelVersion champion = client.registry().findVersionByAlias(name, "champion").orElseThrow();
        System.out.println(name + " version " + champion.version() + " is " + champion.currentStage() + ": champion");
    }
}
