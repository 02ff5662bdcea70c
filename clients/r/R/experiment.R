#' Experiments
#'
#' An experiment is a named group of runs. `clew_set_experiment()` chooses the one for the runs that follow, and creates
#' it where it is missing; without it, `CLEW_EXPERIMENT_ID`, `CLEW_EXPERIMENT_NAME` or MLflow's variables of these kinds
#' say which, else runs go to the experiment `Default`.
#'
#' @param name,experiment_name,new_name A name, at most 500 characters of any script.
#' @param experiment_id An id, such as `"7"`.
#' @param artifact_location Where the experiment's files go; the server's store if absent.
#' @param tags A named list or vector.
#' @param key,value Name and value of a tag.
#' @param filter A filter, such as `"name LIKE 'wine%'"`.
#' @param view_type `"ACTIVE_ONLY"`, `"DELETED_ONLY"` or `"ALL"`.
#' @param order_by Such as `"name ASC"`.
#' @param max_results At most so many.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return `clew_create_experiment()` and `clew_set_experiment()` the id, `clew_get_experiment()` a list,
#'   `clew_search_experiments()` a tibble; the others `NULL`, invisibly.
#' @name clew_experiments
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_experiment("wine")
#' clew_search_experiments("name = 'wine'")
NULL

#' @rdname clew_experiments
#' @export
clew_create_experiment <- function(name, artifact_location = NULL, client = NULL, tags = NULL) {
  client <- resolve_client(client)
  made <- call_route(
    client, "create_experiment",
    name = check_text(name, "an experiment's name"), artifact_location = artifact_location, tags = pairs_to(tags)
  )
  made$experiment_id
}

#' @rdname clew_experiments
#' @export
clew_set_experiment <- function(experiment_name = NULL, experiment_id = NULL, artifact_location = NULL) {
  if (is.null(experiment_name) == is.null(experiment_id)) {
    raise("invalid_value", "Give experiment_name or experiment_id, one of them.")
  }
  client <- clew_client()
  id <- if (is.null(experiment_name)) {
    clew_get_experiment(experiment_id = experiment_id, client = client)$experiment_id
  } else {
    find_or_create(client, experiment_name, artifact_location)
  }
  session$experiment_id <- id
  invisible(id)
}

#' @rdname clew_experiments
#' @export
clew_get_experiment <- function(name = NULL, experiment_id = NULL, client = NULL) {
  client <- resolve_client(client)
  got <- if (is.null(name)) {
    call_route(client, "get_experiment", experiment_id = experiment_id %||% current_experiment(client))
  } else {
    call_route(client, "get_experiment_by_name", experiment_name = check_text(name, "an experiment's name"))
  }
  experiment <- got$experiment
  experiment$tags <- pairs_of(experiment$tags)
  experiment$creation_time <- times_of(experiment$creation_time %||% NA)
  experiment$last_update_time <- times_of(experiment$last_update_time %||% NA)
  structure(experiment, class = "clew_experiment")
}

#' @export
print.clew_experiment <- function(x, ...) {
  cat("<clew experiment ", x$experiment_id, ": ", x$name, " (", x$lifecycle_stage, ")>\n", sep = "")
  invisible(x)
}

#' @rdname clew_experiments
#' @export
clew_search_experiments <- function(filter = NULL, view_type = c("ACTIVE_ONLY", "DELETED_ONLY", "ALL"),
                                    order_by = character(), max_results = Inf, client = NULL) {
  client <- resolve_client(client)
  view_type <- match.arg(view_type)
  items <- all_pages(function(count, token) {
    call_route(
      client, "search_experiments",
      filter = filter, view_type = view_type, order_by = as.list(order_by), max_results = count, page_token = token
    )
  }, "experiments", max_results, 1000)
  tibble::tibble(
    experiment_id = texts_of(items, "experiment_id"),
    name = texts_of(items, "name"),
    artifact_location = texts_of(items, "artifact_location"),
    lifecycle_stage = texts_of(items, "lifecycle_stage"),
    creation_time = times_of(numbers_of(items, "creation_time")),
    last_update_time = times_of(numbers_of(items, "last_update_time")),
    tags = lapply(items, function(item) pairs_of(item$tags))
  )
}

#' @rdname clew_experiments
#' @export
clew_rename_experiment <- function(new_name, experiment_id = NULL, client = NULL) {
  client <- resolve_client(client)
  id <- experiment_id %||% current_experiment(client)
  call_route(client, "update_experiment", experiment_id = id, new_name = check_text(new_name, "an experiment's name"))
  invisible(NULL)
}

#' @rdname clew_experiments
#' @export
clew_delete_experiment <- function(experiment_id, client = NULL) {
  call_route(resolve_client(client), "delete_experiment", experiment_id = as.character(experiment_id))
  invisible(NULL)
}

#' @rdname clew_experiments
#' @export
clew_restore_experiment <- function(experiment_id, client = NULL) {
  call_route(resolve_client(client), "restore_experiment", experiment_id = as.character(experiment_id))
  invisible(NULL)
}

#' @rdname clew_experiments
#' @export
clew_set_experiment_tag <- function(key, value, experiment_id = NULL, client = NULL) {
  client <- resolve_client(client)
  call_route(
    client, "set_experiment_tag",
    experiment_id = experiment_id %||% current_experiment(client), key = check_key(key), value = value_text(value)
  )
  invisible(NULL)
}

find_or_create <- function(client, name, artifact_location = NULL) {
  find <- function() {
    found <- clew_get_experiment(name = name, client = client)
    if (found$lifecycle_stage == "deleted") {
      raise(
        "conflict", "The experiment '", name, "' is in the trash; restore it: clew_restore_experiment(\"",
        found$experiment_id, "\")."
      )
    }
    found$experiment_id
  }
  tryCatch(find(), clew_not_found = function(e) {
    # somebody else may have been quicker
    tryCatch(
      clew_create_experiment(name, artifact_location, client = client),
      clew_already_exists = function(e) find()
    )
  })
}

# The experiment for runs that name none.
current_experiment <- function(client) {
  if (!is.null(session$experiment_id)) return(session$experiment_id)
  id <- env_value("CLEW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID")
  if (!is.null(id)) return(id)
  name <- env_value("CLEW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME")
  if (is.null(name)) "0" else find_or_create(client, name)
}
