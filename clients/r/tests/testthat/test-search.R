test_that("runs are found as a tibble, over pages, with OR, and with NA where a run lacks a key", {
  id <- fresh_experiment()
  for (i in 1:3) {
    with_run(run_name = paste("run", i), {
      clew_log_params(i = i, "\u00e9" = "x")
      clew_log_metrics(m = c(0.5, NaN, Inf)[i])
      if (i == 2) clew_log_metrics(only = 1)
    })
  }
  all <- clew_search_runs(order_by = "params.i ASC")
  expect_s3_class(all, "tbl_df")
  expect_identical(all$run_name, paste("run", 1:3))
  expect_identical(all[["params.\u00e9"]], rep("x", 3))
  expect_identical(all$metrics.m[c(1, 3)], c(0.5, Inf))
  expect_true(is.nan(all$metrics.m[2]))
  expect_identical(all$metrics.only, c(NA, 1, NA))
  expect_false(is.nan(all$metrics.only[1]))
  expect_s3_class(all$start_time, "POSIXct")
  found <- clew_search_runs("params.i = '1' OR metrics.only > 0", order_by = "params.i DESC")
  expect_identical(found$run_name, c("run 2", "run 1"))
  expect_identical(nrow(clew_search_runs(max_results = 2)), 2L)
  expect_identical(nrow(clew_search_runs(experiment_ids = character())), 0L)
  name <- clew_get_experiment(experiment_id = id)$name
  expect_identical(nrow(clew_search_runs(experiment_names = name)), 3L)
})

test_that("pages are joined without gaps", {
  fetched <- list()
  pages <- list(
    list(things = list(1, 2), next_page_token = "x"), list(things = list(3, 4), next_page_token = "y"), list(things = list(5))
  )
  fetch <- function(count, token) {
    fetched[[length(fetched) + 1]] <<- c(count, token)
    pages[[length(fetched)]]
  }
  expect_identical(clew:::all_pages(fetch, "things", Inf, 2), list(1, 2, 3, 4, 5))
  expect_identical(fetched, list("2", c("2", "x"), c("2", "y")))
})
