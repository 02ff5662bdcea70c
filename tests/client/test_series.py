"""Histograms, sounds, films, alerts, progress, nested params, and the writer for scripts of TensorBoard."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import clew
from clew.client.progress import progress_line
from clew.errors import InvalidValue

pytestmark = pytest.mark.usefixtures("store")


def files(run_id: str, folder: str) -> list[str]:
    """Local copies of what lies in a folder of the run."""
    client = clew.ClewClient()
    paths = sorted(f.path for f in client.list_artifacts(run_id, folder))
    return [client.download_artifacts(run_id, path) for path in paths]


def test_a_histogram_counts_finite_numbers_and_says_how_many_are_not() -> None:
    with clew.start_run() as run:
        clew.log_histogram(
            "layer/w", np.array([[0.0, 1.0], [np.nan, 4.0]]), step=3, bins=4, timestamp=1_600_000_000_000
        )
        clew.log_histogram("given", counts=[1, 3], edges=[0, 1, 2])
        clew.log_histogram("none", [np.inf])
    given, layer, none = (json.loads(Path(f).read_text()) for f in files(run.info.run_id, "clew/histograms"))
    assert layer["counts"] == [1, 1, 0, 1]
    assert layer["edges"] == [0, 1, 2, 3, 4]
    assert (layer["count"], layer["not_finite"], layer["min"], layer["max"]) == (4, 1, 0, 4)
    assert (given["count"], given["mean"]) == (4, 1.25)
    assert (none["counts"], none["mean"]) == ([], None)
    names = [f.path for f in clew.ClewClient().list_artifacts(run.info.run_id, "clew/histograms")]
    assert any(
        re.fullmatch(r"clew/histograms/layer~w\+step\+3\+timestamp\+1600000000000\+\w{32}\.json", n) for n in names
    )


def test_sounds_and_films_can_be_played(tmp_path: Path) -> None:
    with clew.start_run() as run:
        clew.log_audio("tone", np.sin(np.arange(8000) / 10) * 2, sample_rate=8000, step=1)
        clew.log_audio("stereo", np.zeros((10, 2), dtype=np.int16), sample_rate=100)
        clew.log_video("film", np.random.default_rng(0).integers(0, 255, (5, 8, 10, 3)), fps=10)
        (tmp_path / "x.mp4").write_bytes(b"film")
        clew.log_video("file", tmp_path / "x.mp4")
    stereo, tone = files(run.info.run_id, "clew/audio")
    with wave.open(tone) as sound:
        assert (sound.getframerate(), sound.getnframes(), sound.getnchannels()) == (8000, 8000, 1)
        assert max(np.frombuffer(sound.readframes(8000), "<i2")) == 32767
    with wave.open(stereo) as sound:
        assert sound.getnchannels() == 2
    file, film = files(run.info.run_id, "clew/video")
    assert Path(file).read_bytes() == b"film"
    with Image.open(film) as frames:
        assert (frames.n_frames, frames.size) == (5, (10, 8))


def test_what_is_no_series_raises_and_names_the_cure(tmp_path: Path) -> None:
    with clew.start_run():
        for call in (
            lambda: clew.log_histogram("h"),
            lambda: clew.log_histogram("h", [1], counts=[1], edges=[0, 1]),
            lambda: clew.log_histogram("h", counts=[1], edges=[0]),
            lambda: clew.log_histogram("h", counts=[1], edges=[1, 0]),
            lambda: clew.log_histogram("h", ["x"]),
            lambda: clew.log_histogram("h", [1], bins=0),
            lambda: clew.log_histogram("h" * 121, [1]),
            lambda: clew.log_histogram("..", [1]),
            lambda: clew.log_audio("a", np.zeros(3)),
            lambda: clew.log_audio("a", np.zeros((3, 9)), 8000),
            lambda: clew.log_audio("a", np.full(3, 40000), 8000),
            lambda: clew.log_audio("a", tmp_path / "none.wav"),
            lambda: clew.log_video("v", []),
            lambda: clew.log_video("v", np.zeros((2, 3, 3)), fps=0),
            lambda: clew.alert(""),
            lambda: clew.alert("x", level="LOUD"),
        ):
            with pytest.raises(InvalidValue):
                call()


def test_an_alert_is_kept_with_the_run_and_shown_on_it(caplog: pytest.LogCaptureFixture) -> None:
    with clew.start_run() as run:
        clew.alert("started")
        clew.alert("loss is NaN", "at step 7", level="warning")
    tags = clew.get_run(run.info.run_id).data.tags
    assert tags["clew.alert"] == "WARN: loss is NaN"
    kept = [json.loads(Path(f).read_text()) for f in files(run.info.run_id, "clew/alerts")]
    assert [(k["level"], k["title"], k["text"]) for k in kept] == [
        ("INFO", "started", ""),
        ("WARN", "loss is NaN", "at step 7"),
    ]
    assert [r.getMessage() for r in caplog.records] == [f"run {run.info.run_id}: loss is NaN: at step 7"]


def test_configurations_become_dotted_params() -> None:
    @dataclasses.dataclass
    class Opt:
        name: str = "adam"
        betas: tuple[float, float] = (0.9, 0.99)

    @dataclasses.dataclass
    class Config:
        opt: Opt = dataclasses.field(default_factory=Opt)
        depth: int = 3

    with clew.start_run() as run:
        clew.log_params(Config())
        clew.log_params({"a": {"b": {"c": 1}, "empty": {}}, "flat": None})
        clew.log_params(argparse.Namespace(lr=0.1))
        clew.log_param("whole", {"x": 1})
        with pytest.raises(InvalidValue, match="dictionary"):
            clew.log_params(3)
    assert clew.get_run(run.info.run_id).data.params == {
        "opt.name": "adam",
        "opt.betas": "(0.9, 0.99)",
        "depth": "3",
        "a.b.c": "1",
        "a.empty": "{}",
        "flat": "None",
        "lr": "0.1",
        "whole": "{'x': 1}",
    }


def test_progress_is_told_to_the_run() -> None:
    with clew.start_run() as run:
        assert list(clew.track(range(3), "epoch 1")) == [0, 1, 2]
        assert clew.get_run(run.info.run_id).data.tags["clew.progress"].startswith("epoch 1: 3/3 (100 %)")
        for number in clew.track(iter(range(10)), total=20):
            if number == 4:
                break
    assert clew.get_run(run.info.run_id).data.tags["clew.progress"].startswith("1/20 (5 %)")
    assert progress_line("", 5, 20, 2.5) == "5/20 (25 %), 2.0/s, 8 s left"
    assert progress_line("x", 5, None, 0.0) == "x: 5"


def test_a_script_for_tensorboard_logs_to_a_run() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    with clew.tensorboard.SummaryWriter("logs/x", flush_secs=10) as writer:
        run = clew.active_run()
        assert run is not None
        for step in range(3):
            writer.add_scalar("Loss/train (mean)", 1.0 / (step + 1), step, walltime=1_600_000_000.0 + step)
            writer.add_scalar("implicit", float(step))
        writer.add_scalars("acc", {"a": 0.5, "b": 0.6}, 2)
        writer.add_image("img", np.full((3, 4, 5), 1.5), 1)
        writer.add_images("batch", np.zeros((2, 1, 4, 5)), 1)
        writer.add_histogram("w", np.arange(5), 1, bins="tensorflow")
        writer.add_text("note", "**hi**", 1)
        writer.add_audio("tone", np.zeros((1, 100)), 1, sample_rate=100)
        writer.add_video("film", np.zeros((1, 2, 3, 4, 5)), 1)
        writer.add_figure("fig", plt.figure(), 1)
        writer.add_hparams({"lr": 0.1, "opt": "adam"}, {"hparam/best": 0.9})
        writer.add_graph(None)
        for wrong in ("WHC", "NCHW"):
            with pytest.raises(InvalidValue):
                writer.add_image("img", np.zeros((3, 4, 5)), dataformats=wrong)
    got = clew.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert got.data.params == {"lr": "0.1", "opt": "adam"}
    assert got.data.metrics == {
        "Loss/train _mean_": pytest.approx(1 / 3),
        "implicit": 2.0,
        "acc/a": 0.5,
        "acc/b": 0.6,
        "hparam/best": 0.9,
    }
    points = clew.get_metric_history(run.info.run_id, "Loss/train _mean_")
    assert [(p.step, p.timestamp) for p in points] == [(n, 1_600_000_000_000 + 1000 * n) for n in range(3)]
    assert len(clew.get_metric_history(run.info.run_id, "implicit")) == 3
    folders = {f.path for f in clew.ClewClient().list_artifacts(run.info.run_id, "clew")}
    assert folders == {"clew/audio", "clew/histograms", "clew/text", "clew/video"}
    assert len(clew.ClewClient().list_artifacts(run.info.run_id, "images")) == 8
