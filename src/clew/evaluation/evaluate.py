"""``evaluate``: predictions compared with labels, and what came out logged to a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

from clew.client.datasets.dataset import Dataset
from clew.client.loggedmodels import get_active_model_id
from clew.client.rundata import log_input, log_metrics
from clew.client.runs import active_or_begun, start_run
from clew.client.session import session
from clew.errors import InvalidValue, MissingPackage, NotSupported
from clew.evaluation.files import Files
from clew.evaluation.measuring import Evaluation
from clew.evaluation.metrics import EvaluationMetric
from clew.evaluation.predictor import predictor_of
from clew.evaluation.result import EvaluationResult
from clew.evaluation.samples import samples_of
from clew.integrations.guard import silent

MODEL_TYPES: Final = ("classifier", "regressor")
_EVALUATORS: Final = ("default", *MODEL_TYPES)


def evaluate(
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    dataset_path: str | None = None,
    feature_names: Sequence[str] | None = None,
    evaluators: str | Sequence[str] | None = None,
    evaluator_config: Mapping[str, Any] | None = None,
    extra_metrics: Sequence[EvaluationMetric] | None = None,
    custom_artifacts: Sequence[Callable[..., Any]] | None = None,
    env_manager: str = "local",
    model_config: Mapping[str, Any] | None = None,
    inference_params: Mapping[str, Any] | None = None,
    model_id: str | None = None,
) -> EvaluationResult:
    """Measure a model on data; metrics and artifacts go to the active run, or to a run of their own.

    model: a model URI, a model with ``predict``, a function of the features, or None where the data have predictions.
    data: a frame (pandas, Polars, Spark), a two-dimensional array or list, or a dataset of ``clew.data``.
    model_type: ``classifier``, ``regressor``, or None for ``extra_metrics`` only.
    targets: name of the labels' column, or an array of labels; a dataset knows its own.
    predictions: name of the column with predictions, of the data or of the model's answer.
    dataset_path: where the data lie, kept as the dataset's source. feature_names: columns to use; default all others.
    evaluator_config: ``pos_label``, ``label_list``, ``average`` (of many classes, default ``weighted``),
        ``sample_weights``, ``metric_prefix``, ``col_mapping``, ``max_classes_for_multiclass_roc_pr``,
        ``calibration_n_bins``, ``calibration_classifier_name``, and values for arguments of metrics.
    extra_metrics: made by ``make_metric``. custom_artifacts: functions of (frame of prediction and target, metrics, an
        empty folder) that return a mapping of name to file, frame, array, figure or JSON value.
    model_id: the logged model that the metrics are bound to; default the model's own, else the active one.

    Metrics are bound to the dataset, too, which becomes an input of the run.

    Raises:
        InvalidValue: the arguments do not fit together, or a metric's argument is not to be found.
        NotSupported: another ``env_manager`` than ``local``, ``model_config``, another evaluator or model type.
        MissingPackage: pandas or scikit-learn is not installed.
    """
    _check_support(evaluators, env_manager, model_config, inference_params, model_type)
    _need_sklearn()
    config = _config_of(evaluator_config)
    if data is None:
        raise InvalidValue("evaluate needs `data`.")
    if model_type is None and not extra_metrics:
        raise InvalidValue(f"Give `model_type` ({' or '.join(MODEL_TYPES)}), or `extra_metrics`.")
    mapping = config.get("col_mapping", {})
    targets = mapping.get(targets, targets) if isinstance(targets, str) else targets
    predictions = mapping.get(predictions, predictions)
    if isinstance(data, Dataset):
        _check_dataset(data, model, targets, predictions)
    with silent():  # the metrics are ours, not what the user computes after training
        predictor = predictor_of(model)
        of_data = predictions if predictor is None else None
        samples = samples_of(data, targets, of_data, source=dataset_path, feature_names=feature_names)
        if model_type is not None and samples.labels is None:
            raise InvalidValue(f"A {model_type} needs `targets`: what the predictions are compared with.")
        if predictor is None and samples.predictions is None:
            raise InvalidValue("Give a model, or `predictions`: the column of the data that has them.")
        own_id = predictor.model_id if predictor else None
        if model_id and own_id and model_id != own_id:
            raise InvalidValue(f"The model is {own_id}, not {model_id}; leave `model_id` out.")
        chosen_id = model_id or own_id or get_active_model_id()
        with nullcontext() if session.stack() else start_run():
            work = Evaluation(samples, config, Files(config))
            work.ask(predictor, predictions)
            log_input(samples.dataset, context=config.get("metric_prefix") or None, model=chosen_id)
            work.measure(model_type, predictor, extra_metrics or ())
            work.log_artifacts(custom_artifacts or ())
            numbers = work.numbers()
            log_metrics(numbers, dataset=samples.dataset, model_id=chosen_id)
            return EvaluationResult(numbers, work.files.logged, active_or_begun().log.run_id)


def list_evaluators() -> list[str]:
    """What ``evaluators=`` may name; the model's type chooses by itself."""
    return list(_EVALUATORS)


def _config_of(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The config, which may stand under the evaluator's name."""
    config = dict(given or {})
    if len(config) == 1 and isinstance(config.get("default"), Mapping):
        config = dict(config["default"])
    return config


def _check_dataset(data: Dataset, model: Any, targets: Any, predictions: str | None) -> None:
    if targets is not None:
        raise InvalidValue("The dataset says which are its targets: clew.data.from_pandas(df, targets='y').")
    if model is None and predictions is not None:
        raise InvalidValue("The dataset says which are its predictions: clew.data.from_pandas(df, predictions='p').")
    if model is not None and getattr(data, "predictions", None) is not None:
        raise InvalidValue("The dataset has predictions already; give either a model or these.")


def _check_support(
    evaluators: str | Sequence[str] | None,
    env_manager: str,
    model_config: Mapping[str, Any] | None,
    inference_params: Mapping[str, Any] | None,
    model_type: str | None,
) -> None:
    named = [evaluators] if isinstance(evaluators, str) else list(evaluators or ())
    if other := [name for name in named if name not in _EVALUATORS]:
        raise NotSupported(f"There is no evaluator {other[0]!r}; Clew has {', '.join(_EVALUATORS)}.")
    if env_manager != "local":
        raise NotSupported("Models are evaluated in this environment; leave `env_manager` out.")
    if model_config or inference_params:
        raise NotSupported("`model_config` and `inference_params` are for models that Clew does not load.")
    if model_type is not None and model_type not in MODEL_TYPES:
        raise NotSupported(
            f"Clew evaluates models of the types {' and '.join(MODEL_TYPES)}, not {model_type!r}; "
            "model_type=None computes extra_metrics of any model."
        )


def _need_sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise MissingPackage("evaluate needs scikit-learn and pandas: pip install 'clew[sklearn]'") from None
