"""Silence counts only while somebody listened."""

from __future__ import annotations

from clew.server.reaper import Reaper

START = 1_700_000_000_000


def verdicts(reaper: Reaper, *seconds: float) -> list[bool]:
    """Whether the reaper judges when it looks after so many seconds."""
    return [reaper.silent_since(START + round(s * 1000)) is not None for s in seconds]


def test_a_server_listens_for_the_whole_silence_first() -> None:
    assert verdicts(Reaper(10), 0, 10, 20, 30, 40, 44.9, 45, 55) == [False] * 6 + [True, True]
    assert Reaper(10, at_once=True).silent_since(START) == START - 45_000


def test_after_a_sleep_or_a_turned_clock_it_listens_anew() -> None:
    assert verdicts(Reaper(10, at_once=True), 0, 10, 100, 110, 140, 145) == [True, True, False, False, False, True]
    assert verdicts(Reaper(10, at_once=True), 0, 10, 5, 45, 50) == [True, True, False, False, True]
