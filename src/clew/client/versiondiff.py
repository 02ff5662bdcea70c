"""Versions of a registered model beside each other, and what a caller of the first would trip over in the last."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from clew.client.api import ClewClient
from clew.client.lineage import get_lineage
from clew.client.modelplaces import locate
from clew.errors import InvalidValue, NotFound
from clew.packaging.manifest import FILE_NAME, MLmodel, read_mlmodel, recorded_sums
from clew.packaging.schema import ColumnSpec, DataType, Schema, TensorSpec, describe_type
from clew.packaging.signature import ModelSignature

_T = TypeVar("_T")
_WIDER: dict[DataType, frozenset[DataType]] = {
    DataType.LONG: frozenset({DataType.INTEGER}),
    DataType.DOUBLE: frozenset({DataType.FLOAT, DataType.INTEGER}),
}
"""What each type of an input takes without a word beside its own."""


class VersionComparison(NamedTuple):
    """What differs between versions of a registered model.

    Each map has the keys that are not the same in all of them, and per key one value for each version, None where it
    has no such key. params, metrics: of the logged model, or of the run where that has none. inputs, outputs: the
    types of the signature. requirements: by package, as in ``requirements.txt``. files: SHA-256 sums by name.
    breaking: in words, what a caller of the first version would trip over in the last.
    """

    name: str
    versions: tuple[str, ...]
    params: dict[str, tuple[str | None, ...]]
    metrics: dict[str, tuple[float | None, ...]]
    tags: dict[str, tuple[str | None, ...]]
    inputs: dict[str, tuple[str | None, ...]]
    outputs: dict[str, tuple[str | None, ...]]
    requirements: dict[str, tuple[str | None, ...]]
    files: dict[str, tuple[str | None, ...]]
    breaking: tuple[str, ...]


class _Facts(NamedTuple):
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    signature: ModelSignature | None
    requirements: Mapping[str, str]
    files: Mapping[str, str]


def compare_versions(name: str, versions: Sequence[str | int]) -> VersionComparison:
    """What differs between versions of a registered model.

    versions: two or more numbers. Of the files, ``MLmodel`` and ``requirements.txt`` are fetched.

    Raises:
        InvalidValue: fewer than two versions. NotFound: there is no such version, or it has no MLmodel file.
    """
    numbers = tuple(str(number) for number in versions)
    if len(numbers) < 2:
        raise InvalidValue("Two or more versions are compared with each other; give their numbers.")
    client = ClewClient()
    facts = [_facts(client, name, number) for number in numbers]
    first, last = facts[0].signature, facts[-1].signature
    return VersionComparison(
        name=name,
        versions=numbers,
        params=_differing(facts, lambda one: one.params),
        metrics=_differing(facts, lambda one: one.metrics),
        tags=_differing(facts, lambda one: one.tags),
        inputs=_differing(facts, lambda one: _types(one.signature.inputs if one.signature else None)),
        outputs=_differing(facts, lambda one: _types(one.signature.outputs if one.signature else None)),
        requirements=_differing(facts, lambda one: one.requirements),
        files=_differing(facts, lambda one: one.files),
        breaking=tuple(_breaking(first, last)) if first and last else (),
    )


def _facts(client: ClewClient, name: str, number: str) -> _Facts:
    uri = f"models:/{name}/{number}"
    origin = get_lineage(uri)
    version = origin.version
    run = origin.run.data if origin.run else None
    manifest, requirements = _files(client, uri)
    return _Facts(
        params=version.params or (run.params if run else {}),
        metrics={one.key: one.value for one in version.metrics} or (run.metrics if run else {}),
        tags=version.tags,
        signature=manifest.signature,
        requirements=requirements,
        files={file: str(entry.get("sha256", "")) for file, entry in (recorded_sums(manifest) or {}).items()},
    )


def _files(client: ClewClient, uri: str) -> tuple[MLmodel, dict[str, str]]:
    """What the MLmodel file says, and the lines of the requirements by package."""
    place = locate(client, uri)
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:

        def fetch(file: str) -> str:
            return client.download_uri(place.root, "/".join(part for part in (place.path, file) if part), folder)

        manifest = read_mlmodel(os.path.dirname(fetch(FILE_NAME)))
        try:
            with open(fetch("requirements.txt"), encoding="utf-8") as lines:
                return manifest, {_package(line): line.strip() for line in lines if line.strip()}
        except NotFound:
            return manifest, {}


def _package(line: str) -> str:
    end = next((place for place, letter in enumerate(line) if letter in " =<>!~;[@\n"), len(line))
    return line[:end].lower().replace("_", "-") or line.strip()


def _differing(facts: Sequence[_Facts], read: Callable[[_Facts], Mapping[str, _T]]) -> dict[str, tuple[_T | None, ...]]:
    maps = [read(one) for one in facts]
    rows = {key: tuple(one.get(key) for one in maps) for key in dict.fromkeys(key for one in maps for key in one)}
    return {key: row for key, row in rows.items() if any(value != row[0] for value in row)}


def _types(schema: Schema | None) -> dict[str, str]:
    return {name: _type(spec) for name, spec in _specs(schema).items()}


def _type(spec: ColumnSpec | TensorSpec) -> str:
    if isinstance(spec, TensorSpec):
        return f"{spec.dtype}{list(spec.shape)}"
    return describe_type(spec.type) + ("" if spec.required else ", optional")


def _breaking(old: ModelSignature, new: ModelSignature) -> list[str]:
    before, after = _specs(old.inputs), _specs(new.inputs)
    faults = [
        f"input {name!r} is required now"
        for name, spec in after.items()
        if before and _required(spec) and (name not in before or not _required(before[name]))
    ]
    faults += [
        f"input {name!r} was {_type(before[name])} and is {_type(spec)}"
        for name, spec in after.items()
        if name in before and not _takes(spec, before[name])
    ]
    gone, now = _specs(old.outputs), _specs(new.outputs)
    for name, spec in gone.items() if now else ():
        if name not in now:
            faults.append(f"output {name!r} is gone")
        elif _type(spec) != _type(now[name]):
            faults.append(f"output {name!r} was {_type(spec)} and is {_type(now[name])}")
    return faults


def _specs(schema: Schema | None) -> dict[str, ColumnSpec | TensorSpec]:
    specs: tuple[ColumnSpec | TensorSpec, ...] = (*schema.columns, *schema.tensors) if schema else ()
    return {str(place if spec.name is None else spec.name): spec for place, spec in enumerate(specs)}


def _required(spec: ColumnSpec | TensorSpec) -> bool:
    return getattr(spec, "required", True)


def _takes(new: ColumnSpec | TensorSpec, old: ColumnSpec | TensorSpec) -> bool:
    """Whether what was given for the old input may be given for the new one."""
    if isinstance(new, TensorSpec) or isinstance(old, TensorSpec):
        return _type(new) == _type(old)
    wider = _WIDER.get(new.type, frozenset()) if isinstance(new.type, DataType) else frozenset()
    return new.type == old.type or old.type in wider
