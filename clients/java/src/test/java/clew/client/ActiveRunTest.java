package clew.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import clew.client.FakeServer.Answer;
import clew.client.FakeServer.Asked;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What an active run sends: in batches within the limits, all of it, and its end. */
class ActiveRunTest {
    private static final String RUN =
        "{\"run\": {\"info\": {\"run_id\": \"r\", \"experiment_id\": \"1\", \"artifact_uri\": \"mlflow-artifacts:/1/r\"}}}";
    private static final Pattern KEY = Pattern.compile("\"key\":\"([^\"]*)\"");

    private static Answer answer(Asked asked) {
        if (asked.path().endsWith("/info")) return Answer.ok("{\"name\": \"clew\"}");
        return Answer.ok(asked.path().endsWith("/runs/start") ? RUN : "{}");
    }

    private static List<Asked> batches(FakeServer server) {
        return server.asked.stream().filter(asked -> asked.path().endsWith("log-batch")).toList();
    }

    private static List<String> keys(String json, String list) {
        Matcher part = Pattern.compile("\"" + list + "\":\\[(.*?)]").matcher(json);
        if (!part.find()) return List.of();
        return KEY.matcher(part.group(1)).results().map(found -> found.group(1)).toList();
    }

    private static List<String> statuses(FakeServer server) {
        return server.asked.stream().filter(asked -> asked.path().endsWith("runs/update"))
            .map(asked -> asked.body().replaceAll(".*\"status\":\"(\\w+)\".*", "$1")).toList();
    }

    @Test
    void batchesKeepTheLimitsAndNothingIsLost() throws Exception {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client()) {
            try (ActiveRun run = client.startRun(RunSpec.ofEnvironment())) {
                List<Thread> threads = new ArrayList<>();
                for (int thread = 0; thread < 8; thread++) {
                    int number = thread;
                    threads.add(new Thread(() -> {
                        for (int i = 0; i < 500; i++) run.logMetric("m" + number + "-" + i, i, i);
                        for (int i = 0; i < 40; i++) run.logParam("p" + number + "-" + i, i);
                        for (int i = 0; i < 40; i++) run.setTag("t" + number + "-" + i, i);
                    }));
                }
                threads.forEach(Thread::start);
                for (Thread thread : threads) thread.join();
            }
            List<String> metrics = new ArrayList<>();
            Set<String> rest = new TreeSet<>();
            for (Asked batch : batches(server)) {
                List<String> params = keys(batch.body(), "params");
                List<String> tags = keys(batch.body(), "tags");
                List<String> points = keys(batch.body(), "metrics");
                assertTrue(params.size() <= 100 && tags.size() <= 100);
                assertTrue(params.size() + tags.size() + points.size() <= 1000);
                metrics.addAll(points);
                rest.addAll(params);
                rest.addAll(tags);
            }
            assertEquals(4000, metrics.size());
            assertEquals(4000, Set.copyOf(metrics).size());
            assertEquals(640, rest.size());
            assertEquals(List.of("FINISHED"), statuses(server));
            assertTrue(server.asked.get(server.asked.size() - 1).path().endsWith("runs/update"), "the end comes last");
        }
    }

    @Test
    void whatIsLoggedArrivesWithoutAFlush() throws Exception {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client()) {
            ActiveRun run = client.startRun(RunSpec.ofEnvironment());
            run.logMetric("m", 1);
            for (int i = 0; i < 3000 && batches(server).isEmpty(); i++) Thread.sleep(10);
            assertEquals(1, batches(server).size());
            run.close();
        }
    }

    @Test
    void whatTheServerRefusesIsToldAndTheRestIsStored() throws IOException {
        Set<String> stored = new TreeSet<>();
        try (FakeServer server = new FakeServer(asked -> {
                if (!asked.path().endsWith("log-batch")) return answer(asked);
                if (asked.body().contains("\"bad")) return Answer.error(400, "INVALID_PARAMETER_VALUE", "a bad key");
                KEY.matcher(asked.body()).results().forEach(found -> stored.add(found.group(1)));
                return Answer.ok("{}");
            });
            ClewClient client = server.client()) {
            ActiveRun run = client.startRun(RunSpec.ofEnvironment());
            for (int i = 0; i < 50; i++) run.logMetric("m" + i, i);
            run.logMetric("bad1", 1);
            run.logParam("bad2", 1);
            run.logParam("p", 1);
            run.setTag("t", 1);
            var told = assertThrows(ClewException.InvalidParameter.class, run::close);
            assertEquals(1, told.getSuppressed().length);
            Set<String> wanted = IntStream.range(0, 50).mapToObj(i -> "m" + i).collect(Collectors.toCollection(TreeSet::new));
            wanted.addAll(Set.of("p", "t"));
            assertEquals(wanted, stored);
            assertEquals(List.of("FINISHED"), statuses(server));
            run.close();
            assertEquals(List.of("FINISHED"), statuses(server));
        }
    }

    @Test
    void whatCannotBeSentWaits() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client(Duration.ZERO)) {
            ActiveRun run = client.startRun(RunSpec.ofEnvironment());
            server.script(asked -> Answer.error(503, "TEMPORARILY_UNAVAILABLE", "busy"));
            run.logMetric("m", 1);
            run.logParam("p", 1);
            run.setTag("t", "old");
            assertThrows(ClewException.Unreachable.class, run::flush);
            run.setTag("t", "new");
            assertThrows(ClewException.Unreachable.class, run::close);
            server.asked.clear();
            server.script(ActiveRunTest::answer);
            run.close();
            String sent = batches(server).stream().map(Asked::body).collect(Collectors.joining());
            assertEquals(List.of("m"), keys(sent, "metrics"));
            assertEquals(List.of("p"), keys(sent, "params"));
            assertTrue(sent.contains("\"new\""));
            assertFalse(sent.contains("\"old\""));
            assertEquals(List.of("FINISHED"), statuses(server));
        }
    }

    @Test
    void aServerInTroubleIsNotAskedWithEveryLogCall() throws Exception {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client(Duration.ZERO)) {
            ActiveRun run = client.startRun(RunSpec.ofEnvironment());
            server.script(asked -> Answer.error(503, "TEMPORARILY_UNAVAILABLE", "busy"));
            long began = System.nanoTime();
            for (int i = 0; i < 5000; i++) {
                run.logMetric("m", i, i);
                if (i % 100 == 0) Thread.sleep(1);
            }
            // pauses of at least 50, 100, 200 ms and so on lie between attempts, however long the calls took
            double seconds = (System.nanoTime() - began) / 1e9;
            assertTrue(batches(server).size() <= 6 + seconds, batches(server).size() + " in " + seconds + " s");
            server.script(ActiveRunTest::answer);
            run.close();
        }
    }

    @Test
    void aParamKeepsItsValue() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client()) {
            try (ActiveRun run = client.startRun(RunSpec.ofEnvironment())) {
                run.logParam("p", 1);
                run.logParam("p", "1");
                assertThrows(ClewException.Conflict.class, () -> run.logParam("p", 2));
            }
            assertEquals(List.of("p"), batches(server).stream().flatMap(b -> keys(b.body(), "params").stream()).toList());
        }
    }

    @Test
    void runsEndAsTheyDeserve() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client()) {
            client.withRun(RunSpec.ofEnvironment(), run -> run.logMetric("m", 1));
            assertEquals("x", client.callWithRun(RunSpec.ofEnvironment(), run -> "x"));
            IOException thrown = assertThrows(IOException.class, () -> client.withRun(RunSpec.ofEnvironment(), run -> {
                throw new IOException("disk full");
            }));
            assertEquals(0, thrown.getSuppressed().length);
            assertThrows(InterruptedException.class, () -> client.withRun(RunSpec.ofEnvironment(), run -> {
                throw new InterruptedException();
            }));
            assertThrows(AssertionError.class, () -> client.withRun(RunSpec.ofEnvironment(), run -> {
                Thread.currentThread().interrupt();
                throw new AssertionError();
            }));
            assertTrue(Thread.interrupted());
            assertEquals(List.of("FINISHED", "FINISHED", "FAILED", "KILLED", "FAILED"), statuses(server));
            assertTrue(batches(server).stream().anyMatch(b -> b.body().contains("java.io.IOException: disk full")));
            Asked trace = server.asked.stream().filter(asked -> asked.method().equals("PUT")).findFirst().orElseThrow();
            assertTrue(trace.path().contains("/artifacts/1/r/clew/error/"), trace.path());
            assertTrue(trace.body().contains("at clew.client.ActiveRunTest"), trace.body());
        }
    }

    @Test
    void anErrorOfTheServerDoesNotHideTheUsers() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client(Duration.ZERO)) {
            var thrown = assertThrows(ArithmeticException.class, () -> client.withRun(RunSpec.ofEnvironment(), run -> {
                server.script(asked -> Answer.error(503, "X", "busy"));
                throw new ArithmeticException();
            }));
            assertEquals(ClewException.Unreachable.class, thrown.getSuppressed()[0].getClass());
            server.script(ActiveRunTest::answer);
        }
    }

    @Test
    void nothingIsLoggedIntoARunThatEnded() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer); ClewClient client = server.client()) {
            ActiveRun run = client.startRun(RunSpec.ofEnvironment());
            run.fail(new RuntimeException("x"));
            run.close();
            assertThrows(IllegalStateException.class, () -> run.logMetric("m", 1));
            assertThrows(IllegalStateException.class, () -> run.logParam("p", 1));
            assertThrows(IllegalStateException.class, () -> run.setTag("t", 1));
            assertEquals(List.of("FAILED"), statuses(server));
        }
    }

    @Test
    void runsThatNobodyEndsAreKilled() throws IOException {
        try (FakeServer server = new FakeServer(ActiveRunTest::answer)) {
            try (ClewClient client = server.client()) {
                client.startRun(RunSpec.ofEnvironment()).logMetric("m", 1);
            }
            assertEquals(List.of("KILLED"), statuses(server));
            assertEquals(List.of("m"), keys(batches(server).get(0).body(), "metrics"));
        }
    }

    @Test
    void startingARunSurvivesALostAnswer() throws IOException {
        List<String> ids = new ArrayList<>();
        try (FakeServer server = new FakeServer(asked -> {
                if (!asked.path().endsWith("/runs/start")) return answer(asked);
                ids.add(asked.body().replaceAll(".*\"run_id\":\"(\\w+)\".*", "$1"));
                return ids.size() == 1 ? null : Answer.ok(RUN);
            });
            ClewClient client = server.client()) {
            client.startRun(RunSpec.in("e")).close();
            assertEquals(2, ids.size());
            assertEquals(1, Set.copyOf(ids).size());
            assertTrue(ids.get(0).matches("[0-9a-f]{32}"));
        }
    }

    @Test
    void serversOfMlflowAreAskedInTheirWay() throws IOException {
        try (FakeServer server = new FakeServer(asked -> {
                if (asked.path().startsWith("/api/clew/")) return new Answer(404, "<html>", null);
                if (asked.path().endsWith("get-by-name")) return Answer.error(404, "RESOURCE_DOES_NOT_EXIST", "none");
                if (asked.path().endsWith("experiments/create")) return Answer.ok("{\"experiment_id\": \"5\"}");
                return Answer.ok(asked.path().endsWith("runs/create") ? RUN : "{}");
            });
            ClewClient client = server.client()) {
            client.startRun(RunSpec.in("e").withName("n").withParent("p")).close();
            Asked made = server.asked.stream().filter(a -> a.path().endsWith("runs/create")).findFirst().orElseThrow();
            assertTrue(made.body().contains("\"experiment_id\":\"5\""), made.body());
            assertTrue(made.body().contains("mlflow.parentRunId"), made.body());
        }
    }
}
