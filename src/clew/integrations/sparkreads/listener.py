"""Spark tells of each query that succeeded, a moment later and from a thread of its own.

That call only puts the query in line, so that Spark waits for nobody here.
"""

from __future__ import annotations

import functools
import threading
from types import ModuleType
from typing import Any, Final

from clew.client.session import session
from clew.integrations import guard
from clew.integrations.patch import Patch
from clew.integrations.sparkreads.reads import Reads


def listen(patch: Patch, module: ModuleType) -> None:
    """Listen to every classic session, from now on until the patch is undone."""
    reads = Reads(patch)
    session.companion_makers.append(reads.accompany)
    patch.on_undo(functools.partial(session.companion_makers.remove, reads.accompany))
    patch.on_undo(reads.close)
    for active in list(session.open.values()):
        if (companion := reads.accompany(active)) is not None:
            active.companions.append(companion)
    sessions = Sessions(patch, reads)
    patch.on_undo(sessions.leave)
    patch.replace(module.SparkSession, "__init__", functools.partial(_after_init, patch, sessions))
    present = module.SparkSession._instantiatedSession  # noqa: SLF001 - the session of the process
    if present is not None:
        with patch.quiet():
            guard.guarded("listening to Spark", sessions.hear, present)


def _after_init(patch: Patch, sessions: Sessions, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        with patch.quiet():
            guard.guarded("listening to Spark", sessions.hear, self)

    return wrapper


class Sessions:
    """The sessions that are listened to. Each has listeners of its own, also where it came by ``newSession``."""

    def __init__(self, patch: Patch, reads: Reads) -> None:
        self._patch = patch
        self._reads = reads
        self._lock = threading.Lock()
        self._heard: dict[str, tuple[Any, Any]] = {}
        """Session -> its manager of listeners, and our listener as Java has it."""

    def hear(self, spark: Any) -> None:
        """Listen to a session, once."""
        from pyspark.java_gateway import ensure_callback_server_started

        if not self._patch.live:
            return
        context, java = spark.sparkContext, spark._jsparkSession  # noqa: SLF001 - PySpark's only way to it
        known = java.sessionUUID()
        with self._lock:
            if self._reads.context is not context:
                self._heard.clear()  # the context before has ended
                self._reads.begin(context)
            if known in self._heard:
                return
            ensure_callback_server_started(context._gateway)  # noqa: SLF001
            manager = java.listenerManager()
            manager.register(QueryListener(self._reads))
            # Java has a proxy of its own for each time that it gets the listener, and takes off no other.
            self._heard[known] = manager, list(manager.listListeners())[-1]

    def leave(self) -> None:
        """Listen to no session any more."""
        with self._lock:
            heard = list(self._heard.values())
            self._heard.clear()
        if self._reads.running():
            for manager, listener in heard:
                guard.attempt(functools.partial(manager.unregister, listener))


class QueryListener:
    """Spark's ``QueryExecutionListener``, called from Java."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def onSuccess(self, name: str, execution: Any, duration_ns: int) -> None:  # noqa: N802 - Java's name
        """A query succeeded."""
        del name, duration_ns
        self._reads.guarded(self._reads.put, execution)

    def onFailure(self, name: str, execution: Any, error: Any) -> None:  # noqa: N802
        """A query failed; what it read is no input of anything."""

    def toString(self) -> str:  # noqa: N802
        """What Spark's log calls it."""
        return "clew.integrations.sparkreads"

    class Java:
        """What Py4J asks for."""

        implements: Final = ["org.apache.spark.sql.util.QueryExecutionListener"]
