"""Requests as any client may send them, each route by its name in the table."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from clew.wire.routes import ROUTES

_PART = re.compile(r"{(\w+)}")
# MLflow answers these under /ajax-api only.
_AJAX = ("search_datasets", "get_metric_history_bulk")


class Answer(NamedTuple):
    """Status, headers with lower-case names, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A server, asked without any client. clew: whether it is ours."""

    def __init__(self, url: str, *, clew: bool) -> None:
        place = urlsplit(url)
        self._address = place.hostname or "", place.port or 0
        self.clew = clew

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        connection = HTTPConnection(*self._address, timeout=30)
        try:
            full = f"{path}?{urlencode(query, doseq=True)}" if query else path
            connection.request(method, full, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(self, name: str, /, **fields: Any) -> Answer:
        """The route ``name`` of the table; fields go to the path, the query of a GET, else the body."""
        route = ROUTES[name]
        path = route.path.replace("/api/", "/ajax-api/") if name in _AJAX else route.path
        path = _PART.sub(lambda part: quote(str(fields[part[1]]), safe=""), path)
        if route.method == "GET":
            rest = {k: v for k, v in fields.items() if f"{{{k}}}" not in route.path}
            return self.request("GET", path, query=rest)
        return self.request(route.method, path, json.dumps(fields).encode(), {"Content-Type": "application/json"})

    def ok(self, name: str, /, **fields: Any) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.call(name, **fields)
        assert answer.status == 200, answer.body
        assert answer.headers["content-type"].startswith("application/json")
        return answer.json()

    def refused(self, name: str, status: int, code: str, text: str, /, **fields: Any) -> None:
        """A call must be refused with this status, error code and words."""
        answer = self.call(name, **fields)
        told = answer.json()
        assert (answer.status, told["error_code"]) == (status, code), told
        assert text in told["message"], told

    def invalid(self, name: str, text: str, /, **fields: Any) -> None:
        self.refused(name, 400, "INVALID_PARAMETER_VALUE", text, **fields)

    def absent(self, name: str, text: str, /, **fields: Any) -> None:
        self.refused(name, 404, "RESOURCE_DOES_NOT_EXIST", text, **fields)

    def experiment(self, **fields: Any) -> str:
        """A new experiment."""
        return str(self.ok("create_experiment", name=f"wire-{uuid.uuid4().hex}", **fields)["experiment_id"])

    def run(self, experiment_id: str | None = None, **fields: Any) -> str:
        """A new run."""
        made = self.ok("create_run", experiment_id=experiment_id or self.experiment(), **fields)
        return str(made["run"]["info"]["run_id"])

    def model(self, experiment_id: str, **fields: Any) -> str:
        """A new logged model."""
        return str(self.ok("create_logged_model", experiment_id=experiment_id, **fields)["model"]["info"]["model_id"])

    def read(self, run_id: str) -> Any:
        """A run as it is stored."""
        return self.ok("get_run", run_id=run_id)["run"]


def pairs(listed: list[Mapping[str, str]]) -> dict[str, str]:
    """Params or tags as a dictionary."""
    return {pair["key"]: pair.get("value", "") for pair in listed}
