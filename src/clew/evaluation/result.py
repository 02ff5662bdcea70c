"""What an evaluation gives: metrics, and artifacts that are read when they are asked for."""

from __future__ import annotations

import json
import os
import shutil
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from clew.client.api import ClewClient
from clew.client.images import pil_of
from clew.client.scratch import goal_folder
from clew.entities import html
from clew.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    import pandas as pd

_KINDS: Final = {
    ".png": "Image",
    ".jpg": "Image",
    ".jpeg": "Image",
    ".csv": "Csv",
    ".json": "Json",
    ".npy": "Numpy",
    ".parquet": "Parquet",
    ".txt": "Text",
}
SUFFIXES: Final = tuple(_KINDS)
"""Of the files that an evaluation may have."""
TABLE: Final = "eval_results_table"
"""The artifact that has metrics of single rows."""


class EvaluationArtifact:
    """A file of an evaluation.

    uri: where it lies.
    """

    def __init__(self, uri: str, file: str | None = None) -> None:
        self.uri = uri
        self._file = file
        self._content: Any = None

    @property
    def content(self) -> Any:
        """What it holds: an image (PIL), frame, array, JSON value or text.

        Raises:
            NotFound: it is not there any more. MissingPackage: the package that reads it is not installed.
        """
        if self._content is None:
            self._content = _read(self.local_file())
        return self._content

    def local_file(self) -> str:
        """The path of the file on this machine, fetched where it is not; a fetched file goes when this object does.

        Raises:
            NotFound: it is not there any more, or not yet. Unavailable: the server is away.
        """
        if self._file is None or not os.path.exists(self._file):
            folder, _, name = self.uri.rpartition("/")
            scheme, _, run_id = folder.partition(":/")
            client = ClewClient()
            with goal_folder(None) as goal:
                self._file = (
                    client.download_artifacts(run_id, name, goal)
                    if scheme == "runs"
                    else client.download_uri(folder, name, goal)
                )
            weakref.finalize(self, shutil.rmtree, goal, True)
        return self._file

    def __repr__(self) -> str:
        return f"EvaluationArtifact(uri={self.uri!r})"


class EvaluationResult:
    """Metrics and artifacts of an evaluation.

    metrics: numbers by name. artifacts: files by name. run_id: of the run that has both.
    """

    def __init__(
        self, metrics: Mapping[str, float], artifacts: Mapping[str, EvaluationArtifact], run_id: str | None = None
    ) -> None:
        self.metrics = dict(metrics)
        self.artifacts = dict(artifacts)
        self.run_id = run_id

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the run: ``eval_results_table`` has a row per sample, where a metric has scores of rows."""
        found = {}
        for name, artifact in self.artifacts.items():
            if name == TABLE and self.run_id is not None:
                file = artifact.uri.rpartition("/")[2]
                found[name] = ClewClient().load_table("", file, run_ids=[self.run_id])
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write metrics and artifacts into a folder, in MLflow's form."""
        folder = os.path.join(os.fspath(path), "artifacts")
        os.makedirs(folder, exist_ok=True)
        notes = {}
        for name, artifact in self.artifacts.items():
            file = artifact.local_file()
            kind = _KINDS.get(os.path.splitext(file)[1], "Text")
            # MLflow's own loader finds its class by this name; ours goes by the suffix.
            notes[name] = {
                "uri": artifact.uri,
                "class_name": f"mlflow.models.evaluation.artifacts.{kind}EvaluationArtifact",
            }
            shutil.copyfile(file, os.path.join(folder, artifact.uri.rpartition("/")[2]))
        for name, content in (("metrics.json", self.metrics), ("artifacts_metadata.json", notes)):
            with open(os.path.join(path, name), "w", encoding="utf-8") as out:
                json.dump(content, out)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> EvaluationResult:
        """What ``save`` wrote.

        Raises:
            NotFound: there is no such folder, or nothing of the kind in it.
        """
        try:
            with open(os.path.join(path, "metrics.json"), encoding="utf-8") as file:
                metrics = json.load(file)
            with open(os.path.join(path, "artifacts_metadata.json"), encoding="utf-8") as file:
                notes = json.load(file)
        except OSError as error:
            raise NotFound(f"No evaluation is saved in {os.fspath(path)!r}: {error}") from error
        folder = os.path.join(path, "artifacts")
        artifacts = {
            name: EvaluationArtifact(note["uri"], os.path.join(folder, os.path.basename(note["uri"])))
            for name, note in notes.items()
        }
        return cls(metrics, artifacts)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={html.number(value)}" for name, value in self.metrics.items())
        return f"<EvaluationResult {shown}; artifacts: {', '.join(self.artifacts) or 'none'}>"

    def _repr_html_(self) -> str:
        rows = [[html.code(name), html.number(value)] for name, value in self.metrics.items()]
        parts = [html.section(f"Metrics ({len(rows)})", html.table((), rows))]
        if self.artifacts:
            files = [[html.code(name), a.uri.rpartition("/")[2]] for name, a in self.artifacts.items()]
            parts.append(html.section(f"Artifacts ({len(files)})", html.table((), files)))
        return html.card(html.joined(html.Html("<b>Evaluation</b>&ensp;"), html.code(self.run_id or "")), *parts)


def _read(file: str) -> Any:
    suffix = os.path.splitext(file)[1]
    kind = _KINDS.get(suffix)
    if kind == "Image":
        return pil_of(file)
    if kind == "Csv":
        import pandas as pd

        return pd.read_csv(file)
    if kind == "Parquet":
        import pandas as pd

        return pd.read_parquet(file)
    if kind == "Numpy":
        import numpy as np

        return np.load(file, allow_pickle=False)
    if kind is None:
        raise InvalidValue(f"Files such as {os.path.basename(file)!r} are not read here; local_file() gives the path.")
    with open(file, encoding="utf-8") as text:
        return json.load(text) if kind == "Json" else text.read()
