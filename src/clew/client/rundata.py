"""The fluent functions that log to a run: metrics, params, tags, inputs and outputs.

Log calls without an active run begin one. What the user got wrong raises at the call; what the
network, the server or the disk does never raises from a log call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clew.client.active import write_var
from clew.client.experiments import client
from clew.client.params import flat
from clew.client.runs import active_or_begun
from clew.client.session import session
from clew.client.values import dataset_fields
from clew.entities.dataset import Dataset
from clew.errors import InvalidValue

_direct = write_var.get  # once: CPython 3.11 would look an imported name's method up at every call


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of a metric.

    step: default 0. timestamp: milliseconds since 1970, default now.
    synchronous: True waits until the server has it.
    model_id, dataset: what the value is bound to; the active model by default. The run is said to read that model.
    Cost: under a microsecond for a key that was logged before.

    Raises:
        InvalidValue: key, value, step or time breaks a rule.
    """
    if synchronous is None and timestamp is None and run_id is None and model_id is None and dataset is None:
        log = _direct()
        if log is not None:
            log(key, value, 0 if step is None else step)
            return
    log_metrics({key: value}, step, synchronous, run_id, timestamp, model_id, dataset)


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of each metric; see ``log_metric``.

    Raises:
        InvalidValue: a key or value breaks a rule; then nothing is logged.
    """
    context = None
    model_id = model_id or session.model_id()
    if model_id or dataset is not None:
        fields = {"name": "", "digest": ""} if dataset is None else dataset_fields(dataset)
        context = (model_id or "", fields["name"] or "", fields["digest"] or "")
    active = None if run_id is not None else active_or_begun()
    link = session.link if active is None else active.link
    log = link.run(str(run_id)) if active is None else active.log
    log.log_points(metrics, step, timestamp, context)
    if model_id:
        log.link_model(model_id)
    if synchronous:
        link.flush()


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param; the value as given.

    Raises:
        Conflict: the run has another value for it. InvalidValue: the key breaks a rule.
    """
    active = active_or_begun()
    active.log.log_params({key: value})
    if synchronous:
        active.link.flush()
    return value


def log_params(params: Any, synchronous: bool | None = None, run_id: str | None = None) -> None:
    """Log params; see ``log_param``.

    params: a mapping, a dataclass, or argparse's namespace; nested ones become dotted keys such as ``opt.lr``.
    """
    if run_id is not None:
        link, log = session.link, session.link.run(run_id)
    else:
        active = active_or_begun()
        link, log = active.link, active.log
    log.log_params(flat(params))
    if synchronous:
        link.flush()


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:
    """Set a tag of the active run.

    Raises:
        InvalidValue: the key breaks a rule.
    """
    set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:
    """Set tags of the active run; see ``set_tag``."""
    active = active_or_begun()
    active.log.set_tags(tags)
    if synchronous:
        active.link.flush()


def delete_tag(key: str) -> None:
    """Delete a tag of the active run.

    Raises:
        NotFound: the run has no such tag.
    """
    client().delete_tag(active_or_begun().run.info.run_id, key)


def log_input(
    dataset: Any = None, context: str | None = None, tags: Mapping[str, str] | None = None, model: Any = None
) -> None:
    """Log that the active run reads a dataset or a logged model.

    context: what for, e.g. ``train``; kept as the tag ``mlflow.data.context``.
    """
    log = active_or_begun().log
    texts = {k: str(v) for k, v in (tags or {}).items()}
    if context is not None:
        texts["mlflow.data.context"] = context
    if dataset is not None:
        log.log_input(dataset_fields(dataset), texts, None)
    if model is not None:
        log.log_input(None, {}, model if isinstance(model, str) else model.model_id)


def log_inputs(
    datasets: Iterable[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Iterable[Any] | None = None,
) -> None:
    """Log that the active run reads datasets, each with its context and tags, and logged models.

    Raises:
        InvalidValue: the lists differ in length.
    """
    data: list[Dataset | Any] = list(datasets or ())
    words = list(contexts) if contexts is not None else [None] * len(data)
    tags = list(tags_list) if tags_list is not None else [None] * len(data)
    if not len(data) == len(words) == len(tags):
        raise InvalidValue("datasets, contexts and tags_list must have the same length.")
    for dataset, context, texts in zip(data, words, tags, strict=True):
        log_input(dataset, context, texts)
    for model in models or ():
        log_input(model=model)


def log_outputs(models: Iterable[Any] | None = None) -> None:
    """Log that the active run produced logged models: objects with ``model_id`` and ``step``."""
    log = active_or_begun().log
    for model in models or ():
        log.log_output(model.model_id, int(getattr(model, "step", 0) or 0))
