#' Params, metrics and tags
#'
#' What describes a run. The plural forms take `name = value` pairs, and a run through a pipe: `run |> clew_log_params(lr = 0.1)`.
#' A param keeps its first value; another one is refused as a `clew_conflict`. A tag may change.
#'
#' Metrics wait in memory and travel together, at most 1000 in a request: once a second, when 1000 wait, when the run
#' ends, when this session reads runs, and at `clew_flush()`. While the server is away they go on waiting, with one warning;
#' at the end of the run that is an error of class `clew_unreachable`. `NaN`, `Inf` and `-Inf` are values like any other; `NA`
#' is refused.
#'
#' @param key A name: letters and digits of any script, `_ - . / :` and spaces; at most 250 characters.
#' @param value A value. For metrics a number, or several of them, which are so many points.
#' @param timestamp,.timestamp A `POSIXct`, or milliseconds since 1970; now if absent. One, or one for each value.
#' @param step,.step Whole numbers, one, or one for each value; absent, they count from 0.
#' @param .run,run_id A run or its id; the open run if absent, and a new one is opened where there is none.
#' @param ... Pairs `name = value`, or named lists and vectors of them.
#' @param metrics,params,tags Data frames with the columns `key` and `value`, for metrics also `step` and `timestamp`.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return The run, invisibly, so that calls can be chained.
#' @name clew_logging
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' run <- clew_start_run()
#' run |>
#'   clew_log_params(lr = 0.1, optimizer = "adam") |>
#'   clew_log_metrics(acc = 0.9, .step = 3) |>
#'   clew_set_tags(team = "vision")
#' clew_log_metric("loss", exp(-(1:100) / 20), step = 1:100)
#' clew_end_run()
NULL

#' @rdname clew_logging
#' @export
clew_log_param <- function(key, value, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  call_route(run$client, "log_parameter", run_id = run$run_id, key = check_key(key), value = value_text(value))
  invisible(run)
}

#' @rdname clew_logging
#' @export
clew_log_params <- function(.run = NULL, ...) {
  given <- run_and_values(.run, list(...))
  send_pairs(given$run, "params", given$values)
}

#' @rdname clew_logging
#' @export
clew_log_metric <- function(key, value, timestamp = NULL, step = NULL, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  add_points(run, check_key(key), check_values(key, value), timestamp, step)
  invisible(run)
}

#' @rdname clew_logging
#' @export
clew_log_metrics <- function(.run = NULL, ..., .step = NULL, .timestamp = NULL) {
  given <- run_and_values(.run, list(...))
  for (key in names(given$values)) check_values(check_key(key), given$values[[key]])
  for (key in names(given$values)) {
    add_points(given$run, enc2utf8(key), check_values(key, given$values[[key]]), .timestamp, .step)
  }
  invisible(given$run)
}

#' @rdname clew_logging
#' @export
clew_set_tag <- function(key, value, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  call_route(run$client, "set_tag", run_id = run$run_id, key = check_key(key), value = value_text(value))
  invisible(run)
}

#' @rdname clew_logging
#' @export
clew_set_tags <- function(.run = NULL, ...) {
  given <- run_and_values(.run, list(...))
  send_pairs(given$run, "tags", given$values)
}

#' @rdname clew_logging
#' @export
clew_delete_tag <- function(key, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  call_route(run$client, "delete_tag", run_id = run$run_id, key = check_text(key, "a tag's name"))
  invisible(run)
}

#' @rdname clew_logging
#' @export
clew_log_batch <- function(metrics = NULL, params = NULL, tags = NULL, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  if (!is.null(params)) send_pairs(run, "params", values_of_frame(params, "params"))
  if (!is.null(tags)) send_pairs(run, "tags", values_of_frame(tags, "tags"))
  if (!is.null(metrics)) {
    check_columns(metrics, "metrics", c("key", "value", "step", "timestamp"))
    keys <- vapply(as.character(metrics$key), check_key, "", USE.NAMES = FALSE)
    check_values("metrics", metrics$value)
    flush_run(run)
    append_points(run, keys, metrics$value, metrics$step, ms_of(metrics$timestamp))
    flush_run(run, final = TRUE)
  }
  invisible(run)
}

#' @rdname clew_logging
#' @export
clew_flush <- function(run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  flush_run(run, final = TRUE)
  invisible(run)
}

# The first argument of a plural form is a run, or already values.
run_and_values <- function(first, rest) {
  run <- NULL
  if (inherits(first, "clew_run") || (is.character(first) && is.null(names(first)) && length(first) == 1)) {
    run <- first
  } else if (!is.null(first)) {
    rest <- c(list(first), rest)
  }
  values <- list()
  names_given <- names(rest) %||% rep("", length(rest))
  for (i in seq_along(rest)) {
    item <- rest[[i]]
    if (nzchar(names_given[[i]])) {
      values[names_given[[i]]] <- list(item)
    } else if (!length(item)) {
      next
    } else if (is.null(names(item)) || !all(nzchar(names(item)))) {
      raise("invalid_value", "Values must be named, as in clew_log_params(lr = 0.1); one is ", describe(item), " without a name.")
    } else {
      for (name in names(item)) values[name] <- list(item[[name]])
    }
  }
  for (name in names(values)) check_key(name)
  list(run = run_of(run), values = values)
}

# Params or tags, 100 in a request.
send_pairs <- function(run, kind, values) {
  pairs <- pairs_to(values)
  for (from in seq(1, by = 100, length.out = ceiling(length(pairs) / 100))) {
    part <- pairs[from:min(from + 99, length(pairs))]
    do.call(call_route, c(list(run$client, "log_batch", run_id = run$run_id), stats::setNames(list(part), kind)))
  }
  invisible(run)
}

check_values <- function(key, value) {
  if (!(is.numeric(value) || is.logical(value)) || !length(value)) {
    raise("invalid_value", "The metric '", key, "' must be a number, not ", describe(value), ".")
  }
  value <- as.double(value)
  if (any(is.na(value) & !is.nan(value))) {
    raise("invalid_value", "The metric '", key, "' is NA, which says that nothing was measured; NaN is a value.")
  }
  value
}

frame_of <- function(values) data.frame(key = names(values), value = value_texts(values), stringsAsFactors = FALSE)

values_of_frame <- function(frame, what) {
  check_columns(frame, what, c("key", "value"))
  stats::setNames(as.list(frame$value), vapply(as.character(frame$key), check_key, ""))
}

check_columns <- function(frame, what, columns) {
  if (!is.data.frame(frame) || !all(columns %in% names(frame))) {
    raise("invalid_value", what, " must be a data frame with the columns ", paste(columns, collapse = ", "), ".")
  }
}
