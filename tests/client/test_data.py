"""Datasets as objects: where they come from, and what of them is logged."""

from __future__ import annotations

import hashlib
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import InvalidValue, MissingPackage, NotFound, NotSupported, Unavailable

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def test_a_file_is_loaded_from_where_it_lies_or_copied(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "d.csv")
    source = clew.data.from_pandas(FRAME, source=tmp_path / "d.csv").source
    assert source.load() == str(tmp_path / "d.csv")
    (tmp_path / "goal").mkdir()
    assert Path(source.load(str(tmp_path / "goal"))).read_bytes() == (tmp_path / "d.csv").read_bytes()
    assert clew.data.from_pandas(FRAME, source=f"file://{tmp_path}/d.csv").source.load() == str(tmp_path / "d.csv")
    (tmp_path / "d.csv").unlink()
    with pytest.raises(NotFound):
        source.load()


def test_sources_that_cannot_be_loaded_say_why() -> None:
    for uri, error in (("s3://b/x", NotSupported), ("http://127.0.0.1:9/x", Unavailable)):
        with pytest.raises(error):
            clew.data.from_numpy(np.arange(3), source=uri).source.load()
    with pytest.raises(NotSupported):
        clew.data.from_numpy(np.arange(3)).source.load()
    with pytest.raises(MissingPackage, match="pyspark"):
        clew.data.load_delta("/x", version=1)
    with pytest.raises(MissingPackage, match="pip install tensorflow"):
        clew.data.from_tensorflow(np.ones(3))
    with pytest.raises(MissingPackage, match="pip install datasets"):
        clew.data.HuggingFaceDatasetSource("a/b").load()


def test_every_kind_of_source_comes_back_from_its_json() -> None:
    for source in (
        clew.data.CodeDatasetSource({"mlflow.user": "me"}),
        clew.data.FileDatasetSource("s3://b/x", "s3"),
        clew.data.HTTPDatasetSource("https://a/b"),
        clew.data.SparkDatasetSource(sql="select 1"),
        clew.data.DeltaDatasetSource(path="/x", delta_table_version=3),
        clew.data.HuggingFaceDatasetSource("a/b", "c", split="train"),
    ):
        again = clew.data.get_dataset_source_from_json(source.to_json(), source.source_type)
        assert (type(again), again.to_dict()) == (type(source), source.to_dict())
    for text, kind in (("{", "http"), ("[]", "http"), ("{}", "http"), ("{}", "s3")):
        with pytest.raises(InvalidValue):
            clew.data.get_dataset_source_from_json(text, kind)


def test_a_digest_changes_with_the_data_and_only_with_them() -> None:
    digest = clew.data.from_pandas(FRAME).digest
    assert clew.data.from_pandas(FRAME.copy(), source="/x", name="n").digest == digest
    assert clew.data.from_pandas(FRAME.assign(a=[1, 3])).digest != digest
    assert clew.data.from_pandas(FRAME, digest="mine").digest == "mine"
    assert clew.data.from_numpy(np.arange(6)).digest != clew.data.from_numpy(np.arange(6).reshape(2, 3)).digest


def test_what_is_no_data_raises() -> None:
    for call in (clew.data.from_pandas, clew.data.from_numpy, clew.data.from_polars, clew.data.from_huggingface):
        with pytest.raises(InvalidValue):
            call([1, 2])
    with pytest.raises(InvalidValue, match="at most one"):
        clew.data.from_spark(FRAME, path="/x", sql="select 1")
    with pytest.raises(InvalidValue, match="exactly one"):
        clew.data.load_delta()


def test_only_the_source_may_be_known(store: str) -> None:
    dataset = clew.data.MetaDataset(clew.data.HTTPDatasetSource("https://a/b"), name="big")
    with clew.start_run() as run:
        clew.log_input(dataset, context="train")
    stored = clew.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset
    assert (stored.name, stored.digest, stored.schema) == ("big", dataset.digest, None)


def test_polars_frames() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, 2], "b": ["x", None]})
    fields = clew.data.from_polars(frame, targets="a").to_dict()
    assert fields["profile"] == '{"num_rows": 2, "num_elements": 4}'
    assert fields["schema"] == (
        '{"mlflow_colspec": [{"type": "long", "name": "a", "required": true}, '
        '{"type": "string", "name": "b", "required": false}]}'
    )
    assert fields["digest"] == clew.data.from_polars(frame.clone()).digest
    with pytest.raises(InvalidValue, match="targets column 'c'"):
        clew.data.from_polars(frame, targets="c")


class Tensor:
    """What Clew uses of a TensorFlow tensor."""

    def __init__(self, array: object) -> None:
        self.array = np.asarray(array)

    def numpy(self) -> np.ndarray:
        return self.array


class Elements:
    """What Clew uses of a ``tf.data.Dataset``."""

    def __init__(self, *elements: object) -> None:
        self.elements = elements

    def as_numpy_iterator(self) -> Iterator[object]:
        return iter(self.elements)

    def cardinality(self) -> Tensor:
        return Tensor(len(self.elements))


def leaves(element: object) -> list[object]:
    if isinstance(element, tuple):
        return [leaf for part in element for leaf in leaves(part)]
    return [element[key] for key in sorted(element)] if isinstance(element, dict) else [element]


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in: TensorFlow is too large for the project's environments."""
    module = types.ModuleType("tensorflow")
    module.data = types.SimpleNamespace(Dataset=Elements)
    module.nest = types.SimpleNamespace(flatten=leaves)
    module.is_tensor = lambda thing: isinstance(thing, Tensor)
    monkeypatch.setitem(sys.modules, "tensorflow", module)


@pytest.mark.usefixtures("tensorflow")
def test_tensors() -> None:
    features, targets = np.arange(6.0).reshape(3, 2), np.arange(3)
    fields = clew.data.from_tensorflow(Tensor(features), targets=Tensor(targets), name="t").to_dict()
    twin = clew.data.from_numpy(features, targets=targets).to_dict()
    assert (fields["digest"], fields["schema"]) == (twin["digest"], twin["schema"])
    assert json.loads(fields["profile"] or "") == {"features_cardinality": 6, "targets_cardinality": 3}


@pytest.mark.usefixtures("tensorflow")
def test_datasets_of_tensorflow() -> None:
    pairs = Elements((np.arange(4.0), np.arange(2.0)), (np.ones(4), np.zeros(2)))
    dataset = clew.data.from_tensorflow(pairs)
    hashes = [pd.util.hash_array(np.concatenate(pair)) for pair in pairs.elements]
    assert dataset.digest == hashlib.md5(b"".join(h.tobytes() for h in hashes)).hexdigest()[:8]
    assert dataset.profile == {"features_cardinality": 2}
    assert [spec.name for spec in dataset.schema.features.inputs] == ["0", "1"]
    named = clew.data.from_tensorflow(Elements({"b": np.ones(2), "a": np.zeros(3)}), targets=Elements(np.ones(1)))
    assert {spec.name for spec in named.schema.features.inputs} == {"a", "b"}
    assert clew.data.from_tensorflow(Elements((np.ones(2), (np.ones(1),)))).to_dict()["schema"] is None
    assert clew.data.from_tensorflow(pairs, digest="mine").digest == "mine"
    texts = [clew.data.from_tensorflow(Elements(*each)).digest for each in ((b"x", b"y"), (b"x", b"z"))]
    assert texts[0] != texts[1]


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(
    "arguments", [(np.ones(3),), (Tensor(1), None, Elements()), (Elements(), None, Tensor(1)), (None,)]
)
def test_what_tensorflow_does_not_know_raises(arguments: tuple[object, ...]) -> None:
    with pytest.raises(InvalidValue):
        clew.data.from_tensorflow(*arguments)
