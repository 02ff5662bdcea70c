package clew.client;

import clew.client.wire.KeyValue;
import java.util.List;
import java.util.Map;

/** Params and tags as they travel. */
final class Pairs {
    private Pairs() {}

    static List<KeyValue> of(Map<String, String> values) {
        return values.entrySet().stream().map(e -> new KeyValue(e.getKey(), e.getValue())).toList();
    }
}
