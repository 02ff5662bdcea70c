"""``clew doctor``: versions, store, journal, and what is wrong with them."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
from contextlib import closing
from importlib import metadata

import click

from clew import settings
from clew.cli.options import json_option, tracking_uri_option
from clew.cli.pending import Pending, read_pending
from clew.cli.screen import print_json, print_table, size
from clew.errors import ClewError

PARTS = ("apsw", "msgspec", "numpy", "uvicorn", "starlette", "obstore", "click", "rich")
EXTRAS = {
    "pandas": "clew[pandas]",
    "psycopg": "clew[postgres]",
    "scikit-learn": "clew[sklearn]",
    "skops": "clew[sklearn]",
    "mlflow": "",
}
LOW_DISK_BYTES = 1_000_000_000
NO_UI = "not built; `make ui` in the checkout builds it, with Node 20 or newer"


@click.command()
@tracking_uri_option
@json_option
def doctor(tracking_uri: str | None, as_json: bool) -> None:
    """Show versions, store, journal and what is wrong with them.

    Ends with exit code 1 if something is wrong.
    """
    environ = settings.read()
    versions = _versions()
    store = _store(tracking_uri or environ.tracking_uri or "")
    pending = read_pending(environ.spool)
    ui_built = _ui_built()
    disk = _disk(environ.spool)
    problems = _problems(store, pending, disk)
    if as_json:
        print_json(
            {
                "versions": versions,
                "store": store,
                "spool": {"folder": environ.spool, "targets": [p._asdict() for p in pending]},
                "ui_built": ui_built,
                "disk": disk,
                "problems": problems,
            }
        )
    else:
        _print(versions, store, environ.spool, pending, ui_built, disk, problems)
    if problems:
        sys.exit(1)


def _print(
    versions: dict[str, str | None],
    store: dict[str, object],
    spool: str,
    pending: list[Pending],
    ui_built: bool,
    disk: dict[str, int],
    problems: list[str],
) -> None:
    print_table(("Part", "Version"), ((name, text or "not installed") for name, text in versions.items()))
    print_table(("Store", str(store["target"])), ((k, _text(v)) for k, v in store.items() if k != "target"))
    waiting = [p for p in pending if p.runs or p.shipper]
    if waiting:
        print_table(
            ("Journal for", "Runs#", "Writers#", "Live#", "Segments#", "On disk#", "Shipper"),
            (
                (
                    p.target,
                    str(p.runs),
                    str(p.writers),
                    str(p.writing),
                    str(p.segments),
                    size(p.size_bytes),
                    "at work" if p.shipper else "none",
                )
                for p in waiting
            ),
        )
    else:
        click.echo(f"Journal: nothing waits in {spool}\n")
    click.echo(f"Web UI: {'built' if ui_built else NO_UI}")
    for folder, free in disk.items():
        click.echo(f"Free on the disk of {folder}: {size(free)}")
    for problem in problems:
        click.secho(f"Problem: {problem}", fg="red")
    if not problems:
        click.secho("Nothing is wrong.", fg="green")


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "clew": _version("clew"),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        "sqlite": _sqlite(),
    }
    return found | {name: _version(name) for name in (*PARTS, *EXTRAS)}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _sqlite() -> str | None:
    if importlib.util.find_spec("apsw") is None:
        return None
    import apsw

    return f"{apsw.sqlite_lib_version()} (in apsw)"


def _store(target: str) -> dict[str, object]:
    """Who answers at the target, without starting or creating anything."""
    from clew.client.target import resolve
    from clew.server.places import answers, places, read_info

    url = resolve(target)
    if url.startswith(("http://", "https://")):
        return {"target": url, "kind": "server"} | _server(url)
    place = places(url, settings.read().spool)
    host = read_info(place.info)
    alive = host is not None and answers(host.socket)
    state: dict[str, object] = {
        "target": url,
        "kind": url.partition(":")[0],
        "folder": place.folder,
        "host_alive": alive,
        "host_pid": host.pid if alive and host else None,
        "host_on_demand": host.on_demand if alive and host else None,
        "urls": list(host.urls) if alive and host else [],
    }
    return state | _database(url.removeprefix("sqlite:///")) if url.startswith("sqlite:") else state


def _database(path: str) -> dict[str, object]:
    if not os.path.exists(path):
        return {"exists": False, "size_bytes": None, "writable": None}
    parts = [part for part in (path, path + "-wal") if os.path.exists(part)]
    return {
        "exists": True,
        "size_bytes": sum(map(os.path.getsize, parts)),
        "writable": all(os.access(p, os.W_OK) for p in (*parts, os.path.dirname(path))),
    }


def _server(url: str) -> dict[str, object]:
    from clew.client.target import INFO, Target

    try:
        target = Target(url)
        with closing(target.sender):
            if target.kind == "clew":
                info = json.loads(target.sender.send("GET", INFO).body)
                return {"reachable": True, "product": f"Clew {info['version']}", "store": info["store"]}
            version = target.sender.send("GET", "/version").body.decode("utf-8", "replace")
            return {"reachable": True, "product": f"MLflow {version}"}
    except ClewError as error:
        return {"reachable": False, "error": str(error)}


def _ui_built() -> bool:
    import clew.server

    return os.path.exists(os.path.join(os.path.dirname(clew.server.__file__), "static", "index.html"))


def _disk(spool_folder: str) -> dict[str, int]:
    found = {}
    for folder in (os.getcwd(), spool_folder):
        existing = folder
        while not os.path.exists(existing):
            existing = os.path.dirname(existing)
        found[folder] = shutil.disk_usage(existing).free
    return found


def _problems(store: dict[str, object], pending: list[Pending], disk: dict[str, int]) -> list[str]:
    found = []
    if store.get("reachable") is False:
        found.append(f"the server does not answer: {store['error']}")
    if store.get("writable") is False:
        found.append(f"the store in {store['folder']} cannot be written; check its owner and permissions.")
    for p in pending:
        if p.trouble:
            found.append(f"the journal for {p.target} is not being sent: {p.trouble}")
        elif p.segments and not p.shipper and not p.writing:
            found.append(f"{p.runs} run(s) wait to be sent to {p.target} and nobody sends them: run `clew sync`.")
    found += [
        f"only {size(free)} free on the disk of {folder}." for folder, free in disk.items() if free < LOW_DISK_BYTES
    ]
    return found


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
