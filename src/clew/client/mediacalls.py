"""The client's calls on media: images over steps, tables that grow, streams."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clew.client import tablefiles
from clew.client.artifactcalls import ArtifactCalls
from clew.client.images import pil_of, thumbnail, write_image
from clew.client.notice import warn_once
from clew.client.numeric import whole_of
from clew.client.pages import PagedList, all_pages
from clew.entities.names import MAX_TAG_VALUE
from clew.entities.run import Run
from clew.errors import ClewError, InvalidValue, NotFound
from clew.ids import now_ms

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image as PILImage

TABLES_TAG: Final = "mlflow.loggedArtifacts"
"""JSON list of ``{"path": …, "type": "table"}``, by which MLflow finds tables."""
IMAGES_TAG: Final = "mlflow.loggedImages"

_IMAGE_KEY = re.compile(r"[/\w.\- ]{1,120}")


class MediaCalls(ArtifactCalls):
    """Media methods with MLflow's names; mixed into ``ClewClient``."""

    if TYPE_CHECKING:

        def get_run(self, run_id: str) -> Run: ...  # noqa: D102
        def search_runs(  # noqa: D102
            self,
            experiment_ids: Sequence[str] | str,
            filter_string: str = "",
            run_view_type: object = 1,
            max_results: int = 1000,
            order_by: Sequence[str] | None = None,
            page_token: str | None = None,
        ) -> PagedList[Run]: ...

    def log_stream(self, run_id: str, stream: Any, artifact_file: str) -> None:
        """Store what a binary stream gives, read to its end in pieces, as a file.

        Raises:
            InvalidValue: the stream gives texts.
        """

        def write(file: str) -> None:
            with open(file, "wb") as out:
                try:
                    shutil.copyfileobj(stream, out)
                except TypeError:
                    raise InvalidValue("log_stream takes a stream of bytes; open the file with mode 'rb'.") from None

        self._log_made(run_id, artifact_file, write)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Store an image: as a file, or under a key as one of a series over steps.

        image: a PIL image, ``clew.Image``, or an array of height × width (× 1, 3 or 4).
        key: letters, digits and ``_ - . /`` and spaces, at most 120.
        step: default 0. timestamp: milliseconds since 1970, default now.
        synchronous: False lets an image of a series travel behind the call.

        Raises:
            InvalidValue: not exactly one of file and key, a key with other characters, or no image.
        """
        if key is None:
            if artifact_file is None or step is not None or timestamp is not None:
                raise InvalidValue("Give log_image either artifact_file alone, or key with step and timestamp.")
            self._log_picture(run_id, pil_of(image), artifact_file)
            return
        if artifact_file is not None:
            raise InvalidValue("Give log_image either artifact_file or key, and not both.")
        if not _IMAGE_KEY.fullmatch(key):
            raise InvalidValue(
                f"The image key {key!r} may hold 1 to 120 letters, digits, underscores, dashes, periods, spaces and "
                "slashes."
            )
        from uuid import uuid4

        moment = whole_of(now_ms() if timestamp is None else timestamp)
        # The names are MLflow's, whose pages read key, step and time from them.
        series = f"{key.replace('/', '~')}+step+{whole_of(step or 0)}+timestamp+{moment}+{uuid4()}"
        picture = pil_of(image)
        for name, each in ((f"{series}.png", picture), (f"{series}+compressed.webp", thumbnail(picture))):
            self._log_picture(run_id, each, f"images/{name}", later=not synchronous)
        self._link.run(run_id).set_tags({IMAGES_TAG: "True"})

    def log_table(self, run_id: str, data: Mapping[str, Any] | pd.DataFrame, artifact_file: str) -> None:
        """Store a table, or add rows to it: rows of every call with the same file come together.

        data: a pandas frame, or a mapping of columns (or of single values: one row); cells may be images.
        artifact_file: with the suffix ``.json`` or ``.parquet``.

        Raises:
            InvalidValue: another suffix, no table, or a cell that has no form in the file.
            MissingPackage: pandas is not installed.
        """
        tablefiles.check_suffix(artifact_file)
        frame = tablefiles.frame_of(data)
        rows = tablefiles.with_images_apart(
            frame, artifact_file, lambda picture, path: self._log_picture(run_id, picture, path)
        )
        log = self._link.run(run_id)
        whole = tablefiles.joined(self._table_so_far(run_id, artifact_file), rows)
        self._log_made(run_id, artifact_file, lambda file: tablefiles.write_frame(file, whole))
        log.tables[artifact_file] = whole
        self._tell_table(run_id, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The rows of a table, of all runs that have it or of those given.

        extra_columns: columns of ``search_runs`` to add, such as ``run_id`` or ``params.lr``.

        Raises:
            NotFound: no run has such a table, or runs have no such column.
        """
        from clew.client.tables import runs_frame

        runs = [self.get_run(r) for r in run_ids] if run_ids else self._runs_with_table(experiment_id, artifact_file)
        of_runs = runs_frame(runs)
        whole = None
        for place, run in enumerate(runs):
            frame = self._fetch_table(run.info.run_id, artifact_file)
            if frame is not None:
                frame = tablefiles.with_columns_of_run(frame, of_runs, place, extra_columns or ())
                whole = tablefiles.joined(whole, frame)
        if whole is None:
            raise NotFound(f"No runs found with the corresponding table artifact: {artifact_file!r}.")
        return whole

    def _log_picture(self, run_id: str, picture: PILImage, path: str, *, later: bool = False) -> None:
        self._log_made(run_id, path, lambda file: write_image(picture, file), later=later)

    def _table_so_far(self, run_id: str, path: str) -> pd.DataFrame | None:
        """The table as the store has it; while the server is away, as this process logged it."""
        if not self._link.away:
            try:
                return self._fetch_table(run_id, path)
            except ClewError as error:
                self._link.put_up_with(error)
        known: pd.DataFrame | None = self._link.run(run_id).tables.get(path)
        if known is None:
            warn_once(
                f"table-{run_id}",
                f"The server is away, so the table {path!r} of run {run_id} begins anew with what is logged from now.",
            )
        return known

    def _fetch_table(self, run_id: str, path: str) -> pd.DataFrame | None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="clew-") as folder:
            try:
                return tablefiles.read_frame(self.download_artifacts(run_id, path, folder))
            except NotFound:
                return None

    def _runs_with_table(self, experiment_id: str, path: str) -> list[Run]:
        entry = json.dumps(path)
        words = f"tags.`{TABLES_TAG}` LIKE '%{entry}%'" if "'" not in entry else f"tags.`{TABLES_TAG}` LIKE '%'"

        def fetch(count: int, token: str | None) -> PagedList[Run]:
            return self.search_runs([experiment_id], words, max_results=count, page_token=token)

        found = all_pages(fetch, None, 1000)
        return [run for run in found if path in _paths(run.data.tags.get(TABLES_TAG))]

    def _tell_table(self, run_id: str, path: str) -> None:
        """Note the table in the run's tag, unless it is noted."""
        log = self._link.run(run_id)
        try:
            known = [] if self._link.away else _paths(self.get_run(run_id).data.tags.get(TABLES_TAG))
        except ClewError as error:
            self._link.put_up_with(error)
            known = []
        paths = list(dict.fromkeys([*known, *log.tables]))
        text = json.dumps([{"path": p, "type": "table"} for p in paths])
        if paths == known:
            return
        if len(text) > MAX_TAG_VALUE:
            warn_once(f"tables-{run_id}", f"Run {run_id} has too many tables to list; {path!r} is stored unlisted.")
            return
        log.set_tags({TABLES_TAG: text})


def _paths(text: str | None) -> list[str]:
    """The paths in the tag that lists tables."""
    try:
        entries = json.loads(text or "[]")
        return [str(e["path"]) for e in entries if e.get("type") == "table"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
