"""The column index: right after every kind of change, within its memory, and equal to SQL."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.page import Page
from clew.entities.run import RunStatus
from clew.query.match import matcher
from clew.query.number import parse_number
from clew.storage import experiments, inputs, metrics, runs, search
from clew.storage.columns.column import Cells, NumberColumn
from clew.storage.columns.dictionary import TextDictionary
from clew.storage.columns.index import ColumnIndex
from clew.storage.engine import Tx, WriteTx
from clew.storage.store import Store
from filter_strategies import PATTERNS, REGEXES, TEXTS

ASKED = [
    ("", ["metrics.loss DESC"]),
    ("metrics.loss < 0.5 AND params.kind = 'a'", ["params.kind", "metrics.loss"]),
    ("NOT (tags.team = 'red')", ["attributes.end_time"]),
    ("tags.team IS NULL OR run_name ~ '7'", ["run_name DESC"]),
    ("dataset.name = 'wine' OR params.late > 3", ["attributes.status", "run_id DESC"]),
    ("status = 'FINISHED'", ["tags.team DESC"]),
    ("metrics.loss.mean > 0.2 OR metrics.loss.at(2) = 0.1", ["metrics.loss.last(2)", "metrics.loss.min DESC"]),
    ("metrics.loss.count > 1", ["metrics.loss.mean DESC"]),
]


@pytest.fixture
def indexed(store_url: str) -> Iterator[Store]:
    """A store whose searches all go through the index; its clock stands, because page tokens hold the time."""
    index = ColumnIndex(min_runs=0)
    with closing(Store.open(store_url, background=False, clock=lambda: 1_700_000_000_000, columns=index)) as store:
        yield store


def both(store: Store, where: str, order: list[str], view: str = "ACTIVE_ONLY") -> tuple[Page[int], Page[int]]:
    """What the index answers and what SQL answers."""

    def ask(tx: Tx) -> Page[int]:
        ids = [e.experiment_id for e in search.search_experiments(tx, view="ALL").items]
        return search.search_runs(tx, ids, where, order, view, 7, with_total=True)  # type: ignore[arg-type]

    index = store._place.columns
    assert index is not None
    fast = store.read(ask)
    assert index.nbytes > 0, "the index did not answer"
    store._place.columns = None
    try:
        return fast, store.read(ask)
    finally:
        store._place.columns = index


class Changer:
    """Changes a store at random in every way that a search can see."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.runs: list[str] = []

    def change(self, tx: WriteTx) -> None:
        acts = [self.create, self.metric, self.metric, self.param, self.tag, self.untag, self.end, self.trash]
        acts += [self.restore, self.rename, self.dataset]
        for _ in range(self.rng.randrange(1, 5)):
            act = self.create if len(self.runs) < 3 else self.rng.choice(acts)
            act(tx)

    def one(self) -> str:
        return self.rng.choice(self.runs)

    def create(self, tx: WriteTx) -> None:
        made = runs.create_run(
            tx, experiment_id="0", run_name=f"r{self.rng.randrange(20)}", start_ms=self.rng.choice((1, 2))
        )
        self.runs.append(made.info.run_id)

    def metric(self, tx: WriteTx) -> None:
        run = self.active(tx)
        metrics.log_point(tx, run, "loss", self.rng.randrange(5), 0, self.rng.choice((0.1, 0.5, 0.9, float("nan"))))

    def param(self, tx: WriteTx) -> None:
        key = self.rng.choice(("kind", "late"))
        value = self.rng.choice(("a", "b", "4", "2.5"))
        runs.log_params(tx, self.active(tx), [(key, value)], keep_first=True)

    def tag(self, tx: WriteTx) -> None:
        runs.set_tags(tx, self.active(tx), {"team": self.rng.choice(("red", "blue", f"t{self.rng.randrange(99)}"))})

    def untag(self, tx: WriteTx) -> None:
        run = self.active(tx)
        if "team" in runs.get_run(tx, run).data.tags:
            runs.delete_tag(tx, run, "team")

    def end(self, tx: WriteTx) -> None:
        runs.update_run(tx, self.active(tx), status=self.rng.choice(list(RunStatus)), end_ms=self.rng.randrange(9))

    def rename(self, tx: WriteTx) -> None:
        runs.update_run(tx, self.active(tx), name=f"n{self.rng.randrange(20)}")

    def trash(self, tx: WriteTx) -> None:
        runs.delete_run(tx, self.one())

    def restore(self, tx: WriteTx) -> None:
        runs.restore_run(tx, self.one())

    def dataset(self, tx: WriteTx) -> None:
        used = DatasetInput(dataset=Dataset(name=self.rng.choice(("wine", "iris")), digest="1"), tags={})
        inputs.log_inputs(tx, self.active(tx), [used])

    def active(self, tx: WriteTx) -> str:
        run = self.one()
        runs.restore_run(tx, run)
        return run


@pytest.mark.parametrize("seed", range(3))
def test_every_change_is_seen_by_the_next_search(indexed: Store, seed: int) -> None:
    changer = Changer(seed)
    for turn in range(40):
        indexed.write(changer.change)
        where, order = ASKED[turn % len(ASKED)]
        fast, slow = both(indexed, where, order, ("ACTIVE_ONLY", "ALL", "DELETED_ONLY")[turn % 3])
        assert fast == slow, (turn, where, order)


def test_a_deleted_experiment_takes_its_runs_along(indexed: Store) -> None:
    own = indexed.write(lambda tx: experiments.create_experiment(tx, "own"))
    indexed.write(lambda tx: [runs.create_run(tx, experiment_id=own) for _ in range(5)])
    before, _ = both(indexed, "", [])
    indexed.write(lambda tx: experiments.delete_experiment(tx, own))
    assert (before.total, *(page.total for page in both(indexed, "", []))) == (5, 0, 0)
    indexed.write(lambda tx: experiments.restore_experiment(tx, own))
    assert [page.total for page in both(indexed, "", [])] == [5, 5]


def test_runs_that_leave_an_experiment_are_no_longer_found(indexed: Store) -> None:
    def leave(tx: WriteTx, number: int) -> None:
        tx.run("DELETE FROM run WHERE rn = :rn", rn=number)
        tx.run("UPDATE experiment SET change = :change WHERE id = 0", change=tx.change())

    for _ in range(30):
        indexed.write(lambda tx: runs.create_run(tx, experiment_id="0"))
    first, _ = both(indexed, "", ["run_id"])
    for number in first.items:
        indexed.write(lambda tx, number=number: leave(tx, number))  # type: ignore[misc]
        fast, slow = both(indexed, "", ["run_id"])
        assert fast == slow
    assert fast.total == 23


def test_pages_stay_right_while_runs_arrive(indexed: Store) -> None:
    made = {indexed.write(lambda tx: runs.create_run(tx, experiment_id="0", start_ms=5)).info.run_id for _ in range(20)}
    found: list[int] = []
    token = None
    while True:
        page = indexed.read(
            lambda tx, token=token: search.search_runs(  # type: ignore[misc]
                tx, ["0"], "", ["run_id"], max_results=3, page_token=token
            )
        )
        found += page.items
        token = page.token
        if token is None:
            break
        indexed.write(lambda tx: runs.create_run(tx, experiment_id="0", start_ms=9))
    ids = [run.info.run_id for run in indexed.read(lambda tx: runs.hydrate(tx, found))]
    assert made <= set(ids)
    assert ids == sorted(set(ids))


def test_small_experiments_are_left_to_sql(store: Store) -> None:
    store.write(lambda tx: runs.create_run(tx, experiment_id="0"))
    store.read(lambda tx: search.search_runs(tx, ["0"]))
    assert store._place.columns is not None
    assert store._place.columns.nbytes == 0


def test_an_experiment_that_does_not_fit_its_memory_is_searched_by_sql(store_url: str) -> None:
    index = ColumnIndex(min_runs=0, max_bytes=100)
    with closing(Store.open(store_url, background=False, columns=index)) as store:
        store.write(lambda tx: [runs.create_run(tx, experiment_id="0") for _ in range(30)])
        for _ in range(2):
            assert store.read(lambda tx: search.search_runs(tx, ["0"], with_total=True)).total == 30
        assert index.nbytes == 0


def test_the_least_used_columns_make_room(indexed: Store) -> None:
    def fill(tx: WriteTx) -> None:
        for i in range(40):
            run = runs.create_run(tx, experiment_id="0")
            runs.log_params(tx, run.info.run_id, [(f"p{k}", f"{'x' * 200}{i}") for k in range(10)])

    indexed.write(fill)
    index = indexed._place.columns
    assert index is not None
    both(indexed, "params.p0 = 'a'", [])
    index.max_bytes = index.nbytes * 3
    for k in range(10):
        fast, slow = both(indexed, f"params.p{k} ~ 'x7'", [])
        assert fast == slow
        assert 0 < index.nbytes <= index.max_bytes


def test_run_ids_of_another_form_are_searched_by_sql(indexed: Store) -> None:
    indexed.write(lambda tx: [runs.create_run(tx, experiment_id="0") for _ in range(3)])
    indexed.write(lambda tx: tx.run("UPDATE run SET run_id = 'my-own-id', change = :c WHERE rn = 2", c=tx.change()))
    page = indexed.read(lambda tx: search.search_runs(tx, ["0"], "run_id = 'my-own-id'"))
    assert page.items == [2]


@given(st.lists(st.lists(st.sampled_from(TEXTS) | st.text(st.characters(exclude_characters="\0", codec="utf-8")))))
def test_a_dictionary_knows_its_texts(batches: list[list[str]]) -> None:
    dictionary = TextDictionary()
    for texts in batches:
        codes = dictionary.codes(texts).tolist()
        assert [dictionary.text(code) for code in codes] == texts
        every = dictionary.texts()
        assert len(set(every)) == len(every) == len(dictionary)
        assert [dictionary.find(text) for text in texts] == codes
        ranked = sorted(range(len(every)), key=dictionary.ranks().__getitem__)
        assert [every[code] for code in ranked] == sorted(every)
        numbers = [parse_number(text) for text in every]
        np.testing.assert_array_equal(dictionary.numbers(), np.array(numbers, np.float64))
    copy = TextDictionary(*dictionary.dump())
    assert copy.texts() == dictionary.texts()
    assert copy.codes(dictionary.texts()).tolist() == list(range(len(dictionary)))


@given(st.lists(st.sampled_from(TEXTS), unique=True), st.sampled_from(("LIKE", "ILIKE", "~", "RLIKE", "=")), st.data())
def test_a_dictionary_matches_as_the_one_matcher_does(texts: list[str], op: str, data: st.DataObject) -> None:
    dictionary = TextDictionary()
    dictionary.codes(texts[: len(texts) // 2])
    dictionary.matching("ILIKE", "%warm%")
    dictionary.codes(texts)
    pattern = data.draw(st.sampled_from(REGEXES if op == "RLIKE" else (*PATTERNS, *TEXTS)))
    expected = [text == pattern if op == "=" else matcher(op, pattern)(text) for text in texts]
    assert dictionary.matching(op, pattern).tolist() == expected


@pytest.mark.parametrize("pattern", ["t 9[0-9]*7$", "^text", "7", "^text 1.*1$", "no such"])
def test_expressions_find_few_texts_of_many_and_many(pattern: str) -> None:
    dictionary = TextDictionary()
    texts = [f"text {i}" for i in range(5000)]
    dictionary.codes(texts)
    fits = matcher("RLIKE", pattern)
    assert dictionary.matching("RLIKE", pattern).tolist() == [fits(text) for text in texts]


def test_a_large_dictionary_finds_texts_by_their_hashes() -> None:
    dictionary = TextDictionary()
    first = dictionary.codes([f"text {i}" for i in range(150_000)])
    assert not dictionary._recent or len(dictionary._recent) < 150_000
    again = dictionary.codes([f"text {i}" for i in range(149_990, 150_010)])
    assert again.tolist() == list(range(149_990, 150_010))
    assert (first == np.arange(150_000)).all()
    assert dictionary.find("text 77") == 77
    assert dictionary.find("text 7x") == -1


@given(st.lists(st.tuples(st.lists(st.integers(0, 39), unique=True), st.integers(0, 5)), max_size=8))
def test_cells_hold_what_was_put_last(puts: list[tuple[list[int], int]]) -> None:
    cells: Cells[np.int32] = Cells(np.int32(-1), 40)
    expected = [-1] * 40
    for rows, value in puts:
        cells.put(np.array(rows, np.int64), np.full(len(rows), value, np.int32))
        for row in rows:
            expected[row] = value
        assert cells.array().tolist() == expected
    cells.grow(50)
    assert cells.array().tolist() == expected + [-1] * 10


def test_nan_is_a_value_and_absence_is_none() -> None:
    column = NumberColumn(4)
    column.put(np.array([0, 1]), np.array([np.nan, 2.0]))
    assert column.present().tolist() == [True, True, False, False]
    assert column.matching("!=", 2.0).tolist() == [True, False, False, False]
    column.clear(np.array([0]))
    assert column.present().tolist() == [False, True, False, False]


def fill_for_snapshot(tx: WriteTx) -> None:
    for i in range(60):
        run = runs.create_run(tx, experiment_id="0", run_name=f"r{i % 7}", start_ms=i).info.run_id
        runs.log_params(tx, run, [("kind", "ab"[i % 2]), ("late", str(i))])
        runs.set_tags(tx, run, {"team": "red"} if i % 9 == 0 else {})
        metrics.log_point(tx, run, "loss", 0, 0, float("nan") if i % 10 == 0 else i / 60)
        inputs.log_inputs(
            tx, run, [DatasetInput(dataset=Dataset(name="wine" if i % 3 else "iris", digest="1"), tags={})]
        )


def open_kept(url: str, cache: str) -> Store:
    index = ColumnIndex(min_runs=0, folder=cache)
    return Store.open(url, background=False, clock=lambda: 1_700_000_000_000, columns=index)


def test_a_kept_index_is_right_after_more_changes(store_url: str, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    with closing(open_kept(store_url, cache)) as store:
        store.write(fill_for_snapshot)
        for where, order in ASKED:
            both(store, where, order)
    assert os.listdir(cache) == ["runs-0.columns"]
    for seed in range(3):
        changer = Changer(seed)
        with closing(Store.open(store_url, background=False)) as unindexed:
            for _ in range(3):
                unindexed.write(changer.change)
        with closing(open_kept(store_url, cache)) as store:
            for where, order in ASKED:
                fast, slow = both(store, where, order, "ALL")
                assert fast == slow, (where, order)


def test_a_kept_index_spares_the_reading_of_values(store_url: str, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    with closing(open_kept(store_url, cache)) as store:
        store.write(fill_for_snapshot)
        both(store, "metrics.loss < 0.5", [])
    with closing(open_kept(store_url, cache)) as store:
        # Behind the back of change numbers: who still finds the old value did not read it.
        store.write(lambda tx: tx.run("UPDATE latest_metric SET value = 77"))
        fast, slow = both(store, "metrics.loss < 0.5", [])
        assert (fast.total, slow.total) == (27, 0)


@pytest.mark.parametrize("damage", ["cut", "header", "middle", "end", "other store", "older database"])
def test_a_damaged_or_foreign_snapshot_is_passed_over(store_url: str, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    with closing(open_kept(store_url, str(cache))) as store:
        store.write(fill_for_snapshot)
        for where, order in ASKED:
            both(store, where, order)
    file = cache / "runs-0.columns"
    whole = bytearray(file.read_bytes())
    match damage:
        case "cut":
            del whole[len(whole) // 2 :]
        case "header":
            whole[40] ^= 1
        case "middle":
            for place in range(4000, len(whole), 97):
                whole[place] ^= 0xFF
        case "end":
            whole[-70:] = bytes(70)
    file.write_bytes(whole)
    with closing(open_kept(store_url, str(cache))) as store:
        if damage == "other store":
            store.write(lambda tx: tx.run("UPDATE migration SET applied_ms = 1 WHERE number = 1"))
        if damage == "older database":
            store.write(lambda tx: tx.run("UPDATE run SET change = 0"))
        if damage in ("other store", "older database"):
            store.write(lambda tx: tx.run("UPDATE latest_metric SET value = 77"))
        for where, order in ASKED:
            fast, slow = both(store, where, order)
            assert fast == slow


def test_an_index_that_cannot_be_kept_is_no_harm(store_url: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with closing(open_kept(store_url, str(tmp_path / "cache"))) as store:
        store.write(fill_for_snapshot)
        fast, slow = both(store, "metrics.loss < 0.5", [])
        assert fast == slow


def test_without_memory_there_is_no_index(store_url: str) -> None:
    index = ColumnIndex(min_runs=0, max_bytes=0)
    with closing(Store.open(store_url, background=False, columns=index)) as store:
        store.write(lambda tx: runs.create_run(tx, experiment_id="0"))
        assert store.read(lambda tx: search.search_runs(tx, ["0"], with_total=True)).total == 1
    assert index.nbytes == 0
