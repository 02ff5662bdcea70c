package clew.client;

import clew.client.Pages.Page;
import clew.client.wire.DeleteTag;
import clew.client.wire.GetMetricHistory;
import clew.client.wire.GetRun;
import clew.client.wire.LogBatch;
import clew.client.wire.LogInputs;
import clew.client.wire.LogOutputs;
import clew.client.wire.Metric;
import clew.client.wire.Routes;
import clew.client.wire.Run;
import clew.client.wire.RunById;
import clew.client.wire.RunInfo;
import clew.client.wire.SearchRuns;
import clew.client.wire.SetTag;
import clew.client.wire.UpdateRun;
import java.util.List;
import java.util.stream.Stream;

/** The calls on runs that exist; of {@link ClewClient#runs()}. New ones come from {@link ClewClient#startRun}. */
public final class Runs {
    private static final long HISTORY_PAGE = 25_000;

    private final Connection connection;

    Runs(Connection connection) {
        this.connection = connection;
    }

    /**
     * A run with its latest metrics, params, tags, inputs and outputs.
     *
     * @throws ClewException.NotFound there is none
     */
    public Run get(String runId) {
        return connection.call(Routes.GET_RUN, GetRun.of(runId)).run();
    }

    /**
     * The runs of an experiment that match a filter such as {@code params.lr = '0.1' OR metrics.acc > 0.9}; an empty filter
     * is true of all.
     *
     * @throws ClewException.InvalidFilter of the stream's first use: the filter cannot be read
     */
    public Stream<Run> search(String experimentId, String filter) {
        return search(SearchRuns.of().withExperimentIds(List.of(experimentId)).withFilter(filter));
    }

    /** The runs that match, fetched page by page as the stream goes; {@code maxResults} is a page's size (default 1000). */
    public Stream<Run> search(SearchRuns search) {
        return Pages.stream(search.pageToken(), token -> {
            var page = connection.call(Routes.SEARCH_RUNS, search.withPageToken(token));
            return new Page<>(page.runs(), page.nextPageToken());
        });
    }

    /** Every point of a metric by time, then step, then value; fetched 25,000 at a time as the stream goes. */
    public Stream<Metric> metricHistory(String runId, String key) {
        GetMetricHistory history = GetMetricHistory.of(runId, key).withMaxResults(HISTORY_PAGE);
        return Pages.stream(null, token -> {
            var page = connection.call(Routes.GET_METRIC_HISTORY, history.withPageToken(token));
            return new Page<>(page.metrics(), page.nextPageToken());
        });
    }

    /** Changes name, status or end of a run; what is absent stays. */
    public RunInfo update(UpdateRun change) {
        return connection.call(Routes.UPDATE_RUN, change).runInfo();
    }

    /** Stores up to 1000 metrics, 100 params and 100 tags, 1000 in all, in one step; {@link ActiveRun} has no such limit. */
    public void log(LogBatch batch) {
        connection.call(Routes.LOG_BATCH, batch);
    }

    /** Notes which datasets and logged models a run reads. */
    public void logInputs(LogInputs inputs) {
        connection.call(Routes.LOG_INPUTS, inputs);
    }

    /** Notes which logged models a run made. */
    public void logOutputs(LogOutputs outputs) {
        connection.call(Routes.LOG_OUTPUTS, outputs);
    }

    /** Sets a tag. */
    public void setTag(String runId, String key, String value) {
        connection.call(Routes.SET_TAG, SetTag.of(runId, key).withValue(value));
    }

    /**
     * Removes a tag.
     *
     * @throws ClewException.NotFound there is no such tag
     */
    public void deleteTag(String runId, String key) {
        connection.call(Routes.DELETE_TAG, DeleteTag.of(runId, key));
    }

    /** Puts a run into the trash. */
    public void delete(String runId) {
        connection.call(Routes.DELETE_RUN, RunById.of(runId));
    }

    /** Takes a run out of the trash. */
    public void restore(String runId) {
        connection.call(Routes.RESTORE_RUN, RunById.of(runId));
    }
}
