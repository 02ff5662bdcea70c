#' clew: experiments and models, tracked from R
#'
#' Point the package at a server with [clew_set_tracking_uri()] or the environment variable `CLEW_TRACKING_URI`, wrap a
#' training in [with_run()], and log what matters: [clew_log_params()], [clew_log_metric()], [clew_set_tags()],
#' [clew_log_artifact()], [clew_log_model()]. [clew_search_runs()] gives runs as a tibble.
#'
#' The functions have the names and arguments of MLflow's R client with `clew_` in the place of `mlflow_`.
#'
#' @section Options:
#' * `clew.retries`: how often a request is repeated where that is safe, default 4.
#' * `clew.timeout`: seconds without a byte after which a server is given up, default 60.
#'
#' @keywords internal
"_PACKAGE"

`%||%` <- function(x, y) if (is.null(x)) y else x

# What this session knows: the address, the chosen experiment, the open runs (the innermost last).
session <- new.env(parent = emptyenv())
session$runs <- list()
session$clients <- list()
session$env_run_taken <- FALSE

.onLoad <- function(libname, pkgname) {
  reg.finalizer(session, end_open_runs, onexit = TRUE)
}
