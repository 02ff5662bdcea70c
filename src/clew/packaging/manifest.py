"""The MLmodel file: its fields, its YAML, and the checks that what it names is harmless and unchanged.

Everything in the file may come from an attacker: YAML is read as plain data, names must stay inside the
directory, links are refused. Sums of all files, written at log time, stand under ``metadata.clew`` so that a tool
that rewrites the file keeps them.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from clew.errors import Corrupt, Denied, InvalidValue, NotFound
from clew.packaging.signature import ModelSignature
from clew.packaging.yamltext import read_yaml, write_yaml

FILE_NAME: Final = "MLmodel"
FORMAT_LEVEL: Final = "3.17.2"
"""The MLflow version whose MLmodel format is written."""
MAX_FILE_BYTES: Final = 16 << 20
"""An MLmodel file larger than this is refused: real ones have a few kilobytes."""
_CHUNK: Final = 1 << 20


class MLmodel(msgspec.Struct, kw_only=True):
    """The fields of an MLmodel file.

    flavors: flavor name to its configuration; the only field that loading needs.
    artifact_path: where the model was logged, a name or a URI.
    model_uuid: the model id where there is one, else 32 hex digits.
    utc_time_created: ``YYYY-MM-DD HH:MM:SS.ffffff``, UTC.
    model_size_bytes: all files but the MLmodel file itself.
    saved_input_example_info: where the input example lies and how it is written, or None.
    metadata: the user's map; our own facts stand under its key ``clew``.
    """

    flavors: dict[str, dict[str, Any]]
    artifact_path: str | None = None
    run_id: str | None = None
    model_id: str | None = None
    model_uuid: str | None = None
    utc_time_created: str | None = None
    mlflow_version: str | None = None
    model_size_bytes: int | None = None
    signature: ModelSignature | None = None
    saved_input_example_info: dict[str, Any] | None = None
    is_signature_from_type_hint: bool = False
    type_hint_from_example: bool = False
    metadata: dict[str, Any] | None = None

    def get_input_schema(self) -> object:
        """The schema of the inputs, or None."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> object:
        """The schema of the outputs, or None."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> object:
        """The schema of the params, or None."""
        return self.signature.params if self.signature else None

    def to_yaml(self) -> str:
        """The text of the file."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        fields["signature"] = self.signature.to_dict() if self.signature else None
        kept = {name: value for name, value in fields.items() if value is not None or name in _NULLS}
        kept["prompts"] = None
        return write_yaml(kept, sort_keys=True)

    @classmethod
    def from_yaml(cls, text: str, where: str = FILE_NAME) -> MLmodel:
        """The fields that ``text`` holds; unknown ones are left out.

        where: what messages call the file.

        Raises:
            InvalidValue: not YAML, no ``flavors``, or a field of the wrong kind.
        """
        try:
            fields = read_yaml(text)
        except ValueError as error:
            raise InvalidValue(f"{where} is not valid YAML: {error}.") from None
        if not isinstance(fields, dict) or not isinstance(fields.get("flavors"), dict):
            raise InvalidValue(f"{where} has no map named 'flavors', so it describes no model.")
        known = {name: fields[name] for name in cls.__struct_fields__ if fields.get(name) is not None}
        for name, value in known.items():
            kind = _KINDS.get(name, str)
            if kind is not str and not isinstance(value, kind):
                raise InvalidValue(f"{where}: {name!r} must be a {_NOUNS[kind]}, not a {type(value).__name__}.")
        known = {name: value if name in _KINDS else str(value) for name, value in known.items()}
        if any(not isinstance(config, dict) for config in known["flavors"].values()):
            raise InvalidValue(f"{where}: every flavor must be a map.")
        known["signature"] = ModelSignature.from_dict(known.get("signature", {}))
        return cls(**known)


_NULLS = ("model_id",)
_NOUNS: dict[type, str] = {dict: "map", int: "number", bool: "boolean"}
_KINDS: dict[str, type] = {
    "flavors": dict,
    "model_size_bytes": int,
    "signature": dict,
    "saved_input_example_info": dict,
    "is_signature_from_type_hint": bool,
    "type_hint_from_example": bool,
    "metadata": dict,
}


def read_mlmodel(folder: str) -> MLmodel:
    """The MLmodel file of a model directory.

    Raises:
        NotFound: the folder or its MLmodel file is missing.
        InvalidValue: the file cannot be read as an MLmodel file.
        Denied: it is a link.
    """
    if not os.path.isdir(folder):
        raise NotFound(f"No model directory at {folder}.")
    path = os.path.join(folder, FILE_NAME)
    if not os.path.lexists(path):
        raise NotFound(f"{folder} has no {FILE_NAME} file, so it is not a model directory.")
    inside(folder, FILE_NAME)
    with open(path, "rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise InvalidValue(f"{path} is larger than {MAX_FILE_BYTES} bytes, so it is not read.")
    try:
        return MLmodel.from_yaml(raw.decode(), path)
    except UnicodeDecodeError:
        raise InvalidValue(f"{path} is not UTF-8 text.") from None


def write_mlmodel(folder: str, model: MLmodel) -> None:
    """Write the MLmodel file, replacing an older one whole."""
    path = os.path.join(folder, FILE_NAME)
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(model.to_yaml())
    os.replace(path + ".tmp", path)


def inside(folder: str, name: object) -> str:
    """The path of a file or folder that an MLmodel file names, proven to lie inside ``folder``.

    Raises:
        Denied: the name is absolute, climbs out, or runs over a link.
        NotFound: nothing is there.
    """
    if not isinstance(name, str) or not name or "\x00" in name or "\\" in name:
        raise Denied(f"The model names {name!r} as a file; a relative path with / was expected.")
    normal = posixpath.normpath(name)
    if posixpath.isabs(name) or normal.startswith("..") or os.path.splitdrive(name)[0]:
        raise Denied(f"The model names {name!r}, which lies outside its directory.")
    path = folder
    for part in normal.split("/"):
        path = os.path.join(path, part)
        if os.path.islink(path):
            raise Denied(f"{path} is a link; models with links are not loaded.")
    if not os.path.exists(path):
        raise NotFound(f"The model names {name!r}, which is missing in {folder}.")
    return path


def model_files(folder: str) -> Iterator[tuple[str, str]]:
    """(name with /, path) of every file below a model directory but MLmodel, sorted by name.

    Raises:
        Denied: a link or something that is neither file nor folder lies in it.
    """
    found = []
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(root, name)
            if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path)):
                raise Denied(f"{path} is a link or a special file; models with such files are not loaded.")
        found += [os.path.join(root, name) for name in files]
    names = {os.path.relpath(path, folder).replace(os.sep, "/"): path for path in found}
    return iter(sorted((name, path) for name, path in names.items() if name != FILE_NAME))


def file_sums(folder: str) -> dict[str, dict[str, Any]]:
    """Size in bytes and SHA-256 of every file but MLmodel, by name.

    Cost: reads all files.
    """
    sums = {}
    for name, path in model_files(folder):
        digest, size = hashlib.sha256(), 0
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
        sums[name] = {"sha256": digest.hexdigest(), "size": size}
    return sums


def sums_digest(model: MLmodel) -> str | None:
    """SHA-256 over the recorded sums and flavors: one text that stands for the whole model; None without sums."""
    sums = recorded_sums(model)
    if sums is None:
        return None
    text = json.dumps({"files": sums, "flavors": model.flavors}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def recorded_sums(model: MLmodel) -> Mapping[str, Mapping[str, Any]] | None:
    """The sums written at log time, or None where the model has none (another tool wrote it)."""
    ours = (model.metadata or {}).get("clew")
    files = ours.get("files") if isinstance(ours, dict) else None
    return files if isinstance(files, dict) else None


# Files that other tools add to or rewrite in a finished model directory.
_FREE = ("registered_model_meta", "conda.yaml", "python_env.yaml", "requirements.txt")


def check_sums(folder: str, model: MLmodel) -> bool:
    """Whether the directory has sums; where it has, they are checked.

    Raises:
        Corrupt: a file is missing, changed, or was added since the model was logged.
    """
    recorded = recorded_sums(model)
    if recorded is None:
        return False
    found = file_sums(folder)
    caches = {name for name in found.keys() - recorded.keys() if _is_cache(name, model)}
    changed = [
        name
        for name in sorted({*recorded, *found} - caches - set(_FREE))
        if name not in recorded or name not in found or dict(recorded[name]) != found[name]
    ]
    if changed:
        raise Corrupt(
            f"The model in {folder} is not as it was logged: {', '.join(changed[:5])} "
            f"{'differs' if len(changed) == 1 else 'differ'} from its SHA-256 sums. Fetch it again, or log it anew."
        )
    return True


def _is_cache(name: str, model: MLmodel) -> bool:
    """Whether a file is one that Python adds to a code folder when others load the model; Clew reads none of these."""
    folders = {str(config["code"]).rstrip("/") for config in model.flavors.values() if config.get("code")}
    return "/__pycache__/" in name and any(name.startswith(f"{folder}/") for folder in folders)
