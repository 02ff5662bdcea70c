library(testthat)
library(clew)

test_check("clew")
