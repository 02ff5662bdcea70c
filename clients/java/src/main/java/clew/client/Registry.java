package clew.client;

import clew.client.Pages.Page;
import clew.client.wire.AliasByName;
import clew.client.wire.CreateModelVersion;
import clew.client.wire.CreateRegisteredModel;
import clew.client.wire.DeleteModelVersionTag;
import clew.client.wire.DeleteRegisteredModelTag;
import clew.client.wire.GetLatestVersions;
import clew.client.wire.ModelHistory;
import clew.client.wire.ModelVersion;
import clew.client.wire.ModelVersionByNumber;
import clew.client.wire.Move;
import clew.client.wire.RegisteredModel;
import clew.client.wire.RegisteredModelByName;
import clew.client.wire.RenameRegisteredModel;
import clew.client.wire.Routes;
import clew.client.wire.SearchModelVersions;
import clew.client.wire.SearchRegisteredModels;
import clew.client.wire.SetAlias;
import clew.client.wire.SetModelVersionTag;
import clew.client.wire.SetRegisteredModelTag;
import clew.client.wire.TransitionStage;
import clew.client.wire.UpdateModelVersion;
import clew.client.wire.UpdateRegisteredModel;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The model registry; of {@link ClewClient#registry()}. Versions are texts of digits, as on the wire. Every call on something
 * that is not there throws {@link ClewException.NotFound}.
 */
public final class Registry {
    private final Connection connection;

    Registry(Connection connection) {
        this.connection = connection;
    }

    /**
     * Makes a registered model without versions.
     *
     * @throws ClewException.AlreadyExists the name is taken
     */
    public RegisteredModel createModel(String name) {
        return createModel(CreateRegisteredModel.of(name));
    }

    /**
     * Makes a registered model with a description or tags.
     *
     * @throws ClewException.AlreadyExists the name is taken
     */
    public RegisteredModel createModel(CreateRegisteredModel model) {
        return connection.call(Routes.CREATE_REGISTERED_MODEL, model).registeredModel();
    }

    /** A registered model with its aliases and the newest version of each stage. */
    public RegisteredModel getModel(String name) {
        return connection.call(Routes.GET_REGISTERED_MODEL, RegisteredModelByName.of(name)).registeredModel();
    }

    /** The registered models that match, fetched page by page as the stream goes. */
    public Stream<RegisteredModel> searchModels(SearchRegisteredModels search) {
        return Pages.stream(search.pageToken(), token -> {
            var page = connection.call(Routes.SEARCH_REGISTERED_MODELS, search.withPageToken(token));
            return new Page<>(page.registeredModels(), page.nextPageToken());
        });
    }

    /** Describes a registered model. */
    public RegisteredModel describeModel(String name, String description) {
        UpdateRegisteredModel change = UpdateRegisteredModel.of(name).withDescription(description);
        return connection.call(Routes.UPDATE_REGISTERED_MODEL, change).registeredModel();
    }

    /** Gives a registered model another name; versions, tags and aliases follow. */
    public RegisteredModel renameModel(String name, String newName) {
        RenameRegisteredModel change = RenameRegisteredModel.of(name, newName);
        return connection.call(Routes.RENAME_REGISTERED_MODEL, change).registeredModel();
    }

    /** Deletes a registered model and its versions. */
    public void deleteModel(String name) {
        connection.call(Routes.DELETE_REGISTERED_MODEL, RegisteredModelByName.of(name));
    }

    /** Sets a tag of a registered model. */
    public void setModelTag(String name, String key, String value) {
        connection.call(Routes.SET_REGISTERED_MODEL_TAG, SetRegisteredModelTag.of(name, key).withValue(value));
    }

    /** Removes a tag of a registered model; an absent one is no error. */
    public void deleteModelTag(String name, String key) {
        connection.call(Routes.DELETE_REGISTERED_MODEL_TAG, DeleteRegisteredModelTag.of(name, key));
    }

    /** Makes the next version of a model; source: where its files lie, such as <code>models:/</code> and the id of a logged model. */
    public ModelVersion createVersion(CreateModelVersion version) {
        return connection.call(Routes.CREATE_MODEL_VERSION, version).modelVersion();
    }

    /** A version. */
    public ModelVersion getVersion(String name, String version) {
        return connection.call(Routes.GET_MODEL_VERSION, ModelVersionByNumber.of(name, version)).modelVersion();
    }

    /** The version that an alias means; empty where the model has no such alias. */
    public Optional<ModelVersion> findVersionByAlias(String name, String alias) {
        try {
            return Optional.of(connection.call(Routes.GET_MODEL_VERSION_BY_ALIAS, AliasByName.of(name, alias)).modelVersion());
        } catch (ClewException.InvalidParameter none) {
            if (none.getMessage().contains("not found")) return Optional.empty(); // MLflow's way to say so
            throw none;
        }
    }

    /** The newest version of each stage; no stages means all of them. */
    public List<ModelVersion> latestVersions(String name, String... stages) {
        GetLatestVersions asked = GetLatestVersions.of(name).withStages(List.of(stages));
        return connection.call(Routes.GET_LATEST_VERSIONS, asked).modelVersions();
    }

    /** The versions that match, fetched page by page as the stream goes. */
    public Stream<ModelVersion> searchVersions(SearchModelVersions search) {
        return Pages.stream(search.pageToken(), token -> {
            var page = connection.call(Routes.SEARCH_MODEL_VERSIONS, search.withPageToken(token));
            return new Page<>(page.modelVersions(), page.nextPageToken());
        });
    }

    /** Describes a version. */
    public ModelVersion describeVersion(String name, String version, String description) {
        UpdateModelVersion change = UpdateModelVersion.of(name, version).withDescription(description);
        return connection.call(Routes.UPDATE_MODEL_VERSION, change).modelVersion();
    }

    /** Moves a version to a stage: None, Staging, Production or Archived, in any case. */
    public ModelVersion setStage(String name, String version, String stage) {
        return setStage(TransitionStage.of(name, version, stage));
    }

    /** Moves a version to a stage, perhaps archiving those that are there, with a reason for the history. */
    public ModelVersion setStage(TransitionStage move) {
        return connection.call(Routes.TRANSITION_MODEL_VERSION_STAGE, move).modelVersion();
    }

    /** Lets an alias mean a version; it meant another one no longer. */
    public void setAlias(String name, String alias, String version) {
        connection.call(Routes.SET_REGISTERED_MODEL_ALIAS, SetAlias.of(name, alias, version));
    }

    /** Removes an alias; an absent one is no error. */
    public void deleteAlias(String name, String alias) {
        connection.call(Routes.DELETE_REGISTERED_MODEL_ALIAS, AliasByName.of(name, alias));
    }

    /** Sets a tag of a version. */
    public void setVersionTag(String name, String version, String key, String value) {
        SetModelVersionTag tag = SetModelVersionTag.of(name, version, key).withValue(value);
        connection.call(Routes.SET_MODEL_VERSION_TAG, tag);
    }

    /** Removes a tag of a version; an absent one is no error. */
    public void deleteVersionTag(String name, String version, String key) {
        connection.call(Routes.DELETE_MODEL_VERSION_TAG, DeleteModelVersionTag.of(name, version, key));
    }

    /** Deletes a version; aliases that meant it vanish, and its number is not used again. */
    public void deleteVersion(String name, String version) {
        connection.call(Routes.DELETE_MODEL_VERSION, ModelVersionByNumber.of(name, version));
    }

    /** The address of a version's files. */
    public String downloadUri(String name, String version) {
        ModelVersionByNumber asked = ModelVersionByNumber.of(name, version);
        return connection.call(Routes.GET_MODEL_VERSION_DOWNLOAD_URI, asked).artifactUri();
    }

    /** Every move of stages, aliases and versions of a model, the newest first; Clew's own, not MLflow's. */
    public Stream<Move> history(String name) {
        return Pages.stream(null, token -> {
            Long before = token == null ? null : Long.valueOf(token);
            var page = connection.call(Routes.MODEL_HISTORY, ModelHistory.of(name).withBefore(before));
            boolean more = Boolean.TRUE.equals(page.more()) && !page.moves().isEmpty();
            String next = more ? Long.toString(page.moves().get(page.moves().size() - 1).id()) : null;
            return new Page<>(page.moves(), next);
        });
    }
}
