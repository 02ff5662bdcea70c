"""Training, shipper and server are killed at random: what a call returned from is on the server once, bit for bit.

Each training process logs from two threads and a forked child: points of every kind of number, params, tags, files.
"""

from __future__ import annotations

import math
import os
import random
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.client.shipper import Shipper, hold
from crash.conftest import Place
from crash.servers import ServerProcess, free_port
from hosts import alive, eventually

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
SEED = os.environ.get("CLEW_TEST_SEED")
ODD = (0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -2.2250738585072009e-308, 1.7976931348623157e308, 0.1, 1 / 3)
WRITERS = ("main", "thread", "child")

# The page outlives the process: word n says how many calls of kind n returned; the last word is the child's pid.
TRAINING = """
import contextvars, mmap, os, sys, threading, time
import clew
ODD = [float.fromhex(text) for text in sys.argv[2].split(",")]
file = open(sys.argv[1], "r+b")
page = mmap.mmap(file.fileno(), 4096)

def returned(word, count):
    page[8 * word : 8 * word + 8] = count.to_bytes(8, "little")

def value(step):
    return ODD[step // 3 % len(ODD)] if step % 3 == 0 else step / 7

def log(word, key, extra=lambda step: None):
    step = 0
    while True:
        clew.log_metric(key, value(step), step=step)
        step += 1
        returned(word, step)
        if step % 40 == 0:
            extra(step // 40)
            time.sleep(0.02)

def more(turn):
    clew.log_params({f"p{turn}": "v" * (turn * 37 % 900), f"q{turn}": turn})
    returned(3, turn)
    clew.set_tags({"turn": turn, f"t{turn}": "w" * (turn % 300)})
    returned(4, turn)
    clew.log_metrics({"pair/a": turn, "pair/b": -turn}, step=turn)
    returned(5, turn)
    if turn % 5 == 0:
        clew.log_text(f"text {turn} " * turn, f"files/{turn}.txt")
        returned(6, turn // 5)

os.setpgid(0, 0)
run = clew.start_run()
print(run.info.run_id, flush=True)
child = os.fork()
if child == 0:
    log(2, "child")
returned(7, child)
context = contextvars.copy_context()
threading.Thread(target=lambda: context.run(log, 1, "thread"), daemon=True).start()
log(0, "main", more)
"""


class Training(NamedTuple):
    """A training process; ``page`` counts what returned."""

    script: subprocess.Popen[str]
    page: Path
    run_id: str

    @classmethod
    def start(cls, place: Place, number: int) -> Training:
        page = place.folder / f"page{number}"
        page.write_bytes(bytes(4096))
        odd = ",".join(value.hex() for value in ODD)
        script = place.start(TRAINING, str(page), odd)
        assert script.stdout is not None
        run_id = script.stdout.readline().strip()
        assert run_id, script.communicate()[1]
        return cls(script, page, run_id)

    def returned(self) -> list[int]:
        return list(struct.unpack_from("<8Q", self.page.read_bytes()))

    def kill(self, both: bool) -> None:
        """``kill -9`` of the process, or of its child alone."""
        child = self.returned()[7]
        if not both and child and alive(child):
            os.kill(child, signal.SIGKILL)
        elif both and self.script.poll() is None:
            os.killpg(self.script.pid, signal.SIGKILL)  # the group is its own, so a child not noted yet goes, too
            self.script.wait()
        elif child and alive(child):
            os.kill(child, signal.SIGKILL)
        eventually(lambda: not alive(child) if child else True)


def expected(step: int) -> float:
    return ODD[step // 3 % len(ODD)] if step % 3 == 0 else step / 7


def bits(value: float) -> bytes:
    # JSON has one NaN only
    return b"NaN" if math.isnan(value) else struct.pack("<d", value)


def check(run_id: str, counts: list[int]) -> None:
    """All that returned is there, in order, once; of what did not return at most one call more per writer."""
    client = ClewClient()
    run = client.get_run(run_id)
    assert run.info.status == "KILLED"
    for word, key in enumerate(WRITERS):
        history = client.get_metric_history(run_id, key)
        assert [m.step for m in history] == list(range(len(history))), key
        assert counts[word] <= len(history) <= counts[word] + 1, (key, counts[word], len(history))
        wrong = [m.step for m in history if bits(m.value) != bits(expected(m.step))]
        assert not wrong, (key, wrong[:5])
    _, _, _, params, tags, pairs, files, _ = counts
    for name, wanted in (("p", lambda n: "v" * (n * 37 % 900)), ("q", str)):
        stored = {int(k[1:]): v for k, v in run.data.params.items() if k[0] == name}
        assert stored == {n: wanted(n) for n in range(1, len(stored) + 1)}
        assert params <= len(stored) <= params + 1
    stored = {int(k[1:]): v for k, v in run.data.tags.items() if k[0] == "t" and k[1:].isdigit()}
    assert stored == {n: "w" * (n % 300) for n in range(1, len(stored) + 1)}
    assert tags <= len(stored) <= tags + 1
    assert not tags or int(run.data.tags["turn"]) in (tags, tags + 1)
    for key, sign in (("pair/a", 1), ("pair/b", -1)):
        history = client.get_metric_history(run_id, key)
        assert [(m.step, m.value) for m in history] == [(n, n * sign) for n in range(1, len(history) + 1)]
        assert pairs <= len(history) <= pairs + 1
    names = {f.path for f in client.list_artifacts(run_id, "files")} if files else set()
    assert {f"files/{5 * n}.txt" for n in range(1, files + 1)} <= names
    for n in range(1, files + 1):
        with open(client.download_artifacts(run_id, f"files/{5 * n}.txt"), encoding="utf-8") as file:
            assert file.read() == f"text {5 * n} " * 5 * n


def chaos(place: Place, store: str, kills: int) -> None:
    seed = int(SEED or random.randrange(1 << 32))
    print(f"CLEW_TEST_SEED={seed}")
    chance = random.Random(seed)
    port = int(place.uri.rpartition(":")[2])
    server = ServerProcess(place.folder, store, port)
    trainings = [Training.start(place, number) for number in range(2)]
    living = list(trainings)
    try:
        for number in range(kills):
            time.sleep(chance.uniform(0.02, 0.5))
            victim = ("training", "child", "shipper", "server")[number % 4]
            if victim == "server":
                server.end(signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.5))
                if number % 8 == 3:  # a run that begins in the journal
                    trainings.append(Training.start(place, len(trainings)))
                    living.append(trainings[-1])
                server = ServerProcess(place.folder, store, port)
            elif victim == "shipper":
                pid = place.shipper_pid()
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
            elif victim == "child":
                chance.choice(living).kill(both=False)
            else:
                living.pop(chance.randrange(len(living))).kill(both=True)
                fresh = Training.start(place, len(trainings))
                trainings.append(fresh)
                living.append(fresh)
        for training in living:
            training.kill(both=True)
        ship_all(place)
        for training in trainings:
            assert training.script.returncode == -signal.SIGKILL, training.script.communicate()[1]  # no call raised
            check(training.run_id, training.returned())
        assert "Traceback" not in server.log.read_text()
    finally:
        for training in trainings:
            training.kill(both=True)
        forget_links()
        server.end(signal.SIGKILL)


def ship_all(place: Place) -> None:
    """Bring everything to the server, whatever a shipper that waits for it thinks."""
    pid = place.shipper_pid()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid))
    lock = hold(place.target, 10.0)
    assert lock is not None
    try:
        shipper = Shipper(place.target, once=True)
        shipper.run()
        assert shipper.refused == []
    finally:
        os.close(lock)
    assert place.empty()


@pytest.fixture
def served(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose scripts log to a server of ours."""
    place.uri = place.environ["CLEW_TRACKING_URI"] = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CLEW_TRACKING_URI", place.uri)
    return place


@pytest.mark.slow
def test_kills_of_everything_lose_and_double_nothing(served: Place) -> None:
    chaos(served, f"sqlite:///{served.folder}/s.db", 4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_kills_of_everything(served: Place, store_url: str) -> None:
    chaos(served, store_url, max(8, round(10 * SCALE)))  # CLEW_TEST_SCALE=5: 50 kills
