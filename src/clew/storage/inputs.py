"""What runs read and produce: datasets, and links to logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.entities.dataset import Dataset, DatasetInput, DatasetSummary
from clew.entities.run import ModelOutput
from clew.storage.engine import Tx, WriteTx
from clew.storage.experiments import number_of
from clew.storage.keys import active_run

CONTEXT_TAG: Final = "mlflow.data.context"
MAX_SUMMARIES: Final = 1000


def log_inputs(tx: WriteTx, run_id: str, datasets: Sequence[DatasetInput] = (), model_ids: Sequence[str] = ()) -> None:
    """Link datasets and models that the run reads; a link that exists gets the new tags only.

    Inside an experiment a dataset is its (name, digest): the first writer's source, schema and profile stay.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    ref = active_run(tx, run_id)
    for used in datasets:
        _link(tx, ref.rn, dataset_id(tx, ref.experiment_id, used.dataset), used)
    for model_id in model_ids:
        _link_model(tx, ref.rn, model_id, direction=0, step=0)
    tx.touched.add(ref.rn)


def log_outputs(tx: WriteTx, run_id: str, outputs: Sequence[ModelOutput]) -> None:
    """Link models that the run produced; a link that exists gets the new step.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    ref = active_run(tx, run_id)
    for output in outputs:
        _link_model(tx, ref.rn, output.model_id, direction=1, step=output.step)
    tx.touched.add(ref.rn)


def search_datasets(tx: Tx, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
    """Distinct (experiment, name, digest, context) of the active runs' datasets, at most 1000."""
    rows = tx.all(
        "SELECT DISTINCT d.experiment_id, d.name, d.digest, i.context"
        " FROM dataset d JOIN run_input i ON i.dataset_id = d.id JOIN run r ON r.rn = i.rn"
        f" WHERE {tx.dialect.any_of('d.experiment_id', 'experiments')} AND r.deleted = 0"
        " ORDER BY d.experiment_id, d.name, d.digest, i.context LIMIT :most",
        experiments=[number_of(i) for i in experiment_ids],
        most=MAX_SUMMARIES,
    )
    return [
        DatasetSummary(experiment_id=str(number), name=name, digest=digest, context=context)
        for number, name, digest, context in rows
    ]


def dataset_id(tx: WriteTx, experiment_id: int, dataset: Dataset) -> int:
    """The number of a dataset in an experiment, which gets it if it is new there."""
    row = tx.one(
        "INSERT INTO dataset (experiment_id, name, digest, source_type, source, schema, profile)"
        " VALUES (:experiment_id, :name, :digest, :source_type, :source, :schema, :profile)"
        " ON CONFLICT (experiment_id, name, digest) DO UPDATE SET name = excluded.name RETURNING id",
        experiment_id=experiment_id,
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        schema=dataset.schema,
        profile=dataset.profile,
    )
    return int(row[0]) if row else 0


def _link(tx: WriteTx, rn: int, dataset: int, used: DatasetInput) -> None:
    row = tx.one(
        "INSERT INTO run_input (rn, dataset_id, context) VALUES (:rn, :dataset_id, :context)"
        " ON CONFLICT (rn, dataset_id) DO UPDATE SET context = coalesce(excluded.context, run_input.context)"
        " RETURNING id",
        rn=rn,
        dataset_id=dataset,
        context=used.tags.get(CONTEXT_TAG),
    )
    input_id = int(row[0]) if row else 0
    if used.tags:
        tx.many(
            "INSERT INTO run_input_tag (input_id, key, value) VALUES (:input_id, :key, :value)"
            " ON CONFLICT (input_id, key) DO UPDATE SET value = excluded.value",
            [{"input_id": input_id, "key": key, "value": value} for key, value in used.tags.items()],
        )


def _link_model(tx: WriteTx, rn: int, model_id: str, *, direction: int, step: int) -> None:
    tx.run(
        "INSERT INTO run_model (rn, model_id, direction, step) VALUES (:rn, :model_id, :direction, :step)"
        " ON CONFLICT (rn, model_id, direction) DO UPDATE SET step = excluded.step",
        rn=rn,
        model_id=model_id,
        direction=direction,
        step=step,
    )
