#' R models, logged and loaded
#'
#' A model is a directory in the MLmodel format. A [clew_crate()] is kept with the flavor `crate`, which MLflow's R client reads and
#' writes too; any other object with a `predict()` method is kept by [saveRDS()] with the flavor `r`.
#'
#' Loading a model runs R code that it holds. So `clew_load_model()` loads a model of the server only when its SHA-256 sums are those that
#' the server noted when it was logged; any other one, and every directory of this machine, needs `trust = TRUE`.
#'
#' @param model A crate, or a model.
#' @param path A folder that does not exist yet.
#' @param name Name of the logged model.
#' @param model_uri `models:/m-…`, `models:/name/3`, `models:/name/Production`, `models:/name@alias`, `runs:/<run id>/<name>`,
#'   `mlflow-artifacts:/…`, or a folder.
#' @param trust Whether code may run that the server does not vouch for.
#' @param registered_model_name Also registers a version under this name.
#' @param tags,params Named lists or vectors, kept with the logged model.
#' @param run_id A run or its id; the open run if absent.
#' @param data What is predicted from.
#' @param ... For `clew_predict()`, passed on; for `clew_save_model()`, unused.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return `clew_save_model()` the path, invisibly; `clew_log_model()` a list with `model_uri`, `model_id` and, where one was
#'   registered, `version`; `clew_load_model()` the crate or model; `clew_predict()` what the function or `predict()` gives.
#' @name clew_models
#' @examples
#' fit <- lm(mpg ~ wt, mtcars)
#' folder <- clew_save_model(fit, file.path(tempdir(), "model"))
#' clew_predict(clew_load_model(folder, trust = TRUE), data.frame(wt = 3))
#' unlink(folder, recursive = TRUE)
NULL

sums_tag <- "clew.model.sums"

#' A function with the things that it needs
#'
#' The function sees the things that are given with it, and R's base package; call everything else by its package, as in
#' `stats::predict()`. So it works in another session as it does here, and nothing else is dragged along.
#'
#' @param .fn A function; its first argument is the data.
#' @param ... `name = value`: what the function needs.
#' @return The function, of class `crate`.
#' @export
#' @examples
#' fit <- lm(mpg ~ wt, mtcars)
#' crate <- clew_crate(function(data) stats::predict(fit, data), fit = fit)
#' crate(data.frame(wt = 3))
clew_crate <- function(.fn, ...) {
  things <- list(...)
  if (!is.function(.fn) || is.primitive(.fn)) raise("invalid_value", "A crate needs a function, not ", describe(.fn), ".")
  if (length(things) && (is.null(names(things)) || !all(nzchar(names(things))))) {
    raise("invalid_value", "What goes into a crate must be named, as in clew_crate(function(data) ..., fit = fit).")
  }
  .fn <- utils::removeSource(.fn)
  environment(.fn) <- list2env(things, parent = baseenv())
  structure(.fn, class = c("crate", "function"))
}

#' @rdname clew_models
#' @export
clew_save_model <- function(model, path, ...) UseMethod("clew_save_model")

#' @export
clew_save_model.crate <- function(model, path, ...) {
  fresh_folder(path)
  # the bytes of serialize() inside an RDS file: how MLflow's R client writes and reads crates
  saveRDS(serialize(model, NULL), file.path(path, "crate.bin"))
  write_mlmodel(path, list(crate = list(model = "crate.bin", version = "0.1.0")))
}

#' @export
clew_save_model.function <- function(model, path, ...) {
  raise("invalid_value", "A function may need things that are not in it; put both into a crate: clew_crate(model, name = value).")
}

#' @export
clew_save_model.default <- function(model, path, ...) {
  fresh_folder(path)
  saveRDS(model, file.path(path, "model.rds"))
  flavor <- list(class = class(model)[[1]], model = "model.rds", r_version = as.character(getRversion()))
  attached <- utils::sessionInfo()$otherPkgs
  if (length(attached)) flavor$packages <- lapply(attached, function(package) package$Version)
  write_mlmodel(path, list(r = flavor))
}

#' @rdname clew_models
#' @export
clew_log_model <- function(model, name = "model", registered_model_name = NULL, tags = NULL, params = NULL, run_id = NULL,
                           client = NULL) {
  run <- run_of(run_id, client)
  client <- run$client
  name <- check_text(name, "a model's name")
  folder <- tempfile("clew-")
  on.exit(unlink(folder, recursive = TRUE))
  clew_save_model(model, folder)
  spec <- read_mlmodel(folder)
  experiment_id <- run$experiment_id %||% clew_get_run(run)$info$experiment_id
  tags <- as.list(tags)
  tags[[sums_tag]] <- sums_digest(spec)
  made <- call_route(
    client, "create_logged_model",
    experiment_id = experiment_id, name = name, source_run_id = run$run_id, params = pairs_to(params), tags = pairs_to(tags)
  )$model$info
  spec$run_id <- run$run_id
  spec$model_id <- spec$model_uuid <- made$model_id
  spec$artifact_path <- made$artifact_uri
  write_spec(folder, spec)
  status <- "LOGGED_MODEL_UPLOAD_FAILED"
  finalize <- function() call_route(client, "finalize_logged_model", model_id = made$model_id, status = status)
  tryCatch(put_tree(client, root_of_uri(made$artifact_uri), folder, ""), error = function(e) {
    try(finalize(), silent = TRUE)
    stop(e)
  })
  status <- "LOGGED_MODEL_READY"
  finalize()
  call_route(client, "log_outputs", run_id = run$run_id, models = list(list(model_id = made$model_id, step = 0)))
  info <- list(model_uri = paste0("models:/", made$model_id), model_id = made$model_id)
  if (!is.null(registered_model_name)) {
    info$version <- clew_register_model(info$model_uri, registered_model_name, client = client)$version
  }
  info
}

#' @rdname clew_models
#' @export
clew_load_model <- function(model_uri, trust = FALSE, client = NULL) {
  uri <- check_text(model_uri, "a model URI")
  local <- !grepl("^[a-z-]+:/", uri) || grepl("^file:", uri)
  place <- NULL
  if (local) {
    folder <- sub("^file:(//)?", "", uri)
  } else {
    client <- resolve_client(client)
    place <- place_of_model(client, uri)
    folder <- tempfile("clew-")
    on.exit(unlink(folder, recursive = TRUE))
    fetch_model(client, place, folder)
  }
  spec <- read_mlmodel(folder)
  check_sums(folder, spec)
  if (!isTRUE(trust) && !vouched_for(place, spec)) {
    raise(
      "denied", "The model ", uri, " may run code while it loads, and no server vouches for it. ",
      "If you know where it comes from: clew_load_model(\"", uri, "\", trust = TRUE)."
    )
  }
  flavors <- spec$flavors
  if (!is.null(flavors$crate)) return(unserialize(readRDS(model_file(folder, flavors$crate$model %||% "crate.bin"))))
  if (!is.null(flavors$r)) return(readRDS(model_file(folder, flavors$r$model)))
  raise(
    "not_supported", "The model ", uri, " has no flavor that R loads; it has: ", paste(names(flavors), collapse = ", "),
    ". R loads crate and r."
  )
}

#' @rdname clew_models
#' @export
clew_predict <- function(model, data, ...) {
  if (is.function(model)) model(data, ...) else stats::predict(model, data, ...)
}
