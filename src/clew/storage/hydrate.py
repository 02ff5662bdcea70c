"""Runs with all that belongs to them, many at once: one statement per table, never one per run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
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

    Cost: seven statements, two more for what is bound or has tags of inputs, whatever the number of runs.
    """
    wanted = list(rns)
    infos = load_infos(tx, wanted)
    of_metrics = _rows(tx, wanted, "latest_metric", "value, is_nan, ts, step, ctx")
    of_params, of_tags = _rows(tx, wanted, "param", "value"), _rows(tx, wanted, "tag", "value")
    names = _in_order(tx, of_metrics, of_params, of_tags)
    latest = _latest(tx, of_metrics, names)
    params, tags = _texts(of_params, names), _texts(of_tags, names)
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


def load_contexts(tx: Tx, numbers: Sequence[int]) -> dict[int, tuple[str | None, str | None, str | None]]:
    """Model id, dataset name and dataset digest by number of a context; None for what is not bound."""
    rows = tx.all(
        f"SELECT id, model_id, dataset_name, dataset_digest FROM metric_ctx WHERE {tx.dialect.any_of('id', 'ids')}",
        ids=list(numbers),
    )
    return {number: (model or None, name or None, digest or None) for number, model, name, digest in rows}


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


def _rows(tx: Tx, rns: list[int], table: str, columns: str) -> list[Row]:
    return tx.all(f"SELECT rn, key, {columns} FROM {table} WHERE {tx.dialect.any_of('rn', 'rns')}", rns=rns)


def _latest(tx: Tx, rows: list[Row], names: Mapping[int, str]) -> defaultdict[int, list[Metric]]:
    found: defaultdict[int, list[Metric]] = defaultdict(list)
    bound_to = {row[6] for row in rows if row[6]}
    contexts = load_contexts(tx, list(bound_to)) if bound_to else {}
    for rn, key, value, is_nan, ts, step, ctx in rows:
        number = math.nan if is_nan or value is None else value
        if ctx:
            model, dataset, digest = contexts[ctx]
            bound = Metric(
                key=names[key],
                value=number,
                timestamp=ts,
                step=step,
                model_id=model,
                dataset_name=dataset,
                dataset_digest=digest,
            )
            found[rn].append(bound)
        else:
            found[rn].append(Metric(key=names[key], value=number, timestamp=ts, step=step))
    return found


def _texts(rows: list[Row], names: Mapping[int, str]) -> defaultdict[int, dict[str, str]]:
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for rn, key, value in rows:
        found[rn][names[key]] = value
    return found


def _in_order(tx: Tx, *tables: list[Row]) -> dict[int, str]:
    """The names of the keys in the rows of ``tables``, which are put in the order of these.

    A name is read and compared once, not once per row, as a join would.
    """
    names: dict[int, str] = dict(
        tx.all(
            f"SELECT id, name FROM key WHERE {tx.dialect.any_of('id', 'ids')} ORDER BY name",
            ids=list({row[1] for rows in tables for row in rows}),
        )
    )
    place = {key: i for i, key in enumerate(names)}
    for rows in tables:
        rows.sort(key=lambda row: place[row[1]])
    return names


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
