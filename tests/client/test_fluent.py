"""The fluent functions on an embedded store: what scripts do, and what they get for mistakes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import clew
from clew.entities.dataset import Dataset
from clew.entities.metric import Metric
from clew.entities.run import ModelOutput
from clew.errors import AlreadyExists, Conflict, InvalidFilter, InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("store")


def test_a_run_with_everything_comes_back() -> None:
    clew.set_experiment("first")
    with clew.start_run(run_name="one", tags={"a": 1}, description="note") as run:
        assert clew.log_param("lr", 0.1) == 0.1
        clew.log_params({"depth": 3, "name": "größe"})
        for step in range(5):
            clew.log_metric("loss", 1 / (step + 1), step=step)
        clew.log_metrics({"acc": 0.5, "odd": math.nan, "top": math.inf}, step=2)
        clew.log_metric("late", 1.0, timestamp=1_600_000_000_000)
        clew.set_tag("b", "2")
        clew.set_tags({"c": 3.5})
    got = clew.get_run(run.info.run_id)
    assert (got.info.status, got.info.run_name, got.info.lifecycle_stage) == ("FINISHED", "one", "active")
    assert got.info.end_time is not None
    assert got.info.end_time >= got.info.start_time > 0
    assert got.data.params == {"lr": "0.1", "depth": "3", "name": "größe"}
    assert {k: v for k, v in got.data.metrics.items() if k != "odd"} == {
        "loss": 0.2,
        "acc": 0.5,
        "late": 1.0,
        "top": math.inf,
    }
    assert math.isnan(got.data.metrics["odd"])
    assert {k: got.data.tags[k] for k in "abc"} == {"a": "1", "b": "2", "c": "3.5"}
    assert got.data.tags["mlflow.note.content"] == "note"
    assert got.data.tags["mlflow.user"]
    assert got.data.tags["mlflow.source.type"] == "LOCAL"
    history = clew.get_metric_history(run.info.run_id, "late")
    assert [(m.timestamp, m.step, m.value) for m in history] == [(1_600_000_000_000, 0, 1.0)]


def test_one_s_own_writes_are_seen_at_once() -> None:
    with clew.start_run() as run:
        for step in range(100):
            clew.log_metric("x", float(step), step=step)
            if step % 25 == 0:
                assert clew.get_run(run.info.run_id).data.metrics["x"] == float(step)
        clew.log_param("p", 1)
        assert [r.info.run_id for r in clew.search_runs(filter_string="params.p = '1'", output_format="list")] == [
            run.info.run_id
        ]


def test_logging_without_a_run_begins_one() -> None:
    clew.log_metric("x", 1.0)
    active = clew.active_run()
    assert active is not None
    clew.log_param("p", 1)
    clew.end_run()
    assert clew.active_run() is None
    last = clew.last_active_run()
    assert last is not None
    assert (last.info.run_id, last.info.status, last.data.params) == (active.info.run_id, "FINISHED", {"p": "1"})


def test_nested_runs_know_their_parent() -> None:
    with clew.start_run() as parent:
        with pytest.raises(Conflict, match="is already active"):
            clew.start_run()
        with clew.start_run(nested=True, run_name="child") as child:
            clew.log_metric("x", 1.0)
            inner = clew.active_run()
            assert inner is not None
            assert inner.info.run_id == child.info.run_id
        clew.log_metric("x", 2.0)
    assert clew.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    found = clew.get_parent_run(child.info.run_id)
    assert found is not None
    assert (found.info.run_id, found.data.metrics) == (parent.info.run_id, {"x": 2.0})


def test_an_exception_in_the_block_makes_the_run_fail() -> None:
    with pytest.raises(ZeroDivisionError), clew.start_run() as run:
        raise ZeroDivisionError
    assert clew.get_run(run.info.run_id).info.status == "FAILED"


def test_a_run_goes_on_by_its_id() -> None:
    with clew.start_run() as run:
        clew.log_param("p", "1")
    with clew.start_run(run_id=run.info.run_id):
        assert clew.get_run(run.info.run_id).info.status == "RUNNING"
        clew.log_param("p", "1")
        with pytest.raises(Conflict, match="Changing param values is not allowed"):
            clew.log_param("p", "2")
        clew.log_metric("later", 1.0)
    got = clew.get_run(run.info.run_id)
    assert (got.info.status, got.data.metrics) == ("FINISHED", {"later": 1.0})
    with pytest.raises(NotFound):
        clew.start_run(run_id="0" * 32)
    clew.delete_run(run.info.run_id)
    with pytest.raises(Conflict, match="deleted state"):
        clew.start_run(run_id=run.info.run_id)


def test_the_environment_names_run_and_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_EXPERIMENT_NAME", "from env")
    with clew.start_run() as run:
        pass
    experiment = clew.get_experiment_by_name("from env")
    assert experiment is not None
    assert run.info.experiment_id == experiment.experiment_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with clew.start_run() as again:
        pass
    assert again.info.run_id == run.info.run_id


def test_a_changed_param_raises_at_the_call_and_the_first_value_stays() -> None:
    with clew.start_run() as run:
        clew.log_params({"a": 1, "b": 2})
        with pytest.raises(
            Conflict, match=r"key='b' was already logged with value='2'.*Attempted logging new value '3'"
        ):
            clew.log_params({"c": 5, "b": 3})
    assert clew.get_run(run.info.run_id).data.params == {"a": "1", "b": "2"}


def test_a_conflict_between_processes_keeps_the_first_value_and_warns(caplog: pytest.LogCaptureFixture) -> None:
    with clew.start_run() as run:
        clew.log_param("mine", 1)
        clew.flush()
        code = (
            f"import clew; clew.tracking.MlflowClient().log_param({run.info.run_id!r}, 'theirs', 1, synchronous=True)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        clew.log_param("theirs", 2)
    got = clew.get_run(run.info.run_id)
    assert got.data.params == {"mine": "1", "theirs": "1"}
    assert "theirs" in got.data.tags["clew.conflicts"]
    assert any("theirs" in r.getMessage() or "conflicts" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("name", ["", "a//b", "../x", "a?b", "k" * 251])
def test_bad_names_raise_at_the_call(name: str) -> None:
    with clew.start_run():
        for call in (clew.log_param, clew.set_tag):
            with pytest.raises(InvalidValue):
                call(name, 1)
        with pytest.raises(InvalidValue):
            clew.log_metric(name, 1.0)


@pytest.mark.parametrize("call", [clew.log_metrics, clew.log_params, clew.set_tags])
@pytest.mark.parametrize("given", [None, ["x"], "x", 3])
def test_what_is_no_dictionary_raises_at_the_call(call: Callable[..., None], given: object) -> None:
    message = f"of type {type(given).__name__}; expected a dictionary"
    with clew.start_run(), pytest.raises(InvalidValue, match=message):
        call(given)


def test_times_and_formats_that_are_wrong_raise() -> None:
    with clew.start_run():
        for timestamp in (-1, 1 << 62, "now"):
            with pytest.raises(InvalidValue, match="timestamp"):
                clew.log_metric("x", 1.0, timestamp=timestamp)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="output format"):
        clew.search_runs(output_format="spark")
    with pytest.raises(InvalidFilter) as caught:
        clew.search_runs(filter_string="metrics.x >")
    assert caught.value.position == 11
    with pytest.raises(InvalidValue, match="status"):
        clew.end_run("DONE")
    with pytest.raises(InvalidValue, match="experiment_name or experiment_id"):
        clew.set_experiment()


def test_long_values_are_cut_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    with clew.start_run() as run:
        clew.log_param("p", "x" * 7000)
        clew.set_tag("t", "y" * 9000)
    got = clew.get_run(run.info.run_id)
    assert (len(got.data.params["p"]), len(got.data.tags["t"])) == (6000, 8000)


def test_tags_go_away() -> None:
    with clew.start_run() as run:
        clew.set_tag("x", 1)
        clew.delete_tag("x")
        with pytest.raises(NotFound, match="No tag with name: x"):
            clew.delete_tag("x")
    assert "x" not in clew.get_run(run.info.run_id).data.tags


def test_experiments() -> None:
    made = clew.create_experiment("e", tags={"k": 1})
    with pytest.raises(AlreadyExists):
        clew.create_experiment("e")
    assert clew.get_experiment(made).tags == {"k": "1"}
    assert clew.set_experiment(experiment_id=made).name == "e"
    clew.set_experiment_tags({"a": 1, "b": 2})
    clew.delete_experiment_tag("a")
    with clew.start_run() as run:
        pass
    assert run.info.experiment_id == made
    assert [e.name for e in clew.search_experiments(filter_string="tags.b = '2'")] == ["e"]
    clew.delete_experiment(made)
    with pytest.raises(Conflict, match="deleted experiment 'e'"):
        clew.set_experiment("e")
    clew.restore_experiment(made)
    assert clew.set_experiment("e").experiment_id == made
    assert clew.get_experiment_by_name("none such") is None


def test_search_gives_mlflow_s_columns() -> None:
    clew.set_experiment("s")
    for number in range(3):
        with clew.start_run(run_name=f"r{number}"):
            clew.log_param("n", number)
            if number:
                clew.log_metric("score", number / 2)
    frame = clew.search_runs(order_by=["params.n ASC"])
    assert list(frame.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert frame["params.n"].tolist() == ["0", "1", "2"]
    assert math.isnan(frame["metrics.score"][0])
    assert frame["metrics.score"].tolist()[1:] == [0.5, 1.0]
    assert frame["tags.mlflow.runName"].tolist() == ["r0", "r1", "r2"]
    assert str(frame["start_time"].dt.tz) == "UTC"
    assert len(clew.search_runs(experiment_names=["s"], max_results=2)) == 2
    assert len(clew.search_runs(search_all_experiments=True)) == 3
    assert clew.search_runs(experiment_names=["none"]).empty


def test_inputs_and_outputs() -> None:
    with clew.start_run() as run:
        clew.log_input(
            Dataset(name="d", digest="1", source_type="local", source="{}"), context="train", tags={"k": "v"}
        )
        clew.log_inputs([Dataset(name="e", digest="2")], contexts=["eval"])
        with pytest.raises(InvalidValue, match="no dataset"):
            clew.log_input(object())
        with pytest.raises(InvalidValue, match="same length"):
            clew.log_inputs([Dataset(name="e", digest="2")], contexts=[])
    inputs = clew.get_run(run.info.run_id).inputs.dataset_inputs
    assert [(i.dataset.name, i.tags) for i in inputs] == [
        ("d", {"k": "v", "mlflow.data.context": "train"}),
        ("e", {"mlflow.data.context": "eval"}),
    ]


def test_artifacts_go_and_come(tmp_path: Path) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "a.bin").write_bytes(bytes(range(256)) * 5000)
    (tmp_path / "tree" / "deep" / "b %+ü.txt").write_text("b")
    (tmp_path / "tree" / "empty").write_bytes(b"")
    with clew.start_run() as run:
        clew.log_artifact(tmp_path / "tree" / "a.bin", "here")
        clew.log_artifacts(tmp_path / "tree", "tree")
        clew.log_artifact(tmp_path / "tree")
        clew.log_text("line\r\n", "t/x.txt")
        clew.log_dict({"a": [1, {"b": "ü"}]}, "d.json")
        clew.log_dict({"a": [1, {"b": "ü"}]}, "d.yaml")
        for path in ("../x", "/x", "a/../../x"):
            with pytest.raises(InvalidValue, match="artifact path"):
                clew.log_text("x", path)
        with pytest.raises(InvalidValue, match="no file"):
            clew.log_artifact(tmp_path / "none")
        assert clew.get_artifact_uri("t/x.txt").endswith(f"/{run.info.run_id}/artifacts/t/x.txt")
    run_id = run.info.run_id
    root = [(f.path, f.is_dir) for f in clew.artifacts.list_artifacts(run_id=run_id)]
    assert sorted(root) == [("d.json", False), ("d.yaml", False), ("here", True), ("t", True), ("tree", True)]
    local = Path(clew.artifacts.download_artifacts(run_id=run_id, artifact_path="tree", dst_path=tmp_path / "got"))
    assert (local / "a.bin").read_bytes() == (tmp_path / "tree" / "a.bin").read_bytes()
    assert (local / "deep" / "b %+ü.txt").read_text() == "b"
    assert (local / "empty").read_bytes() == b""
    assert clew.artifacts.load_dict(f"runs:/{run_id}/d.json") == {"a": [1, {"b": "ü"}]}
    assert clew.artifacts.load_dict(f"runs:/{run_id}/d.yaml") == {"a": [1, {"b": "ü"}]}
    assert Path(clew.artifacts.download_artifacts(f"runs:/{run_id}/t/x.txt")).read_bytes() == b"line\r\n"
    with pytest.raises(NotFound):
        clew.artifacts.download_artifacts(f"runs:/{run_id}/none.txt")


def test_figures_and_images() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    with clew.start_run() as run:
        clew.log_figure(figure, "plots/f.png")
        clew.log_figure(figure, "plots/f.svg", save_kwargs={"dpi": 50})
        clew.log_image(np.zeros((4, 5, 3), dtype=np.uint8), "i.png")
        clew.log_image(np.ones((4, 5, 1)), "grey.png")
        for bad in (np.zeros((2, 2, 5)), np.full((2, 2), 300), np.full((2, 2), 1.5)):
            with pytest.raises(InvalidValue, match=r"image|Integers|Floats"):
                clew.log_image(bad, "bad.png")
        with pytest.raises(InvalidValue, match="figure"):
            clew.log_figure("no figure", "x.png")
    plt.close(figure)
    names = {f.path for f in clew.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert names == {"plots", "i.png", "grey.png"}
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/plots/f.svg").startswith("<?xml")


def test_the_client_has_the_same_calls_by_run_id() -> None:
    client = clew.MlflowClient()
    experiment = client.create_experiment("c")
    run = client.create_run(experiment, tags={"t": "1"}, run_name="n")
    run_id = run.info.run_id
    client.log_metric(run_id, "m", 1.0, step=3)
    client.log_param(run_id, "p", 5)
    client.set_tag(run_id, "t2", 2)
    client.log_batch(
        run_id,
        metrics=[Metric(key="b", value=2.0, timestamp=5, step=1)],
        params={"q": 1},
        tags={"t3": 3},
    )
    client.log_text(run_id, "x", "x.txt")
    client.set_terminated(run_id, "FAILED", end_time=99)
    got = client.get_run(run_id)
    assert (got.info.status, got.info.end_time, got.info.run_name) == ("FAILED", 99, "n")
    assert (got.data.metrics, got.data.params) == ({"m": 1.0, "b": 2.0}, {"p": "5", "q": "1"})
    assert [(m.step, m.timestamp) for m in client.get_metric_history(run_id, "b")] == [(1, 5)]
    assert {k: got.data.tags[k] for k in ("t", "t2", "t3")} == {"t": "1", "t2": "2", "t3": "3"}
    assert client.update_run(run_id, name="new").run_name == "new"
    with pytest.raises(NotFound):
        client.log_metric("0" * 32, "m", 1.0)
    page = client.search_runs([experiment])
    assert ([r.info.run_id for r in page], page.token) == ([run_id], None)


def test_logged_models() -> None:
    client = clew.ClewClient()
    with clew.start_run() as run:
        model = client.create_logged_model(run.info.experiment_id, "m", source_run_id=run.info.run_id, params={"a": 1})
        clew.log_metric("acc", 0.9, model_id=model.model_id)
        clew.log_outputs([ModelOutput(model.model_id, 2)])
        client.set_logged_model_tags(model.model_id, {"k": 1})
        assert client.finalize_logged_model(model.model_id, "READY").status == "LOGGED_MODEL_READY"
    got = client.get_logged_model(model.model_id)
    assert (got.name, got.source_run_id, got.params, got.tags) == ("m", run.info.run_id, {"a": "1"}, {"k": "1"})
    assert [(m.key, m.value) for m in got.metrics] == [("acc", 0.9)]
    outputs = clew.get_run(run.info.run_id).outputs.model_outputs
    assert [(o.model_id, o.step) for o in outputs] == [(model.model_id, 2)]
    found = client.search_logged_models([run.info.experiment_id], filter_string="name = 'm'")
    assert [m.model_id for m in found] == [model.model_id]
    with pytest.raises(InvalidValue, match="model status"):
        client.finalize_logged_model(model.model_id, "DONE")


def test_git_and_source_are_recorded(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q", "-b", "trunk", "."], cwd=tmp_path, check=True)
    script = tmp_path / "train.py"
    script.write_text("import clew\nwith clew.start_run() as r: print(r.info.run_id)\n")
    subprocess.run([*git, "remote", "add", "origin", "https://user:secret@host/x.git"], cwd=tmp_path, check=True)
    subprocess.run([*git, "add", "train.py"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], cwd=tmp_path, check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    done = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True, timeout=60)
    tags = clew.get_run(done.stdout.split()[0]).data.tags
    assert tags["mlflow.source.git.commit"] == head.stdout.strip()
    assert tags["mlflow.source.git.branch"] == "trunk"
    assert tags["mlflow.source.git.repoURL"] == "https://host/x.git"
    assert tags["mlflow.source.name"] == str(script)
    assert tags["mlflow.project.entryPoint"] == "train.py"


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", "FINISHED"), ("raise ValueError('x')", "FAILED"), ("import sys; sys.exit(0)", "FINISHED")],
)
def test_a_script_that_forgets_to_end_its_run(ending: str, status: str) -> None:
    code = f"import clew\nr = clew.start_run()\nclew.log_metric('x', 1.0)\nprint(r.info.run_id)\n{ending}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    got = clew.get_run(done.stdout.split()[0])
    assert (got.info.status, got.data.metrics) == (status, {"x": 1.0})


def test_forked_workers_log_into_the_parent_s_run_and_do_not_end_it() -> None:
    with clew.start_run() as run:
        clew.log_metric("x", 0.0, step=0)
        children = []
        for number in range(1, 4):
            child = os.fork()
            if child == 0:
                clew.log_metric("x", float(number), step=number)
                clew.flush()
                os._exit(0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        got = clew.get_run(run.info.run_id)
        assert got.info.status == "RUNNING"
        history = clew.get_metric_history(run.info.run_id, "x")
        assert sorted(m.step for m in history) == [0, 1, 2, 3]
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"


def test_the_first_use_of_a_relative_store_fixes_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.set_tracking_uri("here")
    first = clew.get_tracking_uri()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert clew.get_tracking_uri() == first == f"sqlite:///{tmp_path}/here/.clew/clew.db"
    for bad in ("ftp://x", "sqlite:x.db", "http://"):
        clew.set_tracking_uri(bad)
        with pytest.raises(InvalidValue, match="tracking URI"):
            clew.get_tracking_uri()
    clew.set_tracking_uri("")


def test_json_of_numpy_values() -> None:
    import numpy as np

    with clew.start_run() as run:
        clew.log_dict({"a": np.float32(0.5), "b": np.arange(3), "c": {1}}, "n.json")
        with pytest.raises(InvalidValue, match="JSON"):
            clew.log_dict({"a": object()}, "bad.json")
    text = clew.artifacts.load_text(f"runs:/{run.info.run_id}/n.json")
    assert json.loads(text) == {"a": 0.5, "b": [0, 1, 2], "c": [1]}
