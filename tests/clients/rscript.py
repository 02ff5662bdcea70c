"""R with the package installed in a library of its own, pointed at a server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from interop.conftest import ROOT, clean_environ

PACKAGE = ROOT / "clients" / "r"
NEEDED = ("curl", "jsonlite", "openssl", "tibble", "yaml", "testthat", "withr", "knitr", "rmarkdown", "roxygen2")
# Nothing of R may leave this machine: another address than the server's leads to a proxy that is not there.
OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"}


class Rscript:
    """R with the package installed in a library of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.environ = clean_environ(
            folder,
            **OFFLINE,
            R_LIBS=str(folder / "library"),
            CLEW_TRACKING_URI=url,
            CLEW_TEST_TRACKING_URI=url,
            LC_ALL="C.UTF-8",
            TZ="UTC",
        )

    def command(self, *command: str, **environ: str) -> str:
        """What a command says, which must succeed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def run(self, code: str, **environ: str) -> str:
        """What R says to ``code``."""
        script = self.folder / "script.R"
        script.write_text(f"library(clew)\n{code}\n", encoding="utf-8")
        return self.command("Rscript", str(script), **environ)

    def start(self, code: str) -> subprocess.Popen[str]:
        """R at work on ``code``."""
        script = self.folder / "background.R"
        script.write_text(f"library(clew)\n{code}\n", encoding="utf-8")
        return subprocess.Popen(
            ["Rscript", str(script)],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def require_r() -> None:
    """Skips where R or one of the packages is missing, and names it."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed: no Rscript on the path")
    asked = ", ".join(f'"{name}"' for name in NEEDED)
    code = f"for (p in c({asked})) if (!requireNamespace(p, quietly = TRUE)) cat(p, '')"
    missing = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, timeout=120, check=True).stdout
    if missing.strip():
        pytest.skip(f"R packages are missing: {missing.strip()}")
