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
from urllib.parse import quote

import click

from clew import settings
from clew.cli.options import json_option, tracking_uri_option
from clew.cli.pending import Pending, read_pending
from clew.cli.screen import print_json, print_table, size
from clew.errors import ClewError, shown

PARTS = ("apsw", "msgspec", "numpy", "uvicorn", "starlette", "obstore", "click", "rich")
EXTRAS = {
    "pandas": "clew[pandas]",
    "psycopg": "clew[postgres]",
    "scikit-learn": "clew[sklearn]",
    "skops": "clew[sklearn]",
    "mlflow": "",
}
CONNECT_S = 5
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
                "spool": {
                    "folder": environ.spool,
                    "targets": [p._asdict() | {"target": shown(p.target)} for p in pending],
                },
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
    rows = ((key.replace("_", " "), _text(key, value)) for key, value in store.items() if key != "target")
    print_table(("Store", str(store["target"])), rows)
    waiting = [p for p in pending if p.runs or p.shipper]
    if waiting:
        print_table(
            ("Journal for", "Runs#", "Writers#", "Live#", "Segments#", "On disk#", "Shipper"),
            (
                (
                    shown(p.target),
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
        return {"target": shown(url), "kind": "server"} | _server(url)
    place = places(url, settings.read().spool)
    host = read_info(place.info)
    alive = host is not None and answers(host.socket)
    state: dict[str, object] = {
        "target": shown(url),
        "kind": url.partition(":")[0],
        "folder": place.folder,
        "host_alive": alive,
        "host_pid": host.pid if alive and host else None,
        "host_on_demand": host.on_demand if alive and host else None,
        "urls": list(host.urls) if alive and host else [],
    }
    if not url.startswith("sqlite:"):
        return state | {"error": None if alive else _refusal(url)}
    path = url.removeprefix("sqlite:///")
    # While a host has the store open it has been checked, and nobody else should look into the file.
    return state | _database(path) | {"error": None if alive else _stranger(path)}


def _database(path: str) -> dict[str, object]:
    if not os.path.exists(path):
        return {"exists": False, "size_bytes": None, "writable": os.access(_existing(path), os.W_OK)}
    parts = [part for part in (path, path + "-wal") if os.path.exists(part)]
    return {
        "exists": True,
        "size_bytes": sum(map(os.path.getsize, parts)),
        "writable": all(os.access(p, os.W_OK) for p in (*parts, os.path.dirname(path))),
    }


def _stranger(path: str) -> str | None:
    """Why the file is no store of Clew's, or None; read as it lies, so that no journal appears beside it."""
    import apsw

    from clew.storage.migrate import owner_of

    if not os.path.exists(path) or not os.access(path, os.R_OK):
        return None
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        with closing(apsw.Connection(f"file:{quote(path)}?immutable=1", flags=flags)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except apsw.NotADBError:
        return f"{path} is no SQLite database; name another file."
    except apsw.Error as error:
        return f"{path} cannot be read: {error}."
    owner = owner_of(tables)
    if owner == "Clew":
        return None
    return f"{path} is a database of {owner}'s (tables {', '.join(sorted(tables)[:3])}); give Clew a new file."


def _refusal(url: str) -> str | None:
    """Why the PostgreSQL database does not let us in, or None."""
    try:
        import psycopg
    except ImportError:
        return "PostgreSQL stores need psycopg: pip install 'clew[postgres]'"
    try:
        psycopg.connect(url, connect_timeout=CONNECT_S).close()
    except psycopg.Error as error:
        return f"{shown(url)} does not let us in: {' '.join(str(error).split())} Check the address and the server."
    return None


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
        found[folder] = shutil.disk_usage(_existing(folder)).free
    return found


def _existing(path: str) -> str:
    """The path, or the innermost folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _problems(store: dict[str, object], pending: list[Pending], disk: dict[str, int]) -> list[str]:
    found = []
    if store.get("error"):
        found.append(str(store["error"]))
    if store.get("reachable") is False:
        found[-1] += "; start that server, or check the address."
    if store.get("writable") is False:
        found.append(f"the store in {store['folder']} cannot be written; check its owner and permissions.")
    for p in pending:
        if p.trouble:
            found.append(f"the journal for {shown(p.target)} is not being sent: {p.trouble}")
        elif p.segments and not p.shipper and not p.writing:
            found.append(
                f"{p.runs} run(s) wait to be sent to {shown(p.target)} and nobody sends them: run `clew sync`."
            )
    found += [
        f"only {size(free)} free on the disk of {folder}." for folder, free in disk.items() if free < LOW_DISK_BYTES
    ]
    return found


def _text(key: str, value: object) -> str:
    if key == "size_bytes" and isinstance(value, int):
        return size(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
