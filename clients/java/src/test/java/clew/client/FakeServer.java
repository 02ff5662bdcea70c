package clew.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that fails as a test wants it to. */
final class FakeServer implements AutoCloseable {
    /** What to answer; null breaks the connection off. */
    record Answer(int status, String body, String retryAfter) {
        static Answer ok(String body) {
            return new Answer(200, body, null);
        }

        static Answer error(int status, String code, String message) {
            return new Answer(status, "{\"error_code\": \"" + code + "\", \"message\": \"" + message + "\"}", null);
        }
    }

    record Asked(String method, String path, String query, String body, HttpExchange exchange) {
        String header(String name) {
            return exchange.getRequestHeaders().getFirst(name);
        }
    }

    interface Script {
        Answer answer(Asked asked);
    }

    final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile Script script;

    FakeServer(Script script) throws IOException {
        this(0, script);
    }

    FakeServer(int port, Script script) throws IOException {
        this.script = script;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    void script(Script changed) {
        script = changed;
    }

    int port() {
        return server.getAddress().getPort();
    }

    String uri() {
        return "http://127.0.0.1:" + port();
    }

    /** A client of it that repeats for as long as it takes; it asks nothing of the environment. */
    ClewClient client() {
        return client(Duration.ofSeconds(60));
    }

    ClewClient client(Duration retry) {
        return new ClewClient.Builder(Map.of()).uri(uri()).retryTimeout(retry).build();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String path = exchange.getRequestURI().getPath();
        Asked one = new Asked(exchange.getRequestMethod(), path, exchange.getRequestURI().getRawQuery(), body, exchange);
        asked.add(one);
        Answer answer = script.answer(one);
        if (answer != null) {
            byte[] bytes = answer.body.getBytes(StandardCharsets.UTF_8);
            if (answer.retryAfter != null) exchange.getResponseHeaders().set("Retry-After", answer.retryAfter);
            exchange.sendResponseHeaders(answer.status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
