"""Frames: the same from an Arrow table, from pages of JSON, and with MLflow's columns."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import clew
from clew.client.link import link_to
from clew.errors import InvalidFilter, InvalidValue, MissingPackage, NotSupported

Frame = Callable[[], pd.DataFrame]


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> Callable[[Frame], pd.DataFrame]:
    """The frame of a call, after a check that it is the same without pyarrow."""

    def ask(call: Frame) -> pd.DataFrame:
        arrow = call()
        with monkeypatch.context() as without:
            without.setattr("clew.client.tablecalls.can_read_arrow", lambda: False)
            assert_frame_equal(call(), arrow)
        return arrow

    return ask


def fill() -> list[str]:
    ids = []
    for i in range(5):
        with clew.start_run(run_name=f"run {i}") as run:
            ids.append(run.info.run_id)
            clew.log_params({"lr": 10.0**-i} | ({"opt": "ä"} if i == 2 else {}))
            for step in range(3):
                clew.log_metric("loss", math.nan if i == 1 else math.inf if i == 3 else i + step / 4, step=step)
            if i % 2:
                clew.log_metric("acc", i)
            clew.set_tag("stage", "ab"[i % 2])
    return ids


def test_frames_are_the_same_either_way(store: str, both_ways: Callable[[Frame], pd.DataFrame]) -> None:
    ids = fill()
    clew.start_run()
    found = both_ways(lambda: clew.search_runs(order_by=["start_time"]))
    assert list(found.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert list(found.columns[6:10]) == ["metrics.acc", "metrics.loss", "params.lr", "params.opt"]
    assert list(found.run_id[:5]) == ids
    assert (found["metrics.loss"].dtype, str(found.start_time.dt.tz)) == ("float64", "UTC")
    assert found["metrics.loss"][3] == math.inf
    assert found["params.opt"].isna().sum() == 5
    assert pd.isna(found.end_time[5])
    clew.end_run()
    few = both_ways(lambda: clew.search_runs(filter_string="params.opt = 'ä'", max_results=1))
    assert list(few["metrics.loss"]) == [2.5]
    assert "metrics.acc" not in few.columns


def test_asked_columns_come_in_the_order_asked(store: str, both_ways: Callable[[Frame], pd.DataFrame]) -> None:
    fill()
    found = both_ways(lambda: clew.search_runs(metric_keys=["none", "loss"], param_keys=[], tag_keys=["stage"]))
    assert list(found.columns[6:]) == ["metrics.none", "metrics.loss", "tags.stage"]
    assert found["metrics.none"].isna().all()
    listed = clew.search_runs(output_format="list", metric_keys=[])
    assert isinstance(listed, list)
    assert "loss" in listed[0].data.metrics


def test_an_empty_frame_has_the_columns_of_runs(store: str, both_ways: Callable[[Frame], pd.DataFrame]) -> None:
    clew.create_experiment("empty")
    for asked in ({}, {"metric_keys": ["m"], "tag_keys": ["t"]}):
        found = both_ways(lambda asked=asked: clew.search_runs(experiment_names=["empty"], **asked))
        assert list(found.columns[:2]) == ["run_id", "experiment_id"]
        assert len(found) == 0


def test_what_is_wrong_raises_the_same_either_way(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.start_run()
    clew.end_run()
    with pytest.raises(InvalidValue, match="max_results"):
        clew.search_runs(max_results=-1)
    for _ in range(2):
        with pytest.raises(InvalidFilter, match="position"):
            clew.search_runs(filter_string="metrics.x >")
        monkeypatch.setattr("clew.client.tablecalls.can_read_arrow", lambda: False)
    assert len(clew.search_runs(max_results=0)) == 0
    assert len(clew.search_runs(max_results=None)) == 1


def test_histories_as_a_long_frame(store: str, both_ways: Callable[[Frame], pd.DataFrame]) -> None:
    ids = fill()
    with clew.start_run(run_id=ids[4]):
        clew.log_metric("loss", 9.0, step=-1)
    found = both_ways(lambda: clew.get_metric_histories(ids[::-1]))
    assert list(found.columns) == [
        *("run_id", "key", "step", "timestamp", "value", "model_id", "dataset_name", "dataset_digest")
    ]
    assert list(found.run_id.drop_duplicates()) == ids[::-1]
    newest = found[found.run_id == ids[4]]
    assert list(zip(newest.key, newest.step, newest.value, strict=True)) == [
        *(("loss", -1, 9.0), ("loss", 0, 4.0), ("loss", 1, 4.25), ("loss", 2, 4.5))
    ]
    some = both_ways(lambda: clew.get_metric_histories(ids[0], "loss", start_step=1, end_step=1))
    assert list(some.value) == [0.25]
    assert len(both_ways(lambda: clew.get_metric_histories(ids, ["none"]))) == 0


def test_a_server_without_pyarrow_is_asked_for_pages(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill()
    whole = clew.search_runs(order_by=["start_time"])

    def refuse(name: str, request: object) -> None:
        raise NotSupported("Tables need pyarrow on the server")

    monkeypatch.setattr(link_to(store), "stream", refuse)
    assert_frame_equal(clew.search_runs(order_by=["start_time"]), whole)
    assert len(clew.get_metric_histories(ids, "loss")) == 15


def test_without_pandas_the_error_names_it(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with clew.start_run():
        pass
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match="pip install pandas"):
        clew.search_runs()
    with pytest.raises(MissingPackage, match="pip install pandas"):
        clew.get_metric_histories([])
