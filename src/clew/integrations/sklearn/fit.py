"""What one ``fit`` leaves in its run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clew.entities.dataset import Dataset
from clew.ids import now_ms
from clew.integrations import guard
from clew.integrations.dataset import describe, rows_of, source_tags, take
from clew.integrations.memory import INFO, Memory, TrainedModel
from clew.integrations.onefit import OneFit, Part, class_tags
from clew.integrations.options import Options
from clew.integrations.randomness import undisturbed
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.sklearn import scores
from clew.integrations.sklearn.figures import figures_of
from clew.integrations.sklearn.page import FILE, page_of
from clew.integrations.sklearn.search import log_candidates, log_table
from clew.integrations.trained import EXAMPLE_ROWS, SIGNATURE_ROWS, log_trained
from clew.packaging.signature import ModelSignature, infer_signature

_log = logging.getLogger("clew.autolog")


class Fit(OneFit):
    """One training call of scikit-learn and its run."""

    def __init__(self, recorder: Recorder, estimator: Any, features: Any, targets: Any, weights: Any) -> None:
        super().__init__(recorder)
        self._estimator = estimator
        self._features = features
        self._targets = targets
        self._weights = weights
        self._evaluated: set[str] = set()
        self._dataset: Dataset | None = None
        self._start_ms = now_ms()

    @classmethod
    def begin(cls, options: Options, estimator: Any, features: Any, targets: Any, weights: Any) -> Fit | None:
        """Open the run and log what is known before training; None where nothing is to be logged."""
        recorder = open_run("sklearn", options)
        if recorder is None:
            return None
        guard.guarded("logging tags", recorder.tags, class_tags(estimator))
        guard.guarded("logging parameters", lambda: recorder.params(estimator_params(estimator)))
        return cls(recorder, estimator, features, targets, weights)

    def remember(self, memory: Memory) -> None:
        """Let metrics that the user computes later find this run."""
        name, recorder = type(self._estimator).__name__, self._recorder
        trained = TrainedModel(name, self._log_later, self._features, lambda info: recorder.text(info, INFO))
        memory.keep_model(self._estimator, trained)

    def parts(self, result: Any) -> Sequence[Part]:
        """What the fitted estimator shows."""
        del result
        return (
            ("logging the dataset", self._log_dataset, self._options.log_datasets),
            ("logging the model", self._log_model, self._options.log_models),
            ("logging training metrics", self._log_metrics, self._options.log_training_metrics),
            ("logging the estimator's page", self._log_page, self._options.log_figures),
            ("logging the search", self._log_search, is_search(self._estimator)),
        )

    def forget(self) -> None:
        """Let go of the user's data."""
        self._estimator = self._features = self._targets = self._weights = None

    def _log_dataset(self) -> None:
        if rows_of(self._features):
            self._dataset = describe(self._features, self._targets, source_tags())
            self._recorder.dataset(self._dataset, "train")

    def _log_metrics(self) -> None:
        recorder, options, rows = self._recorder, self._options, rows_of(self._features)
        if rows:
            judged = scores.judge(
                self._estimator,
                self._features,
                self._targets,
                self._weights,
                pos_label=options.pos_label,
                max_rows=options.max_metric_rows,
            )
            recorder.metrics(judged.scores)
            if judged.rows < rows:
                recorder.tags({"autolog.metric_rows": f"{judged.rows} of {rows}"})
            if options.log_figures:
                for file, draw in figures_of(self._estimator, judged).items():
                    guard.guarded("drawing a figure", lambda f=file, d=draw: recorder.text(d(), f))  # type: ignore[misc]
        for name, values in scores.curves(self._estimator).items():
            for step, value in enumerate(values):
                recorder.metrics({name: value}, step)

    def _log_page(self) -> None:
        self._recorder.text(page_of(self._estimator), FILE)

    def _log_search(self) -> None:
        search, recorder = self._estimator, self._recorder
        best = {f"best_{name}": value for name, value in (getattr(search, "best_params_", None) or {}).items()}
        recorder.params(best)
        if hasattr(search, "best_score_"):
            recorder.metrics({"best_cv_score": float(search.best_score_)})
        guard.guarded("logging the candidates", log_table, recorder, search.cv_results_)
        guard.guarded("logging the candidates", log_candidates, recorder, search, self._dataset, self._start_ms)
        if self._options.log_models and hasattr(search, "best_estimator_"):
            guard.guarded("logging the best model", self._enter_model, search.best_estimator_, "best_estimator")

    def _log_model(self) -> None:
        self._recorder.model_id = self._enter_model(self._estimator, "model")

    def _enter_model(self, estimator: Any, name: str) -> str | None:
        """The id of the logged model."""
        return log_trained(
            self._options,
            "sklearn",
            estimator,
            params=estimator_params(estimator),
            signature=self._signature,
            example=take(self._features, slice(EXAMPLE_ROWS)),
            own={"serialization_format": self._options.serialization_format},
            name=name,
        )

    def _signature(self) -> ModelSignature:
        sample = take(self._features, slice(SIGNATURE_ROWS))
        few = take(self._features, slice(EXAMPLE_ROWS))
        with undisturbed():
            answer = self._estimator.predict(few) if hasattr(self._estimator, "predict") else None
        rows_of_numbers = isinstance(sample, list | tuple) and not any(isinstance(row, str | Mapping) for row in sample)
        return infer_signature(np.asarray(sample) if rows_of_numbers else sample, answer)

    def _log_later(self, key: str, value: float, data: Any, targets: Any) -> None:
        dataset = None
        if data is not None and self._options.log_datasets and rows_of(data):
            dataset = guard.attempt(lambda: describe(data, targets, source_tags()))
        if dataset is not None and dataset.digest not in self._evaluated:
            self._evaluated.add(dataset.digest)
            self._recorder.dataset(dataset, "eval")
        self._recorder.metrics({key: value}, dataset=dataset)


def estimator_params(estimator: Any) -> Mapping[str, Any]:
    """The params of an estimator and of its parts; of a search, only its own, since the rest varies."""
    params: Mapping[str, Any] = estimator.get_params(deep=not is_search(estimator))
    return params


def is_search(estimator: Any) -> bool:
    """Whether it tries candidates; some estimators have a ``cv_results_`` of another kind."""
    return hasattr(estimator, "param_grid") or hasattr(estimator, "param_distributions")
