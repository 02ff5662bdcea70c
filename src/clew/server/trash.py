"""``/api/clew/v1/trash/…`` and ``/api/clew/v1/audit``: one function per route, named after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from clew.errors import ClewError, InvalidValue
from clew.server import purger
from clew.server.actor import asking
from clew.server.context import Site
from clew.server.tracking import check_max_results
from clew.storage import audit as stored
from clew.storage import purge, retention, trash
from clew.storage.engine import Tx
from clew.storage.trash import Item, Wanted
from clew.wire import trash as wire
from clew.wire.mlflow import Empty

MAX_LISTED = 1000
DRY_RUN_MOST = 100_000
MAX_AUDIT = 1000


def list_trash(site: Site, request: wire.ListTrash) -> wire.ListTrashResponse:
    """What lies in the trash and would go, with its size."""
    most = check_max_results(request.max_results, MAX_LISTED, MAX_LISTED)
    found, held = site.store.read(partial(_find, request=request, most=most + 1))
    return wire.ListTrashResponse(
        items=[_item(site, item) for item in found[:most]],
        held=[wire.Left(kind=i.kind, id=i.id, reason=why) for i, why in held],
        more=len(found) > most,
    )


def purge_trash(site: Site, request: wire.PurgeTrash) -> wire.PurgeTrashResponse:
    """Delete it for good, or count it."""
    if request.dry_run:
        found, held = site.store.read(partial(_find, request=request, most=DRY_RUN_MOST))
        rows = [_item(site, item) for item in found]
        mine = [row for row in rows if request.artifacts_elsewhere or not row.elsewhere]
        return wire.PurgeTrashResponse(
            runs=sum(row.kind == "run" for row in rows),
            models=sum(row.kind == "model" for row in rows),
            experiments=sum(row.kind == "experiment" for row in rows),
            points=sum(row.points or 0 for row in rows),
            files=sum(row.files or 0 for row in mine),
            bytes=sum(row.bytes or 0 for row in mine),
            left=[wire.Left(kind=i.kind, id=i.id, reason=why) for i, why in held],
            more=len(found) == DRY_RUN_MOST,
        )
    wanted = site.store.read(partial(_wanted, request=request))
    held = site.store.read(partial(trash.held, wanted=wanted))
    done = purger.empty(site, wanted, asking(), elsewhere=bool(request.artifacts_elsewhere))
    return wire.PurgeTrashResponse(
        runs=done.runs,
        models=done.models,
        experiments=done.experiments,
        points=done.points,
        files=done.files,
        bytes=done.bytes,
        left=[wire.Left(kind=i.kind, id=i.id, reason=why) for i, why in (*held, *done.left)],
        more=done.more,
    )


def trash_rules(tx: Tx, _request: Empty) -> wire.TrashRulesResponse:
    """The retention rules that experiments have."""
    return wire.TrashRulesResponse(
        rules=[
            wire.RetentionRule(
                experiment_id=str(rule.experiment_id),
                name=rule.name,
                keep_days=rule.keep_days,
                trash_days=rule.trash_days,
                problem=rule.problem or None,
            )
            for rule in retention.rules(tx)
        ]
    )


def apply_trash_rules(site: Site, _request: Empty) -> wire.ApplyRulesResponse:
    """Put into the trash what ``keep_days`` say."""
    return wire.ApplyRulesResponse(runs=purger.expire(site, asking()))


def get_audit(tx: Tx, request: wire.GetAudit) -> wire.AuditResponse:
    """Destructive actions, the newest first."""
    limit = check_max_results(request.limit, 100, MAX_AUDIT)
    return wire.AuditResponse(
        entries=[
            wire.AuditRow(
                id=e.id,
                time=e.time_ms,
                user=e.user,
                address=e.address,
                action=e.action,
                entity=e.entity,
                entity_id=e.entity_id,
                detail=e.detail,
            )
            for e in stored.entries(tx, limit=limit, before=request.before)
        ]
    )


def _find(tx: Tx, request: wire.ListTrash, most: int) -> tuple[list[Item], list[tuple[Item, str]]]:
    wanted = _wanted(tx, request)
    trash.check(tx, wanted)
    return trash.listed(tx, wanted, most), trash.held(tx, wanted)


def _wanted(tx: Tx, request: wire.ListTrash) -> Wanted:
    age_ms = request.older_than or 0
    if age_ms < 0:
        raise InvalidValue(f"'older_than' must not be negative. Got {age_ms}.")
    return Wanted(
        before_ms=tx.place.clock() - age_ms,
        run_ids=request.run_ids,
        experiment_ids=request.experiment_ids,
        model_ids=request.model_ids,
    )


def _item(site: Site, item: Item) -> wire.TrashItem:
    files: int | None = None
    size: int | None = None
    elsewhere = True
    try:
        tree = purger.tree_of(site, item)
        elsewhere = tree.elsewhere
        if item.kind != "experiment":
            files, size = purger.measure(tree.store, tree.path)
    except ClewError:
        pass  # out of reach: nothing to count, and a purge says why
    points = site.store.read(partial(purge.count_points, rns=[item.number])) if item.kind == "run" else None
    return wire.TrashItem(
        kind=item.kind,
        id=item.id,
        name=item.name,
        experiment_id=str(item.experiment_id),
        deleted_time=item.deleted_ms,
        points=points,
        files=files,
        bytes=size,
        elsewhere=elsewhere,
    )


WRITES: tuple[Callable[..., Any], ...] = ()
READS: tuple[Callable[..., Any], ...] = ()
SEARCHES: tuple[Callable[..., Any], ...] = (trash_rules, get_audit)
CALLS: tuple[Callable[..., Any], ...] = (list_trash, purge_trash, apply_trash_rules)
