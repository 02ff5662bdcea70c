"""``python -m benchmarks.index_process URL FOLDER``: the column index over all columns of a store of ``many_runs``.

A process of its own, so that its memory is the index's. Prints JSON: seconds to the first answer and until every column
is there, bytes of the arrays by their own account, and bytes of memory that the process has gained.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.many_runs import METRICS, PARAMS, TAGS
from benchmarks.processes import PRIVATE, memory_bytes
from benchmarks.result import seconds
from clew.storage import search
from clew.storage.columns.index import ColumnIndex
from clew.storage.store import Store

FIELDS = (
    *(f"metrics.m{k}" for k in range(METRICS)),
    *(f"params.p{k}" for k in range(PARAMS)),
    *(f"tags.t{k}" for k in range(TAGS)),
)


def measure(url: str, folder: Path) -> dict[str, float]:
    """What a fresh process finds out; it leaves its snapshot in ``folder``, and begins with the one that is there."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.index_process", url, str(folder)],
        check=True,
        capture_output=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(url: str, folder: str) -> None:
    index = ColumnIndex(min_runs=0, folder=folder)
    store = Store.open(url, background=False, columns=index)

    def ask(text: str) -> Any:
        return store.read(lambda tx: search.search_runs(tx, ["0"], text, max_results=1))

    before = _private_bytes()
    first_s = seconds(lambda: ask("metrics.m0 > 0.5"))
    rest_s = seconds(lambda: [ask(f"{field} IS NOT NULL") for field in FIELDS])
    gc.collect()
    gained = _private_bytes() - before
    print(json.dumps({"first_s": first_s, "all_s": first_s + rest_s, "nbytes": index.nbytes, "private": gained}))
    store.close()


def _private_bytes() -> int:
    return memory_bytes(os.getpid(), *PRIVATE)


if __name__ == "__main__":
    main(*sys.argv[1:])
