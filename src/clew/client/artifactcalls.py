"""The client's calls on artifacts: log, list, fetch."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from clew.client import contents, upload
from clew.client.link import Link
from clew.client.notice import warn_once
from clew.client.scratch import goal_folder
from clew.client.upload import inside, join
from clew.entities.file import FileInfo
from clew.errors import ClewError, InvalidValue, NotFound
from clew.wire import convert, mlflow

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class ArtifactCalls:
    """Artifact methods with MLflow's names; mixed into ``ClewClient``."""

    _link: Link

    def log_artifact(self, run_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store a file, or a folder with all in it, under ``artifact_path``.

        Raises:
            InvalidValue: there is no such file. NotFound: there is no such run.
        """
        path = os.fspath(local_path)
        if os.path.isdir(path):
            name = os.path.basename(os.path.abspath(path))
            self.log_artifacts(run_id, path, join(artifact_path or "", name))
            return
        if not os.path.isfile(path):
            raise InvalidValue(f"There is no file {path!r} to log.")
        self._link.put_artifact(run_id, path, join(inside(artifact_path), os.path.basename(path)))

    def log_artifacts(self, run_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store every file below ``local_dir`` under ``artifact_path``.

        Raises:
            InvalidValue: it is no folder. NotFound: there is no such run.
        """
        folder = os.fspath(local_dir)
        if not os.path.isdir(folder):
            raise InvalidValue(f"There is no folder {folder!r} to log.")
        for file, name in upload.files_below(folder):
            self._link.put_artifact(run_id, file, join(inside(artifact_path), name))

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Store a text as UTF-8 file ``artifact_file``."""
        self._log_made(run_id, artifact_file, lambda file: contents.write_text(file, text))

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Store a mapping or list as YAML (``.yml``, ``.yaml``) or JSON (every other suffix)."""
        self._log_made(run_id, artifact_file, lambda file: contents.write_dict(file, dictionary))

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Store a Matplotlib or Plotly figure."""
        self._log_made(run_id, artifact_file, lambda file: contents.write_figure(file, figure, save_kwargs))

    def _log_made(self, run_id: str, artifact_file: str, write: Callable[[str], None], *, later: bool = False) -> None:
        """Store the file that ``write`` makes; ``later`` leaves the sending to the shipper."""
        path = inside(artifact_file)
        if not path:
            raise InvalidValue("artifact_file is empty; name a file such as 'notes/readme.txt'.")
        try:
            with contents.draft(path) as file:
                write(file)
                self._link.put_artifact(run_id, file, path, later=later, fleeting=True)
        except OSError as error:
            if isinstance(error, ClewError) or error.errno not in _NO_ROOM:
                raise
            warn_once("artifact-draft", f"Artifact {path!r} is not kept: {error.strerror} in the temporary folder.")

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """The files and folders directly in ``path``; their paths are relative to the run's root.

        Below a model's name they are the files of that model, also where the server does not list it with the run.

        Raises:
            NotFound: there is no such run.
        """
        request = mlflow.ListArtifacts(run_id=run_id, path=path or None)
        files = self._link.read("list_artifacts", request).files
        if files or not path:
            return [convert.file_entity(f) for f in files]
        model, _, rest = inside(path).partition("/")
        location = self._model_location(run_id, model)
        found = self.list_uri(location, rest) if location is not None else []
        below = "/".join(part for part in (model, rest) if part)
        return [FileInfo(path=f"{below}/{name}", is_dir=size is None, file_size=size) for name, size in found]

    def download_artifacts(self, run_id: str, path: str = "", dst_path: str | os.PathLike[str] | None = None) -> str:
        """Fetch a file or folder of a run, or of a model that it logged, under its name; the local path of it.

        dst_path: an existing folder to put it in, default a new temporary one.

        Raises:
            NotFound: there is no such run or artifact. InvalidValue: ``dst_path`` is no folder.
        """
        root = self._link.root_of(run_id)
        self._link.flush()
        with goal_folder(dst_path) as goal:
            try:
                return self.download_uri(root, path, goal)
            except NotFound:
                model, _, rest = inside(path).partition("/")
                location = self._model_location(run_id, model)
                if location is None:
                    raise
            folder = os.path.join(goal, model)
            os.makedirs(folder, exist_ok=True)
            return self.download_uri(location, rest, folder)

    def _model_location(self, run_id: str, name: str) -> str | None:
        """Where the newest model of this name that a run logged lies, for stores that keep it out of its files."""
        run = self._link.read("get_run", mlflow.GetRun(run_id=run_id)).run
        if not name or run is None or run.info is None:
            return None
        quoted = name.replace("'", "\\'")
        search = mlflow.SearchLoggedModels(
            experiment_ids=[str(run.info.experiment_id)], filter=f"name = '{quoted}' AND source_run_id = '{run_id}'"
        )
        infos = [model.info for model in self._link.read("search_logged_models", search).models if model.info]
        newest = max(infos, key=lambda info: info.creation_timestamp_ms or 0, default=None)
        return newest.artifact_uri if newest is not None else None

    def download_uri(self, root_uri: str, path: str = "", dst_path: str | os.PathLike[str] | None = None) -> str:
        """Fetch ``path`` below the artifact location ``root_uri``; the local path of what was asked for.

        Raises:
            NotFound: nothing lies there. InvalidValue: ``dst_path`` is no folder.
        """
        with goal_folder(dst_path) as goal:
            if not os.path.isdir(goal):
                raise InvalidValue(f"The folder {goal!r} to download into does not exist.")
            return upload.get_tree(self._link.target.sender, root_uri, inside(path), os.path.abspath(goal))

    def list_uri(self, root_uri: str, path: str = "") -> list[tuple[str, int | None]]:
        """(name, size in bytes or None for folders) of what lies directly in ``path`` below ``root_uri``.

        Raises:
            Unavailable: the server is away.
        """
        return upload.listing(self._link.target.sender, root_uri, inside(path))

    def upload_uri(self, root_uri: str, local_dir: str | os.PathLike[str], path: str = "") -> None:
        """Store every file below ``local_dir`` under ``path`` of the artifact location ``root_uri``.

        Raises:
            Unavailable: the server is away.
        """
        native = self._link.kind == "clew"
        upload.put_tree(self._link.target.sender, root_uri, os.fspath(local_dir), inside(path), native=native)
