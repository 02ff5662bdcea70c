"""One experiment with very many runs, written straight into the tables: through the API it would take hours.

20 metrics, 20 params, 5 tags per run. ``m0`` to ``m19`` are uniform but ``m1``, which is high where ``m0`` is low.
``p0`` and ``p1`` differ in every run (56 characters), ``p3`` has 5000 values, ``p4`` four; the others 50.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.databases import has_postgres, postgres
from clew.storage.engine import WriteTx
from clew.storage.store import Store

METRICS, PARAMS, TAGS = 20, 20, 5
OPTIMIZERS = ("adam", "adamw", "sgd", "lamb")
START_MS = 1_700_000_000_000
_CHUNK = 20_000

_RUN = "rn run_id experiment_id name status user_id start_ms end_ms artifact_uri change".split()
_METRIC = "rn key value step ts first_value first_step first_ts min_value max_value".split()
_PARAM = "rn key value number".split()
_TAG = "rn key value".split()


@contextmanager
def filled(count: int, kept: Path | None) -> Iterator[list[tuple[str, str]]]:
    """(Database, URL) of a store with ``count`` runs on every database that is there.

    kept: folder where they lie and are found again, since filling takes minutes; without it they go with the block.
    """
    with ExitStack() as stack:
        place = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = place.resolve() / f"sqlite-{count}" / "clew.db"
        file.parent.mkdir(parents=True, exist_ok=True)
        stores = [("SQLite", f"sqlite:///{file}")]
        if has_postgres():
            server = stack.enter_context(postgres(place.resolve() / "postgresql" if kept else None))
            stores.append(("PostgreSQL", server.create(f"runs{count}")))
        for _, url in stores:
            _fill_once(url, count)
        yield stores


def _fill_once(url: str, count: int) -> None:
    store = Store.open(url, background=False)
    there = store.read(lambda tx: tx.all("SELECT count(*) FROM run")[0][0])
    if there not in (0, count):
        raise SystemExit(f"{url} was not filled to its end: delete it")
    if not there:
        fill(store, count)
        store.write(_analyze)
        store.compact(everything=True)
    store.close()


def _analyze(tx: WriteTx) -> None:
    """What PostgreSQL does by itself some minutes later."""
    if tx.dialect.name == "postgresql":
        tx.run("ANALYZE")


def fill(store: Store, count: int) -> None:
    """Write ``count`` runs into experiment 0 of a fresh store."""
    store.write(_make_keys)
    noise = np.random.default_rng(7)
    for first in range(1, count + 1, _CHUNK):
        store.write(_chunk(first, min(_CHUNK, count + 1 - first), noise))


def _make_keys(tx: WriteTx) -> None:
    for kind, letter, number in ((0, "m", METRICS), (1, "p", PARAMS), (2, "t", TAGS)):
        for i in range(number):
            tx.run(
                "INSERT INTO key (experiment_id, kind, name) VALUES (0, :kind, :name)", kind=kind, name=f"{letter}{i}"
            )


def _chunk(first: int, count: int, noise: np.random.Generator) -> Callable[[WriteTx], None]:
    values = noise.random((count, METRICS))
    values[:, 1] = 1 - values[:, 0] + noise.normal(0, 0.05, count)
    levels = noise.integers(0, 50, (count, PARAMS)).tolist()
    wide = noise.integers(0, 5000, count).tolist()
    choices = noise.integers(0, len(OPTIMIZERS), count).tolist()
    raw = noise.bytes(16 * count)
    words = noise.bytes(56 * count).hex()

    def params(i: int) -> list[str]:
        made = [str(level) for level in levels[i]]
        made[0] = words[112 * i : 112 * i + 56]
        made[1] = words[112 * i + 56 : 112 * i + 112]
        made[3], made[4] = f"{wide[i]}.5", OPTIMIZERS[choices[i]]
        return made

    def write(tx: WriteTx) -> None:
        keys = dict(tx.all("SELECT name, id FROM key WHERE experiment_id = 0"))
        change = tx.change()
        copy_rows(tx, "run", _RUN, (_run(first + i, raw[16 * i : 16 * i + 16].hex(), change) for i in range(count)))
        metrics = (
            (first + i, keys[f"m{k}"], value, 0, START_MS, value, 0, START_MS, value, value)
            for i in range(count)
            for k, value in enumerate(values[i].tolist())
        )
        copy_rows(tx, "latest_metric", _METRIC, metrics)
        texts = (
            (first + i, keys[f"p{k}"], text, _number(k, text)) for i in range(count) for k, text in enumerate(params(i))
        )
        copy_rows(tx, "param", _PARAM, texts)
        tags = ((first + i, keys[f"t{k}"], f"{(first + i) * (k + 7) % 97}") for i in range(count) for k in range(TAGS))
        copy_rows(tx, "tag", _TAG, tags)

    return write


def copy_rows(tx: WriteTx, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows the fastest way that each database has."""
    names = ", ".join(columns)
    if tx.dialect.name == "sqlite":
        tx._session._cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
        return
    with tx._session._db.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _run(rn: int, run_id: str, change: int) -> tuple[Any, ...]:
    start = START_MS + 1000 * rn
    uri = f"mlflow-artifacts:/0/{run_id}/artifacts"
    return (rn, run_id, 0, f"trial-{rn % 20_000}", 3, "ann", start, start + 500, uri, change)


def _number(k: int, text: str) -> float | None:
    return None if k in (0, 1, 4) else float(text)
