"""MLflow's ``mpu/…`` and ``presigned/…``: its clients talk to the object store itself, by addresses signed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clew import settings
from clew.artifacts.store import ArtifactStore
from clew.artifacts.uri import check_path, join
from clew.errors import InvalidValue, NotFound, NotSupported
from clew.server.bounds import within
from clew.wire import artifacts as wire
from clew.wire import codec
from clew.wire.mlflow import Empty, Message

if TYPE_CHECKING:
    from clew.artifacts.multipart import Multipart

# MLflow's client looks for exactly these beginnings, and then sends the file to the server.
_NO_MULTIPART = "Multipart upload is not supported for the current artifact repository"
_NO_PRESIGNED = "Presigned downloads are not supported for the current artifact repository"
_MAX_PARTS = 10_000


def offered(store: ArtifactStore) -> tuple[bool, bool]:
    """Whether clients may be told to send large files to the object store itself, and to fetch all from there.

    A client that was told to fetch goes no other way, so that is offered only where every name can be signed.
    """
    way = _way(store)
    return way is not None, way is not None and way.signs_any_name


def multipart(store: ArtifactStore, verb: str, folder: str, body: bytes | bytearray) -> bytes:
    """Answer ``mpu/{verb}/{folder}``; blocks.

    Raises:
        NotSupported: the store has no such uploads. InvalidValue: a field is wrong, or the store refuses the parts.
        NotFound: there is no such verb.
    """
    clean = check_path(folder)
    act = _VERBS.get(verb)
    if act is None:
        raise NotFound(f"No such multipart call: {verb[:50]!r}; there are create, complete and abort.")
    way = _way(store)
    if way is None:
        raise NotSupported(_NO_MULTIPART)
    try:
        return codec.encode_response(act(way, clean, body))
    except NotSupported as error:
        raise NotSupported(f"{_NO_MULTIPART}: {error}") from None


def download(store: ArtifactStore, path: str) -> bytes:
    """Answer ``presigned/{path}``; blocks.

    Raises:
        NotSupported: the store signs no addresses. NotFound: no file lies there.
    """
    clean = check_path(path)
    sign = getattr(store, "sign", None)
    if sign is None:
        raise NotSupported(_NO_PRESIGNED)
    stat = store.stat(clean)
    if stat is None or stat.is_dir:
        raise NotFound(f"No such artifact: '{path}'")
    url = sign("GET", clean, settings.read().presigned_s)
    return codec.encode_response(wire.PresignedDownload(url=url, file_size=stat.size))


def _way(store: ArtifactStore) -> Multipart | None:
    if not hasattr(store, "sign"):
        return None
    from clew.artifacts.multipart import multipart as way_of  # with obstore, which servers on a disk do without

    return way_of(store)


def _create(way: Multipart, folder: str, body: bytes | bytearray) -> Message:
    request = codec.decode_message(wire.CreateMultipart, body)
    count = within("num_parts", request.num_parts, 1, _MAX_PARTS)
    upload_id, urls = way.create(_goal(folder, request.path), count)
    return wire.CreateMultipartResponse(
        upload_id=upload_id or None,
        credentials=[wire.Credential(url=url, part_number=number) for number, url in enumerate(urls, 1)],
    )


def _complete(way: Multipart, folder: str, body: bytes | bytearray) -> Message:
    from clew.artifacts.multipart import SentPart

    request = codec.decode_message(wire.CompleteMultipart, body)
    if not request.parts:
        raise InvalidValue("Missing value for required parameter 'parts'.")
    parts = [SentPart(part.part_number, part.etag or "", part.url or "") for part in request.parts]
    way.complete(_goal(folder, request.path), request.upload_id or "", parts)
    return Empty()


def _abort(way: Multipart, folder: str, body: bytes | bytearray) -> Message:
    request = codec.decode_message(wire.AbortMultipart, body)
    way.abort(_goal(folder, request.path), request.upload_id or "")
    return Empty()


def _goal(folder: str, local_path: str) -> str:
    """The artifact's path: the name of the client's file in the folder of the address."""
    name = local_path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not name:
        raise InvalidValue("Missing value for required parameter 'path'.")
    return check_path(join(folder, name).lstrip("/"))


_VERBS: dict[str, Callable[[Multipart, str, bytes | bytearray], Message]] = {
    "create": _create,
    "complete": _complete,
    "abort": _abort,
}
