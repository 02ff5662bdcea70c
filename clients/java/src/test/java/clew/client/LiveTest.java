package clew.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import clew.client.wire.CreateLoggedModel;
import clew.client.wire.CreateModelVersion;
import clew.client.wire.Dataset;
import clew.client.wire.DatasetInput;
import clew.client.wire.Empty;
import clew.client.wire.FileInfo;
import clew.client.wire.KeyValue;
import clew.client.wire.LogInputs;
import clew.client.wire.LoggedModel;
import clew.client.wire.LoggedModelStatus;
import clew.client.wire.Metric;
import clew.client.wire.ModelVersion;
import clew.client.wire.Routes;
import clew.client.wire.Run;
import clew.client.wire.RunStatus;
import clew.client.wire.SearchExperiments;
import clew.client.wire.SearchModelVersions;
import clew.client.wire.SearchRegisteredModels;
import clew.client.wire.SearchRuns;
import clew.client.wire.TransitionStage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything, against the server whose address is in CLEW_TEST_URI; skipped without one. */
class LiveTest {
    private static ClewClient client;
    private static String experimentId;

    @BeforeAll
    static void connect() {
        String uri = System.getenv("CLEW_TEST_URI");
        if (uri == null) System.out.println("LiveTest is skipped: CLEW_TEST_URI names no server to test against.");
        Assumptions.assumeTrue(uri != null, "CLEW_TEST_URI names no server to test against");
        client = ClewClient.connect(uri);
        experimentId = client.experiments().create(unique("java"));
    }

    @AfterAll
    static void close() {
        if (client != null) client.close();
    }

    private static String unique(String name) {
        return name + "-" + UUID.randomUUID();
    }

    private static RunSpec spec() {
        return RunSpec.inExperiment(experimentId);
    }

    private static void needsClew() {
        boolean clew;
        try {
            clew = client.call(Routes.INFO, new Empty()).name().equals("clew");
        } catch (ClewException.NotFound other) {
            clew = false;
        }
        Assumptions.assumeTrue(clew, "a Clew is needed");
    }

    /** MLflow says nothing of an empty file's size. */
    private static long size(FileInfo file) {
        return file.fileSize() == null ? 0 : file.fileSize();
    }

    @Test
    void experimentsComeAndGo() {
        String name = unique("学習 ü/x");
        String id = client.experiments().create(name);
        assertEquals(id, client.experiments().getOrCreate(name));
        assertEquals(id, client.experiments().find(name).orElseThrow().experimentId());
        assertTrue(client.experiments().find(unique("none")).isEmpty());
        assertThrows(ClewException.AlreadyExists.class, () -> client.experiments().create(name));
        client.experiments().setTag(id, "k", "v\n2");
        assertEquals("v\n2", client.experiments().get(id).tag("k"));
        client.experiments().deleteTag(id, "k");
        assertThrows(ClewException.NotFound.class, () -> client.experiments().deleteTag(id, "k"));
        client.experiments().rename(id, name + "2");
        var search = SearchExperiments.of().withMaxResults(1L).withFilter("name LIKE '" + name + "%'");
        assertEquals(List.of(id), client.experiments().search(search).map(e -> e.experimentId()).toList());
        client.experiments().delete(id);
        assertEquals("deleted", client.experiments().get(id).lifecycleStage());
        client.experiments().restore(id);
        assertEquals("active", client.experiments().get(id).lifecycleStage());
        assertThrows(ClewException.NotFound.class, () -> client.experiments().get("987654321"));
    }

    @Test
    void aRunKeepsWhatIsLogged() {
        String id;
        try (ActiveRun run = client.startRun(spec().withName("läuft").withTag("a", "b").withDescription("# Título"))) {
            id = run.id();
            run.logParams(Map.of("lr", 0.1, "名前", "値 = 'x'", "leer", ""));
            for (int step = 0; step < 2500; step++) run.logMetric("loss", 1.0 / (step + 1), step, 1_000_000L + step);
            run.logMetrics(Map.of("acc/val", 0.5, "f1", 1), 7);
            for (int i = 0; i < 250; i++) run.setTag("tag" + i, i);
            run.setTag("tag0", "last");
            assertEquals(RunStatus.RUNNING, client.runs().get(id).status());
        }
        Run read = client.runs().get(id);
        assertEquals(RunStatus.FINISHED, read.status());
        assertTrue(read.info().endTime() >= read.info().startTime());
        assertEquals("läuft", read.name());
        assertEquals(Map.of("lr", "0.1", "名前", "値 = 'x'", "leer", ""), read.params());
        assertEquals("b", read.tag("a"));
        assertEquals("# Título", read.tag("mlflow.note.content"));
        assertEquals("last", read.tag("tag0"));
        assertEquals("249", read.tag("tag249"));
        assertEquals(Map.of("loss", 1.0 / 2500, "acc/val", 0.5, "f1", 1.0), read.metrics());
        List<Metric> history = client.runs().metricHistory(id, "loss").toList();
        assertEquals(2500, history.size());
        for (int step = 0; step < 2500; step++) {
            Metric point = history.get(step);
            assertEquals(new Metric("loss", 1.0 / (step + 1), 1_000_000L + step, (long) step, null, null, null, null), point);
        }
        assertEquals(List.of(), client.runs().metricHistory(id, "none").toList());
    }

    @Test
    void whatIsNoNumberIsKept() {
        needsClew(); // MLflow clamps the infinities
        String id = client.callWithRun(spec(), run -> {
            double[] values = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, Double.MIN_VALUE};
            for (int step = 0; step < values.length; step++) run.logMetric("odd", values[step], step, 1000L + step);
            run.logMetric("nan", Double.NaN, -5);
            return run.id();
        });
        List<Double> read = client.runs().metricHistory(id, "odd").map(Metric::value).toList();
        assertEquals(List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, Double.MIN_VALUE), read);
        assertTrue(client.runs().get(id).metric("nan").isNaN());
    }

    @Test
    void aChangedParamIsToldAndTheRestIsStored() {
        String id = client.callWithRun(spec(), run -> {
            run.logParam("p", 1);
            return run.id();
        });
        ActiveRun again = client.resumeRun(id);
        assertEquals(RunStatus.RUNNING, client.runs().get(id).status());
        again.logParam("p", 2);
        again.logParam("q", 1);
        again.logMetric("m", 1);
        again.logMetric("..", 1);
        var told = assertThrows(ClewException.class, again::flush);
        assertEquals(1, told.getSuppressed().length);
        again.close();
        Run read = client.runs().get(id);
        assertEquals(Map.of("p", "1", "q", "1"), read.params());
        assertEquals(Map.of("m", 1.0), read.metrics());
        assertEquals(RunStatus.FINISHED, read.status());
    }

    @Test
    void aFailureIsKept() {
        var thrown = assertThrows(IllegalStateException.class, () -> client.withRun(spec().withName("fails"), run -> {
            throw new IllegalStateException("gradient exploded");
        }));
        assertEquals(0, thrown.getSuppressed().length);
        Run read = client.runs().search(experimentId, "attributes.run_name = 'fails'").findFirst().orElseThrow();
        assertEquals(RunStatus.FAILED, read.status());
        assertEquals("java.lang.IllegalStateException: gradient exploded", read.tag("clew.failed_reason"));
        FileInfo trace = client.artifacts(read.id()).files("").get(0);
        assertTrue(trace.path().startsWith("clew/error/"));
        assertTrue(client.artifacts(read.id()).text(trace.path()).contains("aFailureIsKept"));
    }

    @Test
    void runsNestAndAreFoundByThePage() {
        String experiment = client.experiments().create(unique("search"));
        try (ActiveRun parent = client.startRun(RunSpec.inExperiment(experiment).withName("parent"))) {
            for (int i = 0; i < 7; i++) {
                try (ActiveRun child = parent.startChild("child " + i)) {
                    child.logParam("i", i);
                    child.logMetric("m", i);
                }
            }
        }
        SearchRuns all = SearchRuns.of().withExperimentIds(List.of(experiment)).withMaxResults(2L);
        List<String> names = client.runs().search(all.withOrderBy(List.of("attributes.run_name ASC"))).map(Run::name).toList();
        assertEquals(List.of("child 0", "child 1", "child 2", "child 3", "child 4", "child 5", "child 6", "parent"), names);
        Run parent = client.runs().search(experiment, "attributes.run_name = 'parent'").findFirst().orElseThrow();
        String below = "tags.`mlflow.parentRunId` = '" + parent.id() + "'";
        assertEquals(7, client.runs().search(experiment, below).count());
        Run last = client.runs().search(experiment, below + " AND metrics.m > 5").findFirst().orElseThrow();
        client.runs().delete(last.id());
        assertEquals(6, client.runs().search(experiment, below).count());
        client.runs().restore(last.id());
        assertEquals(7, client.runs().search(experiment, below).count());
    }

    @Test
    void filtersMayHaveOrAndFaultsHaveTheirPlace() {
        needsClew();
        for (int i = 0; i < 4; i++) {
            int number = i;
            client.withRun(spec().withName("or " + i), run -> run.logParam("or", number));
        }
        assertEquals(2, client.runs().search(experimentId, "params.or = '0' OR params.or = '3'").count());
        var fault = assertThrows(ClewException.InvalidFilter.class,
            () -> client.runs().search(experimentId, "params.or == = 3").findFirst());
        assertTrue(fault.position() > 0);
        assertEquals(400, fault.status());
    }

    @Test
    void filesGoUpAndDown(@TempDir Path folder) throws IOException {
        byte[] large = new byte[3_000_000];
        new Random(7).nextBytes(large);
        Path source = Files.createDirectories(folder.resolve("source/日本 語/b"));
        Files.write(source.resolve("große datei 1 100%.bin"), large);
        Files.writeString(source.resolveSibling("empty.txt"), "");
        String id = client.callWithRun(spec(), run -> {
            run.artifacts().putFolder(folder.resolve("source"), "data");
            run.logArtifact(source.resolve("große datei 1 100%.bin"));
            run.logText("ünïcode 🚀", "t/a+b & c=d.txt");
            run.artifacts().put(new ByteArrayInputStream(large), "stream.bin");
            return run.id();
        });
        Artifacts files = client.artifacts(id);
        assertEquals(List.of("data", "große datei 1 100%.bin", "stream.bin", "t"), files.list("").stream().map(f -> f.path()).toList());
        assertEquals(Map.of("data/日本 語/empty.txt", 0L, "data/日本 語/b/große datei 1 100%.bin", 3_000_000L),
            files.files("data").stream().collect(Collectors.toMap(FileInfo::path, LiveTest::size)));
        assertEquals("ünïcode 🚀", files.text("t/a+b & c=d.txt"));
        try (InputStream bytes = files.open("stream.bin")) {
            assertArrayEquals(large, bytes.readAllBytes());
        }
        Path goal = folder.resolve("goal");
        files.downloadFolder("data", goal);
        assertArrayEquals(large, Files.readAllBytes(goal.resolve("日本 語/b/große datei 1 100%.bin")));
        assertEquals(0, Files.size(goal.resolve("日本 語/empty.txt")));
        Path one = folder.resolve("new/one.bin");
        files.download("stream.bin", one);
        assertArrayEquals(large, Files.readAllBytes(one));
        assertThrows(ClewException.NotFound.class, () -> files.download("none", folder.resolve("none")));
        assertFalse(Files.exists(folder.resolve("none")));
        try (var left = Files.list(folder)) {
            assertEquals(List.of("goal", "new", "source"), left.map(p -> p.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void runsReadDatasets() {
        Dataset dataset = new Dataset("日 digits", "abc123", "local", "{}", null, null);
        DatasetInput input = new DatasetInput(dataset, List.of(new KeyValue("mlflow.data.context", "train")));
        String id = client.callWithRun(spec(), run -> {
            run.logInputs(LogInputs.of(run.id()).withDatasets(List.of(input)));
            return run.id();
        });
        DatasetInput read = client.runs().get(id).inputs().datasetInputs().get(0);
        assertEquals("日 digits", read.dataset().name());
        assertEquals(input.tags(), read.tags());
    }

    @Test
    void modelsAreLoggedAndRegistered() {
        LoggedModel model = client.models().create(CreateLoggedModel.of(experimentId).withName("net")
            .withParams(List.of(new KeyValue("depth", "3"))));
        client.modelArtifacts(model).putText("weights", "a b/w.txt");
        assertEquals(LoggedModelStatus.LOGGED_MODEL_READY, client.models().ready(model.id()).info().status());
        client.models().setTags(model.id(), Map.of("team", "视觉"));
        LoggedModel read = client.models().get(model.id());
        assertEquals(Map.of("depth", "3"), read.params());
        assertEquals("视觉", read.info().tag("team"));
        assertEquals("weights", client.modelArtifacts(read).text("a b/w.txt"));
        assertEquals(List.of("a b/w.txt"), client.modelArtifacts(read).files("").stream().map(FileInfo::path).toList());

        String name = unique("modèle 模型");
        Registry registry = client.registry();
        registry.createModel(name);
        assertThrows(ClewException.AlreadyExists.class, () -> registry.createModel(name));
        for (int i = 0; i < 3; i++) {
            registry.createVersion(CreateModelVersion.of(name, model.uri()).withModelId(model.id()));
        }
        registry.setStage(name, "1", "staging");
        registry.setStage(TransitionStage.of(name, "2", "Staging").withArchiveExistingVersions(true));
        assertEquals("Archived", registry.getVersion(name, "1").currentStage());
        registry.setAlias(name, "champion", "1");
        registry.setAlias(name, "champion", "3");
        assertEquals("3", registry.findVersionByAlias(name, "champion").orElseThrow().version());
        assertTrue(registry.findVersionByAlias(name, "none").isEmpty());
        assertThrows(ClewException.NotFound.class, () -> registry.findVersionByAlias(unique("none"), "champion"));
        assertEquals(Map.of("champion", "3"), registry.getModel(name).aliasMap());
        assertEquals(List.of("2"), registry.latestVersions(name, "Staging").stream().map(ModelVersion::version).toList());
        registry.describeVersion(name, "3", "best");
        registry.setVersionTag(name, "3", "k", "v");
        assertEquals("best", registry.getVersion(name, "3").description());
        assertEquals("v", registry.getVersion(name, "3").tag("k"));
        registry.deleteVersionTag(name, "3", "k");
        var ofName = SearchModelVersions.of().withFilter("name = '" + name + "'").withMaxResults(2L);
        assertEquals(3, registry.searchVersions(ofName).count());
        registry.deleteAlias(name, "champion");
        registry.deleteVersion(name, "3");
        assertThrows(ClewException.NotFound.class, () -> registry.getVersion(name, "3"));
        registry.describeModel(name, "d");
        registry.setModelTag(name, "k", "v");
        var found = registry.searchModels(SearchRegisteredModels.of().withFilter("name = '" + name + "'")).findFirst().orElseThrow();
        assertEquals("d", found.description());
        assertEquals("v", found.tag("k"));
        assertEquals(name + "2", registry.renameModel(name, name + "2").name());
        assertFalse(registry.downloadUri(name + "2", "2").isEmpty());
        registry.deleteModel(name + "2");
        assertThrows(ClewException.NotFound.class, () -> registry.getModel(name + "2"));
    }

    @Test
    void movesOfModelsAreRemembered() {
        needsClew();
        String name = unique("history");
        client.registry().createModel(name);
        LoggedModel model = client.models().create(CreateLoggedModel.of(experimentId));
        client.registry().createVersion(CreateModelVersion.of(name, model.uri()).withModelId(model.id()));
        for (int i = 0; i < 60; i++) {
            client.registry().setAlias(name, "a" + i % 2, "1");
            client.registry().deleteAlias(name, "a" + i % 2);
        }
        assertTrue(client.registry().history(name).count() > 120);
        assertEquals(client.registry().history(name).count(), client.registry().history(name).map(m -> m.id()).distinct().count());
    }

    @Test
    void aRunWhoseDataIsRefusedSaysSo() {
        ActiveRun run = client.startRun(spec());
        client.runs().delete(run.id());
        run.logMetric("m", 1);
        assertThrows(ClewException.Conflict.class, run::flush);
        client.runs().restore(run.id());
        run.close();
    }
}
