"""The short way of plain numbers answers byte for byte what the long way answers, or leaves the request to it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, is_classifier
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

import clew
from clew.packaging.pyfunc import PyFuncModel
from clew.packaging.schema import ColumnSpec, DataType, Schema
from clew.packaging.signature import ModelSignature
from clew.serving.answers import write_predictions
from clew.serving.plain import PlainNumbers, plain_numbers
from clew.serving.questions import read_question

NAMES = ["b", "a", "c"]
FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)) * [1, 100, 0.01], columns=NAMES)
KIND = (FRAME["a"] > 0).astype(int)
TARGET = FRAME["a"] * 2 - FRAME["b"] + FRAME["c"]
Save = Callable[..., PyFuncModel]

ESTIMATORS: list[tuple[Any, str]] = [
    (LinearRegression(), "predict"),
    (ElasticNet(alpha=0.1), "predict"),
    (LogisticRegression(), "predict_proba"),
    (LogisticRegression(), "decision_function"),
    (GaussianNB(), "predict_log_proba"),
    (RandomForestClassifier(5, random_state=0), "predict_proba"),
    (GradientBoostingRegressor(n_estimators=5, random_state=0), "predict"),
    (HistGradientBoostingClassifier(max_iter=5), "predict_proba"),
    (DecisionTreeRegressor(random_state=0), "predict"),
    (KNeighborsClassifier(3), "predict"),
    (SVC(), "decision_function"),
    (MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0), "predict"),
    (KMeans(2, n_init=1, random_state=0), "predict"),
    (make_pipeline(StandardScaler(), PCA(2), LogisticRegression()), "predict_proba"),
    (make_pipeline(PolynomialFeatures(2), LinearRegression()), "predict"),
    (VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())], voting="soft"), "predict_proba"),
    (StackingRegressor([("a", LinearRegression()), ("b", DecisionTreeRegressor())], cv=2), "predict"),
]


@pytest.fixture
def save(tmp_path: Any) -> Save:
    """Saves an estimator with its signature, and loads it as a model of any kind."""

    def saved(estimator: Any, function: str = "predict", **more: Any) -> PyFuncModel:
        path = str(tmp_path / f"m{len(list(tmp_path.iterdir()))}")
        more.setdefault("input_example", FRAME.head(2))
        clew.sklearn.save_model(estimator, path, pyfunc_predict_fn=function, serialization_format="cloudpickle", **more)
        return clew.pyfunc.load_model(path, trust="pickle")

    return saved


def fitted(estimator: Any, frame: Any = FRAME) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(frame, KIND if is_classifier(estimator) else TARGET)


def long_way(model: PyFuncModel, body: bytes, kind: str = "application/json") -> bytes:
    question = read_question(body, kind, model.metadata)
    return write_predictions(model.predict(question.data, question.params))


def short_way(model: PyFuncModel, body: bytes, kind: str = "application/json") -> bytes | None:
    plain = plain_numbers(model)
    assert plain is not None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
        return plain.answer(body, kind)


def split(rows: Any, columns: Any = NAMES, **more: Any) -> bytes:
    return json.dumps({"dataframe_split": {"columns": columns, "data": rows} | more}).encode()


def records(rows: list[list[Any]], columns: list[str] = NAMES) -> bytes:
    return json.dumps({"dataframe_records": [dict(zip(columns, row, strict=True)) for row in rows]}).encode()


@pytest.mark.parametrize(
    ("estimator", "function"), ESTIMATORS, ids=lambda one: one if isinstance(one, str) else type(one).__name__
)
def test_estimators_answer_the_same_bytes(estimator: Any, function: str, save: Save) -> None:
    model = save(fitted(estimator), function)
    for count in (1, 2, 7, 60):
        rows = FRAME.to_numpy()[:count].tolist()
        for body in (split(rows), records(rows), records([row[::-1] for row in rows], NAMES[::-1])):
            assert short_way(model, body) == long_way(model, body)


def test_whole_numbers_answer_the_same_bytes(save: Save) -> None:
    whole = pd.DataFrame({"b": [1, 2, 3, 4], "a": [5, 6, 7, 9]})
    mixed = whole.assign(c=[0.1, 0.2, 0.3, 0.5])
    for frame in (whole, mixed):
        model = save(LinearRegression().fit(frame, [1.0, 2.0, 3.0, 5.0]), input_example=frame)
        columns = list(frame)
        for row in ([1, 2, 0.5], [1.0, -2, 3], [2**53 - 1, 1, 0]):
            body = split([row[: len(columns)]], columns)
            assert short_way(model, body) == long_way(model, body)
        for odd in ([1.5, 2, 0.5], [2**53 + 2, 1, 0]):
            assert short_way(model, split([odd[: len(columns)]], columns)) is None


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> PyFuncModel:
    path = str(tmp_path_factory.mktemp("line") / "m")
    clew.sklearn.save_model(fitted(LinearRegression()), path, input_example=FRAME.head(2))
    return clew.pyfunc.load_model(path)


NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70), st.integers(-5, 5))
ODD = st.one_of(NUMBERS, st.none(), st.booleans(), st.text(max_size=3), st.just([]))


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_any_numbers_answer_the_same_bytes_or_take_the_long_way(line: PyFuncModel, rows: list[list[Any]]) -> None:
    answer = short_way(line, split(rows))
    if answer is not None:
        assert answer == long_way(line, split(rows))
    else:
        assert any(abs(value) >= 2**53 for row in rows for value in row)


@given(
    st.lists(st.lists(ODD, min_size=2, max_size=4), max_size=3),
    st.sampled_from([NAMES, NAMES[::-1], ["a", "b"], [*NAMES, "d"], None, [1, 2, 3]]),
)
def test_whatever_the_short_way_answers_the_long_way_answers_too(
    line: PyFuncModel, rows: list[list[Any]], columns: Any
) -> None:
    body = split(rows, columns)
    answer = short_way(line, body)
    if answer is not None:
        assert answer == long_way(line, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"dataframe_split": null}',
        b'{"dataframe_split": {"columns": ["b", "a", "c"]}}',
        b'{"instances": [[1, 2, 3]]}',
        split([[1, 2, 3]], index=[0]),
        split([[1, 2, 3]], extra=1),
        split([[1, 2, 3], [1, 2]]),
        split([[1, 2, None]]),
        split([[1, 2, True]]),
        split([[1, 2, "3"]]),
        split([[1, 2, 2**53 + 1]]),
        b'{"dataframe_split": {"columns": ["b", "a", "c"], "data": [[1, 2, 1e999]]}}',
        split([]),
        records([]),
        records([[1, 2]], ["a", "b"]),
        b'{"dataframe_split": {"columns": ["b","a","c"], "data": [[1,2,3]]}, "params": {}}',
        b'{"dataframe_split": {"columns": ["b","a","c"], "data": [[1,2,3]]}, "dataframe_records": []}',
        b"[" * 100_000,
    ],
)
def test_everything_else_takes_the_long_way(line: PyFuncModel, body: bytes) -> None:
    assert short_way(line, body) is None


@pytest.mark.parametrize("kind", ["text/csv", "application/json; charset=latin-1", "application/json; format=x"])
def test_another_type_takes_the_long_way(line: PyFuncModel, kind: str) -> None:
    assert short_way(line, split([[1, 2, 3]]), kind) is None


class Own(LinearRegression):  # type: ignore[misc]
    """An estimator of somebody's own."""


def _signature(*kinds: DataType) -> ModelSignature:
    return ModelSignature(Schema(tuple(ColumnSpec(kind, name) for kind, name in zip(kinds, NAMES, strict=True))))


@pytest.mark.parametrize(
    ("estimator", "more"),
    [
        (Own(), {}),
        (make_pipeline(FunctionTransformer(np.abs), LinearRegression()), {}),
        (make_pipeline(ColumnTransformer([("s", StandardScaler(), ["a"])]), LinearRegression()), {}),
        (make_pipeline(StandardScaler().set_output(transform="pandas"), LinearRegression()), {}),
        (LinearRegression(), {"signature": False}),
        *(
            (
                LinearRegression(),
                {"input_example": None, "signature": _signature(DataType.DOUBLE, DataType.DOUBLE, odd)},
            )
            for odd in (DataType.FLOAT, DataType.BOOLEAN, DataType.STRING, DataType.INTEGER)
        ),
    ],
)
def test_models_that_may_look_at_more_than_numbers_have_no_short_way(
    estimator: BaseEstimator, more: dict[str, Any], save: Save
) -> None:
    assert plain_numbers(save(fitted(estimator), **more)) is None


def test_names_that_the_estimator_does_not_have_are_left_to_it(save: Save) -> None:
    other = FRAME.rename(columns={"a": "z"})
    model = save(fitted(LinearRegression(), other), input_example=None, signature=_signature(*[DataType.DOUBLE] * 3))
    assert plain_numbers(model) is None
    unnamed = save(
        fitted(LinearRegression(), FRAME.to_numpy()), input_example=None, signature=_signature(*[DataType.DOUBLE] * 3)
    )
    body = split([[1, 2, 3]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert short_way(unnamed, body) == long_way(unnamed, body)


def test_only_a_model_that_has_been_quick_answers_on_the_loop() -> None:
    plain = PlainNumbers(lambda table: table[:, 0], NAMES, [False] * 3)
    assert not plain.quick
    for _ in range(50):
        plain.answer(split([[1, 2, 3]]), "")
    assert plain.quick
