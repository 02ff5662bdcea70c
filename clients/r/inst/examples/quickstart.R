# The whole round: an experiment, a run with params, 1,000 points, tags, files, a child run, a search, a model.
# CLEW_TRACKING_URI=http://localhost:5000 Rscript quickstart.R
library(clew)

clew_set_experiment("quickstart in R")

model <- with_run(run_name = "mtcars", {
  run <- clew_active_run()
  clew_log_params(formula = "mpg ~ wt", seed = 42)

  # one vector is so many points
  loss <- exp(-(1:1000) / 200)
  clew_log_metric("loss", loss, step = 1:1000)

  run |>
    clew_log_metrics(rmse = 3.05) |>
    clew_set_tags(team = "R", data = "mtcars")

  table <- file.path(tempdir(), "mtcars.csv")
  write.csv(mtcars, table)
  clew_log_artifact(table, "data for training")

  with_run(run_name = "child", nested = TRUE, clew_log_params(fold = 1))

  fit <- lm(mpg ~ wt, mtcars)
  clew_log_model(clew_crate(function(data) stats::predict(fit, data), fit = fit), "cars")
})

# read it all back
stopifnot(identical(clew_get_metric_history("loss", run)$value, loss))
copy <- clew_download_artifacts("data for training/mtcars.csv", run)
stopifnot(identical(readLines(copy), readLines(table)))

found <- clew_search_runs("params.fold = '1' OR metrics.loss < 0.01", order_by = "start_time DESC")
print(found[c("run_name", "status", "metrics.loss", "params.fold")])
stopifnot(all(c("mtcars", "child") %in% found$run_name))

version <- clew_register_model(model$model_uri, "cars")
clew_transition_model_version_stage("cars", version$version, "Production", archive_existing_versions = TRUE)
clew_set_registered_model_alias("cars", "champion", version$version)
print(clew_get_model_version_by_alias("cars", "champion"))
stopifnot(clew_get_latest_versions("cars", "Production")$version == version$version)

loaded <- clew_load_model("models:/cars@champion")
stopifnot(identical(clew_predict(loaded, mtcars), predict(lm(mpg ~ wt, mtcars), mtcars)))
clew_ui(run)
