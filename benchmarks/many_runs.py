"""One experiment with very many runs, written straight into the tables: through the API it would take hours.

20 metrics, 20 params, 5 tags per run. ``m0`` to ``m19`` are uniform but ``m1``, which is high where ``m0`` is low.
``p0`` and ``p1`` differ in every run (56 characters), ``p3`` has 5000 values, ``p4`` four; the others 50.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clew.storage.engine import WriteTx
from clew.storage.store import Store

METRICS, PARAMS, TAGS = 20, 20, 5
OPTIMIZERS = ("adam", "adamw", "sgd", "lamb")
START_MS = 1_700_000_000_000
_CHUNK = 20_000

_RUN = (
    "INSERT INTO run (rn, run_id, experiment_id, name, status, user_id, start_ms, end_ms, artifact_uri, change)"
    " VALUES (:rn, :run_id, 0, :name, 3, 'ann', :start_ms, :end_ms, :uri, :change)"
)
_METRIC = (
    "INSERT INTO latest_metric (rn, key, value, step, ts, first_value, first_step, first_ts, min_value, max_value)"
    " VALUES (:rn, :key, :value, 0, :ts, :value, 0, :ts, :value, :value)"
)
_PARAM = "INSERT INTO param (rn, key, value, number) VALUES (:rn, :key, :value, :number)"
_TAG = "INSERT INTO tag (rn, key, value) VALUES (:rn, :key, :value)"

Row = dict[str, Any]


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
    texts = noise.bytes(56 * count).hex()

    def params(i: int) -> list[str]:
        made = [str(level) for level in levels[i]]
        made[0] = texts[112 * i : 112 * i + 56]
        made[1] = texts[112 * i + 56 : 112 * i + 112]
        made[3], made[4] = f"{wide[i]}.5", OPTIMIZERS[choices[i]]
        return made

    def write(tx: WriteTx) -> None:
        keys = dict(tx.all("SELECT name, id FROM key WHERE experiment_id = 0"))
        change = tx.change()
        tx.many(_RUN, (_run(first + i, raw[16 * i : 16 * i + 16].hex(), change) for i in range(count)))
        tx.many(
            _METRIC,
            (
                {"rn": first + i, "key": keys[f"m{k}"], "value": value, "ts": START_MS}
                for i in range(count)
                for k, value in enumerate(values[i].tolist())
            ),
        )
        tx.many(
            _PARAM,
            (
                {"rn": first + i, "key": keys[f"p{k}"], "value": text, "number": _number(k, text)}
                for i in range(count)
                for k, text in enumerate(params(i))
            ),
        )
        tx.many(
            _TAG,
            (
                {"rn": first + i, "key": keys[f"t{k}"], "value": f"{(first + i) * (k + 7) % 97}"}
                for i in range(count)
                for k in range(TAGS)
            ),
        )

    return write


def _run(rn: int, run_id: str, change: int) -> Row:
    start = START_MS + 1000 * rn
    uri = f"mlflow-artifacts:/0/{run_id}/artifacts"
    return {
        "rn": rn,
        "run_id": run_id,
        "name": f"trial-{rn % 20_000}",
        "start_ms": start,
        "end_ms": start + 500,
        "uri": uri,
        "change": change,
    }


def _number(k: int, text: str) -> float | None:
    return None if k in (0, 1, 4) else float(text)
