package clew.client.wire;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What one asks a {@link Run} for. */
public interface RunDetails {
    /** Who, where, when. */
    RunInfo info();

    /** Metrics, params and tags; null where the run has none. */
    RunData data();

    /** 32 hex digits. */
    default String id() {
        return info().runId();
    }

    /** Its name. */
    default String name() {
        return info().runName();
    }

    /** Where it stands. */
    default RunStatus status() {
        return info().status();
    }

    /** The latest value of each metric: that of the largest step, then time, then value. */
    default Map<String, Double> metrics() {
        if (data() == null) return Map.of();
        Map<String, Double> found = new LinkedHashMap<>();
        for (Metric metric : data().metrics()) found.put(metric.key(), metric.value());
        return Collections.unmodifiableMap(found);
    }

    /** The latest value of a metric; null where there is none. */
    default Double metric(String key) {
        return metrics().get(key);
    }

    /** The params. */
    default Map<String, String> params() {
        return data() == null ? Map.of() : Tagged.pairs(data().params());
    }

    /** The value of a param; null where there is none. */
    default String param(String key) {
        return params().get(key);
    }

    /** The tags. */
    default Map<String, String> tags() {
        return data() == null ? Map.of() : data().tagMap();
    }

    /** The value of a tag; null where there is none. */
    default String tag(String key) {
        return tags().get(key);
    }
}
