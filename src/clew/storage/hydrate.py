"""Runs with all that belongs to them, many at once: one statement per table, never one per run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.metric import Metric
from clew.entities.run import ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs
from clew.storage.engine import Row, Tx
from clew.storage.status import run_status

_INFO: Final = (
    "SELECT rn, run_id, experiment_id, name, user_id, status, start_ms, end_ms, deleted, artifact_uri FROM run WHERE "
)


def hydrate(tx: Tx, rns: Sequence[int]) -> list[Run]:
    """The runs of these numbers with data, inputs and outputs, in the order given; missing ones are left out.

    Cost: seven statements, whatever the number of runs.
    """
    wanted = list(rns)
    infos = load_infos(tx, wanted)
    latest = _latest(tx, wanted)
    params = _texts(tx, wanted, "param")
    tags = _texts(tx, wanted, "tag")
    datasets = _datasets(tx, wanted)
    inputs, outputs = _models(tx, wanted)
    return [
        Run(
            info=infos[rn],
            data=RunData(
                metrics={m.key: m.value for m in latest[rn]},
                params=params[rn],
                tags=tags[rn],
                latest=tuple(latest[rn]),
            ),
            inputs=RunInputs(dataset_inputs=tuple(datasets[rn]), model_inputs=tuple(inputs[rn])),
            outputs=RunOutputs(model_outputs=tuple(outputs[rn])),
        )
        for rn in wanted
        if rn in infos
    ]


def load_infos(tx: Tx, rns: Sequence[int]) -> dict[int, RunInfo]:
    """Who, where, when of these runs, by number."""
    rows = tx.all(_INFO + tx.dialect.any_of("rn", "rns"), rns=list(rns))
    return {row[0]: _info(row) for row in rows}


def metric_value(value: float | None, is_nan: int) -> float:
    """A stored value as a float: NaN is kept as a mark beside NULL, since SQL has no NaN."""
    return math.nan if is_nan or value is None else value


def _info(row: Row) -> RunInfo:
    _, run_id, experiment_id, name, user_id, status, start_ms, end_ms, deleted, artifact_uri = row
    return RunInfo(
        run_id=run_id,
        experiment_id=str(experiment_id),
        run_name=name,
        user_id=user_id,
        status=run_status(status),
        start_time=start_ms,
        end_time=end_ms,
        lifecycle_stage="deleted" if deleted else "active",
        artifact_uri=artifact_uri,
    )


def _latest(tx: Tx, rns: list[int]) -> defaultdict[int, list[Metric]]:
    found: defaultdict[int, list[Metric]] = defaultdict(list)
    rows = tx.all(
        "SELECT m.rn, k.name, m.value, m.is_nan, m.ts, m.step, c.model_id, c.dataset_name, c.dataset_digest"
        " FROM latest_metric m JOIN key k ON k.id = m.key LEFT JOIN metric_ctx c ON c.id = m.ctx"
        f" WHERE {tx.dialect.any_of('m.rn', 'rns')} ORDER BY m.rn, k.name",
        rns=rns,
    )
    for rn, key, value, is_nan, ts, step, model_id, dataset_name, dataset_digest in rows:
        found[rn].append(
            Metric(
                key=key,
                value=metric_value(value, is_nan),
                timestamp=ts,
                step=step,
                model_id=model_id or None,
                dataset_name=dataset_name or None,
                dataset_digest=dataset_digest or None,
            )
        )
    return found


def _texts(tx: Tx, rns: list[int], table: str) -> defaultdict[int, dict[str, str]]:
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    rows = tx.all(
        f"SELECT v.rn, k.name, v.value FROM {table} v JOIN key k ON k.id = v.key"
        f" WHERE {tx.dialect.any_of('v.rn', 'rns')} ORDER BY v.rn, k.name",
        rns=rns,
    )
    for rn, key, value in rows:
        found[rn][key] = value
    return found


def _datasets(tx: Tx, rns: list[int]) -> defaultdict[int, list[DatasetInput]]:
    found: defaultdict[int, list[DatasetInput]] = defaultdict(list)
    links = tx.all(
        "SELECT i.id, i.rn, d.name, d.digest, d.source_type, d.source, d.schema, d.profile"
        " FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
        f" WHERE {tx.dialect.any_of('i.rn', 'rns')} ORDER BY i.id",
        rns=rns,
    )
    if not links:
        return found
    tags: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for input_id, key, value in tx.all(
        "SELECT input_id, key, value FROM run_input_tag"
        f" WHERE {tx.dialect.any_of('input_id', 'inputs')} ORDER BY input_id, key",
        inputs=[row[0] for row in links],
    ):
        tags[input_id][key] = value
    for input_id, rn, name, digest, source_type, source, schema, profile in links:
        dataset = Dataset(
            name=name, digest=digest, source_type=source_type, source=source, schema=schema, profile=profile
        )
        found[rn].append(DatasetInput(dataset=dataset, tags=tags[input_id]))
    return found


def _models(tx: Tx, rns: list[int]) -> tuple[defaultdict[int, list[Any]], defaultdict[int, list[Any]]]:
    inputs: defaultdict[int, list[Any]] = defaultdict(list)
    outputs: defaultdict[int, list[Any]] = defaultdict(list)
    for rn, model_id, direction, step in tx.all(
        f"SELECT rn, model_id, direction, step FROM run_model WHERE {tx.dialect.any_of('rn', 'rns')} ORDER BY id",
        rns=rns,
    ):
        if direction == 0:
            inputs[rn].append(ModelInput(model_id))
        else:
            outputs[rn].append(ModelOutput(model_id, step))
    return inputs, outputs
