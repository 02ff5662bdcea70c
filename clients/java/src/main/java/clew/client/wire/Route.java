package clew.client.wire;

import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One call of the API.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
public final class Route<Q extends Message, A extends Message> {
    private static final Pattern PART = Pattern.compile("\\{(\\w+)}");

    private final String name;
    private final String method;
    private final String path;
    private final boolean repeatable;
    private final Function<JsonReader, A> answer;

    Route(String name, String method, String path, boolean repeatable, Function<JsonReader, A> answer) {
        this.name = name;
        this.method = method;
        this.path = path;
        this.repeatable = repeatable;
        this.answer = answer;
    }

    /** Its name in the table of routes. */
    public String name() {
        return name;
    }

    /** GET, POST, PATCH or DELETE. */
    public String method() {
        return method;
    }

    /** Where it lies below the server's address; may hold <code>&#123;field&#125;</code> parts. */
    public String path() {
        return path;
    }

    /** Whether a second call, after an answer that was lost, does no harm. */
    public boolean repeatable() {
        return repeatable;
    }

    /** The path of a request, with its fields in it and in the query of a GET. */
    public String target(Q request) {
        Matcher parts = PART.matcher(path);
        if (!method.equals("GET") && !parts.find()) return path;
        parts.reset();
        Map<String, List<String>> fields = QueryWriter.fields(request);
        StringBuilder target = new StringBuilder();
        while (parts.find()) {
            List<String> value = fields.remove(parts.group(1));
            parts.appendReplacement(target, Matcher.quoteReplacement(Address.part(value.get(0))));
        }
        parts.appendTail(target);
        if (!method.equals("GET") || fields.isEmpty()) return target.toString();
        StringJoiner query = new StringJoiner("&", "?", "");
        fields.forEach((field, values) -> values.forEach(value -> query.add(field + "=" + Address.part(value))));
        return target.append(query).toString();
    }

    /** The body of a request, JSON in UTF-8; null for a GET. */
    public byte[] body(Q request) {
        return method.equals("GET") ? null : JsonWriter.bytes(request);
    }

    /**
     * The answer in a body.
     *
     * @throws java.io.UncheckedIOException it is not one JSON object
     */
    public A answer(byte[] body) {
        return JsonReader.read(body, answer);
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
