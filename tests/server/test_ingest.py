"""Journal slots arrive exactly once, whatever is repeated, torn or damaged on the way."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from clew.ids import new_id
from clew.server.slots import read_slots, slot_crcs
from clew.storage import life
from clew.wire import frames

from .conftest import API, NATIVE, Answer, Tracker

SALT = 0xDEADBEEF


class Journal:
    """Writes slots as a client does; keeps them all."""

    def __init__(self, salt: int = SALT) -> None:
        self.salt = salt
        self.writer = new_id()
        self.run_id = new_id()
        self.bytes = bytearray()

    def __len__(self) -> int:
        return len(self.bytes) // frames.SLOT_BYTES

    def _slot(self, content: bytes) -> None:
        crc = zlib.crc32(content, self.salt ^ len(self)) or 1
        self.bytes += content + frames.CRC.pack(crc)

    def point(self, key: int, step: int, value: float, ts_ns: int = 1_700_000_000_000_000_000) -> None:
        self._slot(frames.POINT.pack(ts_ns, value, step, key))

    def record(self, kind: int, fields: object = None, ts_ns: int = 1_700_000_000_000_000_000) -> None:
        payload = json.dumps(fields if fields is not None else {}).encode()
        self._slot(frames.HEAD.pack(ts_ns, len(payload), 0, frames.RECORD_BASE + kind))
        for i in range(0, len(payload), frames.CONTENT_BYTES):
            self._slot(payload[i : i + frames.CONTENT_BYTES].ljust(frames.CONTENT_BYTES, b"\0"))

    def begin(self, **fields: Any) -> None:
        self.record(frames.RUN_START, {"experiment": "journal", "name": "r", "start_ms": 7, "user": "ann"} | fields)

    def key(self, number: int, name: str, context: int = 0) -> None:
        self.record(frames.KEY, {"id": number, "key": name, "context": context})

    def send(self, client: Tracker, first: int = 0, last: int | None = None, body: bytes | None = None) -> Answer:
        if body is None:
            body = bytes(self.bytes[first * 32 : None if last is None else last * 32])
        query = {"writer": self.writer, "run_id": self.run_id, "first_seq": first, "salt": self.salt, "slot": first}
        return client.request("POST", NATIVE + "ingest", body, {"content-type": "application/octet-stream"}, query)

    def cursor(self, client: Tracker) -> int:
        return int(client.get(NATIVE + "ingest/cursor", writer=self.writer).json()["seq"])


def test_a_whole_journal(client: Tracker) -> None:
    journal = Journal()
    journal.begin(tags={"t": "0", "gone": "x"}, parent="f" * 32)
    journal.record(frames.PARAM, {"key": "lr", "value": "0.1"})
    journal.record(frames.TAG, {"key": "t", "value": "1"})
    journal.record(frames.TAG_DELETE, {"key": "gone"})
    journal.key(1, "loss")
    journal.record(frames.CONTEXT, {"id": 1, "model_id": "", "dataset_name": "d", "dataset_digest": "x", "rank": None})
    journal.key(2, "loss", context=1)
    for step in range(100):
        journal.point(1, step, step / 2)
    journal.point(1, 100, float("nan"))
    journal.point(2, 101, float("-inf"))
    journal.record(frames.INPUT, {"dataset": {"name": "d", "digest": "x"}, "tags": {"mlflow.data.context": "train"}})
    journal.record(frames.OUTPUT, {"model_id": "m-1", "step": 3})
    journal.record(frames.HEARTBEAT)
    journal.record(200, {"from": "the future"})
    journal.record(frames.RUN_END, {"status": "FINISHED", "end_ms": 99})
    answer = journal.send(client)
    assert (answer.status, answer.json()) == (200, {"seq": len(journal)})
    assert journal.cursor(client) == len(journal)
    run = client.run(journal.run_id)
    info = run["info"]
    assert (info["status"], info["end_time"], info["user_id"], info["start_time"]) == ("FINISHED", 99, "ann", 7)
    assert run["data"]["params"] == [{"key": "lr", "value": "0.1"}]
    assert client.tags(journal.run_id) == {"mlflow.runName": "r", "t": "1", "mlflow.parentRunId": "f" * 32}
    assert run["inputs"]["dataset_inputs"][0]["dataset"]["name"] == "d"
    assert run["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 3}]
    history = client.history(journal.run_id, "loss")
    assert history[:100] == [(s, s / 2) for s in range(100)]
    assert history[100:] == [(100, "NaN"), (101, "-Infinity")]
    last = client.get(API + "metrics/get-history", run_id=journal.run_id, metric_key="loss").json()["metrics"][-1]
    assert (last["dataset_name"], last["dataset_digest"]) == ("d", "x")


def test_repeats_and_overlaps_change_nothing(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "m")
    for step in range(10):
        journal.point(1, step, float(step))
    middle = len(journal) - 5
    assert journal.send(client, 0, middle).json() == {"seq": middle}
    assert journal.send(client, 0, middle).json() == {"seq": middle}
    assert journal.send(client, 0).json() == {"seq": len(journal)}
    assert journal.send(client, middle).json() == {"seq": len(journal)}
    assert client.history(journal.run_id, "m") == [(s, float(s)) for s in range(10)]


def test_keys_are_remembered_between_batches(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "a")
    journal.key(900_001, "b")
    cut = len(journal)
    journal.point(1, 0, 1.0)
    journal.point(900_001, 0, 2.0)
    journal.send(client, 0, cut)
    client.app.site.journal_names = type(client.app.site.journal_names)()  # as after a restart
    assert journal.send(client, cut).status == 200
    assert client.history(journal.run_id, "b") == [(0, 2.0)]


def test_a_gap_is_refused_with_the_cursor(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    cut = len(journal)
    journal.record(frames.HEARTBEAT)
    answer = journal.send(client, cut)
    assert answer.status == 409
    assert (answer.json()["error_code"], answer.json()["seq"]) == ("RESOURCE_CONFLICT", 0)
    assert journal.cursor(client) == 0


def test_a_record_cut_off_at_the_end_waits(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    begun = len(journal)
    journal.record(frames.PARAM, {"key": "long", "value": "x" * 200})
    for cut in range(begun, len(journal)):
        assert journal.send(client, 0, cut).json() == {"seq": begun}
    assert journal.send(client, begun).json() == {"seq": len(journal)}
    assert client.run(journal.run_id)["data"]["params"][0]["value"] == "x" * 200


@pytest.mark.parametrize("position", [0, 3, 7])
def test_damage_is_found_and_nothing_is_stored(client: Tracker, position: int) -> None:
    journal = Journal()
    journal.begin()
    for _ in range(5):
        journal.record(frames.HEARTBEAT)
    body = bytearray(journal.bytes)
    body[position * 32 + 5] ^= 1
    answer = journal.send(client, body=bytes(body))
    assert answer.status == 400
    assert answer.json()["error_code"] == "DATA_LOSS"
    assert answer.json()["clew"]["position"] == position
    assert journal.cursor(client) == 0
    assert client.get(API + "runs/get", run_id=journal.run_id).status == 404


def test_slots_of_another_segment_or_place_fail(lite: Tracker) -> None:
    journal = Journal()
    journal.begin()
    query = {"writer": journal.writer, "run_id": journal.run_id, "first_seq": 0}
    for place in ({"salt": SALT + 1, "slot": 0}, {"salt": SALT, "slot": 1}):
        assert lite.request("POST", NATIVE + "ingest", bytes(journal.bytes), {}, query | place).status == 400


def test_an_unknown_run_needs_its_start(client: Tracker) -> None:
    journal = Journal()
    journal.record(frames.PARAM, {"key": "p", "value": "1"})
    answer = journal.send(client)
    assert (answer.status, answer.message) == (404, f"Run with id={journal.run_id} not found")


def test_a_started_run_is_not_started_again(client: Tracker) -> None:
    journal = Journal()
    client.ok(NATIVE + "runs/start", {"run_id": journal.run_id, "experiment_name": "journal", "run_name": "online"})
    journal.begin(name="offline")
    assert journal.send(client).status == 200
    assert client.run(journal.run_id)["info"]["run_name"] == "online"


def test_conflicts_keep_the_first_value_and_are_shown(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    for value in ("1", "2"):
        journal.record(frames.PARAM, {"key": "p", "value": value})
    first = len(journal)
    journal.record(frames.PARAM, {"key": "p", "value": "3"})
    journal.record(frames.PARAM, {"key": "a//b", "value": "3"})
    journal.record(frames.TAG_DELETE, {"key": "none"})
    journal.key(1, "../m")
    journal.key(2, "good")
    journal.point(1, 0, 1.0)
    journal.point(2, 0, 1.0)
    (conflict,) = journal.send(client, 0, first).json()["conflicts"]
    assert (conflict["kind"], conflict["key"]) == ("param", "p")
    answer = journal.send(client, first).json()
    assert answer["seq"] == len(journal)
    assert sorted((c["kind"], c["key"]) for c in answer["conflicts"]) == [
        ("metric", "../m"),
        ("param", "a//b"),
        ("param", "p"),
        ("tag", "none"),
    ]
    assert client.run(journal.run_id)["data"]["params"] == [{"key": "p", "value": "1"}]
    assert client.history(journal.run_id, "good") == [(0, 1.0)]
    listed = json.loads(client.tags(journal.run_id)["clew.conflicts"])
    assert len(listed) == 5
    assert {"kind", "key", "message"} == set(listed[0])


def test_the_list_of_conflicts_is_bounded(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    for value in range(300):
        journal.record(frames.PARAM, {"key": "p", "value": str(value)})
    answer = journal.send(client).json()
    assert len(answer["conflicts"]) == 50
    assert answer["conflicts"][-1]["message"] == "250 further conflicts"
    tag = client.tags(journal.run_id)["clew.conflicts"]
    assert len(tag) <= 8000
    assert json.loads(tag)


@pytest.mark.parametrize("before", ['{"a": 1}', "5", "[" * 3000, '[1, {"kind": [[]]}]', "x"])
def test_the_list_of_conflicts_survives_whatever_a_client_wrote_there(lite: Tracker, before: str) -> None:
    journal = Journal()
    journal.begin(tags={"clew.conflicts": before})
    for value in ("1", "2"):
        journal.record(frames.PARAM, {"key": "p", "value": value})
    assert journal.send(lite).status == 200
    assert [c["key"] for c in json.loads(lite.tags(journal.run_id)["clew.conflicts"])] == ["p"]


def test_a_deleted_run_keeps_points_out_and_the_cursor_moves(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "m")
    cut = len(journal)
    journal.send(client, 0, cut)
    client.ok(API + "runs/delete", {"run_id": journal.run_id})
    journal.point(1, 0, 1.0)
    journal.record(frames.PARAM, {"key": "p", "value": "1"})
    journal.record(frames.RUN_END, {"status": "FINISHED", "end_ms": 1})
    answer = journal.send(client, cut).json()
    assert answer["seq"] == len(journal)
    assert sorted(c["kind"] for c in answer["conflicts"]) == ["metric", "param", "run"]
    client.ok(API + "runs/restore", {"run_id": journal.run_id})
    assert client.history(journal.run_id, "m") == []


def test_an_experiment_in_the_trash_stops_the_journal(client: Tracker) -> None:
    number = client.new_experiment("journal")
    client.ok(API + "experiments/delete", {"experiment_id": number})
    journal = Journal()
    journal.begin()
    answer = journal.send(client)
    assert answer.status == 400
    assert "must be in the 'active' state" in answer.message
    client.ok(API + "experiments/restore", {"experiment_id": number})
    assert journal.send(client).status == 200


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"writer": "x"}, "32 lower-case hex digits"),
        ({"run_id": "../x"}, "32 lower-case hex digits"),
        ({"writer": ""}, "Missing value for required parameter 'writer'"),
        ({"first_seq": "-1"}, "must not be negative"),
        ({"salt": str(1 << 32)}, "fit 32 bits"),
        ({"slot": "x"}, "for parameter 'slot' supplied"),
    ],
)
def test_bad_places_are_refused(lite: Tracker, change: dict[str, str], text: str) -> None:
    query = {"writer": "a" * 32, "run_id": "b" * 32, "first_seq": "0", "salt": "1", "slot": "0"} | change
    assert text in lite.request("POST", NATIVE + "ingest", b"0" * 32, {}, query).message


@pytest.mark.parametrize("size", [0, 31, 33, 32 * 50_001])
def test_bodies_are_whole_slots(lite: Tracker, size: int) -> None:
    query = {"writer": "a" * 32, "run_id": "b" * 32, "first_seq": 0, "salt": 1, "slot": 0}
    answer = lite.request("POST", NATIVE + "ingest", b"0" * size, {}, query)
    assert (answer.status, "whole slots" in answer.message) == (400, True)


def test_points_of_undeclared_keys_and_unreadable_records_are_damage(lite: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.point(77, 0, 1.0)
    assert "key number 77" in journal.send(lite).message
    journal = Journal()
    journal.begin()
    journal.record(frames.PARAM, ["not", "an", "object"])
    answer = journal.send(lite)
    assert answer.json()["error_code"] == "DATA_LOSS"
    assert journal.cursor(lite) == 0


@pytest.mark.parametrize("word", ["heartbeat", "point"])
def test_a_silent_run_that_speaks_again_runs_again(client: Tracker, word: str) -> None:
    journal, cut = silenced(client)
    assert client.run(journal.run_id)["info"]["status"] == "KILLED"
    assert "no sign of life" in client.tags(journal.run_id)["clew.killed_reason"]
    if word == "heartbeat":
        journal.record(frames.HEARTBEAT)
    else:
        journal.point(0, 1, 0.5)
    journal.send(client, cut)
    info = client.run(journal.run_id)["info"]
    assert info["status"] == "RUNNING"
    assert "end_time" not in info
    assert "clew.killed_reason" not in client.tags(journal.run_id)


@pytest.mark.parametrize("status", ["FINISHED", "FAILED"])
def test_a_silent_run_that_ended_takes_its_true_end(client: Tracker, status: str) -> None:
    journal, cut = silenced(client)
    journal.record(frames.RUN_END, {"status": status, "end_ms": 77})
    journal.send(client, cut)
    info = client.run(journal.run_id)["info"]
    assert (info["status"], info["end_time"]) == (status, 77)
    assert "clew.killed_reason" not in client.tags(journal.run_id)


def test_a_run_that_was_killed_on_purpose_stays_killed(client: Tracker) -> None:
    journal, cut = silenced(client)
    client.ok(API + "runs/update", {"run_id": journal.run_id, "status": "KILLED", "end_time": 5})
    journal.record(frames.HEARTBEAT)
    journal.send(client, cut)
    assert client.run(journal.run_id)["info"]["status"] == "KILLED"
    assert "clew.killed_reason" in client.tags(journal.run_id)


def silenced(client: Tracker) -> tuple[Journal, int]:
    """The journal of a run that was taken for dead, and its next sequence number."""
    journal = Journal()
    journal.begin()
    journal.key(0, "loss")
    journal.record(frames.HEARTBEAT)
    cut = len(journal)
    journal.send(client)
    store = client.app.site.store
    assert store.write(lambda tx: life.reap_silent(tx, tx.place.clock() + 1)) == [journal.run_id]
    return journal, cut


# --- slots --------------------------------------------------------------------------------------


def test_crcs_are_zlibs() -> None:
    body = np.random.default_rng(1).integers(0, 256, 32 * 500, np.uint8).tobytes()
    for salt, slot in ((0, 0), (0xFFFFFFFF, 32_000), (12345, 7)):
        expected = [zlib.crc32(body[i * 32 : i * 32 + 28], salt ^ (slot + i)) or 1 for i in range(500)]
        assert slot_crcs(body, salt, slot).tolist() == expected


def test_payloads_that_look_like_heads_are_payload() -> None:
    journal = Journal()
    fake = struct.pack("<qQqI", 0, 10, 0, frames.RECORD_BASE + 2)
    journal._slot(frames.HEAD.pack(1, len(fake) * 2, 0, frames.RECORD_BASE + 99))
    journal._slot(fake)
    journal._slot(fake)
    journal.point(3, 1, 2.0)
    slots = read_slots(journal.bytes, SALT, 0)
    assert [(r.kind, r.payload) for r in slots.records] == [(99, fake * 2)]
    assert slots.points["key"].tolist() == [3]
    assert slots.used == 4


def test_nul_characters_are_replaced_wherever_they_stand(client: Tracker) -> None:
    journal = Journal()
    journal.begin(experiment="e\x00", name="a\x00\x00b", user="\x00", tags={"t": "x\x00"})
    journal.record(frames.PARAM, {"key": "p", "value": "\\u0000 and \x00"})
    journal.record(frames.TAG_DELETE, {"key": "no\x00ne"})
    journal.record(frames.OUTPUT, {"model_id": "m\x00", "step": 1})
    journal.record(frames.INPUT, {"dataset": {"name": "d\x00", "digest": "1"}, "tags": {"k": "\x00"}})
    answer = journal.send(client)
    assert (answer.status, answer.json()["seq"]) == (200, len(journal)), answer.text
    run = client.run(journal.run_id)
    assert (run["info"]["run_name"], run["info"]["user_id"]) == ("a\ufffd\ufffdb", "\ufffd")
    assert {p["key"]: p["value"] for p in run["data"]["params"]} == {"p": "\\u0000 and \ufffd"}
    assert client.tags(journal.run_id)["t"] == "x\ufffd"
    assert run["outputs"]["model_outputs"] == [{"model_id": "m\ufffd", "step": 1}]
    assert run["inputs"]["dataset_inputs"][0]["dataset"]["name"] == "d\ufffd"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (frames.RUN_START, {"experiment": "x", "start_ms": 2**70}),
        (frames.RUN_END, {"status": "FINISHED", "end_ms": -(2**63) - 1}),
        (frames.OUTPUT, {"model_id": "m", "step": 2**63}),
    ],
)
def test_numbers_that_no_store_holds_are_damage(client: Tracker, kind: int, fields: dict[str, Any]) -> None:
    journal = Journal()
    if kind != frames.RUN_START:
        journal.begin()
    journal.record(kind, fields)
    answer = journal.send(client)
    assert (answer.status, answer.json()["error_code"]) == (400, "DATA_LOSS")


def test_a_batch_stores_only_the_names_that_it_declares(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "first")
    journal.send(client)
    sent = len(journal)
    journal.key(2, "second")
    journal.point(1, 0, 1.0)
    journal.point(2, 0, 2.0)
    journal.send(client, sent)
    sql = "SELECT names FROM ingest_names WHERE writer_id = :writer ORDER BY seq"
    first, second = client.app.site.store.read(lambda tx: tx.all(sql, writer=journal.writer))
    assert "first" in first[0]
    assert "first" not in second[0]
    assert client.history(journal.run_id, "first") == [(0, 1.0)]
    assert client.history(journal.run_id, "second") == [(0, 2.0)]


@pytest.mark.parametrize("order", ["first later", "later first", "later last first", "last first later"])
def test_sessions_of_a_run_make_the_same_run_in_any_order(client: Tracker, order: str) -> None:
    sessions = {name: Journal() for name in ("first", "later", "last")}
    run_id = sessions["first"].run_id
    for name, ms in (("later", 200), ("last", 400), ("first", 7)):
        journal = sessions[name]
        journal.run_id = run_id
        if name == "first":
            journal.begin(tags={"t": "first", "mlflow.runName": "r"}, start_ms=ms)
        else:
            journal.begin(tags={}, name="", user="bob", start_ms=ms, resumed=True)
            journal.record(frames.TAG, {"key": "t", "value": "later"})
        end = {"status": "FAILED" if name == "first" else "FINISHED", "end_ms": ms + 50}
        journal.record(frames.RUN_END, end, (ms + 50) * 1_000_000)
    for name in order.split():
        assert sessions[name].send(client).status == 200
        assert sessions[name].send(client).status == 200
    run = client.get(API + "runs/get", run_id=run_id).json()["run"]
    info, tags = run["info"], {t["key"]: t["value"] for t in run["data"]["tags"]}
    assert (info["run_name"], info["user_id"], info["status"]) == ("r", "ann", "FINISHED")
    assert (int(info["start_time"]), int(info["end_time"])) == (7, 450 if "last" in order else 250)
    assert tags == {"t": "later", "mlflow.runName": "r"}


def test_a_beginning_in_another_experiment_is_told_and_moves_nothing(client: Tracker) -> None:
    first, later = Journal(), Journal()
    later.run_id = first.run_id
    later.begin(experiment="there", name="", resumed=True)
    first.begin(experiment="here")
    assert later.send(client).status == 200
    (conflict,) = first.send(client).json()["conflicts"]
    assert (conflict["kind"], conflict["key"]) == ("run", "experiment")
    run = client.get(API + "runs/get", run_id=first.run_id).json()["run"]
    found = client.get(API + "experiments/get", experiment_id=run["info"]["experiment_id"]).json()
    assert (found["experiment"]["name"], run["info"]["run_name"]) == ("there", "r")
