# What travels: numbers that R's JSON would round, words for NaN and the infinities, lists of pairs, milliseconds.

parse_json <- function(body) {
  text <- if (is.raw(body)) rawToChar(body) else body
  Encoding(text) <- "UTF-8"
  jsonlite::fromJSON(text, simplifyVector = FALSE)
}

to_json <- function(fields) {
  if (!length(fields)) return("{}")
  as.character(jsonlite::toJSON(fields, auto_unbox = TRUE, digits = NA, json_verbatim = TRUE, null = "null"))
}

# Already JSON.
verbatim <- function(text) structure(text, class = "json")

quoted <- function(texts) {
  vapply(enc2utf8(texts), function(text) as.character(jsonlite::toJSON(text, auto_unbox = TRUE)), "", USE.NAMES = FALSE)
}

# Every bit of a double, as the text that the server reads as a number.
number_text <- function(x) {
  x <- as.double(x)
  ifelse(is.nan(x), "NaN", ifelse(is.infinite(x), ifelse(x > 0, "Infinity", "-Infinity"), sprintf("%.17g", x)))
}

whole_text <- function(x) sprintf("%.0f", round(as.double(x)))

# A number of an answer; NaN and the infinities are words there.
number_of <- function(x) {
  if (is.null(x)) return(NA_real_)
  if (!is.character(x)) return(as.double(x))
  switch(x, "NaN" = NaN, "Infinity" = Inf, "-Infinity" = -Inf, as.double(x))
}

numbers_of <- function(items, field) {
  values <- lapply(items, `[[`, field)
  plain <- vapply(values, is.numeric, NA)
  numbers <- rep(NA_real_, length(values))
  numbers[plain] <- as.double(unlist(values[plain]))
  numbers[!plain] <- vapply(values[!plain], number_of, 0)
  unname(numbers)
}

texts_of <- function(items, field, absent = NA_character_) {
  values <- lapply(items, `[[`, field)
  values[vapply(values, is.null, NA)] <- absent
  as.character(unlist(values, use.names = FALSE))
}

times_of <- function(ms) as.POSIXct(as.double(ms) / 1000, origin = "1970-01-01", tz = "UTC")

# Milliseconds: of now, of a POSIXct, or already a number.
ms_of <- function(time = NULL) {
  if (is.null(time)) time <- Sys.time()
  if (inherits(time, "POSIXct")) return(round(as.double(time) * 1000))
  if (inherits(time, "POSIXlt")) return(ms_of(as.POSIXct(time)))
  if (!is.numeric(time)) raise("invalid_value", "a time must be a POSIXct or milliseconds, not ", describe(time))
  round(as.double(time))
}

# Pairs of an answer as a named character vector, and back.
pairs_of <- function(items) stats::setNames(texts_of(items, "value", ""), texts_of(items, "key", ""))

pairs_to <- function(values) {
  if (!length(values)) return(NULL)
  Map(function(key, value) list(key = key, value = value), enc2utf8(names(values)), value_texts(values)) |> unname()
}

# How params and tags are written: whole numbers without exponent, other numbers as short as stays exact.
value_text <- function(x) {
  if (is.null(x)) return("")
  if (is.factor(x)) x <- as.character(x)
  if (is.list(x) || length(x) != 1) return(as.character(jsonlite::toJSON(x, auto_unbox = TRUE, digits = NA)))
  if (is.character(x)) return(if (is.na(x)) "NA" else enc2utf8(x))
  if (!is.numeric(x) || inherits(x, c("POSIXct", "Date", "difftime"))) return(enc2utf8(format(x)))
  if (is.na(x) || is.infinite(x)) return(as.character(x))
  if (x == round(x) && abs(x) < 1e15) return(whole_text(x))
  for (digits in 15:17) {
    text <- formatC(x, digits = digits, format = "g", width = 1)
    if (as.double(text) == x) break
  }
  text
}

value_texts <- function(values) vapply(as.list(values), value_text, "", USE.NAMES = FALSE)

describe <- function(x) paste0("a ", class(x)[[1]], if (length(x) != 1) paste(" of length", length(x)))

check_text <- function(x, what) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || !nzchar(x)) {
    raise("invalid_value", what, " must be one text that is not empty, not ", describe(x), ".")
  }
  enc2utf8(x)
}

known_keys <- new.env(parent = emptyenv())

# The server's rule for names, checked before a name waits in a batch with others.
check_key <- function(key) {
  key <- check_text(key, "a name")
  if (!is.null(known_keys[[key]])) return(key)
  if (nchar(key) > 250) raise("invalid_value", "The name '", substr(key, 1, 40), "...' is longer than 250 characters.")
  if (!grepl("(*UCP)^[/\\w.\\- :]*$", key, perl = TRUE)) {
    raise(
      "invalid_value", "Invalid name '", key, "': names may only contain letters, digits, _ - . / : and spaces."
    )
  }
  parts <- strsplit(paste0(key, "/"), "/", fixed = TRUE)[[1]]
  if (any(parts %in% c("", ".", ".."))) {
    raise("invalid_value", "Invalid name '", key, "': read as a path it would mean another name; drop empty parts and dots.")
  }
  known_keys[[key]] <- TRUE
  key
}
