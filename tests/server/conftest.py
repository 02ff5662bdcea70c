"""The application without sockets, on both databases."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from clew.artifacts.local import LocalStore
from clew.server.app import App
from clew.server.context import Site
from clew.storage.store import Store


class Answer:
    """Status, headers (lower-case names) and body of one answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json()["message"])


class AppClient:
    """Sends requests to an ASGI application on an event loop of its own thread.

    address: of the peer; None means a Unix socket.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.address: tuple[str, int] | None = ("127.0.0.1", 1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._call(self._start())

    async def _start(self) -> None:
        self.app.start()

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] = b"",
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | str = "",
        *,
        leave: bool = False,
    ) -> Answer:
        """One request; a list as body is sent in these pieces. A missing Host header is filled in.

        leave: the client goes away when it has sent the body.
        """
        return self._call(self._request(method, path, body, headers or {}, query, leave))  # type: ignore[no-any-return]

    async def _request(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes],
        headers: dict[str, str],
        query: dict[str, Any] | str,
        leave: bool,
    ) -> Answer:
        text = query if isinstance(query, str) else urlencode(query, doseq=True)
        path, _, more = path.partition("?")
        given = {"host": "localhost:5000"} | {name.lower(): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": quote(path, safe="/%").encode(),
            "query_string": (text or more).encode(),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in given.items()],
            "client": self.address,
        }
        pieces = body if isinstance(body, list) else [body]
        incoming = [
            {"type": "http.request", "body": piece, "more_body": i + 1 < len(pieces)} for i, piece in enumerate(pieces)
        ]
        outgoing: list[Any] = []
        more = True

        async def receive() -> dict[str, Any]:
            nonlocal more
            if not incoming and not more and not leave:
                await asyncio.Event().wait()  # a whole request's client waits for the answer
            message = incoming.pop(0) if incoming else {"type": "http.disconnect"}
            more = bool(message.get("more_body"))
            return message

        async def send(message: Any) -> None:
            outgoing.append(message)

        await self.app(scope, receive, send)
        assert outgoing, "no answer"
        start = outgoing[0]
        found = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
        whole = b"".join(m.get("body", b"") for m in outgoing[1:])
        assert method == "HEAD" or start["status"] == 304 or int(found.get("content-length", len(whole))) == len(whole)
        return Answer(start["status"], found, whole)

    def get(self, path: str, /, **query: Any) -> Answer:
        return self.request("GET", path, query=query)

    def send(self, method: str, path: str, fields: object) -> Answer:
        return self.request(method, path, json.dumps(fields).encode(), {"content-type": "application/json"})

    def post(self, path: str, fields: object) -> Answer:
        return self.send("POST", path, fields)

    def ok(self, path: str, fields: object) -> Any:
        """A POST that must succeed; its JSON."""
        answer = self.post(path, fields)
        assert answer.status == 200, answer.text
        return answer.json()

    def close(self) -> None:
        async def stop() -> None:
            self.app.stop()

        self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


API = "/api/2.0/mlflow/"
NATIVE = "/api/clew/v1/"


class Tracker(AppClient):
    """Short forms of the calls that most tests begin with."""

    def new_experiment(self, name: str, **fields: Any) -> str:
        return str(self.ok(API + "experiments/create", {"name": name, **fields})["experiment_id"])

    def new_run(self, experiment_id: str = "0", **fields: Any) -> str:
        answer = self.ok(API + "runs/create", {"experiment_id": experiment_id, **fields})
        return str(answer["run"]["info"]["run_id"])

    def run(self, run_id: str) -> Any:
        answer = self.get(API + "runs/get", run_id=run_id)
        assert answer.status == 200, answer.text
        return answer.json()["run"]

    def tags(self, run_id: str) -> dict[str, str]:
        return {t["key"]: t["value"] for t in self.run(run_id)["data"]["tags"]}

    def log(self, run_id: str, key: str, *points: tuple[int, float]) -> None:
        metrics = [{"key": key, "value": v, "timestamp": 1000 + s, "step": s} for s, v in points]
        self.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": metrics})

    def history(self, run_id: str, key: str) -> list[tuple[int, Any]]:
        found = self.get(API + "metrics/get-history", run_id=run_id, metric_key=key).json()
        return [(m["step"], m["value"]) for m in found.get("metrics", ())]


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    """A site whose files lie in ``tmp_path/artifacts``."""
    return Site(store, LocalStore(str(tmp_path / "artifacts")))


@pytest.fixture
def client(site: Site) -> Iterator[Tracker]:
    """A client of the application on each database."""
    tracker = Tracker(App(site))
    yield tracker
    tracker.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Tracker]:
    """A client on SQLite only, for what does not touch the database."""
    store = Store.open(f"sqlite:///{tmp_path / 'lite.db'}", background=False)
    tracker = Tracker(App(Site(store, LocalStore(str(tmp_path / "artifacts")))))
    yield tracker
    tracker.close()
    store.close()
