"""A model sent to Spark's workers once, and loaded once in each of their processes.

It travels as an archive among the session's files, which Spark copies to each machine and unpacks there. What it may do
while it loads is decided on the driver; the workers check that they have got the very files that the driver saw.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import weakref
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from clew.errors import Corrupt
from clew.packaging.flavor import LoadPolicy, Trust
from clew.packaging.manifest import FILE_NAME, check_sums, file_sums, model_files, read_mlmodel
from clew.packaging.pyfunc import PyFuncModel, load_pyfunc

_KEPT_MODELS: Final = 4
"""A worker process that is used again and again holds no more models than this."""

_loaded: OrderedDict[str, PyFuncModel] = OrderedDict()


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told of a model.

    archive: its name among the session's files. seal: of the model's files, as the driver saw them.
    params: values for the signature's params, checked. variables: to be set while the model is asked.
    result: the Arrow type of the predictions, as the bytes of a schema. timezone: of the Spark session.
    """

    archive: str
    seal: str
    trust: Trust
    trusted_types: tuple[str, ...] = ()
    model_config: dict[str, Any] | None = None
    params: dict[str, Any] = {}
    variables: dict[str, str] = {}
    result: bytes
    timezone: str

    def model(self) -> PyFuncModel:
        """The model, loaded when this process is asked for it first.

        Raises:
            Corrupt: the files are not those that the driver saw.
        """
        policy = (self.trust, self.trusted_types, self.model_config, sorted(self.variables.items()))
        key = json.dumps([self.seal, *policy], sort_keys=True, default=str)
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key]
        from pyspark import SparkFiles

        folder = SparkFiles.get(self.archive)
        if seal(folder) != self.seal:
            raise Corrupt(f"The model in {folder} is not the one that was sent; make the UDF anew.")
        # Compiled modules beside the model's code would count as changes of it.
        sys.dont_write_bytecode = True
        model = load_pyfunc(folder, LoadPolicy(self.trust, self.trusted_types, self.model_config))
        _loaded[key] = model
        while len(_loaded) > _KEPT_MODELS:
            _loaded.popitem(last=False)
        return model


def seal(folder: str) -> str:
    """SHA-256 that stands for a model's files.

    Of the MLmodel file alone where that holds sums, since loading checks them; else of all files.
    """
    with open(os.path.join(folder, FILE_NAME), "rb") as file:
        digest = hashlib.sha256(file.read())
    model = read_mlmodel(folder)
    if not (model.metadata or {}).get("clew"):
        digest.update(json.dumps(file_sums(folder), sort_keys=True).encode())
    return digest.hexdigest()


def send(spark: Any, folder: str) -> tuple[str, str]:
    """Give a model's files to the session, unless it has them; (archive, seal).

    Raises:
        Corrupt: a file differs from its recorded sum.
    """
    check_sums(folder, read_mlmodel(folder))
    found = seal(folder)
    archive = f"clew-model-{found[:32]}.zip"
    sent = _sent.setdefault(spark.sparkContext, set())
    if archive not in sent:
        place = tempfile.mkdtemp(prefix="clew-spark-")
        # Machines that join later fetch it, too, so it stays as long as the session's context.
        weakref.finalize(spark.sparkContext, shutil.rmtree, place, True)
        path = os.path.join(place, archive)
        _pack(folder, path)
        spark.sparkContext.addArchive(path)
        sent.add(archive)
    return archive, found


_sent: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()


def _pack(folder: str, path: str) -> None:
    # Model files hardly shrink, and packing would cost more than copying saves.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.write(os.path.join(folder, FILE_NAME), FILE_NAME)
        for name, file in model_files(folder):
            archive.write(file, name)


def to_fields(shipment: Shipment) -> Mapping[str, Any]:
    """Plain values, which are read back where Clew is missing, too."""
    return msgspec.structs.asdict(shipment)
