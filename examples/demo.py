"""What ``make demo`` shows: a server on an embedded store, every example, and where to look.

python examples/demo.py [--store FOLDER] [--port PORT] [--exit]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

HERE = Path(__file__).resolve().parent
START_S = 60.0
STOP_S = 15.0


class Flow(NamedTuple):
    """script: in this folder. title: what it shows. page: what the page is called that it leads to."""

    script: str
    title: str
    page: str


FLOWS = (
    Flow("quickstart_autolog.py", "The quick start: one line of autologging", "the run"),
    Flow("quickstart_logging_api.py", "The quick start of the logging API", "by hand"),
    Flow("learning_rates.py", "A study: which learning rate is best, and does it depend on the dataset?", "the study"),
    Flow("end_to_end.py", "From data to a served model: a search, two versions, a scored table", "the search"),
)


def main() -> int:
    """Runs the demo; the exit code says whether every example went well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default=".clew", help="folder of the embedded store (default: ./.clew)")
    parser.add_argument("--port", type=int, default=5000, help="first port to try (default: 5000)")
    parser.add_argument("--exit", action="store_true", help="end the server after the run")
    options = parser.parse_args()
    store = Path(options.store).absolute()

    with server(store, options.port) as (process, url):
        pages = []
        for flow in FLOWS:
            print(f"\n== {flow.title}\n", flush=True)
            said = run(flow.script, url)
            if said is None:
                print(f"{flow.script} failed; its message stands above.", file=sys.stderr)
                return 1
            pages.append((flow.page, re.findall(r"look at (\S+)", said)[-1]))
        print("\n== Have a look\n")
        print(f"  web UI     {url}/")
        for name, page in pages:
            print(f"  {name:<10} {page}")
        print(f"  models     {url}/models")
        print(f"  the store  {store}")
        again = f"`{command_in(store.parent)} ui` in {store.parent} brings it back"
        if options.exit:
            print(f"\n  The server ends now; {again}.")
            return 0
        print(f"\n  Log more:  CLEW_TRACKING_URI={url} {sys.executable} your_script.py")
        print(f"  Stop with Ctrl-C; {again}.", flush=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                print(line, end="")
            return process.wait()
        except KeyboardInterrupt:
            print("\nStopping.")
            return 0


def command_in(folder: Path) -> str:
    """How ``clew`` is called in a folder: by name where that is found, else by the place of this environment's."""
    if shutil.which("clew"):
        return "clew"
    command = Path(sys.executable).absolute().parent / "clew"
    return str(command.relative_to(folder) if command.is_relative_to(folder) else command)


@contextmanager
def server(store: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process of ``clew ui`` and its address; ended when the block is left."""
    command = [sys.executable, "-m", "clew", "ui", "--no-open", "--store", str(store), "--port", str(port)]
    # A group of its own: Ctrl-C reaches this script only, which ends the server in order.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process, await_address(process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_address(process: subprocess.Popen[str]) -> str:
    """The address that the server prints, once it answers there."""
    assert process.stdout is not None
    url = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        found = [word for word in line.split() if word.startswith("http://")]
        if found:
            url = found[0].rstrip("/")
            break
    opener = build_opener(ProxyHandler({}))
    until = time.monotonic() + START_S
    while url and time.monotonic() < until:
        try:
            with opener.open(f"{url}/health", timeout=5):
                return url
        except URLError:
            time.sleep(0.1)
    raise SystemExit("The server did not start; its message stands above.")


def client_environ(url: str) -> dict[str, str]:
    """The environment of a script that logs to ``url``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_TRACKING", "MLFLOW_"))}
    return kept | {"CLEW_TRACKING_URI": url}


def run(script: str, url: str) -> str | None:
    """Runs an example and passes on what it says; None where it fails."""
    # The matrices are small: BLAS threads would only be in each other's way.
    environ = client_environ(url) | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    said = []
    with (
        tempfile.TemporaryDirectory(prefix="clew-demo-") as folder,
        subprocess.Popen(
            [sys.executable, str(HERE / script)], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
    return None if process.returncode else "".join(said)


if __name__ == "__main__":
    raise SystemExit(main())
