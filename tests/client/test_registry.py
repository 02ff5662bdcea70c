"""The registry as two people use it: who moved what, what stood where at a time, where a version comes from."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

import clew
from clew.errors import InvalidValue, NotFound

Act = Callable[[str], clew.ClewClient]
FRAME = pd.DataFrame({"alcohol": [9.4, 10.0, 11.2], "acid": [0.7, 0.6, 0.3]})
GOAL = [5.0, 6.0, 7.0]


def now_ms() -> int:
    """A time after everything so far and before everything to come."""
    time.sleep(0.005)
    now = time.time_ns() // 1_000_000
    time.sleep(0.005)
    return now


def test_what_champion_meant_after_each_move_of_two_people(acting: Act) -> None:
    client = acting("ana")
    client.create_registered_model("wine")
    for _ in range(3):
        client.create_model_version("wine", "s3://bucket/m")
    times = [now_ms()]
    for who, number in (("ana", 1), ("bo", 2), ("ana", 1), ("bo", 3), ("ana", 2)):
        acting(who).set_registered_model_alias("wine", "champion", number, reason=f"{who} says {number}")
        times.append(now_ms())
    acting("bo").transition_model_version_stage("wine", 3, "Production", reason="ready")
    acting("ana").delete_registered_model_alias("wine", "champion")

    client = acting("cy")
    assert [client.get_model_state("wine", one).aliases.get("champion") for one in times] == [None, *"12132"]
    assert client.get_model_state("wine").aliases == {}
    assert client.get_model_state("wine").stages == {"1": "None", "2": "None", "3": "Production"}
    assert client.get_model_state("wine", times[-1]).stages["3"] == "None"
    told = [(m.kind, m.user, m.version, m.before, m.after, m.reason) for m in client.get_model_history("wine", 7)]
    assert told == [
        ("alias", "ana", "2", "2", "", ""),
        ("stage", "bo", "3", "None", "Production", "ready"),
        ("alias", "ana", "2", "3", "2", "ana says 2"),
        ("alias", "bo", "3", "1", "3", "bo says 3"),
        ("alias", "ana", "1", "2", "1", "ana says 1"),
        ("alias", "bo", "2", "1", "2", "bo says 2"),
        ("alias", "ana", "1", "", "1", "ana says 1"),
    ]
    older = client.get_model_history("wine", before=client.get_model_history("wine", 7)[-1].id)
    assert [(m.kind, m.user) for m in older] == [("version", "ana")] * 3 + [("model", "ana")]


@pytest.fixture
def wine(acting: Act) -> clew.ClewClient:
    """Two versions: Ana's of two columns, and Bo's of one more, with another dataset and more params."""
    acting("ana")
    data = clew.data.from_pandas(FRAME, name="wines", source="wines.csv")
    with clew.start_run(run_name="first"):
        clew.log_input(data, context="training")
        clew.log_params({"alpha": 0.0, "seed": 1})
        clew.log_metric("rmse", 0.5)
        model = LinearRegression().fit(FRAME, GOAL)
        clew.sklearn.log_model(model, "line", input_example=FRAME, registered_model_name="wine")
    client = acting("bo")
    more = FRAME.assign(sugar=[1, 2, 3])
    with clew.start_run(run_name="second"):
        clew.log_input(clew.data.from_pandas(more, name="wines2", source="wines2.csv"), context="training")
        clew.log_params({"alpha": 0.1, "seed": 1})
        clew.log_metric("rmse", 0.4)
        ridge = Ridge(alpha=0.1).fit(more, GOAL)
        clew.sklearn.log_model(
            ridge, "line", input_example=more, registered_model_name="wine", extra_pip_requirements=["sugar==1.0"]
        )
    client.set_model_version_tag("wine", "2", "reviewed", "yes")
    client.set_registered_model_alias("wine", "champion", 2)
    return client


def test_lineage_leads_from_the_data_to_the_version(wine: clew.ClewClient) -> None:
    found = clew.models.get_lineage("models:/wine@champion")
    assert (found.version.version, found.version.aliases, found.version.user_id) == ("2", ("champion",), "bo")
    assert found.model is not None
    assert found.run is not None
    assert (found.model.name, found.run.info.run_name, found.run.info.user_id) == ("line", "second", "bo")
    assert [(one.dataset.name, one.tags["mlflow.data.context"]) for one in found.datasets] == [("wines2", "training")]
    assert clew.models.get_lineage("models:/wine/1").run.info.user_id == "ana"  # type: ignore[union-attr]


def test_lineage_of_a_copy_leads_to_what_it_was_copied_from(wine: clew.ClewClient) -> None:
    wine.create_registered_model("prod")
    wine.create_model_version("prod", "models:/wine/1")
    wine.create_model_version("prod", "models:/prod/1")
    found = clew.models.get_lineage("models:/prod/2")
    assert [(one.name, one.version) for one in found.copied_from] == [("prod", "1"), ("wine", "1")]
    assert found.run is not None
    assert found.run.info.run_name == "first"
    wine.delete_model_version("wine", "1")
    kept = clew.models.get_lineage("models:/prod/2")
    assert [(one.name, one.version) for one in kept.copied_from] == [("prod", "1")]


def test_lineage_ends_where_nothing_is_known(acting: Act) -> None:
    client = acting("ana")
    client.create_registered_model("far")
    client.create_model_version("far", "s3://bucket/m")
    found = clew.models.get_lineage("models:/far/latest")
    assert (found.version.source, found[1:]) == ("s3://bucket/m", ((), None, None, ()))
    with pytest.raises(NotFound):
        clew.models.get_lineage("models:/far/2")
    with pytest.raises(InvalidValue, match="which version"):
        clew.models.get_lineage("models:/far")


def test_versions_are_compared(wine: clew.ClewClient) -> None:
    found = clew.models.compare_versions("wine", [1, "2"])
    assert (found.name, found.versions) == ("wine", ("1", "2"))
    assert found.params == {"alpha": ("0.0", "0.1")}
    assert found.metrics == {"rmse": (0.5, 0.4)}
    assert found.tags == {"reviewed": (None, "yes")}
    assert found.inputs == {"sugar": (None, "long")}
    assert found.outputs == {}
    assert found.requirements == {"sugar": (None, "sugar==1.0")}
    assert set(found.files) == {
        "model.skops",
        "input_example.json",
        "serving_input_example.json",
        "requirements.txt",
        "conda.yaml",
    }
    assert found.breaking == ("input 'sugar' is required now",)
    assert clew.models.compare_versions("wine", [2, 1]).breaking == ()
    with pytest.raises(InvalidValue, match="Two or more"):
        clew.models.compare_versions("wine", [1])
    with pytest.raises(NotFound):
        clew.models.compare_versions("wine", [1, 3])


def test_what_breaks_a_caller(acting: Act, tmp_path: Path) -> None:
    acting("ana")
    specs = [
        [("integer", "a", True), ("string", "b", True), ("double", "c", False), ("float", "d", True)],
        [("long", "a", True), ("double", "b", True), ("double", "c", True), ("double", "d", False)],
    ]
    outputs = [np.zeros((2, 2)), np.zeros((2, 3))]
    for columns, output in zip(specs, outputs, strict=True):
        inputs = clew.models.Schema(tuple(clew.models.ColumnSpec(*one) for one in columns))  # type: ignore[arg-type]
        signature = clew.models.ModelSignature(inputs, clew.models.infer_signature(output).inputs)
        with clew.start_run():
            clew.pyfunc.log_model(
                "m", python_model=lambda model_input: model_input, signature=signature, registered_model_name="odd"
            )
    assert clew.models.compare_versions("odd", [1, 2]).breaking == (
        "input 'c' is required now",
        "input 'b' was string and is double",
        "output '0' was float64[-1, 2] and is float64[-1, 3]",
    )
