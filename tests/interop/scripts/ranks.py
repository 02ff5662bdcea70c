"""Three ranks of a launch make one run, whichever server they log to, and whoever is first."""

import os
import subprocess
import sys
from uuid import uuid4

import clew

CODE = """
import sys, time
import clew
rank = int(sys.argv[1])
time.sleep(0.5 * (2 - rank))  # rank 0 comes last
with clew.start_run() as run:
    clew.log_param("lr", 0.1)
    clew.log_metric("loss", float(rank), step=rank)
"""
name = f"ranks-{uuid4().hex[:8]}"
uri = os.environ["MLFLOW_TRACKING_URI"]
clew.set_tracking_uri(uri)
made = clew.create_experiment(name)
ranks = []
for rank in range(3):
    launch = {"RANK": str(rank), "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MLFLOW_EXPERIMENT_NAME": name}
    ranks.append(subprocess.Popen([sys.executable, "-c", CODE, str(rank)], env={**os.environ, **launch}))
assert [process.wait(120) for process in ranks] == [0, 0, 0]
(run,) = clew.ClewClient().search_runs([made])
assert (run.info.status, run.data.params) == ("FINISHED", {"lr": "0.1"})
history = clew.get_metric_history(run.info.run_id, "loss")
assert sorted((m.step, m.value) for m in history) == [(0, 0.0), (1, 1.0), (2, 2.0)], history
print("ok")
