test_that("a crate sees what it was given, and nothing else", {
  fit <- lm(mpg ~ wt, mtcars)
  crate <- clew_crate(function(data) stats::predict(fit, data), fit = fit)
  expect_s3_class(crate, "crate")
  expect_identical(crate(mtcars), stats::predict(fit, mtcars))
  outside <- 1
  expect_error(clew_crate(function(data) outside)(1), "outside")
  expect_error(clew_crate(1), class = "clew_invalid_value")
  expect_error(clew_crate(function(x) x, 1), class = "clew_invalid_value")
})

test_that("models are saved in the MLmodel format and loaded again where the caller trusts them", {
  fit <- lm(mpg ~ wt, mtcars)
  folder <- file.path(withr::local_tempdir(), "model")
  clew_save_model(fit, folder)
  expect_error(clew_load_model(folder), "trust = TRUE", class = "clew_denied")
  expect_identical(clew_predict(clew_load_model(folder, trust = TRUE), mtcars), stats::predict(fit, mtcars))
  expect_error(clew_save_model(fit, folder), class = "clew_already_exists")
  expect_error(clew_save_model(function(x) x, tempfile()), "clew_crate", class = "clew_invalid_value")
  writeBin(as.raw(1:3), file.path(folder, "model.rds"))
  expect_error(clew_load_model(folder, trust = TRUE), "SHA-256", class = "clew_corrupt")
})

test_that("an MLmodel file cannot run code or lead out of its folder", {
  folder <- withr::local_tempdir()
  witness <- file.path(folder, "witness")
  writeLines(sprintf("flavors: !expr file.create('%s')", witness), file.path(folder, "MLmodel"))
  try(suppressWarnings(clew_load_model(folder, trust = TRUE)), silent = TRUE)
  expect_false(file.exists(witness))
  writeLines("flavors: {r: {model: ../x.rds}}", file.path(folder, "MLmodel"))
  expect_error(clew_load_model(folder, trust = TRUE), class = "clew_invalid_value")
  writeLines("flavors: {sklearn: {}}", file.path(folder, "MLmodel"))
  expect_error(clew_load_model(folder, trust = TRUE), "sklearn", class = "clew_not_supported")
})

test_that("logged models predict the same after loading, by each kind of URI", {
  fresh_experiment()
  fit <- lm(mpg ~ wt, mtcars)
  expected <- stats::predict(fit, mtcars)
  name <- unique_name("r model ")
  with_run({
    run <- clew_active_run()
    plain <- clew_log_model(fit, "plain", registered_model_name = name, params = list(a = 1))
    crated <- clew_log_model(clew_crate(function(data) stats::predict(fit, data), fit = fit), "crated")
  })
  expect_identical(plain$version, "1")
  clew_set_registered_model_alias(name, "champion", plain$version)
  clew_transition_model_version_stage(name, plain$version, "Staging")
  uris <- c(
    plain$model_uri, crated$model_uri, paste0("runs:/", run$run_id, "/plain"), paste0("runs:/", run$run_id, "/crated"),
    paste0("models:/", name, "/1"), paste0("models:/", name, "/latest"), paste0("models:/", name, "/staging"),
    paste0("models:/", name, "@champion")
  )
  for (uri in uris) expect_identical(clew_predict(clew_load_model(uri), mtcars), expected)
  expect_length(clew_get_run(run)$outputs$model_outputs, 2)
  expect_error(clew_load_model(paste0("models:/", name, "/Production")), class = "clew_not_found")
  expect_error(clew_load_model("models:/m-00000000000000000000000000000000"), class = "clew_not_found")
})

test_that("a model that was changed in the store is not loaded", {
  fresh_experiment()
  info <- with_run(clew_log_model(lm(mpg ~ wt, mtcars)))
  client <- clew_client()
  place <- clew:::place_of_model(client, info$model_uri)
  other <- withr::local_tempfile()
  saveRDS("other", other)
  clew:::put_file(client, paste0(place$root, "/model.rds"), other)
  expect_error(clew_load_model(info$model_uri), class = "clew_corrupt")
})
