"""Any bytes on the server's socket: never a failure of its own, and it goes on."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from crash.servers import API, NATIVE, ServerProcess, ask, free_port
from fuzz.wire import Message, exchange, messages

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
SHARE, LONG = 200, 1500


@pytest.fixture
def server(tmp_path: Path, store_url: str) -> Iterator[ServerProcess]:
    """A server process on each database."""
    process = ServerProcess(tmp_path, store_url, free_port())
    yield process
    process.process.kill()
    process.process.wait()


def something(port: int) -> dict[str, str]:
    """Ids of a run, a model and an upload."""
    experiment_id = ask(port, "POST", API + "experiments/create", {"name": uuid.uuid4().hex})[1]["experiment_id"]
    run_id = ask(port, "POST", API + "runs/create", {"experiment_id": experiment_id})[1]["run"]["info"]["run_id"]
    model = ask(port, "POST", API + "logged-models", {"experiment_id": experiment_id})[1]["model"]
    upload = ask(port, "POST", NATIVE + "artifacts/uploads", {"path": run_id, "size": 4})[1]
    ids = {"experiment_id": experiment_id, "run_id": run_id, "model_id": model["info"]["model_id"]}
    return ids | {"upload_id": upload["upload_id"], "writer": uuid.uuid4().hex, "seq": "0"}


def send_many(server: ServerProcess, count: int) -> None:
    there: dict[str, str] = {}
    seen: Counter[int] = Counter()

    @settings(
        max_examples=max(1, int(count * SCALE)),
        phases=(Phase.generate,),  # making a case smaller takes as long as all of them
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(message=messages())
    def send(message: Message) -> None:
        if seen.total() % 50 == 0:
            there.update(something(server.port))
            assert server.status("/health") == 200
        status, body = exchange(server.port, message.encoded(there), whole=message.whole)
        seen[status] += 1
        assert status < 500 or (status == 501 and json.loads(body)["error_code"] == "NOT_IMPLEMENTED"), body
        if status >= 400 and body.startswith(b"{"):
            told = json.loads(body)
            assert told["error_code"]
            assert told["message"]

    send()
    assert server.status("/health") == 200
    log = server.log.read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:6000]
    assert "Internal error" not in log
    print(f"{seen.total()} requests, by status: {dict(sorted(seen.items()))}")


def test_no_bytes_make_the_server_fail(server: ServerProcess) -> None:
    send_many(server, SHARE)


@pytest.mark.slow
def test_no_bytes_of_very_many_make_the_server_fail(server: ServerProcess) -> None:
    send_many(server, LONG)
