"""What clients in other languages take from the package is fresh; needs none of these languages."""

from __future__ import annotations

import subprocess
import sys

from interop.conftest import ROOT


def test_the_tables_of_the_r_client_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "clients" / "r" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
