"""Event streams: what is told, how often, and what a reader finds who comes back."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.server.app import App
from clew.server.context import Site
from clew.server.limits import Limits
from clew.storage.store import Store

from .conftest import API, NATIVE, Tracker
from .test_ingest import Journal

PATH = NATIVE + "events"


class Stream:
    """An open event stream of the application; reads as a browser does.

    last_id: where it would go on after a lost connection.
    """

    def __init__(self, client: Tracker, topics: str, last_id: str = "", since: str = "") -> None:
        self.client = client
        self.last_id = last_id
        self.status = 0
        self.ended = False
        self.paused = False
        self._bytes = b""
        self._read = 0
        headers = [(b"host", b"localhost")] + ([(b"last-event-id", last_id.encode())] if last_id else [])
        query = f"topics={topics}" + (f"&since={since}" if since else "")
        self._scope = {"type": "http", "method": "GET", "path": PATH, "headers": headers, "client": ("127.0.0.1", 1)}
        self._scope["query_string"] = query.encode()
        client._call(self._start())

    async def _start(self) -> None:
        self._left = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        await self.client.app(self._scope, self._receive, self._send)
        self.ended = True

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        while self.paused:
            await asyncio.sleep(0.01)
        self.status = message.get("status", self.status)
        self._bytes += message.get("body", b"")

    def blocks(self) -> list[dict[str, str]]:
        """The whole event blocks that came since the last call."""
        whole, _, _ = self._bytes[self._read :].rpartition(b"\n\n")
        self._read += len(whole)
        found = []
        for block in whole.decode().strip().split("\n\n"):
            fields = dict(re.findall(r"^(\w+): ?(.*)$", block, re.MULTILINE))
            self.last_id = fields.get("id", self.last_id)
            if fields:
                found.append(fields)
        return found

    def until(self, happened: Callable[[list[Any]], object], within_s: float = 10.0) -> list[Any]:
        """The data of the change events from now on, when ``happened`` holds of them."""
        deadline = time.monotonic() + within_s
        events: list[Any] = []
        while True:
            events += [json.loads(b["data"]) for b in self.blocks() if b.get("event") == "change"]
            if happened(events):
                return events
            assert time.monotonic() < deadline, events
            time.sleep(0.01)

    def ready(self) -> None:
        deadline = time.monotonic() + 10
        while not any(b.get("event") == "ready" for b in self.blocks()):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def leave(self) -> None:
        async def leave() -> None:
            self._left.set()
            await self._task

        self.client._call(leave())


@pytest.fixture
def live(client: Tracker) -> Iterator[Callable[..., Stream]]:
    """Opens streams that are ready, and past the news that a connection to PostgreSQL was made."""
    streams: list[Stream] = []

    def opened(topics: str, **how: str) -> Stream:
        stream = Stream(client, topics, **how)
        streams.append(stream)
        return stream

    yield opened
    for stream in streams:
        stream.leave()


def settled(stream: Stream) -> Stream:
    stream.ready()
    time.sleep(0.4)
    stream.blocks()
    return stream


def test_a_change_is_told_by_topic_with_ids(client: Tracker, live: Callable[..., Stream]) -> None:
    experiment = client.new_experiment("seen")
    run_id = client.new_run(experiment)
    stream = settled(live(f"exp:{experiment},run:{run_id},experiments,exp:0"))
    client.log(run_id, "loss", (0, 1.0))
    events = stream.until(lambda events: len(events) >= 3)
    by_topic = {e["topic"]: e for e in events}
    assert by_topic.keys() == {f"exp:{experiment}", f"run:{run_id}", "experiments"}
    assert by_topic[f"exp:{experiment}"]["runs"] == [run_id]
    assert by_topic[f"run:{run_id}"]["kind"] == "change"
    assert by_topic["experiments"]["experiments"] == [experiment]


def test_a_journal_s_points_are_told(client: Tracker, live: Callable[..., Stream]) -> None:
    stream = settled(live("experiments"))
    journal = Journal()
    journal.begin()
    journal.key(1, "loss")
    journal.point(1, 0, 1.0)
    journal.send(client)
    stream.until(lambda events: events)


def test_a_changed_experiment_is_to_be_read_again(client: Tracker, live: Callable[..., Stream]) -> None:
    experiment = client.new_experiment("short")
    run_id = client.new_run(experiment)
    stream = settled(live(f"exp:{experiment},run:{run_id}"))
    client.ok(API + "experiments/delete", {"experiment_id": experiment})
    events = stream.until(lambda events: len(events) >= 2)
    assert {(e["topic"], e["kind"]) for e in events} == {(f"exp:{experiment}", "resync"), (f"run:{run_id}", "resync")}


def test_many_changes_become_few_messages(client: Tracker, live: Callable[..., Stream]) -> None:
    run_id = client.new_run()
    stream = settled(live("exp:0"))
    start = time.monotonic()
    for step in range(200):
        client.log(run_id, "loss", (step, 1.0))
    taken_s = time.monotonic() - start
    time.sleep(0.6)
    events = stream.until(lambda events: events)
    assert len(events) <= taken_s / 0.25 + 3
    assert all(e["runs"] == [run_id] for e in events)


def test_who_comes_back_learns_what_it_missed(client: Tracker, live: Callable[..., Stream]) -> None:
    ids = [client.new_run() for _ in range(3)]
    stream = settled(live("exp:0,experiments"))
    stream.leave()
    client.log(ids[1], "loss", (0, 1.0))
    back = live(f"exp:0,run:{ids[0]},run:{ids[1]},experiments", last_id=stream.last_id)
    topics = {e["topic"]: e for e in back.until(lambda events: len(events) >= 3)}
    assert f"run:{ids[0]}" not in topics
    assert ids[1] in topics["exp:0"]["runs"]
    assert topics[f"run:{ids[1]}"]["kind"] == "change"
    assert topics["experiments"]["experiments"] == ["0"]
    late = settled(live("exp:0", last_id=back.last_id))
    late.leave()
    assert late.blocks() == []


def test_a_page_of_runs_says_where_to_listen_on_from(client: Tracker, live: Callable[..., Stream]) -> None:
    ids = [client.new_run() for _ in range(2)]
    page = client.ok(NATIVE + "runs/query", {"experiment_ids": ["0"], "columns": []})
    quiet = live("exp:0", since=page["rev"])
    time.sleep(0.5)
    assert [block["event"] for block in quiet.blocks() if "event" in block] == ["ready"]
    quiet.leave()
    client.log(ids[1], "loss", (0, 1.0))
    stream = live("exp:0", since=page["rev"])
    assert stream.until(lambda events: events)[0]["runs"] == [ids[1]]


def test_a_position_from_elsewhere_means_read_again(live: Callable[..., Stream]) -> None:
    stream = live("exp:0", since="123456789012345")
    assert stream.until(lambda events: events)[0]["kind"] == "resync"


def test_too_much_to_name_means_read_again(client: Tracker, live: Callable[..., Stream]) -> None:
    stream = settled(live("exp:0"))
    stream.leave()
    for _ in range(120):
        client.new_run()
    back = live("exp:0", since=stream.last_id)
    assert back.until(lambda events: events)[0]["kind"] == "resync"


def test_a_slow_reader_is_told_once_to_read_again(client: Tracker, live: Callable[..., Stream]) -> None:
    run_id = client.new_run()
    slow, quick = settled(live("exp:0,experiments")), settled(live("exp:0"))
    slow.paused = True
    for step in range(5):
        client.log(run_id, "loss", (step, 1.0))
        quick.until(lambda events: events)
    slow.paused = False
    events = slow.until(lambda events: any(e["kind"] == "resync" for e in events))
    time.sleep(0.3)
    events += slow.until(lambda events: True)
    assert len(events) <= 4
    assert slow.last_id


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "topics"),
        ("topics=", "1 to 100"),
        ("topics=exp:x", "exp:x"),
        ("topics=exp:0&since=abc", "abc"),
        ("topics=" + ",".join(f"exp:{n}" for n in range(101)), "100"),
    ],
)
def test_bad_questions_are_named(lite: Tracker, query: str, words: str) -> None:
    answer = lite.request("GET", PATH, query=query)
    assert answer.status == 400
    assert words in answer.message


def test_streams_beyond_the_limit_are_refused(store: Store, tmp_path: Path) -> None:
    client = Tracker(App(Site(store, LocalStore(str(tmp_path / "a"))), limits=Limits(event_streams=1)))
    stream = Stream(client, "exp:0")
    stream.ready()
    answer = client.get(PATH, topics="exp:0")
    assert (answer.status, "--max-event-streams" in answer.message) == (503, True)
    stream.leave()
    Stream(client, "exp:0").leave()
    client.close()


def test_a_closed_hub_ends_its_streams(client: Tracker, live: Callable[..., Stream]) -> None:
    stream = settled(live("exp:0"))

    async def close() -> None:
        client.app.hub.close()

    client._call(close())
    client._call(asyncio.sleep(0.05))
    assert stream.ended
    assert client.get(PATH, topics="exp:0").status == 503


def test_changes_since_a_position(client: Tracker) -> None:
    ids = [client.new_run() for _ in range(3)]
    rev = client.get(NATIVE + "changes", experiment_id="0").json()["rev"]
    client.log(ids[0], "loss", (0, 1.0))
    client.log(ids[2], "loss", (0, 1.0))
    found = client.get(NATIVE + "changes", experiment_id="0", since=rev).json()
    assert (found["run_ids"], found["more"]) == ([ids[2], ids[0]], False)
    assert "run_ids" not in client.get(NATIVE + "changes", experiment_id="0", since=found["rev"]).json()
    assert client.get(NATIVE + "changes", experiment_id="0", since="x").status == 400
    assert client.get(NATIVE + "changes", experiment_id="77").status == 404
