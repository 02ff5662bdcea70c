"""Tables, images and streams on an embedded store, with and without the server."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

import clew
from clew.client.session import session
from clew.errors import InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("store")
BLACK = np.zeros((3, 4, 3), dtype=np.uint8)


def paths(run_id: str, folder: str | None = None) -> list[str]:
    return sorted(f.path for f in clew.ClewClient().list_artifacts(run_id, folder))


def test_texts_in_a_table_stay_texts() -> None:
    with clew.start_run():
        clew.log_table({"code": ["007", "1e3", "2020-01-01"], "n": [1, None, 3]}, "t.json")
        got = clew.load_table("t.json")
    assert got["code"].tolist() == ["007", "1e3", "2020-01-01"]
    assert got["n"].tolist()[::2] == [1, 3]


def test_rows_of_two_clients_come_together() -> None:
    with clew.start_run() as run:
        clew.log_table({"a": [1]}, "t.parquet")
        clew.ClewClient().log_table(run.info.run_id, pd.DataFrame({"b": [2.5]}), "t.parquet")
        got = clew.load_table("t.parquet", extra_columns=["run_id"])
    assert got["a"].tolist()[0] == 1
    assert got["b"].tolist()[1] == 2.5
    assert set(got["run_id"]) == {run.info.run_id}
    with pytest.raises(NotFound, match=r"no column 'params\.none'"):
        clew.load_table("t.parquet", extra_columns=["params.none"])


def test_a_table_that_grew_while_the_server_was_away_is_whole() -> None:
    with clew.start_run() as run:
        clew.log_table({"a": [1]}, "t.json")
        session.link._away_until = float("inf")
        clew.log_table({"a": [2]}, "t.json")
        clew.log_table({"a": [3]}, "u.json")
        session.link._away_until = 0.0
        assert clew.load_table("t.json")["a"].tolist() == [1, 2]
    tag = json.loads(clew.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"])
    assert [t["path"] for t in tag] == ["t.json", "u.json"]


def test_images_of_a_series_travel_behind_the_call_and_have_arrived_after_a_flush() -> None:
    with clew.start_run() as run:
        for step in range(5):
            clew.log_image(BLACK, key="k", step=step)
        clew.flush_artifact_async_logging()
        assert len(paths(run.info.run_id, "images")) == 10
        clew.log_image(BLACK, key="k", step=5)
    assert len(paths(run.info.run_id, "images")) == 12


def test_what_is_no_image_and_what_is_no_table_raise() -> None:
    with clew.start_run():
        for image in (np.zeros((2, 2, 5)), np.full((2, 2), 300), np.full((2, 2), 1.5), ["x"], "none.png", object()):
            with pytest.raises(InvalidValue):
                clew.log_image(image, "x.png")
        with pytest.raises(InvalidValue, match="letters"):
            clew.log_image(BLACK, key="k" * 121)
        with pytest.raises(InvalidValue, match="step"):
            clew.log_image(BLACK, key="k", step="one")  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="dictionary"):
            clew.log_table([1], "x.json")  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="cannot be written"):
            clew.log_table({"a": [1, "x"]}, "x.parquet")
        with pytest.raises(InvalidValue, match="bytes"):
            clew.log_stream(io.StringIO("x"), "x.txt")


def test_an_image_turns_into_its_forms() -> None:
    image = clew.Image(BLACK.tolist())
    assert image.resize((8, 6)).to_array().shape == (6, 8, 3)
    assert (image.to_list()[0][0], image.to_pil().size) == ([0, 0, 0], (4, 3))
    with clew.start_run() as run:
        clew.log_image(Pillow.new("CMYK", (2, 2)), key="cmyk", synchronous=True)
        clew.log_image(Pillow.new("1", (1, 600)), key="thin", synchronous=True)
        image.save("i.png")
        clew.log_image("i.png", "i.bmp")
    assert clew.artifacts.load_image(f"runs:/{run.info.run_id}/i.bmp").size == (4, 3)
