"""Calls of the client that concern the trash and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from clew.wire import mlflow
from clew.wire import trash as wire

if TYPE_CHECKING:
    from clew.client.link import Link

_COUNTS = ("runs", "models", "experiments", "points", "files", "bytes")


class TrashCalls:
    """What ``ClewClient`` can do with the trash of a Clew server."""

    _link: Link

    def list_trash(self, wanted: wire.ListTrash) -> wire.ListTrashResponse:
        """What would be deleted for good, at most 1000 things, with their sizes.

        Raises:
            NotFound, Conflict: something named is not in the trash.
        """
        fields = {name: getattr(wanted, name) for name in wire.ListTrash.__struct_fields__}
        answer: wire.ListTrashResponse = self._link.read("list_trash", wire.ListTrash(**fields))
        return answer

    def purge_trash(self, wanted: wire.PurgeTrash, dry_run: bool = False) -> wire.PurgeTrashResponse:
        """Delete it for good, or with ``dry_run`` count it; returns when all is done.

        Raises:
            NotFound, Conflict: something named is not in the trash.
        """
        total = dict.fromkeys(_COUNTS, 0)
        request = msgspec.structs.replace(wanted, dry_run=dry_run or None)
        while True:
            done: wire.PurgeTrashResponse = self._link.call("purge_trash", request)
            for name in _COUNTS:
                total[name] += getattr(done, name) or 0
            if dry_run or not done.more:
                return wire.PurgeTrashResponse(**total, left=done.left, more=done.more)

    def expire_runs(self) -> int:
        """Put into the trash what the experiments' retention rules say; how many runs."""
        return int(self._link.call("apply_trash_rules", mlflow.Empty()).runs or 0)

    def get_audit(self, limit: int = 100, before: int | None = None) -> list[wire.AuditRow]:
        """Destructive actions, the newest first; ``before`` is the smallest id of the page before."""
        return list(self._link.read("get_audit", wire.GetAudit(limit=limit, before=before)).entries)
