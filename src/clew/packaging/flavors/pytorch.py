"""PyTorch models: an exported program where there is an input example, a pickle where there is none.

An exported program (``data/model.pt2``) is a graph of operations and its tensors; it needs neither the model's class
nor trust, once ``exported`` has looked through it. A pickle (``data/model.pth``) holds the module itself.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from clew.errors import Corrupt, Denied, InvalidValue, MissingPackage, NotFound
from clew.packaging import inference
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.exported import check_program
from clew.packaging.manifest import inside
from clew.packaging.signature import ModelSignature

_log = logging.getLogger("clew.packaging")

name: Final = "pytorch"
loader_module: Final = "mlflow.pytorch"

FORMATS: Final = ("pt2", "pickle")
_FOLDER: Final = "data"
_EXPORTED: Final = "model.pt2"
_PICKLED: Final = "model.pth"
_PICKLE_INFO: Final = "pickle_module_info.txt"
_STATE: Final = "state_dict.pth"
_PICKLER: Final = "mlflow.pytorch.pickle_module"
"""What MLflow calls cloudpickle, so that it loads the model with what it has."""


def matches(model: object) -> bool:
    """Whether the model is a ``torch.nn.Module``; without torch imported nothing is."""
    module = sys.modules.get("torch.nn")
    return module is not None and isinstance(model, module.Module)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``data/model.pt2`` or ``data/model.pth``.

    options: ``serialization_format`` (pt2 or pickle; default pt2, and a pickle where there is no ``input_example`` or
    the model cannot be exported), ``input_example`` (an array, or several), ``signature``, ``silent``.

    Raises:
        InvalidValue: no module, unknown format, or a format was asked for that cannot hold this model.
    """
    torch = _torch()
    if not isinstance(model, torch.nn.Module):
        raise InvalidValue(f"pytorch_model must be a torch.nn.Module; it is a {type(model).__name__}.")
    wanted = options.get("serialization_format")
    if wanted is not None and wanted not in FORMATS:
        raise InvalidValue(f"serialization_format must be one of {', '.join(FORMATS)}, not {wanted!r}.")
    os.makedirs(os.path.join(folder, _FOLDER))
    exported = wanted != "pickle"
    if exported:
        try:
            _export(model, os.path.join(folder, _FOLDER, _EXPORTED), options)
        except InvalidValue as problem:
            if wanted is not None:
                raise
            exported = False
            level = logging.DEBUG if options.get("silent") else logging.WARNING
            _log.log(level, "The PyTorch model is saved as a pickle, which runs code when it is loaded: %s", problem)
    if not exported:
        _save_pickle(model, os.path.join(folder, _FOLDER))
    packages = ["torch", "numpy", *([] if exported else ["cloudpickle"])]
    modules = set() if exported else {type(part).__module__ for part in model.modules()}
    return SavedFlavor(
        config={"model_data": _FOLDER, "pytorch_version": str(torch.__version__)},
        pyfunc={
            "loader_module": loader_module,
            "data": _FOLDER,
            "pickle_module_name": _PICKLER,
            "config": {"device": None},
        },
        packages=packages,
        modules=sorted(modules),
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The module; of an exported program one that cannot be trained further.

    ``policy.model_config`` may hold ``device``, where the model goes; default the processor.

    Raises:
        Denied: a pickle, or a program that could run code, and the policy forbids that.
        Corrupt: the file cannot be read.
    """
    torch = _torch()
    data = inside(folder, config.get("model_data") or config.get("data") or _FOLDER)
    device = (policy.model_config or {}).get("device")
    if os.path.exists(os.path.join(data, _PICKLED)):
        module = _load_pickle(inside(data, _PICKLED), policy)
        module.eval()
        return module.to(device) if device else module
    path = inside(data, _EXPORTED)
    if policy.trust != "pickle":
        check_program(path)
    try:
        program = torch.export.load(path)
    except (RuntimeError, ValueError, KeyError, AssertionError) as error:
        raise Corrupt(f"{path} cannot be read as an exported PyTorch program: {error}.") from error
    if device and torch.device(device).type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    return program.module()


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What the module's ``forward`` answers, without gradients: an array; for a frame, a frame with its index.

    data: an array, which keeps its dtype, or a frame, whose columns become one float32 array.
    params: further arguments of ``forward``.

    Raises:
        InvalidValue: data of another kind, or the answer is no single tensor.
    """
    del config
    torch = _torch()
    frame = inference.is_frame(data)
    if frame:
        array = data.to_numpy(dtype="float32")
    elif hasattr(data, "dtype") and hasattr(data, "shape") and not inference.is_series(data):
        array = data
    else:
        raise InvalidValue(f"A PyTorch model takes an array or a data frame, not a {type(data).__name__}.")
    first = next(iter(model.parameters()), None)
    with torch.no_grad(), evaluating(model):
        # torch warns of arrays that it could not write to; a copy is made of those.
        given = torch.as_tensor(np.require(array, requirements="W"), device=first.device if first is not None else None)
        answer = model(given, **(params or {}))
    if not isinstance(answer, torch.Tensor):
        raise InvalidValue(f"The model answers a {type(answer).__name__}; behind pyfunc it must be one tensor.")
    values = answer.detach().cpu().numpy()
    if not frame:
        return values
    import pandas

    return pandas.DataFrame(values, index=data.index)


def save_state(state: Any, folder: str, options: Mapping[str, Any]) -> None:
    """Write a state dict as ``state_dict.pth``; ``options`` go to ``torch.save``.

    Raises:
        InvalidValue: it is no dict.
    """
    if not isinstance(state, dict):
        raise InvalidValue(f"state_dict must be a dict, not a {type(state).__name__}.")
    os.makedirs(folder, exist_ok=True)
    _torch().save(state, os.path.join(folder, _STATE), **options)


def load_state(folder: str, options: Mapping[str, Any]) -> Any:
    """The state dict of a folder; ``options`` go to ``torch.load``, which reads only tensors unless they say otherwise.

    Raises:
        NotFound: the folder has none. Denied: it holds more than tensors and plain containers.
    """
    path = os.path.join(folder, _STATE)
    if not os.path.isfile(path):
        raise NotFound(f"{folder} holds no {_STATE}.")
    try:
        return _torch().load(path, **{"weights_only": True, **options})
    except pickle.UnpicklingError as error:
        raise Denied(
            f"{path} holds more than tensors and plain containers ({str(error).strip().splitlines()[0]}). If you "
            "trust who wrote it, load it with weights_only=False."
        ) from error


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """A block in which the module and its parts are in evaluation mode; each is then as it was."""
    modes = [(part, part.training) for part in model.modules()]
    for part, _ in modes:
        part.training = False
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def _export(model: Any, path: str, options: Mapping[str, Any]) -> None:
    """Write the program that the model is for inputs like the example.

    Raises:
        InvalidValue: there is no example, or the model cannot be exported.
    """
    torch = _torch()
    if isinstance(model, torch.jit.ScriptModule):
        raise InvalidValue("a scripted module has no exported form")
    example = options.get("input_example")
    given = list(example) if isinstance(example, list | tuple) else [example]
    if example is None or not all(hasattr(part, "shape") and hasattr(part, "dtype") for part in given):
        raise InvalidValue("for an exported program, give an array or tensors as input_example=")
    first = next(iter(model.parameters()), None)
    place = first.device if first is not None else None
    tensors = [torch.as_tensor(np.require(part, requirements="W"), device=place) for part in given]
    # A size of one would stay one for ever.
    tensors = [torch.cat([part, part]) if part.ndim and part.shape[0] == 1 else part for part in tensors]
    shapes = [dict.fromkeys(free, torch.export.Dim.AUTO) for free in _free_axes(options.get("signature"), tensors)]
    try:
        with evaluating(model), torch.no_grad():
            program = torch.export.export(model, tuple(tensors), dynamic_shapes=shapes)
        torch.export.save(program, path)
    except Exception as error:  # export fails with errors of every kind
        if os.path.exists(path):
            os.unlink(path)
        raise InvalidValue(
            f"torch.export cannot export a {type(model).__name__}: {str(error).strip().splitlines()[0]}"
        ) from error


def _free_axes(signature: object, tensors: list[Any]) -> list[list[int]]:
    """Axes of each tensor whose size may differ from the example's: those that the signature says, else the first."""
    specs = signature.inputs.tensors if isinstance(signature, ModelSignature) and signature.inputs else ()
    if len(specs) == len(tensors):
        return [[axis for axis, size in enumerate(spec.shape) if size == -1] for spec in specs]
    return [[0] if part.ndim else [] for part in tensors]


def _save_pickle(model: Any, folder: str) -> None:
    torch = _torch()
    path = os.path.join(folder, _PICKLED)
    with open(os.path.join(folder, _PICKLE_INFO), "w", encoding="utf-8") as file:
        file.write(_PICKLER)
    if isinstance(model, torch.jit.ScriptModule):
        torch.jit.save(model, path)
        return
    try:
        torch.save(model, path, pickle_module=_pickler())
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidValue(f"{type(model).__name__} cannot be pickled: {error}.") from error


def _load_pickle(path: str, policy: LoadPolicy) -> Any:
    if policy.trust != "pickle":
        raise Denied(
            f"{path} is a pickle, which can run any code while it loads, and it was not logged by you into your own "
            "store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )
    torch = _torch()
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise Corrupt(f"{path} is a damaged pickle: {error}.") from error


def _pickler() -> Any:
    """The module cloudpickle as ``torch.save`` asks for it, which derives from ``Pickler``."""
    try:
        import cloudpickle
    except ImportError:
        raise MissingPackage("Pickled PyTorch models need cloudpickle: pip install cloudpickle") from None
    return types.SimpleNamespace(__name__="cloudpickle", Pickler=cloudpickle.CloudPickler, dump=cloudpickle.dump)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingPackage("PyTorch models need torch: pip install torch") from None
    return torch
