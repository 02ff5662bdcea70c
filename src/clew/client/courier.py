"""How the shipper speaks to a Clew server: raw slots out, cursors back.

Standard library only: requests are built by hand, since the shipper loads no message classes.
"""

from __future__ import annotations

import json
import time
from typing import Any, Protocol
from urllib.parse import urlencode

from clew.client.answers import message_of, read, refused, stranger
from clew.client.http import Answer, HttpSender
from clew.client.reader import Batch, Reader
from clew.client.segment import record_bytes
from clew.client.upload import put_file
from clew.ids import new_id, now_ms
from clew.wire.frames import HEARTBEAT

KILL_REASON_TAG = "clew.killed_reason"
KILL_REASON = "The process that logged ended without ending the run: it was killed, or its machine stopped."


class Courier(Protocol):
    """What the shipper asks of a target.

    Every method raises Unavailable or TooManyRequests while the target takes nothing, Unauthenticated or
    NotSupported where it will not from us or is no target, and other errors for what it makes of this one run.
    """

    def cursor(self, reader: Reader) -> int:
        """Sequence number of the first slot that the target lacks."""

    def deliver(self, reader: Reader, batch: Batch) -> int:
        """Send a batch; the target's cursor afterwards."""

    def beat(self, run_id: str) -> None:
        """Say that the run's process lives."""

    def upload(self, reader: Reader, path: str, file: str) -> None:
        """Store a file among the run's artifacts."""

    def tag(self, reader: Reader, key: str, value: str) -> None:
        """Set a tag of the run."""

    def mark_killed(self, reader: Reader) -> None:
        """End a run whose process died, unless it has ended already."""


class ClewCourier:
    """A Clew server, or the host of an embedded store."""

    def __init__(self, sender: HttpSender) -> None:
        self._sender = sender
        self._roots: dict[str, str] = {}
        self._beats: dict[str, tuple[str, int]] = {}

    def cursor(self, reader: Reader) -> int:
        """Sequence number of the first slot that the server lacks."""
        return _seq(self._sender.send("GET", f"/api/clew/v1/ingest/cursor?writer={reader.writer_id}"))

    def deliver(self, reader: Reader, batch: Batch) -> int:
        """Send a batch; the server's cursor afterwards, which may lie before the batch.

        Raises:
            Corrupt: a slot failed its CRC on the server.
        """
        answer = self._ingest(reader.writer_id, reader.run_id, batch)
        if answer.status != 409:
            for entry in read(answer).get("conflicts") or ():
                reader.conflict(entry)
        return _seq(answer)

    def _ingest(self, writer_id: str, run_id: str, batch: Batch) -> Answer:
        place = urlencode(
            {
                "writer": writer_id,
                "run_id": run_id,
                "first_seq": batch.seq,
                "salt": batch.salt,
                "slot": batch.slot,
            }
        )
        headers = {"Content-Type": "application/octet-stream"}
        return self._sender.send("POST", f"/api/clew/v1/ingest?{place}", batch.data, headers)

    def beat(self, run_id: str) -> None:
        """Say that the run's process lives: a record in a small journal of the shipper's own."""
        writer_id, seq = self._beats.get(run_id) or (new_id(), 0)
        head, body = record_bytes(HEARTBEAT, time.time_ns(), b"{}", 0, seq)
        answer = self._ingest(writer_id, run_id, Batch(seq, seq, 0, head + body))
        self._beats[run_id] = (writer_id, _seq(answer))

    def upload(self, reader: Reader, path: str, file: str) -> None:
        """Store a file among the run's artifacts."""
        if reader.run_id not in self._roots:
            self._roots[reader.run_id] = str(self._run(reader)["info"]["artifact_uri"])
        put_file(self._sender, self._roots[reader.run_id], path, file, native=True)

    def tag(self, reader: Reader, key: str, value: str) -> None:
        """Set a tag of the run."""
        self._post("/api/2.0/mlflow/runs/set-tag", {"run_id": reader.run_id, "key": key, "value": value})

    def mark_killed(self, reader: Reader) -> None:
        """End a run whose process died, unless it has ended already."""
        if self._run(reader)["info"].get("status") != "RUNNING":
            return
        self.tag(reader, KILL_REASON_TAG, KILL_REASON)
        self._post("/api/2.0/mlflow/runs/update", {"run_id": reader.run_id, "status": "KILLED", "end_time": now_ms()})

    def _run(self, reader: Reader) -> dict[str, Any]:
        return run_of(self._sender.send("GET", f"/api/2.0/mlflow/runs/get?run_id={reader.run_id}"))

    def _post(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        return read(self._sender.send("POST", path, json.dumps(fields).encode()))


def _seq(answer: Answer) -> int:
    """The cursor in an answer of the ingest routes; 0 for a writer that the server does not know.

    Raises:
        ClewError: there is none, so it is no answer of theirs.
    """
    known = answer.status == 409 and message_of(answer) is not None
    seq: Any = json.loads(answer.body).get("seq") if known else read(answer).get("seq")
    try:
        return int(seq)
    except (TypeError, ValueError):
        raise refused(answer) if known else stranger(answer) from None


def run_of(answer: Answer) -> dict[str, Any]:
    """The run in an answer.

    Raises:
        ClewError: there is none.
    """
    run = read(answer).get("run")
    if not isinstance(run, dict) or not isinstance(run.get("info"), dict):
        raise stranger(answer)
    return run
