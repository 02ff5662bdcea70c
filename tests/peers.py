"""Other Pythons, asked by script."""

from __future__ import annotations

import subprocess


def ask(python: str, script: str, *arguments: str) -> str:
    """What a script prints; it must succeed."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", script, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
