"""New ids and the clock: the only source of randomness and time.

Standard library only and cheap to import, because the client's logging path uses it.
"""

from __future__ import annotations

import os
import time

_ADJECTIVES = (
    "able amber apt bold brave bright brisk calm clear clever crisp deft eager fair fine fleet fond frank "
    "fresh gentle glad grand hardy keen kind light lively lucid merry mild neat nimble noble patient "
    "placid polite proud quick quiet rapid sage sharp silent sincere smooth snug sober spry stable steady "
    "still stout sunny swift tidy true vivid warm wise witty worthy"
).split()
_NOUNS = (
    "arch aspen badger basin beacon birch bison brook canyon cedar cliff cloud comet coral cove crane "
    "creek delta dune eagle ember falcon fern finch fjord fox gale glade grove gull harbor hare hawk "
    "heron island jay kestrel lagoon lake lark linnet lynx maple marsh meadow mesa otter owl pine plover "
    "pond quail raven reef ridge river robin sable seal shore sparrow spruce stoat stone swan thrush tide "
    "trout valley willow wren"
).split()


def new_id() -> str:
    """A fresh id: 32 lower-case hex digits, 128 random bits."""
    return os.urandom(16).hex()


def new_model_id() -> str:
    """A fresh logged-model id: ``m-`` and 32 hex digits."""
    return "m-" + os.urandom(16).hex()


def new_name() -> str:
    """A readable name such as ``swift-heron-417`` for a run or model that got none."""
    a, b, c, d = os.urandom(4)
    return f"{_ADJECTIVES[a % len(_ADJECTIVES)]}-{_NOUNS[b % len(_NOUNS)]}-{(c << 8 | d) % 1000}"


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000
