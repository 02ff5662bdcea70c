"""Large files between MLflow's own client and the object store itself, by addresses that the server signs."""

import os
import tempfile

os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(6 << 20)
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 << 20)
os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(4 << 20)

import mlflow
import requests
from mlflow.store.artifact import http_artifact_repo

puts: list[str] = []
chunks: list[str] = []
real_put, real_chunk = requests.put, http_artifact_repo.download_chunk


def put(url: str, **more: object) -> requests.Response:
    puts.append(url)
    return real_put(url, **more)


def chunk(**more: object) -> None:
    chunks.append(str(more["http_uri"]))
    real_chunk(**more)


requests.put, http_artifact_repo.download_chunk = put, chunk
tracking = os.environ["MLFLOW_TRACKING_URI"]
blob = os.urandom((13 << 20) + 7)

with tempfile.TemporaryDirectory() as here, mlflow.start_run() as run:
    with open(f"{here}/large file.bin", "wb") as file:
        file.write(blob)
    mlflow.log_artifact(f"{here}/large file.bin", artifact_path="d")
    found = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="d/large file.bin", dst_path=here)
    with open(found, "rb") as file:
        assert file.read() == blob
    (listed,) = mlflow.MlflowClient().list_artifacts(run.info.run_id, "d")
    assert (listed.path, listed.file_size) == ("d/large file.bin", len(blob))

assert len(puts) == 3, puts
assert len(chunks) == 4, chunks
assert not any(url.startswith(tracking) for url in (*puts, *chunks))
print("ok")
