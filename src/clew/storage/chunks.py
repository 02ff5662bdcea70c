"""Columns of metric points as bytes: the format of log rows, blocks and chunks.

Version 1; all integers little-endian. A body is a header, then its sections one after another::

    u8 version = 1 | u8 sections | u16 flags | u32 n points | u32 groups | u32 bytes of each section | sections

    log row  (kind LOG)    key ids, steps, times, values[, contexts]             each n long
    block    (kind BLOCK)  key ids, counts, first steps, first times (per group),
                           step deltas, time deltas, values[, contexts]          (per point)

A block holds its points grouped by key, and a chunk is a block with one group; deltas start anew in
each group, so that a jump between two keys costs nothing.

An integer section is the smallest of these forms, with arithmetic modulo 2^64::

    u8 0   | i64 first | i64 delta               every delta is the same
    u8 w   | i64 first | i64 least | n * u(8w)   w = 1, 2, 4: delta minus the least delta
    u8 8   | n * i64                             as they are
    u8 255 |                                     n = 0

A value section keeps every bit, NaN payloads and the sign of zero included::

    u8 0 | f64          every value has the same bits
    u8 4 | n * f32      every value survives the way through float32 bit for bit
    u8 8 | n * f64      as they are

A higher version byte is refused; compaction rewrites old bodies when the format moves on.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import Corrupt

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

VERSION: Final = 1
HAS_CONTEXT: Final = 4
_HEAD = struct.Struct("<BBHII")
_FIRST_DELTA = struct.Struct("<Bqq")
_WIDTHS = ((1, np.dtype("<u1"), 1 << 8), (2, np.dtype("<u2"), 1 << 16), (4, np.dtype("<u4"), 1 << 32))
_DTYPES = {width: dtype for width, dtype, _ in _WIDTHS}
_I8 = np.dtype("<i8")
_F4 = np.dtype("<f4")
_F8 = np.dtype("<f8")
_U8 = np.dtype("<u8")


class Points(msgspec.Struct, gc=False):
    """Points as columns, all of one length.

    keys, steps, times, contexts: int64[n]; values: float64[n]; contexts is None where no point has one.
    """

    keys: Ints
    steps: Ints
    times: Ints
    values: Floats
    contexts: Ints | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Points:
        """The points at ``index``, in its order."""
        contexts = None if self.contexts is None else self.contexts[index]
        return Points(self.keys[index], self.steps[index], self.times[index], self.values[index], contexts)


def concat(parts: list[Points]) -> Points:
    """All parts one after another."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        none = np.empty(0, np.int64)
        return Points(none, none, none, np.empty(0, np.float64))
    contexts = None
    if any(p.contexts is not None for p in parts):
        contexts = np.concatenate([np.zeros(len(p), np.int64) if p.contexts is None else p.contexts for p in parts])
    return Points(
        np.concatenate([p.keys for p in parts]),
        np.concatenate([p.steps for p in parts]),
        np.concatenate([p.times for p in parts]),
        np.concatenate([p.values for p in parts]),
        contexts,
    )


def sort_unique(points: Points, *, by_time: bool) -> Points:
    """Points of one series sorted by (step, time, value), or by (time, step, value); equal ones once.

    NaN is the smallest value. Two points are equal where every column is, values bit for bit (decision 6).
    """
    if len(points) < 2:
        return points
    major, minor = (points.times, points.steps) if by_time else (points.steps, points.times)
    rising = points.steps[1:] > points.steps[:-1]
    if rising.all() and (not by_time or (points.times[1:] >= points.times[:-1]).all()):
        return points
    nan = np.isnan(points.values)
    bits = points.values.view(np.int64)
    columns = [bits, np.where(nan, 0.0, points.values), ~nan, minor, major]
    if points.contexts is not None:
        columns.insert(0, points.contexts)
    ordered = points.take(np.lexsort(columns))
    bits = ordered.values.view(np.int64)
    fresh = (ordered.steps[1:] != ordered.steps[:-1]) | (ordered.times[1:] != ordered.times[:-1])
    fresh |= bits[1:] != bits[:-1]
    if ordered.contexts is not None:
        fresh |= ordered.contexts[1:] != ordered.contexts[:-1]
    if fresh.all():
        return ordered
    return ordered.take(np.concatenate(([True], fresh)))


def encode_ints(column: Ints) -> bytes:
    """An integer section; ``column`` is int64[n], any values."""
    n = len(column)
    if n == 0:
        return b"\xff"
    first = int(column[0])
    if n == 1:
        return _FIRST_DELTA.pack(0, first, 0)
    deltas = np.subtract(column[1:], column[:-1])  # wraps on purpose; decoding wraps back
    return _encode_deltas(column, first, deltas, n)


def _encode_deltas(column: Ints, first: int, deltas: Ints, n: int) -> bytes:
    least, most = int(deltas.min()), int(deltas.max())  # Python ints: the range itself may pass 2^63
    spread = most - least
    if spread == 0:
        return _FIRST_DELTA.pack(0, first, least)
    for width, dtype, limit in _WIDTHS:
        if spread < limit:
            small = np.zeros(n, dtype)
            np.subtract(deltas, least, out=small[1:], casting="unsafe")
            return _FIRST_DELTA.pack(width, first, least) + small.tobytes()
    return b"\x08" + np.ascontiguousarray(column, _I8).tobytes()


def decode_ints(section: memoryview, n: int) -> Ints:
    """The column that :func:`encode_ints` was given: int64[n].

    Raises:
        Corrupt: the bytes are not such a section.
    """
    form = section[0] if len(section) else -1
    if form == 255 and n == 0:
        return np.empty(0, np.int64)
    if form == 8:
        return np.frombuffer(section, _I8, n, 1).astype(np.int64)
    if form == 0:
        _, first, delta = _FIRST_DELTA.unpack_from(section)
        return _ramp(first, delta, n)
    if form in _DTYPES:
        _, first, least = _FIRST_DELTA.unpack_from(section)
        out = np.frombuffer(section, _DTYPES[form], n, _FIRST_DELTA.size).astype(np.int64)
        out += np.int64(least)
        out[0] = first
        return np.cumsum(out, out=out)
    raise Corrupt(f"metric data: unknown integer form {form}")


def _ramp(first: int, delta: int, n: int) -> Ints:
    """first, first + delta, … modulo 2^64."""
    out = np.arange(n, dtype=np.uint64)
    out *= np.uint64(delta & 0xFFFFFFFFFFFFFFFF)
    out += np.uint64(first & 0xFFFFFFFFFFFFFFFF)
    return out.view(np.int64)


def encode_values(column: Floats) -> bytes:
    """A value section; ``column`` is float64[n]."""
    n = len(column)
    column = np.ascontiguousarray(column, _F8)
    bits = column.view(_U8)
    if n and bool((bits == bits[0]).all()):
        return b"\x00" + column[:1].tobytes()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrow = column.astype(_F4)
        back = narrow.astype(_F8)
    # By bits, because == takes -0.0 for 0.0 and no NaN for itself.
    if bool((back.view(_U8) == bits).all()):
        return b"\x04" + narrow.tobytes()
    return b"\x08" + column.tobytes()


def decode_values(section: memoryview, n: int) -> Floats:
    """The column that :func:`encode_values` was given: float64[n].

    Raises:
        Corrupt: the bytes are not such a section.
    """
    form = section[0] if len(section) else -1
    if form == 0:
        return np.repeat(np.frombuffer(section, _F8, 1, 1).astype(np.float64), n)
    if form == 4:
        with np.errstate(invalid="ignore"):
            return np.frombuffer(section, _F4, n, 1).astype(np.float64)
    if form == 8:
        return np.frombuffer(section, _F8, n, 1).astype(np.float64)
    raise Corrupt(f"metric data: unknown value form {form}")


def pack(sections: list[bytes], n: int, groups: int, flags: int = 0) -> bytes:
    """Sections with the header in front."""
    count = len(sections)
    head = _HEAD.pack(VERSION, count, flags, n, groups)
    return b"".join((head, struct.pack(f"<{count}I", *map(len, sections)), *sections))


class Body:
    """A packed body, opened: sections are decoded when asked for.

    n: points. groups: key groups. flags: bit 2 (4) says that contexts are there.
    """

    __slots__ = ("flags", "groups", "n", "sections")

    def __init__(self, body: bytes) -> None:
        if len(body) < _HEAD.size or body[0] != VERSION:
            version = body[0] if body else "none"
            raise Corrupt(
                f"metric data of format {version}; this Clew reads format {VERSION}. A newer Clew may have written it."
            )
        _, count, self.flags, self.n, self.groups = _HEAD.unpack_from(body)
        sizes = struct.unpack_from(f"<{count}I", body, _HEAD.size)
        at = _HEAD.size + 4 * count
        if at + sum(sizes) != len(body):
            raise Corrupt(f"metric data of {len(body)} bytes should have {at + sum(sizes)}")
        view = memoryview(body)
        self.sections: list[memoryview] = []
        for size in sizes:
            self.sections.append(view[at : at + size])
            at += size


def encode_log(points: Points) -> bytes:
    """A log row's body: columns in the order given."""
    sections = [
        encode_ints(points.keys),
        encode_ints(points.steps),
        encode_ints(points.times),
        encode_values(points.values),
    ]
    flags = 0
    if points.contexts is not None:
        sections.append(encode_ints(points.contexts))
        flags = HAS_CONTEXT
    return pack(sections, len(points), 0, flags)


def encode_log_rows(rows: list[tuple[int, int, int, int, float, int]]) -> bytes:
    """A log row's body for a few points (rn, key, step, time, value, context): all columns raw.

    A dozen numpy calls cost more than a few points do, and a group of one request is the common case.
    """
    n = len(rows)
    _, keys, steps, times, values, contexts = zip(*rows, strict=True)
    ints = struct.Struct(f"<B{n}q")
    sections = [
        ints.pack(8, *keys),
        ints.pack(8, *steps),
        ints.pack(8, *times),
        struct.pack(f"<B{n}d", 8, *values),
    ]
    if any(contexts):
        sections.append(ints.pack(8, *contexts))
        return pack(sections, n, 0, HAS_CONTEXT)
    return pack(sections, n, 0)


def decode_log(body: bytes) -> Points:
    """The points of a log row."""
    opened = Body(body)
    n, s = opened.n, opened.sections
    contexts = decode_ints(s[4], n) if opened.flags & HAS_CONTEXT else None
    return Points(decode_ints(s[0], n), decode_ints(s[1], n), decode_ints(s[2], n), decode_values(s[3], n), contexts)


def encode_block(points: Points) -> bytes:
    """A block: ``points`` must lie grouped by key."""
    n = len(points)
    starts = group_starts(points.keys)
    counts = np.diff(np.append(starts, n))
    sections = [
        encode_ints(points.keys[starts]),
        encode_ints(counts),
        encode_ints(points.steps[starts]),
        encode_ints(points.times[starts]),
        _encode_grouped(points.steps, starts),
        _encode_grouped(points.times, starts),
        encode_values(points.values),
    ]
    flags = 0
    if points.contexts is not None:
        sections.append(encode_ints(points.contexts))
        flags = HAS_CONTEXT
    return pack(sections, n, len(starts), flags)


def _encode_grouped(column: Ints, starts: Ints) -> bytes:
    """An integer section of deltas where each group's first delta is free (its first value is in the directory)."""
    n = len(column)
    deltas = np.subtract(column[1:], column[:-1])
    inner = np.ones(n, np.bool_)
    inner[starts] = False
    inner = inner[1:]
    kept = deltas[inner]
    if len(kept) == 0:
        return _FIRST_DELTA.pack(0, 0, 0)
    deltas[~inner] = kept[0]  # any delta in range will do: decoding overrides it
    return _encode_deltas(column, 0, deltas, n)


def rename(keys: Ints, names: Mapping[int, int]) -> Ints:
    """``keys`` with each id replaced by ``names``' one for it, if it has one."""
    distinct, index = np.unique(keys, return_inverse=True)
    renamed: Ints = np.array([names.get(key, key) for key in distinct.tolist()], np.int64)[index]
    return renamed


def with_keys(body: bytes, names: Mapping[int, int]) -> bytes:
    """A block or chunk with other key ids; nothing else of it is decoded."""
    opened = Body(body)
    keys = rename(decode_ints(opened.sections[0], opened.groups), names)
    sections = [encode_ints(keys), *(bytes(section) for section in opened.sections[1:])]
    return pack(sections, opened.n, opened.groups, opened.flags)


class Block:
    """A block or chunk, opened; per-point columns are decoded when asked for.

    keys, counts, starts: int64[groups], ``starts`` being each group's first index.
    """

    __slots__ = ("_body", "counts", "keys", "n", "starts")

    def __init__(self, body: bytes) -> None:
        self._body = Body(body)
        self.n = self._body.n
        groups = self._body.groups
        self.keys = decode_ints(self._body.sections[0], groups)
        self.counts = decode_ints(self._body.sections[1], groups)
        self.starts = np.cumsum(self.counts) - self.counts
        if int(self.counts.sum()) != self.n:
            raise Corrupt("metric block: its directory and its length disagree")

    def span(self, key: int) -> slice | None:
        """Where the points of ``key`` lie, or None."""
        found = np.flatnonzero(self.keys == key)
        if len(found) == 0:
            return None
        start = int(self.starts[found[0]])
        return slice(start, start + int(self.counts[found[0]]))

    def values(self) -> Floats:
        """float64[n]."""
        return decode_values(self._body.sections[6], self.n)

    def steps(self) -> Ints:
        """int64[n]."""
        return self._grouped(2, 4)

    def times(self) -> Ints:
        """int64[n], milliseconds."""
        return self._grouped(3, 5)

    def steps_at(self, index: Ints) -> Ints:
        """Steps of the points at ``index``; a chunk of evenly spaced ones is not decoded for it."""
        return self._grouped_at(2, 4, index)

    def times_at(self, index: Ints) -> Ints:
        """Times of the points at ``index``."""
        return self._grouped_at(3, 5, index)

    def contexts(self) -> Ints | None:
        """int64[n], or None where no point has one."""
        return decode_ints(self._body.sections[7], self.n) if self._body.flags & HAS_CONTEXT else None

    def points(self) -> Points:
        """Everything."""
        keys = np.repeat(self.keys, self.counts)
        return Points(keys, self.steps(), self.times(), self.values(), self.contexts())

    def _grouped_at(self, firsts_at: int, deltas_at: int, index: Ints) -> Ints:
        section = self._body.sections[deltas_at]
        if len(self.keys) == 1 and section[0] == 0:
            _, _, delta = _FIRST_DELTA.unpack_from(section)
            first = decode_ints(self._body.sections[firsts_at], 1)
            evenly: Ints = first + index * np.int64(delta)
            return evenly
        picked: Ints = self._grouped(firsts_at, deltas_at)[index]
        return picked

    def _grouped(self, firsts_at: int, deltas_at: int) -> Ints:
        firsts = decode_ints(self._body.sections[firsts_at], len(self.keys))
        section = self._body.sections[deltas_at]
        if section[0] == 8:
            return decode_ints(section, self.n)
        run = decode_ints(section, self.n)  # right up to a shift per group
        shifts = firsts - run[self.starts]
        if len(shifts) == 1:
            run += shifts[0]
            return run
        shifted: Ints = run + np.repeat(shifts, self.counts)
        return shifted


def group_starts(keys: Ints) -> Ints:
    """Index of each first point of a run of equal keys."""
    if len(keys) == 0:
        return np.empty(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1)).astype(np.int64)


def group_spans(keys: Ints) -> list[slice]:
    """Each run of equal keys, as a slice."""
    starts = group_starts(keys).tolist()
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(keys)], strict=True)] if starts else []
