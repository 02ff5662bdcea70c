"""What an attacker may try, each refused: from foreign web pages, in texts, tokens, patterns and addresses.

Artifact paths are in ``test_artifact_security``, sizes and depths in ``test_limits``, streams in ``test_events``,
redirects in ``test_workspace``.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.query.text import quote
from clew.server.app import App
from clew.server.context import Site
from clew.server.gate import FOREIGN_HOST, FOREIGN_ORIGIN
from clew.server.limits import Limits
from clew.wire.routes import ROUTES

from .conftest import API, NATIVE, Answer, Tracker

JSON = {"content-type": "application/json"}
PROXIED = "/api/2.0/mlflow-artifacts/"
ARTIFACTS = PROXIED + "artifacts"
AJAX_UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
BY_HAND = [
    ("PUT", f"{ARTIFACTS}/a.txt"),
    ("DELETE", f"{ARTIFACTS}/a.txt"),
    ("POST", f"{PROXIED}mpu/create/a"),
    ("POST", AJAX_UPLOAD),
    ("PUT", f"{NATIVE}artifacts/uploads/{'0' * 32}/parts/0"),
]
READ_BY_HAND = (
    *("/", "/health", "/version", "/ready", "/metrics", "/experiments/1", "/l/aaaaaaaa", "/get-artifact", "/nothing"),
    *(f"{ARTIFACTS}/a.txt", ARTIFACTS, NATIVE + "events", NATIVE + "artifacts/view", NATIVE + "artifacts/zip"),
    *("/api/3.0/mlflow/server-info", f"{PROXIED}presigned/a"),
)


def table() -> list[tuple[str, str]]:
    """Every (method, path) of the route table, twins included."""
    found = []
    for route in ROUTES.values():
        for method, path in ((route.method, route.path), *route.also):
            filled = re.sub(r"{\w+}", "x", path)
            found.append((method, filled))
            if filled.startswith("/api/2.0/"):
                found.append((method, "/ajax-" + filled[1:]))
    return found


def addresses() -> list[tuple[str, str]]:
    """Every (method, path), those beside the table included."""
    return [*table(), *BY_HAND, *(("GET", path) for path in READ_BY_HAND)]


def stored(client: Tracker) -> list[Any]:
    """What a refused request may not change."""
    count = client.app.site.store.read(lambda tx: tx.one("SELECT count(*) FROM experiment"))
    return [count, client.get(ARTIFACTS).json()]


def test_a_page_that_rebinds_its_name_reaches_nothing(lite: Tracker) -> None:
    hosts = ("evil.example", "evil.example:5000", "127.0.0.1.evil.example", "8.8.8.8", "localhost@evil.example")
    for (method, path), host in itertools.product(addresses(), hosts):
        answer = lite.request(method, path, b'{"name":"x"}' if method != "GET" else b"", JSON | {"host": host})
        assert (answer.status, answer.text) == (403, FOREIGN_HOST), (method, path, host)


def test_a_page_of_another_site_changes_nothing(lite: Tracker) -> None:
    before = stored(lite)
    changing = [(method, path) for method, path in addresses() if method != "GET"]
    assert len(changing) > 40
    origins = ("http://evil.example", "https://localhost.evil.example", "null", "http://localhost@evil.example")
    kinds = ("application/json", "text/plain")  # the second is what a form sends without asking first
    for (method, path), origin, kind in itertools.product(changing, origins, kinds):
        answer = lite.request(method, path, b'{"name":"x"}', {"origin": origin, "content-type": kind})
        assert (answer.status, answer.text) == (403, FOREIGN_ORIGIN), (method, path, origin)
    assert stored(lite) == before


def test_no_answer_opens_the_server_to_other_sites(lite: Tracker) -> None:
    for method, path in [*addresses(), ("OPTIONS", API + "runs/create")]:
        if path != NATIVE + "events":  # an endless one
            answer = lite.request(method, path, b"{}", JSON)
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "SAMEORIGIN"


SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_no_page_holds_what_somebody_stored_or_asked(lite: Tracker) -> None:
    experiment_id = lite.new_experiment(SCRIPT)
    run_id = lite.new_run(experiment_id, run_name=SCRIPT, tags=[{"key": "note", "value": SCRIPT}])
    lite.ok(NATIVE + "views", {"experiment_id": experiment_id, "name": SCRIPT, "body": {"x": SCRIPT}})
    asked = "/experiments/" + SCRIPT.replace("/", "%2f")
    pages = (
        "/",
        f"/experiments/{experiment_id}",
        f"/runs/{run_id}",
        asked,
        "/search",
        "/nothing" + SCRIPT,
        "/l/<script>",
    )
    for path, accept in itertools.product(pages, ("text/html", "*/*")):
        answer = lite.request("GET", path, headers={"accept": accept}, query={"q": SCRIPT})
        assert "alert(1)" not in answer.text
    for answer in (
        lite.get(API + "experiments/get", experiment_id=experiment_id),
        lite.get(API + "experiments/get", experiment_id=SCRIPT),
        lite.get(API + "runs/get", run_id=SCRIPT),
        lite.get("/get-artifact", run_id=run_id, path=SCRIPT),
        lite.get(NATIVE + "openapi.json"),
    ):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "alert(1)" not in lite.get("/metrics").text


NUMBERS = ("1e400", "-1e400", "9" * 100_000, "-" + "9" * 100_000, "1e-400", "0." + "9" * 100_000)
NUMBERED = (
    (API + "runs/log-metric", '{"run_id":"%s","key":"m","value":%s,"timestamp":1}'),
    (API + "runs/log-metric", '{"run_id":"%s","key":"m","value":1,"timestamp":%s}'),
    (API + "runs/log-metric", '{"run_id":"%s","key":"m","value":"%s","timestamp":1}'),
    (API + "runs/update", '{"run_id":"%s","end_time":%s}'),
    (API + "runs/search", '{"filter":"run_id = \'%s\'","experiment_ids":["0"],"max_results":%s}'),
    (API + "runs/search", '{"filter":"run_id = \'%s\' OR metrics.m > %s","experiment_ids":["0"]}'),
    (NATIVE + "runs/query", '{"filter":"run_id = \'%s\' OR start_time > %s","experiment_ids":["0"]}'),
    (NATIVE + "series", '{"run_ids":["%s"],"keys":["m"],"max_points":%s}'),
)


def test_numbers_beyond_measure_are_bad_input_or_their_limit(client: Tracker) -> None:
    run_id = client.new_run()
    for number in NUMBERS:
        answers = [client.request("POST", path, (body % (run_id, number)).encode(), JSON) for path, body in NUMBERED]
        answers.append(client.get(API + "metrics/get-history", run_id=run_id, metric_key="m", max_results=number))
        assert {answer.status for answer in answers} <= {200, 400}, number[:20]
    run = client.run(run_id)
    values = [metric["value"] for metric in run["data"].get("metrics", ())]
    assert all(isinstance(value, (int, float)) or value in ("Infinity", "-Infinity") for value in values)
    assert "end_time" not in run["info"] or abs(run["info"]["end_time"]) < 2**63


def test_a_body_over_the_limit_is_refused_by_every_call(lite: Tracker) -> None:
    small = Tracker(App(lite.app.site, limits=Limits(body_bytes=5000)))
    try:
        for method, path in table():
            if method != "GET" and path != NATIVE + "host/retire":  # which only a Unix socket reaches
                assert small.request(method, path, [b" " * 4000, b" " * 4000], JSON).status == 413, (method, path)
    finally:
        small.close()


PAGED = {
    "search_experiments": (API + "experiments/search", {"max_results": 1, "view_type": "ALL"}),
    "search_runs": (
        API + "runs/search",
        {"experiment_ids": ["0"], "max_results": 1, "order_by": ["metrics.m", "params.p"]},
    ),
    "search_logged_models": (API + "logged-models/search", {"experiment_ids": ["0"], "max_results": 1}),
    "query_runs": (NATIVE + "runs/query", {"experiment_ids": ["0"], "max_results": 1, "order_by": ["tags.t"]}),
    "query_experiments": (NATIVE + "experiments/query", {"max_results": 1}),
}


def tampered(token: str) -> Iterator[str]:
    """The token with a character, a number or all of it changed."""
    raw = base64.b64decode(token, altchars=b"-_")
    for at, other in itertools.product(range(0, len(token), 3), ("A", "/", "\x7f")):
        yield token[:at] + other + token[at + 1 :]
    for new in (b"null", b'"x"', b"1e400", b"9" * 30, b"-1", b"[]", b"NaN"):
        yield base64.b64encode(raw.replace(b"0", new)).decode()
    for tree in ({"offset": 1}, [], [1], "x", {"offset": -1}, [[[1]]], {"offset": 1e400}):
        yield base64.b64encode(json.dumps(tree).encode()).decode()
    yield from (token * 2, token[:-1], "%00", "\u0000", "' OR 1=1 --", "9" * 5000)


@pytest.mark.parametrize("name", PAGED)
def test_a_token_that_was_tampered_with_is_refused_or_pages(client: Tracker, name: str) -> None:
    path, fields = PAGED[name]
    for n in range(3):
        client.new_experiment(f"e{n}")
        client.log(client.new_run(start_time=n), "m", (0, n))
        client.ok(API + "logged-models", {"experiment_id": "0"})
    token = client.ok(path, fields)["next_page_token"]
    refused = 0
    for other in tampered(token):
        answer = client.post(path, fields | {"page_token": other})
        assert answer.status in (200, 400), (other, answer.text)
        if answer.status == 400:
            assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
            refused += 1
    assert refused > 20


SQL = (
    *("'; DROP TABLE run; --", "' OR '1'='1", '" OR ""="', "x'); DELETE FROM run; --", "%' ESCAPE '", "\\'; --"),
    *(":run", "$1 ? %s %(x)s", "/* x", "x\\"),
)


def test_sql_in_texts_is_text(client: Tracker) -> None:
    for text in SQL:
        experiment_id = client.new_experiment(text)
        run_id = client.new_run(experiment_id, run_name=text, user_id=text)
        other = client.new_run(experiment_id, run_name="other")
        pair = [{"key": "k", "value": text}]
        client.ok(API + "runs/log-batch", {"run_id": run_id, "params": pair, "tags": pair})
        for left in ("params.k", "tags.k", "run_name", "user_id"):
            asked = {"experiment_ids": [experiment_id], "filter": f"{left} = {quote(text)}"}
            found = client.ok(API + "runs/search", asked).get("runs", ())
            assert [run["info"]["run_id"] for run in found] == [run_id], asked
        for asked in ({"filter": f"params.`{text}` = 'x'"}, {"order_by": [f"params.`{text}`"]}, {"filter": text}):
            assert client.post(API + "runs/search", {"experiment_ids": [experiment_id], **asked}).status in (200, 400)
        assert client.post(API + "runs/search", {"experiment_ids": [text]}).status == 400
        assert client.get(API + "experiments/get-by-name", experiment_name=text).json()["experiment"]["name"] == text
        assert client.run(other)["info"]["run_name"] == "other"


def matches(client: Tracker, condition: str) -> bool | None:
    """Whether a run with 8000 times ``a`` in its tag ``t`` is found; None where the condition is refused."""
    answer = client.post(API + "runs/search", {"experiment_ids": ["0"], "filter": condition})
    assert answer.status in (200, 400), answer.text
    return None if answer.status == 400 else bool(answer.json())


@pytest.fixture
def tagged(lite: Tracker) -> Tracker:
    """A server with such a run."""
    lite.ok(API + "runs/set-tag", {"run_id": lite.new_run(), "key": "t", "value": "a" * 8000})
    return lite


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("^(a*)*b", False), ("^(a+)+b$", False), ("^(a|aa)+c", False), ("^([a-z]+)*1", False), ("^(a+)+$", True)],
)
def test_patterns_that_explode_elsewhere_take_linear_time(tagged: Tracker, pattern: str, found: bool) -> None:
    assert matches(tagged, f"tags.t RLIKE '{pattern}'") is found  # a back-tracking engine would never answer


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "(?=a)b", r"(a)\1", "[", "*", "a{99999}", "("])
def test_patterns_without_bounds_are_refused(tagged: Tracker, pattern: str) -> None:
    assert matches(tagged, f"tags.t RLIKE '{pattern}'") is None


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("%_" * 5000, True),
        ("%a" * 4000, True),
        ("%" * 10_000, True),
        ("_" * 10_000, False),
        ("a%" * 4999 + "b", False),
    ],
)
def test_patterns_of_10000_characters_are_answered(tagged: Tracker, pattern: str, found: bool) -> None:
    for operator in ("LIKE", "ILIKE"):
        assert matches(tagged, f"tags.t {operator} '{pattern}'") is found


def test_nothing_asked_comes_back_as_a_header(lite: Tracker) -> None:
    made = lite.ok(NATIVE + "links", {"path": "/models?x=%0d%0aset-cookie:%20a=b"})
    for answer in (
        lite.request("GET", made["path"]),
        lite.request("GET", "/health", headers={"x-request-id": "a\r\nset-cookie: a=b"}),
        lite.request("GET", "/get-artifact?run_id=x%0d%0aset-cookie:a&path=%0d%0aset-cookie:a"),
        lite.request("GET", f"{NATIVE}artifacts/zip?run_id={lite.new_run()}&path=%0d%0aset-cookie:a"),
    ):
        assert "set-cookie" not in answer.headers
        assert not [value for value in answer.headers.values() if {"\r", "\n"} & set(value)]


class Listener:
    """Counts who knocks at a loopback port."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.knocks = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.knocks += 1

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A place inside of the network that only the server could reach."""
    made = Listener()
    yield made
    made.close()


LOCATIONS = (
    *("http://{at}/x", "https://{at}/x", "ftp://{at}/x", "gopher://{at}/", "hdfs://{at}/x", "dbfs:/x", "sftp://{at}/x"),
    *("smb://{at}/x", "//{at}/x", "file://{at}/etc", "file:///etc", "/etc", "s3://user:pass@{at}/x", "s3://{at}/x"),
    *(
        f"http://{{at}}{ARTIFACTS}/../../x",
        "mlflow-artifacts://{at}/../etc",
        "models:/x/1",
        "runs:/x/y",
        "HTTP://{at}/x",
    ),
)


@pytest.mark.parametrize("location", LOCATIONS)
def test_no_location_makes_the_server_ask_others_or_read_its_disk(
    lite: Tracker, tmp_path: Path, listener: Listener, location: str
) -> None:
    own = str(tmp_path / "artifacts")
    reached = Tracker(App(Site(lite.app.site.store, LocalStore(own), local_roots=[own])))  # as on all addresses
    try:
        at = location.format(at=f"127.0.0.1:{listener.port}")
        made = reached.post(API + "experiments/create", {"name": "e", "artifact_location": at})
        if made.status == 400:
            return
        experiment_id = made.json()["experiment_id"]
        run_id = reached.new_run(experiment_id)
        model = reached.ok(API + "logged-models", {"experiment_id": experiment_id})["model"]["info"]["model_id"]
        for answer in touches(reached, run_id, model):
            assert answer.status in (400, 403, 404, 501), answer.text
            assert "root:" not in answer.text
        assert listener.knocks == 0
    finally:
        reached.close()


def touches(client: Tracker, run_id: str, model_id: str) -> list[Answer]:
    """Every way to read and write files of a run or model."""
    of_model = f"{API}logged-models/{model_id}/artifacts/"
    ids = {"run_id": run_id}, {"model_id": model_id}
    return [
        *(client.get(path, run_id=run_id, path="passwd") for path in ("/get-artifact", API + "artifacts/list")),
        *(
            client.get(f"{NATIVE}artifacts/{call}", **by, path="passwd")
            for call in ("list", "view", "zip")
            for by in ids
        ),
        client.get(of_model + "files", artifact_file_path="passwd"),
        client.get(of_model + "directories", artifact_directory_path="passwd"),
        client.request("POST", AJAX_UPLOAD, b"x", {}, {"run_uuid": run_id, "path": "p"}),
    ]
