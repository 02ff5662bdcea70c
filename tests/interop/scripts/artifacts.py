"""Files of runs through MLflow's own client: every way up, listing, every way down."""

import json
import os
import tempfile
from uuid import uuid4

import expect
import mlflow
from mlflow import MlflowClient
from PIL import Image

client = MlflowClient()
experiment = mlflow.set_experiment(f"artifacts-{uuid4().hex[:8]}")
BLOB = bytes(range(256)) * 20_000
HARD_NAMES = ("two words.txt", "50% plus+.txt", "文件.txt", "a&b=c.txt")

with tempfile.TemporaryDirectory() as here, mlflow.start_run() as run:
    run_id = run.info.run_id
    os.makedirs(f"{here}/tree/deep/er")
    for path in ("one.txt", "tree/two.txt", "tree/deep/er/three.bin"):
        with open(f"{here}/{path}", "wb") as file:
            file.write(BLOB if path.endswith("bin") else path.encode())
    mlflow.log_artifact(f"{here}/one.txt")
    mlflow.log_artifact(f"{here}/one.txt", artifact_path="copies")
    mlflow.log_artifacts(f"{here}/tree", artifact_path="tree")
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_text("", "notes/empty.txt")
    mlflow.log_dict({"a": [1, 2]}, "config.json")
    mlflow.log_image(Image.new("RGB", (4, 4), "red"), "red.png")
    mlflow.log_table({"x": [1, 2]}, "table.json")
    for name in HARD_NAMES:
        mlflow.log_text(name, f"names/{name}")

    top = {f.path: (f.is_dir, f.file_size) for f in client.list_artifacts(run_id)}
    assert top["one.txt"] == (False, 7)
    assert top["tree"] == (True, None)
    assert list(top) == sorted(top)
    assert {f.path for f in client.list_artifacts(run_id, "tree")} == {"tree/two.txt", "tree/deep"}
    assert [(f.path, f.file_size) for f in client.list_artifacts(run_id, "tree/deep/er")] == [
        ("tree/deep/er/three.bin", len(BLOB))
    ]
    assert {f.path for f in client.list_artifacts(run_id, "names")} == {f"names/{n}" for n in HARD_NAMES}
    assert client.list_artifacts(run_id, "nowhere") == []

    local = client.download_artifacts(run_id, "tree", here)
    with open(f"{local}/deep/er/three.bin", "rb") as file:
        assert file.read() == BLOB
    everything = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/", dst_path=f"{here}/all")
    for path in ("one.txt", "copies/one.txt", "tree/two.txt", "notes/empty.txt", "config.json", "red.png"):
        assert os.path.exists(f"{everything}/{path}"), path
    for name in HARD_NAMES:
        with open(f"{everything}/names/{name}", encoding="utf-8") as file:
            assert file.read() == name
    base = run.info.artifact_uri
    assert mlflow.artifacts.load_text(f"{base}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"{base}/config.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_image(f"{base}/red.png").size == (4, 4)
    assert json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"])
    mlflow.log_text("changed", "notes/hello.txt")
    assert mlflow.artifacts.load_text(f"{base}/notes/hello.txt") == "changed"

assert "Invalid path" in expect.fails(client.list_artifacts, run_id, "../..")
assert "missing.txt" in expect.fails(client.download_artifacts, run_id, "missing.txt")
print("ok")
