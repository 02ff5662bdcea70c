"""How the shipper speaks to a plain MLflow server: frames become ``log-batch`` and its sisters.

The cursor is a file in the spool, on disk before the segment goes. A batch that was sent and not
noted is sent again, which MLflow's stores take as the same points; so every point arrives once, as
far as MLflow can tell points apart (key, time, step, value). Standard library only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, Final
from urllib.parse import quote

from clew.client.answers import read
from clew.client.courier import KILL_REASON, KILL_REASON_TAG, run_of
from clew.client.http import Answer, HttpSender
from clew.client.reader import Batch, Reader
from clew.client.upload import put_file
from clew.entities.names import MAX_BATCH_ITEMS, MAX_BATCH_PARAMS, MAX_BATCH_TAGS
from clew.errors import AlreadyExists, Conflict, Corrupt, InvalidValue, NotFound
from clew.ids import now_ms
from clew.wire.frames import (
    CONTENT_BYTES,
    CONTEXT,
    HEAD,
    INPUT,
    KEY,
    OUTPUT,
    PARAM,
    POINT,
    RECORD_BASE,
    RUN_END,
    RUN_START,
    SLOT_BYTES,
    TAG,
    TAG_DELETE,
    payload_slots,
)

API: Final = "/api/2.0/mlflow/"
RUN_ID_TAG: Final = "clew.run_id"
BEGINNING_TAG: Final = "clew.beginning"
_NS_PER_MS: Final = 1_000_000
_MAX_STRIKES: Final = 100


class MlflowCourier:
    """A plain MLflow server."""

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender
        self._roots: dict[str, str] = {}
        self._remotes: dict[str, str] = {}

    def cursor(self, reader: Reader) -> int:
        """How far the spool's own note says that this writer is sent."""
        try:
            with open(_cursor_file(reader), encoding="utf-8") as file:
                seq = int(json.load(file)["seq"])
        except FileNotFoundError:
            seq = 0
        reader.notes = {"keys": {}, "contexts": {}}
        for kind, fields in _read_names(reader):
            _learn(reader, kind, fields)
        return seq

    def deliver(self, reader: Reader, batch: Batch) -> int:
        """Send a batch in as many calls as MLflow's limits ask for; the sequence number after it.

        Raises:
            Corrupt: a slot fails its CRC.
        """
        if len(batch.sound().data) != len(batch.data):
            raise Corrupt(f"a slot after {batch.seq} fails its CRC")
        letter = _Letter(self, reader)
        used = 0
        for kind, fields, end in items(batch.data):
            letter.add(kind, fields)
            used = end
        letter.flush()
        if letter.names:
            _add_names(reader, letter.names)
        _write_durably(_cursor_file(reader), {"seq": batch.seq + used})
        return batch.seq + used

    def beat(self, run_id: str) -> None:
        """MLflow knows no heartbeats."""

    def upload(self, reader: Reader, path: str, file: str) -> None:
        """Store a file among the run's artifacts."""
        run_id = self.remote(reader)
        if run_id not in self._roots:
            self._roots[run_id] = str(self._run(run_id)["info"]["artifact_uri"])
        put_file(self._sender, self._roots[run_id], path, file, native=False)

    def tag(self, reader: Reader, key: str, value: str) -> None:
        """Set a tag of the run."""
        self.post("runs/set-tag", {"run_id": self.remote(reader), "key": key, "value": value})

    def mark_killed(self, reader: Reader) -> None:
        """End a run whose process died, unless it has ended already."""
        run_id = self.remote(reader)
        if self._run(run_id)["info"].get("status") != "RUNNING":
            return
        self.tag(reader, KILL_REASON_TAG, KILL_REASON)
        self.post("runs/update", {"run_id": run_id, "status": "KILLED", "end_time": now_ms()})

    def remote(self, reader: Reader) -> str:
        """The server's id of a run, which differs from ours where the run was born while the server was away."""
        known = self._remotes.get(reader.run_id)
        if known is None:
            try:
                with open(remote_file(os.path.dirname(reader.folder)), encoding="utf-8") as file:
                    known = str(json.load(file)["run_id"])
            except FileNotFoundError:
                known = self._ask_remote(reader.run_id)
            self._remotes[reader.run_id] = known
        return known

    def _ask_remote(self, run_id: str) -> str:
        return self._known(run_id) or run_id

    def _known(self, run_id: str) -> str | None:
        """The server's id of a run that it has, by that id or by the client's."""
        try:
            self._run(run_id)
            return run_id
        except (NotFound, InvalidValue):
            experiments = self.post("experiments/search", {"max_results": 1000, "view_type": "ALL"})
            ids = [e["experiment_id"] for e in experiments.get("experiments") or ()]
            return self._find(ids, run_id)

    def create(self, reader: Reader, start: dict[str, Any]) -> None:
        """Create a run that was born in the journal, unless an earlier attempt or session did, and note its id."""
        run_id = self._known(reader.run_id) if start.get("resumed") else None
        experiment = ""
        if run_id is None:
            experiment = self._experiment(start.get("experiment") or "", start.get("experiment_id") or "")
            run_id = self._find([experiment], reader.run_id)
        if run_id is None:
            tags = {**start.get("tags", {}), RUN_ID_TAG: reader.run_id}
            if start.get("resumed"):
                tags[BEGINNING_TAG] = "unknown"
            if start.get("parent"):
                tags["mlflow.parentRunId"] = self._find([experiment], start["parent"]) or start["parent"]
            fields = {
                "experiment_id": experiment,
                "run_name": start.get("name"),
                "user_id": start.get("user"),
                "start_time": start.get("start_ms"),
                "tags": [{"key": k, "value": v} for k, v in tags.items()],
            }
            run_id = str(run_of(self._post("runs/create", fields))["info"]["run_id"])
        elif not start.get("resumed"):
            self._begin_before(run_id, start)
        _write_durably(remote_file(os.path.dirname(reader.folder)), {"run_id": run_id})
        self._remotes[reader.run_id] = run_id

    def _begin_before(self, run_id: str, start: dict[str, Any]) -> None:
        """Give a run its name and tags that a later session, sent before, has created; MLflow keeps that one's time."""
        known = {t["key"]: t["value"] for t in self._run(run_id).get("data", {}).get("tags") or ()}
        if BEGINNING_TAG not in known:
            return
        tags = {key: value for key, value in start.get("tags", {}).items() if key not in known}
        self.post("runs/update", {"run_id": run_id, "run_name": start.get("name")})
        self.post("runs/log-batch", {"run_id": run_id, "tags": [{"key": k, "value": v} for k, v in tags.items()]})
        self.post("runs/delete-tag", {"run_id": run_id, "key": BEGINNING_TAG})

    def _experiment(self, name: str, experiment_id: str) -> str:
        if not name:
            return experiment_id or "0"
        path = f"{API}experiments/get-by-name?experiment_name={quote(name, safe='')}"
        try:
            return str(read(self._sender.send("GET", path))["experiment"]["experiment_id"])
        except NotFound:
            pass
        try:
            return str(self.post("experiments/create", {"name": name})["experiment_id"])
        except AlreadyExists:  # another process was quicker
            return str(read(self._sender.send("GET", path))["experiment"]["experiment_id"])

    def _find(self, experiments: list[str], client_id: str) -> str | None:
        query = {
            "experiment_ids": experiments,
            "filter": f"tags.`{RUN_ID_TAG}` = '{client_id}'",
            "run_view_type": "ALL",
            "max_results": 1,
        }
        runs = self.post("runs/search", query).get("runs") or []
        return str(runs[0]["info"]["run_id"]) if runs else None

    def _run(self, run_id: str) -> dict[str, Any]:
        return run_of(self._sender.send("GET", f"{API}runs/get?run_id={run_id}"))

    def post(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call of MLflow's API."""
        return read(self._post(path, fields))

    def _post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self._sender.send("POST", API + path, json.dumps(fields).encode())


class _Letter:
    """What a batch holds, gathered into calls that keep MLflow's limits.

    names: the records among it that name keys and contexts, which are needed again after these slots are gone.
    """

    def __init__(self, courier: MlflowCourier, reader: Reader) -> None:
        self._courier = courier
        self._reader = reader
        self.names: list[tuple[int, dict[str, Any]]] = []
        self._strikes = 0
        self._metrics: list[dict[str, Any]] = []
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    def add(self, kind: int, fields: Any) -> None:
        """Take one point (kind -1) or record; kinds that MLflow has no place for fall away."""
        if kind < 0:
            self._metrics.append(self._metric(*fields))
        elif kind in (PARAM, TAG):
            self._pair(kind, fields["key"], fields["value"])
        elif kind in (KEY, CONTEXT):
            _learn(self._reader, kind, fields)
            self.names.append((kind, fields))
        elif kind in _CALLS:
            self.flush()
            _CALLS[kind](self, fields)
        if len(self._metrics) + len(self._params) + len(self._tags) >= MAX_BATCH_ITEMS:
            self.flush()

    def _metric(self, ts_ns: int, value: float, step: int, key_id: int) -> dict[str, Any]:
        try:
            key, context = self._reader.notes["keys"][key_id]
        except KeyError:
            raise InvalidValue(f"a point has the key id {key_id}, which its writer never named") from None
        metric: dict[str, Any] = {"key": key, "value": value, "timestamp": ts_ns // _NS_PER_MS, "step": step}
        if not isfinite(value):
            metric["value"] = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        if context:
            scope = self._reader.notes["contexts"].get(context, {})
            metric.update({k: scope[k] for k in ("model_id", "dataset_name", "dataset_digest") if scope.get(k)})
        return metric

    def _pair(self, kind: int, key: str, value: str) -> None:
        pairs, most = (self._params, MAX_BATCH_PARAMS) if kind == PARAM else (self._tags, MAX_BATCH_TAGS)
        if kind == PARAM and pairs.get(key, value) != value:
            self._conflict(key, f"Param '{key}' keeps its value '{pairs[key]}'; '{value}' came later.")
            return
        pairs[key] = value
        if len(pairs) >= most:
            self.flush()

    def flush(self) -> None:
        """Send what is gathered."""
        if not (self._metrics or self._params or self._tags):
            return
        metrics, params, tags = self._metrics, self._params, self._tags
        self._metrics, self._params, self._tags = [], {}, {}
        try:
            self._send(metrics, params, tags)
        except (Conflict, InvalidValue):
            # MLflow refuses the whole batch for one param that changed or is too long for it.
            self._sort_out("metric", metrics, lambda some: self._send(some, {}, {}))
            self._sort_out("tag", list(tags.items()), lambda some: self._send([], {}, dict(some)))
            for pair in params.items():
                self._sort_out("param", [pair], lambda some: self._send([], dict(some), {}))

    def _sort_out(self, kind: str, things: list[Any], send: Callable[[list[Any]], None]) -> None:
        """Send what the server takes of ``things``, and note the rest as conflicts; halves of halves find it.

        Raises:
            Conflict, InvalidValue: it refuses so much that it is about the run itself.
        """
        if not things:
            return
        try:
            send(things)
        except (Conflict, InvalidValue) as error:
            if "'active' state" in str(error) or self._strikes >= _MAX_STRIKES:
                raise
            if len(things) > 1:
                half = len(things) // 2
                self._sort_out(kind, things[:half], send)
                self._sort_out(kind, things[half:], send)
                return
            self._strikes += 1
            (thing,) = things
            self._conflict(thing["key"] if kind == "metric" else thing[0], str(error), kind)

    def _send(self, metrics: list[dict[str, Any]], params: dict[str, str], tags: dict[str, str]) -> None:
        self._courier.post(
            "runs/log-batch",
            {
                "run_id": self._courier.remote(self._reader),
                "metrics": metrics,
                "params": [{"key": k, "value": v} for k, v in params.items()],
                "tags": [{"key": k, "value": v} for k, v in tags.items()],
            },
        )

    def _conflict(self, key: str, message: str, kind: str = "param") -> None:
        self._reader.conflict({"kind": kind, "key": key, "message": message})

    def start(self, fields: dict[str, Any]) -> None:
        """Create the run."""
        self._courier.create(self._reader, fields)

    def end(self, fields: dict[str, Any]) -> None:
        """End the run."""
        update = {
            "run_id": self._courier.remote(self._reader),
            "status": fields["status"],
            "end_time": fields["end_ms"],
        }
        self._courier.post("runs/update", update)

    def untag(self, fields: dict[str, Any]) -> None:
        """Delete a tag."""
        try:
            self._courier.post("runs/delete-tag", {"run_id": self._courier.remote(self._reader), "key": fields["key"]})
        except NotFound:
            pass  # it is gone, which is what was asked for

    def log_input(self, fields: dict[str, Any]) -> None:
        """Log what the run read."""
        call: dict[str, Any] = {"run_id": self._courier.remote(self._reader)}
        if fields.get("dataset"):
            tags = [{"key": k, "value": v} for k, v in (fields.get("tags") or {}).items()]
            data = {k: v for k, v in fields["dataset"].items() if v is not None}
            call["datasets"] = [{"dataset": data, "tags": tags}]
        if fields.get("model_id"):
            call["models"] = [{"model_id": fields["model_id"]}]
        self._courier.post("runs/log-inputs", call)

    def output(self, fields: dict[str, Any]) -> None:
        """Log what the run produced."""
        model = {"model_id": fields["model_id"], "step": fields.get("step", 0)}
        self._courier.post("runs/outputs", {"run_id": self._courier.remote(self._reader), "models": [model]})


_CALLS = {
    RUN_START: _Letter.start,
    RUN_END: _Letter.end,
    TAG_DELETE: _Letter.untag,
    INPUT: _Letter.log_input,
    OUTPUT: _Letter.output,
}


def items(data: bytes) -> Iterator[tuple[int, Any, int]]:
    """(record number or -1 for a point, its fields, slots up to and with it) of every whole item in ``data``."""
    count = len(data) // SLOT_BYTES
    slot = 0
    while slot < count:
        at = slot * SLOT_BYTES
        kind = int.from_bytes(data[at + CONTENT_BYTES - 4 : at + CONTENT_BYTES], "little")
        if kind < RECORD_BASE:
            slot += 1
            yield -1, POINT.unpack_from(data, at), slot
            continue
        length = HEAD.unpack_from(data, at)[1]
        span = 1 + payload_slots(length)
        if slot + span > count:
            return
        parts = (data[at + n * SLOT_BYTES : at + n * SLOT_BYTES + CONTENT_BYTES] for n in range(1, span))
        payload = b"".join(parts)[:length]
        slot += span
        yield kind - RECORD_BASE, json.loads(payload) if payload else {}, slot


def _cursor_file(reader: Reader) -> str:
    return os.path.join(reader.folder, "cursor.json")


def _names_file(reader: Reader) -> str:
    return os.path.join(reader.folder, "names.jsonl")


def _learn(reader: Reader, kind: int, fields: dict[str, Any]) -> None:
    """Remember what a number of the writer's means."""
    if kind == KEY:
        reader.notes["keys"][fields["id"]] = fields["key"], fields.get("context", 0)
    else:
        reader.notes["contexts"][fields["id"]] = fields


def _read_names(reader: Reader) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records that name keys and contexts and are sent already."""
    try:
        with open(_names_file(reader), encoding="utf-8") as file:
            for line in file:
                try:
                    kind, fields = json.loads(line)
                except ValueError:
                    continue  # a power loss tore it, so the slots that it came from were never noted as sent
                yield kind, fields
    except FileNotFoundError:
        return


def _add_names(reader: Reader, names: list[tuple[int, dict[str, Any]]]) -> None:
    """Keep more such records; it costs what they are, not what is there already."""
    with open(_names_file(reader), "a", encoding="utf-8") as file:
        file.writelines("\n" + json.dumps(name) for name in names)  # in front, should the last line be torn
        file.flush()
        os.fsync(file.fileno())


def remote_file(run_folder: str) -> str:
    """Where the server's id of a run is noted."""
    return os.path.join(run_folder, "remote.json")


def _write_durably(path: str, fields: dict[str, Any]) -> None:
    draft = path + ".new"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(fields, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
