"""Several server processes on one set of listening sockets, for stores that many may write to."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from clew.errors import ClewError, Unavailable

Announce = Callable[[list[str]], None]


def serve_in_processes(serve: Callable[[Announce], None], workers: int, announce: Announce | None) -> None:
    """Run ``serve`` in so many child processes until a signal ends them all.

    serve: called in each child with a function that it calls with its addresses once it answers. The first child
    is awaited before the others start, since it creates the store's tables.
    announce: called here with those addresses, once.

    Raises:
        Unavailable: a child failed; the others were ended.
    """
    children: set[int] = set()
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    failed = 0
    try:
        urls = _start(serve, children)
        if urls is not None:
            for _ in range(workers - 1):
                _start(serve, children)
            if announce is not None:
                announce(urls)
        while children:
            child, status = os.wait()
            if child in children:
                children.discard(child)
                if status and not stopping:
                    failed = child
                    stop(0, None)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if failed:
        raise Unavailable(f"Server process {failed} ended by itself; see its last words above.")


def _start(serve: Callable[[Announce], None], children: set[int]) -> list[str] | None:
    """Fork one child; its addresses once it answers, or None if it ended before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent passes a SIGTERM on instead
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            serve(lambda urls: _report(writing, urls))
            status = 0
        except ClewError as e:
            print(f"clew: {e}", file=sys.stderr, flush=True)  # noqa: T201 - the parent only knows that it failed
        finally:
            os._exit(status)
    os.close(writing)
    children.add(child)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    return text.split() if text else None


def _report(writing: int, urls: list[str]) -> None:
    os.write(writing, (" ".join(urls) + " ").encode())
    os.close(writing)
