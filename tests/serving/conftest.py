"""Saved models, and a scoring process that serves them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import clew
from clew.packaging.save import ModelOptions, save_model
from clew.packaging.schema import ColumnSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from clew.packaging.signature import ModelSignature

TYPED = [
    ("flag", DataType.BOOLEAN),
    ("small", DataType.INTEGER),
    ("whole", DataType.LONG),
    ("short", DataType.FLOAT),
    ("number", DataType.DOUBLE),
    ("text", DataType.STRING),
    ("raw", DataType.BINARY),
    ("time", DataType.DATETIME),
]
LINE = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 0.0, 1.0]})


class Server:
    """A scoring process, asked without a client."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        command = [sys.executable, "-m", "clew", "models", "serve", "--port", "0", *arguments]
        with open(folder / "serve.log", "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, cwd=folder, env={**os.environ, **environ}
            )
        assert self.process.stdout is not None
        said = b""
        for line in self.process.stdout:
            said += line
            if found := re.search(rb"Clew serves .* at http://[\w.]+:(\d+)/invocations", line):
                self.port = int(found[1])
                break
        else:
            self.process.stdout.close()
            self.process.wait(20)
            raise AssertionError(said.decode() + (folder / "serve.log").read_text())

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def ask(self, fields: Any, path: str = "/invocations", kind: str = "application/json") -> tuple[int, Any]:
        """Status and JSON of a scoring request."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        status, headers, answer = self.request("POST", path, body, {"content-type": kind} if kind else {})
        return status, json.loads(answer) if headers["content-type"].startswith("application/json") else answer

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A linear model of two columns."""
    folder = str(tmp_path_factory.mktemp("line") / "m")
    model = LinearRegression().fit(LINE, LINE["a"] * 2 + LINE["b"])
    save_model(model, folder, options=ModelOptions(input_example=LINE))
    return folder


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that tells what it was given, with a column of every type and a param."""

    def told(model_input: Any, params: Any = None) -> Any:
        """What the model was given, as texts."""
        rows = [{name: repr(value) for name, value in row.items()} for row in model_input.to_dict(orient="records")]
        return [{**row, "times": (params or {}).get("times")} for row in rows]

    folder = str(tmp_path_factory.mktemp("typed") / "m")
    signature = ModelSignature(
        inputs=Schema(tuple(ColumnSpec(kind, name, required=False) for name, kind in TYPED)),
        params=ParamSchema((ParamSpec("times", DataType.LONG, 1),)),
    )
    clew.pyfunc.save_model(folder, python_model=told, signature=signature)
    return folder


@pytest.fixture(scope="session")
def tensor(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of one tensor, which it doubles."""
    folder = str(tmp_path_factory.mktemp("tensor") / "m")
    signature = ModelSignature(inputs=Schema((TensorSpec("float32", (-1, 2)),)))
    clew.pyfunc.save_model(folder, python_model=lambda model_input: model_input * 2, signature=signature)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, line: str, typed: str, tensor: str) -> Iterator[Server]:
    """All three models in one process; the linear one is the first."""
    named = [f"line={line}", f"typed={typed}", f"tensor={tensor}"]
    process = Server(
        tmp_path_factory.mktemp("server"),
        *(argument for one in named for argument in ("-m", one)),
        *("--trust", "pickle", "--max-body-mb", "1"),
    )
    yield process
    process.stop()
