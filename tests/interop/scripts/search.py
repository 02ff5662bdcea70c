"""search_runs through MLflow's own client: filters, order, pages, data frames."""

from uuid import uuid4

import expect
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

client = MlflowClient()
mark = uuid4().hex[:8]
home = client.create_experiment(f"search-{mark}")
other = client.create_experiment(f"search-more-{mark}")
NAN = float("nan")
ROWS = [
    ("a", 0.9, "adam", "blue", 100),
    ("b", 0.5, "sgd", "red", 200),
    ("c", NAN, "adam", "blue", 300),
    ("d", None, "SGD", None, 400),
    ("e", -1.5, None, "green", 500),
]
ids = {}
for name, acc, opt, team, start in ROWS:
    run = client.create_run(home, start_time=start, run_name=name, tags={"mlflow.user": "ann"})
    ids[name] = run.info.run_id
    client.log_batch(
        run.info.run_id,
        metrics=[] if acc is None else [Metric("acc", acc, 1, 0), Metric("val/top-1 acc", acc, 1, 0)],
        params=[] if opt is None else [Param("opt", opt), Param("a.b", opt)],
        tags=[] if team is None else [RunTag("team", team)],
    )
client.set_terminated(ids["a"])
client.set_terminated(ids["b"], status="FAILED")
away = client.create_run(other, run_name="away", start_time=600).info.run_id


def found(filter_string: str = "", order_by: list[str] | None = None, **more: object) -> str:
    more.setdefault("experiment_ids", [home])
    runs = client.search_runs(filter_string=filter_string, order_by=order_by, **more)
    return "".join(r.info.run_name for r in runs)


assert found() == "edcba"
assert found(experiment_ids=[home, other], max_results=2) == "awaye"
assert found("", ["start_time ASC"]) == "abcde"
for filter_string, expected in {
    "metrics.acc > 0.4": "ba",
    "metrics.acc >= 0.5 and metrics.acc < 0.9": "b",
    "metrics.acc != 0.5": "eca",
    "metrics.acc = -1.5": "e",
    "metrics.`val/top-1 acc` > 0.6": "a",
    'metric."val/top-1 acc" > 0.6': "a",
    "params.opt = 'adam'": "ca",
    "params.opt != 'adam'": "db",
    "params.opt LIKE 's%'": "b",
    "params.opt ILIKE 's%'": "db",
    "params.a.b = 'sgd'": "b",
    "params.opt IS NULL": "e",
    "params.opt IS NOT NULL": "dcba",
    "tags.team = 'blue' AND params.opt = 'adam' AND metrics.acc > 0": "a",
    "tags.team IS NULL": "d",
    "tag.team != 'blue'": "eb",
    "attributes.status = 'FINISHED'": "a",
    "status != 'RUNNING'": "ba",
    "run_name = 'c'": "c",
    "attributes.run_name LIKE '%'": "edcba",
    "tags.`mlflow.runName` = 'd'": "d",
    "start_time > 200 AND start_time <= 400": "dc",
    f"run_id = '{ids['b']}'": "b",
    f"run_id IN ('{ids['b']}', '{ids['e']}')": "eb",
    f"run_id NOT IN ('{ids['b']}', '{ids['e']}')": "dca",
}.items():
    assert found(filter_string) == expected, (filter_string, found(filter_string), expected)
for order_by, expected in {
    "metrics.acc ASC": "ebacd",
    "metrics.acc DESC": "abecd",
    "params.opt ASC": "dcabe",
    "params.opt DESC": "bcade",
    "run_name DESC": "edcba",
    "attributes.start_time": "abcde",
}.items():
    assert found("", [order_by]) == expected, (order_by, found("", [order_by]), expected)
assert found("", ["params.opt ASC", "metrics.acc DESC"]) == "dacbe"

pages, token = [], None
while True:
    page = client.search_runs([home], order_by=["metrics.acc DESC"], max_results=2, page_token=token)
    pages.append("".join(r.info.run_name for r in page))
    token = page.token
    if not token:
        break
assert pages == ["ab", "ec", "d"], pages

frame = mlflow.search_runs([home], filter_string="metrics.acc > 0", order_by=["metrics.acc DESC"])
assert list(frame["run_id"]) == [ids["a"], ids["b"]]
assert list(frame["metrics.acc"]) == [0.9, 0.5]
assert list(frame["params.opt"]) == ["adam", "sgd"]
assert list(frame["tags.team"]) == ["blue", "red"]
assert mlflow.search_runs(experiment_names=[f"search-more-{mark}"])["run_id"].tolist() == [away]

for bad in (
    "metrics.acc >",
    "bogus.acc = 1",
    "metrics.acc = 'x'",
    "status IS",
    "lifecycle_stage = 'x'",
):
    expect.refused("INVALID_PARAMETER_VALUE", found, bad)
expect.refused("INVALID_PARAMETER_VALUE", found, "", ["metrics.acc SIDEWAYS"])
expect.refused("INVALID_PARAMETER_VALUE", client.search_runs, [home], max_results=50001)
expect.refused("INVALID_PARAMETER_VALUE", client.search_runs, [home], page_token="garbage")
print("ok")
