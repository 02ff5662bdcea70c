"""``clew runs export``: what is in the file, and that there is none after a fault."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from pyarrow import ipc, parquet

Clew = Callable[..., Result]


def test_csv_has_a_row_per_run(clew: Clew, server: str) -> None:
    result = clew("runs", "export", "-o", "runs.csv", "--order-by", "run_name", "--tracking-uri", server)
    assert result.exit_code == 0, result.stderr
    with open("runs.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["run_name"] for row in rows] == ["run-a", "run-b", "run-c"]
    assert (rows[1]["metrics.rmse"], rows[1]["end_time"], rows[1]["status"]) == ("nan", "", "RUNNING")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_files_for_programs(clew: Clew, server: str, form: str) -> None:
    asked = ("--filter", "run_name = 'run-b'", "-c", "params.lr", "--tracking-uri", server)
    assert clew("runs", "export", "-o", f"runs.{form}", *asked).exit_code == 0
    found = parquet.read_table("runs.parquet") if form == "parquet" else ipc.open_stream("runs.arrow").read_all()
    assert found.column_names[-2:] == ["end_time", "params.lr"]
    assert found.column("params.lr").to_pylist() == ["0.2"]


def test_a_fault_leaves_no_file(clew: Clew, server: str) -> None:
    wrong = clew("runs", "export", "-o", "runs.parquet", "--filter", "metrics.x >", "--tracking-uri", server)
    assert wrong.exit_code == 1
    assert clew("runs", "export", "-o", "x.csv", "-c", "colour", "--tracking-uri", server).exit_code == 2
    assert list(Path().iterdir()) == []
