"""Models of PyTorch, Keras, ONNX and Hugging Face, saved and loaded, by Clew and by MLflow."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.entities.experiment import Experiment
from clew.errors import Corrupt, Denied, InvalidValue, NotSupported
from clew.packaging.manifest import read_mlmodel
from frameworks.deepmodels import classifier, dense, embedder, generator, keras_model, onnx_model
from peers import ask_with_frameworks

pytestmark = [
    pytest.mark.frameworks,
    # Keras on the torch backend converts tensors in a way that numpy has deprecated.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

ROWS = np.random.default_rng(0).random((6, 4), dtype="float32")
TEXTS = ["hello good world", "bad"]


def torch_answer(model: Any, rows: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(torch.tensor(rows)).numpy()


def signature_of(path: Path) -> tuple[Any, Any]:
    signature = read_mlmodel(str(path)).signature
    assert signature is not None
    return tuple(None if part is None else json.loads(part.to_json()) for part in (signature.inputs, signature.outputs))


@pytest.mark.parametrize("door", ["pytorch", "keras", "onnx", "transformers"])
def test_a_door_imports_no_framework(door: str) -> None:
    script = f"import sys, clew.{door}; print({{'torch', 'keras', 'onnx', 'transformers'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_module_becomes_a_program_that_needs_no_trust(tmp_path: Path) -> None:
    model = dense().train()
    path = tmp_path / "model"
    clew.pytorch.save_model(model, str(path), input_example=ROWS[:1])
    assert model.training
    assert sorted(p.name for p in (path / "data").iterdir()) == ["model.pt2"]
    expected = torch_answer(model.eval(), ROWS)
    loaded = clew.pyfunc.load_model(str(path), trust="safe")
    assert np.array_equal(loaded.predict(ROWS), expected)
    frame = pd.DataFrame(ROWS, index=list("abcdef"))
    assert np.array_equal(torch_answer(clew.pytorch.load_model(str(path)), ROWS), expected)
    tensor = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}
    assert signature_of(path)[0] == [tensor]
    lines = (path / "requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} == {"numpy", "torch"}
    assert "+" not in "".join(lines)
    unsigned = tmp_path / "unsigned"
    clew.pytorch.save_model(model, str(unsigned), input_example=ROWS, signature=False)
    answer = clew.pyfunc.load_model(str(unsigned)).predict(frame)
    assert list(answer.index) == list(frame.index)
    assert np.allclose(answer.to_numpy(), expected)


def test_a_module_without_an_example_is_a_pickle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model, path = dense(), str(tmp_path / "model")
    with caplog.at_level(logging.WARNING, "clew.packaging"):
        clew.pytorch.save_model(model, path)
    assert [r.message for r in caplog.records if "pickle" in r.message and "input_example" in r.message]
    with pytest.raises(Denied, match="trust='pickle'"):
        clew.pytorch.load_model(path)
    again = clew.pytorch.load_model(path, trust="pickle")
    assert type(again) is type(model)
    assert not again.training
    assert np.array_equal(torch_answer(again, ROWS), torch_answer(model, ROWS))
    with pytest.raises(InvalidValue, match="input_example"):
        clew.pytorch.save_model(model, str(tmp_path / "x"), serialization_format="pt2")
    with pytest.raises(InvalidValue, match=r"torch\.nn\.Module"):
        clew.pytorch.save_model("text", str(tmp_path / "y"))
    assert not (tmp_path / "x").exists()


def test_a_logged_pickle_of_one_s_own_is_trusted(experiment: Experiment) -> None:
    model = dense()
    with clew.start_run():
        info = clew.pytorch.log_model(model, "net", serialization_format="pickle")
    assert np.array_equal(clew.pyfunc.load_model(info.model_uri).predict(ROWS), torch_answer(model, ROWS))


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """The archive with its entries changed, and the sums that would give that away left out."""
    file = path / "data" / "model.pt2"
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))
    text = (path / "MLmodel").read_text()
    (path / "MLmodel").write_text(text.partition("metadata:")[0] + "mlflow_version: 3\n")


class Evil:
    def __reduce__(self) -> Any:
        return eval, ("1/0",)


def in_graph(old: str, new: str) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return content
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return change


def pickled_weights(name: str, content: bytes) -> bytes:
    if name.endswith("weights_config.json"):
        return content.replace(b'"use_pickle": false', b'"use_pickle": true')
    return pickle.dumps(Evil(), 2) if "weights/weight_" in name else content


HOSTILE: dict[str, Callable[[str, bytes], bytes]] = {
    "operation": in_graph("torch.ops.aten.relu.default", "torch.os.system"),
    "file": in_graph("torch.ops.aten.relu.default", "torch.ops.aten.from_file.default"),
    "size": in_graph("Symbol('s", "__import__('os').system('true') or Symbol('s"),
    "guard": in_graph('"guards_code": []', '"guards_code": ["__import__(\'os\').getpid() >= 0"]'),
    "attribute": in_graph('"guards_code": []', '"guards_code": ["L[\'args\'].__class__.mro()"]'),
    "weights": pickled_weights,
    "sample": lambda name, content: pickle.dumps(Evil(), 2) if "sample_inputs" in name else content,
}


@pytest.mark.parametrize("part", HOSTILE)
def test_a_program_that_could_run_code_is_refused(part: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    clew.pytorch.save_model(dense(), str(path), input_example=ROWS)
    rewritten(path, lambda name, content: content)
    assert clew.pyfunc.load_model(str(path), trust="safe").predict(ROWS).shape == (6, 2)
    rewritten(path, HOSTILE[part])
    with pytest.raises(Denied, match="could run code"):
        clew.pyfunc.load_model(str(path), trust="safe")
    rewritten(path, lambda name, content: b"[")
    with pytest.raises(Corrupt):
        clew.pyfunc.load_model(str(path), trust="safe")


def test_state_dicts_hold_tensors_only(tmp_path: Path, experiment: Experiment) -> None:
    model = dense()
    with clew.start_run() as run:
        clew.pytorch.log_state_dict({"model": model.state_dict(), "epoch": 3}, "checkpoint")
    found = clew.pytorch.load_state_dict(f"runs:/{run.info.run_id}/checkpoint")
    assert found["epoch"] == 3
    other = dense(seed=2)
    other.load_state_dict(found["model"])
    assert np.array_equal(torch_answer(other, ROWS), torch_answer(model, ROWS))
    clew.pytorch.save_state_dict({"x": Evil()}, str(tmp_path / "evil"))
    with pytest.raises(Denied, match="weights_only=False"):
        clew.pytorch.load_state_dict(str(tmp_path / "evil"))


def test_keras_models_come_back(tmp_path: Path) -> None:
    model = keras_model()
    clew.keras.save_model(model, str(tmp_path / "model"), input_example=ROWS)
    expected = model.predict(ROWS, verbose=0)
    loaded = clew.pyfunc.load_model(str(tmp_path / "model"), trust="safe")
    assert np.array_equal(loaded.predict(ROWS), expected)
    assert np.array_equal(clew.keras.load_model(str(tmp_path / "model")).predict(ROWS, verbose=0), expected)
    with pytest.raises(NotSupported, match="save_exported_model"):
        clew.keras.save_model(model, str(tmp_path / "x"), save_exported_model=True)


def test_keras_code_needs_trust(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Lambda(lambda x: x * 2)])
    clew.keras.save_model(model, str(tmp_path / "model"))
    with pytest.raises(Denied, match="trust='pickle'"):
        clew.keras.load_model(str(tmp_path / "model"), trust="safe")
    assert np.allclose(clew.pyfunc.load_model(str(tmp_path / "model"), trust="pickle").predict(ROWS), ROWS * 2)


def test_onnx_models_answer_by_name(tmp_path: Path) -> None:
    import onnx

    model, expected = onnx_model(ROWS)
    clew.onnx.save_model(
        model, str(tmp_path / "model"), input_example=ROWS, onnx_session_options={"intra_op_num_threads": 1}
    )
    loaded = clew.pyfunc.load_model(str(tmp_path / "model"), trust="safe")
    assert loaded.predict(ROWS)["label"].tolist() == expected.tolist()
    assert isinstance(clew.onnx.load_model(str(tmp_path / "model")), onnx.ModelProto)
    clew.onnx.save_model(model, str(tmp_path / "unsigned"))
    unsigned = clew.pyfunc.load_model(str(tmp_path / "unsigned"))
    frame = unsigned.predict(pd.DataFrame(ROWS.astype("float64")))
    assert frame["label"].tolist() == expected.tolist()
    assert np.allclose(frame["probabilities"].tolist(), loaded.predict(ROWS)["probabilities"])
    with pytest.raises(InvalidValue, match="onnx_session_options"):
        clew.onnx.save_model(model, str(tmp_path / "x"), onnx_session_options={"threads": 1})


def test_pipelines_come_back(tmp_path: Path) -> None:
    pipeline = classifier(tmp_path)
    clew.transformers.save_model(pipeline, str(tmp_path / "model"), input_example=TEXTS)
    loaded = clew.pyfunc.load_model(str(tmp_path / "model"), trust="safe")
    expected = pd.DataFrame(pipeline(TEXTS))
    pd.testing.assert_frame_equal(loaded.predict(TEXTS), expected)
    pd.testing.assert_frame_equal(loaded.predict(pd.DataFrame({"text": TEXTS})), expected)
    again = clew.transformers.load_model(str(tmp_path / "model"))
    assert again(TEXTS) == pipeline(TEXTS)
    parts = clew.transformers.load_model(str(tmp_path / "model"), return_type="components")
    assert set(parts) == {"task", "model", "tokenizer"}
    clew.transformers.save_model(
        {"model": parts["model"], "tokenizer": parts["tokenizer"]}, str(tmp_path / "parts"), task="text-classification"
    )
    pd.testing.assert_frame_equal(clew.pyfunc.load_model(str(tmp_path / "parts")).predict(TEXTS), expected)


def test_generation_and_embedding(tmp_path: Path) -> None:
    settings = {"max_new_tokens": 4, "do_sample": False}
    made = generator(tmp_path)
    clew.transformers.save_model(made, str(tmp_path / "generator"), model_config=settings)
    told = clew.pyfunc.load_model(str(tmp_path / "generator")).predict(TEXTS)
    assert told == [answers[0]["generated_text"].strip() for answers in made(TEXTS, **settings)]
    vectors = embedder(tmp_path)
    clew.transformers.save_model(vectors, str(tmp_path / "embedder"))
    loaded = clew.pyfunc.load_model(str(tmp_path / "embedder"))
    assert np.array_equal(loaded.predict(TEXTS[0]), np.array(vectors(TEXTS[0])[0]))
    assert [part.shape for part in loaded.predict(TEXTS)] == [np.array(vectors(text)[0]).shape for text in TEXTS]


def test_a_pipeline_brings_no_code(tmp_path: Path) -> None:
    path = tmp_path / "model"
    clew.transformers.save_model(classifier(tmp_path), str(path))
    text = (path / "MLmodel").read_text().partition("metadata:")[0]
    (path / "MLmodel").write_text(text.replace("BertForSequenceClassification", "Evil") + "mlflow_version: 3\n")
    with pytest.raises(Denied, match="'Evil'"):
        clew.transformers.load_model(str(path), trust="safe")
    (path / "MLmodel").write_text(text + "mlflow_version: 3\n")
    (path / "model" / "model.safetensors").rename(path / "model" / "pytorch_model.bin")
    with pytest.raises(Denied, match="safetensors"):
        clew.transformers.load_model(str(path), trust="safe")


READ = """
import os
os.environ |= {"KERAS_BACKEND": "torch", "HF_HUB_OFFLINE": "1"}
import json, mlflow, numpy as np, pandas as pd
folder, rows, texts = sys.argv[1:]
rows, texts = np.array(json.loads(rows), dtype="float32"), json.loads(texts)
def plain(answer):
    if isinstance(answer, dict):
        return {key: np.asarray(part).tolist() for key, part in answer.items() if key == "label"}
    return answer.to_dict("list") if hasattr(answer, "to_dict") else np.asarray(answer).tolist()
told = {}
for name in sorted(os.listdir(folder)):
    flavor = name.split("-")[0]
    path = f"{folder}/{name}"
    model = mlflow.pyfunc.load_model(path)
    told[name] = plain(model.predict(texts if flavor == "transformers" else rows))
    told[name + " class"] = type(getattr(mlflow, flavor).load_model(path)).__name__
    told[name + " signed"] = model.metadata.signature is not None
print(json.dumps(told))
"""


def test_mlflow_loads_what_clew_saves(tmp_path: Path, peer_python: Any) -> None:
    models, net = tmp_path / "models", dense()
    settings = {"max_new_tokens": 4, "do_sample": False}
    clew.pytorch.save_model(net, str(models / "pytorch-pt2"), input_example=ROWS)
    clew.pytorch.save_model(net, str(models / "pytorch-pickle"), input_example=ROWS, serialization_format="pickle")
    clew.keras.save_model(keras_model(), str(models / "keras"), input_example=ROWS)
    clew.onnx.save_model(onnx_model(ROWS)[0], str(models / "onnx"), input_example=ROWS)
    clew.transformers.save_model(classifier(tmp_path), str(models / "transformers-class"), input_example=TEXTS)
    clew.transformers.save_model(generator(tmp_path), str(models / "transformers-text"), model_config=settings)
    script = ask_with_frameworks(peer_python, READ, str(models), json.dumps(ROWS.tolist()), json.dumps(TEXTS))
    told = json.loads(script.splitlines()[-1])
    for path in models.iterdir():
        given = TEXTS if path.name.startswith("transformers") else ROWS
        ours = clew.pyfunc.load_model(str(path), trust="pickle").predict(given)
        assert told[f"{path.name} signed"]
        if path.name == "onnx":
            assert told["onnx"]["label"] == ours["label"].tolist()
        elif path.name == "transformers-class":
            assert told[path.name]["label"] == ours["label"].tolist()
            assert told[path.name]["score"] == pytest.approx(ours["score"].tolist())
        elif path.name == "transformers-text":
            assert told[path.name] == ours
        else:
            assert np.allclose(told[path.name], ours, rtol=1e-6)
    assert told["pytorch-pickle class"] == "Sequential"
    assert told["onnx class"] == "ModelProto"
    assert told["transformers-class class"] == "TextClassificationPipeline"


WRITE = """
import os
os.environ |= {"KERAS_BACKEND": "torch", "HF_HUB_OFFLINE": "1"}
sys.path.insert(0, sys.argv[4])
import json, pathlib, mlflow, numpy as np
from mlflow.models import infer_signature
from deepmodels import classifier, dense, embedder, generator, keras_model, onnx_model
folder, rows, texts, _ = sys.argv[1:]
rows, texts = np.array(json.loads(rows), dtype="float32"), json.loads(texts)
none = {"pip_requirements": []}
mlflow.pytorch.save_model(dense(), f"{folder}/pytorch-pt2", input_example=rows, **none)
mlflow.pytorch.save_model(dense(), f"{folder}/pytorch-pickle", serialization_format="pickle", **none)
k = keras_model()
mlflow.keras.save_model(k, f"{folder}/keras", signature=infer_signature(rows, k.predict(rows)), **none)
mlflow.onnx.save_model(onnx_model(rows)[0], f"{folder}/onnx", **none)
scratch = pathlib.Path(folder).parent
mlflow.transformers.save_model(classifier(scratch), f"{folder}/transformers-class", **none)
settings = {"max_new_tokens": 4, "do_sample": False}
mlflow.transformers.save_model(generator(scratch), f"{folder}/transformers-text", model_config=settings, **none)
mlflow.transformers.save_model(embedder(scratch), f"{folder}/transformers-vectors", **none)
answers = {}
for name in sorted(os.listdir(folder)):
    given = texts if name.startswith("transformers") else rows
    answer = mlflow.pyfunc.load_model(f"{folder}/{name}").predict(texts[0] if name.endswith("vectors") else given)
    if name == "onnx":
        answer = answer["label"]
    answers[name] = answer.to_dict("list") if hasattr(answer, "to_dict") else np.asarray(answer).tolist()
print(json.dumps(answers))
"""


def test_clew_loads_what_mlflow_saves(tmp_path: Path, peer_python: Any) -> None:
    models = tmp_path / "models"
    models.mkdir()
    given = (str(models), json.dumps(ROWS.tolist()), json.dumps(TEXTS), str(Path(__file__).parent))
    told = json.loads(ask_with_frameworks(peer_python, WRITE, *given).splitlines()[-1])
    assert len(told) == 7
    for name, theirs in told.items():
        path, trust = str(models / name), "pickle" if name.endswith("pickle") else "safe"
        loaded = clew.pyfunc.load_model(path, trust=trust)
        ours = loaded.predict(TEXTS if name.startswith("transformers") else ROWS)
        assert getattr(clew, name.partition("-")[0]).load_model(path, trust=trust) is not None
        if name == "onnx":
            assert ours["label"].tolist() == theirs
        elif name == "transformers-class":
            assert ours["label"].tolist() == theirs["label"]
            assert ours["score"].tolist() == pytest.approx(theirs["score"])
        elif name == "transformers-text":
            assert ours == theirs
        elif name == "transformers-vectors":
            assert np.allclose(ours[0], theirs)
        else:
            assert np.allclose(ours, theirs, rtol=1e-6)
