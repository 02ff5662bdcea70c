"""Odd values and names: what can be kept is kept as it is, what cannot raises at the call or is told."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.client import spool
from clew.client.link import forget_links
from clew.client.session import session
from clew.client.shipper import Shipper
from clew.entities.names import MAX_PARAM_VALUE, MAX_TAG_VALUE, legible
from clew.errors import InvalidValue


class Tensor:
    """As a tensor of one element behaves; of several, ``float`` raises RuntimeError."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def __float__(self) -> float:
        if len(self.values) != 1:
            raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")
        return self.values[0]

    def item(self) -> float:
        return float(self)


NUMBERS = [
    (1e308, 1e308),
    (-5e-324, -5e-324),
    (2**63, float(2**63)),
    (-(2**70), float(-(2**70))),
    (Decimal("1.5"), 1.5),
    (Fraction(1, 4), 0.25),
    (np.float32(0.5), 0.5),
    (np.float16(2.0), 2.0),
    (np.int64(-3), -3.0),
    (np.uint64(2**64 - 1), float(2**64 - 1)),
    (np.bool_(True), 1.0),
    (np.array(7.0), 7.0),
    (np.array([8.0]), 8.0),
    (Tensor(9.0), 9.0),
    (True, 1.0),
]


def test_numbers_of_all_kinds_arrive_as_the_nearest_double(store: str) -> None:
    with clew.start_run() as run:
        for step, (value, _) in enumerate(NUMBERS):
            clew.log_metric("x", value, step=step)  # type: ignore[arg-type]
        clew.log_metrics({f"x{n}": value for n, (value, _) in enumerate(NUMBERS)})  # type: ignore[misc]
    history = clew.get_metric_history(run.info.run_id, "x")
    assert [m.value for m in history] == [expected for _, expected in NUMBERS]
    metrics = clew.get_run(run.info.run_id).data.metrics
    assert [metrics[f"x{n}"] for n in range(len(NUMBERS))] == [expected for _, expected in NUMBERS]


@pytest.mark.parametrize("value", [10**400, 1 + 2j, Tensor(1.0, 2.0), np.array([1.0, 2.0]), Decimal("sNaN"), b"1", "1"])
def test_what_is_no_number_raises_at_the_call(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    with clew.start_run():
        with pytest.raises(InvalidValue, match="valid double"):
            clew.log_metric("x", value)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="valid double"):
            clew.log_metrics({"ok": 1.0, "x": value})  # type: ignore[dict-item]


def test_texts_over_the_limits_are_cut_and_told_once(store: str, caplog: pytest.LogCaptureFixture) -> None:
    with clew.start_run() as run:
        clew.log_param("long", "p" * 10_000)
        for _ in range(3):
            clew.set_tag("long", "t" * 10_000)
    data = clew.get_run(run.info.run_id).data
    assert (data.params["long"], data.tags["long"]) == ("p" * MAX_PARAM_VALUE, "t" * MAX_TAG_VALUE)
    told = [r.getMessage() for r in caplog.records]
    assert ["10,000 characters and is cut to 6,000" in told[0], "cut to 8,000" in told[1], len(told)] == [True, True, 2]


def test_a_nul_raises_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    with clew.start_run():
        for call in (clew.log_param, clew.set_tag):
            with pytest.raises(InvalidValue, match="NUL"):
                call("p", "a\x00b")
        with pytest.raises(InvalidValue):
            clew.log_metric("a\x00b", 1.0)


def test_names_that_are_no_unicode_become_legible() -> None:
    assert legible("größe") == "größe"
    assert legible(os.fsdecode(b"caf\xe9.txt")) == "caf%E9.txt"
    assert legible("\ud800x") == "\ufffdx"


@pytest.mark.parametrize("offline", [False, True], ids=["online", "offline"])
def test_names_that_are_no_unicode_lose_nothing(
    offline: bool, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = os.fsdecode(b"caf\xe9")
    try:
        Path(tmp_path, odd + ".txt").write_text("content")
    except OSError:
        pytest.skip("this file system takes no such names")
    if offline:
        monkeypatch.setenv("CLEW_OFFLINE", "1")
    clew.set_experiment(odd)
    with clew.start_run(run_name=odd, tags={"given": odd}) as run:
        clew.log_param("p", odd)
        clew.set_tag("t", odd)
        clew.log_artifact(Path(tmp_path, odd + ".txt"))
        clew.log_text(odd, odd + "/text.txt")
        clew.log_dict({"a": odd}, "d.json")
        with pytest.raises(InvalidValue):
            clew.log_param(odd, 1)
    if offline:
        monkeypatch.delenv("CLEW_OFFLINE")
        forget_links()
        session.experiment_id = session.experiment_name = None
        shipper = Shipper(spool.target_folder(os.environ["CLEW_SPOOL"], store), once=True)
        shipper.run()
        assert not shipper.trouble
    found = clew.get_run(run.info.run_id)
    assert (found.info.run_name, found.data.params["p"], found.data.tags["t"]) == ("caf%E9",) * 3
    assert found.data.tags["given"] == "caf%E9"
    assert clew.get_experiment(found.info.experiment_id).name == "caf%E9"
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/caf%E9.txt") == "content"
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/{odd}/text.txt") == "caf%E9"
    assert "caf" in clew.artifacts.load_text(f"runs:/{run.info.run_id}/d.json")
