"""Trained models and their predictions, remembered as long as the user keeps them: what comes later finds its run."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final

INFO: Final = "metric_info.json"
"""How each metric was computed, in words."""
_MOST_NOTED: Final = 100


class TrainedModel:
    """A model with a run.

    label: name of its class.
    log: writes one metric into that run; (key, value, data, targets), the data None where they are the training data.
    data: what it was trained on.
    keep_info: stores how each metric was computed, as JSON; None where nobody wants to know.
    """

    def __init__(
        self,
        label: str,
        log: Callable[[str, float, Any, Any], None],
        data: Any,
        keep_info: Callable[[str], None] | None = None,
    ) -> None:
        self.label = label
        self.log = log
        self.trained_on = _weak(data)
        self._keep_info = keep_info
        self._lock = threading.Lock()
        self._calls: dict[str, int] = {}
        self._info: dict[str, str] = {}

    def describe(self, key: str, call: str) -> None:
        """Keep how a metric was computed, in words; of very many only the first."""
        with self._lock:
            if self._keep_info is None or self._info.get(key) == call or len(self._info) >= _MOST_NOTED:
                return
            self._info[key] = call
            text = json.dumps(self._info, indent=2)
        self._keep_info(text)

    def key(self, metric: str, variable: str) -> str:
        """The name of the next value of a metric for the data in a variable."""
        key = f"{metric}_{variable}"
        with self._lock:
            count = self._calls[key] = self._calls.get(key, 0) + 1
        return key if count == 1 else f"{metric}-{count}_{variable}"


class Prediction:
    """What a trained model answered for some data."""

    def __init__(self, model: TrainedModel, variable: str, data: Any) -> None:
        self.model = model
        self.variable = variable
        self.data = _weak(data)


class Memory:
    """Trained models and their predictions, as long as the user keeps them."""

    def __init__(self) -> None:
        self._models: dict[int, tuple[Any, TrainedModel]] = {}
        self._predictions: dict[int, tuple[Any, Prediction]] = {}
        self._batches: dict[int, tuple[Any, Any]] = {}

    def keep_model(self, estimator: Any, trained: TrainedModel) -> None:
        """Remember that this object was trained in a run, from the beginning."""
        self._batches.pop(id(estimator), None)
        _keep(self._models, estimator, trained)

    def find_model(self, estimator: Any) -> TrainedModel | None:
        """The run's side of a trained object."""
        found: TrainedModel | None = _find(self._models, estimator)
        return found

    def keep_batches(self, estimator: Any, batches: Any) -> None:
        """Remember the run in which an object is trained batch by batch."""
        _keep(self._batches, estimator, batches)

    def find_batches(self, estimator: Any) -> Any:
        """What ``keep_batches`` was given; None where there is nothing."""
        return _find(self._batches, estimator)

    def keep_prediction(self, values: Any, prediction: Prediction) -> None:
        """Remember whose prediction this object is; what cannot be referenced weakly is left out."""
        _keep(self._predictions, values, prediction)

    def find_prediction(self, arguments: Any) -> Prediction | None:
        """The first argument that is a prediction."""
        found = (_find(self._predictions, argument) for argument in arguments)
        return next((prediction for prediction in found if prediction is not None), None)

    def forget(self) -> None:
        """Forget everything."""
        self._models.clear()
        self._predictions.clear()
        self._batches.clear()


def _weak(thing: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: None


def _keep(place: dict[int, tuple[Any, Any]], thing: Any, value: Any) -> None:
    key = id(thing)
    try:
        reference = weakref.ref(thing, lambda _: place.pop(key, None))
    except TypeError:
        return
    place[key] = (reference, value)


def _find(place: dict[int, tuple[Any, Any]], thing: Any) -> Any:
    entry = place.get(id(thing))
    return entry[1] if entry is not None and entry[0]() is thing else None
