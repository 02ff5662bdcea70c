"""Many scripts on one embedded store share one host and one shipper, which go when nobody needs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.server.places import places, read_info
from crash.conftest import Place
from hosts import alive, eventually

SCRIPT = """
import sys, clew
clew.set_experiment("shared")
with clew.start_run(run_name=sys.argv[1]) as run:
    clew.log_params({"number": sys.argv[1], "x": 1})
    for step in range(3000):
        clew.log_metric("loss", step / 7, step=step)
    clew.set_tag("end", "yes")
print(run.info.run_id)
"""


def processes_of(place: Place, module: str) -> set[int]:
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace")
            except OSError:
                continue
            if module in words and str(place.folder) in words and alive(int(name)):
                found.add(int(name))
    return found


@pytest.mark.slow
def test_eight_scripts_share_one_host_and_one_shipper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, idle_s=2.0)
    for name in ("CLEW_TRACKING_URI", "CLEW_SPOOL", "CLEW_HOST_IDLE_S"):
        monkeypatch.setenv(name, place.environ[name])
    try:
        scripts = [place.start(SCRIPT, str(n)) for n in range(8)]
        run_ids = []
        for script in scripts:
            output, errors = script.communicate(timeout=120)
            assert script.returncode == 0, errors
            run_ids.append(output.split()[-1])
        info = read_info(places(place.uri).info)
        assert info is not None
        assert processes_of(place, "clew.server.host") == {info.pid}
        eventually(lambda: len(processes_of(place, "clew.client.shipper")) <= 1)
        client = ClewClient()
        for number, run_id in enumerate(run_ids):
            run = client.get_run(run_id)
            assert run.info.status == "FINISHED"
            assert run.data.params == {"number": str(number), "x": "1"}
            assert run.data.tags["end"] == "yes"
            history = client.get_metric_history(run_id, "loss")
            assert [(m.step, m.value) for m in history] == [(n, n / 7) for n in range(3000)]
        (experiment,) = [e for e in client.search_experiments() if e.name == "shared"]
        assert len(client.search_runs([experiment.experiment_id])) == 8
        forget_links()
        eventually(lambda: not processes_of(place, "clew.client.shipper"))
        eventually(lambda: not processes_of(place, "clew.server.host"))
        assert place.empty()
    finally:
        forget_links()
        place.close()
