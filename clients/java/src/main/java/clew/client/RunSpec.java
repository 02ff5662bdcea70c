package clew.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a new run is to be: an immutable value, made by {@link #in} and its {@code with} methods.
 *
 * @param experimentName made if there is none of this name; null where the id is given
 * @param experimentId of an experiment that exists; null where the name is given. Where both are null, the environment's
 *     {@code CLEW_EXPERIMENT_NAME} or {@code CLEW_EXPERIMENT_ID} hold, else experiment 0
 * @param name of the run; null for one that the server makes up
 * @param parentRunId the run below which it stands; null for none
 * @param tags by key
 */
public record RunSpec(
        String experimentName, String experimentId, String name, String parentRunId, Map<String, String> tags) {
    private static final RunSpec EMPTY = new RunSpec(null, null, null, null, Map.of());

    /** Keeps a copy of the tags. */
    public RunSpec {
        tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    }

    /** A run in the experiment that the environment names, else in experiment 0. */
    public static RunSpec ofEnvironment() {
        return EMPTY;
    }

    /** A run in the experiment of this name, which is made if there is none. */
    public static RunSpec in(String experimentName) {
        return new RunSpec(experimentName, null, null, null, Map.of());
    }

    /** A run in the experiment of this id. */
    public static RunSpec inExperiment(String experimentId) {
        return new RunSpec(null, experimentId, null, null, Map.of());
    }

    /** With a name. */
    public RunSpec withName(String changed) {
        return new RunSpec(experimentName, experimentId, changed, parentRunId, tags);
    }

    /** Below another run. */
    public RunSpec withParent(String runId) {
        return new RunSpec(experimentName, experimentId, name, runId, tags);
    }

    /** With a further tag. */
    public RunSpec withTag(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(tags);
        more.put(key, value);
        return new RunSpec(experimentName, experimentId, name, parentRunId, more);
    }

    /** With a description, which the web page shows as Markdown. */
    public RunSpec withDescription(String text) {
        return withTag("mlflow.note.content", text);
    }
}
