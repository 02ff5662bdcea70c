# One request and its answer; what may be repeated is repeated here and nowhere else.

# Calls other than reads that do the same when they are done twice.
repeatable <- c(
  "start_run", "update_run", "delete_run", "restore_run", "log_parameter", "set_tag", "log_batch", "log_outputs",
  "set_experiment_tag", "search_experiments", "search_runs", "search_registered_models", "search_model_versions",
  "search_logged_models", "get_latest_versions", "set_registered_model_tag", "set_registered_model_alias",
  "set_model_version_tag", "update_registered_model", "update_model_version", "finalize_logged_model"
)

# The parsed answer of a call of the table; NULL fields stay away.
call_route <- function(.client, .call, ..., .retries = NULL) {
  method <- routes[[.call]][[1]]
  path <- routes[[.call]][[2]]
  fields <- Filter(Negate(is.null), list(...))
  for (field in regmatches(path, gregexpr("(?<=\\{)\\w+(?=\\})", path, perl = TRUE))[[1]]) {
    path <- sub(paste0("{", field, "}"), curl::curl_escape(enc2utf8(fields[[field]])), path, fixed = TRUE)
  }
  reading <- method == "GET"
  answer <- perform(
    .client, method, if (reading) paste0(path, query_text(fields)) else path,
    body = if (!reading) charToRaw(enc2utf8(to_json(fields))),
    headers = if (!reading) c("Content-Type" = "application/json"),
    again = reading || .call %in% repeatable, retries = .retries
  )
  if (answer$status != 200) raise_answer(.client, answer)
  parse_json(answer$body)
}

query_text <- function(fields) {
  fields <- fields[lengths(fields) > 0]
  parts <- unlist(Map(
    function(name, values) paste0(name, "=", curl::curl_escape(enc2utf8(vapply(values, value_text, "")))),
    names(fields), fields
  ))
  if (length(parts)) paste0("?", paste(parts, collapse = "&")) else ""
}

# The answer to a request: status, headers, body (raw). again: whether doing it twice does no harm. file: sent as the
# body. into: a path that takes the body of an answer 200.
perform <- function(client, method, path, body = NULL, headers = NULL, again = method == "GET", file = NULL,
                    into = NULL, retries = NULL) {
  retries <- retries %||% getOption("clew.retries", 4)
  tries <- 0
  repeat {
    answer <- tryCatch(
      perform_once(client, method, path, body, headers, file, into),
      error = function(e) if (inherits(e, "clew_error")) stop(e) else e
    )
    failed <- inherits(answer, "error")
    if (tries >= retries || !worth_another(answer, failed, again)) break
    Sys.sleep(pause_before(tries, if (!failed) answer$headers[["retry-after"]]))
    tries <- tries + 1
  }
  if (failed) raise_unreachable(client, conditionMessage(answer))
  answer
}

worth_another <- function(answer, failed, again) {
  if (failed) return(again || never_connected(answer))
  answer$status == 429 || (again && answer$status %in% c(502, 503, 504))
}

# Nothing was sent, so nothing can have been done.
never_connected <- function(error) {
  inherits(error, c("curl_error_couldnt_connect", "curl_error_couldnt_resolve_host")) ||
    grepl("resolve host|Failed to connect|connect to server", conditionMessage(error))
}

pause_before <- function(tries, asked) {
  asked <- suppressWarnings(as.double(asked %||% NA))
  if (!is.na(asked)) min(max(asked, 0), 30) else 0.2 * 2^tries
}

perform_once <- function(client, method, path, body, headers, file, into) {
  handle <- kept_handle(client)
  curl::handle_setopt(
    handle,
    connecttimeout = 5, low_speed_limit = 1, low_speed_time = getOption("clew.timeout", 60), followlocation = FALSE
  )
  if (!is.null(file)) {
    source <- file(file, "rb")
    on.exit(close(source))
    curl::handle_setopt(
      handle,
      upload = TRUE, readfunction = function(n) readBin(source, raw(), n), infilesize_large = file.size(file)
    )
  } else if (!is.null(body)) {
    curl::handle_setopt(handle, post = TRUE, postfieldsize = length(body), postfields = body)
  }
  curl::handle_setopt(handle, customrequest = method)
  curl::handle_setheaders(handle, .list = as.list(c(
    "User-Agent" = paste0("clew-r/", utils::packageVersion("clew")), "Accept" = "application/json, */*", "Expect" = "",
    "X-Clew-User" = iconv(user_name(), to = "ASCII", sub = "?"), if (!is.null(client$authorization)) c("Authorization" = client$authorization), headers
  )))
  url <- paste0(client$base, path)
  if (is.null(into)) {
    got <- curl::curl_fetch_memory(url, handle)
    content <- got$content
  } else {
    got <- curl::curl_fetch_disk(url, into, handle)
    content <- if (got$status_code == 200) raw() else readBin(into, raw(), min(file.size(into), 65536))
  }
  list(status = got$status_code, headers = header_list(got$headers), body = content)
}

# A handle keeps its connection. A forked process must not speak on its parent's.
kept_handle <- function(client) {
  kept <- client$connection
  if (is.null(kept$handle) || !identical(kept$pid, Sys.getpid())) {
    kept$handle <- curl::new_handle()
    kept$pid <- Sys.getpid()
  }
  curl::handle_reset(kept$handle)
}

header_list <- function(headers) {
  found <- curl::parse_headers_list(headers)
  stats::setNames(found, tolower(names(found)))
}

user_name <- function() {
  env_value("LOGNAME", "USER", "LNAME", "USERNAME") %||% Sys.info()[["user"]]
}

# All items of a paged call, at most max_results of them. fetch: (count, token) -> answer.
all_pages <- function(fetch, field, max_results, page) {
  items <- list()
  token <- NULL
  repeat {
    count <- min(page, max_results - length(items))
    if (count < 1) break
    answer <- fetch(whole_count(count), token)
    items <- c(items, answer[[field]])
    token <- answer$next_page_token
    if (is.null(token)) break
  }
  items
}

whole_count <- function(count) verbatim(whole_text(count))
