"""Models that autologging logged, as long as the user keeps them.

Who logs such a model himself, under the same name in the same run, means the same model: his takes its place.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

_lock = threading.Lock()
_logged: dict[int, tuple[Any, str | None, str, str]] = {}


def note(model: object, run_id: str | None, name: str, model_id: str) -> None:
    """Remember that autologging logged this object; what cannot be referenced weakly is left out."""
    key = id(model)
    try:
        reference = weakref.ref(model, lambda _: _logged.pop(key, None))
    except TypeError:
        return
    with _lock:
        _logged[key] = (reference, run_id, name, model_id)


def take(model: object, run_id: str | None, name: str) -> str | None:
    """The id under which autologging logged this very object in the run by that name; it is forgotten then."""
    with _lock:
        found = _logged.get(id(model))
        if found is None or found[0]() is not model or found[1:3] != (run_id, name):
            return None
        del _logged[id(model)]
        return found[3]
