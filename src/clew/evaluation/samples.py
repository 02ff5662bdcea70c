"""The data of an evaluation: features, labels and, where no model is asked, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clew.client.datasets.arrays import NumpyDataset, from_numpy
from clew.client.datasets.dataset import Dataset
from clew.client.datasets.tabular import from_pandas
from clew.client.notice import warn
from clew.client.tables import need_pandas
from clew.errors import InvalidValue
from clew.packaging.inference import is_frame

if TYPE_CHECKING:
    import pandas as pd

_SPARK_ROWS: Final = 10_000


class Samples:
    """What is evaluated.

    dataset: as it is logged. features: without labels and predictions.
    labels, predictions: arrays, or None. target_name, prediction_name: of their columns, or None.
    """

    def __init__(
        self,
        dataset: Dataset,
        features: pd.DataFrame,
        labels: Any = None,
        predictions: Any = None,
        target_name: str | None = None,
        prediction_name: str | None = None,
    ) -> None:
        self.dataset = dataset
        self.features = features
        self.labels = labels
        self.predictions = predictions
        self.target_name = target_name
        self.prediction_name = prediction_name


def samples_of(
    data: Any,
    targets: Any,
    predictions: str | None,
    *,
    source: str | None = None,
    feature_names: Sequence[str] | None = None,
) -> Samples:
    """The samples that a user's arguments mean.

    data: a frame of pandas, Polars or Spark; a two-dimensional array or list; or a dataset of ``clew.data``, which
        knows its targets and predictions itself.
    targets: name of a column of a frame, or an array. predictions: name of a column.
    feature_names: which columns are features; default all that are neither targets nor predictions.

    Raises:
        InvalidValue: the arguments do not fit together.
    """
    need_pandas("evaluate")
    if feature_names is not None and len(set(feature_names)) < len(list(feature_names)):
        raise InvalidValue("`feature_names` must be unique.")
    if isinstance(data, Dataset):
        return _of_dataset(data, feature_names)
    if isinstance(data, np.ndarray | list):
        return _of_arrays(data, targets, source, feature_names)
    frame = _frame_of(data)
    if targets is not None and not isinstance(targets, str):
        raise InvalidValue("With a frame as data, `targets` is the name of the column that has the labels.")
    for role, name in (("targets", targets), ("predictions", predictions)):
        if name is not None and name not in frame.columns:
            raise InvalidValue(f"The data have no column {name!r}, which {role} names.")
    dataset = from_pandas(frame, source=source, targets=targets, predictions=predictions)
    return _of_frame(dataset, frame, targets, predictions, feature_names)


def _of_dataset(dataset: Dataset, feature_names: Sequence[str] | None) -> Samples:
    if isinstance(dataset, NumpyDataset):
        return _with_arrays(dataset, dataset.features, dataset.targets, feature_names)
    held = getattr(dataset, "df", None)
    frame = _frame_of(getattr(dataset, "ds", None) if held is None else held)
    predictions = getattr(dataset, "predictions", None)
    return _of_frame(dataset, frame, getattr(dataset, "targets", None), predictions, feature_names)


def _of_frame(
    dataset: Dataset,
    frame: pd.DataFrame,
    targets: str | None,
    predictions: str | None,
    feature_names: Sequence[str] | None,
) -> Samples:
    apart = [name for name in (targets, predictions) if name is not None]
    return Samples(
        dataset,
        frame.drop(columns=apart) if feature_names is None else frame[list(feature_names)],
        None if targets is None else frame[targets].to_numpy(),
        None if predictions is None else frame[predictions].to_numpy(),
        targets,
        predictions,
    )


def _of_arrays(data: Any, targets: Any, source: str | None, feature_names: Sequence[str] | None) -> Samples:
    if targets is not None and not isinstance(targets, np.ndarray | list):
        raise InvalidValue("With an array or list as data, `targets` is an array or list of labels.")
    try:
        features = np.asarray(data)
    except ValueError:
        raise InvalidValue("The rows of the data differ in length.") from None
    labels = None if targets is None else np.asarray(targets)
    return _with_arrays(from_numpy(features, source=source, targets=labels), features, labels, feature_names)


def _with_arrays(dataset: Dataset, features: Any, labels: Any, feature_names: Sequence[str] | None) -> Samples:
    pandas = need_pandas("evaluate")
    if not isinstance(features, np.ndarray) or features.ndim != 2:
        raise InvalidValue("Arrays of features must have two dimensions: samples and features.")
    if labels is not None and len(labels) != len(features):
        raise InvalidValue(f"There are {len(features)} samples, but {len(labels)} labels.")
    count = features.shape[1]
    width = len(str(count))
    names = feature_names or [f"feature_{i + 1:0{width}d}" for i in range(count)]
    if len(list(names)) != count:
        raise InvalidValue(f"There are {count} features, but {len(list(names))} `feature_names`.")
    return Samples(dataset, pandas.DataFrame(features, columns=list(names)), labels)


def _frame_of(data: Any) -> pd.DataFrame:
    """A frame of pandas, out of one of Spark, Polars or the package ``datasets`` too."""
    if is_frame(data):
        return data  # type: ignore[no-any-return]
    if hasattr(data, "toPandas"):
        if data.count() > _SPARK_ROWS:
            warn(f"Of the Spark frame, the first {_SPARK_ROWS:,} rows are evaluated.")
        return data.limit(_SPARK_ROWS).toPandas()  # type: ignore[no-any-return]
    if hasattr(data, "to_pandas"):
        return data.to_pandas()  # type: ignore[no-any-return]
    raise InvalidValue(
        f"`data` must be a frame, an array, a list or a dataset of clew.data that holds one, not {type(data).__name__}."
    )
