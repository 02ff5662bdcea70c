# Metric points on their way: collected, and sent in requests of at most 1000.

batch_size <- 1000
flush_after_s <- 1
pause_after_outage_s <- 10
most_waiting <- 1e6

new_buffer <- function() {
  buffer <- new.env(parent = emptyenv())
  empty_buffer(buffer)
  buffer$not_before <- 0
  buffer$pid <- Sys.getpid()
  buffer
}

empty_buffer <- function(buffer) {
  buffer$parts <- list()
  buffer$count <- 0
  buffer$since <- NULL
}

now_s <- function() as.double(Sys.time())

# Points of one key; steps count from 0 where none are given.
add_points <- function(run, key, values, timestamp, step) {
  n <- length(values)
  if (is.null(step)) step <- seq_len(n) - 1
  if (!is.numeric(step) || !length(step) %in% c(1, n) || anyNA(step) || any(is.infinite(step))) {
    raise("invalid_value", "step must be one whole number, or one for each value.")
  }
  times <- ms_of(timestamp)
  if (!length(times) %in% c(1, n) || anyNA(times)) raise("invalid_value", "timestamp must be one time, or one for each value.")
  waiting <- run$waiting
  elsewhere <- waiting$pid != Sys.getpid()
  if (elsewhere && waiting$count) empty_buffer(waiting) # another process has them, too, and sends them
  append_points(run, rep_len(key, n), values, rep_len(step, n), rep_len(times, n))
  # where nobody here will end the run, or a process may be gone in a moment, nothing waits
  at_once <- elsewhere || !isTRUE(run$fate$open)
  if (at_once || waiting$count >= batch_size || now_s() - waiting$since >= flush_after_s) flush_run(run, final = at_once)
}

append_points <- function(run, keys, values, steps, times) {
  waiting <- run$waiting
  if (waiting$count + length(values) > most_waiting) {
    raise("unavailable", "More than a million metric points wait for a server that does not answer; run ", run$run_id)
  }
  waiting$parts[[length(waiting$parts) + 1]] <- list(keys, as.double(values), as.double(steps), as.double(times))
  waiting$count <- waiting$count + length(values)
  waiting$since <- waiting$since %||% now_s()
}

# Sends what waits. final: now, with repetitions, and an error where it fails; else an absent server is put up with.
flush_run <- function(run, final = FALSE) {
  waiting <- run$waiting
  if (!waiting$count || (!final && now_s() < waiting$not_before)) return(invisible(NULL))
  column <- function(i) unlist(lapply(waiting$parts, `[[`, i), use.names = FALSE)
  points <- list(column(1), column(2), column(3), column(4))
  empty_buffer(waiting)
  # what an absent server or an interrupt leaves over waits on; what the server refused does not
  sent <- 0
  count <- length(points[[1]])
  on.exit(if (sent < count) do.call(append_points, c(list(run), lapply(points, `[`, seq(sent + 1, count)))))
  while (sent < count) {
    chosen <- seq(sent + 1, min(sent + batch_size, count))
    fault <- tryCatch(
      send_points(run, lapply(points, `[`, chosen), if (!final) 0),
      clew_unavailable = function(e) e,
      clew_error = function(e) {
        sent <<- count
        stop(e)
      }
    )
    if (inherits(fault, "clew_unavailable")) {
      if (final) stop(fault)
      return(outage(run, fault))
    }
    sent <- sent + length(chosen)
    waiting$not_before <- 0
  }
  invisible(NULL)
}

send_points <- function(run, points, retries) {
  call_route(run$client, "log_batch", run_id = run$run_id, metrics = points_json(points), .retries = retries)
}

outage <- function(run, error) {
  waiting <- run$waiting
  first <- waiting$not_before == 0
  waiting$not_before <- now_s() + pause_after_outage_s
  if (first) {
    warning(
      conditionMessage(error), ". Metrics of run ", run$run_id, " wait in this session until it does.",
      call. = FALSE
    )
  }
}

points_json <- function(points) {
  names <- unique(points[[1]])
  keys <- quoted(names)[match(points[[1]], names)]
  rows <- sprintf(
    '{"key":%s,"value":"%s","timestamp":%s,"step":%s}',
    keys, number_text(points[[2]]), whole_text(points[[4]]), whole_text(points[[3]])
  )
  verbatim(paste0("[", paste(rows, collapse = ","), "]"))
}

# Before this session reads, so that it sees what it wrote.
flush_open_runs <- function() {
  for (run in session$runs) flush_run(run)
}
