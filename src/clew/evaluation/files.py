"""The files of an evaluation, logged to the active run and kept as artifacts of the result."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from clew.client.contents import write_dict
from clew.client.files import get_artifact_uri, log_artifact, log_table
from clew.client.notice import warn
from clew.client.runs import active_or_begun
from clew.errors import InvalidValue, NotFound, Unavailable
from clew.evaluation.result import SUFFIXES, EvaluationArtifact
from clew.packaging.inference import is_frame

if TYPE_CHECKING:
    import pandas as pd


class Files:
    """Logs files to the active run.

    logged: artifacts by name.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.logged: dict[str, EvaluationArtifact] = {}
        self._prefix = config.get("metric_prefix") or ""

    def log_figure(self, name: str, figure: Any) -> None:
        """Log a Matplotlib figure."""
        self._log(name, ".png", lambda file: figure.savefig(file))

    def log_frame(self, name: str, frame: pd.DataFrame) -> None:
        """Log a frame as CSV."""
        self._log(name, ".csv", lambda file: frame.to_csv(file, index=False))

    def log_table(self, name: str, rows: pd.DataFrame) -> None:
        """Log rows as a table, which pages show and ``load_table`` reads."""
        log_table(rows, f"{self._prefix}{name}.json")
        self._keep(name, ".json")

    def log_custom(self, function: Callable[..., Any], frame: pd.DataFrame, metrics: Mapping[str, float]) -> None:
        """Log what a user's function makes of predictions, labels and metrics.

        Raises:
            InvalidValue: it made something that has no form as a file, or a second artifact of a name.
        """
        title = getattr(function, "__name__", repr(function))
        with tempfile.TemporaryDirectory(prefix="clew-") as folder:
            made = function(frame, dict(metrics), folder)
            if not isinstance(made, Mapping) or not all(isinstance(name, str) for name in made):
                warn(f"What {title} made is left out: it is no mapping of names to artifacts.")
                return
            for name, thing in made.items():
                if name in self.logged:
                    raise InvalidValue(f"{title} made an artifact {name!r}, but there is one of that name.")
                self._log_thing(name, thing, title)

    def _log_thing(self, name: str, thing: Any, title: str) -> None:
        path = os.fspath(thing) if isinstance(thing, str | os.PathLike) else None
        if path is not None and os.path.isfile(path):
            suffix = os.path.splitext(path)[1]
            if suffix not in SUFFIXES:
                raise InvalidValue(f"{title} made the file {path!r}; files may end with {', '.join(SUFFIXES)}.")
            self._log(name, suffix, lambda file: shutil.copyfile(path, file))
        elif is_frame(thing):
            self.log_frame(name, thing)
        elif isinstance(thing, np.ndarray):
            self._log(name, ".npy", lambda file: np.save(file, thing, allow_pickle=False))
        elif hasattr(thing, "savefig"):
            self.log_figure(name, thing)
        else:
            self._log(name, ".json", lambda file: write_dict(file, _json_value(thing, name, title)))

    def _log(self, name: str, suffix: str, write: Callable[[str], Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="clew-") as folder:
            file = os.path.join(folder, f"{self._prefix}{name}{suffix}")
            write(file)
            log_artifact(file)
        self._keep(name, suffix)

    def _keep(self, name: str, suffix: str) -> None:
        file = f"{self._prefix}{name}{suffix}"
        try:
            uri = get_artifact_uri(file)
        except (NotFound, Unavailable):  # the server is away, and the file waits for it
            uri = f"runs:/{active_or_begun().log.run_id}/{file}"
        self.logged[name] = EvaluationArtifact(uri)


def _json_value(thing: Any, name: str, title: str) -> Any:
    try:
        if isinstance(thing, str):
            return json.loads(thing)
        json.dumps(thing)
    except (ValueError, TypeError):
        raise InvalidValue(
            f"{title} made {name!r}, a {type(thing).__name__}, which is neither a file, frame, array, figure nor JSON."
        ) from None
    return thing
