package clew.client.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers the fields of a message for an address: by name, a list's items one by one. Messages inside it stay out: only bodies
 * have them, as generate.py makes sure.
 */
final class QueryWriter implements FieldWriter {
    private final Map<String, List<String>> fields = new LinkedHashMap<>();

    static Map<String, List<String>> fields(Message message) {
        QueryWriter writer = new QueryWriter();
        message.write(writer);
        return writer.fields;
    }

    @Override
    public void text(String name, String value) {
        if (value != null) fields.put(name, List.of(value));
    }

    @Override
    public void whole(String name, Long value) {
        if (value != null) text(name, value.toString());
    }

    @Override
    public void number(String name, Double value) {
        if (value != null) text(name, value.toString());
    }

    @Override
    public void flag(String name, Boolean value) {
        if (value != null) text(name, value.toString());
    }

    @Override
    public void word(String name, Enum<?> value) {
        if (value != null) text(name, value.name());
    }

    @Override
    public void message(String name, Message value) {
        // in the body
    }

    @Override
    public void texts(String name, List<String> value) {
        if (!value.isEmpty()) fields.put(name, new ArrayList<>(value));
    }

    @Override
    public void messages(String name, List<? extends Message> value) {
        // in the body
    }
}
