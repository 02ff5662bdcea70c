"""``clew doctor``: versions, store, journal, and what is wrong with them."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from importlib import metadata
from urllib.parse import quote

import click

from clew import settings
from clew.cli.journals import existing, journal_problems, print_journals, spool_problems
from clew.cli.options import json_option, tracking_uri_option
from clew.cli.pending import Pending, read_pending
from clew.cli.screen import print_json, print_table, size
from clew.client import deadline
from clew.client.limits import Limits
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
ANSWER_S = 5.0
LOW_DISK_BYTES = 1_000_000_000
SKEW_S = 30
NO_UI = "not built; `make ui` in the checkout builds it, with Node 20 or newer"


@click.command()
@tracking_uri_option
@json_option
def doctor(tracking_uri: str | None, as_json: bool) -> None:
    """Show versions, store, journal and what is wrong with them.

    Says what waits to be sent, where, since when, why it does not move, and what to do.
    Ends with exit code 1 if something is wrong.
    """
    environ = settings.read()
    versions = _versions()
    store = _store(tracking_uri or environ.tracking_uri or "")
    pending = read_pending(environ.spool)
    ui_built = _ui_built()
    disk = _disk(environ.spool)
    asked = _ask_targets(pending, store)
    problems = [*_problems(store, disk), *spool_problems(environ.spool, Limits.of(environ))]
    problems += [problem for p in pending for problem in journal_problems(p, asked)]
    if as_json:
        print_json(
            {
                "versions": versions,
                "store": store,
                "spool": {
                    "folder": environ.spool,
                    "targets": [_fields(p, asked) for p in pending],
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
    print_journals(spool, pending)
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
        return {"exists": False, "size_bytes": None, "writable": os.access(existing(path), os.W_OK)}
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
        with closing(target.sender), deadline.within(ANSWER_S):
            kind = target.kind
            answer = target.sender.send("GET", INFO if kind == "clew" else "/version")
        skew = {"clock_skew_s": _skew_s(answer.headers.get("date", ""))}
        if kind == "clew":
            info = json.loads(answer.body)
            return {"reachable": True, "product": f"Clew {info['version']}", "store": info["store"]} | skew
        return {"reachable": True, "product": f"MLflow {answer.body.decode('utf-8', 'replace')}"} | skew
    except ClewError as error:
        return {"reachable": False, "error": str(error)}


def _skew_s(date: str) -> int | None:
    """How far this machine's clock is ahead of a server's, by the header ``Date``; None where it says nothing."""
    try:
        return round(time.time() - parsedate_to_datetime(date).timestamp())
    except ValueError:
        return None


def _ask_targets(pending: list[Pending], store: dict[str, object]) -> dict[str, str]:
    """By server for which something waits, why it does not answer now; empty where it does."""
    asked: dict[str, str] = {}
    for p in pending:
        if p.target.startswith(("http://", "https://")) and (p.writers or p.refused):
            found = store if store["target"] == shown(p.target) else _server(p.target)
            asked[p.target] = str(found.get("error") or "")
    return asked


def _fields(p: Pending, asked: dict[str, str]) -> dict[str, object]:
    return p._asdict() | {
        "target": shown(p.target),
        "answers": None if p.target not in asked else not asked[p.target],
        "stuck": [s._asdict() for s in p.stuck],
        "refused": [r._asdict() for r in p.refused],
    }


def _ui_built() -> bool:
    import clew.server

    return os.path.exists(os.path.join(os.path.dirname(clew.server.__file__), "static", "index.html"))


def _disk(spool_folder: str) -> dict[str, int]:
    found = {}
    for folder in (os.getcwd(), spool_folder):
        found[folder] = shutil.disk_usage(existing(folder)).free
    return found


def _problems(store: dict[str, object], disk: dict[str, int]) -> list[str]:
    found = []
    if store.get("error"):
        found.append(str(store["error"]))
    if store.get("reachable") is False and not found[-1].endswith((".", "?")):
        found[-1] += "; start that server, or check the address."
    skew_s = store.get("clock_skew_s")
    if isinstance(skew_s, int) and abs(skew_s) > SKEW_S:
        found.append(
            f"this machine's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the server's, so the "
            "times of points and runs are wrong; set it by NTP."
        )
    if store.get("writable") is False:
        found.append(f"the store in {store['folder']} cannot be written; check its owner and permissions.")
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
