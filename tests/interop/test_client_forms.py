"""What MLflow's official R and Java clients really send, sent as they send it: each form must be taken.

The bodies are written out as the clients write them, not made by a JSON library of ours. R's client makes every number
and boolean a text as R prints it (``1e+05``, ``TRUE``) and sends both run ids; Java's is protobuf's JSON, with 64-bit
integers as texts and ``=``, ``'``, ``<``, ``>``, ``&`` escaped, and repeated query parameters.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from interop.wire import Wire, pairs

pytestmark = pytest.mark.interop
BASE = "/api/2.0/mlflow/"
R_HEADERS = {
    "User-Agent": "mlflow-r-client/3.1.0",
    "Accept": "application/json, text/xml, application/xml, */*",
    "Accept-Encoding": "deflate, gzip, br",
    "Content-Type": "application/json",
}
JAVA_HEADERS = {
    "User-Agent": "mlflow-java-client/3.1.0",
    "Accept-Encoding": "gzip,deflate",
    "Content-Type": "application/json",
}
Send = Callable[..., Any]


def unique(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:12]}"


def sender(url: str, headers: dict[str, str]) -> Send:
    wire = Wire(url, clew=True)

    def send(method: str, path: str, body: str | None = None, query: str = "") -> Any:
        """The JSON of an answer, which must be 200; R's client takes nothing else for success."""
        sent = headers if body is not None else {k: v for k, v in headers.items() if k != "Content-Type"}
        place = BASE + path + (f"?{query}" if query else "")
        answer = wire.request(method, place, None if body is None else body.encode(), sent)
        assert answer.status == 200, (method, place, body, answer.body)
        return json.loads(answer.body)

    return send


@pytest.fixture
def r(clew_server: str) -> Send:
    """Sends as MLflow's R client does."""
    return sender(clew_server, R_HEADERS)


@pytest.fixture
def java(clew_server: str) -> Send:
    """Sends as MLflow's Java client does."""
    return sender(clew_server, JAVA_HEADERS)


def r_run(r: Send, experiment_id: str = "0") -> str:
    body = f'{{"experiment_id":"{experiment_id}","user_id":"ann","start_time":"1795453822252","tags":[]}}'
    return str(r("POST", "runs/create", body)["run"]["info"]["run_uuid"])


def r_read(r: Send, run_id: str) -> Any:
    return r("GET", "runs/get", query=f"run_uuid={run_id}&run_id={run_id}")["run"]


def test_r_experiments(r: Send) -> None:
    name = unique("blütenblätter 花")
    made = r("POST", "experiments/create", f'{{"name":"{name}","tags":[{{"key":"a","value":"TRUE"}}]}}')
    experiment_id = made["experiment_id"]
    assert isinstance(experiment_id, str)
    got = r("GET", "experiments/get", query=f"experiment_id={experiment_id}")["experiment"]
    assert (got["name"], pairs(got["tags"])) == (name, {"a": "TRUE"})
    assert r("GET", "experiments/get-by-name", query=f"experiment_name={quote(name)}")["experiment"] == got
    r("POST", "experiments/set-experiment-tag", f'{{"key":"b","value":"2","experiment_id":"{experiment_id}"}}')
    r("POST", "experiments/update", f'{{"experiment_id":"{experiment_id}","new_name":"{name}!"}}')
    r("POST", "experiments/delete", f'{{"experiment_id":"{experiment_id}"}}')
    r("POST", "experiments/restore", f'{{"experiment_id":"{experiment_id}"}}')
    found = r(
        "POST",
        "experiments/search",
        f'{{"max_results":"1000","order_by":["name ASC"],"view_type":"ACTIVE_ONLY","filter":"name = \'{name}!\'"}}',
    )
    assert [e["experiment_id"] for e in found["experiments"]] == [experiment_id]
    assert r("POST", "experiments/search", '{"max_results":"5e+04","order_by":[]}')["experiments"]


def test_r_runs(r: Send) -> None:
    made = r(
        "POST",
        "runs/create",
        '{"experiment_id":"0","user_id":"ann","run_name":"von R","start_time":"1795453822252",'
        '"tags":[{"key":"mlflow.user","value":"ann"},{"key":"mlflow.source.type","value":"LOCAL"}]}',
    )["run"]["info"]
    assert (made["run_uuid"], made["start_time"], made["run_name"]) == (made["run_id"], 1795453822252, "von R")
    run_id = made["run_id"]
    both = f'"run_uuid":"{run_id}","run_id":"{run_id}"'
    r("POST", "runs/log-parameter", f'{{{both},"key":"größe","value":"1e-05"}}')
    r("POST", "runs/log-parameter", f'{{{both},"key":"flag","value":"TRUE"}}')
    r("POST", "runs/set-tag", f'{{{both},"key":"team","value":"<\\/b>"}}')
    r("POST", "runs/delete-tag", f'{{"run_id":"{run_id}","key":"mlflow.source.type"}}')
    data = r_read(r, run_id)["data"]
    assert pairs(data["params"]) == {"größe": "1e-05", "flag": "TRUE"}
    assert pairs(data["tags"]) == {"mlflow.user": "ann", "mlflow.runName": "von R", "team": "</b>"}
    ended = r("POST", "runs/update", f'{{{both},"status":"FINISHED","end_time":"1795453822253"}}')["run_info"]
    assert (ended["run_uuid"], ended["status"], ended["end_time"]) == (run_id, "FINISHED", 1795453822253)
    r("POST", "runs/delete", f'{{"run_id":"{run_id}"}}')
    r("POST", "runs/restore", f'{{"run_id":"{run_id}"}}')
    assert r_read(r, run_id)["info"]["lifecycle_stage"] == "active"


def test_r_round_numbers_are_written_with_an_exponent(r: Send) -> None:
    """R prints 100000 as 1e+05, in whole numbers too."""
    run_id = str(r("POST", "runs/create", '{"experiment_id":"0","start_time":"1.8e+12"}')["run"]["info"]["run_id"])
    assert r_read(r, run_id)["info"]["start_time"] == 1_800_000_000_000
    both = f'"run_uuid":"{run_id}","run_id":"{run_id}"'
    r("POST", "runs/log-metric", f'{{{both},"key":"m","value":"1e+06","timestamp":"1.8e+12","step":"1e+05"}}')
    assert r_read(r, run_id)["data"]["metrics"] == [
        {"key": "m", "value": 1e6, "timestamp": 1_800_000_000_000, "step": 100_000}
    ]
    assert r("POST", "runs/search", '{"experiment_ids":["0"],"max_results":"5e+04","run_view_type":"ACTIVE_ONLY"}')


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "0.1", "-2.5e-300", "123456.789012345"])
def test_r_metric_values_are_texts(r: Send, word: str) -> None:
    run_id = r_run(r)
    both = f'"run_uuid":"{run_id}","run_id":"{run_id}"'
    r("POST", "runs/log-metric", f'{{{both},"key":"m","value":"{word}","timestamp":"1795453822252","step":"0"}}')
    query = f"run_uuid={run_id}&run_id={run_id}&metric_key=m"
    (point,) = r("GET", "metrics/get-history", query=query)["metrics"]
    assert (point["timestamp"], point["step"]) == (1795453822252, 0)
    assert point["value"] == (word if word.isalpha() or word == "-Infinity" else float(word))


def test_r_log_batch(r: Send) -> None:
    """Data frames become lists of rows, every cell a text."""
    run_id = r_run(r)
    body = (
        f'{{"run_id":"{run_id}","metrics":[{{"key":"a","value":"1","step":"0","timestamp":"1795453822252"}},'
        '{"key":"b","value":"NaN","step":"-3","timestamp":"1795453822252"}],'
        '"params":[{"key":"p","value":"0.1"}],"tags":[{"key":"t","value":"é"}]}'
    )
    assert r("POST", "runs/log-batch", body) == {}
    data = r_read(r, run_id)["data"]
    assert {m["key"]: (m["value"], m["step"]) for m in data["metrics"]} == {"a": (1.0, 0), "b": ("NaN", -3)}
    assert pairs(data["params"]) == {"p": "0.1"}
    assert pairs(data["tags"])["t"] == "é"
    assert r("POST", "runs/log-batch", f'{{"run_id":"{run_id}","metrics":[],"params":[],"tags":[]}}') == {}


def test_r_search_pages(r: Send) -> None:
    experiment_id = r("POST", "experiments/create", f'{{"name":"{unique("pages")}"}}')["experiment_id"]
    runs = {r_run(r, experiment_id) for _ in range(3)}
    head = f'"experiment_ids":["{experiment_id}"],"run_view_type":"ALL","order_by":["attributes.start_time DESC"]'
    first = r("POST", "runs/search", f'{{{head},"max_results":"2"}}')
    rest = r("POST", "runs/search", f'{{{head},"max_results":"2","page_token":"{first["next_page_token"]}"}}')
    assert {run["info"]["run_uuid"] for page in (first, rest) for run in page["runs"]} == runs
    assert "next_page_token" not in rest
    assert len(r("POST", "runs/search", f'{{"experiment_ids":["{experiment_id}"],"order_by":[]}}')["runs"]) == 3


def test_r_lists_artifacts(r: Send) -> None:
    run_id = r_run(r)
    listed = r("GET", "artifacts/list", query=f"run_uuid={run_id}&run_id={run_id}&path=ein%20Ordner")
    assert listed["root_uri"].endswith(f"/{run_id}/artifacts")


def test_r_log_model_and_inputs(r: Send) -> None:
    run_id = r_run(r)
    card = {
        "artifact_path": "model",
        "flavors": {"crate": {"version": "3.1.0"}},
        "utc_time_created": "now",
        "run_id": run_id,
    }
    told = json.dumps(json.dumps(card))
    assert r("POST", "runs/log-model", f'{{"run_id":"{run_id}","model_json":{told}}}') == {}
    history = json.loads(pairs(r_read(r, run_id)["data"]["tags"])["mlflow.log-model.history"])
    assert history[0]["artifact_path"] == "model"


def test_r_registry(r: Send) -> None:
    name = unique("r model")
    made = r(
        "POST", "registered-models/create", f'{{"name":"{name}","tags":[{{"key":"a","value":"1"}}],"description":"d"}}'
    )
    assert made["registered_model"]["name"] == name
    run_id = r_run(r)
    source = r_read(r, run_id)["info"]["artifact_uri"] + "/model"
    create = f'{{"name":"{name}","source":"{source}","run_id":"{run_id}","tags":[{{"key":"k","value":"v"}}]}}'
    versions = [r("POST", "model-versions/create", create)["model_version"]["version"] for _ in range(2)]
    assert versions == ["1", "2"]
    stage = '"stage":"Production","archive_existing_versions":'
    r("POST", "model-versions/transition-stage", f'{{"name":"{name}","version":"1",{stage}"FALSE"}}')
    r("POST", "model-versions/transition-stage", f'{{"name":"{name}","version":"2",{stage}"TRUE"}}')
    query = urlencode({"name": name, "version": "1"})
    assert r("GET", "model-versions/get", query=query)["model_version"]["current_stage"] == "Archived"
    latest = r("GET", "registered-models/get-latest-versions", query=urlencode({"name": name, "stages": "Production"}))
    assert [v["version"] for v in latest["model_versions"]] == ["2"]
    r("POST", "registered-models/alias", f'{{"name":"{name}","alias":"champion","version":"2"}}')
    query = urlencode({"name": name, "alias": "champion"})
    assert r("GET", "registered-models/alias", query=query)["model_version"]["version"] == "2"
    query = urlencode({"name": name, "version": "2"})
    assert r("GET", "model-versions/get-download-uri", query=query)["artifact_uri"] == source
    r("PATCH", "model-versions/update", f'{{"name":"{name}","version":"1","description":"one"}}')
    r("POST", "model-versions/set-tag", f'{{"name":"{name}","version":"1","key":"q","value":"2"}}')
    r("DELETE", "model-versions/delete-tag", f'{{"name":"{name}","version":"1","key":"q"}}')
    r("DELETE", "model-versions/delete", f'{{"name":"{name}","version":"1"}}')
    r("PATCH", "registered-models/update", f'{{"name":"{name}","description":"two"}}')
    r("POST", "registered-models/set-tag", f'{{"name":"{name}","key":"z","value":"2"}}')
    r("DELETE", "registered-models/delete-tag", f'{{"name":"{name}","key":"z"}}')
    r("DELETE", "registered-models/alias", f'{{"name":"{name}","alias":"champion"}}')
    r("POST", "registered-models/rename", f'{{"name":"{name}","new_name":"{name}-2"}}')
    got = r("GET", "registered-models/get", query=urlencode({"name": f"{name}-2"}))["registered_model"]
    assert got["description"] == "two"
    r("DELETE", "registered-models/delete", f'{{"name":"{name}-2"}}')


def test_r_searches_the_registry_by_post(r: Send) -> None:
    stem = unique("by-post")
    for i in range(3):
        r("POST", "registered-models/create", f'{{"name":"{stem}-{i}"}}')
    head = f'"filter":"name LIKE \'{stem}%\'","max_results":"2","order_by":["name DESC"]'
    first = r("POST", "registered-models/search", f"{{{head}}}")
    rest = r("POST", "registered-models/search", f'{{{head},"page_token":"{first["next_page_token"]}"}}')
    names = [m["name"] for page in (first, rest) for m in page["registered_models"]]
    assert names == [f"{stem}-2", f"{stem}-1", f"{stem}-0"]


def test_java_runs(java: Send) -> None:
    made = java(
        "POST",
        "experiments/create",
        '{\n  "name": "' + unique("java \\u003d \\u0027x\\u0027 \\u003e \\u003c \\u0026 ü花") + '"\n}',
    )
    experiment_id = made["experiment_id"]
    got = java("GET", "experiments/get", query=f"experiment_id={experiment_id}")["experiment"]
    assert got["name"].startswith("java = 'x' > < & ü花-")
    assert (
        java("GET", "experiments/get-by-name", query=urlencode({"experiment_name": got["name"]}))["experiment"] == got
    )
    run = java(
        "POST",
        "runs/create",
        f'{{\n  "experiment_id": "{experiment_id}",\n  "user_id": "ann",\n  "start_time": "1795453822252",\n'
        '  "tags": [{\n    "key": "mlflow.user",\n    "value": "ann"\n  }]\n}',
    )["run"]["info"]
    run_id = run["run_uuid"]
    assert run["start_time"] == 1795453822252
    both = f'  "run_uuid": "{run_id}",\n  "run_id": "{run_id}"'
    java("POST", "runs/log-parameter", f'{{\n{both},\n  "key": "p",\n  "value": "a \\u003d \\u0027b\\u0027"\n}}')
    java("POST", "runs/set-tag", f'{{\n{both},\n  "key": "t",\n  "value": "x\\u003ey"\n}}')
    for word in ("0.25", '"NaN"', '"Infinity"', '"-Infinity"', "1.0E10"):
        body = f'{{\n{both},\n  "key": "m",\n  "value": {word},\n  "timestamp": "1795453822252",\n  "step": "3"\n}}'
        java("POST", "runs/log-metric", body)
    java(
        "POST",
        "runs/log-batch",
        f'{{\n  "run_id": "{run_id}",\n  "metrics": [{{\n    "key": "b",\n    "value": 1.0,\n'
        '    "timestamp": "1795453822252",\n    "step": "-9223372036854775808"\n  }],\n'
        '  "params": [{\n    "key": "q",\n    "value": ""\n  }]\n}',
    )
    java("POST", "runs/update", f'{{\n{both},\n  "status": "FAILED",\n  "end_time": "1795453822999"\n}}')
    stored = java("GET", "runs/get", query=f"run_uuid={run_id}&run_id={run_id}")["run"]
    assert (stored["info"]["status"], stored["info"]["end_time"]) == ("FAILED", 1795453822999)
    assert pairs(stored["data"]["params"]) == {"p": "a = 'b'", "q": ""}
    assert pairs(stored["data"]["tags"])["t"] == "x>y"
    assert {m["key"]: m["step"] for m in stored["data"]["metrics"]} == {"m": 3, "b": -(2**63)}
    query = f"run_uuid={run_id}&run_id={run_id}&metric_key=m"
    values = [m["value"] for m in java("GET", "metrics/get-history", query=query)["metrics"]]
    assert set(values) == {0.25, "NaN", "Infinity", "-Infinity", 1e10}


def test_java_search(java: Send) -> None:
    experiment_id = java("POST", "experiments/create", f'{{"name": "{unique("search")}"}}')["experiment_id"]
    for value in ("a", "b"):
        body = (
            f'{{"experiment_id": "{experiment_id}", "start_time": "1", "tags": [{{"key": "k", "value": "{value}"}}]}}'
        )
        java("POST", "runs/create", body)
    found = java(
        "POST",
        "runs/search",
        f'{{\n  "experiment_ids": ["{experiment_id}"],\n  "filter": "tags.k \\u003d \\u0027b\\u0027",\n'
        '  "run_view_type": "ACTIVE_ONLY",\n  "max_results": 1000,\n  "order_by": ["tags.k DESC"]\n}',
    )
    assert [pairs(run["data"]["tags"])["k"] for run in found["runs"]] == ["b"]
    found = java(
        "POST",
        "experiments/search",
        '{\n  "max_results": "1000",\n  "filter": "",\n  "order_by": ["creation_time DESC"],\n  "view_type": "ALL"\n}',
    )
    assert experiment_id in [e["experiment_id"] for e in found["experiments"]]
    listed = java("GET", "experiments/search", query="max_results=1000&view_type=ACTIVE_ONLY")
    assert experiment_id in [e["experiment_id"] for e in listed["experiments"]]


def test_java_registry(java: Send) -> None:
    name = unique("java+model")
    java("POST", "registered-models/create", f'{{\n  "name": "{name}"\n}}')
    run_id = java("POST", "runs/create", '{"experiment_id": "0", "start_time": "1"}')["run"]["info"]["run_id"]
    source = java("GET", "runs/get", query=f"run_id={run_id}")["run"]["info"]["artifact_uri"] + "/model"
    for _ in range(3):
        java("POST", "model-versions/create", f'{{"name": "{name}", "source": "{source}", "run_id": "{run_id}"}}')
    for version, stage in (("1", "Staging"), ("2", "Production")):
        body = f'{{"name": "{name}", "version": "{version}", "stage": "{stage}", "archive_existing_versions": false}}'
        java("POST", "model-versions/transition-stage", body)
    query = urlencode([("name", name), ("stages", "Staging"), ("stages", "None")])
    latest = java("GET", "registered-models/get-latest-versions", query=query)["model_versions"]
    assert {v["current_stage"]: v["version"] for v in latest} == {"Staging": "1", "None": "3"}
    every = java("GET", "registered-models/get-latest-versions", query=urlencode({"name": name}))["model_versions"]
    assert len(every) == 3
    query = urlencode({"filter": f"name='{name}'", "max_results": "2", "order_by": "version_number DESC"})
    page = java("GET", "model-versions/search", query=query)
    assert [v["version"] for v in page["model_versions"]] == ["3", "2"]
    more = java("GET", "model-versions/search", query=query + "&" + urlencode({"page_token": page["next_page_token"]}))
    assert [v["version"] for v in more["model_versions"]] == ["1"]
    query = urlencode({"name": name, "version": "2"})
    assert java("GET", "model-versions/get-download-uri", query=query)["artifact_uri"] == source
    assert java("GET", "model-versions/get", query=query)["model_version"]["current_stage"] == "Production"
    assert java("GET", "registered-models/get", query=urlencode({"name": name}))["registered_model"]["name"] == name
    found = java(
        "GET", "registered-models/search", query=urlencode({"filter": f"name = '{name}'", "max_results": "10"})
    )
    assert [m["name"] for m in found["registered_models"]] == [name]
    java("DELETE", "model-versions/delete", f'{{\n  "name": "{name}",\n  "version": "1"\n}}')
    java("DELETE", "registered-models/delete", f'{{\n  "name": "{name}"\n}}')


def test_repeated_query_parameters(java: Send) -> None:
    """Lists in a query repeat the parameter; one occurrence is a list of one."""
    stem = unique("repeated")
    made = [java("POST", "experiments/create", f'{{"name": "{stem}-{i}"}}')["experiment_id"] for i in range(2)]
    runs = [java("POST", "runs/create", f'{{"experiment_id": "{e}", "start_time": "1"}}')["run"]["info"] for e in made]
    for info in runs:
        body = f'{{"run_id": "{info["run_id"]}", "key": "m", "value": 1.0, "timestamp": "1", "step": "0"}}'
        java("POST", "runs/log-metric", body)
    ids = [info["run_id"] for info in runs]
    for chosen in (ids, ids[:1]):
        query = urlencode([*(("run_ids", i) for i in chosen), ("metric_key", "m"), ("max_results", "10")])
        points = java("GET", "metrics/get-history-bulk-interval", query=query)["metrics"]
        assert {p["run_id"] for p in points} == set(chosen)
    query = urlencode([("max_results", "2"), ("order_by", "name DESC"), ("order_by", "experiment_id ASC")])
    listed = java("GET", "experiments/search", query=query + "&" + urlencode({"filter": f"name LIKE '{stem}%'"}))
    assert [e["experiment_id"] for e in listed["experiments"]] == made[::-1]


def test_arguments_of_delete_in_the_query(r: Send) -> None:
    """Some gateways drop the body of a DELETE; then the query is read."""
    name = unique("query")
    r("POST", "registered-models/create", f'{{"name":"{name}"}}')
    r("DELETE", "registered-models/delete", query=urlencode({"name": name}))
    assert r("POST", "registered-models/search", f'{{"filter":"name = \'{name}\'"}}') == {}
