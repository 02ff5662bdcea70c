"""Deletion for good: marks, then files, then rows, in small steps that writers pass between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from clew.artifacts.store import ArtifactStore
from clew.artifacts.uri import join, scheme_of
from clew.entities.audit import Actor
from clew.errors import ClewError, Denied, NotSupported
from clew.server.actor import SERVER
from clew.server.context import Site
from clew.storage import audit, purge, retention, trash
from clew.storage import files as known
from clew.storage.engine import WriteTx
from clew.storage.trash import Item, Wanted

STEP: Final = 50  # things that are deleted together
TIDY_S: Final = 3600.0  # that one tidying takes at most
RULE_STEP: Final = 500  # runs that a rule puts into the trash together


class Outcome(msgspec.Struct):
    """What is gone. left: what could not be deleted, and why. more: whether time ran out before the end."""

    runs: int = 0
    models: int = 0
    experiments: int = 0
    points: int = 0
    files: int = 0
    bytes: int = 0
    left: list[tuple[Item, str]] = []
    more: bool = False


class Tree(msgspec.Struct, frozen=True):
    """The folder of a thing's files. elsewhere: outside of what this server keeps."""

    store: ArtifactStore
    path: str
    elsewhere: bool


def tree_of(site: Site, item: Item) -> Tree:
    """Where the files of ``item`` lie.

    Raises:
        NotSupported: a place that this server cannot reach. Denied: one that it does not serve.
    """
    folder = item.location.rstrip("/")
    if item.kind != "experiment":
        folder = folder.removesuffix("/artifacts")
    scheme = scheme_of(folder)
    if scheme in ("http", "https") or (scheme == "mlflow-artifacts" and "://" in folder):
        raise NotSupported(f"{item.location} is kept by another server")
    own = scheme == "mlflow-artifacts" or folder.startswith(site.store.artifact_root.rstrip("/") + "/")
    above, _, name = folder.rpartition("/")
    store, path = site.artifact_place(above)
    return Tree(store, join(path, name).lstrip("/"), not own)


def measure(store: ArtifactStore, path: str) -> tuple[int, int]:
    """Files and bytes below ``path``."""
    files = size = 0
    for entry in store.entries(path):
        if entry.is_dir and not entry.link:
            more = measure(store, join(path, entry.name).lstrip("/"))
            files, size = files + more[0], size + more[1]
        else:
            files, size = files + 1, size + entry.size
    return files, size


def expire(site: Site, who: Actor) -> int:
    """Put into the trash what the experiments' ``keep_days`` say; how many runs."""
    total = 0
    for rule in site.store.read(retention.rules):
        step: Callable[[WriteTx], int] = partial(_expire, rule=rule, who=who)
        while moved := site.store.write(step):
            total += moved
    return total


def tidy(site: Site) -> tuple[int, Outcome]:
    """Apply the retention rules, and nothing else: how many runs went to the trash, and what is gone for good."""
    return expire(site, SERVER), empty(site, Wanted(), SERVER, budget_s=TIDY_S)


def _expire(tx: WriteTx, *, rule: retention.Rule, who: Actor) -> int:
    ids = retention.expire(tx, rule, RULE_STEP)
    for run_id in ids:
        audit.record(tx, who, "delete", "run", run_id, f"{retention.KEEP_TAG} = {rule.keep_days:g} is over")
    return len(ids)


def empty(site: Site, wanted: Wanted, who: Actor, *, elsewhere: bool = False, budget_s: float = 5.0) -> Outcome:
    """Delete what is wanted for good; after ``budget_s`` seconds the rest is left for another call.

    elsewhere: also delete files outside of the server's own places.
    What is named and is gone already is passed over, so that a call may be repeated.

    Raises:
        Conflict: something named is in use.
    """
    store, done, deadline = site.store, Outcome(), time.monotonic() + budget_s
    store.read(partial(trash.check, wanted=wanted, gone_is_well=True))
    store.compact()
    skip: frozenset[str] = frozenset()
    while items := store.write(partial(trash.mark, wanted=wanted, limit=STEP, skip=skip)):
        ready, notes = _remove_files(site, items, done, elsewhere=elsewhere)
        rns = [item.number for item in ready if item.kind == "run"]
        done.points += store.read(partial(purge.count_points, rns=rns))
        while rns and store.write(partial(purge.erase_points, rns=rns)) > 0:
            pass
        store.write(partial(_erase, items=ready, notes=notes, who=who))
        for item in ready:
            setattr(done, item.kind + "s", getattr(done, item.kind + "s") + 1)
        skip |= {item.id for item in items} - {item.id for item in ready}
        if time.monotonic() > deadline:
            done.more = True
            break
    while store.write(purge.give_back):
        pass
    if not done.more:
        store.compact()
    return done


def _erase(tx: WriteTx, *, items: Sequence[Item], notes: dict[str, str], who: Actor) -> None:
    purge.erase(tx, items)
    for item in items:
        audit.record(tx, who, "purge", item.kind, item.id, notes[item.id])


def _remove_files(
    site: Site, items: Sequence[Item], done: Outcome, *, elsewhere: bool
) -> tuple[list[Item], dict[str, str]]:
    """Those of ``items`` whose rows may go, and what the audit says of each; the others come into ``done.left``."""
    ready, notes = [], {}
    shared = site.store.read(partial(purge.shared_locations, locations=[item.location for item in items]))
    for item in items:
        try:
            if item.location in shared:
                files, size, note = 0, 0, f"; its files stay at {item.location}: another run has them, too"
            else:
                files, size, note = _remove_tree(site, item, elsewhere=elsewhere)
        except ClewError as error:
            done.left.append((item, error.message))
            continue
        done.files, done.bytes = done.files + files, done.bytes + size
        notes[item.id] = f"{item.name!r}, {files} files, {size} bytes{note}"
        ready.append(item)
    return ready, notes


def _remove_tree(site: Site, item: Item, *, elsewhere: bool) -> tuple[int, int, str]:
    try:
        tree = tree_of(site, item)
        if tree.elsewhere and not elsewhere:
            return 0, 0, f"; its files stay at {item.location}"
        if item.kind == "experiment":  # its runs' files are gone; a folder may hold others' files
            for path in (join(tree.path, "models"), tree.path):
                if not tree.store.entries(path):
                    tree.store.delete(path)
            return 0, 0, ""
        files, size = measure(tree.store, tree.path)
        tree.store.delete(tree.path)
        if tree.store is site.artifacts:
            site.store.write(partial(known.forget, path=tree.path))
    except (NotSupported, Denied) as error:
        return 0, 0, f"; its files stay at {item.location}: {error.message}"
    return files, size, ""
