package clew.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import clew.client.FakeServer.Answer;
import clew.client.wire.UpdateRun;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is repeated and what is not, what errors become of answers, and what the client asks with. */
class ConnectionTest {
    private static final Answer BUSY = Answer.error(503, "TEMPORARILY_UNAVAILABLE", "busy");
    private static final Answer MADE = Answer.ok("{\"experiment_id\": \"7\"}");

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 502, 503, 504})
    void readingIsRepeated(int status) throws IOException {
        AtomicInteger calls = new AtomicInteger();
        try (FakeServer server = new FakeServer(asked -> calls.incrementAndGet() < 3
                ? Answer.error(status, "X", "later") : Answer.ok("{\"run\": {\"info\": {\"run_id\": \"r\"}}}"));
            ClewClient client = server.client()) {
            assertEquals("r", client.runs().get("r").id());
            assertEquals(3, calls.get());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 409, 500, 501})
    void whatWillNotChangeIsNotRepeated(int status) throws IOException {
        try (FakeServer server = new FakeServer(asked -> Answer.error(status, "X", "no")); ClewClient client = server.client()) {
            assertThrows(ClewException.class, () -> client.runs().get("r"));
            assertEquals(1, server.asked.size());
        }
    }

    @Test
    void makingSomethingIsNotRepeatedWhereItMayHaveHappened() throws IOException {
        try (FakeServer server = new FakeServer(asked -> BUSY); ClewClient client = server.client()) {
            assertThrows(ClewException.Unreachable.class, () -> client.experiments().create("e"));
            server.script(asked -> null);
            var lost = assertThrows(ClewException.Unreachable.class, () -> client.experiments().create("e"));
            assertTrue(lost.getMessage().contains("It may have been carried out"), lost.getMessage());
            assertEquals(2, server.asked.size());
        }
    }

    @Test
    void makingSomethingIsRepeatedWhereTheServerTookNothing() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        try (FakeServer server = new FakeServer(asked -> calls.incrementAndGet() < 2 ? Answer.error(429, "X", "slow") : MADE);
            ClewClient client = server.client()) {
            assertEquals("7", client.experiments().create("e"));
        }
    }

    @Test
    void aServerThatIsYetToStartIsWaitedFor() throws Exception {
        int port;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        var builder = new ClewClient.Builder(Map.of()).uri("http://127.0.0.1:" + port).retryTimeout(Duration.ofSeconds(60));
        var threads = Executors.newSingleThreadExecutor();
        try (ClewClient client = builder.build()) {
            var made = threads.submit(() -> client.experiments().create("e"));
            Thread.sleep(50); // a first attempt meets nobody, most of the time; the promise holds either way
            try (FakeServer server = new FakeServer(port, asked -> MADE)) {
                assertEquals("7", made.get(60, TimeUnit.SECONDS));
                assertEquals(1, server.asked.size());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aLostAnswerToWhatMayBeRepeatedIsAskedForAgain() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        try (FakeServer server = new FakeServer(asked -> calls.incrementAndGet() < 2 ? null : Answer.ok("{}"));
            ClewClient client = server.client()) {
            client.runs().setTag("r", "k", "v");
            assertEquals(2, calls.get());
            client.runs().update(UpdateRun.of("r").withRunName("n"));
        }
    }

    @Test
    void aStreamIsSentOnceAndAFileAgain() throws IOException {
        String run = "{\"run\": {\"info\": {\"run_id\": \"r\", \"artifact_uri\": \"mlflow-artifacts:/1/r/artifacts\"}}}";
        AtomicInteger puts = new AtomicInteger();
        try (FakeServer server = new FakeServer(asked -> {
                if (asked.method().equals("GET")) return Answer.ok(run);
                return puts.incrementAndGet() % 2 == 1 ? null : Answer.ok("");
            });
            ClewClient client = server.client()) {
            Artifacts files = client.artifacts("r");
            files.putText("text", "ü a.txt");
            assertEquals(2, puts.get());
            assertThrows(ClewException.Unreachable.class, () -> files.put(new ByteArrayInputStream(new byte[10]), "b"));
            assertEquals(3, puts.get());
        }
    }

    @Test
    void whoGivesNoTimeGetsTheErrorAtOnce() throws IOException {
        try (FakeServer server = new FakeServer(asked -> BUSY); ClewClient client = server.client(Duration.ZERO)) {
            assertThrows(ClewException.Unreachable.class, () -> client.runs().get("r"));
            assertEquals(1, server.asked.size());
        }
    }

    @Test
    void aServerThatAsksForMoreTimeThanThereIsIsNotAskedAgain() throws IOException {
        try (FakeServer server = new FakeServer(asked -> new Answer(429, "", "3600")); ClewClient client = server.client()) {
            assertThrows(ClewException.Unreachable.class, () -> client.runs().get("r"));
            assertEquals(1, server.asked.size());
        }
    }

    @Test
    void silenceIsAnError() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (FakeServer server = new FakeServer(asked -> {
                try {
                    end.await();
                } catch (InterruptedException stop) {
                    Thread.currentThread().interrupt();
                }
                return null;
            });
            ClewClient client = new ClewClient.Builder(Map.of()).uri(server.uri())
                .timeout(Duration.ofMillis(200)).retryTimeout(Duration.ZERO).build()) {
            assertThrows(ClewException.Unreachable.class, () -> client.runs().get("r"));
            end.countDown();
        }
    }

    @Test
    void anInterruptEndsTheWait() throws Exception {
        try (FakeServer server = new FakeServer(asked -> BUSY); ClewClient client = server.client()) {
            Thread.currentThread().interrupt();
            assertThrows(ClewException.Interrupted.class, () -> client.runs().get("r"));
            assertTrue(Thread.interrupted());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "404, RESOURCE_DOES_NOT_EXIST, NotFound", "400, RESOURCE_ALREADY_EXISTS, AlreadyExists",
        "400, INVALID_PARAMETER_VALUE, InvalidParameter", "403, PERMISSION_DENIED, Denied",
        "401, UNAUTHENTICATED, Unauthenticated", "409, RESOURCE_CONFLICT, Conflict", "501, NOT_IMPLEMENTED, NotSupported",
        "500, INTERNAL_ERROR, ClewException",
    })
    void errorsAreClasses(int status, String code, String name) throws IOException {
        try (FakeServer server = new FakeServer(asked -> Answer.error(status, code, "cause"));
            ClewClient client = server.client()) {
            var error = assertThrows(ClewException.class, () -> client.runs().get("r"));
            assertEquals(name, error.getClass().getSimpleName());
            assertEquals(code, error.errorCode());
            assertEquals(status, error.status());
            assertEquals("cause", error.getMessage());
        }
    }

    @Test
    void serversThatAnswerNoJsonAreNamed() throws IOException {
        try (FakeServer server = new FakeServer(asked -> Answer.ok("<html>hello</html>")); ClewClient client = server.client()) {
            var odd = assertThrows(ClewException.class, () -> client.runs().get("r"));
            assertTrue(odd.getMessage().contains("is not the JSON"), odd.getMessage());
            server.script(asked -> new Answer(404, "no such page", null));
            var error = assertThrows(ClewException.NotFound.class, () -> client.runs().get("r"));
            assertTrue(error.getMessage().contains("no such page"), error.getMessage());
        }
    }

    @Test
    void theTokenIsShown() throws IOException {
        try (FakeServer server = new FakeServer(asked -> Answer.ok("{}"))) {
            ask(server, Map.of("CLEW_TOKEN", "t1", "MLFLOW_TRACKING_USERNAME", "u"), null);
            ask(server, Map.of("MLFLOW_TRACKING_TOKEN", "t2"), null);
            ask(server, Map.of("CLEW_TOKEN", "t1"), "t3");
            ask(server, Map.of("MLFLOW_TRACKING_USERNAME", "ü", "MLFLOW_TRACKING_PASSWORD", "p"), null);
            ask(server, Map.of("USER", "jürgen"), null);
            var shown = server.asked.stream().map(asked -> asked.header("Authorization")).toList();
            assertEquals(Arrays.asList("Bearer t1", "Bearer t2", "Bearer t3", "Basic w7w6cA==", null), shown);
            assertEquals("j?rgen", server.asked.get(4).header("X-Clew-User"));
        }
    }

    @Test
    void theTokenIsNotCarriedElsewhere() throws IOException {
        try (FakeServer elsewhere = new FakeServer(asked -> Answer.ok("{}")); FakeServer server = new FakeServer(asked -> {
                asked.exchange().getResponseHeaders().set("Location", elsewhere.uri() + "/");
                return new Answer(307, "", null);
            })) {
            assertThrows(ClewException.class, () -> ask(server, Map.of("CLEW_TOKEN", "t"), null));
            assertEquals(0, elsewhere.asked.size());
        }
    }

    private static void ask(FakeServer server, Map<String, String> environment, String token) {
        try (ClewClient client = new ClewClient.Builder(environment).uri(server.uri()).token(token).build()) {
            client.runs().get("r");
        }
    }

    @Test
    void theAddressComesFromTheEnvironment() {
        assertEquals("http://a/p", client(Map.of("CLEW_TRACKING_URI", "http://a/p/", "MLFLOW_TRACKING_URI", "http://b")));
        assertEquals("https://b:1", client(Map.of("MLFLOW_TRACKING_URI", "https://b:1")));
        for (String odd : new String[] {"sqlite:///clew.db", "./.clew", "a:5000", "http://"}) {
            var error = assertThrows(ClewException.InvalidParameter.class, () -> client(Map.of("CLEW_TRACKING_URI", odd)));
            assertTrue(error.getMessage().contains("clew server"), error.getMessage());
        }
        assertInstanceOf(ClewException.InvalidParameter.class, assertThrows(ClewException.class, () -> client(Map.of())));
    }

    private static String client(Map<String, String> environment) {
        try (ClewClient client = new ClewClient.Builder(environment).build()) {
            return client.uri();
        }
    }

    @Test
    void filesStayInsideTheRun() throws IOException {
        try (FakeServer server = new FakeServer(asked -> Answer.ok("{}")); ClewClient client = server.client()) {
            for (String odd : new String[] {"/etc/passwd", "../x", "a/../../x", "a//b", "."}) {
                assertThrows(ClewException.InvalidParameter.class, () -> client.artifacts("r").open(odd), odd);
            }
            assertEquals(0, server.asked.size());
        }
    }
}
