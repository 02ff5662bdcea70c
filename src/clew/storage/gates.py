"""Gates of the registry: whether a version's run or logged model fulfils a filter."""

from __future__ import annotations

from clew.entities.registry import ModelVersion
from clew.errors import InvalidFilter, NotFound
from clew.query.ast import FieldKind, FreeText, leaves
from clew.query.evaluate import read_model, read_run
from clew.query.fields import MODELS, RUNS
from clew.query.parser import read_filter
from clew.storage import models, runs, search
from clew.storage.engine import Tx


def check_gate(gate: str) -> str:
    """The gate without space around it.

    Raises:
        InvalidFilter: it is no filter of runs.
    """
    read_filter(gate, RUNS)
    return gate.strip()


def passes(tx: Tx, gate: str, version: ModelVersion) -> bool:
    """Whether the version's run, or the logged model that it was made of, fulfils the gate as a whole.

    A version that has neither passes no gate but the empty one. The run may lie in the trash.
    """
    return not gate or _run_passes(tx, gate, version.run_id) or _model_passes(tx, gate, version.model_id)


def measured(tx: Tx, gate: str, version: ModelVersion) -> str:
    """What the metrics and params of a gate are for this version, for a message: ``metrics.auc is 0.87``."""
    try:
        run = read_run(runs.get_run(tx, version.run_id), lambda _run, _key: ())
    except NotFound:
        run = None
    try:
        model = read_model(models.get_model(tx, version.model_id))
    except NotFound:
        model = None
    told = []
    for leaf in leaves(read_filter(gate, RUNS)):
        if isinstance(leaf, FreeText) or leaf.field.kind not in (FieldKind.METRIC, FieldKind.PARAM):
            continue
        found = [*(model(leaf.field) if model else ()), *(run(leaf.field) if run else ())]
        label = f"{leaf.field.kind.value}s.{leaf.field.name}"
        told.append(f"{label} is {found[0]}" if found else f"{label} is not known")
    return ", ".join(dict.fromkeys(told))


def _run_passes(tx: Tx, gate: str, run_id: str) -> bool:
    try:
        home = runs.get_run(tx, run_id).info.experiment_id
    except NotFound:
        return False
    return bool(search.search_runs(tx, [home], f"attributes.run_id = '{run_id}' AND ({gate})", view="ALL").items)


def _model_passes(tx: Tx, gate: str, model_id: str) -> bool:
    try:
        home = models.get_model(tx, model_id).experiment_id
        read_filter(gate, MODELS)
    except (NotFound, InvalidFilter):  # a gate on histories, say, which models do not have
        return False
    return bool(search.search_models(tx, [home], filter=f"attributes.model_id = '{model_id}' AND ({gate})").items)
