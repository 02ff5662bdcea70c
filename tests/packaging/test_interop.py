"""Models go both ways between Clew and MLflow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clew.packaging.flavor import LoadPolicy
from clew.packaging.manifest import read_mlmodel
from clew.packaging.pyfunc import load_native, load_pyfunc
from clew.packaging.save import ModelOptions, save_model
from peers import ask

pytestmark = pytest.mark.interop

READ = """
import json, sys, mlflow, pandas as pd
folder, data = sys.argv[1:]
model, frame = mlflow.pyfunc.load_model(folder), pd.read_json(data, orient="split", precise_float=True)
print(json.dumps({
    "pyfunc": list(model.predict(frame)),
    "native": list(mlflow.sklearn.load_model(folder).predict(frame)),
    "columns": model.metadata.signature.inputs.input_names(),
    "example": model.input_example.shape,
    "mine": model.metadata.metadata["mine"],
}))
"""

WRITE = """
import sys, mlflow, pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestRegressor
folder, data = sys.argv[1:]
frame = pd.read_json(data, orient="split", precise_float=True)
model = RandomForestRegressor(n_estimators=3, max_depth=2, random_state=0).fit(frame, frame["bmi"])
signature = infer_signature(frame, model.predict(frame), {"temp": 0.5})
for name in ("skops", "cloudpickle", "pickle"):
    trusted = {"skops_trusted_types": ["sklearn.tree._tree.Tree"]} if name == "skops" else {}
    mlflow.sklearn.save_model(
        model, f"{folder}/{name}", serialization_format=name, signature=signature, input_example=frame.head(2),
        pip_requirements=["scikit-learn"], **trusted,
    )
pd.Series(model.predict(frame)).to_json(f"{folder}/predictions.json", orient="values", double_precision=15)
"""


@pytest.fixture
def data(frame: pd.DataFrame, tmp_path: Path) -> str:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"columns": list(frame.columns), "data": frame.to_numpy().tolist()}))
    return str(path)


@pytest.mark.parametrize("form", ["skops", "cloudpickle"])
def test_mlflow_loads_what_clew_saves(
    form: str, forest: Any, frame: pd.DataFrame, data: str, tmp_path: Path, peer_python: str
) -> None:
    options = ModelOptions(
        input_example=frame.head(2), metadata={"mine": [1]}, flavor_options={"serialization_format": form}
    )
    save_model(forest, str(tmp_path / "model"), options=options)
    told = json.loads(ask(peer_python, READ, str(tmp_path / "model"), data).splitlines()[-1])
    assert told["pyfunc"] == pytest.approx(forest.predict(frame).tolist())
    assert told["native"] == told["pyfunc"]
    assert told["columns"] == list(frame.columns)
    assert told["example"] == [2, 10]
    assert told["mine"] == [1]


def test_clew_loads_what_mlflow_saves(data: str, frame: pd.DataFrame, tmp_path: Path, peer_python: str) -> None:
    ask(peer_python, WRITE, str(tmp_path), data)
    predictions = json.loads((tmp_path / "predictions.json").read_text())
    for form in ("skops", "cloudpickle", "pickle"):
        folder, policy = str(tmp_path / form), LoadPolicy("safe" if form == "skops" else "pickle")
        model = load_pyfunc(folder, policy)
        assert model.predict(frame) == pytest.approx(predictions)
        assert load_native(folder, "sklearn", policy).predict(frame) == pytest.approx(predictions)
        assert np.allclose(model.input_example, frame.head(2))
        signature = read_mlmodel(folder).signature
        assert signature is not None
        assert signature.params is not None
        assert signature.params.params[0].default == 0.5


# Where both agree; test_signature says where Clew keeps more (names of odd columns, nulls in lists).
CASES = """
import json
import numpy as np, pandas as pd, scipy.sparse as sp
frame = pd.DataFrame({
    "i8": np.array([1, 2], dtype="int8"), "i": [1, 2], "u32": np.array([1, 2], dtype="uint32"),
    "f4": np.float32([1, 2]),
    "f": [1.5, None], "s": ["a", None], "o": pd.Series(["a", "b"], dtype=object), "b": [True, False], "y": [b"a", b"b"],
    "d": pd.to_datetime(["2020-01-01", "2020-01-02"]), "c": pd.Series(["x", "y"], dtype="category"),
    "n": pd.Series([1, None], dtype="Int64"), "l": [[1], [2, 3]], "m": [{"x": 1, "y": "s"}, {"x": 2}],
})
cases = [
    frame, pd.DataFrame([[1, 2]]), pd.Series([1.5], name="q"), pd.Series(["x"]), np.zeros((3, 2), dtype="float32"),
    np.array(["a"]), np.array([True]), {"a": np.zeros((3, 2)), "b": np.zeros(3, dtype="int64")},
    sp.csr_matrix(np.eye(3)),
    [1, 2], ["a"], [[1, 2]], [{"a": 1, "b": "x"}, {"a": 2}], {"a": 1, "b": "x"}, {"a": [1], "b": ["x"]},
    {"a": {"b": [1]}}, "text", 1, 1.5, True,
]
params = {"a": 1, "b": 1.5, "c": "x", "d": True, "e": [1, 2], "f": {"x": {"y": [1]}}}
print(json.dumps([infer_signature(case, None, params).to_dict() for case in cases]))
"""


def test_both_infer_the_same_signatures(peer_python: str) -> None:
    theirs = json.loads(ask(peer_python, "from mlflow.models import infer_signature" + CASES).splitlines()[-1])
    ours = json.loads(ask(sys.executable, "from clew.models import infer_signature" + CASES).splitlines()[-1])
    assert len(theirs) == len(ours)
    for mine, other in zip(ours, theirs, strict=True):
        for part in ("inputs", "params"):
            assert json.loads(mine[part]) == json.loads(other[part])
