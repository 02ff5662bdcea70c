"""Random numbers of the user's training, untouched by what is done beside it."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """A block after which Python's, numpy's and torch's generators go on as if it had not been.

    All threads share them. Where others were at work they stay as they are, so that nobody gets the same numbers twice;
    what the user's threads draw from them has no order that could be kept.
    """
    others = _others()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    plain = random.getstate()
    array = numpy.random.get_state() if numpy is not None else None
    tensor = torch.get_rng_state() if torch is not None else None
    device = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        if _have_slept(others):
            random.setstate(plain)
            if numpy is not None:
                numpy.random.set_state(array)
            if torch is not None:
                torch.set_rng_state(tensor)
                if device is not None:
                    torch.cuda.set_rng_state_all(device)


def _others() -> Mapping[int | None, str]:
    """The threads that may run the user's code, and how long each was at work so far; "" where nothing tells.

    Those behind libraries are daemons, but for pools'.
    """
    me = threading.current_thread()
    return {
        other.native_id: _work_of(other.native_id)
        for other in threading.enumerate()
        if other is not me and (not other.daemon or other.name.endswith("(worker)"))
    }


def _work_of(thread: int | None) -> str:
    """Nanoseconds on a processor, as Linux tells them."""
    try:
        with open(f"/proc/self/task/{thread}/schedstat") as file:
            return file.read()
    except OSError:
        return ""


def _have_slept(before: Mapping[int | None, str]) -> bool:
    """Whether the same threads are there as before and none did anything since, as idle ones of a pool."""
    return all(before.values()) and _others() == before
