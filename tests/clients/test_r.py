"""The R client: its own tests, ``R CMD check``, how its runs end, and that Python and R read each other's runs.

Skipped where R or one of the packages is missing, with a line that names it.
"""

from __future__ import annotations

import filecmp
import json
import math
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

import clew
from clients.rscript import PACKAGE, Rscript
from interop.conftest import ROOT

pytestmark = pytest.mark.clients
NAME = "größe/花 1"
ODD = "a = 'b' > \"c\" & é\n花"


@pytest.fixture
def client(clew_url: str) -> clew.ClewClient:
    return clew.ClewClient(clew_url)


def test_the_package_passes_its_own_tests(r: Rscript) -> None:
    copied = r.folder / "tests"
    shutil.copytree(PACKAGE / "tests", copied)
    said = r.command(
        "Rscript", "-e", f'testthat::test_dir("{copied / "testthat"}", package = "clew", reporter = "check")'
    )
    assert "SKIP 0" in said, said


def test_the_example_runs(r: Rscript, client: clew.ClewClient) -> None:
    said = r.command("Rscript", str(PACKAGE / "inst" / "examples" / "quickstart.R"))
    assert f"{r.url}/runs/" in said
    version = client.get_model_version_by_alias("cars", "champion")
    assert version.current_stage == "Production"
    run = client.get_run(version.run_id)
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 1000


def test_the_page_runs(r: Rscript) -> None:
    page = (ROOT / "docs" / "r.md").read_text(encoding="utf-8")
    r.run("\n".join(re.findall(r"^```r\n(.*?)^```", page, re.MULTILINE | re.DOTALL)))


@pytest.mark.parametrize("server", [False, True], ids=["alone", "with a server"])
def test_r_cmd_check_has_nothing_to_say(r: Rscript, tmp_path: Path, server: bool) -> None:
    """Alone, the tests that need a server are skipped and the vignette shows code only; with one, all of it runs."""
    given = {} if server else {"CLEW_TEST_TRACKING_URI": "", "CLEW_TRACKING_URI": ""}
    environ = {"_R_CHECK_FORCE_SUGGESTS_": "false", "_R_CHECK_SYSTEM_CLOCK_": "0", **given}
    work = f"cd '{tmp_path}' && "
    r.command("sh", "-c", f"{work} R CMD build '{PACKAGE}'", **environ)
    archive = f"clew_{clew.__version__}.tar.gz"
    said = r.command("sh", "-c", f"{work} R CMD check --no-manual {archive}", **environ)
    assert "Status: OK" in said, said


def test_the_help_pages_are_fresh(r: Rscript) -> None:
    copy = r.folder / "fresh" / "clew"
    shutil.copytree(PACKAGE, copy)
    r.command("Rscript", "-e", f'roxygen2::roxygenise("{copy}")')
    written = ["NAMESPACE", *(f"man/{path.name}" for path in sorted((PACKAGE / "man").iterdir()))]
    _, stale, absent = filecmp.cmpfiles(PACKAGE, copy, written, shallow=False)
    assert not stale + absent, "run Rscript -e 'roxygen2::roxygenise(\"clients/r\")'"
    assert sorted(os.listdir(copy / "man")) == sorted(os.listdir(PACKAGE / "man"))


ENDS = {
    "clew_log_metric('m', 1)": ("FINISHED", ""),
    "stop('boom')": ("FAILED", "boom"),
    "quit(status = 0)": ("FINISHED", ""),
}


@pytest.mark.parametrize("code", ENDS)
def test_a_run_left_open_ends_with_the_session(r: Rscript, client: clew.ClewClient, code: str, tmp_path: Path) -> None:
    told = tmp_path / "id"
    process = r.start(f"run <- clew_start_run()\nwriteLines(run$run_id, '{told}')\n{code}")
    process.communicate(timeout=60)
    run = client.get_run(told.read_text().strip())
    assert (run.info.status, run.data.tags.get("clew.failed_reason", "")) == ENDS[code]
    assert run.info.end_time


INSIDE = {
    "stop('boom')": ("FAILED", "clew.failed_reason", "boom"),
    "quit(status = 0)": ("KILLED", "clew.killed_reason", "the R session ended before the run's code did"),
}


@pytest.mark.parametrize("code", INSIDE)
def test_with_run_ends_truly_in_a_script(r: Rscript, client: clew.ClewClient, code: str, tmp_path: Path) -> None:
    told = tmp_path / "id"
    process = r.start(
        f"with_run({{ writeLines(clew_active_run()$run_id, '{told}'); clew_log_metric('m', 1); {code} }})"
    )
    process.communicate(timeout=60)
    run = client.get_run(told.read_text().strip())
    status, tag, reason = INSIDE[code]
    assert (run.info.status, run.data.tags[tag]) == (status, reason)
    assert run.data.metrics == {"m": 1.0}


def test_an_interrupted_script_leaves_its_run_killed(r: Rscript, client: clew.ClewClient) -> None:
    process = r.start(
        "with_run({ clew_log_metric('m', 1); cat(clew_active_run()$run_id, '\\n'); flush(stdout()); Sys.sleep(100) })"
    )
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    run = client.get_run(run_id)
    assert (run.info.status, run.data.metrics) == ("KILLED", {"m": 1.0})


def text(value: str) -> str:
    """A text in R."""
    return json.dumps(value, ensure_ascii=False)


def test_python_reads_what_r_wrote(r: Rscript, client: clew.ClewClient, tmp_path: Path) -> None:
    file = tmp_path / "naïve 花.bin"
    file.write_bytes(bytes(range(256)))
    made = r.run(f"""
        id <- clew_set_experiment({text("R → Python " + NAME)})
        clew_set_experiment_tag("note", {text(ODD)})
        run <- clew_start_run(run_name = {text(NAME)}, tags = setNames(list({text(ODD)}), {text(NAME)}))
        clew_log_params(setNames(list({text(ODD)}, 0.1, 1e5, TRUE), c({text(NAME)}, "x", "n", "b")))
        values <- c(0.1 + 0.2, NaN, Inf, -Inf, 5e-324)
        clew_log_metric({text(NAME)}, values, step = c(-3, 0, 1, 2, 1e5), timestamp = 1795453822252)
        clew_log_artifact({text(str(file))}, "sub dir/é")
        clew_end_run()
        cat(id, run$run_id)
    """)
    experiment_id, run_id = made.split()
    experiment = client.get_experiment(experiment_id)
    assert (experiment.name, experiment.tags["note"]) == ("R → Python " + NAME, ODD)
    run = client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == (NAME, "FINISHED")
    assert run.data.params == {NAME: ODD, "x": "0.1", "n": "100000", "b": "TRUE"}
    assert run.data.tags[NAME] == ODD
    history = client.get_metric_history(run_id, NAME)
    assert [(m.step, m.timestamp) for m in history] == [(s, 1795453822252) for s in (-3, 0, 1, 2, 100000)]
    values = [m.value for m in history]
    assert values[0] == 0.1 + 0.2
    assert math.isnan(values[1])
    assert values[2:] == [math.inf, -math.inf, 5e-324]
    down = client.download_artifacts(run_id, "sub dir/é/naïve 花.bin", str(tmp_path))
    assert Path(down).read_bytes() == bytes(range(256))


def test_r_reads_what_python_wrote(r: Rscript, client: clew.ClewClient, tmp_path: Path) -> None:
    experiment_id = client.create_experiment("Python → R " + NAME, tags={"note": ODD})
    run = client.create_run(experiment_id, run_name=NAME, tags={NAME: ODD})
    run_id = run.info.run_id
    client.log_param(run_id, NAME, ODD)
    for step, value in {-3: 0.1 + 0.2, 0: math.nan, 1: math.inf, 2: -math.inf, 100_000: 5e-324}.items():
        client.log_metric(run_id, NAME, value, timestamp=1795453822252, step=step)
    client.log_text(run_id, ODD, "sub dir/é/naïve 花.txt")
    client.set_terminated(run_id, "KILLED")
    r.run(f"""
        experiment <- clew_get_experiment(name = {text("Python → R " + NAME)})
        stopifnot(identical(experiment$experiment_id, "{experiment_id}"))
        stopifnot(identical(experiment$tags[["note"]], {text(ODD)}))
        got <- clew_get_run("{run_id}")
        stopifnot(
          identical(got$info$run_name, {text(NAME)}), identical(got$info$status, "KILLED"),
          identical(got$params, setNames({text(ODD)}, {text(NAME)})), identical(got$tags[[{text(NAME)}]], {text(ODD)})
        )
        history <- clew_get_metric_history({text(NAME)}, "{run_id}")
        stopifnot(
          identical(history$step, c(-3, 0, 1, 2, 1e5)), is.nan(history$value[2]),
          identical(history$value[-2], c(0.1 + 0.2, Inf, -Inf, 5e-324)),
          identical(unique(as.double(history$timestamp) * 1000), 1795453822252)
        )
        found <- clew_search_runs(experiment_ids = "{experiment_id}")
        stopifnot(
          identical(found$run_id, "{run_id}"), identical(found[[{text("metrics." + NAME)}]], 5e-324),
          identical(found[[{text("params." + NAME)}]], {text(ODD)})
        )
        down <- clew_download_artifacts("sub dir/é/naïve 花.txt", "{run_id}")
        stopifnot(identical(readBin(down, raw(), 1000), charToRaw({text(ODD)})))
    """)


def test_the_registry_is_the_same_in_both(r: Rscript, client: clew.ClewClient) -> None:
    name = "reg " + NAME.replace("/", " ")
    client.create_registered_model(name, tags={"k": ODD}, description=ODD)
    r.run(f"""
        model <- clew_get_registered_model({text(name)})
        stopifnot(identical(model$tags[["k"]], {text(ODD)}), identical(model$description, {text(ODD)}))
        with_run(info <- clew_log_model(lm(mpg ~ wt, mtcars), "cars", registered_model_name = {text(name)}))
        clew_transition_model_version_stage({text(name)}, 1, "Staging", reason = "é")
        clew_set_registered_model_alias({text(name)}, "champion", 1)
        clew_set_model_version_tag({text(name)}, 1, "t", {text(ODD)})
    """)
    version = client.get_model_version_by_alias(name, "champion")
    assert (version.version, version.current_stage, version.tags) == ("1", "Staging", {"t": ODD})
    assert [entry.reason for entry in client.get_model_history(name) if entry.reason] == ["é"]
    model = client.get_logged_model(version.model_id)
    assert (model.name, model.status.value) == ("cars", "LOGGED_MODEL_READY")


def test_python_knows_what_an_r_model_is(r: Rscript, client: clew.ClewClient) -> None:
    """Python cannot load it, says so, and finds the sums as the store noted them."""
    from clew.packaging.manifest import check_sums, read_mlmodel, sums_digest

    uri = r.run("with_run(cat(clew_log_model(clew_crate(function(x) x), 'crate')$model_uri))").split("/")[-1].strip()
    model = client.get_logged_model(uri)
    folder = client.download_uri(model.artifact_location, "")
    try:
        manifest = read_mlmodel(folder)
        assert check_sums(folder, manifest)
        assert model.tags["clew.model.sums"] == sums_digest(manifest)
        assert (list(manifest.flavors), manifest.model_id, manifest.run_id) == (["crate"], uri, model.source_run_id)
    finally:
        shutil.rmtree(folder)
    former = clew.get_tracking_uri()
    clew.set_tracking_uri(r.url)
    try:
        with pytest.raises(clew.errors.NotSupported, match="crate"):
            clew.pyfunc.load_model(f"models:/{uri}")
    finally:
        clew.set_tracking_uri(former)
