test_that("doubles are written with every bit", {
  values <- c(0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -0.1, 1e5, 123456789.123456789)
  written <- clew:::number_text(values)
  read <- vapply(written, function(text) jsonlite::fromJSON(paste0("[", text, "]"), simplifyVector = FALSE)[[1]] + 0, 0)
  expect_identical(unname(read), values)
  expect_identical(clew:::number_text(c(NaN, Inf, -Inf)), c("NaN", "Infinity", "-Infinity"))
})

test_that("params are written as short as stays exact, without R's exponents for whole numbers", {
  expect_identical(clew:::value_text(1e5), "100000")
  expect_identical(clew:::value_text(3L), "3")
  expect_identical(clew:::value_text(0.1), "0.1")
  expect_identical(as.double(clew:::value_text(1 / 3)), 1 / 3)
  expect_identical(clew:::value_text(TRUE), "TRUE")
  expect_identical(clew:::value_text(factor("a")), "a")
  expect_identical(clew:::value_text(NULL), "")
  expect_identical(clew:::value_text(c(1, 2.5)), "[1,2.5]")
  expect_identical(clew:::value_text(NaN), "NaN")
})

test_that("times are milliseconds", {
  time <- as.POSIXct("2026-11-26 12:00:00.250", tz = "UTC")
  expect_identical(clew:::ms_of(time), 1795694400250)
  expect_identical(clew:::ms_of(clew:::times_of(1795694400250)), 1795694400250)
  expect_error(clew:::ms_of("yesterday"), class = "clew_invalid_value")
})

test_that("names are checked by the server's rule", {
  for (good in c("loss", "val/loss", "gr\u00f6\u00dfe", "\u82b1 1", "a.b-c:d_e")) expect_identical(clew:::check_key(good), good)
  for (bad in c("", "a|b", "a//b", "/a", "a/", "..", "a/../b", strrep("k", 251))) {
    expect_error(clew:::check_key(bad), class = "clew_invalid_value")
  }
})

test_that("an artifact's URI leads behind the proxy or is refused", {
  expect_identical(clew:::proxied("mlflow-artifacts:/0/a%20b/artifacts"), "0/a b/artifacts")
  expect_identical(clew:::proxied("mlflow-artifacts://host:80/0/x"), "0/x")
  expect_identical(clew:::proxied("http://h/api/2.0/mlflow-artifacts/artifacts/0/x"), "0/x")
  expect_identical(clew:::proxied("s3://bucket/x"), NA_character_)
  expect_error(clew:::root_of_uri("s3://bucket/x"), class = "clew_not_supported")
  expect_error(clew:::inside_root("../x"), class = "clew_invalid_value")
  expect_error(clew:::inside_root("/x"), class = "clew_invalid_value")
})
