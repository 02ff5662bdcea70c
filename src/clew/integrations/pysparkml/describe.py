"""An estimator of Spark ML in words: the names of its parts, all their params, and how they hang together.

Names and keys are those of MLflow's autologging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_SEARCHES = ("CrossValidator", "TrainValidationSplit")
_GRID = "estimatorParamMaps"


def is_search(estimator: Any) -> bool:
    """Whether it tries several sets of params."""
    return any(
        kind.__name__ in _SEARCHES and kind.__module__ == "pyspark.ml.tuning" for kind in type(estimator).__mro__
    )


def names_of(estimator: Any) -> dict[str, str]:
    """Uid -> name of every part: its class, with ``_1``, ``_2`` … behind it where there are several of the class."""
    parts = {part.uid: type(part).__name__ for part in _parts(estimator)}
    counts, seen = Counter(parts.values()), Counter[str]()
    names = {}
    for uid, name in parts.items():
        seen[name] += 1
        names[uid] = f"{name}_{seen[name]}" if counts[name] > 1 else name
    return names


def params_of(estimator: Any, names: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    """Every param that is set or has a default: ``maxIter`` of the estimator, ``Stage.maxIter`` of its parts.

    What a search tries is left out, since its children hold it.
    """
    found: dict[str, Any] = {}
    for key, value in _values(estimator).items():
        if key == _GRID:
            continue
        inner = _inner(key, value)
        if inner is None:
            found[prefix + key] = value
            continue
        labels = [names.get(part.uid, type(part).__name__) for part in inner]
        found[prefix + key] = labels if isinstance(value, list | tuple) else labels[0]
        if not (is_search(estimator) and key == "estimator"):
            for part, label in zip(inner, labels, strict=True):
                found |= params_of(part, names, f"{label}.")
    return found


def info_of(estimator: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """What ``estimator_info.json`` holds: the hierarchy, and what each search tries; empty for a simple estimator."""
    info: dict[str, Any] = {}
    if any(_inner(key, value) for key, value in _values(estimator).items()):
        info["hierarchy"] = _hierarchy(estimator, names)
    for search in filter(is_search, _parts(estimator)):
        tuned = search.getEstimator()
        info[names[search.uid]] = {
            "tuning_parameter_map_list": [_plain(candidate) for candidate in candidates_of(search, names)],
            "tuned_estimator_parameter_map": _plain(params_of(tuned, names, f"{names[tuned.uid]}.")),
        }
    return info


def candidates_of(search: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What a search tries: for each candidate ``Stage.param`` -> value."""
    return [
        {f"{names.get(param.parent, param.parent)}.{param.name}": value for param, value in candidate.items()}
        for candidate in search.getEstimatorParamMaps()
    ]


def evaluator_info(evaluator: Any) -> dict[str, Any]:
    """Class and params of an evaluator."""
    kind = type(evaluator)
    return {"evaluator_class": f"{kind.__module__}.{kind.__name__}", "params": _plain(_values(evaluator))}


def _values(part: Any) -> dict[str, Any]:
    return {param.name: part.getOrDefault(param) for param in part.params if part.isDefined(param)}


def _inner(key: str, value: Any) -> list[Any] | None:
    """The parts that a param holds; None where it holds values."""
    if hasattr(value, "uid") and hasattr(value, "params"):
        return [value]
    if key == "stages" and isinstance(value, list | tuple) and all(hasattr(stage, "uid") for stage in value):
        return list(value)
    return None


def _parts(estimator: Any) -> Iterator[Any]:
    """The estimator, its stages and what is in them, depth first."""
    yield estimator
    for key, value in _values(estimator).items():
        for part in _inner(key, value) or ():
            yield from _parts(part)


def _hierarchy(part: Any, names: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": names[part.uid]}
    others = {}
    for key, value in _values(part).items():
        inner = _inner(key, value)
        if inner is None:
            continue
        below = [_hierarchy(one, names) for one in inner]
        if key in ("stages", "classifier", "evaluator"):
            found[key] = below if key == "stages" else below[0]
        elif key == "estimator" and is_search(part):
            found["tuned_estimator"] = below[0]
        else:
            others[key] = below[0]
    return {**found, "params": others} if others else found


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that JSON has; others as texts."""
    return {key: value if _is_json(value) else str(value) for key, value in values.items()}


def _is_json(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return value is None or isinstance(value, bool | int | float | str)
