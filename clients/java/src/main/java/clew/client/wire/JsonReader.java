package clew.client.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Reads messages out of JSON, leniently: integers may be texts, floats may be the words NaN, Infinity and -Infinity,
 * null is absent, and a value of an unexpected kind counts as absent, too.
 */
final class JsonReader {
    static final JsonFactory JSON =
        JsonFactory.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    private final JsonParser in;

    private JsonReader(JsonParser in) {
        this.in = in;
    }

    /**
     * The message in a body.
     *
     * @throws UncheckedIOException it is not one JSON object
     */
    static <M> M read(byte[] body, Function<JsonReader, M> message) {
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("not a JSON object");
            M read = message.apply(new JsonReader(parser));
            if (parser.nextToken() != null) throw new IOException("more than a JSON object");
            return read;
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /** The name of the first field of the object that begins here, with the reader at its value; null at its end. */
    String begin() {
        return next();
    }

    /** The name of the next field, with the reader at its value; null at the end of the object. */
    String next() {
        try {
            if (in.nextToken() != JsonToken.FIELD_NAME) return null;
            String name = in.getCurrentName();
            in.nextToken();
            return name;
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    void skip() {
        try {
            in.skipChildren();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    String text() {
        return text(null);
    }

    String text(String absent) {
        try {
            JsonToken token = in.currentToken();
            if (token.isScalarValue() && token != JsonToken.VALUE_NULL) return in.getText();
            in.skipChildren();
            return absent;
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    Long whole() {
        String text = text();
        try {
            return text == null ? null : (Long) Long.parseLong(text);
        } catch (NumberFormatException odd) {
            return fraction(text);
        }
    }

    private static Long fraction(String text) {
        try {
            return (long) Double.parseDouble(text);
        } catch (NumberFormatException none) {
            return null;
        }
    }

    long whole(long absent) {
        Long value = whole();
        return value == null ? absent : value;
    }

    Double number() {
        String text = text();
        try {
            // of the text, since -0 as an integer would lose its sign
            return text == null ? null : (Double) Double.parseDouble(text);
        } catch (NumberFormatException none) {
            return null;
        }
    }

    double number(double absent) {
        Double value = number();
        return value == null ? absent : value;
    }

    Boolean flag() {
        String text = text();
        return text == null ? null : (Boolean) Boolean.parseBoolean(text);
    }

    boolean flag(boolean absent) {
        Boolean value = flag();
        return value == null ? absent : value;
    }

    <E> E word(Function<String, E> constant) {
        String text = text();
        return text == null ? null : constant.apply(text);
    }

    <M> M message(Function<JsonReader, M> message) {
        if (in.currentToken() == JsonToken.START_OBJECT) return message.apply(this);
        skip();
        return null;
    }

    List<String> texts() {
        return items(this::text);
    }

    <M> List<M> messages(Function<JsonReader, M> message) {
        return items(() -> message(message));
    }

    private <T> List<T> items(Supplier<T> item) {
        List<T> items = new ArrayList<>();
        try {
            if (in.currentToken() == JsonToken.START_ARRAY) {
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    T read = item.get();
                    if (read != null) items.add(read);
                }
            } else {
                in.skipChildren();
            }
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
        return items;
    }
}
