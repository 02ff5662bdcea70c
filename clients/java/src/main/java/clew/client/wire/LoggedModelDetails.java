package clew.client.wire;

import java.util.Map;

/** What one asks a {@link LoggedModel} for. */
public interface LoggedModelDetails {
    /** Who, where, when. */
    LoggedModelInfo info();

    /** Params and metrics; null where the model has none. */
    LoggedModelData data();

    /** {@code m-} and 32 hex digits. */
    default String id() {
        return info().modelId();
    }

    /** <code>models:/</code> and the id, what a registered version may be made of. */
    default String uri() {
        return "models:/" + id();
    }

    /** The params. */
    default Map<String, String> params() {
        return data() == null ? Map.of() : Tagged.pairs(data().params());
    }
}
