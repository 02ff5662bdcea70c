package clew.client.wire;

import clew.client.ActiveRun;
import clew.client.ClewClient;
import clew.client.RunSpec;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What tests/clients/test_java.py asks the client to read and to write. Prints one line of JSON for each entity, as this client
 * understood it.
 */
public final class Exchange {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private Exchange() {}

    /** {@code read EXPERIMENT RUN LOGGED_MODEL REGISTERED_MODEL METRIC} {@code write EXPERIMENT REGISTERED_MODEL} or {@code leave EXPERIMENT}. */
    public static void main(String[] arguments) {
        try (ClewClient client = ClewClient.ofEnvironment()) {
            List<String> rest = new ArrayList<>(List.of(arguments));
            switch (rest.remove(0)) {
                case "read" -> read(client, rest);
                case "write" -> write(client, rest);
                default -> leave(client, rest);
            }
        }
    }

    private static void read(ClewClient client, List<String> names) {
        String runId = names.get(1);
        print(client.experiments().find(names.get(0)).orElseThrow());
        print(client.runs().get(runId));
        print(client.models().get(names.get(2)));
        print(client.registry().getModel(names.get(3)));
        print(client.registry().getVersion(names.get(3), "1"));
        print(new MetricHistoryResponse(client.runs().metricHistory(runId, names.get(4)).toList(), null));
        print(new ListArtifactsResponse(null, client.artifacts(runId).files(""), null));
        for (FileInfo file : client.artifacts(runId).files("")) print(new Pair(file.path(), client.artifacts(runId).text(file.path())));
    }

    private static void write(ClewClient client, List<String> names) {
        double[] values = {0.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 1e-320};
        try (ActiveRun run = client.startRun(RunSpec.in(names.get(0)).withName("Lauf 走行 🚀"))) {
            run.logParams(Map.of("学習率", "値 = \"x\"", "lr", 0.1));
            for (int step = 0; step < values.length; step++) run.logMetric("Verlust 損失", values[step], step - 2, 1000 + step);
            run.setTag("schlüssel", "ünï\n2");
            run.logText("Größe\n", "日本 語/a%20b.txt");
            Dataset dataset = new Dataset("ziffern 数字", "d1", "local", "{}", "{\"s\": 1}", "{\"p\": 2}");
            DatasetInput input = new DatasetInput(dataset, List.of(new KeyValue("mlflow.data.context", "train")));
            run.logInputs(LogInputs.of(run.id()).withDatasets(List.of(input)));
            LoggedModel model = client.models().create(CreateLoggedModel.of(run.experimentId()).withName("netz 網")
                .withSourceRunId(run.id()).withParams(List.of(new KeyValue("tiefe", "3"))));
            client.models().ready(model.id());
            run.logOutputs(LogOutputs.of(run.id(), List.of(new ModelOutput(model.id(), 4))));
            client.registry().createModel(CreateRegisteredModel.of(names.get(1)).withDescription("für 全部"));
            client.registry().createVersion(CreateModelVersion.of(names.get(1), model.uri()).withModelId(model.id())
                .withTags(List.of(new KeyValue("ü", "值"))));
            client.registry().setStage(names.get(1), "1", "Production");
            client.registry().setAlias(names.get(1), "beste", "1");
            OUT.println(run.id());
            OUT.println(model.id());
        }
    }

    /** Ends the program inside a run. */
    private static void leave(ClewClient client, List<String> names) {
        ActiveRun run = client.startRun(RunSpec.in(names.get(0)));
        run.logMetric("last words", 1);
        OUT.println(run.id());
        System.exit(0);
    }

    private static void print(Message message) {
        OUT.println(new String(JsonWriter.bytes(message), StandardCharsets.UTF_8));
    }
}
