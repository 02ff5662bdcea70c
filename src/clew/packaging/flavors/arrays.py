"""Which scikit-learn estimators answer an array exactly as they answer a frame of the same numbers.

A frame costs scikit-learn ten times what a row's prediction does. What it gives is a check of the columns' names, which
whoever holds the signature can make once, and names for the estimators that choose columns by them: those are left
alone, and so is everything that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

FUNCTIONS: Final = ("predict", "predict_proba", "predict_log_proba", "decision_function")
_MODULES: Final = frozenset(
    {
        *("cluster", "decomposition", "discriminant_analysis", "ensemble", "gaussian_process", "linear_model"),
        *("naive_bayes", "neighbors", "neural_network", "pipeline", "preprocessing", "svm", "tree"),
    }
)
# They look at types or names of columns, or run a function of somebody's.
_EXCEPT: Final = frozenset(
    {"FunctionTransformer", "OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "LabelEncoder", "FeatureUnion"}
)


def takes_arrays(model: object, names: Sequence[str], function: str) -> bool:
    """Whether ``function`` of the estimator may be given an array with columns of these names.

    Requires that the columns hold plain numbers.
    """
    if function not in FUNCTIONS or not callable(getattr(model, function, None)):
        return False
    fitted = getattr(model, "feature_names_in_", None)
    if fitted is not None and [str(name) for name in fitted] != list(names):
        return False
    if getattr(model, "n_features_in_", None) != len(names):
        return False
    return all(_plain(part) for part in _parts(model))


def _parts(model: Any) -> Iterator[Any]:
    """The estimator, and those that it is made of."""
    yield model
    for value in model.get_params(deep=True).values():
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield value


def _plain(part: Any) -> bool:
    kind = type(part)
    package, _, rest = kind.__module__.partition(".")
    if package != "sklearn" or rest.partition(".")[0] not in _MODULES or kind.__name__ in _EXCEPT:
        return False
    # Histogram boosting keeps a transformer of columns where some are categories; set_output asks for frames.
    return getattr(part, "_preprocessor", None) is None and not hasattr(part, "_sklearn_output_config")
