"""Tables, images, streams and figures: one script for MLflow's client and for Clew's, against either server."""

import io
import json
import os
import re
from uuid import uuid4

try:
    import mlflow
except ImportError:
    import clew as mlflow

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image

mpl.use("Agg")
import matplotlib.pyplot as plt

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = mlflow.MlflowClient()
experiment = mlflow.set_experiment(f"media-{uuid4().hex[:8]}")
picture = Image.fromarray(np.arange(30 * 40 * 3, dtype=np.uint8).reshape(30, 40, 3))


def names(run_id: str, path: str = "") -> list[str]:
    return sorted(f.path for f in client.list_artifacts(run_id, path or None))


with mlflow.start_run() as run:
    run_id = run.info.run_id
    # Tables grow by every call.
    mlflow.log_table({"a": [1, 2], "b": ["x", "007"]}, "t.json")
    mlflow.log_table({"a": 3, "b": "z"}, artifact_file="t.json")
    mlflow.log_table(pd.DataFrame({"a": [5.5], "c": [True]}), "t.json")
    mlflow.log_table({"q": [1, 2]}, "deep/p.parquet")
    mlflow.log_table({"q": [3]}, "deep/p.parquet")
    mlflow.log_table({"n": [1, 2], "im": [picture, mlflow.Image(np.zeros((3, 4, 3), dtype=np.uint8))]}, "deep/im.json")
    # Images: files, and series over steps.
    mlflow.log_image(picture, "plain.png")
    mlflow.log_image(np.full((3, 4), 0.5), "grey.png")
    mlflow.log_image(np.zeros((300, 400, 4), dtype=np.uint8), key="dogs/one two", step=3, timestamp=1600000000123)
    mlflow.log_image(mlflow.Image(picture), key="dogs/one two", step=4, synchronous=True)
    # Streams, texts, figures.
    mlflow.log_stream(io.BytesIO(b"\x00abc"), "s/x.bin")
    mlflow.log_text("a\nü", "x.html")
    mlflow.log_dict({"k": [1, None]}, "d.yml")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "f.png", save_kwargs={"dpi": 40})
    mlflow.flush_artifact_async_logging()

    table = mlflow.load_table("t.json")
    assert table["a"].tolist() == [1, 2, 3, 5.5], table
    assert [b for b in table["b"] if isinstance(b, str)][2] == "z"
    assert table["c"].tolist()[3] in (True, 1.0)
    assert mlflow.load_table("deep/p.parquet", run_ids=[run_id])["q"].tolist() == [1, 2, 3]

with mlflow.start_run() as other:
    mlflow.log_param("lr", 0.5)
    client.log_table(other.info.run_id, {"a": [9]}, artifact_file="t.json")
both = client.load_table(experiment.experiment_id, "t.json", extra_columns=["run_id", "params.lr"])
assert sorted(both["a"]) == [1, 2, 3, 5.5, 9]
assert both[both.run_id == other.info.run_id]["params.lr"].tolist() == ["0.5"]
assert len(mlflow.load_table("t.json", run_ids=[other.info.run_id])) == 1

tags = client.get_run(run_id).data.tags
assert tags["mlflow.loggedImages"] == "True"
listed = json.loads(tags["mlflow.loggedArtifacts"])
assert listed == [{"path": path, "type": "table"} for path in ("t.json", "deep/p.parquet", "deep/im.json")], listed

cells = mlflow.load_table("deep/im.json")["im"].tolist()
assert [c["type"] for c in cells] == ["image", "image"]
for cell in cells:
    assert re.fullmatch(r"table_images/deep/im/[-0-9a-f]{36}\.png", cell["filepath"])
    assert cell["compressed_filepath"] == cell["filepath"].replace(".png", ".webp")
    assert Image.open(client.download_artifacts(run_id, cell["compressed_filepath"])).format == "WEBP"
assert Image.open(client.download_artifacts(run_id, cells[0]["filepath"])).size == (40, 30)

series = names(run_id, "images")
uuid = "[-0-9a-f]{36}"
assert len(series) == 4, series
assert re.fullmatch(rf"images/dogs~one two\+step\+3\+timestamp\+1600000000123\+{uuid}\+compressed\.webp", series[0])
assert re.fullmatch(rf"images/dogs~one two\+step\+3\+timestamp\+1600000000123\+{uuid}\.png", series[1])
assert re.fullmatch(rf"images/dogs~one two\+step\+4\+timestamp\+\d{{13}}\+{uuid}\.png", series[3])
assert Image.open(client.download_artifacts(run_id, series[0])).size == (256, 192)
assert Image.open(client.download_artifacts(run_id, series[1])).size == (400, 300)

assert mlflow.artifacts.load_image(f"runs:/{run_id}/plain.png").size == (40, 30)
assert mlflow.artifacts.load_image(f"runs:/{run_id}/grey.png").getpixel((0, 0)) == 127
assert mlflow.artifacts.load_text(f"runs:/{run_id}/x.html") == "a\nü"
assert mlflow.artifacts.load_dict(f"runs:/{run_id}/deep/im.json")["columns"] == ["n", "im"]
with open(client.download_artifacts(run_id, "s/x.bin"), "rb") as file:
    assert file.read() == b"\x00abc"
assert Image.open(client.download_artifacts(run_id, "f.png")).format == "PNG"
for wrong in (
    lambda: client.log_table(run_id, {"a": [1]}, "t.csv"),
    lambda: client.log_image(run_id, picture),
    lambda: client.log_image(run_id, picture, "x.png", key="x"),
    lambda: client.log_image(run_id, picture, key="a#b"),
    lambda: mlflow.load_table("none.json"),
    lambda: mlflow.artifacts.load_image(f"runs:/{run_id}/x.html"),
):
    try:
        wrong()
    except Exception:  # noqa: BLE001 - MLflow and Clew raise different classes
        continue
    raise AssertionError("not refused")
print("ok")
