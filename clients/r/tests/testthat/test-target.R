test_that("the address comes from the call, the session, or the environment", {
  withr::local_envvar(CLEW_TRACKING_URI = "", MLFLOW_TRACKING_URI = "http://second:1", CLEW_TOKEN = "", MLFLOW_TRACKING_TOKEN = "")
  withr::defer(clew_set_tracking_uri(NULL))
  expect_identical(clew_get_tracking_uri(), "http://second:1")
  withr::local_envvar(CLEW_TRACKING_URI = "http://first:1/")
  expect_identical(clew_get_tracking_uri(), "http://first:1")
  clew_set_tracking_uri("http://said:1", token = "t0")
  expect_identical(clew_get_tracking_uri(), "http://said:1")
  expect_identical(clew_client()$authorization, "Bearer t0")
  expect_identical(clew_client("http://other:1")$shown, "http://other:1")
  expect_null(clew_client("http://other:1")$authorization)
})

test_that("credentials are sent and not shown", {
  withr::local_envvar(CLEW_TOKEN = "", MLFLOW_TRACKING_TOKEN = "")
  client <- clew_client("http://ann:se%20cret@host:1")
  expect_identical(client$shown, "http://host:1")
  expect_identical(client$authorization, paste("Basic", openssl::base64_encode("ann:se cret")))
  expect_false(any(grepl("cret", capture.output(print(client)))))
})

test_that("what is no server is refused with the cure", {
  withr::local_envvar(CLEW_TRACKING_URI = "", MLFLOW_TRACKING_URI = "")
  expect_error(clew_client(), "clew server", class = "clew_invalid_value")
  expect_error(clew_set_tracking_uri("sqlite:///clew.db"), "clew server", class = "clew_invalid_value")
})
