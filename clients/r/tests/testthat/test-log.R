test_that("params, tags and metrics are logged through pipes and come back exactly", {
  fresh_experiment()
  run <- clew_start_run()
  run |>
    clew_log_params(lr = 0.1, "gr\u00f6\u00dfe" = 3L, list(optimizer = "adam", whole = 1e5)) |>
    clew_log_metrics(acc = 0.1 + 0.2, "val/\u82b1 loss" = 1 / 3, .step = 3) |>
    clew_set_tags(team = "\u753b\u50cf", c(note = "a = 'b' > \"c\"\n\u00e9"))
  clew_end_run()
  got <- clew_get_run(run)
  expect_mapequal(got$params, c(lr = "0.1", "gr\u00f6\u00dfe" = "3", optimizer = "adam", whole = "100000"))
  expect_identical(got$tags[["team"]], "\u753b\u50cf")
  expect_identical(got$tags[["note"]], "a = 'b' > \"c\"\n\u00e9")
  values <- stats::setNames(got$metrics$value, got$metrics$key)
  expect_identical(values[["acc"]], 0.1 + 0.2)
  expect_identical(values[["val/\u82b1 loss"]], 1 / 3)
  expect_identical(unique(got$metrics$step), 3)
})

test_that("a thousand points and more are one vector, and travel in few requests", {
  fresh_experiment()
  set.seed(7)
  values <- rnorm(2500) * 10^runif(2500, -30, 30)
  with_run({
    run <- clew_active_run()
    clew_log_metric("loss", values, step = seq_along(values), timestamp = 1795453822252 + seq_along(values))
  })
  history <- clew_get_metric_history("loss", run)
  expect_identical(history$value, values)
  expect_identical(history$step, as.double(seq_along(values)))
  expect_identical(clew:::ms_of(history$timestamp[1]), 1795453822253)
})

test_that("points wait, and are sent when this session reads, when it flushes, and when 1000 wait", {
  fresh_experiment()
  run <- clew_start_run()
  clew_log_metric("a", 1)
  expect_gt(run$waiting$count, 0)
  expect_identical(clew_get_metric_history("a")$value, 1)
  expect_identical(run$waiting$count, 0)
  clew_log_metric("a", 2, step = 1)
  clew_flush()
  expect_identical(run$waiting$count, 0)
  for (i in 1:1000) clew_log_metric("b", i, step = i)
  expect_lt(run$waiting$count, 1000)
  clew_end_run()
  expect_identical(clew_get_metric_history("b", run)$value, as.double(1:1000))
})

test_that("NaN and the infinities are values, NA is refused", {
  fresh_experiment()
  run <- clew_start_run()
  clew_log_metrics(nan = NaN, up = Inf, down = -Inf)
  expect_error(clew_log_metric("na", NA_real_), "NaN is a value", class = "clew_invalid_value")
  expect_error(clew_log_metric("text", "1"), "must be a number", class = "clew_invalid_value")
  expect_error(clew_log_metric("a|b", 1), class = "clew_invalid_value")
  clew_end_run()
  got <- clew_get_run(run)$metrics
  values <- stats::setNames(got$value, got$key)
  expect_true(is.nan(values[["nan"]]))
  expect_identical(values[c("up", "down")], c(up = Inf, down = -Inf))
})

test_that("a param keeps its first value", {
  fresh_experiment()
  run <- clew_start_run()
  clew_log_param("p", 1)
  clew_log_param("p", 1)
  expect_error(clew_log_param("p", 2), "Changing param values", class = "clew_conflict")
  expect_error(clew_log_params(1), "named", class = "clew_invalid_value")
  clew_set_tag("t", "x")
  clew_delete_tag("t")
  expect_error(clew_delete_tag("t"), class = "clew_not_found")
})

test_that("data frames are batches, of any number of rows", {
  fresh_experiment()
  run <- clew_start_run()
  clew_end_run()
  n <- 250
  clew_log_batch(
    metrics = data.frame(key = "m", value = seq_len(n), step = seq_len(n), timestamp = 1000),
    params = data.frame(key = paste0("p", seq_len(n)), value = seq_len(n)),
    tags = data.frame(key = "t", value = "v"), run_id = run$run_id
  )
  got <- clew_get_run(run)
  expect_length(got$params, n)
  expect_identical(got$metrics$value, as.double(n))
  expect_error(clew_log_batch(metrics = data.frame(key = "m"), run_id = run), class = "clew_invalid_value")
})

test_that("metrics wait out an absent server with one warning; at the end it is an error, and nothing is lost", {
  fresh_experiment()
  withr::local_options(clew.retries = 0)
  run <- clew_start_run()
  there <- run$client
  session <- getFromNamespace("session", "clew")
  session$runs[[1]]$client <- clew_client(nowhere)
  expect_warning(clew_log_metric("a", 1:1000), "wait in this session")
  expect_identical(run$waiting$count, 1000)
  expect_warning(clew_log_metric("a", 2, step = 2000), NA)
  expect_error(clew_flush(), class = "clew_unreachable")
  session$runs[[1]]$client <- there
  clew_end_run()
  expect_identical(nrow(clew_get_metric_history("a", run)), 1001L)
})

test_that("forked processes log into the run of their parent, and leave its end to it", {
  skip_on_os("windows")
  fresh_experiment()
  run <- clew_start_run()
  clew_log_metric("parent", 1)
  parallel::mclapply(1:3, function(i) clew_log_metric("child", i, step = i), mc.cores = 3)
  expect_identical(clew_get_run(run)$info$status, "RUNNING")
  expect_identical(sort(clew_get_metric_history("child", run)$value), as.double(1:3))
  expect_identical(clew_get_metric_history("parent", run)$value, 1)
  clew_end_run()
  expect_identical(clew_get_run(run)$info$status, "FINISHED")
})
