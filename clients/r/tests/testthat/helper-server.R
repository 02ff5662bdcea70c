# Tests that need a server get its address from CLEW_TEST_TRACKING_URI; they write into experiments of their own.

skip_without_server <- function() {
  uri <- Sys.getenv("CLEW_TEST_TRACKING_URI")
  skip_if(!nzchar(uri), "CLEW_TEST_TRACKING_URI names no Clew server")
  clew_set_tracking_uri(uri)
  uri
}

unique_name <- function(stem) paste(c(stem, as.character(openssl::rand_bytes(6))), collapse = "")

fresh_experiment <- function(env = parent.frame()) {
  skip_without_server()
  id <- clew_set_experiment(unique_name("r "))
  withr::defer(
    {
      while (!is.null(clew_active_run())) clew_end_run("KILLED")
      session <- getFromNamespace("session", "clew")
      session$experiment_id <- NULL
      clew_set_tracking_uri(NULL)
    },
    envir = env
  )
  id
}

# An address that nothing listens on.
nowhere <- "http://127.0.0.1:9"
