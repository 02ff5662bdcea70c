"""Files scored batch by batch: formats, what is kept, what is refused, and that nothing half-written stays."""

from __future__ import annotations

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
from peers import ask

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


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_only_the_columns_that_somebody_wants_are_read(
    kind: str, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    more = DATA.assign(odd="x").rename(columns={"id": "a.id"})
    more.to_csv(source, index=False) if kind == "csv" else more.to_parquet(source)
    seen: list[list[str]] = []
    predict = model.predict
    monkeypatch.setattr(model, "predict", lambda data: (seen.append(list(data.columns)), predict(data))[1])
    score_file(model, Job(str(source), str(target), keep=["a.id"], batch=600))
    assert [sorted(columns) for columns in seen] == [["a", "a.id", "b"]] * 2
    assert read(target)["prediction"].to_numpy() == pytest.approx(WANTED)
    assert read(target)["a.id"].tolist() == DATA["id"].tolist()
    with pytest.raises(InvalidValue, match=r"missing columns \['b'\]"):
        score_file(model, Job(_without(source, "b"), str(target)))


def _without(source: Path, column: str) -> str:
    target = source.with_name(f"less{source.suffix}")
    frame = read(source).drop(columns=column)
    frame.to_csv(target, index=False) if source.suffix == ".csv" else frame.to_parquet(target)
    return str(target)


_SCORE = """
import sys
from clew.cli.main import cli
cli.main(["models", "predict", *sys.argv[1:]], standalone_mode=False)
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize(("kind", "sizes"), [("parquet", (300_000, 5_000_000)), ("csv", (200_000, 2_000_000))])
def test_memory_does_not_grow_with_the_file(kind: str, sizes: tuple[int, int], line: str, tmp_path: Path) -> None:
    """Also where all rows are one group. What the larger file holds more is several times what is allowed."""
    peaks_kib = []
    for rows in sizes:
        source, target = tmp_path / f"rows.{kind}", tmp_path / "out.parquet"
        text = (np.arange(rows) * 7919 % rows).astype(str)
        frame = pd.DataFrame(
            {"a": np.arange(rows) / 7, "b": np.ones(rows), "text": np.strings.add("customer number ", text)}
        )
        frame.to_csv(source, index=False) if kind == "csv" else frame.to_parquet(source, row_group_size=rows)
        arguments = ("-m", line, "-i", str(source), "-o", str(target), "--keep", "*", "--overwrite")
        said = ask(sys.executable, _SCORE, *arguments).split("\n")
        assert said[0].startswith(f"{rows:,} rows scored")
        peaks_kib.append(int(said[1]))
        del frame, text
    assert peaks_kib[1] < 1 << 20
    assert peaks_kib[1] - peaks_kib[0] < 32 << 10, peaks_kib
