#' The model registry
#'
#' A registered model is a name with numbered versions. A version stands in a stage (`None`, `Staging`, `Production`,
#' `Archived`), and any number of aliases point at versions. `reason` is kept in a Clew server's history.
#'
#' @param name Name of the registered model.
#' @param new_name The new name.
#' @param version Number of a version, as text or number.
#' @param model_uri What the version is made of: `models:/m-…`, `runs:/<run id>/<name>`, another version, or an address.
#' @param source An address, as the server keeps it.
#' @param run_id The run that made it.
#' @param model_id The logged model that it is.
#' @param run_link A link to the run, where another server has it.
#' @param stage,stages A stage, in any case.
#' @param archive_existing_versions Whether what stood in the stage is archived.
#' @param alias A name that points at a version.
#' @param description A text.
#' @param tags A named list or vector.
#' @param key,value Name and value of a tag.
#' @param reason Why.
#' @param filter Such as `"name LIKE 'wine%'"`.
#' @param order_by Such as `"name DESC"`.
#' @param max_results At most so many.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return Searches and `clew_get_latest_versions()` give tibbles; calls on one model or version a list of class `clew_registered_model` or `clew_model_version`;
#'   deletions, tags and `clew_set_registered_model_alias()` `NULL`, invisibly.
#' @name clew_registry
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' info <- with_run(clew_log_model(lm(mpg ~ wt, mtcars)))
#' version <- clew_register_model(info$model_uri, "cars")
#' clew_transition_model_version_stage("cars", version$version, "Production")
#' clew_set_registered_model_alias("cars", "champion", version$version)
#' clew_predict(clew_load_model("models:/cars@champion"), data.frame(wt = 3))
NULL

#' @rdname clew_registry
#' @export
clew_create_registered_model <- function(name, tags = NULL, description = NULL, client = NULL) {
  got <- call_route(
    resolve_client(client), "create_registered_model",
    name = check_text(name, "a model's name"), tags = pairs_to(tags), description = description
  )
  new_registered_model(got$registered_model)
}

#' @rdname clew_registry
#' @export
clew_get_registered_model <- function(name, client = NULL) {
  got <- call_route(resolve_client(client), "get_registered_model", name = check_text(name, "a model's name"))
  new_registered_model(got$registered_model)
}

#' @rdname clew_registry
#' @export
clew_rename_registered_model <- function(name, new_name, client = NULL) {
  got <- call_route(resolve_client(client), "rename_registered_model", name = name, new_name = check_text(new_name, "a model's name"))
  new_registered_model(got$registered_model)
}

#' @rdname clew_registry
#' @export
clew_update_registered_model <- function(name, description, client = NULL) {
  got <- call_route(resolve_client(client), "update_registered_model", name = name, description = description)
  new_registered_model(got$registered_model)
}

#' @rdname clew_registry
#' @export
clew_delete_registered_model <- function(name, client = NULL) {
  call_route(resolve_client(client), "delete_registered_model", name = check_text(name, "a model's name"))
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_search_registered_models <- function(filter = NULL, max_results = Inf, order_by = character(), client = NULL) {
  client <- resolve_client(client)
  items <- all_pages(function(count, token) {
    call_route(
      client, "search_registered_models",
      filter = filter, order_by = order_by, max_results = count, page_token = token
    )
  }, "registered_models", max_results, 1000)
  tibble::tibble(
    name = texts_of(items, "name"), description = texts_of(items, "description", ""),
    creation_timestamp = times_of(numbers_of(items, "creation_timestamp")),
    last_updated_timestamp = times_of(numbers_of(items, "last_updated_timestamp")),
    tags = lapply(items, function(item) pairs_of(item$tags)), aliases = lapply(items, aliases_of)
  )
}

#' @rdname clew_registry
#' @export
clew_register_model <- function(model_uri, name, tags = NULL, description = NULL, client = NULL) {
  client <- resolve_client(client)
  uri <- check_text(model_uri, "a model URI")
  tryCatch(clew_create_registered_model(name, client = client), clew_already_exists = function(e) NULL)
  if (grepl("^models:/[^m]|^models:/m[^-]", uri) || !grepl("^(models|runs):", uri)) {
    return(clew_create_model_version(name, uri, tags = tags, description = description, client = client))
  }
  place <- place_of_model(client, uri)
  source <- if (is.null(place$model_id)) paste0("mlflow-artifacts:/", place$root) else paste0("models:/", place$model_id)
  clew_create_model_version(
    name, source, place$run_id,
    tags = tags, description = description, model_id = place$model_id, client = client
  )
}

#' @rdname clew_registry
#' @export
clew_create_model_version <- function(name, source, run_id = NULL, tags = NULL, run_link = NULL, description = NULL,
                                      model_id = NULL, client = NULL) {
  got <- call_route(
    resolve_client(client), "create_model_version",
    name = check_text(name, "a model's name"), source = source, run_id = if (length(run_id) && nzchar(run_id)) id_of(run_id), tags = pairs_to(tags),
    run_link = run_link, description = description, model_id = model_id
  )
  new_model_version(got$model_version)
}

#' @rdname clew_registry
#' @export
clew_get_model_version <- function(name, version, client = NULL) {
  got <- call_route(resolve_client(client), "get_model_version", name = name, version = value_text(version))
  new_model_version(got$model_version)
}

#' @rdname clew_registry
#' @export
clew_get_model_version_by_alias <- function(name, alias, client = NULL) {
  got <- call_route(resolve_client(client), "get_model_version_by_alias", name = name, alias = alias)
  new_model_version(got$model_version)
}

#' @rdname clew_registry
#' @export
clew_get_latest_versions <- function(name, stages = character(), client = NULL) {
  got <- call_route(resolve_client(client), "get_latest_versions", name = name, stages = as.list(as.character(stages)))
  tibble_of_versions(got$model_versions)
}

#' @rdname clew_registry
#' @export
clew_search_model_versions <- function(filter = NULL, max_results = Inf, order_by = character(), client = NULL) {
  client <- resolve_client(client)
  tibble_of_versions(all_pages(function(count, token) {
    call_route(
      client, "search_model_versions",
      filter = filter, order_by = order_by, max_results = count, page_token = token
    )
  }, "model_versions", max_results, 10000))
}

#' @rdname clew_registry
#' @export
clew_update_model_version <- function(name, version, description, client = NULL) {
  got <- call_route(
    resolve_client(client), "update_model_version",
    name = name, version = value_text(version), description = description
  )
  new_model_version(got$model_version)
}

#' @rdname clew_registry
#' @export
clew_transition_model_version_stage <- function(name, version, stage, archive_existing_versions = FALSE, client = NULL,
                                                reason = NULL) {
  got <- call_route(
    resolve_client(client), "transition_model_version_stage",
    name = name, version = value_text(version), stage = stage,
    archive_existing_versions = isTRUE(archive_existing_versions), reason = reason
  )
  new_model_version(got$model_version)
}

#' @rdname clew_registry
#' @export
clew_delete_model_version <- function(name, version, client = NULL) {
  call_route(resolve_client(client), "delete_model_version", name = name, version = value_text(version))
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_set_registered_model_alias <- function(name, alias, version, client = NULL, reason = NULL) {
  call_route(
    resolve_client(client), "set_registered_model_alias",
    name = name, alias = alias, version = value_text(version), reason = reason
  )
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_delete_registered_model_alias <- function(name, alias, client = NULL, reason = NULL) {
  call_route(resolve_client(client), "delete_registered_model_alias", name = name, alias = alias, reason = reason)
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_set_registered_model_tag <- function(name, key, value, client = NULL) {
  call_route(resolve_client(client), "set_registered_model_tag", name = name, key = key, value = value_text(value))
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_delete_registered_model_tag <- function(name, key, client = NULL) {
  call_route(resolve_client(client), "delete_registered_model_tag", name = name, key = key)
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_set_model_version_tag <- function(name, version, key, value, client = NULL) {
  call_route(
    resolve_client(client), "set_model_version_tag",
    name = name, version = value_text(version), key = key, value = value_text(value)
  )
  invisible(NULL)
}

#' @rdname clew_registry
#' @export
clew_delete_model_version_tag <- function(name, version, key, client = NULL) {
  call_route(resolve_client(client), "delete_model_version_tag", name = name, version = value_text(version), key = key)
  invisible(NULL)
}

new_registered_model <- function(model) {
  model$tags <- pairs_of(model$tags)
  model$aliases <- aliases_of(model)
  model$latest_versions <- tibble_of_versions(model$latest_versions)
  model$creation_timestamp <- times_of(model$creation_timestamp %||% NA)
  model$last_updated_timestamp <- times_of(model$last_updated_timestamp %||% NA)
  structure(model, class = "clew_registered_model")
}

new_model_version <- function(version) {
  version$tags <- pairs_of(version$tags)
  version$aliases <- as.character(unlist(version$aliases))
  version$creation_timestamp <- times_of(version$creation_timestamp %||% NA)
  version$last_updated_timestamp <- times_of(version$last_updated_timestamp %||% NA)
  structure(version, class = "clew_model_version")
}

#' @export
print.clew_registered_model <- function(x, ...) {
  cat("<clew registered model ", x$name, ">\n", sep = "")
  invisible(x)
}

#' @export
print.clew_model_version <- function(x, ...) {
  aliases <- if (length(x$aliases)) paste0(" @", x$aliases, collapse = "")
  cat("<clew model version ", x$name, "/", x$version, ": ", x$current_stage, aliases, ">\n", sep = "")
  invisible(x)
}

# alias = version
aliases_of <- function(model) stats::setNames(texts_of(model$aliases, "version"), texts_of(model$aliases, "alias"))

tibble_of_versions <- function(items) {
  tibble::tibble(
    name = texts_of(items, "name"), version = texts_of(items, "version"), current_stage = texts_of(items, "current_stage"),
    description = texts_of(items, "description", ""), source = texts_of(items, "source"), run_id = texts_of(items, "run_id", ""),
    model_id = texts_of(items, "model_id"), status = texts_of(items, "status"),
    creation_timestamp = times_of(numbers_of(items, "creation_timestamp")),
    last_updated_timestamp = times_of(numbers_of(items, "last_updated_timestamp")),
    tags = lapply(items, function(item) pairs_of(item$tags)),
    aliases = lapply(items, function(item) as.character(unlist(item$aliases)))
  )
}
