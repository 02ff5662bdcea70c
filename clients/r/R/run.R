#' Runs
#'
#' `with_run()` opens a run around code and ends it in the state that is true: `FINISHED`, `FAILED` when an error leaves
#' it (the message is kept in the tag `clew.failed_reason`), `KILLED` when it is interrupted. `with(clew_start_run(), {...})`
#' does the same. What is logged meanwhile goes into that run. Runs that `clew_start_run()` opened stay open until
#' `clew_end_run()` or the end of the R session, which ends them as `FAILED` where R has told of an error since they
#' began. A session that ends inside `with_run()`, by `quit()`, leaves it `KILLED`. A process that is killed leaves its
#' run `RUNNING`.
#'
#' @param expr Code; its value is the value of `with_run()`.
#' @param data A run.
#' @param run_name A name; the server invents one if absent.
#' @param experiment_id Where a new run goes; the chosen experiment if absent, see [clew_set_experiment()].
#' @param tags A named list or vector.
#' @param nested Whether the run may be a child of the one that is open.
#' @param run_id An id or a run. In `clew_start_run()`: the run to go on with.
#' @param start_time,end_time A `POSIXct`, or milliseconds since 1970; now if absent.
#' @param status `"FINISHED"`, `"FAILED"` or `"KILLED"`; in `clew_update_run()` also `"RUNNING"` and `"SCHEDULED"`.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @param ... Unused.
#' @return `clew_start_run()` and `clew_active_run()` a run, `clew_get_run()` its information, metrics (latest values, a tibble),
#'   params and tags (named vectors); the others `NULL`, invisibly.
#' @name clew_runs
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' with_run(run_name = "first", {
#'   clew_log_params(lr = 0.1)
#'   clew_log_metric("loss", c(0.9, 0.5, 0.3))
#' })
NULL

#' @rdname clew_runs
#' @export
with_run <- function(expr, run_name = NULL, experiment_id = NULL, tags = NULL, nested = FALSE, run_id = NULL,
                     client = NULL) {
  run <- clew_start_run(
    run_id = run_id, experiment_id = experiment_id, tags = tags, client = client, nested = nested, run_name = run_name
  )
  inside_run(run, expr)
}

#' @rdname clew_runs
#' @export
with.clew_run <- function(data, expr, ...) inside_run(data, expr)

inside_run <- function(run, expr) {
  fate <- run$fate
  fate$inside <- TRUE
  failed <- function(e) {
    fate$status <- "FAILED"
    fate$reason <- conditionMessage(e)
  }
  on.exit({
    fate$inside <- FALSE
    end_truly(run, fate$status %||% "FINISHED", fate$reason)
  })
  # A calling handler leaves errors alone that the code handles itself, and the traceback as it is. Where the stack is
  # full, none runs any more.
  tryCatch(
    withCallingHandlers(expr, error = failed, interrupt = function(e) fate$status <- "KILLED"),
    stackOverflowError = function(e) {
      failed(e)
      stop(e)
    }
  )
}

# Ends a run and what was left open inside it. An error here must not hide the one that ended the run.
end_truly <- function(run, status, reason = NULL) {
  open <- vapply(session$runs, function(r) r$run_id, "")
  if (!run$run_id %in% open) return(invisible(NULL))
  inner <- session$runs[seq(match(run$run_id, open), length(open))]
  finish <- function() for (each in rev(inner)) finish_run(each, status, reason = reason)
  tryCatch(finish(), clew_unavailable = function(e) {
    told <- paste0(
      conditionMessage(e), ". Run ", run$run_id, " is still open in this session, with ", run$waiting$count,
      " metric points; clew_end_run(\"", status, "\") tries again."
    )
    if (status != "FINISHED") return(warning(told, call. = FALSE))
    e$message <- told
    stop(e)
  }, error = function(e) {
    if (status == "FINISHED") stop(e)
    for (each in inner) forget_run(each)
    warning("Run ", run$run_id, " could not be ended as ", status, ": ", conditionMessage(e), call. = FALSE)
  })
}

#' @rdname clew_runs
#' @export
clew_start_run <- function(run_id = NULL, experiment_id = NULL, start_time = NULL, tags = NULL, client = NULL,
                           nested = FALSE, run_name = NULL) {
  parent <- innermost_run()
  if (!is.null(parent) && !nested) {
    raise(
      "conflict", "Run ", parent$run_id, " is open. End it first with clew_end_run(), or give nested = TRUE to open a ",
      "child of it."
    )
  }
  client <- if (is.null(client) && !is.null(parent)) parent$client else resolve_client(client)
  run_id <- run_id %||% run_id_of_environment()
  run <- if (is.null(run_id)) {
    new_run(client, experiment_id, start_time, tags, run_name, parent)
  } else {
    resume_run(client, id_of(run_id), tags)
  }
  run$fate$open <- TRUE
  session$runs <- c(session$runs, list(run))
  invisible(run)
}

new_run <- function(client, experiment_id, start_time, tags, run_name, parent) {
  own <- list("mlflow.user" = user_name(), "mlflow.source.type" = "LOCAL", "mlflow.source.name" = script_name())
  if (!is.null(parent)) own[["mlflow.parentRunId"]] <- parent$run_id
  given <- as.list(tags)
  given[names(own)[names(own) %in% names(given)]] <- NULL
  fields <- list(
    experiment_id = as.character(experiment_id %||% parent$experiment_id %||% current_experiment(client)),
    run_name = if (!is.null(run_name)) check_text(run_name, "a run's name"),
    user_id = user_name(), start_time = verbatim(whole_text(ms_of(start_time))), tags = pairs_to(c(own, given))
  )
  call <- function(...) do.call(call_route, c(list(client, ...), fields))
  # the client chooses the id, so that the call can be repeated; MLflow's server has no such call
  made <- tryCatch(
    call("start_run", run_id = paste(as.character(openssl::rand_bytes(16)), collapse = "")),
    clew_not_found = function(e) if (is.null(e$error_code)) call("create_run") else stop(e)
  )
  run_handle(client, made$run$info)
}

resume_run <- function(client, run_id, tags) {
  got <- call_route(client, "update_run", run_id = run_id, status = "RUNNING")
  run <- run_handle(client, got$run_info)
  if (length(tags)) clew_log_batch(tags = frame_of(tags), run_id = run)
  run
}

run_handle <- function(client, info) {
  fields <- list(
    run_id = info$run_id, run_name = info$run_name %||% "", experiment_id = info$experiment_id,
    artifact_uri = info$artifact_uri, client = client, waiting = new_buffer(), fate = new_fate()
  )
  structure(fields, class = "clew_run")
}

# How a run ends: status and reason as far as they are known, whether its code still runs, what R said last before it.
new_fate <- function() list2env(list(inside = FALSE, said = geterrmessage()), parent = emptyenv())

#' @export
print.clew_run <- function(x, ...) {
  cat("<clew run ", x$run_id, ": ", x$run_name, ">\n", sep = "")
  invisible(x)
}

#' @rdname clew_runs
#' @export
clew_active_run <- function() innermost_run()

#' @rdname clew_runs
#' @export
clew_end_run <- function(status = c("FINISHED", "FAILED", "KILLED"), end_time = NULL, run_id = NULL, client = NULL) {
  status <- match.arg(status)
  if (is.null(run_id)) {
    run <- innermost_run()
    if (is.null(run)) return(invisible(NULL))
  } else {
    run <- open_run(id_of(run_id)) %||% run_of(run_id, client)
  }
  finish_run(run, status, end_time)
  invisible(NULL)
}

finish_run <- function(run, status, end_time = NULL, reason = NULL) {
  flush_run(run, final = TRUE)
  if (length(reason) && nzchar(reason)) {
    reason <- substr(strsplit(reason, "\n", fixed = TRUE)[[1]][1], 1, 500)
    key <- if (status == "KILLED") "clew.killed_reason" else "clew.failed_reason"
    call_route(run$client, "set_tag", run_id = run$run_id, key = key, value = value_text(reason))
  }
  call_route(
    run$client, "update_run",
    run_id = run$run_id, status = status, end_time = verbatim(whole_text(ms_of(end_time)))
  )
  forget_run(run)
}

forget_run <- function(run) {
  run$fate$open <- FALSE
  session$runs <- Filter(function(open) open$run_id != run$run_id, session$runs)
}

# At the end of the session: open runs end, without a word to a terminal that may be gone.
end_open_runs <- function(...) {
  for (connection in session$clients) connection$handle <- NULL # it may be finalized already
  for (run in rev(session$runs)) {
    if (run$waiting$pid != Sys.getpid()) next # a forked process; the run is its parent's
    fate <- run$fate
    if (is.null(fate$status) && !identical(geterrmessage(), fate$said)) {
      fate$status <- "FAILED"
      fate$reason <- sub("^Error[^:]*: *", "", geterrmessage())
    } else if (is.null(fate$status) && fate$inside) {
      fate$status <- "KILLED"
      fate$reason <- "the R session ended before the run's code did"
    }
    try(finish_run(run, fate$status %||% "FINISHED", reason = fate$reason), silent = TRUE)
  }
}

#' @rdname clew_runs
#' @export
clew_get_run <- function(run_id = NULL, client = NULL) {
  run <- if (is.null(run_id)) innermost_run() else run_id
  if (is.null(run)) raise("invalid_value", "No run is open; give a run_id.")
  if (is.null(client) && inherits(run, "clew_run")) client <- run$client
  client <- resolve_client(client)
  flush_open_runs()
  got <- call_route(client, "get_run", run_id = id_of(run))$run
  info <- got$info
  info$run_uuid <- NULL
  info$start_time <- times_of(info$start_time %||% NA)
  info$end_time <- times_of(info$end_time %||% NA)
  fields <- list(
    info = info, metrics = points_of(got$data$metrics), params = pairs_of(got$data$params),
    tags = pairs_of(got$data$tags), inputs = got$inputs, outputs = got$outputs
  )
  structure(fields, class = "clew_run_data")
}

#' @export
print.clew_run_data <- function(x, ...) {
  cat("<clew run ", x$info$run_id, ": ", x$info$run_name, ", ", x$info$status, ">\n", sep = "")
  for (name in names(x$params)) cat("param  ", name, " = ", x$params[[name]], "\n", sep = "")
  for (i in seq_len(nrow(x$metrics))) cat("metric ", x$metrics$key[[i]], " = ", format(x$metrics$value[[i]]), "\n", sep = "")
  invisible(x)
}

#' @rdname clew_runs
#' @export
clew_update_run <- function(run_id, status = NULL, end_time = NULL, run_name = NULL, client = NULL) {
  run <- run_of(run_id, client)
  if (!is.null(status)) status <- match.arg(status, c("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"))
  end_time <- if (!is.null(end_time)) verbatim(whole_text(ms_of(end_time)))
  call_route(run$client, "update_run", run_id = run$run_id, status = status, end_time = end_time, run_name = run_name)
  invisible(NULL)
}

#' @rdname clew_runs
#' @export
clew_delete_run <- function(run_id, client = NULL) {
  run <- run_of(run_id, client)
  call_route(run$client, "delete_run", run_id = run$run_id)
  invisible(NULL)
}

#' @rdname clew_runs
#' @export
clew_restore_run <- function(run_id, client = NULL) {
  run <- run_of(run_id, client)
  call_route(run$client, "restore_run", run_id = run$run_id)
  invisible(NULL)
}

innermost_run <- function() {
  if (length(session$runs)) session$runs[[length(session$runs)]] else NULL
}

open_run <- function(run_id) {
  found <- Filter(function(run) run$run_id == run_id, session$runs)
  if (length(found)) found[[1]] else NULL
}

id_of <- function(run) if (inherits(run, "clew_run")) run$run_id else check_text(run, "a run id")

# The run that a logging call means: a run, an id, or the innermost one, which is opened where there is none.
run_of <- function(run_id, client = NULL) {
  if (inherits(run_id, "clew_run")) return(run_id)
  if (is.null(run_id)) return(innermost_run() %||% clew_start_run(client = client))
  id <- check_text(run_id, "a run id")
  open_run(id) %||% structure(
    list(run_id = id, client = resolve_client(client), waiting = new_buffer(), fate = new_fate()),
    class = "clew_run"
  )
}

# CLEW_RUN_ID means the first run of a process only.
run_id_of_environment <- function() {
  if (session$env_run_taken) return(NULL)
  session$env_run_taken <- TRUE
  env_value("CLEW_RUN_ID", "MLFLOW_RUN_ID")
}

script_name <- function() {
  file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  if (length(file)) file[[1]] else "<console>"
}
