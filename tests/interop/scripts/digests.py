"""Digest, schema and profile of awkward data, a line of JSON each; then ok."""

import json

try:
    import mlflow
except ImportError:
    import clew as mlflow

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
FRAMES = [
    pd.DataFrame(),
    pd.DataFrame({"a": []}),
    pd.DataFrame({1: [1, 2], "x": ["a", None]}),
    pd.DataFrame({"z": ["a", "b"], "a": [1, 2]}),
    pd.DataFrame({"t": pd.to_datetime(["2020"])}),
    pd.DataFrame({"a": [1]}, index=["q"]),
    pd.DataFrame({"c": pd.Categorical(["a", "b"])}),
    pd.DataFrame({"i": pd.array([1, None], dtype="Int64")}),
    pd.DataFrame([[1, 2]], columns=["a", "a"]),
    pd.DataFrame({"z": [1.5], "b": ["ü"], "y": [True], "c": ["x"], "o": [{"a": 1}]}),
    pd.DataFrame({"b": ["x"], "a": ["y"]}),
    pd.DataFrame({"b": [1], "a": [2.5]}),
    pd.DataFrame(rng.normal(size=(12000, 3)), columns=list("cab")),
    pd.DataFrame({"s": ["x"] * 10001 + [None], "n": range(10002)}),
    pd.DataFrame({"b": pd.array([True, None], dtype="boolean"), "p": pd.array(["a", "b"], dtype="string")}),
    pd.DataFrame({"d": pd.to_timedelta([1, 2])}),
    pd.DataFrame({2: ["a"], 1: ["b"], "k": [1]}),
    pd.DataFrame({"c": [1 + 2j]}),
    pd.DataFrame({"f": np.array([1.5], dtype="f2"), "u": np.array([1], dtype="u8")}),
]
ARRAYS = [
    np.array([]),
    np.zeros((0, 3)),
    np.array([1, "a"], dtype=object),
    np.array([b"a"]),
    np.array([[True]]),
    np.zeros((200, 200)),
    np.array([{"a": 1}], dtype=object),
    np.array(["2020"], dtype="M8[D]"),
    np.array([1j]),
    rng.normal(size=(7, 3)).T,
    {"b": np.arange(3), "a": np.ones((2, 2))},
    np.array(["ü", "x"]),
    np.arange(6, dtype="f2"),
]
for frame in FRAMES:
    fields = mlflow.data.from_pandas(frame).to_dict()
    print(json.dumps([fields["digest"], fields["schema"], fields["profile"]]))
for array in ARRAYS:
    for targets in (None, np.arange(3)):
        fields = mlflow.data.from_numpy(array, targets=targets).to_dict()
        print(json.dumps([fields["digest"], fields["schema"], fields["profile"]]))
print("ok")
