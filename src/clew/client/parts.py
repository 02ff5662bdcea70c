"""A large file on its way to a Clew server: in parts, several at once, going on where it broke off.

Standard library only.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final
from urllib.parse import quote

from clew.client.answers import check
from clew.client.http import Answer, HttpSender, patiently
from clew.errors import NotFound

LARGE_BYTES: Final = 64 << 20
"""From this size on files travel in parts."""
UPLOADS: Final = "/api/clew/v1/artifacts/uploads"
_AT_ONCE: Final = 4
_TRIES: Final = 6
_ASSEMBLED_BYTES_PER_S: Final = 20 << 20  # a slow server's; it reads the whole file once more


def put_in_parts(sender: HttpSender, path: str, file: str, proxy: str) -> None:
    """Store the file's bytes as ``path`` among the files that the server keeps.

    proxy: address below which those files are served.

    Raises:
        Unavailable: the server is away; a later call goes on where this one ended. NotSupported: it refuses.
        OSError: the file cannot be read.
    """
    try:
        _put(sender, path, file, proxy)
    except NotFound:  # the server gave the upload up meanwhile
        _put(sender, path, file, proxy)


def sha256_of(file: str) -> str:
    """SHA-256 (hex) of a file's bytes."""
    import hashlib

    with open(file, "rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put(sender: HttpSender, path: str, file: str, proxy: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    about = os.stat(file)
    key = f"{about.st_dev:x}-{about.st_ino:x}-{about.st_mtime_ns:x}"
    begun = {"path": path, "size": about.st_size, "key": key}
    state = _post(sender, UPLOADS, begun)
    address, length = f"{UPLOADS}/{state['upload_id']}", int(state["part_bytes"])
    there = {int(part["part"]) for part in state.get("parts", ())}
    missing = [part for part in range(max(1, -(-about.st_size // length))) if part not in there]
    descriptor = os.open(file, os.O_RDONLY)
    try:
        with ThreadPoolExecutor(_AT_ONCE + 1) as pool:
            whole = pool.submit(sha256_of, file)
            sent = [pool.submit(_send, sender, f"{address}/parts/{part}", descriptor, part, length) for part in missing]
            try:
                for one in sent:
                    one.result()
                sha256 = whole.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        os.close(descriptor)
    _complete(sender, address, sha256, about.st_size, f"{proxy}/{quote(path)}")


def _send(sender: HttpSender, address: str, descriptor: int, part: int, length: int) -> None:
    import hashlib

    data = os.pread(descriptor, length, part * length)
    headers = {"Content-Type": "application/octet-stream", "x-clew-sha256": hashlib.sha256(data).hexdigest()}
    check(patiently(lambda: sender.send("PUT", address, data, headers), _TRIES))


def _complete(sender: HttpSender, address: str, sha256: str, size: int, goal: str) -> None:
    body = json.dumps({"sha256": sha256}).encode()
    patience_s = 60 + size / _ASSEMBLED_BYTES_PER_S

    def ask() -> Answer:
        return sender.send("POST", f"{address}/complete", body, patience_s=patience_s)

    answer = patiently(ask, _TRIES)
    if answer.status == 404 and sender.send("HEAD", goal).headers.get("x-clew-sha256") == sha256:
        return  # an earlier try arrived, only its answer did not
    check(answer)


def _post(sender: HttpSender, address: str, fields: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(fields).encode()
    answer = patiently(lambda: sender.send("POST", address, body), _TRIES)
    check(answer)
    found: dict[str, Any] = json.loads(answer.body)
    return found
