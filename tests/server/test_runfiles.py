"""The models of a run among its own files, as clients from before MLflow 3 look for them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from .conftest import API, NATIVE, Tracker

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
OLD, NEW = {"user-agent": "mlflow-python-client/2.22.0"}, {"user-agent": "mlflow-python-client/3.17.2"}


def put(client: Tracker, location: str, path: str, body: bytes) -> None:
    place = location.removeprefix("mlflow-artifacts:/")
    assert client.request("PUT", f"{PROXY}/{place}/{path}", body).status == 200


def model(client: Tracker, run_id: str, name: str, **files: bytes) -> str:
    """A logged model of the run with these files (``__`` for the dot)."""
    fields = {"experiment_id": "0", "name": name, "source_run_id": run_id}
    info = client.ok(API + "logged-models", fields)["model"]["info"]
    for file, body in files.items():
        put(client, info["artifact_uri"], file.replace("__", "."), body)
    client.ok(API + "runs/outputs", {"run_id": run_id, "models": [{"model_id": info["model_id"], "step": 0}]})
    return str(info["model_id"])


def names(answer: Any) -> list[str]:
    return [file["path"] for file in answer.json().get("files", ())]


@pytest.fixture
def run_id(client: Tracker) -> str:
    """A run with the file notes.txt and the model ``net``, which was logged twice."""
    run_id = client.new_run()
    put(client, client.run(run_id)["info"]["artifact_uri"], "notes.txt", b"hello")
    model(client, run_id, "net", MLmodel=b"old")
    model(client, run_id, "net", MLmodel=b"flavors: {}\n", data__bin=b"\0\1")
    return run_id


def test_the_newest_model_of_a_name_is_a_folder_of_the_run(client: Tracker, run_id: str) -> None:
    for listing in (API + "artifacts/list", NATIVE + "artifacts/list"):
        assert names(client.get(listing, run_id=run_id)) == ["net", "notes.txt"]
        assert names(client.get(listing, run_id=run_id, path="net")) == ["net/MLmodel", "net/data.bin"]
        assert names(client.get(listing, run_id=run_id, path="net/MLmodel")) == []
        assert names(client.get(listing, run_id=run_id, path="ne")) == []
    assert client.get("/get-artifact", run_id=run_id, path="net/MLmodel").body == b"flavors: {}\n"
    assert client.get(NATIVE + "artifacts/view", run_id=run_id, path="net/data.bin").body == b"\0\1"
    assert client.get("/get-artifact", run_id=run_id, path="net/none").status == 404
    assert client.get("/get-artifact", run_id=run_id, path="net/../notes.txt").status == 400


def test_an_old_client_finds_the_model_where_it_looks_and_a_new_one_adds_it_itself(
    client: Tracker, run_id: str
) -> None:
    root = client.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")

    def seen(headers: dict[str, str], path: str) -> list[str]:
        return names(client.request("GET", PROXY, headers=headers, query={"path": path}))

    assert seen(OLD, root) == seen({}, root) == ["net", "notes.txt"]
    assert seen(OLD, f"{root}/net") == ["MLmodel", "data.bin"]
    assert client.request("GET", f"{PROXY}/{root}/net/data.bin", headers=OLD).body == b"\0\1"
    assert client.request("GET", f"{PROXY}/{root}/net/none", headers=OLD).status == 404
    assert seen(NEW, root) == ["notes.txt"]
    assert seen(NEW, f"{root}/net") == []
    assert client.request("GET", f"{PROXY}/{root}/net/data.bin", headers=NEW).status == 404
    assert seen(OLD, root.replace(run_id, "0" * 32)) == []


def test_own_files_under_the_models_name_come_first_and_nothing_is_seen_twice(client: Tracker, run_id: str) -> None:
    root = client.run(run_id)["info"]["artifact_uri"]
    put(client, root, "net/MLmodel", b"mine")
    put(client, root, "net/extra.txt", b"more")
    assert names(client.get(API + "artifacts/list", run_id=run_id)) == ["net", "notes.txt"]
    assert names(client.get(API + "artifacts/list", run_id=run_id, path="net")) == [
        "net/MLmodel",
        "net/data.bin",
        "net/extra.txt",
    ]
    assert client.get("/get-artifact", run_id=run_id, path="net/MLmodel").body == b"mine"
    assert client.get("/get-artifact", run_id=run_id, path="net/data.bin").body == b"\0\1"


def test_a_zip_has_what_the_listing_shows(client: Tracker, run_id: str) -> None:
    put(client, client.run(run_id)["info"]["artifact_uri"], "net/MLmodel", b"mine")

    def zipped(path: str) -> dict[str, bytes]:
        answer = client.get(NATIVE + "artifacts/zip", run_id=run_id, path=path)
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert zipped("") == {"notes.txt": b"hello", "net/MLmodel": b"mine", "net/data.bin": b"\0\1"}
    assert zipped("net") == {"MLmodel": b"mine", "data.bin": b"\0\1"}
    assert client.get(NATIVE + "artifacts/zip", run_id=run_id, path="nothing").status == 404


def test_a_deleted_model_leaves_the_listing(client: Tracker) -> None:
    run_id = client.new_run()
    model_id = model(client, run_id, "net", MLmodel=b"x")
    assert client.request("DELETE", f"{API}logged-models/{model_id}").status == 200
    assert names(client.get(API + "artifacts/list", run_id=run_id)) == []
    assert client.get("/get-artifact", run_id=run_id, path="net/MLmodel").status == 404
