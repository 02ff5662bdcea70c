"""What a Clew server gives MLflow's client beyond MLflow: OR, NOT, parentheses, IN, numbers in params, infinities."""

import math
from uuid import uuid4

import expect
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

client = MlflowClient()
home = client.create_experiment(f"superset-{uuid4().hex[:8]}")
for start_ms, (name, acc, lr, team) in enumerate(
    [("a", 0.9, "0.1", "blue"), ("b", 0.5, "0.01", "red"), ("c", math.inf, "1e-3", "blue"), ("d", None, "auto", None)],
    start=1,
):
    run_id = client.create_run(home, start_time=start_ms, run_name=name).info.run_id
    client.log_batch(
        run_id,
        metrics=[] if acc is None else [Metric("acc", acc, 1, 0)],
        params=[Param("lr", lr)],
        tags=[] if team is None else [RunTag("team", team)],
    )


def found(filter_string: str, order_by: list[str] | None = None) -> str:
    return "".join(r.info.run_name for r in client.search_runs([home], filter_string, order_by=order_by))


for filter_string, expected in {
    "metrics.acc < 0.6 OR tags.team = 'blue'": "cba",
    "metrics.acc > 0.6 AND (tags.team = 'red' OR params.lr = '0.1')": "a",
    "NOT tags.team = 'blue'": "db",
    "NOT (metrics.acc > 0.6 OR params.lr = 'auto')": "b",
    "params.lr IN ('0.1', 'auto')": "da",
    "tags.team NOT IN ('red')": "ca",
    "params.lr < 0.05": "cb",
    "params.lr >= 0.01": "ba",
    "metrics.acc IS NULL": "d",
    "metrics.acc IS NOT NULL AND params.lr RLIKE '^1e'": "c",
    "metrics.acc.min > 0.6 AND metrics.acc.at(0) < 1": "a",
    "metrics.acc.mean <= 0.5 OR metrics.acc.last(5) IS NULL": "db",
    "start_time < '1971-01-01' AND NOT start_time > -7d": "dcba",
}.items():
    assert found(filter_string) == expected, (filter_string, found(filter_string), expected)
assert found("", ["metrics.acc DESC"]) == "cabd"
assert found("", ["metrics.acc.mean ASC"]) == "bacd"
best = client.search_runs([home], "run_name = 'c'")[0]
assert best.data.metrics["acc"] == math.inf
assert client.get_metric_history(best.info.run_id, "acc")[0].value == math.inf

text = expect.refused("INVALID_PARAMETER_VALUE", found, "metrics.acc > 0.5 OR OR tags.team = 'x'")
assert "position 21" in text, text
print("ok")
