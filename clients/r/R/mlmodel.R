# The MLmodel file: its fields, and the sums of the files beside it, which stand under metadata.clew.

fresh_folder <- function(path) {
  if (file.exists(check_text(path, "a path"))) raise("already_exists", path, " exists already; give a new folder.")
  dir.create(path, recursive = TRUE)
}

write_mlmodel <- function(folder, flavors) {
  sums <- file_sums(folder)
  spec <- list(
    artifact_path = basename(folder),
    flavors = flavors,
    metadata = list(clew = list(files = sums, version = as.character(utils::packageVersion("clew")))),
    model_size_bytes = sum(vapply(sums, function(sum) sum$size, 0)),
    model_uuid = paste(as.character(openssl::rand_bytes(16)), collapse = ""),
    utc_time_created = format(Sys.time(), "%Y-%m-%d %H:%M:%OS6", tz = "UTC")
  )
  write_spec(folder, spec)
  invisible(folder)
}

write_spec <- function(folder, spec) {
  whole <- function(x) structure(if (all(x == round(x))) whole_text(x) else number_text(x), class = "verbatim")
  text <- yaml::as.yaml(spec[sort(names(spec), method = "radix")], handlers = list(numeric = whole))
  writeBin(charToRaw(enc2utf8(text)), file.path(folder, "MLmodel"))
}

read_mlmodel <- function(folder) {
  path <- file.path(folder, "MLmodel")
  if (!file.exists(path)) raise("not_found", folder, " has no MLmodel file, so it is no model.")
  text <- readLines(path, encoding = "UTF-8", warn = FALSE)
  # no tags of R's own: a file must not be able to run code
  spec <- yaml::yaml.load(paste(text, collapse = "\n"), eval.expr = FALSE, handlers = list(int = as.double))
  if (!is.list(spec) || !is.list(spec$flavors)) raise("invalid_value", path, " has no map named 'flavors'.")
  spec
}

# A file that the MLmodel file names, which must lie beside it.
model_file <- function(folder, name) {
  path <- file.path(folder, inside_root(check_text(name, "a model's file name")))
  if (!file.exists(path)) raise("not_found", "The model names ", name, ", which is missing in ", folder, ".")
  path
}

file_sums <- function(folder) {
  names <- setdiff(sort(list.files(folder, recursive = TRUE, all.files = TRUE), method = "radix"), "MLmodel")
  sums <- lapply(names, function(name) {
    path <- file.path(folder, name)
    list(sha256 = sha256_of(path), size = file.size(path))
  })
  stats::setNames(sums, names)
}

# Files that other tools add to a finished model.
free_files <- c("registered_model_meta", "conda.yaml", "python_env.yaml", "requirements.txt")

check_sums <- function(folder, spec) {
  recorded <- spec$metadata$clew$files
  if (is.null(recorded)) return(invisible(FALSE))
  found <- file_sums(folder)
  names <- setdiff(union(names(recorded), names(found)), free_files)
  same <- vapply(names, function(name) identical(recorded[[name]]$sha256, found[[name]]$sha256), NA)
  if (!all(same)) {
    raise(
      "corrupt", "The model in ", folder, " is not as it was logged: ", paste(names[!same], collapse = ", "),
      " differ from the SHA-256 sums. Fetch it again, or log it anew."
    )
  }
  invisible(TRUE)
}

# SHA-256 over the sums and flavors, by the rule of Clew's Python package, so that each checks what the other noted.
sums_digest <- function(spec) {
  text <- sorted_json(list(files = spec$metadata$clew$files, flavors = spec$flavors))
  paste(as.character(openssl::sha256(charToRaw(text))), collapse = "")
}

sorted_json <- function(x) {
  if (is.list(x) && !is.null(names(x))) {
    x <- x[sort(names(x), method = "radix")]
    return(paste0("{", paste0(ascii_json(names(x)), ": ", vapply(x, sorted_json, ""), collapse = ", "), "}"))
  }
  if (is.list(x) || length(x) != 1) return(paste0("[", paste(vapply(x, sorted_json, ""), collapse = ", "), "]"))
  if (is.character(x)) return(ascii_json(x))
  if (is.logical(x)) return(if (x) "true" else "false")
  if (x == round(x)) whole_text(x) else value_text(x)
}

ascii_json <- function(texts) {
  vapply(quoted(texts), function(text) {
    points <- utf8ToInt(gsub("\\/", "/", text, fixed = TRUE))
    paste(ifelse(points < 128, intToUtf8(points, multiple = TRUE), sprintf("\\u%04x", points)), collapse = "")
  }, "", USE.NAMES = FALSE)
}

# Whether the store noted these very sums when the model was logged.
vouched_for <- function(place, spec) {
  noted <- place$tags[sums_tag]
  if (is.null(noted) || is.na(noted) || is.null(spec$metadata$clew$files)) return(FALSE)
  if (!identical(unname(noted), sums_digest(spec))) {
    raise("corrupt", "The model's MLmodel file is not the one that was logged; log the model anew.")
  }
  TRUE
}

# Where a model lies: root, a path behind the server's proxy; tags of the logged model, where it is one.
place_of_model <- function(client, uri) {
  rest <- sub("^[a-z-]+:/*", "", uri)
  if (grepl("^mlflow-artifacts:", uri)) return(list(root = proxied(uri)))
  if (grepl("^runs:", uri)) return(place_in_run(client, sub("/.*", "", rest), sub("^[^/]*/?", "", rest)))
  if (!grepl("^models:", uri)) {
    raise("not_supported", "'", uri, "' is no model URI; give models:/..., runs:/..., mlflow-artifacts:/... or a folder.")
  }
  if (grepl("^m-[0-9a-f]{32}$", rest)) return(place_of_logged(client, rest))
  version <- version_of_uri(client, rest)
  target <- call_route(client, "get_model_version_download_uri", name = version$name, version = version$version)$artifact_uri
  # MLflow's server tells the logged model's address, and no id
  told <- if (nzchar(version$model_id %||% "")) version$model_id else target
  model_id <- regmatches(told, regexpr("(?<![^/])m-[0-9a-f]{32}(?=(/artifacts)?/?$)", told, perl = TRUE))
  if (length(model_id)) return(place_of_logged(client, model_id))
  if (grepl("^runs:", target)) return(place_of_model(client, target))
  list(root = root_of_uri(target), run_id = version$run_id)
}

place_of_logged <- function(client, model_id) {
  model <- call_route(client, "get_logged_model", model_id = model_id)$model
  info <- model$info
  if (!identical(info$status, "LOGGED_MODEL_READY")) {
    raise("not_found", "The model ", model_id, " has no complete files: its status is ", info$status, ".")
  }
  list(root = root_of_uri(info$artifact_uri), run_id = info$source_run_id, model_id = model_id, tags = pairs_of(info$tags))
}

# The newest model of that name that the run logged, else its artifacts.
place_in_run <- function(client, run_id, path) {
  run <- call_route(client, "get_run", run_id = run_id)$run
  for (output in rev(run$outputs$model_outputs)) {
    info <- call_route(client, "get_logged_model", model_id = output$model_id)$model$info
    if (identical(info$name, path)) return(place_of_logged(client, output$model_id))
  }
  list(root = join_path(root_of_uri(run$info$artifact_uri), path), run_id = run_id)
}

# name/3, name/Production, name/latest, name@alias
version_of_uri <- function(client, rest) {
  if (grepl("^[^/]+@[^/@]+$", rest)) {
    return(clew_get_model_version_by_alias(sub("@.*", "", rest), sub(".*@", "", rest), client))
  }
  parts <- strsplit(rest, "/", fixed = TRUE)[[1]]
  if (length(parts) != 2) {
    raise("invalid_value", "models:/", rest, " names no version; give models:/<name>/<version or stage> or models:/<name>@<alias>.")
  }
  if (grepl("^[0-9]+$", parts[[2]])) return(clew_get_model_version(parts[[1]], parts[[2]], client))
  latest <- tolower(parts[[2]]) == "latest"
  found <- clew_get_latest_versions(parts[[1]], if (latest) character() else parts[[2]], client)
  if (!nrow(found)) raise("not_found", "The model ", parts[[1]], " has no version in stage ", parts[[2]], ".")
  clew_get_model_version(parts[[1]], found$version[[which.max(as.double(found$version))]], client)
}

fetch_model <- function(client, place, folder) {
  list_folder <- function(path) {
    query <- query_text(list(path = join_path(place$root, path)))
    answer <- perform(client, "GET", paste0(proxy, query))
    if (answer$status != 200) raise_answer(client, answer)
    files <- parse_json(answer$body)$files
    # the proxy tells base names
    names <- vapply(files, function(file) join_path(path, basename(file$path)), "")
    list(path = names, is_dir = vapply(files, function(file) isTRUE(file$is_dir), NA)) |> as.data.frame()
  }
  if (!nrow(list_folder(""))) raise("not_found", "There is no model at mlflow-artifacts:/", place$root, ".")
  get_tree("", folder, list_folder, function(path, into) get_proxied(client, join_path(place$root, path), into))
}
