"""Files scored batch by batch: formats, what is kept, what is refused, and that nothing half-written stays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import InvalidValue
from clew.serving.files import Job, score_file

ROWS = 1000
DATA = pd.DataFrame({"id": np.arange(ROWS), "a": np.linspace(0, 1, ROWS), "b": np.arange(ROWS) % 7 * 1.0})
WANTED = (DATA["a"] * 2 + DATA["b"]).to_numpy()


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path)
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True)


@pytest.fixture
def model(line: str) -> Any:
    return clew.pyfunc.load_model(line)


def write(folder: Path, kind: str) -> str:
    path = str(folder / f"in.{kind}")
    if kind == "csv":
        DATA.to_csv(path, index=False)
    elif kind == "parquet":
        DATA.to_parquet(path)
    else:
        DATA.to_json(path, orient="records", lines=kind == "jsonl", double_precision=15)
    return path


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_each_form_into_each(kind: str, target: str, model: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    job = Job(write(tmp_path, kind), str(tmp_path / f"out.{target}"), keep=["id"], batch=300)
    assert score_file(model, job, lambda done, total: told.append((done, total))) == ROWS
    assert [done for done, _ in told] == [300, 600, 900, 1000]
    assert {total for _, total in told} == ({ROWS} if kind == "parquet" else {None})
    made = read(tmp_path / f"out.{target}")
    assert list(made.columns) == ["id", "prediction"]
    assert made["id"].tolist() == DATA["id"].tolist()
    assert made["prediction"].to_numpy() == pytest.approx(WANTED)


def test_frames_of_predictions_become_columns(tmp_path: Path) -> None:
    def both(model_input: Any) -> Any:
        return pd.DataFrame({"up": model_input["a"] + 1, "down": model_input["a"] - 1})

    clew.pyfunc.save_model(str(tmp_path / "m"), python_model=both)
    model = clew.pyfunc.load_model(str(tmp_path / "m"), trust="pickle")
    score_file(model, Job(write(tmp_path, "parquet"), str(tmp_path / "out.csv"), keep=["*"], batch=512))
    assert list(read(tmp_path / "out.csv").columns) == ["id", "a", "b", "up", "down"]


def test_a_bad_row_is_named_and_leaves_what_was_there(model: Any, tmp_path: Path) -> None:
    rows = DATA.assign(a=DATA["a"].astype(object))
    rows.loc[700, "a"] = "many"
    rows.to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "out.csv").write_text("before")
    job = Job(str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), batch=300)
    with pytest.raises(InvalidValue, match=r"Rows 601 to 900 .*column 'a'"):
        score_file(model, job)
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_what_cannot_be_done_is_said_first(model: Any, tmp_path: Path) -> None:
    source = write(tmp_path, "csv")
    for job, words in (
        (Job(source, str(tmp_path / "out.xls")), "suffix"),
        (Job(source, str(tmp_path / "out.json")), "jsonl"),
        (Job(source, str(tmp_path / "out.csv"), keep=["nothing"]), "no columns"),
        (Job(source, str(tmp_path / "out.csv"), kind="parquet"), "parquet"),
    ):
        with pytest.raises((InvalidValue, ValueError), match=words):
            score_file(model, job)


@pytest.mark.slow
def test_the_command(line: str, tmp_path: Path) -> None:
    source, target = write(tmp_path, "parquet"), str(tmp_path / "out.parquet")
    command = [sys.executable, "-m", "clew", "models", "predict", "-m", line, "-i", source, "-o", target]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"1,000 rows scored: {target}\n"), done.stderr
    again = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert subprocess.run([*command, "--overwrite"], capture_output=True, cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_memory_stays_bounded(line: str, tmp_path: Path) -> None:
    source, target = tmp_path / "big.parquet", tmp_path / "out.parquet"
    rows = 5_000_000
    pd.DataFrame({"a": np.arange(rows, dtype="float64"), "b": np.ones(rows)}).to_parquet(source)
    program = (
        "import resource, sys, json, clew\n"
        "from clew.serving.files import Job, score_file\n"
        "rows = score_file(clew.pyfunc.load_model(sys.argv[1]), Job(sys.argv[2], sys.argv[3]))\n"
        "print(json.dumps([rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))\n"
    )
    command = [sys.executable, "-c", program, line, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    scored, peak_kib = json.loads(done.stdout)
    assert scored == rows
    assert peak_kib < 1 << 20
