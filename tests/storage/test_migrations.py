"""The migrations are a sequence: each number once, none left out."""

from __future__ import annotations

from clew.storage.migrate import scripts


def test_every_number_is_given_once() -> None:
    numbers = [script.number for script in scripts()]
    assert numbers == list(range(1, len(numbers) + 1))
