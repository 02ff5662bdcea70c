"""Journal slots into the store: exactly once, everything of a request in one transaction."""

from __future__ import annotations

import re
import threading
import zlib
from collections import OrderedDict

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import Conflict, CorruptUpload, InvalidValue, NotFound, SequenceGap
from clew.server import batches
from clew.server.replay import Replay, decode_payload
from clew.server.slots import Record, Slots, read_slots
from clew.storage import ingest as streams
from clew.storage import keys, life, metrics, purge
from clew.storage.engine import WriteTx
from clew.storage.memory import Context
from clew.storage.points import PointColumns
from clew.wire import frames
from clew.wire.native import Ingest, IngestConflict, IngestResponse

MAX_SLOTS = 50_000
LARGE_SLOTS = 2000  # from here on a batch is decoded in a thread
_ID = re.compile(r"^[0-9a-f]{32}$")
_NS_PER_MS = 1_000_000


def is_id(text: str) -> bool:
    """Whether ``text`` is 32 lower-case hex digits."""
    return _ID.match(text) is not None


class _Key(msgspec.Struct):
    id: int
    key: str
    context: int = 0


class _Context(msgspec.Struct):
    id: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    rank: int | None = None


class Names(msgspec.Struct):
    """What a writer's numbers mean.

    keys: key id -> (name, context id); an empty name is one that the store refuses.
    contexts: context id -> what points are bound to.
    """

    keys: dict[int, tuple[str, int]] = {}
    contexts: dict[int, Context] = {}

    def add(self, news: Names) -> None:
        """Take in what was declared later."""
        self.keys.update(news.keys)
        self.contexts.update(news.contexts)


class NamesCache:
    """The names of the writers seen lately, so that they are not read and decoded again and again.

    An entry counts only while its mark is the one that the store has, so an undone transaction or
    another server's write cannot mislead it.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._entries: OrderedDict[str, tuple[str, Names]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tx: WriteTx, writer: str, mark: str) -> Names:
        """The names as of ``mark``; they may be added to by whoever puts them back with a new mark."""
        if not mark:
            return Names()
        with self._lock:
            entry = self._entries.get(writer)
            if entry is not None and entry[0] == mark:
                self._entries.move_to_end(writer)
                return entry[1]
        known = Names()
        for text in streams.read_names(tx, writer):
            known.add(msgspec.json.decode(text, type=Names))
        self.put(writer, mark, known)
        return known

    def put(self, writer: str, mark: str, known: Names) -> None:
        """Remember names and their mark."""
        with self._lock:
            self._entries[writer] = mark, known
            self._entries.move_to_end(writer)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)


class Batch:
    """Slots of one ingest request: first decoded, then applied in a transaction.

    large: whether decoding takes long enough to be worth a thread.
    """

    def __init__(self, request: Ingest, cache: NamesCache) -> None:
        if not is_id(request.writer) or not is_id(request.run_id):
            raise InvalidValue("'writer' and 'run_id' must be 32 lower-case hex digits.")
        size = len(request.body)
        if size % frames.SLOT_BYTES or not 0 < size <= MAX_SLOTS * frames.SLOT_BYTES:
            raise InvalidValue(f"The body must be 1 to {MAX_SLOTS} whole slots of 32 bytes. Got {size} bytes.")
        if request.first_seq < 0 or request.slot < 0 or not 0 <= request.salt < 1 << 32:
            raise InvalidValue("'first_seq' and 'slot' must not be negative, 'salt' must fit 32 bits.")
        self.large = size > LARGE_SLOTS * frames.SLOT_BYTES
        self.run_id = request.run_id
        self._request = request
        self._cache = cache
        self._slots: Slots | None = None

    def decode(self) -> None:
        """Check and split the slots.

        Raises:
            CorruptUpload: a CRC does not fit.
        """
        self._slots = read_slots(self._request.body, self._request.salt, self._request.slot)

    def apply(self, tx: WriteTx) -> IngestResponse:
        """Apply what is not applied yet; the answer's ``seq`` is the writer's new cursor.

        What comes for a run that was deleted for good is taken and dropped, so that its journal can end.

        Raises:
            SequenceGap: slots before these are missing.
            NotFound: the run is unknown and the batch does not start it.
            CorruptUpload: a record cannot be read, or a point has an unknown key.
        """
        request, slots = self._request, self._slots
        assert slots is not None, "apply() before decode()"
        run = keys.find_run(tx, request.run_id)
        if run is None and purge.is_purged(tx, request.run_id):
            gone = IngestConflict(kind="run", key="", message=f"The run {request.run_id} was deleted for good.")
            return IngestResponse(seq=request.first_seq + slots.used, conflicts=[gone])
        seq, mark = streams.cursor(tx, request.writer)
        if request.first_seq > seq:
            raise SequenceGap(
                f"Slots {seq} to {request.first_seq - 1} of writer {request.writer} are missing; send from {seq} on.",
                seq,
            )
        skip = seq - request.first_seq
        if skip >= slots.used:
            return IngestResponse(seq=seq)
        records = [r for r in slots.records if r.at >= skip] if skip else slots.records
        if run is not None:
            life.revive(tx, run)
        elif all(r.kind != frames.RUN_START for r in records):
            raise NotFound(f"Run with id={request.run_id} not found")
        replay = Replay(tx, request.run_id)
        known, mark = self._learn(tx, records, seq, mark, replay)
        replay.apply(records)
        first = int(np.searchsorted(slots.at, skip)) if skip else 0
        if first < len(slots.points):
            self._log_points(tx, slots.points[first:], known, replay)
        conflicts = replay.keep_conflicts()
        seq = request.first_seq + slots.used
        streams.advance(tx, request.writer, request.run_id, seq, mark)
        return IngestResponse(seq=seq, conflicts=conflicts)

    def _learn(self, tx: WriteTx, records: list[Record], seq: int, mark: str, replay: Replay) -> tuple[Names, str]:
        """The writer's names with those of this batch, and their mark.

        Cost: that of the new names only, else a writer with very many would slow down with each.
        """
        writer = self._request.writer
        known = self._cache.get(tx, writer, mark)
        news = Names(keys={}, contexts={})
        for record in records:
            if record.kind == frames.CONTEXT:
                c = decode_payload(_Context, record)
                news.contexts[c.id] = (c.model_id, c.dataset_name, c.dataset_digest, -1 if c.rank is None else c.rank)
            elif record.kind == frames.KEY:
                key = decode_payload(_Key, record)
                try:
                    batches.check_name(key.key, "metric key")
                    news.keys[key.id] = key.key, key.context
                except InvalidValue as e:
                    news.keys[key.id] = "", 0
                    replay.report("metric", key.key[:250], e.message)
        if not news.keys and not news.contexts:
            return known, mark
        text = msgspec.json.encode(news).decode()
        streams.add_names(tx, writer, seq, text)
        mark = f"{seq}:{zlib.crc32(text.encode())}"
        known.add(news)
        self._cache.put(writer, mark, known)
        return known, mark

    def _log_points(self, tx: WriteTx, points: NDArray[np.void], known: Names, replay: Replay) -> None:
        columns = point_columns(points, known)
        if columns is None:
            return
        try:
            metrics.log_points(tx, self._request.run_id, columns)
        except Conflict as e:
            replay.report("metric", ", ".join(columns.keys[:5]), f"{len(columns.steps)} points kept out: {e.message}")


def point_columns(points: NDArray[np.void], known: Names) -> PointColumns | None:
    """Points of a journal as the store takes them; None if no point is left.

    Points under a key that the store refuses are left out (its conflict was reported with the key).

    Raises:
        CorruptUpload: a point's key number was never declared.
    """
    ids = points["key"]
    used = np.unique(ids) if int(ids.max()) > 1_000_000 else np.flatnonzero(np.bincount(ids))
    names: dict[str, int] = {}
    bound: dict[Context, int] = {}
    key_of = np.full(len(used), -1, np.int32)
    context_of = np.full(len(used), -1, np.int32)
    for i, number in enumerate(used.tolist()):
        entry = known.keys.get(number)
        if entry is None:
            raise CorruptUpload(f"A point has the key number {number}, which the journal never declared.", 0)
        name, context = entry
        if name:
            key_of[i] = names.setdefault(name, len(names))
        if context:
            meaning = known.contexts.get(context)
            if meaning is None:
                raise CorruptUpload(f"Key number {number} has the context {context}, which was never declared.", 0)
            context_of[i] = bound.setdefault(meaning, len(bound))
    at = np.searchsorted(used, ids)
    if (key_of < 0).any():
        kept = key_of[at] >= 0
        points, at = points[kept], at[kept]
        if not len(points):
            return None
    return PointColumns(
        keys=tuple(names),
        key_index=key_of[at],
        steps=np.ascontiguousarray(points["step"], np.int64),
        times_ms=points["ts"] // _NS_PER_MS,
        values=np.ascontiguousarray(points["value"], np.float64),
        contexts=tuple(bound),
        context_index=context_of[at] if bound else None,
    )
