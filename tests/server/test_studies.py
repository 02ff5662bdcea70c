"""The journals of shared studies: one order for all who append."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from clew.storage import studies
from clew.storage.store import Store

from .conftest import NATIVE, Tracker

JOURNALS = NATIVE + "study-journals/"


def read(client: Tracker, journal: str, start: int = 0) -> tuple[list[str], int]:
    answer = client.get(JOURNALS + journal, start=start)
    assert answer.status == 200, answer.text
    return answer.json().get("entries", []), answer.json()["length"]


def test_entries_are_read_as_they_were_written_from_any_number(client: Tracker) -> None:
    assert client.ok(JOURNALS + "a%20b", {"entries": ['{"x":NaN}', "ü"]})["length"] == 2
    assert client.ok(JOURNALS + "a%20b", {"entries": ["third"]})["length"] == 3
    assert read(client, "a%20b") == (['{"x":NaN}', "ü", "third"], 3)
    assert read(client, "a%20b", 2) == (["third"], 3)
    assert read(client, "a%20b", 3) == ([], 3)
    assert read(client, "other") == ([], 0)


def test_an_append_that_is_sent_again_is_written_once(client: Tracker) -> None:
    for _ in range(2):
        assert client.ok(JOURNALS + "j", {"entries": ["a", "b"], "token": "t1"})["length"] == 2
    client.ok(JOURNALS + "j", {"entries": ["c"], "token": "t2"})
    client.ok(JOURNALS + "k", {"entries": ["d"], "token": "t1"})  # tokens are of one journal
    assert read(client, "j") == (["a", "b", "c"], 3)
    assert read(client, "k") == (["d"], 1)


def test_a_long_journal_is_read_in_pages(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "MAX_ENTRIES", 3)
    client.ok(JOURNALS + "j", {"entries": [str(n) for n in range(5)]})
    assert read(client, "j") == (["0", "1", "2"], 5)
    assert read(client, "j", 3) == (["3", "4"], 5)


def test_a_deleted_journal_is_gone_and_its_name_is_free(client: Tracker) -> None:
    client.ok(JOURNALS + "j", {"entries": ["old"], "token": "t"})
    assert client.send("DELETE", JOURNALS + "j", {}).status == 200
    assert client.send("DELETE", JOURNALS + "j", {}).status == 404
    assert client.ok(JOURNALS + "j", {"entries": ["new"], "token": "t"})["length"] == 1
    assert read(client, "j") == (["new"], 1)


@pytest.mark.parametrize(
    "asked",
    [{"entries": ["a\x00"]}, {"entries": ["x" * 1_048_577]}, {"entries": [], "token": "t" * 65}],
)
def test_what_cannot_be_kept_is_refused_as_a_whole(client: Tracker, asked: dict[str, Any]) -> None:
    asked["entries"] = ["first", *asked["entries"]]
    assert client.post(JOURNALS + "j", asked).status == 400
    assert read(client, "j") == ([], 0)
    assert client.get(JOURNALS + "j", start=-1).status == 400


def test_concurrent_appends_of_several_servers_have_one_order(store_url: str) -> None:
    """Each reader sees a beginning of the same list, however far it is."""
    stores = [Store.open(store_url, background=False)]
    if store_url.startswith("postgresql"):  # an SQLite file has one server
        stores.append(Store.open(store_url, background=False))
    seen: list[list[str]] = []

    def work(worker: int) -> None:
        store = stores[worker % len(stores)]
        for turn in range(40):
            pair = [f"{worker}-{turn}-{half}" for half in "ab"]
            store.write(partial(studies.append_entries, journal="j", entries=pair))
            seen.append(store.read(partial(studies.read_entries, journal="j", start=0))[0])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    entries, length = stores[0].read(partial(studies.read_entries, journal="j", start=0))
    for store in stores:
        store.close()
    assert (length, len(entries), len(set(entries))) == (320, 320, 320)
    assert [e[:-1] for e in entries[::2]] == [e[:-1] for e in entries[1::2]]
    assert all(entries[: len(early)] == early for early in seen)
    for worker in range(4):
        mine = [int(e.split("-")[1]) for e in entries[::2] if e.startswith(f"{worker}-")]
        assert mine == list(range(40))
