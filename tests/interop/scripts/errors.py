"""How MLflow's client sees refusals: once asked, a RestException with the code, the status and the words."""

from collections.abc import Callable
from uuid import uuid4

from mlflow import MlflowClient
from mlflow.exceptions import RestException
from mlflow.utils.rest_utils import http_request, verify_rest_response
from urllib3.connectionpool import HTTPConnectionPool

client = MlflowClient()
mark = uuid4().hex[:8]
home = client.create_experiment(f"errors-{mark}")
run_id = client.create_run(home).info.run_id
client.log_param(run_id, "p", "1")
gone = client.create_run(home).info.run_id
client.delete_run(gone)

asked = 0
send = HTTPConnectionPool.urlopen


def counted(*args: object, **kwargs: object) -> object:
    global asked
    asked += 1
    return send(*args, **kwargs)


HTTPConnectionPool.urlopen = counted


def refused(status: int, code: str, words: str, call: Callable[..., object], *args: object, **kwargs: object) -> None:
    """The call is answered at once, and not repeated."""
    before = asked
    error = answered(call, *args, **kwargs)
    assert (error.get_http_status_code(), error.error_code) == (status, code), error
    assert error.json["error_code"] == code
    assert words in error.message, error.message
    assert asked == before + 1, f"asked {asked - before} times"


def answered(call: Callable[..., object], *args: object, **kwargs: object) -> RestException:
    try:
        call(*args, **kwargs)
    except RestException as error:
        return error
    raise AssertionError(f"not refused: {args} {kwargs}")


def post(endpoint: str, **fields: object) -> object:
    """What the client does below its own checks, with its usual seven retries."""
    creds = client._tracking_client.store.get_host_creds()
    path = f"/api/2.0/mlflow/{endpoint}"
    return verify_rest_response(http_request(creds, path, "POST", json=fields, max_retries=7), path)


BAD, GONE = (400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST")
NONE = "0" * 32
refused(400, "RESOURCE_ALREADY_EXISTS", "already exists", client.create_experiment, f"errors-{mark}")
refused(*GONE, "No Experiment with id=99999999 exists", client.get_experiment, "99999999")
refused(*BAD, "Invalid experiment ID 'abc'", client.get_experiment, "abc")
refused(*GONE, f"Run with id={NONE} not found", client.get_run, NONE)
refused(*BAD, "Changing param values is not allowed", post, "runs/log-parameter", run_id=run_id, key="p", value="2")
refused(*BAD, "must be in the 'active' state", client.log_metric, gone, "m", 1.0)
refused(*BAD, "must be in the 'active' state", client.set_tag, gone, "k", "v")
refused(*BAD, "Invalid page token", client.search_experiments, page_token="!")
refused(*BAD, "Invalid value 50001 for parameter 'max_results' supplied", client.search_runs, [home], max_results=50001)
refused(*BAD, "Missing value for required parameter 'name'", post, "experiments/create")
refused(*BAD, "Invalid value 5 for parameter 'name' supplied", post, "experiments/create", name=5)
refused(*BAD, "'name' exceeds the maximum length of 500 characters", post, "experiments/create", name="x" * 501)
points = [{"key": "m", "value": 1.0, "timestamp": n, "step": n} for n in range(1001)]
pairs = [{"key": f"n{n}", "value": "v"} for n in range(101)]
for kind, items in (("metrics", points), ("params", pairs), ("tags", pairs)):
    words = f"at most {len(items) - 1} {kind}. Got {len(items)} {kind}"
    refused(*BAD, words, post, "runs/log-batch", run_id=run_id, **{kind: items})
refused(
    *BAD,
    "Both 'run_name' argument and 'mlflow.runName' tag",
    post,
    "runs/create",
    experiment_id=home,
    run_name="a",
    tags=[{"key": "mlflow.runName", "value": "b"}],
)
refused(*GONE, "No tag with name: k", client.delete_tag, run_id, "k")
refused(*GONE, "Logged model with ID 'm-none' not found", client.get_logged_model, "m-none")
refused(
    *BAD, "Invalid order by field name: bogus", client.search_logged_models, [home], order_by=[{"field_name": "bogus"}]
)
print("ok")
