"""The trash and its end: what goes, what stays, and that nothing is left, on both databases."""

from __future__ import annotations

import os
import random
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clew.ids import new_id
from clew.server import purger
from clew.server.context import Site
from clew.storage import check, retention
from clew.storage.trash import Wanted
from clew.wire import frames

from .conftest import API, NATIVE, Tracker
from .test_ingest import Journal

DAY_MS = 86_400_000
FILES = "/api/2.0/mlflow-artifacts/artifacts/"


def filled_run(client: Tracker, experiment_id: str = "0", points: int = 3000) -> str:
    """A run with something in every table, and a file."""
    run_id = client.new_run(experiment_id)
    client.ok(API + "runs/log-batch", {"run_id": run_id, "params": [{"key": "p", "value": "1"}]})
    for start in range(0, points, 1000):
        client.log(run_id, "loss", *((step, step / 7) for step in range(start, start + 1000)))
    client.app.site.store.compact()
    client.log(run_id, "late", (1, 1.0))
    dataset = {"name": run_id, "digest": "x", "source_type": "t", "source": "s"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})
    client.ok(API + "runs/outputs", {"run_id": run_id, "models": [{"model_id": "m-1", "step": 0}]})
    assert client.request("PUT", file_of(experiment_id, run_id), b"x" * 1000).status == 200
    return run_id


def file_of(experiment_id: str, run_id: str) -> str:
    return f"{FILES}{experiment_id}/{run_id}/artifacts/a/model.bin"


def delete(client: Tracker, *run_ids: str) -> None:
    for run_id in run_ids:
        client.ok(API + "runs/delete", {"run_id": run_id})


def purge(client: Tracker, **fields: Any) -> Any:
    return client.ok(NATIVE + "trash/purge", fields)


def rows_of(client: Tracker, rn: int) -> dict[str, int]:
    """How many rows of each table belong to the run."""
    store = client.app.site.store
    tables = "metric_block metric_chunk latest_metric param tag run_input run_model ingest_stream run".split()
    counts = {
        table: store.read(lambda tx, t=table: tx.one(f"SELECT count(*) FROM {t} WHERE rn = :rn", rn=rn))[0]
        for table in tables
    }
    packed = store.read(lambda tx: tx.all("SELECT runs FROM metric_log"))
    counts["metric_log"] = sum(rn.to_bytes(8, "little") in bytes(runs) for (runs,) in packed)
    return {table: count for table, count in counts.items() if count}


def number_of(client: Tracker, run_id: str) -> int:
    row = client.app.site.store.read(lambda tx: tx.one("SELECT rn FROM run WHERE run_id = :id", id=run_id))
    assert row is not None
    return int(row[0])


def test_only_the_trash_is_emptied_and_nothing_of_it_is_left(client: Tracker, tmp_path: Path) -> None:
    gone, kept = filled_run(client), filled_run(client)
    rn = number_of(client, gone)
    delete(client, gone)
    before = client.history(kept, "loss")
    seen = purge(client, dry_run=True)
    assert (seen["runs"], seen["files"], seen["bytes"]) == (1, 1, 1000)
    assert client.run(gone)["info"]["lifecycle_stage"] == "deleted"
    done = purge(client)
    assert (done["runs"], done["points"], done["files"], done["bytes"]) == (1, 3001, 1, 1000)
    client.app.site.store.compact()
    assert rows_of(client, rn) == {}
    assert client.get(API + "runs/get", run_id=gone).status == 404
    assert not os.path.exists(tmp_path / "artifacts" / "0" / gone)
    assert client.history(kept, "loss") == before
    assert client.request("GET", file_of("0", kept)).status == 200
    datasets = client.app.site.store.read(lambda tx: tx.all("SELECT name FROM dataset"))
    assert datasets == [(kept,)]
    sums = client.app.site.store.read(lambda tx: tx.all("SELECT path FROM artifact"))
    assert [kept in path for (path,) in sums] == [True]
    assert purge(client).get("runs") == 0


def test_searches_by_the_column_index_forget_what_is_gone(client: Tracker) -> None:
    index = client.app.site.store._place.columns
    assert index is not None
    index.min_runs = 0
    kept, gone = client.new_run(), client.new_run()
    delete(client, gone)
    asked = {"experiment_ids": ["0"], "view": "ALL"}
    assert client.ok(NATIVE + "runs/query", asked)["total"] == 2
    purge(client)
    answer = client.ok(NATIVE + "runs/query", asked)
    assert (answer["total"], [run["run_id"] for run in answer["runs"]]) == (1, [kept])


def test_what_is_in_use_is_refused(client: Tracker) -> None:
    run_id = filled_run(client)
    for path in ("trash/list", "trash/purge"):
        answer = client.post(NATIVE + path, {"run_ids": [run_id]})
        assert (answer.status, "in use" in answer.message) == (400, True)
    assert client.post(NATIVE + "trash/list", {"run_ids": ["nope"]}).status == 404
    assert client.post(NATIVE + "trash/list", {"experiment_ids": ["x"]}).status == 400
    assert client.run(run_id)["info"]["lifecycle_stage"] == "active"


def test_only_what_is_named_and_old_enough_goes(client: Tracker) -> None:
    one, two = client.new_run(), client.new_run()
    delete(client, one, two)
    assert purge(client, run_ids=[one], older_than=DAY_MS)["runs"] == 0
    assert purge(client, run_ids=[one])["runs"] == 1
    assert client.run(two)["info"]["lifecycle_stage"] == "deleted"
    assert purge(client, older_than=DAY_MS)["runs"] == 0
    assert [i["id"] for i in client.ok(NATIVE + "trash/list", {})["items"]] == [two]


def test_an_experiment_goes_with_all_it_holds_and_its_name_is_free(client: Tracker, tmp_path: Path) -> None:
    number = client.new_experiment("mine")
    run_id = filled_run(client, number)
    model = client.ok(API + "logged-models", {"experiment_id": number, "name": "m"})["model"]["info"]["model_id"]
    client.ok(API + "experiments/delete", {"experiment_id": number})
    done = purge(client, experiment_ids=[number])
    assert (done["runs"], done["models"], done["experiments"]) == (1, 1, 1)
    for path, query in (("experiments/get", {"experiment_id": number}), ("runs/get", {"run_id": run_id})):
        assert client.get(API + path, **query).status == 404
    assert client.get(API + "logged-models/" + model).status == 404
    assert not os.path.exists(tmp_path / "artifacts" / number)
    assert client.new_experiment("mine") != number
    left = client.app.site.store.read(lambda tx: tx.all("SELECT id FROM key WHERE experiment_id = :e", e=int(number)))
    assert left == []


def test_an_experiment_with_a_restored_run_stays(client: Tracker) -> None:
    number = client.new_experiment("half")
    run_id = client.new_run(number)
    client.ok(API + "experiments/delete", {"experiment_id": number})
    client.ok(API + "runs/restore", {"run_id": run_id})
    done = purge(client)
    assert done["experiments"] == 0
    assert [(x["id"], "in use" in x["reason"]) for x in done["left"]] == [(number, True)]
    assert client.run(run_id)["info"]["lifecycle_stage"] == "active"


def test_the_default_experiment_comes_back_empty(client: Tracker) -> None:
    filled_run(client)
    client.ok(API + "experiments/delete", {"experiment_id": "0"})
    assert purge(client)["experiments"] == 1
    run_id = client.new_run("0")
    client.log(run_id, "loss", (1, 2.0))
    assert client.history(run_id, "loss") == [(1, 2.0)]


def test_late_words_of_a_purged_run_vanish(client: Tracker) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "loss")
    journal.point(1, 1, 1.0)
    cut = len(journal)
    journal.send(client)
    rn = number_of(client, journal.run_id)
    delete(client, journal.run_id)
    purge(client)
    journal.point(1, 2, 2.0)
    journal.record(frames.RUN_END, {"status": "FINISHED"})
    answer = journal.send(client, cut)
    assert (answer.status, answer.json()["seq"]) == (200, len(journal))
    assert "deleted for good" in answer.json()["conflicts"][0]["message"]
    assert journal.send(client).json()["seq"] == len(journal)  # also from its beginning
    assert client.get(API + "runs/get", run_id=journal.run_id).status == 404
    client.app.site.store.compact()
    assert rows_of(client, rn) == {}
    assert client.app.site.store.read(lambda tx: tx.all("SELECT * FROM ingest_names")) == []
    answer = client.post(NATIVE + "runs/start", {"run_id": journal.run_id})
    assert (answer.status, "deleted for good" in answer.message) == (400, True)


class Crash(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["files", "points", "rows"])
def test_a_purge_that_broke_off_is_finished_by_the_next(
    client: Tracker, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    run_id = filled_run(client)
    rn = number_of(client, run_id)
    delete(client, run_id)

    def crash(*_: Any, **__: Any) -> Any:
        raise Crash

    with monkeypatch.context() as broken:
        target = {
            "files": (purger, "_remove_files"),
            "points": (purger.purge, "erase_points"),
            "rows": (purger, "_erase"),
        }
        broken.setattr(*target[moment], crash)
        with pytest.raises(Crash):
            purger.empty(site, Wanted(before_ms=2**60), purger.Actor("", ""))
    answer = client.post(API + "runs/restore", {"run_id": run_id})  # its files may be gone
    assert (answer.status, "deleted for good" in answer.message) == (400, True)
    assert client.run(run_id)["info"]["lifecycle_stage"] == "deleted"
    assert purge(client, older_than=DAY_MS)["runs"] == 1
    client.app.site.store.compact()
    assert rows_of(client, rn) == {}
    assert not os.path.exists(tmp_path / "artifacts" / "0" / run_id)


def test_files_elsewhere_stay_unless_asked_for(client: Tracker, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    for asked in (False, True):
        number = client.new_experiment(f"far{asked}", artifact_location=str(other))
        run_id = client.new_run(number)
        file = other / run_id / "artifacts" / "x.txt"
        file.parent.mkdir(parents=True)
        file.write_text("abc")
        delete(client, run_id)
        (item,) = client.ok(NATIVE + "trash/list", {})["items"]
        assert (item["elsewhere"], item["bytes"]) == (True, 3)
        purge(client, artifacts_elsewhere=asked)
        assert file.exists() is not asked
        detail = client.get(NATIVE + "audit").json()["entries"][0]["detail"]
        assert ("its files stay at" in detail) is not asked


def test_files_that_a_copy_points_to_stay_as_long_as_it_does(client: Tracker, tmp_path: Path) -> None:
    number = client.new_experiment("far", artifact_location=str(tmp_path / "elsewhere"))
    original = client.new_run(number)
    file = tmp_path / "elsewhere" / original / "artifacts" / "x.txt"
    file.parent.mkdir(parents=True)
    file.write_text("abc")
    copied = {"action": "copy", "run_ids": [original], "target_experiment_id": "0"}
    copy = client.ok(NATIVE + "runs/bulk", copied)["copies"][0]["copy_id"]
    for run_id, there in ((original, True), (copy, False)):
        delete(client, run_id)
        assert purge(client, artifacts_elsewhere=True)["runs"] == 1
        assert file.exists() is there


def test_other_servers_files_are_never_touched(client: Tracker, tmp_path: Path) -> None:
    number = client.new_experiment("far", artifact_location="mlflow-artifacts://other:5000/0")
    run_id = client.new_run(number)
    mine = tmp_path / "artifacts" / "0" / run_id / "artifacts"
    mine.mkdir(parents=True)
    delete(client, run_id)
    assert purge(client, artifacts_elsewhere=True)["runs"] == 1
    assert mine.exists()


def test_rules_of_experiments(client: Tracker) -> None:
    ruled = client.new_experiment("ruled", tags=[{"key": retention.TRASH_TAG, "value": "2"}])
    keeping = client.new_experiment("keeping", tags=[{"key": retention.KEEP_TAG, "value": "0"}])
    client.new_experiment("wrong", tags=[{"key": retention.KEEP_TAG, "value": "soon"}])
    rules = {r["name"]: r for r in client.get(NATIVE + "trash/rules").json()["rules"]}
    assert (rules["ruled"]["trash_days"], rules["keeping"]["keep_days"]) == (2, 0)
    assert "expected a number of days" in rules["wrong"]["problem"]
    young = client.new_run(ruled)
    delete(client, young)
    assert purge(client)["runs"] == 0  # two days are not over
    assert purge(client, run_ids=[young])["runs"] == 1
    running, ended = client.new_run(keeping), client.new_run(keeping)
    client.ok(API + "runs/update", {"run_id": ended, "status": "FINISHED", "end_time": 1})
    assert client.ok(NATIVE + "trash/expire", {})["runs"] == 1
    stages = [client.run(r)["info"]["lifecycle_stage"] for r in (running, ended)]
    assert stages == ["active", "deleted"]


def test_a_server_by_itself_touches_only_what_a_rule_ends(client: Tracker, site: Site) -> None:
    ruled = client.new_experiment("ruled", tags=[{"key": retention.TRASH_TAG, "value": "0"}])
    inside, outside = client.new_run(ruled), client.new_run()
    delete(client, inside, outside)
    assert purger.tidy(site)[1].runs == 1
    assert client.get(API + "runs/get", run_id=inside).status == 404
    assert client.run(outside)["info"]["lifecycle_stage"] == "deleted"
    assert client.get(NATIVE + "audit").json()["entries"][0]["address"] == "server"


def test_audit_rows_say_who_did_what_and_stay(client: Tracker) -> None:
    run_id = client.new_run()
    headers = {"content-type": "application/json", "x-clew-user": "ann"}
    body = f'{{"run_id": "{run_id}"}}'.encode()
    for path in ("runs/delete", "runs/delete", "runs/restore", "runs/delete"):
        assert client.request("POST", API + path, body, headers).status == 200
    purge(client)
    rows = client.get(NATIVE + "audit").json()["entries"]
    assert [(r["action"], r["entity_id"], r["user"], r["address"]) for r in rows] == [
        ("purge", run_id, "", "127.0.0.1"),
        ("delete", run_id, "ann", "127.0.0.1"),
        ("restore", run_id, "ann", "127.0.0.1"),
        ("delete", run_id, "ann", "127.0.0.1"),
    ]
    older = client.get(NATIVE + "audit", before=rows[1]["id"], limit=1).json()["entries"]
    assert [r["action"] for r in older] == ["restore"]


def test_bulk_deletions_are_audited_run_by_run(client: Tracker) -> None:
    runs = [client.new_run() for _ in range(3)]
    client.ok(NATIVE + "runs/bulk", {"action": "delete", "run_ids": runs})
    rows = client.get(NATIVE + "audit").json()["entries"]
    assert [(r["action"], r["entity_id"]) for r in rows] == [("delete", r) for r in reversed(runs)]


def test_a_refused_deletion_leaves_no_audit_row(lite: Tracker) -> None:
    assert lite.post(API + "runs/delete", {"run_id": new_id()}).status == 404
    assert lite.get(NATIVE + "audit").json() == {}


def test_a_sqlite_file_shrinks_while_it_is_in_use(lite: Tracker, tmp_path: Path) -> None:
    kept = lite.new_run()
    for _ in range(3):
        run_id = filled_run(lite, points=60_000)
        delete(lite, run_id)
    lite.log(kept, "loss", (1, 1.0))
    store = lite.app.site.store
    store.compact(everything=True)
    before = os.path.getsize(tmp_path / "lite.db")
    assert purge(lite)["points"] >= 180_000
    store.compact(everything=True)
    after = os.path.getsize(tmp_path / "lite.db")
    assert after < before * 0.6
    assert lite.history(kept, "loss") == [(1, 1.0)]


def test_points_that_are_being_compacted_while_their_run_is_purged_vanish(client: Tracker) -> None:
    from clew.storage import compact

    run_id = client.new_run()
    client.log(run_id, "loss", (1, 1.0))
    rn = number_of(client, run_id)
    store = client.app.site.store
    window = store.read(lambda tx: compact.read_window(tx, compact.newest_row(tx)))
    assert window is not None
    plan = compact.plan_window(window)
    delete(client, run_id)
    store.write(partial(purger.trash.mark, wanted=Wanted(before_ms=2**60), limit=9))
    items = store.write(partial(purger.trash.mark, wanted=Wanted(before_ms=2**60), limit=9))
    store.write(lambda tx: purger.purge.erase(tx, items))
    store.write(lambda tx: compact.exchange(tx, plan))
    assert rows_of(client, rn) == {}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_of_writes_compactions_and_purges(client: Tracker, seed: int) -> None:
    dice = random.Random(seed)
    store = client.app.site.store
    points: dict[str, set[int]] = {client.new_run(): set() for _ in range(6)}
    numbers = {run_id: number_of(client, run_id) for run_id in points}
    trash: set[str] = set()
    gone: set[str] = set()
    for _ in range(80):
        run_id = dice.choice(sorted(points.keys() - gone) or [client.new_run()])
        action = dice.choice(["log", "log", "log", "many", "delete", "restore", "compact", "purge", "new"])
        if action in ("log", "many") and run_id not in trash and run_id in points:
            steps = {dice.randrange(5000) for _ in range(3 if action == "log" else 1000)}
            client.log(run_id, "loss", *((step, step / 3) for step in sorted(steps)))
            points[run_id] |= steps
        elif action == "new":
            made = client.new_run()
            points[made], numbers[made] = set(), number_of(client, made)
        elif action == "delete" and run_id in points:
            delete(client, run_id)
            trash.add(run_id)
        elif action == "restore" and run_id in points:
            client.ok(API + "runs/restore", {"run_id": run_id})
            trash.discard(run_id)
        elif action == "compact":
            store.compact(everything=dice.random() < 0.3)
        elif action == "purge":
            assert purge(client)["runs"] == len(trash)
            gone, trash = gone | trash, set()
    store.compact()
    for run_id, steps in points.items():
        if run_id in gone:
            assert rows_of(client, numbers[run_id]) == {}
        else:
            assert [step for step, _ in client.history(run_id, "loss")] == sorted(steps)
    with closing(store._opened("reader")) as session:
        assert check.check(session, "it").problems == []
