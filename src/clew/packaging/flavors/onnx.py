"""ONNX models: ``model.onnx``, asked through onnxruntime. The format holds no code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from clew.errors import Corrupt, InvalidValue, MissingPackage
from clew.packaging import inference
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.manifest import inside

_log = logging.getLogger("clew.packaging")

name: Final = "onnx"
loader_module: Final = "mlflow.onnx"

_FILE: Final = "model.onnx"
_PROVIDERS: Final = ("CUDAExecutionProvider", "CPUExecutionProvider")
_OPTIONS: Final = ("inter_op_num_threads", "intra_op_num_threads", "execution_mode", "graph_optimization_level")


def matches(model: object) -> bool:
    """Whether the model is an ``onnx.ModelProto``; without onnx imported nothing is."""
    module = sys.modules.get("onnx")
    return module is not None and hasattr(module, "ModelProto") and isinstance(model, module.ModelProto)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.onnx``, with tensors beside it where one file could not hold them.

    options: ``onnx_execution_providers`` (default CUDA, then the processor), ``onnx_session_options`` (threads and
    mode of onnxruntime), ``save_as_external_data`` (default true: large tensors lie in files of their own).

    Raises:
        InvalidValue: no ONNX model, or an unknown session option.
    """
    onnx = _need("onnx")
    if not isinstance(model, onnx.ModelProto):
        raise InvalidValue(f"onnx_model must be an onnx.ModelProto; it is a {type(model).__name__}.")
    session = options.get("onnx_session_options")
    if odd := sorted(set(session or ()) - {*_OPTIONS, "extra_session_config"}):
        raise InvalidValue(f"onnx_session_options has {odd}; known: {', '.join(_OPTIONS)}, extra_session_config.")
    path = os.path.join(folder, _FILE)
    onnx.save_model(_copy(onnx, model), path, save_as_external_data=options.get("save_as_external_data", True))
    config = {
        "data": _FILE,
        "onnx_version": str(onnx.__version__),
        "providers": list(options.get("onnx_execution_providers") or _PROVIDERS),
        "onnx_session_options": session,
    }
    return SavedFlavor(
        config=config,
        pyfunc={"loader_module": loader_module, "data": _FILE},
        packages=["onnx", "onnxruntime", "numpy"],
        ready=serve(model, folder, config) if options.get("input_example") is not None else None,
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The ``onnx.ModelProto``, checked.

    Raises:
        Corrupt: the file is no valid model.
    """
    del policy  # nothing in it runs
    onnx = _need("onnx")
    path = inside(folder, config.get("data") or _FILE)
    try:
        onnx.checker.check_model(path)
        return onnx.load(path)
    except (ValueError, OSError, onnx.checker.ValidationError, _decode_error()) as error:
        raise Corrupt(f"{path} cannot be read as an ONNX model: {error}.") from error


def serve(model: Any, folder: str, config: Mapping[str, Any]) -> Any:
    """The onnxruntime session that answers for the model in ``folder``.

    Raises:
        Corrupt: onnxruntime cannot run it.
    """
    del model  # the session reads the file, whose tensors may lie beside it
    runtime = _need("onnxruntime")
    path = inside(folder, config.get("data") or _FILE)
    present = set(runtime.get_available_providers())
    given = config.get("providers") or _PROVIDERS
    wanted = [tuple(p) if isinstance(p, list) else p for p in ([given] if isinstance(given, str) else given)]
    usable = [p for p in wanted if (p[0] if isinstance(p, tuple) else p) in present]
    try:
        return runtime.InferenceSession(
            path, providers=usable or ["CPUExecutionProvider"], sess_options=_session_options(runtime, config)
        )
    except (RuntimeError, ValueError, runtime.capi.onnxruntime_pybind11_state.Fail) as error:
        raise Corrupt(f"onnxruntime cannot run {path}: {error}.") from error


def predict(session: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """The answers by the names of the model's outputs: a dict of arrays; for a frame, a frame.

    data: a dict of arrays by input name, one array where the model has one input, or a frame: all its columns as one
    input, or a column for each of several inputs. float64 becomes float32 where the model takes that.

    Raises:
        InvalidValue: data do not fit the model's inputs.
    """
    del config, params  # the runtime takes none
    inputs = {one.name: one.type for one in session.get_inputs()}
    feed = _feed(data, list(inputs))
    for key, kind in inputs.items():
        if kind == "tensor(float)" and getattr(feed.get(key), "dtype", None) == np.float64:
            feed[key] = feed[key].astype(np.float32)
    outputs = [one.name for one in session.get_outputs()]
    answers = session.run(outputs, feed)
    if not inference.is_frame(data):
        return dict(zip(outputs, answers, strict=True))
    import pandas

    return pandas.DataFrame({key: _column(part) for key, part in zip(outputs, answers, strict=True)})


def _column(part: Any) -> Any:
    """An output as one column: a number per row, or a list where a row has several."""
    array = np.asarray(part)
    return array.reshape(-1) if array.ndim < 2 or array.size == len(array) else array.tolist()


def _feed(data: Any, names: list[str]) -> dict[str, Any]:
    if isinstance(data, dict):
        return dict(data)
    if inference.is_frame(data):
        if len(names) == 1:
            return {names[0]: data.to_numpy()}
        return {key: data[key].to_numpy() for key in names}
    if not isinstance(data, np.ndarray):
        raise InvalidValue(f"An ONNX model takes an array, a dict of arrays or a frame, not a {type(data).__name__}.")
    if len(names) != 1:
        raise InvalidValue(f"The model has the inputs {', '.join(names)}; give a dict or a frame with these names.")
    return {names[0]: data}


def _session_options(runtime: Any, config: Mapping[str, Any]) -> Any:
    options = runtime.SessionOptions()
    given = config.get("onnx_session_options") or {}
    for key in ("inter_op_num_threads", "intra_op_num_threads"):
        if given.get(key):
            setattr(options, key, int(given[key]))
    if mode := given.get("execution_mode"):
        options.execution_mode = getattr(runtime.ExecutionMode, f"ORT_{str(mode).upper()}")
    if level := given.get("graph_optimization_level"):
        options.graph_optimization_level = runtime.GraphOptimizationLevel(level)
    for key, value in (given.get("extra_session_config") or {}).items():
        options.add_session_config_entry(str(key), str(value))
    return options


def _copy(onnx: Any, model: Any) -> Any:
    # Saving with external data empties the tensors of the model that it is given.
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _decode_error() -> type[Exception]:
    kind: type[Exception] = _need("google.protobuf.message").DecodeError
    return kind


def _need(module: str) -> Any:
    try:
        return __import__(module, fromlist=["_"])
    except ImportError:
        raise MissingPackage("ONNX models need onnx and onnxruntime: pip install onnx onnxruntime") from None
