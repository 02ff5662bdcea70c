"""Which names and values exist, for completions: all names, and the values that the newest entities have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from clew.entities.registry import ModelStage
from clew.entities.run import RunStatus
from clew.query.ast import Field, FieldKind
from clew.query.complete import Counted, Vocabulary
from clew.query.fields import EXPERIMENTS, MODEL_VERSIONS, MODELS, REGISTERED_MODELS, Fields
from clew.storage.engine import Tx
from clew.storage.keys import METRIC, PARAM, TAG

NEWEST: Final = 1000
"""Runs, models or versions that are looked at."""

MOST: Final = 1000
"""Names, and values of one field, that are told; the most used ones."""

_KINDS: Final = {FieldKind.METRIC: METRIC, FieldKind.PARAM: PARAM, FieldKind.TAG: TAG}
_RUN_TABLES: Final = {FieldKind.METRIC: "latest_metric", FieldKind.PARAM: "param", FieldKind.TAG: "tag"}
_MODEL_TABLES: Final = {FieldKind.PARAM: "logged_model_param", FieldKind.TAG: "logged_model_tag"}
_RANKED: Final = f"ORDER BY count(*) DESC, 1 LIMIT {MOST}"


def vocabulary(tx: Tx, fields: Fields, experiments: Sequence[int]) -> Vocabulary:
    """The names and values of one kind of entity.

    experiments: where to look for runs and logged models; experiments and what is registered are taken of all.
    """
    if fields is EXPERIMENTS:
        return _OfExperiments(tx)
    if fields is REGISTERED_MODELS:
        return _OfRegistered(tx)
    if fields is MODEL_VERSIONS:
        return _OfVersions(tx)
    return _OfModels(tx, experiments) if fields is MODELS else _OfRuns(tx, experiments)


class _Read:
    """Reads lists of (text, count), each once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[object, list[Counted]] = {}

    def counted(self, sql: str, **params: object) -> list[Counted]:
        mark = (sql, repr(sorted(params.items())))
        if mark not in self._known:
            self._known[mark] = [Counted(str(text), count) for text, count in self._tx.all(sql, **params)]
        return self._known[mark]


class _OfRuns(_Read):
    def __init__(self, tx: Tx, experiments: Sequence[int]) -> None:
        super().__init__(tx)
        self._experiments = list(experiments)
        self._rns: list[int] | None = None

    def _newest(self) -> list[int]:
        if self._rns is None:
            where = self._tx.dialect.any_of("experiment_id", "experiments")
            rows = self._tx.all(
                f"SELECT rn FROM run WHERE {where} AND deleted = 0 ORDER BY start_ms DESC, rn DESC LIMIT {NEWEST}",
                experiments=self._experiments,
            )
            self._rns = [row[0] for row in rows]
        return self._rns

    def keys(self, kind: FieldKind) -> Sequence[Counted]:
        any_of = self._tx.dialect.any_of
        used = self.counted(
            f"SELECT k.name, count(*) FROM {_RUN_TABLES[kind]} v JOIN key k ON k.id = v.key"
            f" WHERE {any_of('v.rn', 'rns')} GROUP BY k.name {_RANKED}",
            rns=self._newest(),
        )
        others = self.counted(
            f"SELECT DISTINCT name, 0 FROM key WHERE {any_of('experiment_id', 'experiments')} AND kind = {_KINDS[kind]}"
            f" ORDER BY name LIMIT {MOST}",
            experiments=self._experiments,
        )
        known = {key.text for key in used}
        return used + [key for key in others if key.text not in known]

    def values(self, field: Field) -> Sequence[Counted]:
        any_of, rns = self._tx.dialect.any_of, self._newest()
        if field.kind in (FieldKind.PARAM, FieldKind.TAG):
            return self.counted(
                f"SELECT v.value, count(*) FROM {_RUN_TABLES[field.kind]} v JOIN key k ON k.id = v.key"
                f" WHERE {any_of('v.rn', 'rns')} AND k.kind = {_KINDS[field.kind]} AND k.name = :name"
                f" GROUP BY v.value {_RANKED}",
                rns=rns,
                name=field.name,
            )
        if field.kind is FieldKind.DATASET:
            value = "i.context" if field.name == "context" else f"d.{field.name}"
            return self.counted(
                f"SELECT {value}, count(*) FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
                f" WHERE {any_of('i.rn', 'rns')} AND {value} IS NOT NULL GROUP BY {value} {_RANKED}",
                rns=rns,
            )
        if field.name == "status":
            return [Counted(status.value, 0) for status in RunStatus]
        column = "name" if field.name == "run_name" else field.name
        where = any_of("rn", "rns")
        return self.counted(f"SELECT {column}, count(*) FROM run WHERE {where} GROUP BY {column} {_RANKED}", rns=rns)


class _OfExperiments(_Read):
    def keys(self, _kind: FieldKind) -> Sequence[Counted]:
        return self.counted(f"SELECT key, count(*) FROM experiment_tag GROUP BY key {_RANKED}")

    def values(self, field: Field) -> Sequence[Counted]:
        if field.kind is FieldKind.TAG:
            return self.counted(
                f"SELECT value, count(*) FROM experiment_tag WHERE key = :key GROUP BY value {_RANKED}", key=field.name
            )
        column = "id" if field.name == "experiment_id" else field.name
        return self.counted(f"SELECT {column}, count(*) FROM experiment WHERE deleted = 0 GROUP BY {column} {_RANKED}")


class _OfModels(_Read):
    def __init__(self, tx: Tx, experiments: Sequence[int]) -> None:
        super().__init__(tx)
        where = tx.dialect.any_of("experiment_id", "experiments")
        rows = tx.all(
            f"SELECT mn, model_id FROM logged_model WHERE {where} AND deleted_ms IS NULL"
            f" ORDER BY created_ms DESC, mn DESC LIMIT {NEWEST}",
            experiments=list(experiments),
        )
        self._mns = [row[0] for row in rows]
        self._ids = [row[1] for row in rows]

    def keys(self, kind: FieldKind) -> Sequence[Counted]:
        any_of = self._tx.dialect.any_of
        if kind is FieldKind.METRIC:
            return self.counted(
                "SELECT key, count(DISTINCT model_id) FROM logged_model_metric"
                f" WHERE {any_of('model_id', 'ids')} GROUP BY key {_RANKED}",
                ids=self._ids,
            )
        return self.counted(
            f"SELECT key, count(*) FROM {_MODEL_TABLES[kind]} WHERE {any_of('mn', 'mns')} GROUP BY key {_RANKED}",
            mns=self._mns,
        )

    def values(self, field: Field) -> Sequence[Counted]:
        where = self._tx.dialect.any_of("mn", "mns")
        if field.kind is not FieldKind.ATTRIBUTE:
            return self.counted(
                f"SELECT value, count(*) FROM {_MODEL_TABLES[field.kind]} WHERE {where} AND key = :key"
                f" GROUP BY value {_RANKED}",
                mns=self._mns,
                key=field.name,
            )
        if field.name == "status":
            return [Counted(short, 0) for short in MODELS.values["status"]]
        sql = f"SELECT {field.name}, count(*) FROM logged_model WHERE {where} GROUP BY {field.name} {_RANKED}"
        return self.counted(sql, mns=self._mns)


class _OfRegistry(_Read):
    """Registered models or versions: rows of the newest ones, their tags, and the columns that are worth completing."""

    newest: str
    tags: str
    owner: str
    columns: Mapping[str, str]

    def _tagged(self) -> str:
        return f"{self.tags} t JOIN ({self.newest}) n ON n.{self.owner} = t.{self.owner}"

    def keys(self, _kind: FieldKind) -> Sequence[Counted]:
        return self.counted(f"SELECT t.key, count(*) FROM {self._tagged()} GROUP BY t.key {_RANKED}")

    def values(self, field: Field) -> Sequence[Counted]:
        if field.kind is FieldKind.TAG:
            return self.counted(
                f"SELECT t.value, count(*) FROM {self._tagged()} WHERE t.key = :key GROUP BY t.value {_RANKED}",
                key=field.name,
            )
        if field.name == "current_stage":
            return [Counted(stage.value, 0) for stage in ModelStage]
        column = self.columns.get(field.name)
        if column is None:
            return []
        return self.counted(
            f"SELECT {column}, count(*) FROM ({self.newest}) n WHERE {column} <> '' GROUP BY {column} {_RANKED}"
        )


class _OfRegistered(_OfRegistry):
    newest = f"SELECT gn, name FROM registered_model ORDER BY updated_ms DESC, gn DESC LIMIT {NEWEST}"
    tags, owner = "registered_model_tag", "gn"
    columns: Mapping[str, str] = {"name": "name"}


class _OfVersions(_OfRegistry):
    newest = (
        "SELECT v.vn, g.name, v.run_id, v.source, v.model_id, v.user_id FROM model_version v"
        f" JOIN registered_model g ON g.gn = v.gn ORDER BY v.created_ms DESC, v.vn DESC LIMIT {NEWEST}"
    )
    tags, owner = "model_version_tag", "vn"
    columns: Mapping[str, str] = {
        "name": "name",
        "run_id": "run_id",
        "source_path": "source",
        "model_id": "model_id",
        "user_id": "user_id",
    }
