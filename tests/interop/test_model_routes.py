"""Each call on logged models as it travels; on MLflow's own server where it is slow."""

from __future__ import annotations

from typing import Any

import pytest

from interop.wire import Wire, pairs

pytestmark = pytest.mark.interop
NONE = "m-" + "0" * 32


def found(wire: Wire, *homes: str, **fields: Any) -> list[str]:
    answer = wire.ok("search_logged_models", experiment_ids=homes, **fields)
    return [model["info"]["model_id"] for model in answer.get("models", ())]


def test_create_logged_model(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_id = wire.run(experiment_id)
    made = wire.ok(
        "create_logged_model",
        experiment_id=experiment_id,
        name="net",
        model_type="agent",
        source_run_id=run_id,
        params=[{"key": "lr", "value": "0.1"}],
        tags=[{"key": "a", "value": "1"}],
    )["model"]
    info = made["info"]
    assert info["model_id"].startswith("m-")
    assert (info["name"], info["model_type"], info["source_run_id"]) == ("net", "agent", run_id)
    assert info["status"] in ("LOGGED_MODEL_PENDING", 1)
    assert info["artifact_uri"].endswith(f"{experiment_id}/models/{info['model_id']}/artifacts")
    assert pairs(made["data"]["params"]) == {"lr": "0.1"}
    assert pairs(info["tags"])["a"] == "1"
    assert wire.ok("create_logged_model", experiment_id=experiment_id)["model"]["info"]["name"]
    for name in ("a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"):
        wire.invalid("create_logged_model", "Invalid model name", experiment_id=experiment_id, name=name)
    wire.invalid("create_logged_model", "Missing value for required parameter 'experiment_id'")
    wire.absent("create_logged_model", "No Experiment with id=999999999 exists", experiment_id="999999999")


def test_get_logged_model(wire: Wire) -> None:
    model_id = wire.model(wire.experiment(), name="net")
    assert wire.ok("get_logged_model", model_id=model_id)["model"]["info"]["name"] == "net"
    wire.absent("get_logged_model", f"Logged model with ID '{NONE}' not found", model_id=NONE)
    wire.ok("delete_logged_model", model_id=model_id)
    wire.absent("get_logged_model", f"Logged model with ID '{model_id}' not found", model_id=model_id)


def test_finalize_logged_model(wire: Wire) -> None:
    model_id = wire.model(wire.experiment())
    for status in ("LOGGED_MODEL_READY", 3):
        wire.ok("finalize_logged_model", model_id=model_id, status=status)
    status = wire.ok("get_logged_model", model_id=model_id)["model"]["info"]["status"]
    assert status in ("LOGGED_MODEL_UPLOAD_FAILED", 3)
    wire.absent("finalize_logged_model", "not found", model_id=NONE, status="LOGGED_MODEL_READY")
    if wire.clew:  # MLflow wants the id in the body, too
        path = f"/api/2.0/mlflow/logged-models/{model_id}"
        body, kind = b'{"status": "LOGGED_MODEL_READY"}', {"Content-Type": "application/json"}
        assert wire.request("PATCH", path, body, kind).status == 200
        wire.invalid("finalize_logged_model", "Missing value for required parameter 'status'", model_id=model_id)


def test_delete_logged_model(wire: Wire) -> None:
    experiment_id = wire.experiment()
    model_id = wire.model(experiment_id)
    assert wire.ok("delete_logged_model", model_id=model_id) == {}
    assert found(wire, experiment_id) == []
    wire.absent("delete_logged_model", "not found", model_id=NONE)


def test_search_logged_models(wire: Wire) -> None:
    home = wire.experiment()
    run_id = wire.run(home)
    ids = [wire.model(home, name=f"net{n}", params=[{"key": "n", "value": str(n)}]) for n in range(3)]
    data = {"dataset_name": "d", "dataset_digest": "1"}
    wire.ok(
        "log_inputs",
        run_id=run_id,
        datasets=[{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "s"}}],
    )
    for n, model_id in enumerate(ids):
        for value, bound in ((float(n), data), (float(-n), {})):
            fields = {"key": "acc" if bound else "raw", "value": value, "timestamp": 1, "step": 0, "model_id": model_id}
            wire.ok("log_metric", run_id=run_id, **fields, **bound)
    assert set(found(wire, home)) == set(ids)
    assert found(wire, home, filter="name = 'net1'") == [ids[1]]
    assert found(wire, home, filter="name = 'none'") == []
    assert wire.ok("search_logged_models", experiment_ids=[home], filter="name = 'none'") == {}
    assert found(wire, home, filter="params.n = '2'") == [ids[2]]
    assert set(found(wire, home, filter="metrics.acc >= 1", datasets=[data])) == set(ids[1:])
    assert found(wire, home, filter="metrics.acc >= 1", datasets=[{"dataset_name": "other"}]) == []
    by = {"field_name": "metrics.acc", "ascending": False} | data
    assert found(wire, home, order_by=[by]) == ids[::-1]
    assert found(wire, home, order_by=[{"field_name": "name"}]) == ids
    ordered = {"experiment_ids": [home], "order_by": [{"field_name": "name"}], "max_results": 2}
    page = wire.ok("search_logged_models", **ordered)
    rest = wire.ok("search_logged_models", **ordered, page_token=page["next_page_token"])
    assert [m["info"]["model_id"] for m in page["models"] + rest["models"]] == ids
    assert "next_page_token" not in rest
    bogus = "Invalid order by field name: bogus"
    wire.invalid("search_logged_models", bogus, experiment_ids=[home], order_by=[{"field_name": "bogus"}])
    wire.invalid("search_logged_models", "", experiment_ids=[home], filter="name >")
    other = ordered | {"page_token": page["next_page_token"], "filter": "name = 'net1'"}
    assert wire.call("search_logged_models", **other).status == 400
    if wire.clew:  # MLflow: INTERNAL_ERROR
        wire.invalid("search_logged_models", "", experiment_ids=[home], filter="bogus = 'x'")
    wire.invalid("search_logged_models", "Invalid page token", experiment_ids=[home], page_token="!")


def test_set_logged_model_tags(wire: Wire) -> None:
    model_id = wire.model(wire.experiment())
    for value in ("1", "2"):
        wire.ok("set_logged_model_tags", model_id=model_id, tags=[{"key": "k", "value": value}])
    assert pairs(wire.ok("get_logged_model", model_id=model_id)["model"]["info"]["tags"])["k"] == "2"
    wire.absent("set_logged_model_tags", "not found", model_id=NONE, tags=[{"key": "k", "value": "v"}])


def test_delete_logged_model_tag(wire: Wire) -> None:
    model_id = wire.model(wire.experiment(), tags=[{"key": "k", "value": "v"}])
    wire.ok("delete_logged_model_tag", model_id=model_id, tag_key="k")
    assert "k" not in pairs(wire.ok("get_logged_model", model_id=model_id)["model"]["info"].get("tags", []))
    wire.absent("delete_logged_model_tag", "k", model_id=model_id, tag_key="k")
    wire.absent("delete_logged_model_tag", "not found", model_id=NONE, tag_key="k")


def test_log_logged_model_params(wire: Wire) -> None:
    model_id = wire.model(wire.experiment())
    assert wire.ok("log_logged_model_params", model_id=model_id, params=[{"key": "p", "value": "1"}]) == {}
    assert pairs(wire.ok("get_logged_model", model_id=model_id)["model"]["data"]["params"]) == {"p": "1"}
    wire.absent("log_logged_model_params", "not found", model_id=NONE, params=[{"key": "p", "value": "1"}])


def test_list_logged_model_artifacts(wire: Wire) -> None:
    experiment_id = wire.experiment()
    model_id = wire.model(experiment_id)
    root = f"/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/models/{model_id}/artifacts"
    assert wire.request("PUT", f"{root}/d/a.txt", b"abc").status == 200
    assert wire.request("PUT", f"{root}/MLmodel", b"x: 1").status == 200
    top = wire.ok("list_logged_model_artifacts", model_id=model_id)
    assert top["root_uri"].endswith(f"{experiment_id}/models/{model_id}/artifacts")
    files = [{"path": "MLmodel", "is_dir": False, "file_size": 4}, {"path": "d", "is_dir": True}]
    assert sorted(top["files"], key=lambda f: f["path"]) == files
    below = wire.ok("list_logged_model_artifacts", model_id=model_id, artifact_directory_path="d")["files"]
    assert below == [{"path": "d/a.txt", "is_dir": False, "file_size": 3}]
    wire.absent("list_logged_model_artifacts", "not found", model_id=NONE)
    wire.invalid("list_logged_model_artifacts", "Invalid path", model_id=model_id, artifact_directory_path="../x")
    one = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
    answer = wire.request("GET", one, query={"artifact_file_path": "d/a.txt"})
    assert (answer.status, answer.body) == (200, b"abc")
