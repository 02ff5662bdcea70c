"""Other Pythons, asked by script."""

from __future__ import annotations

import subprocess
import sysconfig


def ask(python: str, script: str, *arguments: str, timeout: float = 120) -> str:
    """What a script prints; it must succeed."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", script, *arguments], capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask_with_frameworks(python: str, script: str, *arguments: str, timeout: float = 120) -> str:
    """What a script prints that may import this environment's frameworks beside that Python's own packages."""
    beside = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n"
    return ask(python, beside + script, *arguments, timeout=timeout)
