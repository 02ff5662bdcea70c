"""A run as this process logs to it: what the user got wrong raises here, the rest goes to the journal.

Standard library only: this is the path of every log call.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from clew import settings
from clew.client import spool
from clew.client.journal import Context, Journal
from clew.client.limits import Limits
from clew.client.notice import warn_once
from clew.client.receipt import Awaited, Parcel, Receipt
from clew.client.start import Launcher
from clew.entities.names import MAX_PARAM_VALUE, MAX_TAG_VALUE, check_key, fit_length, legible
from clew.errors import Conflict, InvalidValue, SpoolFull
from clew.wire.frames import ARTIFACT, INPUT, OUTPUT, PARAM, RUN_START, TAG, TAG_DELETE

COPY_BYTES: Final = 16 << 20
"""Files up to this size are copied into the spool; larger ones are referred to (decision 9)."""

DROPPED_TAG: Final = "clew.dropped"
"""On a run of which points found no room in the journal: how many."""
_MAX_MS: Final = (1 << 63) // 1_000_000 - 1


class RunLog:
    """The way from log calls to the journal of one run.

    params: what is known to be logged, so that a changed value raises at the call.
    truncate: whether too long values are cut instead of refused.
    artifact_uri: where the run's files lie; empty while only the journal knows the run.
    experiment_id: empty while only the journal knows it.
    rank: this process's among those that log to the run; None for a single one.
    tables: by path, the tables that this process logged (pandas frames).
    """

    def __init__(
        self, launcher: Launcher, run_id: str, *, owner: bool, truncate: bool, rank: int | None = None
    ) -> None:
        self.run_id = run_id
        self._launcher = launcher
        self.params: dict[str, str] = {}
        self.artifact_uri = ""
        self.experiment_id = ""
        self.rank = rank
        folder = os.path.join(launcher.folder, run_id)
        self.journal = Journal(
            folder, run_id, owner=owner, limits=Limits.of(settings.read()), tend=self._tend, rank=rank or None
        )
        self.log_metric = self.journal.log_metric
        self.tables: dict[str, Any] = {}
        self._truncate = truncate
        self._files = itertools.count(1)  # threads may spool at the same time
        self._parcels: list[Parcel] = []
        self._linked: set[str] = set()
        self._told_conflicts = 0
        self._hindered: str | None = None  # the writer that the shipper could not send when we looked last

    def restart(self, launcher: Launcher) -> None:
        """What a forked child does: it has a launcher of its own, and its parent waits for the files on their way."""
        self._launcher = launcher
        self._parcels = []

    def _tend(self) -> None:
        trouble, writer = self.journal.trouble, self.journal.writer_folder
        self._launcher.tend(hindered=bool(trouble))
        if trouble:
            self._launcher.telling.trouble(trouble)
        elif self._hindered == writer:  # a new writer has no trouble yet, which says nothing
            self._launcher.telling.cured()
        self._hindered = writer if trouble else None

    def start(self, fields: Mapping[str, Any]) -> None:
        """Begin the run in the journal: experiment, name, tags, parent, start_ms, user."""
        self.journal.log_record(RUN_START, fields)

    def log_points(
        self,
        metrics: Mapping[str, float],
        step: int | None = None,
        timestamp_ms: int | None = None,
        context: Context | None = None,
    ) -> None:
        """Write several points.

        timestamp_ms: default now.

        Raises:
            InvalidValue: no mapping, or a key, value, step or time breaks a rule; then nothing is written.
        """
        _check_mapping("metrics", metrics)
        ts_ns = None
        if timestamp_ms is not None:
            if not isinstance(timestamp_ms, int | float) or not 0 <= timestamp_ms <= _MAX_MS:
                raise InvalidValue(
                    f"Got invalid value {timestamp_ms!r} for 'timestamp': it must be milliseconds since 1970, "
                    "0 or more."
                )
            ts_ns = int(timestamp_ms) * 1_000_000
        self.journal.log_points(metrics, 0 if step is None else step, ts_ns, context)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Write params; all are checked before the first is written.

        Raises:
            InvalidValue: a key or value breaks a rule.
            Conflict: the run has another value for a key.
        """
        _check_mapping("params", params)
        fresh: dict[str, str] = {}
        for key, value in params.items():
            check_key(key)
            text = self._fit("Param", key, value, MAX_PARAM_VALUE)
            known = self.params.get(key)
            if known is None:
                fresh[key] = text
            elif known != text:
                raise Conflict(
                    f"Changing param values is not allowed. Param with key='{key}' was already logged with "
                    f"value='{known}' for run ID='{self.run_id}'. Attempted logging new value '{text}'."
                )
        for key, text in fresh.items():
            self.journal.log_record(PARAM, {"key": key, "value": text})
        self.params.update(fresh)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Write tags; all are checked before the first is written.

        Raises:
            InvalidValue: a key or value breaks a rule.
        """
        for key, text in self.fit_tags(tags).items():
            self.journal.log_record(TAG, {"key": key, "value": text})

    def fit_tags(self, tags: Mapping[str, object]) -> dict[str, str]:
        """Tags as texts of a length that the server takes.

        Raises:
            InvalidValue: a key or value breaks a rule.
        """
        _check_mapping("tags", tags)
        fitted = {}
        for key, value in tags.items():
            check_key(key)
            fitted[key] = self._fit("Tag", key, value, MAX_TAG_VALUE)
        return fitted

    def _fit(self, noun: str, key: str, value: object, limit: int) -> str:
        """A value as text of a length that the server takes; one that is cut is told once."""
        given = legible(str(value))
        text = fit_length(f"{noun} value", given, limit, self._truncate)
        if text != given:
            warn_once(
                f"cut-{noun}-{key}",
                f"{noun} {key!r} has {len(given):,} characters and is cut to {limit:,}; log long texts by log_text, or "
                "set MLFLOW_TRUNCATE_LONG_VALUES=0 to have them refused.",
            )
        return text

    def delete_tag(self, key: str) -> None:
        """Write that a tag goes away."""
        check_key(key)
        self.journal.log_record(TAG_DELETE, {"key": key})

    def log_input(self, dataset: Mapping[str, Any] | None, tags: Mapping[str, str], model_id: str | None) -> None:
        """Write that the run read a dataset or a logged model."""
        fields = {"dataset": dataset, "tags": dict(tags), "model_id": model_id}
        if dataset is not None and len(json.dumps(fields)) > 800_000:
            warn_once("profile", f"The profile of dataset {dataset.get('name')!r} is too large and is left out.")
            fields["dataset"] = {**dataset, "profile": None}
        self.journal.log_record(INPUT, fields)

    def link_model(self, model_id: str) -> None:
        """Write once that the run read a logged model, because its metrics say so."""
        if model_id not in self._linked:
            self._linked.add(model_id)
            self.log_input(None, {}, model_id)

    def log_output(self, model_id: str, step: int) -> None:
        """Write that the run produced a logged model."""
        self.journal.log_record(OUTPUT, {"model_id": model_id, "step": step})

    def spool_file(
        self, file: str, path: str, later: Callable[[Awaited], object] | None = None, *, fleeting: bool = False
    ) -> None:
        """Keep an artifact for the shipper: a copy of up to 16 MB, else its place, size and hash.

        fleeting: the file is gone soon, so that it is moved, or copied where that cannot be.
        later: told what becomes of it, instead of the run, whose end then does not wait for it.

        Raises:
            OSError: the file cannot be read.
        """
        from clew.client.parts import sha256_of  # it speaks HTTP, and most runs log no file

        size = os.path.getsize(file)
        self.journal.open()  # the writer has the folder that we need
        receipt = self.journal.fence()
        copied = (fleeting or size <= COPY_BYTES) and self.journal.has_room(size)
        fields = {"path": path, "file": os.path.abspath(file), "size": size, "sha256": "", "copied": copied}
        fields["sha256"] = sha256_of(file)
        self.journal.log_record(ARTIFACT, fields)
        if fleeting and not copied:
            self._warn_of_file(path, "there is no room for a copy of it")
            return
        if receipt is None:
            warn_once("artifact-spool", f"Artifact {path!r} is not kept: the spool cannot be written.")
            return
        stem = os.path.join(self.journal.writer_folder, "files", f"{next(self._files):08d}")
        try:
            _keep(file, stem, {**fields, "after": receipt.position}, move=fleeting)
        except OSError as error:
            self._warn_of_file(path, f"{error.strerror} ({error.filename})")
            return
        (later or self._parcels.append)(receipt.parcel(stem + ".json"))

    def _warn_of_file(self, path: str, why: str) -> None:
        warn_once(
            f"artifact-spool-{self.run_id}",
            f"Artifact {path!r} of run {self.run_id} is not kept: {why}. Free some space, or set CLEW_SPOOL.",
        )

    def waiting_files(self) -> list[Parcel]:
        """The files of ``spool_file`` that have not arrived."""
        self._parcels = [p for p in self._parcels if p.pending]
        return self._parcels

    def end(self, status: str, end_ms: int) -> Receipt | None:
        """Write the run's end and close the journal; a rank other than 0 leaves the end to rank 0."""
        if self.journal.dropped:
            self._tag_dropped()
        receipt = self.journal.close() if self.rank else self.journal.end(status, end_ms)
        if self.journal.dropped:
            warn_once(
                f"dropped-{self.run_id}",
                f"{self.journal.dropped:,} metric points of run {self.run_id} found no room on the disk.",
            )
        return receipt

    def _tag_dropped(self) -> None:
        """Let those who look at the run later know that it is not all there."""
        try:
            self.journal.log_record(TAG, {"key": DROPPED_TAG, "value": str(self.journal.dropped)})
        except SpoolFull:
            pass  # the call that was refused has said so

    def conflicts(self, receipt: Receipt, folder: str) -> list[str]:
        """What the target kept out of the run because an earlier value stands, told once."""
        if receipt.conflicts <= self._told_conflicts:
            return []
        self._told_conflicts = receipt.conflicts
        try:
            with open(os.path.join(folder, "conflicts.jsonl"), encoding="utf-8") as file:
                return [str(json.loads(line).get("message", line)) for line in file]
        except OSError:
            return [f"{receipt.conflicts} conflicts; see the run's tag clew.conflicts"]


def _keep(file: str, stem: str, note: dict[str, Any], *, move: bool) -> None:
    """Note for the shipper what to send: the file itself if ``copied``, moved or as a copy, else where it lies."""
    os.makedirs(os.path.dirname(stem), exist_ok=True)
    try:
        if note["copied"]:
            if not (move and _moved(file, stem + ".bin")):
                import shutil

                shutil.copyfile(file, stem + ".bin")
            note["file"] = os.path.basename(stem + ".bin")
        with open(stem + ".tmp", "w", encoding="utf-8") as out:
            json.dump(note, out)
        os.rename(stem + ".tmp", stem + ".json")
    except OSError:
        for half in (stem + ".bin", stem + ".tmp"):
            if os.path.exists(half):
                os.unlink(half)
        raise


def _moved(file: str, goal: str) -> bool:
    if os.path.islink(file):
        return False
    try:
        os.rename(file, goal)
    except OSError:  # another disk
        return False
    return True


def _check_mapping(noun: str, given: object) -> None:
    if not hasattr(given, "items"):
        raise InvalidValue(
            f"Got invalid {noun} of type {type(given).__name__}; expected a dictionary of key and value."
        )


def spool_folder(spool_root: str, uri: str) -> str:
    """The target folder for ``uri``: in the user's spool, or in the first other place that can be written."""
    root = os.path.abspath(spool_root)
    try:
        return spool.open_target(root, uri)
    except OSError as error:
        why = error.strerror
    for second in spool.spare_roots():
        try:
            folder = spool.open_target(second, uri)
        except OSError:
            continue
        warn_once(
            "spool",
            f"The spool {spool_root} cannot be written ({why}); journals go to {second}. "
            "Set CLEW_SPOOL to a folder of yours.",
        )
        return folder
    warn_once(
        "spool",
        f"Nothing is logged: the spool {spool_root} cannot be written ({why}), nor any other place. "
        "Set CLEW_SPOOL to a folder of yours.",
    )
    return spool.target_folder(root, uri)
