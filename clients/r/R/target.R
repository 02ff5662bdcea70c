#' Which server
#'
#' The server is, in this order: the `client` argument of a call; what `clew_set_tracking_uri()` said; the environment
#' variable `CLEW_TRACKING_URI`; `MLFLOW_TRACKING_URI`. A token comes from `clew_set_tracking_uri()`, `CLEW_TOKEN` or
#' `MLFLOW_TRACKING_TOKEN`; a name and password from the address or `MLFLOW_TRACKING_USERNAME` and
#' `MLFLOW_TRACKING_PASSWORD`.
#'
#' @param uri,tracking_uri Address of the server, such as `"http://localhost:5000"`. `NULL` in `clew_set_tracking_uri()`
#'   goes back to the environment.
#' @param token Sent as a bearer token.
#' @return `clew_client()` a client, to be given as `client`; `clew_get_tracking_uri()` the address without credentials;
#'   `clew_set_tracking_uri()` the former one, invisibly.
#' @export
#' @examples
#' clew_set_tracking_uri("http://localhost:5000")
#' clew_get_tracking_uri()
#' clew_set_tracking_uri(NULL)
clew_set_tracking_uri <- function(uri, token = NULL) {
  if (!is.null(uri)) new_client(uri, token)
  former <- session$uri
  session$uri <- uri
  session$token <- token
  invisible(former)
}

#' @rdname clew_set_tracking_uri
#' @export
clew_get_tracking_uri <- function() clew_client()$shown

#' @rdname clew_set_tracking_uri
#' @export
clew_client <- function(tracking_uri = NULL, token = NULL) {
  uri <- tracking_uri %||% session$uri %||% env_value("CLEW_TRACKING_URI", "MLFLOW_TRACKING_URI")
  if (is.null(uri)) {
    raise(
      "invalid_value", "No server is set. Start one with `clew server`, and name it: ",
      "clew_set_tracking_uri(\"http://localhost:5000\"), or the environment variable CLEW_TRACKING_URI."
    )
  }
  token <- token %||% (if (is.null(tracking_uri)) session$token) %||% env_value("CLEW_TOKEN", "MLFLOW_TRACKING_TOKEN")
  new_client(uri, token)
}

#' @export
print.clew_client <- function(x, ...) {
  cat("<clew client of ", x$shown, ">\n", sep = "")
  invisible(x)
}

env_value <- function(...) {
  for (name in c(...)) {
    value <- Sys.getenv(name)
    if (nzchar(value)) return(value)
  }
  NULL
}

new_client <- function(uri, token) {
  uri <- sub("/+$", "", check_text(uri, "a tracking URI"))
  if (!grepl("^https?://[^/]+", uri)) {
    raise(
      "invalid_value", "The tracking URI '", uri, "' is no http:// or https:// address. R needs a server: start one ",
      "with `clew server` (`clew server --backend-store-uri ", uri, "` for a store), and give its address."
    )
  }
  login <- regmatches(uri, regexec("^(https?://)([^/@]*)@(.*)$", uri))[[1]]
  if (length(login)) {
    uri <- paste0(login[[2]], login[[4]])
    login <- utils::URLdecode(login[[3]])
  } else {
    name <- env_value("MLFLOW_TRACKING_USERNAME")
    login <- if (!is.null(name)) paste0(name, ":", Sys.getenv("MLFLOW_TRACKING_PASSWORD"))
  }
  authorization <- if (!is.null(token)) {
    paste("Bearer", token)
  } else if (!is.null(login)) {
    paste("Basic", openssl::base64_encode(charToRaw(enc2utf8(login))))
  }
  # the connection is kept, one per address and process
  client <- list(base = uri, shown = uri, authorization = authorization, connection = connection_to(uri))
  structure(client, class = "clew_client")
}

connection_to <- function(uri) {
  known <- session$clients[[uri]]
  if (is.null(known)) {
    known <- new.env(parent = emptyenv())
    session$clients[[uri]] <- known
  }
  known
}

resolve_client <- function(client) {
  if (is.null(client)) return(clew_client())
  if (inherits(client, "clew_client")) return(client)
  raise("invalid_value", "client must be made by clew_client(), not be ", describe(client), ".")
}
