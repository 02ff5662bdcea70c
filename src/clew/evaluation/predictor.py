"""What is asked for predictions: a model by URI or at hand, a function, or a column of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clew.client import models
from clew.client.notice import warn
from clew.errors import InvalidValue
from clew.packaging.inference import is_frame
from clew.packaging.pyfunc import PyFuncModel

if TYPE_CHECKING:
    import pandas as pd


class Predictor:
    """A model as an evaluation uses it; the features that it gets are a copy.

    classes: what each column of ``chances`` is of; None where the model tells no chances.
    model_id: of the logged model, or None.
    """

    def __init__(self, predict: Callable[[Any], Any], model_id: str | None = None) -> None:
        self._predict = predict
        self.model_id = model_id
        self.classes: Any = None

    def predict(self, features: pd.DataFrame) -> Any:
        """The model's answer."""
        return self._predict(features.copy())

    def chances(self, features: pd.DataFrame) -> Any:
        """The chance of each of ``classes`` for each sample."""
        raise NotImplementedError

    def score(self, features: pd.DataFrame, labels: Any, weights: Any) -> float | None:
        """What the model itself says of its worth; None where it says nothing."""
        del features, labels, weights
        return None


class _Estimator(Predictor):
    """An estimator of scikit-learn's manner.

    It is asked itself: a pyfunc around it would check its input against the signature at each call.
    """

    def __init__(self, estimator: Any, model_id: str | None) -> None:
        super().__init__(estimator.predict, model_id)
        self._estimator = estimator
        # One that learned from arrays warns of names.
        self._nameless = hasattr(estimator, "n_features_in_") and not hasattr(estimator, "feature_names_in_")
        if hasattr(estimator, "predict_proba"):
            self.classes = getattr(estimator, "classes_", None)

    def predict(self, features: pd.DataFrame) -> Any:
        return self._estimator.predict(self._input(features))

    def chances(self, features: pd.DataFrame) -> Any:
        return self._estimator.predict_proba(self._input(features))

    def score(self, features: pd.DataFrame, labels: Any, weights: Any) -> float | None:
        if not hasattr(self._estimator, "score"):
            return None
        more = {} if weights is None else {"sample_weight": weights}
        try:
            return float(self._estimator.score(self._input(features), labels, **more))
        except (TypeError, ValueError, AttributeError) as error:
            warn(f"The model's own score is left out: {error}")
            return None

    def _input(self, features: pd.DataFrame) -> Any:
        return features.to_numpy(copy=True) if self._nameless else features.copy()


def predictor_of(model: Any) -> Predictor | None:
    """The predictor that a user's ``model=`` means; None where predictions are in the data.

    Raises:
        InvalidValue: it is none.
        NotFound, Denied, Corrupt, NotSupported: the model of a URI cannot be loaded.
    """
    if model is None:
        return None
    if isinstance(model, str):
        model = models.load_pyfunc(model)
    if isinstance(model, PyFuncModel):
        if model.metadata.flavors["python_function"].get("loader_module") == "mlflow.sklearn":
            return _Estimator(model.get_raw_model(), model.model_id)
        return Predictor(model.predict, model.model_id)
    if callable(getattr(model, "predict", None)):
        return _Estimator(model, None)
    if callable(model):
        return Predictor(model)
    raise InvalidValue("`model` must be a URI, a model with `predict`, a function, or None.")


def split_answer(answer: Any, name: str | None) -> tuple[Any, pd.DataFrame | None]:
    """(predictions, the model's other columns or None) of an answer that may have several columns.

    name: of the predictions' column; needed where there are several.

    Raises:
        InvalidValue: the column is not there, or not named.
    """
    import pandas as pd

    if (isinstance(answer, list) and answer and all(isinstance(row, dict) for row in answer)) or isinstance(
        answer, dict
    ):
        answer = pd.DataFrame(answer)
    if not is_frame(answer):
        return answer, None
    if name is None and len(answer.columns) == 1:
        name = answer.columns[0]
    if name is None:
        raise InvalidValue("The model answers with several columns; `predictions` names the one to evaluate.")
    if name not in answer.columns:
        raise InvalidValue(f"The model's answer has no column {name!r}, but {', '.join(map(str, answer.columns))}.")
    others = answer.drop(columns=name)
    return answer[name], others if len(others.columns) else None
