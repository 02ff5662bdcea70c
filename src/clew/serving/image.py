"""A folder out of which ``docker build`` makes an image that serves a model.

The image installs with pip what the model's requirements say and what serving needs, pinned, and nothing else from
anywhere: Clew's own code is copied out of this installation, so that it is the version that was tried.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

import clew
from clew.client.models import fetched
from clew.errors import AlreadyExists
from clew.packaging.flavor import Trust
from clew.packaging.manifest import read_mlmodel
from clew.packaging.yamltext import read_yaml

PORT: Final = 8080
_NEEDED: Final = (
    *("click", "httptools", "msgspec", "numpy", "pyyaml", "rich", "starlette", "uvicorn"),
    "uvloop",
)
_WITH_COLUMNS: Final = "pandas"
_FULL_IMAGE: Final = frozenset({"lightgbm"})  # needs libgomp, which the slim images lack
_OLDEST: Final = (3, 11)
_HOME: Final = "/opt/clew"


class Image(NamedTuple):
    """What was written. base: the image it starts from. trusted: whether the model may run code while it loads."""

    folder: str
    base: str
    trusted: bool


def write_context(
    model_uri: str, folder: str, *, trust: Trust | None = None, base: str | None = None, port: int = PORT
) -> Image:
    """Write Dockerfile, requirements, model and Clew's code into ``folder``, which is new or empty.

    trust: as for loading; without it the image trusts the model if this store does.
    base: the image to start from; default Python's own in the model's version.

    Raises:
        AlreadyExists: something lies in the folder. NotFound: no model is there. Corrupt: it is not as it was logged.
    """
    if os.path.isdir(folder) and os.listdir(folder):
        raise AlreadyExists(f"The folder {folder!r} is not empty; give another one.")
    with fetched(model_uri, trust=trust) as (source, policy):
        model = os.path.join(folder, "model")
        os.makedirs(folder, exist_ok=True)
        shutil.copytree(source, model)
        trusted = policy.trust == "pickle"
    lines = _requirements(model)
    base = base or _base_image(model, lines)
    _write(folder, "requirements.txt", "".join(f"{line}\n" for line in lines))
    _write(folder, "Dockerfile", _dockerfile(base, port, trusted))
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "static")
    shutil.copytree(os.path.dirname(clew.__file__), os.path.join(folder, "app", "clew"), ignore=leave)
    return Image(folder, base, trusted)


def command(port: int, *, trusted: bool) -> list[str]:
    """How the image, or somebody in its folder, serves the model."""
    words = ["python", "-m", "clew", "models", "serve", "-m", "model", "--host", "0.0.0.0", "--port", str(port)]
    return [*words, "--trust", "pickle"] if trusted else words


def _dockerfile(base: str, port: int, trusted: bool) -> str:
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/ping', timeout=4)"
    lines = (
        f"FROM {base}",
        "ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp",
        f"WORKDIR {_HOME}",
        "COPY requirements.txt ./",
        "RUN pip install --no-cache-dir -r requirements.txt",
        "COPY app ./app",
        "COPY model ./model",
        f"ENV PYTHONPATH={_HOME}/app",
        "# A number, so that Kubernetes can tell that it is not root; nothing in the image belongs to it.",
        "USER 10001:10001",
        f"EXPOSE {port}",
        "# The token that callers must send comes by the environment: docker run -e CLEW_SCORING_TOKEN=...",
        f"HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD {json.dumps(['python', '-c', ask])}",
        f"CMD {json.dumps(command(port, trusted=trusted))}",
    )
    return "\n".join(lines) + "\n"


def _requirements(model: str) -> list[str]:
    """The model's lines, and pins of what serving needs beside them."""
    path = os.path.join(model, "requirements.txt")
    lines: list[str] = []
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file if line.strip() and not line.lstrip().startswith("#")]
    named = set(_names(lines))
    signature = read_mlmodel(model).signature
    columns = signature is not None and signature.inputs is not None and not signature.inputs.tensors
    needed = (*_NEEDED, _WITH_COLUMNS) if columns else _NEEDED
    return lines + [f"{one}=={importlib.metadata.version(one)}" for one in needed if one not in named]


def _names(lines: Iterable[str]) -> Iterable[str]:
    """The distributions that lines of requirements name, in one spelling."""
    for line in lines:
        if found := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line):
            yield re.sub(r"[-_.]+", "-", found[0]).lower()


def _base_image(model: str, lines: Iterable[str]) -> str:
    slim = "" if _FULL_IMAGE & set(_names(lines)) else "-slim"
    return f"python:{_python_of(model)}{slim}"


def _python_of(model: str) -> str:
    """The Python that the model was made with, if Clew runs there, else this one."""
    own = ".".join(map(str, sys.version_info[:3]))
    try:
        with open(os.path.join(model, "python_env.yaml"), encoding="utf-8") as file:
            version = str(read_yaml(file.read())["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return own
    numbers = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", version)
    return version if numbers and (int(numbers[1]), int(numbers[2])) >= _OLDEST else own


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
