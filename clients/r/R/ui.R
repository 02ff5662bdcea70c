#' The pages in a browser
#'
#' Opens the server's pages, or those of a run or an experiment, where somebody sits before R; prints their address else.
#'
#' @param run_id A run or its id.
#' @param experiment_id An experiment's id.
#' @param client Made by [clew_client()]; the session's server if absent.
#' @return The address, invisibly.
#' @export
#' @examples
#' clew_ui(client = clew_client("http://localhost:5000"))
clew_ui <- function(run_id = NULL, experiment_id = NULL, client = NULL) {
  base <- resolve_client(client)$shown
  address <- if (!is.null(run_id)) {
    paste0(base, "/runs/", curl::curl_escape(id_of(run_id)))
  } else if (!is.null(experiment_id)) {
    paste0(base, "/experiments/", curl::curl_escape(experiment_id))
  } else {
    paste0(base, "/")
  }
  if (interactive()) utils::browseURL(address) else cat(address, "\n", sep = "")
  invisible(address)
}
