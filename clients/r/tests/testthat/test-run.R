status_of <- function(run) clew_get_run(run)$info$status

test_that("a run ends in the state that is true", {
  fresh_experiment()
  value <- with_run(run_name = "good", {
    good <- clew_active_run()
    42
  })
  expect_identical(value, 42)
  expect_identical(status_of(good), "FINISHED")
  expect_identical(clew_get_run(good)$info$run_name, "good")
  expect_error(
    with_run({
      bad <- clew_active_run()
      clew_log_metric("m", 1)
      stop("it broke: \u00e9")
    }),
    "it broke"
  )
  got <- clew_get_run(bad)
  expect_identical(got$info$status, "FAILED")
  expect_identical(got$tags[["clew.failed_reason"]], "it broke: \u00e9")
  expect_identical(got$metrics$value, 1)
  expect_false(is.na(got$info$end_time))
  expect_null(clew_active_run())
})

test_that("a recursion without end is a failure, too", {
  fresh_experiment()
  deeper <- function(x) deeper(x)
  run <- NULL
  expect_error(with_run({
    run <- clew_active_run()
    deeper(1)
  }))
  expect_identical(status_of(run), "FAILED")
})

test_that("errors that the code handles itself leave the run FINISHED", {
  fresh_experiment()
  with_run({
    run <- clew_active_run()
    try(stop("handled"), silent = TRUE)
    tryCatch(stop("handled too"), error = function(e) NULL)
  })
  expect_identical(status_of(run), "FINISHED")
})

test_that("an interrupt leaves the run KILLED", {
  fresh_experiment()
  tryCatch(
    with_run({
      run <- clew_active_run()
      clew_log_metric("m", 1)
      signalCondition(structure(list(message = "", call = NULL), class = c("interrupt", "condition")))
    }),
    interrupt = function(e) NULL
  )
  expect_identical(status_of(run), "KILLED")
  expect_identical(clew_get_run(run)$metrics$value, 1)
})

test_that("leaving a function out of a run is no failure", {
  fresh_experiment()
  leave <- function() {
    with_run({
      run <<- clew_active_run()
      return("early")
    })
    "late"
  }
  run <- NULL
  expect_identical(leave(), "early")
  expect_identical(status_of(run), "FINISHED")
})

test_that("with() does what with_run() does, and knows the run", {
  fresh_experiment()
  run <- clew_start_run(run_name = "by with")
  expect_error(with(run, stop("x")), "x")
  expect_identical(status_of(run), "FAILED")
})

test_that("runs nest, and inner ones that were left open end with the outer one", {
  fresh_experiment()
  with_run(run_name = "outer", {
    outer <- clew_active_run()
    expect_error(clew_start_run(), "nested = TRUE", class = "clew_conflict")
    with_run(run_name = "inner", nested = TRUE, {
      inner <- clew_active_run()
    })
    expect_identical(clew_active_run()$run_id, outer$run_id)
    left <- clew_start_run(nested = TRUE)
  })
  expect_identical(clew_get_run(inner)$tags[["mlflow.parentRunId"]], outer$run_id)
  expect_identical(status_of(left), "FINISHED")
  expect_null(clew_active_run())
})

test_that("runs are resumed, renamed, deleted and restored", {
  fresh_experiment()
  run <- clew_start_run(tags = list(a = "1"))
  clew_end_run("KILLED")
  expect_identical(status_of(run), "KILLED")
  with_run(run_id = run$run_id, clew_log_params(more = 2))
  expect_identical(clew_get_run(run)$params, c(more = "2"))
  clew_update_run(run, run_name = "new \u540d")
  expect_identical(clew_get_run(run)$info$run_name, "new \u540d")
  clew_delete_run(run)
  expect_identical(clew_get_run(run)$info$lifecycle_stage, "deleted")
  expect_error(clew_log_param("p", 1, run), class = "clew_conflict")
  clew_restore_run(run)
  expect_output(print(clew_get_run(run)), "param  more = 2")
})

test_that("starting a run leaves the random numbers alone", {
  fresh_experiment()
  set.seed(1)
  expected <- runif(1)
  set.seed(1)
  with_run(NULL)
  expect_identical(runif(1), expected)
})
