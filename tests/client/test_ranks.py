"""Processes of one launch log into one run, whatever launched them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import clew
from clew import settings

CODE = """
import clew
with clew.start_run(run_name="ddp") as run:
    clew.log_param("lr", 0.1)
    for step in range(3):
        clew.log_metric("loss", {rank} + step / 10, step=step)
        clew.log_metric("only_{rank}", 1.0, step=step)
print(run.info.run_id)
"""


def launch(size: int, **environ: str) -> list[str]:
    """The run ids that the ranks of a launch print."""
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", CODE.format(rank=rank)],
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", **environ},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    return [rank.communicate(timeout=120)[0].split()[0] for rank in ranks]


def test_four_ranks_make_one_run_with_a_series_of_each(store: str) -> None:
    (run_id,) = set(launch(4))
    assert [r.info.run_id for r in clew.search_runs(output_format="list")] == [run_id]
    got = clew.get_run(run_id)
    assert (got.info.status, got.info.run_name, got.data.params) == ("FINISHED", "ddp", {"lr": "0.1"})
    history = clew.get_metric_history(run_id, "loss")
    assert sorted(m.value for m in history) == pytest.approx(sorted(r + s / 10 for r in range(4) for s in range(3)))
    assert all(len(clew.get_metric_history(run_id, f"only_{rank}")) == 3 for rank in range(4))
    assert set(launch(2, CLEW_RANKS="0")).isdisjoint({run_id})
    assert len(clew.search_runs(output_format="list")) == 3


def test_ranks_that_began_offline_are_one_run_after_the_sync(store: str, own_session: Path) -> None:
    ids = launch(2, CLEW_OFFLINE="1")
    assert len(set(ids)) == 1
    subprocess.run([sys.executable, "-m", "clew", "sync"], check=True, timeout=120, capture_output=True)
    (run,) = clew.search_runs(output_format="list")
    assert (run.info.run_id, run.info.status) == (ids[0], "FINISHED")
    assert len(clew.get_metric_history(ids[0], "loss")) == 6


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"RANK": "1", "WORLD_SIZE": "4"}, (1, 4)),
        ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"RANK": "x", "WORLD_SIZE": "4"}, None),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "3", "PMIX_NAMESPACE": "j"}, (2, 3)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "77", "SLURM_STEP_ID": "0"}, (0, 8)),
        ({"PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)),
        ({"RANK": "1", "WORLD_SIZE": "4", "CLEW_RANKS": "0"}, None),
    ],
)
def test_launchers_are_known_by_their_variables(environ: dict[str, str], expected: tuple[int, int] | None) -> None:
    found = settings.read(environ).launch
    assert (None if found is None else (found.rank, found.size)) == expected
