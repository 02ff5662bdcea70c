"""What a group commit touched: told to listeners here and on other servers, and found again by number.

Positions. On SQLite a position is the change counter, and what came later is ``change > position``. On
PostgreSQL numbers do not commit in their own order, so a position is the oldest transaction that was
open: everything below it is settled, and ``change >= position`` may repeat something but misses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from clew.storage.engine import TryAgain, Tx, WriteTx

CHANNEL: Final = "clew"
MAX_NAMED: Final = 1000  # runs or experiments that one answer names
_MAX_NAMED_IN_NOTICE: Final = 200  # runs
_MAX_NOTICE: Final = 7900  # bytes; PostgreSQL refuses a notification from 8000 on


class Change(NamedTuple):
    """One committed group.

    rev: position after it. runs: experiment number -> ids of its touched runs, None for too many to name; None for
    runs that nobody asked to name. experiments: numbers of those whose own row changed, or whose runs all went to or
    came from the trash.
    """

    rev: int
    runs: Mapping[int, Sequence[str] | None] | None
    experiments: Sequence[int]


class Found(NamedTuple):
    """What changed since a position. rev: the new position. ids: newest first. more: whether there are others."""

    rev: int
    ids: list[str]
    more: bool


def mark(tx: WriteTx, *, named: bool) -> Change | None:
    """Number the touched runs; None if nothing was touched, and on PostgreSQL, which tells every server at commit.

    named: whether to name the runs on SQLite, which costs 3 µs each.
    Last thing of a group. Cost: one statement.

    Raises:
        TryAgain: another server moved one of the runs to another experiment, whose key ids are others.
    """
    if not tx.touched and not tx.reshaped:
        return None
    if tx.dialect.name == "postgresql":
        _notify(tx)
        return None
    runs: dict[int, Sequence[str] | None] | None = {}
    if tx.touched:
        number = f"UPDATE run SET change = :change WHERE {tx.dialect.any_of('rn', 'rns')}"
        touched = sorted(tx.touched)
        if named:
            rows = tx.all(f"{number} RETURNING experiment_id, run_id", change=tx.change(), rns=touched)
            runs = _by_experiment(rows)
        else:
            tx.run(number, change=tx.change(), rns=touched)
            runs = None
    return Change(tx.change(), runs, sorted(tx.reshaped))


def read_notice(text: str) -> Change | None:
    """The change that a notification tells of; None where it only says that there was one."""
    rev, _, notice = text.partition(" ")
    if not notice:
        return None
    runs, experiments = json.loads(notice)
    return Change(int(rev), {int(number): ids for number, ids in runs.items()}, experiments)


def changed_runs(tx: Tx, experiment: int, since: int, most: int = MAX_NAMED) -> Found:
    """The runs of an experiment that changed after position ``since``, be they in the trash."""
    rows = tx.all(
        f"SELECT run_id FROM run WHERE experiment_id = :experiment AND {later(tx)}"
        " ORDER BY change DESC, rn DESC LIMIT :most",
        experiment=experiment,
        since=since,
        most=most + 1,
    )
    return Found(tx.change(), [run_id for (run_id,) in rows[:most]], len(rows) > most)


def changed_experiments(tx: Tx, since: int, most: int = MAX_NAMED) -> Found:
    """The experiments that changed after position ``since``, or that have runs which did.

    Cost: one index look-up per experiment.
    """
    rows = tx.all(
        f"SELECT e.id FROM experiment e WHERE e.{later(tx)}"
        f" OR EXISTS (SELECT 1 FROM run r WHERE r.experiment_id = e.id AND r.{later(tx)})"
        " ORDER BY e.id DESC LIMIT :most",
        since=since,
        most=most + 1,
    )
    return Found(tx.change(), [str(number) for (number,) in rows[:most]], len(rows) > most)


def run_changed(tx: Tx, run_id: str, since: int) -> bool:
    """Whether a run changed after position ``since``."""
    sql = f"SELECT 1 FROM run WHERE run_id = :run_id AND {later(tx)}"
    return tx.one(sql, run_id=run_id, since=since) is not None


def experiment_changed(tx: Tx, number: int, since: int) -> bool:
    """Whether an experiment's own row changed after position ``since``."""
    return tx.one(f"SELECT 1 FROM experiment WHERE id = :id AND {later(tx)}", id=number, since=since) is not None


def later(tx: Tx) -> str:
    """The condition that a row changed after the position bound as ``since``."""
    return "change > :since" if tx.dialect.name == "sqlite" else "change >= :since"


def _by_experiment(rows: Iterable[tuple[int, str]]) -> dict[int, Sequence[str] | None]:
    found: dict[int, list[str]] = {}
    for experiment, run_id in rows:
        found.setdefault(experiment, []).append(run_id)
    return dict(found)


def _notify(tx: WriteTx) -> None:
    """Number the touched runs and tell their ids; beyond what a notification holds their experiments, or nothing.

    Raises:
        TryAgain: a run is gone, or not in the experiment in which this transaction found it.
    """
    rows = tx.all(
        "WITH touched AS ("
        f" UPDATE run SET change = :change WHERE {tx.dialect.any_of('rn', 'rns')}"
        " RETURNING rn, experiment_id, run_id),"
        " named AS (SELECT experiment_id, CASE WHEN :named THEN json_agg(run_id) END AS ids"
        " FROM touched GROUP BY experiment_id),"
        " notice AS (SELECT '[' || coalesce(json_object_agg(experiment_id, ids)::text, '{}') || ','"
        " || :experiments || ']' AS words FROM named)"
        " SELECT pg_notify(:channel, pg_snapshot_xmin(pg_current_snapshot())::text || ' '"
        " || CASE WHEN octet_length(words) <= :most THEN words ELSE '' END)::text,"
        " (SELECT count(*) FROM touched t JOIN unnest(:found::bigint[], :homes::bigint[]) AS h (rn, experiment)"
        " ON h.rn = t.rn WHERE h.experiment <> t.experiment_id),"
        " (SELECT count(*) FROM touched) FROM notice",
        change=tx.change(),
        rns=sorted(tx.touched),
        found=list(tx.homes),
        homes=list(tx.homes.values()),
        named=len(tx.touched) <= _MAX_NAMED_IN_NOTICE,
        experiments=json.dumps(sorted(tx.reshaped)),
        channel=CHANNEL,
        most=_MAX_NOTICE,
    )
    if rows[0][1]:
        raise TryAgain("a run was moved to another experiment meanwhile")
    if rows[0][2] < len(tx.touched):
        raise TryAgain("a run was deleted for good by another server meanwhile")
