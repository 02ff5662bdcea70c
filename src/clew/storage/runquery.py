"""What is asked about runs, read and settled."""

from __future__ import annotations

import msgspec

from clew.entities.run import ViewType
from clew.query.ast import Expr
from clew.query.fields import RUNS
from clew.query.order import Order
from clew.query.text import write_filter
from clew.storage import keyset


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about runs.

    experiments: their numbers; unknown ones are passed over.
    where: checked and settled tree, None for all. order: ties go by start time, newest first, then by run id.
    limit: runs on a page. token: of the page; None for the first. counted: whether to count all answers.
    now_ms: what relative times of ``where`` counted from.
    """

    experiments: tuple[int, ...]
    where: Expr | None = None
    order: tuple[Order, ...] = ()
    view: ViewType = "ACTIVE_ONLY"
    limit: int = 1000
    token: str | None = None
    counted: bool = False
    now_ms: int = 0

    def fingerprint(self) -> str:
        """What a page token must agree with."""
        return keyset.fingerprint(
            self.now_ms, "runs", sorted(set(self.experiments)), write_filter(self.where, RUNS), self.order, self.view
        )
