package clew.client;

import clew.client.Pages.Page;
import clew.client.wire.CreateExperiment;
import clew.client.wire.DeleteExperimentTag;
import clew.client.wire.Experiment;
import clew.client.wire.ExperimentById;
import clew.client.wire.ExperimentByName;
import clew.client.wire.Routes;
import clew.client.wire.SearchExperiments;
import clew.client.wire.SetExperimentTag;
import clew.client.wire.UpdateExperiment;
import java.util.Optional;
import java.util.stream.Stream;

/** The calls on experiments; of {@link ClewClient#experiments()}. */
public final class Experiments {
    private final Connection connection;

    Experiments(Connection connection) {
        this.connection = connection;
    }

    /**
     * Makes an experiment; its id.
     *
     * @throws ClewException.AlreadyExists the name is taken, perhaps by an experiment in the trash
     */
    public String create(String name) {
        return create(CreateExperiment.of(name));
    }

    /**
     * Makes an experiment with tags, or with a place for its files; its id.
     *
     * @throws ClewException.AlreadyExists the name is taken, perhaps by an experiment in the trash
     */
    public String create(CreateExperiment experiment) {
        return connection.call(Routes.CREATE_EXPERIMENT, experiment).experimentId();
    }

    /** The id of the experiment of this name, which is made if there is none. */
    public String getOrCreate(String name) {
        Optional<Experiment> found = find(name);
        if (found.isPresent()) return found.get().experimentId();
        try {
            return create(name);
        } catch (ClewException.AlreadyExists raced) {
            return find(name).orElseThrow(() -> raced).experimentId();
        }
    }

    /**
     * The experiment of an id, also one that lies in the trash.
     *
     * @throws ClewException.NotFound there is none
     */
    public Experiment get(String experimentId) {
        return connection.call(Routes.GET_EXPERIMENT, ExperimentById.of(experimentId)).experiment();
    }

    /** The experiment of a name, also one that lies in the trash. */
    public Optional<Experiment> find(String name) {
        try {
            return Optional.of(connection.call(Routes.GET_EXPERIMENT_BY_NAME, ExperimentByName.of(name)).experiment());
        } catch (ClewException.NotFound none) {
            return Optional.empty();
        }
    }

    /** The experiments that match, fetched page by page as the stream goes; {@code maxResults} is a page's size. */
    public Stream<Experiment> search(SearchExperiments search) {
        return Pages.stream(search.pageToken(), token -> {
            var page = connection.call(Routes.SEARCH_EXPERIMENTS, search.withPageToken(token));
            return new Page<>(page.experiments(), page.nextPageToken());
        });
    }

    /** Gives an experiment another name. */
    public void rename(String experimentId, String name) {
        connection.call(Routes.UPDATE_EXPERIMENT, UpdateExperiment.of(experimentId, name));
    }

    /** Puts an experiment and its runs into the trash. */
    public void delete(String experimentId) {
        connection.call(Routes.DELETE_EXPERIMENT, ExperimentById.of(experimentId));
    }

    /** Takes an experiment and its runs out of the trash. */
    public void restore(String experimentId) {
        connection.call(Routes.RESTORE_EXPERIMENT, ExperimentById.of(experimentId));
    }

    /** Sets a tag. */
    public void setTag(String experimentId, String key, String value) {
        connection.call(Routes.SET_EXPERIMENT_TAG, SetExperimentTag.of(experimentId, key).withValue(value));
    }

    /**
     * Removes a tag.
     *
     * @throws ClewException.NotFound there is no such tag
     */
    public void deleteTag(String experimentId, String key) {
        connection.call(Routes.DELETE_EXPERIMENT_TAG, DeleteExperimentTag.of(experimentId, key));
    }
}
