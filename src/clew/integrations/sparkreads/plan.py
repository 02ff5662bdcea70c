"""What a query of Spark read: the leaves of its plan, asked through Py4J."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from clew.entities.dataset import Dataset
from clew.integrations import guard


class Read(NamedTuple):
    """A source of data. version: of a Delta table, "" elsewhere. size: bytes, as Spark estimates them."""

    path: str
    kind: str
    version: str = ""
    size: int = 0

    def line(self) -> str:
        """The line of the tag ``sparkDatasourceInfo`` that tells it."""
        version = f"version={self.version}," if self.version else ""
        return f"path={self.path},{version}format={self.kind}"

    def dataset(self) -> Dataset:
        """An input of a run; the digest changes with path, version and size."""
        source = {"path": self.path}
        if self.version:
            source["delta_table_version"] = self.version
        text = json.dumps([source, self.kind, self.size], sort_keys=True)
        return Dataset(
            name=self.path.rstrip("/").rpartition("/")[2] or "dataset",
            digest=hashlib.sha256(text.encode()).hexdigest()[:8],
            source_type="delta_table" if self.kind == "delta" else "spark",
            source=json.dumps(source),
            profile=json.dumps({"format": self.kind, "size_bytes": self.size}),
        )


def reads_of(execution: Any) -> list[Read]:
    """The sources of a Java ``QueryExecution``, each once."""
    leaves = execution.analyzed().collectLeaves()
    found = (read for leaf in _items(leaves) for read in _reads(leaf))
    return list(dict.fromkeys(found))


def _reads(leaf: Any) -> Iterator[Read]:
    kind = leaf.getClass().getSimpleName()
    if kind == "LogicalRelation" and leaf.relation().getClass().getSimpleName() == "HadoopFsRelation":
        relation = leaf.relation()
        # A Delta table's files are those of one version; its file index knows which.
        version = guard.attempt(lambda: str(relation.location().tableVersion())) or ""
        name = "delta" if version else str(relation.toString()).lower()
        for path in _items(relation.location().rootPaths()):
            yield Read(path.toString(), name, version, int(relation.sizeInBytes()))
    elif kind == "HiveTableRelation":
        yield Read(leaf.tableMeta().qualifiedName(), "hive")
    elif kind == "DataSourceV2Relation":
        yield Read(leaf.table().name(), "table")


def _items(sequence: Any) -> Iterator[Any]:
    for at in range(sequence.size()):
        yield sequence.apply(at)
