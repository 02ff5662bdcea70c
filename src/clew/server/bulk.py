"""One action on many runs, in transactions so short that other writers do not notice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from clew.entities import names
from clew.entities.run import Run
from clew.errors import AlreadyExists, ClewError, Conflict, EditConflict, InvalidValue, NotFound, Unavailable
from clew.ids import new_id
from clew.server import batches
from clew.server.actor import asking
from clew.server.context import Site
from clew.server.copies import copy_files, delete_files
from clew.storage import audit, experiments, files, runs, search, transfer
from clew.storage.engine import Tx, WriteTx
from clew.storage.hydrate import load_infos
from clew.wire import bulk as wire

MAX_RUNS: Final = 10_000
_RUNS_AT_ONCE: Final = 200
_SECONDS_AT_ONCE: Final = 0.05  # after which a transaction takes no further run
_FIELD: Final = re.compile(r"{([^{}]*)}")

Action = Callable[[WriteTx, str, int], None]
"""What to do with a run of this id, at this place among all; errors of the run's own come before its first write."""

_OWN_ERRORS: Final = (NotFound, Conflict, AlreadyExists, InvalidValue)


class _Part(NamedTuple):
    """done: how many runs were looked at."""

    done: int
    failed: list[wire.BulkFailure]


def bulk_runs(site: Site, request: wire.BulkRuns) -> wire.BulkRunsResponse:
    """Carry out an action on every run given; says of each that failed why."""
    if request.action == "copy":
        target = _target(site, request)
        return _copy_all(site, _chosen(site, request), target)
    action = _action(site, request)
    chosen = _chosen(site, request)
    failed: list[wire.BulkFailure] = []
    at = 0
    while at < len(chosen):
        part = chosen[at : at + _RUNS_AT_ONCE]
        try:
            done, faults = site.store.write(partial(_apply, action, part, at))
        except Unavailable as error:
            done, faults = len(part), [_failure(run_id, error) for run_id in part]
        failed += faults
        at += done
    answer = wire.BulkRunsResponse(done=len(chosen) - len(failed), failed=failed)
    if not request.run_ids:
        without = {one.run_id for one in failed}
        answer.run_ids = [run_id for run_id in chosen if run_id not in without]
    return answer


def _apply(action: Action, part: Sequence[str], first: int, tx: WriteTx) -> _Part:
    failed: list[wire.BulkFailure] = []
    until = time.monotonic() + _SECONDS_AT_ONCE
    for i, run_id in enumerate(part):
        if i and time.monotonic() > until:
            return _Part(i, failed)
        try:
            action(tx, run_id, first + i)
        except _OWN_ERRORS as error:
            failed.append(_failure(run_id, error))
    return _Part(len(part), failed)


def _copy_all(site: Site, chosen: Sequence[str], target: str) -> wire.BulkRunsResponse:
    answer = wire.BulkRunsResponse(done=0)
    for run_id in chosen:
        try:
            copy_id = _copy(site, run_id, target)
        except ClewError as error:
            answer.failed.append(_failure(run_id, error))
        else:
            answer.copies.append(wire.RunCopy(run_id=run_id, copy_id=copy_id))
    answer.done = len(answer.copies)
    return answer


def _copy(site: Site, run_id: str, target: str) -> str:
    """Files first: a copy is not seen before it is whole."""
    copy_id = new_id()
    info, location = site.store.read(
        lambda tx: (runs.get_run(tx, run_id).info, experiments.get_experiment(tx, target).artifact_location)
    )
    uri, copied = copy_files(site, info.artifact_uri, f"{location.rstrip('/')}/{copy_id}/artifacts")

    def job(tx: WriteTx) -> None:
        transfer.copy_run(tx, run_id, target, new_id=copy_id, artifact_uri=uri)
        for path, checksum in copied.items():
            files.record(tx, path, checksum)

    try:
        site.store.write(job)
    except ClewError:
        if uri != info.artifact_uri:
            delete_files(site, uri)
        raise
    return copy_id


def _action(site: Site, request: wire.BulkRuns) -> Action:
    if request.action == "tag":
        return _tag(site, request)
    if request.action == "rename":
        return _rename(request.template or "")
    if request.action == "delete":
        return _audited("delete", runs.delete_run)
    if request.action == "restore":
        return _audited("restore", runs.restore_run)
    target = _target(site, request)
    return lambda tx, run_id, _: transfer.move_run(tx, run_id, target)


def _audited(name: str, act: Callable[[WriteTx, str], bool]) -> Action:
    who = asking()

    def action(tx: WriteTx, run_id: str, _at: int) -> None:
        if act(tx, run_id):
            audit.record(tx, who, name, "run", run_id)

    return action


def _tag(site: Site, request: wire.BulkRuns) -> Action:
    tags = batches.check_tags(request.tags, site.truncate)
    if not tags and not request.delete_tags:
        raise InvalidValue("The action 'tag' needs 'tags' to set or 'delete_tags' to remove.")

    def action(tx: WriteTx, run_id: str, _at: int) -> None:
        stored = runs.get_run(tx, run_id).data.tags
        runs.set_tags(tx, run_id, tags)
        for key in request.delete_tags:
            if key in stored and key not in tags:
                runs.delete_tag(tx, run_id, key)

    return action


def _rename(template: str) -> Action:
    """``{name}``, ``{run_id}``, ``{n}`` (from 1), ``{params.x}``, ``{metrics.x}`` and ``{tags.x}`` are filled in."""
    for field in _FIELD.findall(template):
        kind, dot, key = field.partition(".")
        if field not in ("name", "run_id", "n") and not (kind in ("params", "metrics", "tags") and dot and key):
            raise InvalidValue(
                f"Unknown field {{{field}}} in the template; it may hold {{name}}, {{run_id}}, {{n}}, {{params.KEY}},"
                " {metrics.KEY} and {tags.KEY}."
            )
    if not template.strip():
        raise InvalidValue("The action 'rename' needs a 'template', such as {params.model}-{n}.")

    def action(tx: WriteTx, run_id: str, at: int) -> None:
        name = _filled(template, runs.get_run(tx, run_id), at).strip()
        if not name:
            raise InvalidValue(f"The template gives run {run_id} an empty name.")
        names.check_length("run_name", name, names.MAX_TAG_VALUE)
        runs.update_run(tx, run_id, name=name)

    return action


def _filled(template: str, run: Run, at: int) -> str:
    plain = {"name": run.info.run_name, "run_id": run.info.run_id, "n": str(at + 1)}

    def fill(match: re.Match[str]) -> str:
        kind, _, key = match[1].partition(".")
        if kind == "metrics":
            value = run.data.metrics.get(key)
            return "" if value is None else f"{value:.6g}"
        texts = run.data.params if kind == "params" else run.data.tags
        return plain[kind] if kind in plain else texts.get(key, "")

    return _FIELD.sub(fill, template)


def _target(site: Site, request: wire.BulkRuns) -> str:
    target = request.target_experiment_id
    if not target:
        raise InvalidValue(f"The action '{request.action}' needs 'target_experiment_id'.")
    if site.store.read(lambda tx: experiments.get_experiment(tx, target)).lifecycle_stage == "deleted":
        raise Conflict(f"The experiment {target} must be in the 'active' state. Current state is deleted.")
    return target


def _chosen(site: Site, request: wire.BulkRuns) -> list[str]:
    """Ids of the runs to act on, in order.

    Raises:
        InvalidValue: none or too many are given, or a filter without ``expected_total``.
        EditConflict: another number of runs matches than the caller saw.
    """
    if request.run_ids:
        chosen = list(dict.fromkeys(request.run_ids))
    elif not request.experiment_ids:
        raise InvalidValue("Give 'run_ids', or 'experiment_ids' with a 'filter' and 'expected_total'.")
    elif request.expected_total is None:
        raise InvalidValue("A filter needs 'expected_total': how many runs you saw match, so that no others are hit.")
    else:
        chosen = site.store.read(partial(_matching, request))
    if len(chosen) > MAX_RUNS:
        raise InvalidValue(f"At most {MAX_RUNS} runs at once. Got {len(chosen)}; narrow the filter.")
    return chosen


def _matching(request: wire.BulkRuns, tx: Tx) -> list[str]:
    page = search.search_runs(
        tx,
        request.experiment_ids,
        request.filter or "",
        view=request.view or ("DELETED_ONLY" if request.action == "restore" else "ACTIVE_ONLY"),
        max_results=MAX_RUNS,
        with_total=True,
    )
    if page.total != request.expected_total:
        raise EditConflict(
            f"{page.total} runs match now, not {request.expected_total}; nothing was done. Look at the runs again.",
            stored={"total": page.total},
            offered={"expected_total": request.expected_total},
        )
    if page.token:
        raise InvalidValue(f"At most {MAX_RUNS} runs at once. {page.total} match; narrow the filter.")
    infos = load_infos(tx, page.items)
    return [infos[rn].run_id for rn in page.items]


def _failure(run_id: str, error: ClewError) -> wire.BulkFailure:
    return wire.BulkFailure(run_id=run_id, error_code=error.code, message=error.message)


TRANSFERS: tuple[Callable[..., Any], ...] = (bulk_runs,)
