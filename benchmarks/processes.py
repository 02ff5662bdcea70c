"""Server processes under measurement: start, CPU time, memory, end; needs Linux's ``/proc``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEER_PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 180.0
PRIVATE = ("Anonymous", "Swap")  # what a process has for itself, as /proc/PID/smaps_rollup calls it


@dataclass(frozen=True)
class Server:
    """A server that answers.

    start_s: from the start of its process to the first answer of ``/health``.
    """

    pid: int
    port: int
    start_s: float
    folder: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """CPU seconds of the process and its children so far, to a hundredth."""
        return sum(cpu_s(pid) for pid in family(self.pid))

    def memory_bytes(self) -> int:
        """Memory of the process and its children; pages that they share count once."""
        return sum(memory_bytes(pid) for pid in family(self.pid))

    def private_bytes(self) -> int:
        """Memory of no file: the database and the snapshots that it maps are not in it."""
        return sum(memory_bytes(pid, *PRIVATE) for pid in family(self.pid))


def has_peer() -> bool:
    """Whether the environment with MLflow is there."""
    return PEER_PYTHON.exists()


@contextmanager
def clew_server(folder: Path, store: str | None = None) -> Iterator[Server]:
    """``clew server`` in ``folder``. store: URL; a SQLite file in the folder without one."""
    port = free_port()
    uri = store or f"sqlite:///{folder}/clew.db"
    command = [
        *(sys.executable, "-m", "clew", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", uri, "--artifacts-destination", f"{folder}/artifacts"),
    ]
    with running(command, port, folder) as server:
        yield server


@contextmanager
def mlflow_server(folder: Path, workers: int = 1) -> Iterator[Server]:
    """``mlflow server`` on SQLite in ``folder``."""
    port = free_port()
    command = [
        *(str(PEER_PYTHON), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", f"{folder}/artifacts"),
    ]
    with running(command, port, folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as server:
        yield server


@contextmanager
def running(command: list[str], port: int, folder: Path, **environ: str) -> Iterator[Server]:
    """The server that ``command`` starts; it is ended, by pid, when the block is left."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    log = folder / "server.log"
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=kept | {"CLEW_SPOOL": str(folder / "spool")} | environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_answer(process, port, log)
        yield Server(process.pid, port, time.perf_counter() - start, folder)
    finally:
        _end(process)


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """``pid`` and all its descendants."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(name))
    found = [pid]
    for parent in found:
        found += parents.get(parent, [])
    return found


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as talk:
                talk.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if b" 200 " in talk.recv(64):
                    return
        except OSError:
            time.sleep(0.005)
    _end(process)
    raise SystemExit(f"the server did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    # The group is the server's own (start_new_session), so its workers end with it.
    for sign, patience_s in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(patience_s)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def cpu_s(pid: int) -> float:
    """CPU seconds of one process so far, to a hundredth; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_bytes(pid: int, *kinds: str) -> int:
    """Memory of one process: its proportional share, or the sum of what ``/proc/PID/smaps_rollup`` calls ``kinds``."""
    wanted = kinds or ("Pss",)
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.partition(":")[0] in wanted)
