"""Index checks for structures that scikit-learn walks without looking at bounds.

A file that runs no code can still hold a tree whose child indices point outside its arrays; asking such a model
would read foreign memory. So models from files that are not trusted are searched for these structures after loading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clew.errors import Corrupt


def check_trees(model: object) -> None:
    """Refuse a model whose trees point outside themselves.

    Cost: visits every object of the model once.

    Raises:
        Corrupt: an index is out of range.
    """
    for found in _walk(model):
        kind = f"{type(found).__module__}.{type(found).__name__}"
        check = _CHECKS.get(kind)
        if (check is not None and not check(found)) or not _widths_agree(found):
            raise Corrupt(f"The model holds a {kind} whose indices are out of range; it is damaged or hostile.")


def _walk(root: object) -> Iterator[Any]:
    seen: set[int] = set()
    stack: list[Any] = [root]
    while stack:
        found = stack.pop()
        if id(found) in seen or isinstance(found, str | bytes | int | float | None):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, dict):
            stack.extend(found.values())
        elif isinstance(found, list | tuple | set | frozenset):
            stack.extend(found)
        elif isinstance(found, np.ndarray):
            if found.dtype.kind == "O":
                stack.extend(found.ravel().tolist())
        elif not isinstance(found, type):
            stack.extend(getattr(found, "__dict__", {}).values())


def _widths_agree(owner: Any) -> bool:
    """Whether the trees of an estimator expect as many columns as the estimator lets through."""
    width = getattr(owner, "n_features_in_", None)
    if width is None:
        return True
    tree = getattr(owner, "tree_", None)
    if tree is not None and getattr(tree, "n_features", width) != width:
        return False
    parts = getattr(owner, "estimators_", None)
    if not isinstance(parts, list | np.ndarray):
        return _predictor_columns(owner) < int(width)
    chosen = getattr(owner, "estimators_features_", None)
    # An ensemble is a sequence to numpy, so a list of ensembles must not become an array.
    for i, part in enumerate(parts if isinstance(parts, list) else parts.ravel().tolist()):
        if hasattr(part, "tree_") and part.n_features_in_ != (width if chosen is None else len(chosen[i])):
            return False
    return True


def _predictor_columns(owner: Any) -> int:
    """Largest column index that the trees of a histogram gradient boosting model read; -1 without such trees."""
    rounds = getattr(owner, "_predictors", None)
    if not isinstance(rounds, list):
        return -1
    tops = (int(predictor.nodes["feature_idx"].max(initial=0)) for trees in rounds for predictor in trees)
    lows = (int(predictor.nodes["feature_idx"].min(initial=0)) for trees in rounds for predictor in trees)
    return max(tops, default=-1) if min(lows, default=0) >= 0 else np.iinfo(np.int64).max


def _tree(tree: Any) -> bool:
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    count, node = tree.node_count, np.arange(tree.node_count)
    leaf = left == -1
    # Children come after their parent, so every path ends.
    fine = leaf | ((left > node) & (left < count) & (right > node) & (right < count))
    split = leaf | ((feature >= 0) & (feature < tree.n_features))
    return bool(count > 0 and fine.all() and split.all() and len(tree.value) == count)


def _predictor(predictor: Any) -> bool:
    nodes = predictor.nodes
    count, node = len(nodes), np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    fine = leaf | ((left > node) & (left < count) & (right > node) & (right < count))
    sets = len(predictor.raw_left_cat_bitsets)
    categorical = nodes["is_categorical"].astype(bool) & ~leaf
    known = len(predictor.binned_left_cat_bitsets) == sets and (~categorical | (nodes["bitset_idx"] < sets)).all()
    return bool(count > 0 and fine.all() and known)


def _neighbors(tree: Any) -> bool:
    data, index, nodes, bounds = (np.asarray(part) for part in tree.get_arrays())
    rows, count = data.shape[0], nodes.shape[0]
    inner = nodes["is_leaf"] == 0
    children = 2 * np.arange(count) + 2 < count
    ranges = (nodes["idx_start"] >= 0) & (nodes["idx_start"] <= nodes["idx_end"]) & (nodes["idx_end"] <= rows)
    return bool(
        len(index) == rows
        and ((index >= 0) & (index < rows)).all()
        and ranges.all()
        and (~inner | children).all()
        and bounds.shape[1] == count
        and bounds.shape[2] == data.shape[1]
    )


_CHECKS = {
    "sklearn.tree._tree.Tree": _tree,
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": _predictor,
    "sklearn.neighbors._kd_tree.KDTree": _neighbors,
    "sklearn.neighbors._kd_tree.KDTree64": _neighbors,
    "sklearn.neighbors._ball_tree.BallTree": _neighbors,
    "sklearn.neighbors._ball_tree.BallTree64": _neighbors,
}
