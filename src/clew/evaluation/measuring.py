"""An evaluation at work: predictions, then metrics, then figures and tables."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clew.client.notice import warn
from clew.evaluation import classification, custom, figures
from clew.evaluation.files import Files
from clew.evaluation.metrics import EvaluationMetric, MetricValue, numbers_of
from clew.evaluation.predictor import Predictor, split_answer
from clew.evaluation.regression import regressor_metrics
from clew.evaluation.result import TABLE
from clew.evaluation.samples import Samples

if TYPE_CHECKING:
    import pandas as pd

_MOST_CURVES: Final = 10


class Evaluation:
    """One evaluation on its way: samples, then predictions, then values, then artifacts.

    chances: a column for each class, or None. others: columns of the answer besides the predictions.
    classes: of a classification.
    """

    def __init__(self, samples: Samples, config: Mapping[str, Any], files: Files) -> None:
        self.samples = samples
        self.config = config
        self.files = files
        self.values: dict[str, MetricValue] = {}
        self.predictions: Any = samples.predictions
        self.prediction_name = samples.prediction_name
        self.chances: Any = None
        self.others: pd.DataFrame | None = None
        self.classes: classification.Classes | None = None

    def ask(self, predictor: Predictor | None, name: str | None) -> None:
        """Let the model predict."""
        if predictor is not None:
            self.predictions, self.others = split_answer(predictor.predict(self.samples.features), name)
            self.prediction_name = name

    def measure(self, model_type: str | None, predictor: Predictor | None, extra: Sequence[EvaluationMetric]) -> None:
        """Compute every metric."""
        labels, weights = self.samples.labels, self.config.get("sample_weights")
        if model_type is not None and predictor is not None:
            score = predictor.score(self.samples.features, labels, weights)
            self._keep({} if score is None else {"score": score})
        if model_type == "regressor":
            self._keep(regressor_metrics(labels, self.predictions, weights))
        elif model_type == "classifier":
            self._measure_classes(labels, weights, predictor)
        custom.compute(extra, self._known(), self.values)

    def _measure_classes(self, labels: Any, weights: Any, predictor: Predictor | None) -> None:
        listed = self.config.get("label_list")
        if predictor is not None and predictor.classes is not None:
            self.chances = predictor.chances(self.samples.features)
            # The columns of the chances are the model's classes, whether the data have them all or not.
            listed = predictor.classes if listed is None else listed
        classes = classification.Classes(labels, self.predictions, listed, self.config.get("pos_label"))
        self.classes = classes
        if classes.binary:
            found = classification.binary_metrics(labels, self.predictions, classes, self.chances, weights)
        else:
            average = self.config.get("average", "weighted")
            found = classification.multiclass_metrics(labels, self.predictions, classes, self.chances, weights, average)
        self._keep(found)

    def _keep(self, found: Mapping[str, float]) -> None:
        self.values.update({name: MetricValue(aggregate_results={name: value}) for name, value in found.items()})

    def log_artifacts(self, custom_artifacts: Sequence[Callable[..., Any]]) -> None:
        """Log figures, tables and what the user's functions make."""
        if self.classes is not None:
            self._log_figures(self.classes)
        if any(value.scores or value.justifications for value in self.values.values()):
            self.files.log_table(TABLE, self._rows())
        for function in custom_artifacts:
            self.files.log_custom(function, self._frame(), numbers_of(self.values))

    def _log_figures(self, classes: classification.Classes) -> None:
        labels, chances, weights = self.samples.labels, self.chances, self.config.get("sample_weights")
        if not classes.binary:
            table = classification.per_class_table(labels, self.predictions, classes, chances, weights)
            self.files.log_frame("per_class_metrics", table)
        if importlib.util.find_spec("matplotlib") is None:
            warn("Figures of the evaluation are left out: pip install matplotlib")
            return
        self.files.log_figure("confusion_matrix", figures.confusion_matrix(labels, self.predictions, classes, weights))
        if chances is None:
            return
        if classes.binary:
            self.files.log_figure("lift_curve_plot", figures.lift_curve(labels, chances, classes))
        bins, name = self.config.get("calibration_n_bins", 10), self.config.get("calibration_classifier_name")
        self.files.log_figure(
            "calibration_curve_plot",
            figures.calibration_curve(labels, chances, classes, bins, name or "Classifier"),
        )
        if classes.binary or len(classes.labels) <= self.config.get("max_classes_for_multiclass_roc_pr", _MOST_CURVES):
            self.files.log_figure("roc_curve_plot", figures.roc_curve(labels, chances, classes, weights))
            self.files.log_figure(
                "precision_recall_curve_plot", figures.precision_recall_curve(labels, chances, classes, weights)
            )

    def numbers(self) -> dict[str, float]:
        """Every metric as a number, by the name that it is logged under."""
        prefix = self.config.get("metric_prefix") or ""
        return {f"{prefix}{name}": value for name, value in numbers_of(self.values).items()}

    def _frame(self) -> pd.DataFrame:
        import pandas as pd

        frame = pd.DataFrame({"prediction": np.asarray(self.predictions)})
        if self.samples.labels is not None:
            frame["target"] = self.samples.labels
        return frame

    def _known(self) -> custom.Known:
        named = {"predictions", self.prediction_name}
        return custom.Known(
            frame=self._frame(),
            features=self.samples.features,
            others=self.others,
            config=self.config,
            prediction_names=frozenset(n for n in named if n),
            target_names=frozenset(n for n in ("targets", self.samples.target_name) if n),
        )

    def _rows(self) -> pd.DataFrame:
        """The data with predictions and the scores of each row."""
        rows = self.samples.features.reset_index(drop=True)
        if self.samples.labels is not None:
            rows[self.samples.target_name or "target"] = self.samples.labels
        rows[self.prediction_name or "outputs"] = np.asarray(self.predictions)
        for key, value in self.values.items():
            if value.scores:
                rows[f"{key}/score"] = value.scores
            if value.justifications:
                rows[f"{key}/justification"] = value.justifications
        return rows
