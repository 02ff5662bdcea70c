"""Where data come from, in MLflow's JSON: code, a file, an address, a table, a dataset of a hub."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self
from urllib.parse import unquote, urlsplit

from clew.client.scratch import goal_folder
from clew.client.source import context_tags
from clew.errors import InvalidValue, MissingPackage, NotFound, NotSupported, Unavailable

STORE_SCHEMES: Final = ("s3", "r2", "b2", "gs", "wasbs", "abfss", "ftp", "sftp", "hdfs", "viewfs")
"""URI schemes of stores, each of which is also the name of its kind of source."""


class DatasetSource:
    """Where a dataset comes from.

    fields: what is kept of it, as JSON values.
    """

    source_type: ClassVar[str] = ""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def load(self, dst_path: str | None = None) -> Any:
        """The data, or the local path to which they were fetched.

        Raises:
            NotSupported: this kind of source cannot be loaded.
        """
        del dst_path
        raise NotSupported(f"A source of the kind {self.source_type!r} cannot be loaded: {self.to_json()}")

    def to_dict(self) -> dict[str, Any]:
        """What is kept of it."""
        return dict(self._fields)

    def to_json(self) -> str:
        """``to_dict`` as a JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, source_dict: Mapping[str, Any]) -> Self:
        """The source that ``to_dict`` described."""
        return cls(**source_dict)

    @classmethod
    def from_json(cls, source_json: str) -> Self:
        """The source that ``to_json`` described.

        Raises:
            InvalidValue: it is no JSON object.
        """
        return cls.from_dict(_object(source_json))

    def _get_source_type(self) -> str:
        return self.source_type


class CodeDatasetSource(DatasetSource):
    """The script that had the data in hand.

    tags: who ran what, as a run's tags say it.
    """

    source_type = "code"

    def __init__(self, tags: Mapping[str, str] | None = None) -> None:
        super().__init__(tags=dict(tags if tags is not None else context_tags()))


class FileDatasetSource(DatasetSource):
    """A file or folder: of this machine, or of a store that its URI names.

    source_type: ``local``, or the URI's scheme.
    """

    source_type = "local"

    def __init__(self, uri: str, source_type: str = "local") -> None:
        super().__init__(uri=uri)
        self.source_type = source_type  # type: ignore[misc]  # one class for the stores that differ in nothing else

    @property
    def uri(self) -> str:
        """Path or URI."""
        return str(self._fields["uri"])

    def load(self, dst_path: str | None = None) -> str:
        """The path of the data: where they lie, or below ``dst_path``, to which they are copied.

        Raises:
            NotFound: nothing lies there. NotSupported: it is no file of this machine.
        """
        if self.source_type != "local":
            raise NotSupported(f"{self.uri} lies in a store that Clew does not read; fetch it with the store's client.")
        parts = urlsplit(self.uri)
        path = unquote(parts.path) if parts.scheme == "file" else self.uri
        if not os.path.exists(path):
            raise NotFound(f"Nothing lies at {path!r} any more.")
        if dst_path is None:
            return path
        goal = os.path.join(dst_path, os.path.basename(os.path.normpath(path)))
        return shutil.copytree(path, goal) if os.path.isdir(path) else shutil.copyfile(path, goal)


class HTTPDatasetSource(DatasetSource):
    """A file behind ``http`` or ``https``."""

    source_type = "http"

    def __init__(self, url: str) -> None:
        super().__init__(url=url)

    @property
    def url(self) -> str:
        """The address."""
        return str(self._fields["url"])

    def load(self, dst_path: str | None = None) -> str:
        """The path of the fetched file, in ``dst_path`` or a new temporary folder.

        Raises:
            Unavailable: the address cannot be fetched.
        """
        from urllib.request import urlopen

        name = os.path.basename(unquote(urlsplit(self.url).path)) or "dataset"
        with goal_folder(dst_path or None) as folder:
            goal = os.path.join(folder, name)
            try:
                with urlopen(self.url, timeout=60) as answer, open(goal, "wb") as out:
                    shutil.copyfileobj(answer, out)
            except OSError as error:
                raise Unavailable(f"{self.url} cannot be fetched: {error}") from error
            return goal


class SparkDatasetSource(DatasetSource):
    """A path, table or query of Spark.

    Raises:
        InvalidValue: not exactly one of them.
    """

    source_type = "spark"

    def __init__(self, path: str | None = None, table_name: str | None = None, sql: str | None = None) -> None:
        fields = {"path": path, "table_name": table_name, "sql": sql}
        given = {name: value for name, value in fields.items() if value is not None}
        if len(given) != 1:
            raise InvalidValue('Must specify exactly one of "path", "table_name", or "sql"')
        super().__init__(**given)

    def load(self, dst_path: str | None = None) -> Any:
        """The Spark frame.

        Raises:
            MissingPackage: pyspark is not installed.
        """
        del dst_path
        spark = spark_session()
        if "path" in self._fields:
            return spark.read.parquet(self._fields["path"])
        if "table_name" in self._fields:
            return spark.read.table(self._fields["table_name"])
        return spark.sql(self._fields["sql"])


class DeltaDatasetSource(DatasetSource):
    """A Delta table by path or name.

    delta_table_version: the version that was read.

    Raises:
        InvalidValue: not exactly one of path and name.
    """

    source_type = "delta_table"

    def __init__(
        self,
        path: str | None = None,
        delta_table_name: str | None = None,
        delta_table_version: int | None = None,
        delta_table_id: str | None = None,
        **_: Any,
    ) -> None:
        if (path is None) == (delta_table_name is None):
            raise InvalidValue('Must specify exactly one of "path" or "table_name"')
        fields = {
            "path": path,
            "delta_table_name": delta_table_name,
            "delta_table_version": delta_table_version,
            "delta_table_id": delta_table_id,
        }
        super().__init__(**{name: value for name, value in fields.items() if value is not None})

    def load(self, dst_path: str | None = None) -> Any:
        """The Spark frame of that version.

        Raises:
            MissingPackage: pyspark is not installed.
        """
        del dst_path
        reader = spark_session().read.format("delta")
        if "delta_table_version" in self._fields:
            reader = reader.option("versionAsOf", self._fields["delta_table_version"])
        path = self._fields.get("path")
        return reader.load(path) if path else reader.table(self._fields["delta_table_name"])


class HuggingFaceDatasetSource(DatasetSource):
    """A dataset of the Hugging Face hub."""

    source_type = "hugging_face"

    def __init__(
        self,
        path: str,
        config_name: str | None = None,
        data_dir: str | None = None,
        data_files: str | Sequence[str] | Mapping[str, Any] | None = None,
        split: Any = None,
        revision: Any = None,
    ) -> None:
        super().__init__(
            path=path,
            config_name=config_name,
            data_dir=data_dir,
            data_files=data_files,
            split=str(split),
            revision=None if revision is None else str(revision),
        )

    def load(self, dst_path: str | None = None) -> Any:
        """The dataset, by ``datasets.load_dataset``.

        Raises:
            MissingPackage: the package ``datasets`` is not installed.
        """
        del dst_path
        try:
            from datasets import load_dataset
        except ImportError:
            raise MissingPackage("Hugging Face datasets need: pip install datasets") from None
        fields = {name: value for name, value in self._fields.items() if value not in (None, "None")}
        return load_dataset(fields.pop("path"), fields.pop("config_name", None), **fields)


def spark_session() -> Any:
    """The Spark session in use.

    Raises:
        MissingPackage: pyspark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise MissingPackage("Spark tables need: pip install pyspark") from None
    return SparkSession.builder.getOrCreate()


def resolve_source(given: Any) -> DatasetSource:
    """The source that a user's ``source=`` means; None is the script itself.

    Raises:
        InvalidValue: it is neither a source nor a path or address of a known kind.
    """
    if given is None:
        return CodeDatasetSource()
    if isinstance(given, DatasetSource) or callable(getattr(given, "_get_source_type", None)):
        return given  # type: ignore[no-any-return]  # MLflow's own sources have the same methods
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if isinstance(text, str):
        scheme = urlsplit(text).scheme
        if scheme in ("http", "https"):
            return HTTPDatasetSource(text)
        if scheme in STORE_SCHEMES:
            return FileDatasetSource(text, scheme)
        if scheme in ("", "file"):
            return FileDatasetSource(text)
    raise InvalidValue(
        f"Could not find a source information resolver for the specified dataset source: {given}. "
        f"Give a path, an address http(s)://…, or one of {', '.join(STORE_SCHEMES)}."
    )


def source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a stored dataset has.

    Raises:
        InvalidValue: no such kind, or no JSON of it.
    """
    fields = _object(source_json)
    try:
        if source_type in ("local", *STORE_SCHEMES):
            return FileDatasetSource(str(fields["uri"]), source_type)
        for kind in get_registered_sources():
            if kind.source_type == source_type:
                return kind.from_dict(fields)
    except (KeyError, TypeError) as error:
        raise InvalidValue(f"{source_json!r} is no source of the kind {source_type!r}: {error}") from None
    raise InvalidValue(f"Could not parse dataset source from JSON due to unrecognized source type: {source_type}.")


def get_registered_sources() -> list[type[DatasetSource]]:
    """The kinds of sources that Clew knows."""
    return [
        FileDatasetSource,
        HTTPDatasetSource,
        HuggingFaceDatasetSource,
        SparkDatasetSource,
        DeltaDatasetSource,
        CodeDatasetSource,
    ]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidValue(f"{text!r} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidValue(f"{text!r} is no JSON object.")
    return found
