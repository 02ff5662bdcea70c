"""What can be asked of each kind of entity: names and aliases, types, and where bare words look."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clew.query.ast import Field, FieldKind, ValueType

_TEXT, _INTEGER = ValueType.TEXT, ValueType.INTEGER

_KEYED_TYPES = {
    FieldKind.METRIC: ValueType.NUMBER,
    FieldKind.PARAM: ValueType.MIXED,
    FieldKind.TAG: ValueType.TEXT,
}


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """The searchable fields of one kind of entity.

    noun: what messages call one of them.
    prefixes: word before the dot -> kind; written: kind -> the word that printing uses.
    valid_prefixes: the list of them as MLflow's message shows it.
    attributes: name or alias -> field. dataset_keys: the same for ``dataset.…``.
    sortable: kinds that ``order_by`` takes. summaries: whether metrics have a history to ask about.
    values: attribute -> short form of a value -> the stored form.
    name, id: attributes where a bare word looks: name contains it, id begins with it or, if id_whole, equals it.
    """

    noun: str
    prefixes: Mapping[str, FieldKind]
    written: Mapping[FieldKind, str]
    valid_prefixes: str
    attributes: Mapping[str, Field]
    sortable: frozenset[FieldKind]
    name: Field
    id: Field
    id_whole: bool = False
    summaries: bool = False
    dataset_keys: Mapping[str, Field] = {}
    values: Mapping[str, Mapping[str, str]] = {}

    def keyed(self, kind: FieldKind, key: str) -> Field:
        """The metric, param or tag ``key``."""
        return Field(kind, key, _KEYED_TYPES[kind])


def _attributes(types: Mapping[str, ValueType], aliases: Mapping[str, str] = {}) -> dict[str, Field]:
    table = {name: Field(FieldKind.ATTRIBUTE, name, type_) for name, type_ in types.items()}
    return table | {alias: table[name] for alias, name in aliases.items()}


_RUN_ATTRIBUTES = _attributes(
    {
        "run_id": _TEXT,
        "run_name": _TEXT,
        "status": _TEXT,
        "user_id": _TEXT,
        "artifact_uri": _TEXT,
        "start_time": _INTEGER,
        "end_time": _INTEGER,
    },
    {
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
        "created": "start_time",
        "Created": "start_time",
    },
)

RUNS = Fields(
    noun="run",
    prefixes={
        "metric": FieldKind.METRIC,
        "metrics": FieldKind.METRIC,
        "param": FieldKind.PARAM,
        "params": FieldKind.PARAM,
        "parameter": FieldKind.PARAM,
        "parameters": FieldKind.PARAM,
        "tag": FieldKind.TAG,
        "tags": FieldKind.TAG,
        "attribute": FieldKind.ATTRIBUTE,
        "attributes": FieldKind.ATTRIBUTE,
        "attr": FieldKind.ATTRIBUTE,
        "run": FieldKind.ATTRIBUTE,
        "dataset": FieldKind.DATASET,
        "datasets": FieldKind.DATASET,
    },
    written={
        FieldKind.METRIC: "metrics",
        FieldKind.PARAM: "params",
        FieldKind.TAG: "tags",
        FieldKind.ATTRIBUTE: "attributes",
        FieldKind.DATASET: "dataset",
    },
    valid_prefixes="Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    attributes=_RUN_ATTRIBUTES,
    sortable=frozenset({FieldKind.ATTRIBUTE, FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG}),
    name=_RUN_ATTRIBUTES["run_name"],
    id=_RUN_ATTRIBUTES["run_id"],
    summaries=True,
    dataset_keys={name: Field(FieldKind.DATASET, name, _TEXT) for name in ("name", "digest", "context")},
)

_EXPERIMENT_ATTRIBUTES = _attributes(
    {"name": _TEXT, "experiment_id": _TEXT, "creation_time": _INTEGER, "last_update_time": _INTEGER}
)

EXPERIMENTS = Fields(
    noun="experiment",
    prefixes={"attribute": FieldKind.ATTRIBUTE, "tag": FieldKind.TAG, "tags": FieldKind.TAG},
    written={FieldKind.ATTRIBUTE: "attribute", FieldKind.TAG: "tags"},
    valid_prefixes="Valid entity types are ('attribute', 'tag', 'tags')",
    attributes=_EXPERIMENT_ATTRIBUTES,
    sortable=frozenset({FieldKind.ATTRIBUTE, FieldKind.TAG}),
    name=_EXPERIMENT_ATTRIBUTES["name"],
    id=_EXPERIMENT_ATTRIBUTES["experiment_id"],
    id_whole=True,
)

_MODEL_ATTRIBUTES = _attributes(
    {
        "model_id": _TEXT,
        "name": _TEXT,
        "model_type": _TEXT,
        "status": _TEXT,
        "source_run_id": _TEXT,
        "experiment_id": _TEXT,
        "creation_timestamp": _INTEGER,
        "last_updated_timestamp": _INTEGER,
    },
    {
        "creation_timestamp_ms": "creation_timestamp",
        "creation_time": "creation_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
        "last_updated_time": "last_updated_timestamp",
    },
)

MODELS = Fields(
    noun="logged model",
    prefixes={
        "metric": FieldKind.METRIC,
        "metrics": FieldKind.METRIC,
        "param": FieldKind.PARAM,
        "params": FieldKind.PARAM,
        "tag": FieldKind.TAG,
        "tags": FieldKind.TAG,
        "attribute": FieldKind.ATTRIBUTE,
        "attributes": FieldKind.ATTRIBUTE,
    },
    written={
        FieldKind.METRIC: "metrics",
        FieldKind.PARAM: "params",
        FieldKind.TAG: "tags",
        FieldKind.ATTRIBUTE: "attributes",
    },
    valid_prefixes="Valid values are ['metric', 'parameter', 'tag', 'attribute']",
    attributes=_MODEL_ATTRIBUTES,
    sortable=frozenset({FieldKind.ATTRIBUTE, FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG}),
    name=_MODEL_ATTRIBUTES["name"],
    id=_MODEL_ATTRIBUTES["model_id"],
    values={
        # MLflow shows READY in its UI and sends LOGGED_MODEL_READY on the wire; both find the same models.
        "status": {
            "UNSPECIFIED": "LOGGED_MODEL_STATUS_UNSPECIFIED",
            "PENDING": "LOGGED_MODEL_PENDING",
            "READY": "LOGGED_MODEL_READY",
            "FAILED": "LOGGED_MODEL_UPLOAD_FAILED",
        }
    },
)

_REGISTERED_ATTRIBUTES = _attributes(
    {"name": _TEXT, "description": _TEXT, "creation_timestamp": _INTEGER, "last_updated_timestamp": _INTEGER},
    {"timestamp": "last_updated_timestamp"},
)

_REGISTRY_PREFIXES = {
    "attribute": FieldKind.ATTRIBUTE,
    "attributes": FieldKind.ATTRIBUTE,
    "tag": FieldKind.TAG,
    "tags": FieldKind.TAG,
}

REGISTERED_MODELS = Fields(
    noun="registered model",
    prefixes=_REGISTRY_PREFIXES,
    written={FieldKind.TAG: "tags", FieldKind.ATTRIBUTE: "attributes"},
    valid_prefixes="Valid values are ['attribute', 'tag']",
    attributes=_REGISTERED_ATTRIBUTES,
    sortable=frozenset({FieldKind.ATTRIBUTE, FieldKind.TAG}),
    name=_REGISTERED_ATTRIBUTES["name"],
    id=_REGISTERED_ATTRIBUTES["name"],
)

_VERSION_ATTRIBUTES = _attributes(
    {
        "name": _TEXT,
        "version_number": _INTEGER,
        "run_id": _TEXT,
        "source_path": _TEXT,
        "current_stage": _TEXT,
        "model_id": _TEXT,
        "user_id": _TEXT,
        "description": _TEXT,
        "creation_timestamp": _INTEGER,
        "last_updated_timestamp": _INTEGER,
    },
    {"version": "version_number", "source": "source_path", "stage": "current_stage"},
)

MODEL_VERSIONS = Fields(
    noun="model version",
    prefixes=_REGISTRY_PREFIXES,
    written={FieldKind.TAG: "tags", FieldKind.ATTRIBUTE: "attributes"},
    valid_prefixes="Valid values are ['attribute', 'tag']",
    attributes=_VERSION_ATTRIBUTES,
    sortable=frozenset({FieldKind.ATTRIBUTE, FieldKind.TAG}),
    name=_VERSION_ATTRIBUTES["name"],
    id=_VERSION_ATTRIBUTES["run_id"],
)

ENTITIES: Mapping[str, Fields] = {
    "runs": RUNS,
    "experiments": EXPERIMENTS,
    "models": MODELS,
    "registered_models": REGISTERED_MODELS,
    "model_versions": MODEL_VERSIONS,
}
