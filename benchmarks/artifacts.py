"""A 256 MiB artifact through the server, beside a plain file copy through the same HTTP stack."""

from __future__ import annotations

import http.client
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import Server, clew_server, free_port, running
from benchmarks.result import Result, interleave, seconds
from clew.client.http import http_sender
from clew.client.parts import put_in_parts
from clew.client.upload import PROXY

SIZE = 256 << 20
ROUNDS = 3
SHARE = 0.6  # of the plain copy
_PIECE = 1 << 20


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "source.bin"
        source.write_bytes(os.urandom(SIZE))
        port = free_port()
        bare = [sys.executable, str(Path(__file__).with_name("file_app.py")), str(port)]
        with clew_server(folder / "clew") as ours, running(bare, port, folder / "bare") as plain:
            sender = http_sender(ours.url)
            took = interleave(
                {
                    "bare up": _timed(lambda: _put(plain, "/file", source)),
                    "up": _timed(lambda: _put(ours, f"{PROXY}/a.bin", source)),
                    "parts": _timed(lambda: put_in_parts(sender, "b.bin", str(source), PROXY)),
                    "bare down": _timed(lambda: _get(plain, "/file")),
                    "down": _timed(lambda: _get(ours, f"{PROXY}/a.bin")),
                },
                rounds=ROUNDS * 2 if full else ROUNDS,
            )
            memory = ours.memory_bytes() / 1e6
    rate = {name: SIZE / 1e6 / taken for name, taken in took.items()}
    note = "256 MiB, SHA-256 computed and kept"
    return [
        _result("upload", rate["up"], rate["bare up"], note),
        _result("upload in parts by the client", rate["parts"], rate["bare up"], note + " twice, of parts and whole"),
        _result("download", rate["down"], rate["bare down"], "256 MiB"),
        Result(name="server's memory afterwards", value=memory, unit="MB"),
    ]


def _result(name: str, rate: float, limit: float, note: str) -> Result:
    return Result(
        name=name,
        value=rate,
        unit="MB/s",
        goal=SHARE * limit,
        higher=True,
        limit=limit,
        limit_name="plain copy through the same HTTP stack",
        note=note,
    )


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: seconds(work)


def _put(server: Server, path: str, source: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300, blocksize=_PIECE)
    with source.open("rb") as body:
        connection.request("PUT", path, body, {"Content-Length": str(SIZE)})
        answer = connection.getresponse()
        answer.read()
    connection.close()
    assert answer.status == 200


def _get(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    connection.request("GET", path)
    answer, size = connection.getresponse(), 0
    while piece := answer.read(_PIECE):
        size += len(piece)
    connection.close()
    assert size == SIZE
