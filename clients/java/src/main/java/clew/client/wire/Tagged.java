package clew.client.wire;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Something that has tags. */
public interface Tagged {
    /** The tags as they came. */
    List<Pair> tags();

    /** The tags by key. */
    default Map<String, String> tagMap() {
        return pairs(tags());
    }

    /** The value of a tag; null where there is none. */
    default String tag(String key) {
        return tagMap().get(key);
    }

    /** Params or tags by key, in their order; an absent value is the empty text. */
    static Map<String, String> pairs(List<Pair> listed) {
        Map<String, String> found = new LinkedHashMap<>();
        for (Pair pair : listed) found.put(pair.key(), pair.value() == null ? "" : pair.value());
        return Collections.unmodifiableMap(found);
    }
}
