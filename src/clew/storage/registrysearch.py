"""Searches of the registry: where the fields of models and versions are in the tables, and pages of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.entities.page import Page
from clew.entities.registry import ModelVersion, RegisteredModel
from clew.query.ast import And, Comparison, Expr, Field, FieldKind, IsNull, Or
from clew.query.fields import MODEL_VERSIONS, REGISTERED_MODELS
from clew.query.order import Order, read_order
from clew.query.parser import read_filter
from clew.query.text import write_filter
from clew.storage import keyset, registry, versions
from clew.storage.compile import TRUE, Binder, Column, Compiler
from clew.storage.engine import Tx
from clew.storage.keyset import Kind, SortColumn
from clew.storage.paging import Source, read_page
from clew.storage.sources import by_name, text_or_none, texts

_MODEL_COLUMNS: Final = {
    "name": "g.name",
    "description": "g.description",
    "creation_timestamp": "g.created_ms",
    "last_updated_timestamp": "g.updated_ms",
}
_VERSION_COLUMNS: Final = {
    "name": "g.name",
    "version_number": "v.version",
    "run_id": "v.run_id",
    "source_path": "v.source",
    "current_stage": "v.stage",
    "model_id": "v.model_id",
    "user_id": "v.user_id",
    "description": "v.description",
    "creation_timestamp": "v.created_ms",
    "last_updated_timestamp": "v.updated_ms",
}
_PROMPT_TAG: Final = "mlflow.prompt.is_prompt"
_VERSIONS: Final = "model_version v JOIN registered_model g ON g.gn = v.gn"
_STAGES: Final = {number: stage.value for number, stage in enumerate(versions.STAGES)}


class _Columns:
    """What both kinds have: attributes in columns, tags in a table of their own.

    tags: its name; owner: the column that says whose they are, in both tables.
    """

    def __init__(
        self, tx: Tx, binder: Binder, attributes: dict[str, str], *, source: str, tags: str, owner: str, table: str
    ) -> None:
        self._tx = tx
        self._binder = binder
        self._attributes = attributes
        self._source = source
        self._tags = f"{tags} t WHERE t.{owner} = {table}.{owner} AND t.key = "
        self._tag_table = tags

    def column(self, field: Field) -> Column:
        """The column of ``field``."""
        if field.kind is FieldKind.TAG:
            return Column(
                value="t.value",
                within=f"EXISTS (SELECT 1 FROM {self._tags}{self._binder.bind(field.name)}",
                distinct=texts(
                    self._tx, f"SELECT DISTINCT value FROM {self._tag_table} WHERE key = :key", key=field.name
                ),
            )
        value = self._attributes[field.name]
        return Column(
            value=value,
            integer=field.name.endswith("_timestamp") or field.name == "version_number",
            names=_STAGES if field.name == "current_stage" else None,
            nullable=False,
            distinct=texts(self._tx, f"SELECT DISTINCT {value} FROM {self._source}"),
        )

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``."""
        name = order.field.name
        if order.field.kind is FieldKind.TAG:
            return text_or_none(f"(SELECT t.value FROM {self._tags}{self._binder.bind(name)})", order)
        if name == "current_stage":
            return SortColumn(
                value=by_name(self._attributes[name], _STAGES), kind="integer", descending=order.descending
            )
        kind: Kind = "integer" if self.column(order.field).integer else "text"
        return SortColumn(value=self._attributes[name], kind=kind, descending=order.descending)


class _ModelColumns(_Columns):
    fields = REGISTERED_MODELS

    def __init__(self, tx: Tx, binder: Binder) -> None:
        super().__init__(
            tx,
            binder,
            _MODEL_COLUMNS,
            source="registered_model g",
            tags="registered_model_tag",
            owner="gn",
            table="g",
        )


class _VersionColumns(_Columns):
    fields = MODEL_VERSIONS

    def __init__(self, tx: Tx, binder: Binder) -> None:
        super().__init__(
            tx, binder, _VERSION_COLUMNS, source=_VERSIONS, tags="model_version_tag", owner="vn", table="v"
        )


def _with_models(where: Expr | None) -> Expr | None:
    """Let models without the tag of MLflow's prompts pass the condition by which its client leaves prompts out."""
    if isinstance(where, And):
        return And(tuple(_with_models(item) or item for item in where.items))
    if isinstance(where, Comparison) and where.field.name == _PROMPT_TAG and where.op == "!=":
        return Or((where, IsNull(where.field)))
    return where


def search_models(
    tx: Tx,
    *,
    filter: str = "",  # noqa: A002 - the word that every caller knows
    order_by: Sequence[str] = (),
    max_results: int = 100,
    page_token: str | None = None,
) -> Page[RegisteredModel]:
    """The registered models that match, in order; by name without one.

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: the token belongs to another search.
    """
    now_ms = keyset.asked_at(page_token, tx.place.clock())
    where = _with_models(read_filter(filter, REGISTERED_MODELS, lambda: now_ms))
    order = read_order(order_by, REGISTERED_MODELS)
    binder = Binder(tx.dialect)
    columns = _ModelColumns(tx, binder)
    condition = Compiler(binder, columns).condition(where) if where is not None else TRUE
    sort = [columns.sort(one) for one in order]
    sort.append(SortColumn(value="g.name", kind="text"))
    mark = keyset.fingerprint(now_ms, "registered models", write_filter(where, REGISTERED_MODELS), order)
    rows = f"registered_model g WHERE {condition}"
    source = Source(number="g.gn", source=rows, unsorted=rows, sort=sort)
    page = read_page(tx, binder, source, max_results, page_token, mark, counted=False)
    return Page(items=registry.load_models(tx, page.items), token=page.token, total=None)


def search_versions(
    tx: Tx,
    *,
    filter: str = "",  # noqa: A002 - as above
    order_by: Sequence[str] = (),
    max_results: int = 1000,
    page_token: str | None = None,
) -> Page[ModelVersion]:
    """The versions that match, in order; those changed last come first without one.

    Raises:
        InvalidFilter: the filter or order cannot be read.
        InvalidValue: the token belongs to another search.
    """
    now_ms = keyset.asked_at(page_token, tx.place.clock())
    where, order = read_filter(filter, MODEL_VERSIONS, lambda: now_ms), read_order(order_by, MODEL_VERSIONS)
    binder = Binder(tx.dialect)
    columns = _VersionColumns(tx, binder)
    condition = Compiler(binder, columns).condition(where) if where is not None else TRUE
    sort = [columns.sort(one) for one in order]
    if not order:
        sort.append(SortColumn(value="v.updated_ms", kind="integer", descending=True))
    sort += [
        SortColumn(value="g.name", kind="text"),
        SortColumn(value="v.version", kind="integer", descending=True),
    ]
    mark = keyset.fingerprint(now_ms, "model versions", write_filter(where, MODEL_VERSIONS), order)
    rows = f"{_VERSIONS} WHERE {condition}"
    source = Source(number="v.vn", source=rows, unsorted=rows, sort=sort)
    page = read_page(tx, binder, source, max_results, page_token, mark, counted=False)
    return Page(items=versions.load_versions(tx, page.items), token=page.token, total=None)
