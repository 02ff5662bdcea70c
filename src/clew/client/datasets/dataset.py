"""What all datasets have: name, digest, source, schema, profile, and their JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from clew.client.datasets.sources import DatasetSource
from clew.errors import InvalidValue
from clew.packaging.inference import infer_schema
from clew.packaging.schema import AnyType, Schema


class Dataset:
    """Data that a run reads, to be given to ``log_input``.

    name: default ``dataset``. digest: default computed from the data.
    schema, profile: None where there is none.
    """

    def __init__(
        self,
        source: DatasetSource,
        name: str | None,
        digest: str | None,
        *,
        schema: Any = None,
        profile: dict[str, Any] | None = None,
    ) -> None:
        self._source = source
        self._name = name or "dataset"
        self._schema = schema
        self._profile = profile
        self._digest = digest or self._compute_digest()

    def _compute_digest(self) -> str:
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The name, ``dataset`` where none was given."""
        return self._name

    @property
    def digest(self) -> str:
        """Changes when the data change."""
        return self._digest

    @property
    def source(self) -> DatasetSource:
        """Where the data come from."""
        return self._source

    @property
    def schema(self) -> Any:
        """The columns or tensors; None where they have no types."""
        return self._schema

    @property
    def profile(self) -> dict[str, Any] | None:
        """Sizes."""
        return self._profile

    def to_dict(self) -> dict[str, str | None]:
        """What is logged: texts, those of schema and profile being JSON."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source._get_source_type(),  # noqa: SLF001 - MLflow's sources name it so
            "schema": self._schema_json(),
            "profile": None if self.profile is None else json.dumps(self.profile),
        }

    def to_json(self) -> str:
        """``to_dict`` as a JSON text."""
        return json.dumps(self.to_dict())

    def _schema_json(self) -> str | None:
        if not isinstance(self.schema, Schema):
            return None
        return json.dumps({"mlflow_colspec": json.loads(self.schema.to_json())})


class MetaDataset(Dataset):
    """A dataset of which only the source is known; its digest is of name, source and schema."""

    def __init__(
        self, source: DatasetSource, name: str | None = None, digest: str | None = None, schema: Schema | None = None
    ) -> None:
        super().__init__(source, name, digest, schema=schema)

    def _compute_digest(self) -> str:
        named = {
            "name": self.name,
            "source": self.source.to_json(),
            "source_type": self.source._get_source_type(),  # noqa: SLF001
            "schema": json.loads(self.schema.to_json()) if self.schema else "",
        }
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:8]


def columns_of(frame: Any) -> Schema | None:
    """The schema of a pandas frame; None where its columns have no types."""
    try:
        found = infer_schema(frame)
    except (InvalidValue, TypeError, ValueError, AttributeError):
        return None
    known = found.inputs and not any(isinstance(spec.type, AnyType) for spec in found.columns)
    return found if known else None


def check_column(kind: str, columns: Any, role: str, name: str | None) -> None:
    """Refuse the name of a column that the frame lacks.

    Raises:
        InvalidValue: there is no such column.
    """
    if name is not None and name not in columns:
        raise InvalidValue(f"The specified {kind} DataFrame does not contain the specified {role} column '{name}'.")
