package clew.client.wire;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one asks a {@link RegisteredModel} for. */
public interface RegisteredModelDetails extends Tagged {
    /** The aliases as they came. */
    List<Alias> aliases();

    /** The version that each alias means. */
    default Map<String, String> aliasMap() {
        Map<String, String> found = new LinkedHashMap<>();
        for (Alias alias : aliases()) found.put(alias.alias(), alias.version());
        return Collections.unmodifiableMap(found);
    }
}
