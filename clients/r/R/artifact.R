#' Artifacts: the files of a run
#'
#' Files travel over HTTP, streamed, whatever their size; their SHA-256 is checked by a Clew server. Names may hold spaces and letters of any script.
#'
#' @param path For `clew_log_artifact()` a file or a folder of this machine, whose content is logged; for the others
#'   a path among the run's artifacts, `""` for all.
#' @param artifact_path The folder among the run's artifacts to put it in.
#' @param artifact_file The path among the run's artifacts, such as `"notes/read me.txt"`.
#' @param text Character vector, a line each.
#' @param dst_path A folder to download into; a temporary one if absent.
#' @param run_id A run or its id; the open run if absent.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return `clew_list_artifacts()` a tibble with `path`, `is_dir` and `file_size` (bytes); `clew_download_artifacts()` the
#'   local path of the file or folder; the others the run, invisibly.
#' @name clew_artifacts
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' run <- clew_start_run()
#' clew_log_text("hello", "notes/read me.txt")
#' readLines(clew_download_artifacts("notes/read me.txt"))
#' clew_end_run()
NULL

proxy <- "/api/2.0/mlflow-artifacts/artifacts"

#' @rdname clew_artifacts
#' @export
clew_log_artifact <- function(path, artifact_path = NULL, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  check_text(path, "a path")
  if (!file.exists(path)) raise("not_found", "There is no file ", path, ".")
  root <- root_of_run(run)
  put_tree(run$client, root, path, inside_root(artifact_path))
  invisible(run)
}

#' @rdname clew_artifacts
#' @export
clew_log_text <- function(text, artifact_file, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  goal <- inside_root(artifact_file)
  local <- tempfile()
  on.exit(unlink(local))
  writeBin(charToRaw(paste(enc2utf8(text), collapse = "\n")), local)
  put_file(run$client, join_path(root_of_run(run), goal), local)
  invisible(run)
}

#' @rdname clew_artifacts
#' @export
clew_list_artifacts <- function(path = NULL, run_id = NULL, client = NULL) {
  run <- run_of(run_id, client)
  got <- call_route(run$client, "list_artifacts", run_id = run$run_id, path = path)
  files <- got$files
  tibble::tibble(
    path = texts_of(files, "path"), is_dir = vapply(files, function(file) isTRUE(file$is_dir), NA),
    file_size = numbers_of(files, "file_size")
  )
}

#' @rdname clew_artifacts
#' @export
clew_download_artifacts <- function(path = "", run_id = NULL, dst_path = NULL, client = NULL) {
  run <- run_of(run_id, client)
  path <- inside_root(path)
  folder <- dst_path %||% tempfile("clew-")
  root <- root_of_run(run, reading = TRUE)
  list_folder <- function(path) clew_list_artifacts(if (nzchar(path)) path, run)
  get_one <- if (is.na(root)) {
    function(path, into) {
      query <- query_text(list(run_uuid = run$run_id, run_id = run$run_id, path = path))
      get_file(run$client, paste0("/get-artifact", query), into)
    }
  } else {
    function(path, into) get_proxied(run$client, join_path(root, path), into)
  }
  get_tree(path, folder, list_folder, get_one)
}

# The path behind the server's proxy that an artifact URI means, without a slash at its ends; NA where it means another place.
proxied <- function(uri) {
  rest <- if (grepl("^mlflow-artifacts:", uri)) {
    sub("^mlflow-artifacts:(//[^/]*)?", "", uri)
  } else if (grepl("^https?://", uri) && grepl(proxy, uri, fixed = TRUE)) {
    sub(paste0("^.*?", proxy), "", uri, perl = TRUE)
  } else {
    return(NA_character_)
  }
  gsub("^/+|/+$", "", curl::curl_unescape(rest))
}

root_of_run <- function(run, reading = FALSE) {
  uri <- run$artifact_uri %||% call_route(run$client, "get_run", run_id = run$run_id)$run$info$artifact_uri
  root_of_uri(uri, reading)
}

root_of_uri <- function(uri, reading = FALSE) {
  root <- proxied(uri)
  if (is.na(root) && !reading) {
    raise(
      "not_supported", "Artifacts at ", uri, " cannot be written from R; let the server keep them (an experiment whose ",
      "artifact location begins with mlflow-artifacts:/)."
    )
  }
  root
}

# A relative path with /, without empty parts.
inside_root <- function(path) {
  path <- gsub("\\", "/", enc2utf8(path %||% ""), fixed = TRUE)
  parts <- strsplit(path, "/", fixed = TRUE)[[1]]
  if (startsWith(path, "/") || ".." %in% parts) {
    raise("invalid_value", "Invalid artifact path '", path, "': it must be relative and stay inside the run's artifacts.")
  }
  paste(parts[!parts %in% c("", ".")], collapse = "/")
}

join_path <- function(...) {
  parts <- c(...)
  paste(parts[nzchar(parts)], collapse = "/")
}

escaped <- function(path) {
  paste(curl::curl_escape(strsplit(enc2utf8(path), "/", fixed = TRUE)[[1]]), collapse = "/")
}

# A file under its own name, or all that a folder holds.
put_tree <- function(client, root, path, goal) {
  if (!dir.exists(path)) return(put_file(client, join_path(root, goal, basename(path)), path))
  for (name in list.files(path, recursive = TRUE, all.files = TRUE)) {
    put_file(client, join_path(root, goal, enc2utf8(name)), file.path(path, name))
  }
}

put_file <- function(client, goal, local) {
  answer <- perform(
    client, "PUT", paste0(proxy, "/", escaped(goal)),
    headers = c("Content-Type" = "application/octet-stream", "x-clew-sha256" = sha256_of(local)), file = local, again = TRUE
  )
  if (!answer$status %in% c(200, 201)) raise_answer(client, answer)
}

sha256_of <- function(path) {
  source <- file(path, "rb")
  on.exit(close(source))
  paste(as.character(openssl::sha256(source)), collapse = "")
}

get_proxied <- function(client, path, into) get_file(client, paste0(proxy, "/", escaped(path)), into)

# A file appears under its name when it is complete.
get_file <- function(client, path, into) {
  dir.create(dirname(into), recursive = TRUE, showWarnings = FALSE)
  draft <- tempfile(".clew-", dirname(into))
  on.exit(unlink(draft))
  answer <- perform(client, "GET", path, into = draft)
  if (answer$status != 200) raise_answer(client, answer)
  file.rename(draft, into)
}

# The file or folder `path`, below `folder`; the local path of it. list_folder(path): what a folder holds, with paths from the root.
get_tree <- function(path, folder, list_folder, get_one) {
  held <- list_folder(path)
  local <- if (nzchar(path)) file.path(folder, path) else folder
  if (!nrow(held) && nzchar(path)) {
    get_one(path, local)
    return(normalizePath(local))
  }
  dir.create(local, recursive = TRUE, showWarnings = FALSE)
  for (i in seq_len(nrow(held))) {
    name <- inside_root(held$path[[i]])
    if (held$is_dir[[i]]) get_tree(name, folder, list_folder, get_one) else get_one(name, file.path(folder, name))
  }
  normalizePath(local)
}
