"""Bytes of artifacts on their way to and from where a run's artifacts lie.

Standard library only: the client uploads in the call, the shipper what had to wait.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import BinaryIO, Final
from urllib.parse import quote, unquote, urlsplit

from clew.client.answers import check
from clew.client.fetch import get_file
from clew.client.http import HttpSender
from clew.client.parts import LARGE_BYTES, put_in_parts, sha256_of
from clew.entities.names import legible
from clew.errors import Denied, InvalidValue, NotFound, NotSupported

PROXY: Final = "/api/2.0/mlflow-artifacts/artifacts"


class Place:
    """Where an artifact URI leads: a path behind the server's proxy, or a folder of this machine."""

    __slots__ = ("folder", "proxied")

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        self.proxied: str | None = None
        self.folder: str | None = None
        if parts.scheme == "mlflow-artifacts":
            self.proxied = unquote(parts.path).strip("/")
        elif parts.scheme in ("http", "https") and PROXY in parts.path:
            self.proxied = unquote(parts.path.split(PROXY, 1)[1]).strip("/")
        elif parts.scheme == "file":
            self.folder = unquote(parts.path)
        elif not parts.scheme or len(parts.scheme) == 1:
            self.folder = uri
        else:
            raise InvalidValue(
                f"Artifacts at {uri!r} cannot be reached from here; let the server serve them "
                "(an artifact location that begins with mlflow-artifacts:/)."
            )


def inside(path: str | None) -> str:
    """``path`` as a relative path with ``/``, legible where it is no Unicode.

    Raises:
        InvalidValue: it leads out of the root.
    """
    clean = legible(path or "").replace("\\", "/").strip("/")
    if (path or "").startswith("/") or any(part == ".." for part in clean.split("/")):
        raise InvalidValue(f"Invalid artifact path: {path!r}. It must be relative and stay inside the run's artifacts.")
    return "/".join(part for part in clean.split("/") if part not in ("", "."))


def join(root: str, *parts: str) -> str:
    """An artifact path below another; empty parts fall away."""
    return "/".join(p.strip("/") if i else p.rstrip("/") for i, p in enumerate((root, *parts)) if p)


def put_file(sender: HttpSender, root_uri: str, path: str, file: str, *, native: bool) -> None:
    """Store the file's bytes as ``path`` under the artifact root.

    native: the server is a Clew, which checks what arrives and takes large files in parts.

    Raises:
        Unavailable: the server is away. ClewError: it refused. OSError: the file cannot be read.
        InvalidValue: nobody gets there from here. Denied: the folder of this machine cannot be written.
    """
    place = Place(root_uri)
    if place.folder is not None:
        with open(file, "rb") as stream:
            _copy(stream, os.path.join(place.folder, *path.split("/")))
        return
    goal = join(place.proxied or "", path)
    headers = {"Content-Type": "application/octet-stream"}
    with open(file, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if native and size >= LARGE_BYTES:
            put_in_parts(sender, goal, file, PROXY)
            return
        if native:
            headers["x-clew-sha256"] = sha256_of(file)
        headers["Content-Length"] = str(size)
        check(sender.send("PUT", f"{PROXY}/{quote(goal)}", stream, headers))


def _copy(stream: BinaryIO, goal: str) -> None:
    """Write what ``stream`` gives into a folder of this machine."""
    try:
        os.makedirs(os.path.dirname(goal), exist_ok=True)
        with open(goal, "wb") as out:
            shutil.copyfileobj(stream, out)
    except OSError as error:
        raise Denied(f"Artifacts at {goal} cannot be written from here: {error.strerror}") from None


def delete(sender: HttpSender, root_uri: str, path: str) -> None:
    """Delete an artifact or a folder of them.

    Raises:
        Unavailable: the server is away.
    """
    place = Place(root_uri)
    if place.folder is not None:
        goal = os.path.join(place.folder, *path.split("/"))
        if os.path.isdir(goal):
            shutil.rmtree(goal)
        elif os.path.exists(goal):
            os.unlink(goal)
        return
    check(sender.send("DELETE", f"{PROXY}/{quote(join(place.proxied or '', path))}"))


def listing(sender: HttpSender, root_uri: str, path: str = "") -> list[tuple[str, int | None]]:
    """(name, size in bytes, None for folders) of what lies directly in a folder of artifacts, by name.

    Raises:
        Unavailable: the server is away.
    """
    import json

    place = Place(root_uri)
    if place.folder is not None:
        try:
            with os.scandir(os.path.join(place.folder, *path.split("/"))) as entries:
                return sorted((e.name, None if e.is_dir() else e.stat().st_size) for e in entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
    answer = sender.send("GET", f"{PROXY}?path={quote(join(place.proxied or '', path), safe='')}")
    check(answer)
    files = json.loads(answer.body).get("files") or []
    return [(f["path"], None if f.get("is_dir") else int(f.get("file_size") or 0)) for f in files]


def put_tree(sender: HttpSender, root_uri: str, folder: str, path: str = "", *, native: bool) -> None:
    """Store every file below ``folder`` under ``path``, folders as they are.

    Raises:
        Unavailable: the server is away. OSError: a file cannot be read.
    """
    for file, name in files_below(folder):
        put_file(sender, root_uri, join(path, name), file, native=native)


def files_below(folder: str) -> Iterator[tuple[str, str]]:
    """(file, its path below ``folder`` with ``/``) of every file, by name."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = os.path.join(parent, name)
            yield file, os.path.relpath(file, folder).replace(os.sep, "/")


def get_tree(sender: HttpSender, root_uri: str, path: str, goal: str) -> str:
    """Fetch a file or a folder of artifacts into the folder ``goal``; the local path of what was asked for.

    Raises:
        NotFound: nothing lies there. Unavailable: the server is away.
    """
    inside = listing(sender, root_uri, path)
    local = os.path.join(goal, *path.split("/")) if path else goal
    if not inside:
        if not path:
            os.makedirs(goal, exist_ok=True)
            return goal
        _get(sender, root_uri, path, local, None)
        return local
    os.makedirs(local, exist_ok=True)
    for name, size in inside:
        if name in ("", ".", "..") or "/" in name or os.sep in name:
            raise NotSupported(f"The server listed the artifact name {name!r}, which no file here may have.")
        below = join(path, name)
        if size is None:
            get_tree(sender, root_uri, below, goal)
        else:
            _get(sender, root_uri, below, os.path.join(local, name), size)
    return local


def _get(sender: HttpSender, root_uri: str, path: str, file: str, size: int | None) -> None:
    place = Place(root_uri)
    if place.folder is None:
        get_file(sender, f"{PROXY}/{quote(join(place.proxied or '', path))}", file, size)
        return
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        shutil.copyfile(os.path.join(place.folder, *path.split("/")), file)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"No such artifact: {path!r}") from None
