#' Find runs
#'
#' All runs that match, one row each, page by page. The filter language is the server's: comparisons of `metrics.x`, `params.x`, `tags.x` and attributes with
#' `AND`, and on a Clew server also `OR`, `NOT`, parentheses, `IN` and more.
#'
#' @param filter Such as `"metrics.loss < 0.1 OR params.lr = '0.01'"`.
#' @param run_view_type `"ACTIVE_ONLY"`, `"DELETED_ONLY"` or `"ALL"`.
#' @param experiment_ids Ids; the chosen experiment if absent, see [clew_set_experiment()].
#' @param order_by Such as `c("metrics.loss ASC", "start_time DESC")`.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @param max_results At most so many rows.
#' @param experiment_names Names instead of ids.
#' @return A tibble: `run_id`, `run_name`, `experiment_id`, `status`, `start_time`, `end_time`, `user_id`, `lifecycle_stage`, `artifact_uri`, then a column for each
#'   `metrics.`, `params.` and `tags.` name that occurs, with the latest value of a metric, and `NA` where a run has none.
#' @export
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_search_runs("metrics.loss < 0.1", experiment_ids = "0", order_by = "metrics.loss ASC")
clew_search_runs <- function(filter = NULL, run_view_type = c("ACTIVE_ONLY", "DELETED_ONLY", "ALL"),
                             experiment_ids = NULL, order_by = character(), client = NULL, max_results = Inf,
                             experiment_names = NULL) {
  client <- resolve_client(client)
  run_view_type <- match.arg(run_view_type)
  if (!is.null(experiment_names)) {
    find <- function(name) clew_get_experiment(name = name, client = client)$experiment_id
    experiment_ids <- c(experiment_ids, vapply(experiment_names, find, ""))
  }
  ids <- as.character(unlist(experiment_ids %||% current_experiment(client)))
  flush_open_runs()
  runs <- all_pages(function(count, token) {
    call_route(
      client, "search_runs",
      experiment_ids = unname(as.list(ids)), filter = filter, run_view_type = run_view_type, order_by = as.list(order_by),
      max_results = count, page_token = token
    )
  }, "runs", max_results, 1000)
  tibble_of_runs(runs)
}

tibble_of_runs <- function(runs) {
  infos <- lapply(runs, `[[`, "info")
  text <- function(field) texts_of(infos, field)
  columns <- list(
    run_id = text("run_id"), run_name = text("run_name"), experiment_id = text("experiment_id"), status = text("status"),
    start_time = times_of(numbers_of(infos, "start_time")), end_time = times_of(numbers_of(infos, "end_time")),
    user_id = text("user_id"), lifecycle_stage = text("lifecycle_stage"), artifact_uri = text("artifact_uri")
  )
  data <- lapply(runs, `[[`, "data")
  tibble::as_tibble(c(
    columns,
    wide("metrics", data, NA_real_, numbers_of),
    wide("params", data, NA_character_, function(items, field) texts_of(items, field, "")),
    wide("tags", data, NA_character_, function(items, field) texts_of(items, field, ""))
  ), .name_repair = "minimal")
}

# A column for each name that occurs, sorted by name.
wide <- function(kind, data, absent, read) {
  lists <- lapply(data, `[[`, kind)
  items <- do.call(c, c(list(list()), lists))
  if (!length(items)) return(list())
  rows <- rep(seq_along(lists), lengths(lists))
  keys <- texts_of(items, "key", "")
  values <- read(items, "value")
  names <- sort(unique(keys), method = "radix")
  cells <- matrix(absent, length(lists), length(names))
  cells[cbind(rows, match(keys, names))] <- values
  stats::setNames(lapply(seq_along(names), function(i) cells[, i]), paste0(kind, ".", names))
}

#' The history of a metric
#'
#' @param metric_key Name of the metric.
#' @param run_id A run or its id; the open run if absent.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return A tibble with `key`, `value`, `timestamp` and `step`: every point, by timestamp, step and value.
#' @export
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' run <- clew_start_run()
#' clew_log_metric("loss", c(0.9, 0.5))
#' clew_get_metric_history("loss")
#' clew_end_run()
clew_get_metric_history <- function(metric_key, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  flush_open_runs()
  points_of(all_pages(function(count, token) {
    call_route(
      run$client, "get_metric_history",
      run_id = run$run_id, metric_key = check_text(metric_key, "a metric's name"), max_results = count, page_token = token
    )
  }, "metrics", Inf, 25000))
}

points_of <- function(items) {
  tibble::tibble(
    key = texts_of(items, "key", ""), value = numbers_of(items, "value"),
    timestamp = times_of(numbers_of(items, "timestamp")), step = numbers_of(items, "step")
  )
}
