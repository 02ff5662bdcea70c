"""The same script, ``tools.py``, for Clew and for other trackers.

They live in an environment of their own, ``.venv-peers``, which the first run makes of ``peers.txt``; MLflow has one
already. What writes to local files runs without a network where the system lets us take that away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.import_time import module_count, wall_ms
from benchmarks.processes import PEER_PYTHON, ROOT, clew_server, has_peer, mlflow_server
from benchmarks.result import Result, interleave
from benchmarks.training_loop import measured

PEERS = ROOT / ".venv-peers"
PACKAGES = ROOT / "benchmarks" / "peers.txt"
IMPORTS = {
    "clew": "clew",
    "mlflow": "mlflow",
    "wandb-offline": "wandb",
    "trackio": "trackio",
    "aim": "aim",
    "tensorboardX": "tensorboardX",
}
WITH_SERVER = ("clew", "mlflow", "mlflow-async")
# A network of its own has a loopback interface that is down.
LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
os.execv(sys.argv[1], sys.argv[1:])
"""
# Calls, steps of a loop, and points: as many as a tool does in some seconds.
COUNTS = {
    "clew": (100_000, 2000, 100_000),
    "mlflow": (500, 30, 1000),
    "mlflow-async": (2000, 30, 1000),
    "wandb-offline": (20_000, 500, 20_000),
    "trackio": (5000, 300, 5000),
    "aim": (5000, 300, 5000),
    "tensorboardX": (50_000, 2000, 100_000),
}


def run(*, full: bool) -> list[Result]:
    rounds = 3 if full else 1
    python = peer_environment()
    found = []
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        urls = {"clew": stack.enter_context(clew_server(Path(place) / "clew")).url}
        if has_peer():
            urls["mlflow"] = urls["mlflow-async"] = stack.enter_context(mlflow_server(Path(place) / "mlflow")).url
        pythons = {"clew": sys.executable, "mlflow": str(PEER_PYTHON), "mlflow-async": str(PEER_PYTHON)}
        for tool in COUNTS:
            if tool in WITH_SERVER and tool not in urls:
                continue
            folder = Path(place) / f"at-{tool}"
            folder.mkdir()
            try:
                inside = () if tool in WITH_SERVER else without_network()
                find = partial(_measured, tool, pythons.get(tool, python), str(folder), urls.get(tool, ""), inside)
                found += _rows(tool, pythons.get(tool, python), find, rounds)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"left out: {error}", file=sys.stderr)
    return found


def without_network() -> tuple[str, ...]:
    """The start of a command line that runs the rest with a loopback interface only.

    Raises:
        RuntimeError: this system does not let us.
    """
    for start in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        whole = (*start, sys.executable, "-c", LOOPBACK_UP)
        if (
            shutil.which(start[0])
            and not subprocess.run([*whole, "/bin/true"], capture_output=True, check=False).returncode
        ):
            return whole
    raise RuntimeError("tools that might speak to their makers are measured where the network can be taken away only")


def peer_environment() -> str:
    """The Python of the environment of the peers, made if absent."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(PACKAGES)]
        subprocess.run(install, check=True)
    return str(python)


def _measured(tool: str, python: str, place: str, url: str, inside: tuple[str, ...], what: str) -> dict[str, float]:
    count = COUNTS[tool][("call", "loop", "points").index(what)]
    return measured(tool, what, place, url, count, python, inside)


def _rows(tool: str, python: str, find: Callable[[str], dict[str, float]], rounds: int) -> list[Result]:
    calls, _, points = COUNTS[tool]
    rows = []
    if tool in IMPORTS:
        rows.append(_import_row(tool, python))
    one, loop, many = ([find(what) for _ in range(rounds)] for what in ("call", "loop", "points"))
    p50, p99, bare = (median(found[name] for found in one) for name in ("p50", "p99", "bare"))
    return [
        *rows,
        Result(
            name=f"{tool}: one call with one metric, median",
            value=p50 / 1000,
            unit="µs",
            limit=bare / 1000,
            limit_name="bare 32-byte write into a memory map",
            note=f"p99 {p99 / 1000:,.3g} µs, {calls:,} calls",
        ),
        Result(
            name=f"{tool}: training steps with 10 metrics each, of those without",
            value=median(found["speed"] / found["speed_without"] for found in loop) * 100,
            unit="%",
            higher=True,
            note=f"p99 of a step {median(found['p99'] / found['p99_without'] for found in loop):.3g} × that without",
        ),
        Result(
            name=f"{tool}: points from the first call to the end of the run",
            value=median(found["count"] / found["seconds"] for found in many),
            unit="points/s",
            higher=True,
            note=f"{points:,} points; calls alone {median(found['count'] / found['calls_s'] for found in many):,.0f}/s",
        ),
    ]


def _import_row(tool: str, python: str) -> Result:
    code = f"import {IMPORTS[tool]}"
    times = interleave({"bare": partial(wall_ms, python, "pass"), "tool": partial(wall_ms, python, code)}, 5)
    return Result(
        name=f"{tool}: import, above a bare Python",
        value=times["tool"] - times["bare"],
        unit="ms",
        limit=times["bare"],
        limit_name="bare Python",
        note=f"{module_count(python, IMPORTS[tool])} modules",
    )
