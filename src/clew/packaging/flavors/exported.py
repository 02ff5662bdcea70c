"""Exported PyTorch programs (``.pt2``) searched for whatever would run code while it loads.

``torch.export.load`` is not safe by itself (torch 2.13): it unpickles weights, constants and sample inputs that a
config marks as pickled, takes any attribute of ``torch``, ``torch.os.system`` too, as an operation, hands the texts of
sizes to sympy, which evaluates them, and compiles guards. So a program that is not trusted is read here first, and only
one of raw tensors, ATen operations and plain arithmetic passes.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from clew.errors import Corrupt, Denied

_TEXTS: Final = ("version", "archive_format", "archive_version", "byteorder", "serialization_id")
_PLAIN: Final = re.compile(rb"[\w.\- ]{0,64}\n?")
_ENTRIES: Final = re.compile(r"(models/[^/]+\.json|data/(weights|constants)/[^/]+|data/sample_inputs/[^/]+\.pt)")
_RAW: Final = re.compile(r"(weight|tensor)_\d+")
_OPERATORS: Final = re.compile(
    r"torch\.ops\.(aten|prims)\.[a-z_0-9]+(\.[A-Za-z_0-9]+)?"
    r"|torch\.ops\.higher_order\.(cond|wrap_with_set_grad_enabled|wrap_with_autocast)"
    r"|torch\.sym_(float|int|max|min|not|ite|sum)"
    r"|_operator\.(add|sub|mul|truediv|floordiv|mod|pow|neg|pos|lt|le|eq|ne|ge|gt|and_|or_|getitem)"
    r"|math\.(ceil|floor|trunc|sqrt)"
)
_FILES: Final = re.compile(r"file|storage|_resize|set_", re.IGNORECASE)
"""ATen operations that open files or change what a tensor stands on."""
_FUNCTIONS: Final = frozenset(
    "Abs Add And CeilDiv CeilToInt CleanDiv Eq Float FloatPow FloatTrueDiv FloorDiv FloorToInt Ge Gt Identity "
    "IntTrueDiv Integer LShift Le Lt Max Min Mod ModularIndexing Mul Ne Not Or Pow PowByNatural PythonMod RShift "
    "Rational RoundDecimal RoundToInt Symbol ToFloat TruncToFloat TruncToInt Where ceiling floor sqrt".split()
)
_SYMBOL: Final = re.compile(r"-?int_oo|[a-z]{1,4}\d+|True|False|zoo|oo")
_ARITHMETIC: Final = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
    ast.keyword,
)


def check_program(path: str) -> None:
    """Refuse an archive that would do more than compute on its own tensors.

    Cost: reads all of it but the raw weights.

    Raises:
        Denied: something in it could run code. Corrupt: it is no such archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive, path)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Corrupt(f"{path} cannot be read as an exported PyTorch program: {error}.") from error


def _check(archive: zipfile.ZipFile, path: str) -> None:
    tops = {name.partition("/")[0] for name in archive.namelist()}
    if len(tops) != 1:
        raise _denied(path, "several folders")
    raw = set(_raw_tensors(archive, path))
    for name in archive.namelist():
        inner = name.partition("/")[2]
        if inner.rpartition("/")[2] in _TEXTS:
            if not _PLAIN.fullmatch(archive.read(name)):
                raise _denied(path, name)
        elif not _ENTRIES.fullmatch(inner):
            raise _denied(path, name)
        elif inner.startswith("models/"):
            _check_graph(json.loads(archive.read(name)), path)
        elif inner.startswith("data/sample_inputs/"):
            _check_tensors(archive.read(name), path, name)
        elif not inner.endswith(".json") and name not in raw:
            raise _denied(path, name)


def _raw_tensors(archive: zipfile.ZipFile, path: str) -> Iterator[str]:
    """Entries that the loader reads as the bytes of a tensor, and never as a pickle."""
    for config in archive.namelist():
        if not re.search(r"data/(weights|constants)/[^/]+\.json$", config):
            continue
        folder = config.rpartition("/")[0]
        for entry in json.loads(archive.read(config))["config"].values():
            if entry.get("use_pickle") is not False or not _RAW.fullmatch(str(entry["path_name"])):
                raise _denied(path, f"{folder}/{entry['path_name']}, a pickle")
            yield f"{folder}/{entry['path_name']}"


def _check_tensors(content: bytes, path: str, name: str) -> None:
    import pickle

    import torch

    if not content:
        return
    try:
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError):
        raise _denied(path, f"{name}, a pickle of more than tensors") from None


def _check_graph(node: Any, path: str) -> None:
    if isinstance(node, list):
        for part in node:
            _check_graph(part, path)
    elif isinstance(node, dict):
        for key, value in node.items():
            check = _CHECKS.get(key)
            if check is not None:
                check(value, path)
            _check_graph(value, path)


def _check_operation(value: Any, path: str) -> None:
    if isinstance(value, str) and (not _OPERATORS.fullmatch(value) or _FILES.search(value)):
        raise _denied(path, f"the operation {value[:80]!r}")


def _check_structure(value: Any, path: str) -> None:
    if isinstance(value, str) and ("__enum__" in value or "defaultdict" in value):
        raise _denied(path, "a structure that names a module")


def _check_sizes(texts: Any, path: str) -> None:
    for text in [texts] if isinstance(texts, str) else texts:
        _check_arithmetic(str(text), path, guard=False)


def _check_guards(texts: Any, path: str) -> None:
    for text in texts or ():
        _check_arithmetic(str(text), path, guard=True)


_CHECKS: Final[Mapping[str, Callable[[Any, str], None]]] = {
    "target": _check_operation,
    "as_operator": _check_operation,
    "expr_str": _check_sizes,
    "range_constraints": _check_sizes,
    "guards_code": _check_guards,
    "in_spec": _check_structure,
    "out_spec": _check_structure,
}
"""What the loader makes more of than data, by its key in the graph's JSON."""


def _check_arithmetic(text: str, path: str, *, guard: bool) -> None:
    """Refuse a text that is more than arithmetic over sizes.

    guard: the text may look at ``L['args']``, the sizes of what the program is called with.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise _denied(path, f"the expression {text[:80]!r}") from None
    for part in ast.walk(tree):
        if not (isinstance(part, _ARITHMETIC) or _harmless(part, guard)):
            raise _denied(path, f"the expression {text[:80]!r}")


def _harmless(part: ast.AST, guard: bool) -> bool:
    if isinstance(part, ast.Constant):
        value = part.value
        named = isinstance(value, str) and bool(_SYMBOL.fullmatch(value))
        return isinstance(value, int | float) or named or (guard and value in ("args", "kwargs"))
    if isinstance(part, ast.Name):
        return bool(_SYMBOL.fullmatch(part.id)) or part.id in _FUNCTIONS or (guard and part.id == "L")
    if isinstance(part, ast.Call):
        if isinstance(part.func, ast.Name):
            return part.func.id in _FUNCTIONS
        return guard and not part.args and not part.keywords
    if isinstance(part, ast.Attribute):
        return guard and part.attr in ("size", "stride", "storage_offset")
    return guard and isinstance(part, ast.Subscript)


def _denied(path: str, what: str) -> Denied:
    return Denied(
        f"{path} holds {what}, which could run code while it loads. If you trust who wrote it, load it with "
        "trust='pickle'."
    )
