"""Random numbers of the user's training, untouched by what is done beside it."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """A block after which Python's, numpy's and torch's generators go on as if it had not been.

    All threads share them. Where others are at work they stay as they are, so that nobody gets the same numbers twice;
    what the user's threads draw from them has no order that could be kept.
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    plain = random.getstate()
    array = numpy.random.get_state() if numpy is not None else None
    tensor = torch.get_rng_state() if torch is not None else None
    device = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        if not _others_at_work():
            random.setstate(plain)
            if numpy is not None:
                numpy.random.set_state(array)
            if torch is not None:
                torch.set_rng_state(tensor)
                if device is not None:
                    torch.cuda.set_rng_state_all(device)


def _others_at_work() -> bool:
    """Whether there are threads that may run the user's code; those behind libraries are daemons, but for pools'."""
    me = threading.current_thread()
    return any(
        other is not me and (not other.daemon or other.name.endswith("(worker)")) for other in threading.enumerate()
    )
