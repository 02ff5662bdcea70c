"""Journal records into the store: run start and end, params, tags, inputs, outputs.

What the store refuses is reported, never lost in silence: the first value stays, the conflict goes
into the answer and into the run's tag ``clew.conflicts`` (decision 13).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from clew.entities import names
from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.run import ModelOutput, RunStatus
from clew.errors import AlreadyExists, ClewError, Conflict, CorruptUpload, InvalidValue
from clew.server import batches, taglists
from clew.server.slots import Record
from clew.storage import experiments, inputs, keys, life, runs
from clew.storage.engine import WriteTx
from clew.wire import frames
from clew.wire.mlflow import Int64
from clew.wire.native import IngestConflict

P = TypeVar("P")

CONFLICTS_TAG = "clew.conflicts"
BEGINNING_TAG = "clew.beginning"
"""``unknown`` for a run that was resumed by its id before its beginning has arrived."""
PARENT_TAG = "mlflow.parentRunId"
MAX_CONFLICTS = 50  # that one answer and the tag hold; more are counted by the last entry
DEFAULT_EXPERIMENT = "0"
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # an escape, not a backslash that is one itself


class _Pair(msgspec.Struct):
    key: str
    value: str


class _Key(msgspec.Struct):
    key: str


class _Start(msgspec.Struct):
    experiment: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    tags: dict[str, str] = {}
    parent: str | None = None
    start_ms: Int64 | None = None
    user: str | None = None
    resumed: bool = False


class _End(msgspec.Struct):
    status: RunStatus = RunStatus.FINISHED
    end_ms: Int64 | None = None


class _Dataset(msgspec.Struct):
    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


class _Input(msgspec.Struct):
    dataset: _Dataset | None = None
    tags: dict[str, str] = {}
    model_id: str | None = None


class _Output(msgspec.Struct):
    model_id: str
    step: Int64 = 0


def experiment_named(tx: WriteTx, name: str | None) -> str:
    """The id of the experiment of this name, created if there is none; ``0`` without a name."""
    if not name:
        return DEFAULT_EXPERIMENT
    found = experiments.find_experiment(tx, name)
    if found is None:
        try:
            return experiments.create_experiment(tx, name)
        except AlreadyExists:
            found = experiments.find_experiment(tx, name)  # another server made it meanwhile
            if found is None:
                raise
    return found.experiment_id


def decode_payload(kind: type[P], record: Record) -> P:
    """A record's payload.

    Raises:
        CorruptUpload: it is not the JSON that its number promises.
    """
    # A journal is written already, so what no store can keep is replaced.
    payload = _NUL.sub(rb"\1\\ufffd", record.payload) if b"\\u0000" in record.payload else record.payload
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as e:
        raise CorruptUpload(
            f"Record {record.kind} at slot {record.at} of the batch cannot be read: {e}", record.at
        ) from e


class Replay:
    """Applies the records of one batch to one run, in order.

    Params and tags that follow each other are written together.
    """

    def __init__(self, tx: WriteTx, run_id: str) -> None:
        self._tx = tx
        self._run_id = run_id
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self.conflicts: list[IngestConflict] = []

    def apply(self, records: Iterable[Record]) -> None:
        """Apply all; unknown kinds and those that need nothing here are passed over."""
        for record in records:
            if record.kind != frames.PARAM:
                self._flush_params()
            if record.kind != frames.TAG:
                self._flush_tags()
            step = _STEPS.get(record.kind)
            if step is not None:
                step(self, record)
        self._flush_params()
        self._flush_tags()

    def report(self, kind: str, key: str, message: str) -> None:
        """Note a conflict."""
        self.conflicts.append(IngestConflict(kind=kind, key=key, message=message))

    def keep_conflicts(self) -> list[IngestConflict]:
        """Write the conflicts into the run's tag; returns those to answer."""
        if not self.conflicts:
            return []
        if len(self.conflicts) > MAX_CONFLICTS:
            more = len(self.conflicts) - MAX_CONFLICTS + 1
            del self.conflicts[MAX_CONFLICTS - 1 :]
            self.report("more", "", f"{more} further conflicts")
        runs.lock_run(self._tx, self._run_id)
        known = runs.get_run(self._tx, self._run_id)
        if known.info.lifecycle_stage == "active":
            tag = _merged(known.data.tags.get(CONFLICTS_TAG), self.conflicts)
            runs.set_tags(self._tx, self._run_id, {CONFLICTS_TAG: tag})
        return self.conflicts

    def start_run(self, record: Record) -> None:
        """The run's birth; one that exists stays as it is, unless its beginning was not known."""
        start = decode_payload(_Start, record)
        start.start_ms = start.start_ms or record.ts_ns // 1_000_000
        start.tags = {key: _fit(value) for key, value in start.tags.items() if self._good("tag", key)}
        if start.parent:
            start.tags[PARENT_TAG] = start.parent
        if keys.find_run(self._tx, self._run_id) is not None:
            self._try("run", "beginning", lambda: self._begin_before(start))
            return
        if start.resumed:
            start.name = start.name or _stand_in(self._run_id)
            start.tags[BEGINNING_TAG] = "unknown"
        runs.create_run(
            self._tx,
            experiment_id=(not start.experiment and start.experiment_id)
            or experiment_named(self._tx, start.experiment),
            run_id=self._run_id,
            run_name=start.name or None,
            user_id=start.user or "",
            start_ms=start.start_ms,
            tags=start.tags,
        )

    def _begin_before(self, start: _Start) -> None:
        """Put a beginning before what a later session of the run has sent already, as if it had come first."""
        run = runs.get_run(self._tx, self._run_id)
        if run.data.tags.get(BEGINNING_TAG) is None:
            return
        start_ms = start.start_ms or 0
        if start.resumed:
            runs.set_beginning(self._tx, self._run_id, min(start_ms, run.info.start_time))
            return
        runs.delete_tag(self._tx, self._run_id, BEGINNING_TAG)
        runs.set_beginning(self._tx, self._run_id, start_ms, start.user)
        missing = {key: value for key, value in start.tags.items() if key not in run.data.tags}
        if start.name and run.info.run_name == _stand_in(self._run_id):
            missing[runs.NAME_TAG] = start.name
        runs.set_tags(self._tx, self._run_id, missing)
        wanted = experiment_named(self._tx, start.experiment) if start.experiment else start.experiment_id or "0"
        if wanted != run.info.experiment_id:
            self.report(
                "run",
                "experiment",
                f"The run stays in experiment {run.info.experiment_id}, where its later session put it; it began in"
                f" {wanted}.",
            )

    def end_run(self, record: Record) -> None:
        """The run's end."""
        end = decode_payload(_End, record)
        end_ms = end.end_ms if end.end_ms is not None else record.ts_ns // 1_000_000
        info = runs.get_run(self._tx, self._run_id).info
        if info.status.ended and info.end_time is not None and record.ts_ns // 1_000_000 < info.end_time:
            return  # the end of a session that is over: a later one has been sent before it
        self._try("run", "status", lambda: runs.update_run(self._tx, self._run_id, status=end.status, end_ms=end_ms))

    def param(self, record: Record) -> None:
        """A param; the first value of a key stays."""
        pair = decode_payload(_Pair, record)
        if not self._good("param", pair.key):
            return
        value = pair.value[: names.MAX_PARAM_VALUE]
        kept = self._params.setdefault(pair.key, value)
        if kept != value:
            self.report("param", pair.key, f"Param '{pair.key}' keeps its value '{kept}'; '{value}' came later.")

    def _flush_params(self) -> None:
        if self._params:
            params, self._params = list(self._params.items()), {}

            def log() -> None:
                for conflict in runs.log_params(self._tx, self._run_id, params, keep_first=True):
                    self.report("param", conflict.key, conflict.message)

            self._try("param", ", ".join(key for key, _ in params[:5]), log)

    def tag(self, record: Record) -> None:
        """A tag; the last value of a key stays."""
        pair = decode_payload(_Pair, record)
        if self._good("tag", pair.key):
            self._tags[pair.key] = _fit(pair.value)

    def _flush_tags(self) -> None:
        if self._tags:
            tags, self._tags = self._tags, {}
            self._try("tag", ", ".join(list(tags)[:5]), lambda: runs.set_tags(self._tx, self._run_id, tags))

    def delete_tag(self, record: Record) -> None:
        """A tag removed."""
        key = decode_payload(_Key, record).key
        self._try("tag", key, lambda: runs.delete_tag(self._tx, self._run_id, key))

    def input_used(self, record: Record) -> None:
        """A dataset or model that the run read."""
        used = decode_payload(_Input, record)
        datasets = []
        if used.dataset is not None:
            data = Dataset(**msgspec.structs.asdict(used.dataset))
            datasets.append(DatasetInput(dataset=data, tags=used.tags))

        def log() -> None:
            for item in datasets:
                batches.check_dataset(item, "input")
            models = [used.model_id] if used.model_id else []
            inputs.log_inputs(self._tx, self._run_id, datasets, models)

        self._try("input", used.dataset.name if used.dataset else used.model_id or "", log)

    def output_made(self, record: Record) -> None:
        """A model that the run produced."""
        made = decode_payload(_Output, record)
        self._try(
            "output",
            made.model_id,
            lambda: inputs.log_outputs(self._tx, self._run_id, [ModelOutput(made.model_id, made.step)]),
        )

    def heartbeat(self, _record: Record) -> None:
        """A sign of life."""
        # by the server's clock: a client's may be wrong, and silence is measured here
        life.heartbeat(self._tx, self._run_id, self._tx.place.clock())

    def _good(self, kind: str, key: str) -> bool:
        try:
            batches.check_name(key, f"{kind} key")
        except InvalidValue as e:
            self.report(kind, key[: names.MAX_KEY], e.message)
            return False
        return True

    def _try(self, kind: str, key: str, action: Callable[[], object]) -> None:
        """Run ``action``; what it refuses on purpose becomes a conflict."""
        try:
            action()
        except (Conflict, InvalidValue, LookupError) as e:
            if not isinstance(e, ClewError):
                raise
            self.report(kind, key, e.message)


_STEPS: Mapping[int, Callable[[Replay, Record], None]] = {
    frames.PARAM: Replay.param,
    frames.TAG: Replay.tag,
    frames.TAG_DELETE: Replay.delete_tag,
    frames.RUN_START: Replay.start_run,
    frames.RUN_END: Replay.end_run,
    frames.INPUT: Replay.input_used,
    frames.OUTPUT: Replay.output_made,
    frames.HEARTBEAT: Replay.heartbeat,
}


def _stand_in(run_id: str) -> str:
    """The name of a run as long as the session that named it has not arrived."""
    return f"run-{run_id[:8]}"


def _fit(value: str) -> str:
    # the journal is written already, so a value that is too long can only be cut
    return value[: names.MAX_TAG_VALUE]


def _merged(known: str | None, new: list[IngestConflict]) -> str:
    """The tag's JSON list with the new conflicts, at most 50 of them and within a tag's length."""
    # anybody may have written the tag, so only what looks like ours is kept
    listed = [e for e in taglists.read(known) if isinstance(e, dict) and all(isinstance(v, str) for v in e.values())]
    for conflict in new:
        entry = {"kind": conflict.kind, "key": conflict.key, "message": conflict.message[:500]}
        if entry not in listed:
            listed.append(entry)
    listed = listed[:MAX_CONFLICTS]
    while len(text := json.dumps(listed)) > names.MAX_TAG_VALUE:
        listed.pop()
    return text
