package clew.client;

import clew.client.wire.Empty;
import clew.client.wire.Message;
import clew.client.wire.Route;
import clew.client.wire.Routes;
import clew.client.wire.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One server over HTTP: sends calls and files, repeats what may be repeated, and makes errors of answers. */
final class Connection {
    private final HttpClient http;
    private final String base;
    private final String authorization;
    private final String user;
    private final Duration timeout;
    private final Duration transferTimeout;
    private volatile Patience patience;
    private volatile Boolean clew;

    Connection(ClewClient.Builder settings) {
        // HTTP/1.1: the offer of HTTP/2 that Java would make otherwise is of no use to the server
        http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.connectTimeout)
            .followRedirects(HttpClient.Redirect.NEVER) // Java would show the token to the other host, too
            .build();
        base = settings.address();
        authorization = settings.authorization();
        user = settings.user().replaceAll("[^ -~]", "?"); // a header holds ASCII only
        timeout = settings.timeout;
        transferTimeout = settings.transferTimeout;
        patience = new Patience(settings.retryTimeout);
    }

    /** The server's address, without a slash at its end. */
    String base() {
        return base;
    }

    /** Whether the server is a Clew; asked once. */
    boolean isClew() {
        Boolean known = clew;
        if (known == null) {
            try {
                known = "clew".equals(call(Routes.INFO, new Empty()).name());
            } catch (ClewException.NotFound | ClewException.NotSupported other) {
                known = false;
            }
            clew = known;
        }
        return known;
    }

    /** Repeats nothing from now on: the program ends. */
    void hurry() {
        patience = Patience.NONE;
    }

    <Q extends Message, A extends Message> A call(Route<Q, A> route, Q request) {
        return call(route, request, patience);
    }

    <Q extends Message, A extends Message> A call(Route<Q, A> route, Q request, Patience patience) {
        HttpRequest sent;
        try {
            byte[] body = route.body(request);
            BodyPublisher publisher = body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
            HttpRequest.Builder builder = request(route.target(request), timeout).method(route.method(), publisher);
            sent = (body == null ? builder : builder.header("Content-Type", "application/json")).build();
        } catch (IllegalArgumentException fault) {
            throw new ClewException.InvalidParameter(route.name() + ": " + fault.getMessage(), fault);
        }
        byte[] answer = send(sent, BodyHandlers.ofByteArray(), route.repeatable(), patience);
        try {
            return route.answer(answer);
        } catch (UncheckedIOException fault) {
            String text = "The answer to " + route + " is not the JSON that Clew or MLflow send; is " + base + " such a server?";
            throw new ClewException(text, "INTERNAL_ERROR", 200, fault);
        }
    }

    /** Sends bytes to an address below the server's; {@code repeatable}: whether the body can be made anew. */
    void put(String target, BodyPublisher body, boolean repeatable) {
        HttpRequest sent = request(target, transferTimeout)
            .header("Content-Type", "application/octet-stream")
            .PUT(body)
            .build();
        send(sent, BodyHandlers.ofByteArray(), repeatable, patience);
    }

    /** Fetches bytes from an address below the server's; the caller closes the stream. */
    InputStream open(String target) {
        return send(request(target, transferTimeout).GET().build(), BodyHandlers.ofInputStream(), true, patience);
    }

    /** Fetches bytes as {@code body} keeps them; a transfer that breaks off begins anew. */
    <T> T get(String target, BodyHandler<T> body) {
        return send(request(target, transferTimeout).GET().build(), body, true, patience);
    }

    private HttpRequest.Builder request(String target, Duration within) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(base + target))
            .timeout(within)
            .header("Accept", "*/*")
            .header("User-Agent", "clew-java/" + Version.CLEW)
            .header("X-Clew-User", user);
        return authorization == null ? builder : builder.header("Authorization", authorization);
    }

    private <T> T send(HttpRequest request, BodyHandler<T> body, boolean repeatable, Patience patience) {
        String call = request.method() + " " + request.uri().getPath();
        long started = System.nanoTime();
        for (int attempt = 0; ; attempt++) {
            ClewException trouble;
            double retryAfterS = 0;
            boolean again;
            try {
                Answer<T> answer = await(http.sendAsync(request, answers(body)), request.timeout().orElse(timeout));
                if (answer.failure == null) return answer.body;
                trouble = ClewException.of(answer.status, answer.failure, call);
                again = Patience.passing(answer.status, repeatable);
                retryAfterS = answer.retryAfterS;
            } catch (IOException fault) {
                trouble = unreachable(call, fault, repeatable);
                again = (repeatable || Patience.unsent(fault)) && !Patience.unknownName(fault);
            } catch (InterruptedException fault) {
                throw interrupted(call, fault);
            }
            try {
                if (!again || !patience.pause(attempt, started, retryAfterS)) throw trouble;
            } catch (InterruptedException fault) {
                throw interrupted(call, fault);
            }
        }
    }

    /** Java's own timeout ends with the answer's headers; this one holds for its body, too. */
    private static <T> T await(CompletableFuture<HttpResponse<T>> answer, Duration within)
        throws IOException, InterruptedException {
        try {
            return answer.get(within.toMillis(), TimeUnit.MILLISECONDS).body();
        } catch (TimeoutException fault) {
            throw new HttpTimeoutException("no answer within " + within.toMillis() / 1000.0 + " s");
        } catch (ExecutionException fault) {
            if (fault.getCause() instanceof IOException cause) throw cause;
            if (fault.getCause() instanceof UncheckedIOException cause) throw cause.getCause();
            throw new IOException(fault.getCause());
        } finally {
            answer.cancel(true); // of no effect once it is there; also where the thread was interrupted
        }
    }

    /** What came: a body, or what the server says of its failure. */
    private record Answer<T>(T body, int status, byte[] failure, double retryAfterS) {}

    private static <T> BodyHandler<Answer<T>> answers(BodyHandler<T> body) {
        return info -> {
            int status = info.statusCode();
            if (status >= 200 && status < 300) {
                return HttpResponse.BodySubscribers.mapping(body.apply(info), read -> new Answer<>(read, status, null, 0));
            }
            double after = info.headers().firstValue("Retry-After").map(Connection::seconds).orElse(0.0);
            return HttpResponse.BodySubscribers.mapping(
                HttpResponse.BodySubscribers.ofByteArray(), read -> new Answer<>(null, status, read, after));
        };
    }

    private static double seconds(String text) {
        try {
            return Math.max(0, Double.parseDouble(text));
        } catch (NumberFormatException date) {
            return 0;
        }
    }

    private ClewException unreachable(String call, IOException fault, boolean repeatable) {
        String why = fault.getMessage() == null ? fault.getClass().getSimpleName() : fault.getMessage();
        String text = Patience.unsent(fault)
            ? "No connection to " + base + " (" + why + "). Is the server running, and the address right?"
            : "The answer of " + base + " to " + call + " was lost (" + why + ").";
        if (!repeatable && !Patience.unsent(fault)) text += " It may have been carried out: look before you repeat it.";
        return new ClewException.Unreachable(text, 0, fault);
    }

    private static ClewException interrupted(String call, InterruptedException fault) {
        Thread.currentThread().interrupt();
        return new ClewException.Interrupted("The thread was interrupted during " + call + ".", fault);
    }
}
