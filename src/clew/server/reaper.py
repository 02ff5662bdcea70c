"""When silence means death: the clock behind runs that are marked KILLED (decision 11)."""

from __future__ import annotations

from typing import Final

BEATS_OF_SILENCE: Final = 4.5  # 45 s of silence at a heartbeat every 10 s


class Reaper:
    """Says from which moment on a run must have been heard.

    A server that was down, or whose machine slept, has heard nobody: after such a gap it listens for the whole
    silence before it takes anyone for dead. All times are the server's own.

    heartbeat_s: pause between two signs of life of a run; also how often to look.
    at_once: judge at the first look. A host on demand is started by whoever wants an answer now, and a live
        run's shipper would have kept its predecessor.
    """

    def __init__(self, heartbeat_s: float, *, at_once: bool = False) -> None:
        self.every_s = heartbeat_s
        self.silence_ms = round(heartbeat_s * BEATS_OF_SILENCE * 1000)
        self._looked_ms: int | None = None
        self._since_ms = 0
        self._at_once = at_once

    def silent_since(self, now_ms: int) -> int | None:
        """Runs not heard since this moment (ms since 1970) are dead; None while it is too early to say."""
        before, self._looked_ms = self._looked_ms, now_ms
        if before is None:
            self._since_ms = now_ms - self.silence_ms if self._at_once else now_ms
        elif not 0 <= now_ms - before < self.silence_ms:
            self._since_ms = now_ms
        return now_ms - self.silence_ms if now_ms - self._since_ms >= self.silence_ms else None
