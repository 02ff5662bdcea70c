#' Errors
#'
#' Every error that this package or the server raises on purpose is a condition of class `clew_error`. More classes say
#' what is wrong:
#'
#' | class | |
#' |---|---|
#' | `clew_not_found` | no such experiment, run, model or file |
#' | `clew_already_exists` | the name is taken |
#' | `clew_conflict` | the state forbids it: a param that changes, a run in the trash |
#' | `clew_invalid_value` | a value breaks a rule; `clew_invalid_filter` has the `position` in the filter's `text` |
#' | `clew_denied`, `clew_unauthenticated` | not allowed; no token, or one that is not known |
#' | `clew_unreachable` | no answer; it is a `clew_unavailable`, as a busy server is |
#' | `clew_too_many_requests` | the server asks for a pause |
#' | `clew_not_supported` | this server or store cannot do it |
#' | `clew_corrupt` | bytes are not what they were |
#'
#' A condition has the fields `message`, `error_code` (the server's, such as `"RESOURCE_DOES_NOT_EXIST"`), `status` (of
#' HTTP) and `request_id`, which stands in the server's log; the last three are `NULL` where no server answered.
#'
#' @name clew_error
#' @examplesIf nzchar(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' clew_set_tracking_uri(Sys.getenv("CLEW_TEST_TRACKING_URI"))
#' tryCatch(
#'   clew_get_run("00000000000000000000000000000000"),
#'   clew_not_found = function(e) e$error_code
#' )
NULL

raise <- function(kind, ..., fields = list()) {
  kinds <- unique(c(kind, error_parents[[kind]]))
  classes <- c(paste0("clew_", kinds), "clew_error", "error", "condition")
  condition <- c(list(message = paste0(...), call = NULL), fields)
  stop(structure(condition, class = classes))
}

raise_unreachable <- function(client, reason) {
  classes <- c("clew_unreachable", "clew_unavailable", "clew_error", "error", "condition")
  message <- paste0(client$shown, " does not answer: ", reason, ". Check the address and the network, or start a server: clew server")
  stop(structure(list(message = message, call = NULL), class = classes))
}

# The error that an answer with a status from 300 on is.
raise_answer <- function(client, answer) {
  told <- tryCatch(parse_json(answer$body), error = function(e) NULL)
  if (!is.list(told) || is.null(names(told))) told <- list()
  detail <- told$clew
  if (answer$status < 400) {
    raise(
      "not_supported", client$shown, " redirects to ", answer$headers$location %||% "nowhere",
      ", which is not followed; set the tracking URI to the final address."
    )
  }
  kind <- kind_of(told, detail, answer$status)
  text <- told$message
  if (!is.character(text)) text <- body_text(answer$body)
  if (!nzchar(text)) text <- paste0(client$shown, " answered HTTP status ", answer$status)
  fields <- list(
    error_code = told$error_code, status = answer$status, request_id = answer$headers[["x-request-id"]]
  )
  if (is.list(detail)) fields <- c(fields, detail[setdiff(names(detail), c("class", names(fields)))])
  raise(kind, text, fields = fields)
}

kind_of <- function(told, detail, status) {
  if (is.list(detail) && is.character(detail$class)) {
    kind <- tolower(gsub("(?<!^)(?=[A-Z])", "_", detail$class, perl = TRUE))
    if (!is.null(error_parents[[kind]])) return(kind)
  }
  if (identical(told$error_code, "RESOURCE_ALREADY_EXISTS")) return("already_exists")
  kind <- error_of_status[as.character(status)]
  if (is.na(kind)) "unknown" else unname(kind)
}

body_text <- function(body) {
  text <- rawToChar(utils::head(body[body != 0], 500))
  Encoding(text) <- "UTF-8"
  if (validUTF8(text)) trimws(text) else ""
}
