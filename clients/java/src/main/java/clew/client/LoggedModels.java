package clew.client;

import clew.client.Pages.Page;
import clew.client.wire.CreateLoggedModel;
import clew.client.wire.DeleteLoggedModelTag;
import clew.client.wire.FinalizeLoggedModel;
import clew.client.wire.LogLoggedModelParams;
import clew.client.wire.LoggedModel;
import clew.client.wire.LoggedModelById;
import clew.client.wire.LoggedModelStatus;
import clew.client.wire.Routes;
import clew.client.wire.SearchLoggedModels;
import clew.client.wire.SetLoggedModelTags;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Logged models: folders of files with params and metrics, made by runs; of {@link ClewClient#models()}. One creates a model,
 * puts its files into {@link ClewClient#modelArtifacts}, and says {@link #ready}.
 */
public final class LoggedModels {
    private final Connection connection;

    LoggedModels(Connection connection) {
        this.connection = connection;
    }

    /** Makes a model, whose files are yet to come. */
    public LoggedModel create(CreateLoggedModel model) {
        return connection.call(Routes.CREATE_LOGGED_MODEL, model).model();
    }

    /** Says that all files of a model are there. */
    public LoggedModel ready(String modelId) {
        return end(modelId, LoggedModelStatus.LOGGED_MODEL_READY);
    }

    /** Says that the files of a model will not come. */
    public LoggedModel failed(String modelId) {
        return end(modelId, LoggedModelStatus.LOGGED_MODEL_UPLOAD_FAILED);
    }

    private LoggedModel end(String modelId, LoggedModelStatus status) {
        return connection.call(Routes.FINALIZE_LOGGED_MODEL, FinalizeLoggedModel.of(modelId, status)).model();
    }

    /**
     * A model.
     *
     * @throws ClewException.NotFound there is none
     */
    public LoggedModel get(String modelId) {
        return connection.call(Routes.GET_LOGGED_MODEL, LoggedModelById.of(modelId)).model();
    }

    /** The models that match, fetched page by page as the stream goes. */
    public Stream<LoggedModel> search(SearchLoggedModels search) {
        return Pages.stream(search.pageToken(), token -> {
            var page = connection.call(Routes.SEARCH_LOGGED_MODELS, search.withPageToken(token));
            return new Page<>(page.models(), page.nextPageToken());
        });
    }

    /** Sets tags. */
    public void setTags(String modelId, Map<String, String> tags) {
        connection.call(Routes.SET_LOGGED_MODEL_TAGS, SetLoggedModelTags.of(modelId).withTags(Pairs.of(tags)));
    }

    /**
     * Removes a tag.
     *
     * @throws ClewException.NotFound there is no such tag
     */
    public void deleteTag(String modelId, String key) {
        connection.call(Routes.DELETE_LOGGED_MODEL_TAG, DeleteLoggedModelTag.of(modelId, key));
    }

    /** Adds params. */
    public void logParams(String modelId, Map<String, String> params) {
        connection.call(Routes.LOG_LOGGED_MODEL_PARAMS, LogLoggedModelParams.of(modelId).withParams(Pairs.of(params)));
    }

    /** Puts a model into the trash. */
    public void delete(String modelId) {
        connection.call(Routes.DELETE_LOGGED_MODEL, LoggedModelById.of(modelId));
    }
}
