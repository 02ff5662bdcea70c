# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of artifacts: Clew's listing and uploads in parts, and MLflow's uploads by signed addresses."""

from __future__ import annotations

from clew.wire.mlflow import Int64, Message


class ListFiles(Message, kw_only=True):
    """artifacts/list: one folder of a run's or a logged model's files; exactly one of the two ids."""

    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None


class File(Message, kw_only=True):
    """A file or folder.

    path: relative to the root. size: bytes; absent for folders. modified: milliseconds since 1970-01-01 UTC.
    sha256: hex; absent for files that were not uploaded through the server, or changed since.
    """

    path: str | None = None
    is_dir: bool | None = None
    size: Int64 | None = None
    modified: Int64 | None = None
    sha256: str | None = None


class ListFilesResponse(Message, kw_only=True):
    """Files sorted by name."""

    root_uri: str | None = None
    files: list[File] = []


class BeginUpload(Message, kw_only=True):
    """artifacts/uploads: a large file that will come in parts.

    path: as after ``mlflow-artifacts/artifacts/``. size: bytes.
    key: the client's name for this version of its file, so that it finds an upload that broke off.
    """

    path: str
    size: Int64
    key: str = ""


class UploadById(Message, kw_only=True):
    """artifacts/uploads/{upload_id}."""

    upload_id: str


class StoredPart(Message, kw_only=True, omit_defaults=False):
    """A part that is on disk; part: from 0. sha256: hex."""

    part: int
    sha256: str


class UploadState(Message, kw_only=True):
    """An upload under way: every part has ``part_bytes`` bytes but the last, which may have fewer."""

    upload_id: str | None = None
    path: str | None = None
    size: Int64 | None = None
    part_bytes: Int64 | None = None
    parts: list[StoredPart] = []


class CompleteUpload(Message, kw_only=True):
    """artifacts/uploads/{upload_id}/complete; sha256: of the whole file, hex."""

    upload_id: str
    sha256: str


class StoredFile(Message, kw_only=True):
    """A file that is in its place."""

    path: str | None = None
    size: Int64 | None = None
    sha256: str | None = None


class CreateMultipart(Message, kw_only=True):
    """mpu/create: path is the client's; only its last name counts."""

    path: str
    num_parts: Int64 | None = None


class Credential(Message, kw_only=True, omit_defaults=False):
    """Where one part goes."""

    url: str
    part_number: int
    headers: dict[str, str] = {}


class CreateMultipartResponse(Message, kw_only=True):
    """upload_id: absent where the store needs none."""

    upload_id: str | None = None
    credentials: list[Credential] = []


class MultipartPart(Message, kw_only=True):
    """A part that the client sent to the store."""

    part_number: Int64
    etag: str | None = None
    url: str | None = None


class CompleteMultipart(Message, kw_only=True):
    """mpu/complete."""

    path: str
    upload_id: str | None = None
    parts: list[MultipartPart] = []


class AbortMultipart(Message, kw_only=True):
    """mpu/abort."""

    path: str
    upload_id: str | None = None


class PresignedDownload(Message, kw_only=True, omit_defaults=False):
    """presigned/{path}: the file itself is at ``url``."""

    url: str
    headers: dict[str, str] = {}
    file_size: int
