package clew.client.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Writes a message as a JSON object. */
final class JsonWriter implements FieldWriter {
    private final JsonGenerator out;

    private JsonWriter(JsonGenerator out) {
        this.out = out;
    }

    /**
     * The JSON of a message, UTF-8.
     *
     * @throws IllegalArgumentException a text is no Unicode: it holds half a surrogate pair
     */
    static byte[] bytes(Message message) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator out = JsonReader.JSON.createGenerator(bytes)) {
            new JsonWriter(out).object(message);
        } catch (IOException fault) {
            throw new UncheckedIOException(fault); // bytes in memory take everything
        }
        return bytes.toByteArray();
    }

    private void object(Message message) throws IOException {
        out.writeStartObject();
        message.write(this);
        out.writeEndObject();
    }

    @Override
    public void text(String name, String value) {
        if (value != null) write(() -> out.writeStringField(name, Unicode.checked(value)));
    }

    @Override
    public void whole(String name, Long value) {
        if (value != null) write(() -> out.writeNumberField(name, value));
    }

    @Override
    public void number(String name, Double value) {
        // Jackson quotes what JSON has no number for: "NaN", "Infinity", "-Infinity"
        if (value != null) write(() -> out.writeNumberField(name, value));
    }

    @Override
    public void flag(String name, Boolean value) {
        if (value != null) write(() -> out.writeBooleanField(name, value));
    }

    @Override
    public void word(String name, Enum<?> value) {
        if (value != null) text(name, value.name());
    }

    @Override
    public void message(String name, Message value) {
        if (value == null) return;
        write(() -> {
            out.writeFieldName(name);
            object(value);
        });
    }

    @Override
    public void texts(String name, List<String> value) {
        if (value.isEmpty()) return;
        write(() -> {
            out.writeArrayFieldStart(name);
            for (String item : value) out.writeString(Unicode.checked(item));
            out.writeEndArray();
        });
    }

    @Override
    public void messages(String name, List<? extends Message> value) {
        if (value.isEmpty()) return;
        write(() -> {
            out.writeArrayFieldStart(name);
            for (Message item : value) object(item);
            out.writeEndArray();
        });
    }

    private static void write(Step step) {
        try {
            step.run();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    private interface Step {
        void run() throws IOException;
    }
}
