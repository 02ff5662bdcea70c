"""The distinct texts of a column: each has a code, and all lie in one buffer that is searched as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clew.query.match import matcher
from clew.query.number import parse_number
from clew.query.regex import finder
from clew.storage.columns.arrays import Codes, Growing, Mask, Rows

_END: Final = b"\0"  # stands before and after every text; no store keeps a text that holds one
_WINDOW: Final = 4  # bytes compared at once
_DICT_ENTRY_BYTES: Final = 110
_DENSE: Final = 50  # when more than one text in so many matches, to look at each is cheaper
_MANY: Final = 65_536  # texts from which on they are found by their hashes; a dict of a million takes 100 MB


class TextDictionary:
    """Texts by code, in the order of their first appearance."""

    def __init__(self, buffer: bytes = _END, starts: NDArray[np.int64] | None = None) -> None:
        self._buffer = bytearray(buffer)
        self._starts: Growing[np.int64] = Growing(np.empty(0, np.int64) if starts is None else starts)
        self._recent: dict[str, int] = {}
        self._hashes: NDArray[np.int64] = np.empty(0, np.int64)
        self._by_hash: Codes = np.empty(0, np.int32)
        self._order: Codes = np.empty(0, np.int32)
        self._ranks: Codes = np.empty(0, np.int32)
        self._numbers: Growing[np.float64] = Growing(np.empty(0, np.float64))
        self._folded = bytearray(_END)
        self._folded_starts: Growing[np.int64] = Growing(np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        arrays = (self._hashes, self._by_hash, self._order, self._ranks)
        growing = (self._starts, self._numbers, self._folded_starts)
        texts = len(self._buffer) + len(self._folded) + _DICT_ENTRY_BYTES * len(self._recent)
        return texts + sum(a.nbytes for a in arrays) + sum(g.nbytes for g in growing)

    def dump(self) -> tuple[bytes, NDArray[np.int64]]:
        """What the constructor takes to make this dictionary again."""
        return bytes(self._buffer), self._starts.array

    def text(self, code: int) -> str:
        """The text of a code."""
        start = int(self._starts.array[code])
        return self._buffer[start : self._buffer.index(_END, start)].decode()

    def texts(self) -> list[str]:
        """Every text, by code."""
        return self._buffer[1:-1].decode().split("\0") if len(self) else []

    def pack(self) -> None:
        """Take as little memory as it can, when many texts have been added."""
        if len(self._recent) > _MANY:
            self._settle()

    def codes(self, texts: Sequence[str]) -> Codes:
        """The code of each text; new ones get the next."""
        known = self._recent
        found = np.fromiter(map(known.get, texts, repeat(-1)), np.int32, len(texts))
        unknown = np.flatnonzero(found < 0).tolist()
        if unknown:
            fresh = list(dict.fromkeys(texts[i] for i in unknown))
            code_of = dict(zip(fresh, self._settled_codes(fresh), strict=True))
            self._add([text for text in fresh if code_of[text] < 0], code_of)
            found[unknown] = [code_of[texts[i]] for i in unknown]
        return found

    def find(self, text: str) -> int:
        """The code of a text, or -1."""
        known = self._recent.get(text)
        if known is not None:
            return known
        wanted = _END + text.encode("utf-8", "surrogatepass") + _END
        if "\0" in text:
            return -1
        if len(wanted) < _WINDOW:
            place = self._buffer.find(wanted)
        else:
            place = int(min(_places(self._buffer, wanted), default=-1))
        return -1 if place < 0 else int(np.searchsorted(self._starts.array, place + 1))

    def matching(self, op: str, value: str) -> Mask:
        """bool[n]: whether each text fulfils ``text op value``; op is any operator of texts."""
        if op in ("=", "!="):
            mask = np.zeros(len(self), np.bool_)
            code = self.find(value)
            if code >= 0:
                mask[code] = True
            return ~mask if op == "!=" else mask
        if op == "~":
            return self._containing(value.casefold(), folded=True)
        fits = matcher(op, value)
        if op == "RLIKE":
            return self._rlike(value, fits)
        return self._like(value, fits, folded=op == "ILIKE")

    def numbers(self) -> NDArray[np.float64]:
        """float64[n]: the number that each text is, NaN where it is none."""
        known = len(self._numbers)
        if known < len(self):
            parsed = [parse_number(text) for text in self._tail(known)]
            self._numbers.extend(np.array(parsed, np.float64))
        return self._numbers.array

    def ranks(self) -> Codes:
        """int32[n]: the place of each text in the order of all, by code point."""
        if len(self._order) < len(self):
            self._sort()
        return self._ranks

    def place(self, text: str) -> float:
        """Where ``text`` stands among the ranks: the rank itself if it is there, else half a step below the next."""
        self.ranks()
        place = self._place(text)
        there = place < len(self._order) and self.text(int(self._order[place])) == text
        return float(place) if there else place - 0.5

    def _add(self, texts: list[str], code_of: dict[str, int]) -> None:
        if not texts:
            return
        first = len(self)
        for code, text in enumerate(texts, first):
            code_of[text] = self._recent[text] = code
        encoded = [text.encode() for text in texts]
        sizes = np.fromiter(map(len, encoded), np.int64, len(encoded)) + 1
        start = len(self._buffer)
        self._buffer += _END.join(encoded) + _END
        self._starts.extend(start + np.cumsum(sizes) - sizes)
        if len(self._recent) > max(_MANY, len(self) // 2):
            self._settle()

    def _settled_codes(self, texts: list[str]) -> list[int]:
        """The codes of texts that are not among the recent ones; -1 for new texts."""
        if len(self._hashes) + len(self._recent) < len(self):
            self._settle()
        if not len(self._hashes):
            return [-1] * len(texts)
        hashes = np.fromiter(map(hash, texts), np.int64, len(texts))
        places = np.searchsorted(self._hashes, hashes)
        inside = np.minimum(places, len(self._hashes) - 1)
        maybe = self._hashes[inside] == hashes
        return [
            self._among(text, int(place)) if there else -1
            for text, place, there in zip(texts, places, maybe, strict=True)
        ]

    def _among(self, text: str, place: int) -> int:
        wanted = hash(text)
        while place < len(self._hashes) and self._hashes[place] == wanted:
            code = int(self._by_hash[place])
            if self.text(code) == text:
                return code
            place += 1
        return -1

    def _settle(self) -> None:
        """Find all texts by hash from now on, and forget the dict of recent ones."""
        known = len(self._hashes)
        added = np.fromiter(map(hash, self._tail(known)), np.int64, len(self) - known)
        hashes = np.concatenate((self._hashes, added))
        codes = np.concatenate((self._by_hash, np.arange(known, len(self), dtype=np.int32)))
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._by_hash = hashes[order], codes[order]
        self._recent = {}

    def _tail(self, first: int) -> list[str]:
        """The texts from a code on."""
        if first >= len(self):
            return []
        return self._buffer[int(self._starts.array[first]) : -1].decode().split("\0")

    def _sort(self) -> None:
        known = len(self._order)
        fresh = self._tail(known)
        by_text = sorted(range(len(fresh)), key=fresh.__getitem__)
        if not known:
            self._order = np.array(by_text, np.int32)
        else:
            places = [self._place(fresh[i]) for i in by_text]
            self._order = np.insert(self._order, places, np.array(by_text, np.int32) + known)
        self._ranks = np.empty(len(self), np.int32)
        self._ranks[self._order] = np.arange(len(self), dtype=np.int32)

    def _place(self, text: str) -> int:
        """How many of the sorted texts come before ``text``."""
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            if self.text(int(self._order[middle])) < text:
                low = middle + 1
            else:
                high = middle
        return low

    def _like(self, pattern: str, fits: Callable[[str], bool], *, folded: bool) -> Mask:
        """Only texts that hold the longest plain piece of the pattern are looked at one by one."""
        if folded:
            pattern = pattern.casefold()
        pieces = [piece for run in pattern.split("%") for piece in run.split("_")]
        longest = max(pieces, key=len)
        mask = self._containing(longest, folded=folded)
        if pattern == f"%{longest}%":
            return mask
        candidates = np.flatnonzero(mask)
        if len(candidates) * 4 > len(self):
            every = self.texts()
            mask[candidates] = [fits(every[code]) for code in candidates.tolist()]
        else:
            mask[candidates] = [fits(self.text(code)) for code in candidates.tolist()]
        return mask

    def _rlike(self, pattern: str, fits: Callable[[str], bool]) -> Mask:
        """All texts are searched as one while few match; where many do, each is looked at by itself."""
        mask = np.zeros(len(self), np.bool_)
        found = finder(pattern)
        most = len(self) // _DENSE
        places = [] if found is None else list(islice(found(self._buffer), most + 1))
        mask[np.searchsorted(self._starts.array, np.array(places, np.int64), side="right") - 1] = True
        if found is None or len(places) > most:
            rest = int(np.flatnonzero(mask)[-1]) + 1 if places else 0
            mask[rest:] = [fits(text) for text in self._tail(rest)]
        return mask

    def _containing(self, needle: str, *, folded: bool) -> Mask:
        if not needle:
            return np.ones(len(self), np.bool_)
        wanted = needle.encode("utf-8", "surrogatepass")
        if _END in wanted or not len(self):
            return np.zeros(len(self), np.bool_)
        buffer, starts = self._fold() if folded else (self._buffer, self._starts.array)
        if len(wanted) < _WINDOW:
            every = bytes(buffer[1:-1]).split(_END)
            return np.fromiter((wanted in text for text in every), np.bool_, len(self))
        mask = np.zeros(len(self), np.bool_)
        mask[np.searchsorted(starts, _places(buffer, wanted), side="right") - 1] = True
        return mask

    def _fold(self) -> tuple[bytearray, NDArray[np.int64]]:
        """The buffer under case folding, which works on each character alone and leaves the ends in their places."""
        known = len(self._folded_starts)
        if known < len(self):
            first = len(self._folded)
            self._folded += self._buffer[int(self._starts.array[known]) :].decode().casefold().encode()
            ends = np.flatnonzero(np.frombuffer(self._folded, np.uint8)[first:] == 0)
            self._folded_starts.extend(first + np.concatenate(([0], ends[:-1] + 1)))
        return self._folded, self._folded_starts.array


def _places(buffer: bytearray, wanted: bytes) -> Rows:
    """Where ``wanted`` begins in ``buffer``; four bytes are compared at once, at each of the four ways they can lie."""
    if len(buffer) < len(wanted):
        return np.empty(0, np.int64)
    window = int.from_bytes(wanted[:_WINDOW], "little")
    found = []
    for shift in range(_WINDOW):
        words = np.frombuffer(buffer, "<u4", count=(len(buffer) - shift) // _WINDOW, offset=shift)
        found.append(np.flatnonzero(words == window) * _WINDOW + shift)
    places = np.concatenate(found)
    octets = np.frombuffer(buffer, np.uint8)
    # Every text ends in a zero, which no needle holds, so a place too near to the end drops out by itself.
    for offset in range(_WINDOW, len(wanted)):
        places = places[octets[np.minimum(places + offset, len(buffer) - 1)] == wanted[offset]]
    return places
