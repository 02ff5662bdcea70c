"""Where each writer's journal stands, on both databases."""

from __future__ import annotations

from clew.storage import ingest, runs
from clew.storage.store import Store

WRITER = "ab" * 16


def test_a_new_writer_starts_at_zero(store: Store) -> None:
    assert store.read(lambda tx: ingest.cursor(tx, WRITER)) == (0, "")


def test_the_cursor_moves_with_its_notes(store: Store) -> None:
    run = store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id
    for seq, notes in ((7, '{"1":"loss"}'), (9, "{}")):
        store.write(lambda tx, seq=seq, notes=notes: ingest.advance(tx, WRITER, run, seq, notes))
        assert store.read(lambda tx: ingest.cursor(tx, WRITER)) == (seq, notes)
    store.write(lambda tx: ingest.advance(tx, "other", "unknown run", 1, ""))
    assert store.read(lambda tx: ingest.cursor(tx, WRITER)) == (9, "{}")


def test_an_undone_batch_leaves_the_cursor(store: Store) -> None:
    def fails(tx):
        ingest.advance(tx, WRITER, "r", 5, "{}")
        raise ValueError("after the cursor")

    try:
        store.write(fails)
    except ValueError:
        pass
    assert store.write(lambda tx: ingest.cursor(tx, WRITER)) == (0, "")
