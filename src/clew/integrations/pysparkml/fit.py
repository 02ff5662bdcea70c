"""What one ``fit`` of Spark ML leaves in its run."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from clew.client.datasets.spark import SparkDataset
from clew.client.models import ModelEntry, log_model
from clew.entities.dataset import Dataset
from clew.entities.run import RunStatus
from clew.ids import now_ms
from clew.integrations import guard
from clew.integrations.memory import Memory, TrainedModel
from clew.integrations.onefit import OneFit, Part, class_tags
from clew.integrations.options import Options
from clew.integrations.pysparkml import FLAVOR, describe
from clew.integrations.pysparkml.models import loggable, signature_of
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.trials import Search
from clew.packaging.save import ModelOptions

_log = logging.getLogger("clew.autolog")
_EXAMPLE_ROWS: Final = 5


class Fit(OneFit):
    """One training call of Spark ML and its run."""

    def __init__(self, recorder: Recorder, estimator: Any, frame: Any, memory: Memory | None) -> None:
        super().__init__(recorder)
        self._estimator = estimator
        self._frame = frame
        self._memory = memory
        self._names = describe.names_of(estimator)
        self._start_ms = now_ms()
        self._evaluated: set[str] = set()
        self._metric_info: dict[str, Any] = {}

    @classmethod
    def begin(cls, options: Options, estimator: Any, frame: Any, memory: Memory | None) -> Fit | None:
        """Open the run and log what is known before training; None where nothing is to be logged."""
        recorder = open_run(FLAVOR, options)
        if recorder is None:
            return None
        fit = cls(recorder, estimator, frame, memory)
        guard.guarded("logging tags", recorder.tags, class_tags(estimator))
        guard.guarded("logging parameters", lambda: recorder.params(describe.params_of(estimator, fit._names)))
        guard.guarded("logging the estimator", fit._log_info)
        if options.log_datasets:
            guard.guarded("logging the dataset", lambda: recorder.dataset(dataset_of(frame), "train"))
        return fit

    def parts(self, result: Any) -> Sequence[Part]:
        """The search, the model, and the memory of it for what evaluators say later."""
        return (
            ("logging the search", partial(self._log_search, result), describe.is_search(self._estimator)),
            ("logging the model", partial(self._log_model, result), self._options.log_models),
            ("remembering the model", partial(self._remember, result), self._memory is not None),
        )

    def _remember(self, model: Any) -> None:
        assert self._memory is not None
        self._memory.keep_model(model, Trained(type(model).__name__, self))

    @property
    def frame(self) -> Any:
        """The training data."""
        return self._frame

    def note_evaluator(self, key: str, info: Mapping[str, Any]) -> None:
        """Keep with which evaluator a metric was made."""
        self._metric_info[key] = info
        self._recorder.text(json.dumps(self._metric_info, indent=2), "metric_info.json")

    def _log_info(self) -> None:
        info = describe.info_of(self._estimator, self._names)
        if info:
            self._recorder.text(json.dumps(info, indent=2), "estimator_info.json")

    def _log_search(self, model: Any) -> None:
        evaluator = self._estimator.getEvaluator()
        candidates = describe.candidates_of(self._estimator, self._names)
        metrics = _search_metrics(evaluator.getMetricName(), model)
        scores = next(iter(metrics.values()))
        best = (max if evaluator.isLargerBetter() else min)(range(len(scores)), key=scores.__getitem__)
        self._recorder.params({f"best_{key}": value for key, value in candidates[best].items()})
        self._recorder.metrics({f"best_{key}": values[best] for key, values in metrics.items()})
        self._recorder.text(json.dumps(candidates[best], default=str), "best_parameters.json")
        self._recorder.text(_table(candidates, metrics), "search_results.csv")
        self._write_children(metrics)

    def _write_children(self, metrics: Mapping[str, Sequence[float]]) -> None:
        search = Search(self._recorder)
        tuned = self._estimator.getEstimator()
        for number, candidate in enumerate(self._estimator.getEstimatorParamMaps()):
            child = tuned.copy(candidate)
            tags = {"mlflow.autologging": FLAVOR, **class_tags(child)}
            trial = search.write_trial(number, tags, self._start_ms)
            for key, value in describe.params_of(child, self._names).items():
                guard.guarded("logging a parameter", trial.log.log_params, {key: value})
            trial.log.log_points({key: float(values[number]) for key, values in metrics.items()}, 0, None, None)
            trial.end(RunStatus.FINISHED)

    def _log_model(self, model: Any) -> None:
        kept = getattr(model, "bestModel", model) if describe.is_search(self._estimator) else model
        if not loggable(kept, self._options.own.get("log_model_allowlist")):
            _log.info(
                "%s is not logged, since it may be as large as its data; clew.spark.log_model does, or "
                "log_model_allowlist.",
                type(kept).__name__,
            )
            return
        chosen = self._options
        signature = guard.attempt(lambda: signature_of(kept, self._frame)) if chosen.log_model_signatures else None
        example = guard.attempt(lambda: self._example(kept)) if chosen.log_input_examples else None
        options = ModelOptions(signature=signature or False, input_example=example)
        entry = ModelEntry(name="model", registered_model_name=chosen.registered_model_name)
        info = log_model(kept, entry, flavor="spark", options=options, hurry=True, automatic=True)
        self._recorder.model_id = info.model_id

    def _example(self, model: Any) -> Any:
        signature = signature_of(model, self._frame)
        names = [str(name) for name in signature.inputs.input_names()] if signature and signature.inputs else []
        found = self._frame.select(*names).limit(_EXAMPLE_ROWS).toPandas()
        return found.map(lambda value: value.toArray().tolist() if hasattr(value, "toArray") else value)

    def log_later(self, key: str, value: float, frame: Any, targets: Any) -> None:
        """Log what an evaluator said; frame: the data, None where they are the training data."""
        del targets
        dataset = None
        if frame is not None and self._options.log_datasets:
            dataset = guard.attempt(lambda: dataset_of(frame))
        if dataset is not None and dataset.digest not in self._evaluated:
            self._evaluated.add(dataset.digest)
            self._recorder.dataset(dataset, "eval")
        self._recorder.metrics({key: value}, dataset=dataset)


class Trained(TrainedModel):
    """A fitted model and its run."""

    def __init__(self, label: str, fit: Fit) -> None:
        super().__init__(label, fit.log_later, fit.frame)
        self.note = fit.note_evaluator


def dataset_of(frame: Any) -> Dataset:
    """A frame as a dataset: the digest of its plan and its schema; no row is read."""
    from clew.client.datasets.sources import CodeDatasetSource

    fields = SparkDataset(frame, CodeDatasetSource(), None, None, None, None).to_dict()
    return Dataset(**{name: fields[name] for name in Dataset.__struct_fields__})  # type: ignore[arg-type]


def _search_metrics(name: str, model: Any) -> dict[str, Sequence[float]]:
    """The metrics of each candidate: of folds the mean, and the deviation where Spark has it; else of the one part."""
    if not hasattr(model, "avgMetrics"):
        return {name: list(model.validationMetrics)}
    deviations = list(getattr(model, "stdMetrics", None) or ())
    return {f"avg_{name}": list(model.avgMetrics), **({f"std_{name}": deviations} if deviations else {})}


def _table(candidates: Sequence[Mapping[str, Any]], metrics: Mapping[str, Sequence[float]]) -> str:
    keys = list(dict.fromkeys(key for candidate in candidates for key in candidate))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["params", *metrics, *(f"param.{key}" for key in keys)])
    for number, candidate in enumerate(candidates):
        scores = [values[number] for values in metrics.values()]
        writer.writerow([json.dumps(candidate, default=str), *scores, *(candidate.get(key, "") for key in keys)])
    return text.getvalue()
