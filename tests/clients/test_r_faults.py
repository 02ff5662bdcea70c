"""The R client before servers that are away, busy, or MLflow's own: what is repeated, what is sent, what is kept."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import clew
from clients.rscript import Rscript
from hosts import eventually
from interop.conftest import free_port, running

pytestmark = pytest.mark.clients


class Busy:
    """A server that refuses as often as ``refusals`` says, and notes what it was asked."""

    def __init__(self) -> None:
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        busy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                busy.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                status, headers = busy.refusals.pop(0) if busy.refusals else (200, {})
                body = b"{}" if status == 200 else b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}'
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def busy() -> Iterator[Busy]:
    server = Busy()
    yield server
    server.stop()


def outcome(r: Rscript, busy: Busy, call: str, **environ: str) -> str:
    """``ok`` or the classes of the error."""
    code = f'cat(tryCatch({{ {call}; "ok" }}, error = function(e) paste(class(e), collapse = " ")))'
    return r.run(code, CLEW_TRACKING_URI=busy.url, **environ)


READ = 'clew_search_runs(experiment_ids = "0")'
CREATE = 'clew_create_registered_model("m")'
TAG = f'clew_set_tag("k", "v", "{"0" * 32}")'


@pytest.mark.parametrize("call", [READ, TAG])
def test_what_may_be_done_twice_is_repeated(r: Rscript, busy: Busy, call: str) -> None:
    busy.refusals = [(503, {}), (502, {})]
    assert outcome(r, busy, call) == "ok"
    assert len(busy.asked) == 3


def test_what_may_not_be_done_twice_is_sent_once(r: Rscript, busy: Busy) -> None:
    busy.refusals = [(503, {})] * 9
    assert outcome(r, busy, CREATE).startswith("clew_unavailable clew_error")
    assert len(busy.asked) == 1


def test_a_server_that_asks_for_a_pause_gets_it_and_another_try(r: Rscript, busy: Busy) -> None:
    busy.refusals = [(429, {"Retry-After": "0"})]
    assert outcome(r, busy, CREATE) == "ok"
    assert len(busy.asked) == 2


def test_a_refusal_of_the_server_is_not_repeated(r: Rscript, busy: Busy) -> None:
    busy.refusals = [(500, {})] * 9
    assert outcome(r, busy, READ).startswith("clew_")
    assert len(busy.asked) == 1


def test_the_token_goes_to_the_server_and_nowhere_else(r: Rscript, busy: Busy) -> None:
    busy.refusals = [(302, {"Location": f"{busy.url}/elsewhere"})]
    assert outcome(r, busy, READ, CLEW_TOKEN="s3cret").startswith("clew_not_supported")
    ((_, _, headers),) = busy.asked
    assert headers["authorization"] == "Bearer s3cret"
    login = {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "é"}
    assert outcome(r, busy, READ, **login) == "ok"
    assert busy.asked[-1][2]["authorization"] == "Basic YW5uOsOp"


def test_a_thousand_points_at_most_in_a_request(r: Rscript, busy: Busy) -> None:
    run = "0" * 32
    code = f'invisible(clew_log_metric("m", seq_len(2500), run_id = "{run}"))'
    r.run(code, CLEW_TRACKING_URI=busy.url)
    assert [path for _, path, _ in busy.asked] == ["/api/2.0/mlflow/runs/log-batch"] * 3


def test_an_outage_of_the_server_costs_no_point(r: Rscript, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"]
    down, up, run_id = tmp_path / "down", tmp_path / "up", tmp_path / "run"
    with running(command, port, tmp_path) as url:
        process = r.start(f"""
            clew_set_tracking_uri("{url}")
            options(clew.retries = 1)
            with_run({{
              clew_log_metric("m", 0, step = 0)
              writeLines(clew_active_run()$run_id, "{run_id}.part"); file.rename("{run_id}.part", "{run_id}")
              while (!file.exists("{down}")) Sys.sleep(0.05)
              for (i in 1:1500) clew_log_metric("m", i, step = i)
              file.create("{down}.done")
              while (!file.exists("{up}")) Sys.sleep(0.05)
              clew_log_metric("m", 1501, step = 1501)
            }})
        """)
        eventually(run_id.exists)
    down.touch()
    eventually((tmp_path / "down.done").exists)
    with running(command, port, tmp_path) as url:
        up.touch()
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert said.count("wait in this session") == 1
        client = clew.ClewClient(url)
        points = client.get_metric_history(run_id.read_text().strip(), "m")
        assert [p.value for p in points] == [float(i) for i in range(1502)]
        assert client.get_run(run_id.read_text().strip()).info.status == "FINISHED"


@pytest.mark.interop
def test_a_server_of_mlflow_will_do(r: Rscript, mlflow_server: str) -> None:
    said = r.run(
        """
        clew_set_experiment("from R")
        file <- tempfile("a b é"); writeBin(as.raw(0:255), file)
        with_run(run_name = "größe", {
          run <- clew_active_run()
          clew_log_params(lr = 0.1)
          clew_log_metric("loss", c(0.1 + 0.2, NaN, 1e-300))
          clew_log_artifact(file, "sub dir")
          info <- clew_log_model(lm(mpg ~ wt, mtcars), "cars", registered_model_name = "r cars")
        })
        got <- clew_get_run(run)
        stopifnot(got$info$status == "FINISHED", got$info$run_name == "größe", got$params[["lr"]] == "0.1")
        values <- clew_get_metric_history("loss", run)$value
        stopifnot(values[1] == 0.1 + 0.2, is.nan(values[2]), values[3] == 1e-300)
        down <- clew_download_artifacts(paste0("sub dir/", basename(file)), run)
        stopifnot(identical(readBin(down, raw(), 999), as.raw(0:255)))
        stopifnot(nrow(clew_search_runs("params.lr = '0.1'")) == 1)
        stopifnot(nrow(clew_search_registered_models("name = 'r cars'")) == 1)
        clew_transition_model_version_stage("r cars", 1, "Production")
        clew_set_registered_model_alias("r cars", "champion", 1)
        model <- clew_load_model("models:/r cars@champion")
        stopifnot(identical(clew_predict(model, mtcars), predict(lm(mpg ~ wt, mtcars), mtcars)))
        missing <- tryCatch(clew_get_run("0"), clew_not_found = function(e) e$error_code)
        cat(missing)
        """,
        CLEW_TRACKING_URI=mlflow_server,
    )
    assert json.dumps("RESOURCE_DOES_NOT_EXIST").strip('"') in said
