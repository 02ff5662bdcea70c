# make demo | test | test-all | check | bench | ui | screenshots | clean
# Everything bootstraps itself: Python >= 3.11, make, and Node >= 20 for the UI are all that is needed.

PYTHON ?= python3
VENV   := .venv
PEER   := .venv-mlflow
FRAMEWORKS := .venv-frameworks
PY     := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup peer frameworks ui demo screenshots docs notebooks test test-long test-frameworks test-clients test-all check bench proof clean

help:
	@echo "make demo      set up, build the UI, start a server, run the quick start, print the addresses"
	@echo "make test      set up and run the default tests (up to 10 minutes)"
	@echo "make test-all  every test, the long ones and those of the ML frameworks and Spark too"
	@echo "make check     lint, types, import directions"
	@echo "make bench     benchmarks, as ratios to peers and limits"
	@echo "make proof     the full counts of kills and odd requests"
	@echo "make ui        build the web UI into the package"
	@echo "make docs      the pages of docs/ and the reference as a site, in build/docs"
	@echo "make screenshots  pictures of the web UI's pages, in both themes and two widths, into screenshots/"

$(VENV)/.ready: pyproject.toml constraints.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[arrow,pandas,postgres,sklearn]' -r requirements-dev.txt
	@touch $@

$(PEER)/.ready: constraints-mlflow.txt
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-mlflow.txt mlflow
	@touch $@

# The ML frameworks and Spark: 3.6 GB, for the tests and benchmarks of what works with them.
$(FRAMEWORKS)/.ready: pyproject.toml constraints.txt constraints-frameworks.txt requirements-dev.txt requirements-frameworks.txt
	$(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c constraints-frameworks.txt \
	  -e '.[arrow,pandas,postgres,sklearn]' -r requirements-dev.txt -r requirements-frameworks.txt
	@touch $@

setup: $(VENV)/.ready
peer: $(PEER)/.ready
frameworks: $(FRAMEWORKS)/.ready

ui/node_modules/.ready: ui/package.json ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

UI_SOURCES := $(shell find ui/src ui/index.html ui/vite.config.ts -type f 2>/dev/null)
src/clew/server/static/index.html: ui/node_modules/.ready $(UI_SOURCES)
	cd ui && npm run --silent build

ui:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory src/clew/server/static/index.html; \
	else echo "Node >= 20 with npm was not found: the web UI is not built; everything else works."; fi

DEMO ?=
demo: setup ui
	$(PY) examples/demo.py $(DEMO)

SCREENSHOTS ?= screenshots
screenshots: setup ui
	cd ui && node dev/screenshots.mjs ../$(SCREENSHOTS) ../$(PY)

# The notebooks are the scripts, cell by cell; edit the scripts.
notebooks: setup
	$(PY) -m jupytext --quiet --update --set-kernel python3 --to ipynb \
	  examples/quickstart_autolog.py examples/quickstart_logging_api.py examples/end_to_end.py

# With the pictures of the tour and the tutorial where Node and Chromium are found.
docs: setup ui
	@if command -v npm >/dev/null 2>&1 && command -v "$${CHROMIUM:-chromium}" >/dev/null 2>&1; then \
	cd ui && node dev/screenshots.mjs ../docs/pictures ../$(PY) tour; \
	else echo "Node and Chromium were not both found: the site has no pictures."; fi
	$(PY) -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

# Tests mostly wait for processes, so two run at a time; a file's tests stay together.
JOBS ?= 2
test: setup peer ui
	$(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test-long: setup peer ui
	$(PY) -m pytest -m 'slow or browser_matrix' --timeout 900
	@if command -v npm >/dev/null 2>&1; then cd ui && npm run --silent test; fi

test-frameworks: setup peer frameworks ui
	$(FRAMEWORKS)/bin/python -m pytest -m 'frameworks or spark' --timeout 900

# The clients in R and Java, each against a server; what is not installed is skipped with a line that says so.
test-clients: setup
	$(PY) -m pytest -m clients tests/clients --timeout 900 -rs

test-all: test test-long test-frameworks test-clients

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory ui/node_modules/.ready && cd ui && npm run --silent check; fi

bench: setup peer
	$(PY) -m benchmarks

# 50 kills of a server under load, 50 of training, shipper and server, and 25,000 odd requests, on each database: half an hour
proof: setup
	CLEW_TEST_SCALE=5 $(PY) -m pytest -m slow tests/crash/test_load.py tests/crash/test_chaos.py tests/fuzz --timeout 3600

clean:
	rm -rf $(VENV) $(PEER) $(FRAMEWORKS) ui/node_modules src/clew/server/static .pytest_cache .mypy_cache .ruff_cache build docs/reference docs/pictures
