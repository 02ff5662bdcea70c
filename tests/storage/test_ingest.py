"""Where each writer's journal stands, on both databases."""

from __future__ import annotations

from clew.storage import ingest, runs
from clew.storage.engine import WriteTx
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


def test_names_of_an_older_schema_are_kept(store_url: str) -> None:
    store = Store.open(store_url, background=False)
    names = '{"keys":{"1":["loss",0]},"contexts":{}}'

    def as_before(tx: WriteTx) -> None:
        tx.run("DROP TABLE ingest_names")
        tx.run("DELETE FROM migration WHERE number = 5")
        ingest.advance(tx, "known", "r", 9, names)
        ingest.advance(tx, "new", "r", 3, "{}")

    store.write(as_before)
    store.close()
    later = Store.open(store_url, background=False)
    assert later.read(lambda tx: ingest.read_names(tx, "known")) == [names]
    assert later.read(lambda tx: ingest.cursor(tx, "known"))[1] != ""
    assert later.read(lambda tx: ingest.cursor(tx, "new")) == (3, "")
    later.close()
