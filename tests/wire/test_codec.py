"""Bytes to messages and back: every oddity of MLflow's transport, and that clean requests stay fast."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew import errors
from clew.entities.model import LoggedModelStatus
from clew.entities.run import RunStatus
from clew.wire import codec, mlflow, native, series, shape
from clew.wire.floats import wire_number, wire_numbers
from clew.wire.routes import ROUTES


def decode(name: str, fields: object = None, query: str = "", path: dict[str, str] | None = None) -> Any:
    body = b"" if fields is None else fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return codec.decode_request(ROUTES[name], query, body, path or {})


def refused(name: str, fields: object) -> str:
    with pytest.raises(errors.InvalidValue) as caught:
        decode(name, fields)
    return caught.value.message


METRIC = {"run_id": "r", "key": "m", "value": 1.5, "timestamp": 7}


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"timestamp": "12"}, "timestamp", 12),
        ({"timestamp": 12.0}, "timestamp", 12),
        ({"timestamp": 1.9}, "timestamp", 1),
        ({"timestamp": -1.9}, "timestamp", -1),
        ({"timestamp": "1e3"}, "timestamp", 1000),
        ({"timestamp": str(2**63 - 1)}, "timestamp", 2**63 - 1),
        ({"step": None}, "step", 0),
        ({"step": "-3"}, "step", -3),
        ({"value": "2.5"}, "value", 2.5),
        ({"value": 2}, "value", 2.0),
        ({"value": True}, "value", 1.0),
        ({"value": "Infinity"}, "value", math.inf),
        ({"value": "-Infinity"}, "value", -math.inf),
        ({"modelId": "m-1"}, "model_id", "m-1"),
        ({"model_id": None}, "model_id", None),
        ({"unknown": {"a": [1]}}, "key", "m"),
        ({"run_id": None, "run_uuid": "u"}, "run_id", "u"),
        ({"run_id": "", "runUuid": "u"}, "run_id", "u"),
        ({"run_uuid": "u"}, "run_id", "r"),
    ],
)
def test_lenient_values(change: dict[str, Any], field: str, value: object) -> None:
    assert getattr(decode("log_metric", METRIC | change), field) == value


def test_not_a_number_in_all_spellings() -> None:
    assert math.isnan(decode("log_metric", METRIC | {"value": "NaN"}).value)
    for token, value in (("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf)):
        body = b'{"run_id":"r","key":"m","timestamp":1,"value":%s}' % token.encode()
        found = decode("log_metric", body).value
        assert found == value or (math.isnan(found) and math.isnan(value))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"key": None}, "Missing value for required parameter 'key'."),
        ({"key": ""}, "Missing value for required parameter 'key'."),
        ({"run_id": ""}, "Missing value for required parameter 'run_id'."),
        ({"key": 5}, "Invalid value 5 for parameter 'key' supplied: Hint: Value was of type 'int'."),
        ({"key": ["a"]}, "Invalid value [\"a\"] for parameter 'key' supplied: Hint: Value was of type 'list'."),
        ({"value": "abc"}, "Invalid value \"abc\" for parameter 'value' supplied: Hint: Value was of type 'str'."),
        ({"value": 10**400}, "for parameter 'value' supplied"),
        ({"timestamp": {}}, "Invalid value {} for parameter 'timestamp' supplied: Hint: Value was of type 'dict'."),
        ({"timestamp": False}, "Value was of type 'bool'"),
        ({"timestamp": 2**63}, "for parameter 'timestamp' supplied"),
        ({"timestamp": "1e400"}, "for parameter 'timestamp' supplied"),
        ({"key": "\ud800"}, "half of a surrogate pair"),
    ],
)
def test_what_is_refused_and_how(change: dict[str, Any], text: str) -> None:
    assert text in refused("log_metric", METRIC | change)


def test_messages_name_the_place() -> None:
    assert "'metrics[1].value'" in refused(
        "log_batch", {"run_id": "r", "metrics": [{"key": "a", "value": 1, "timestamp": 1}, {"key": "a"}]}
    )
    assert "'datasets[0].dataset'" in refused("log_inputs", {"run_id": "r", "datasets": [{}]})
    assert "'datasets[0].tags[0].key'" in refused(
        "log_inputs", {"run_id": "r", "datasets": [{"dataset": {}, "tags": [{"value": "x"}]}]}
    )


def test_long_values_are_cut_in_messages() -> None:
    assert len(refused("log_metric", METRIC | {"key": ["x" * 10_000]})) < 500


@pytest.mark.parametrize(
    ("status", "stored"),
    [
        ("FINISHED", RunStatus.FINISHED),
        (3, RunStatus.FINISHED),
        ("3", RunStatus.FINISHED),
        ("finished", None),
        ("X", None),
        (99, None),
        ([], None),
        (None, None),
    ],
)
def test_enums_by_name_or_number_and_wrong_ones_ignored(status: object, stored: RunStatus | None) -> None:
    assert decode("update_run", {"run_id": "r", "status": status}).status is stored


def test_views_and_model_states() -> None:
    assert decode("search_runs", {"run_view_type": 3}).run_view_type == "ALL"
    assert decode("search_runs", {"run_view_type": "DELETED_ONLY"}).run_view_type == "DELETED_ONLY"
    assert decode("search_runs", {"run_view_type": "X"}).run_view_type is None
    ready = decode("finalize_logged_model", {"status": 2}, path={"model_id": "m-1"})
    assert (ready.status, ready.model_id) == (LoggedModelStatus.READY, "m-1")


def test_lists() -> None:
    assert decode("search_runs", {"experiment_ids": [1, "2", None]}).experiment_ids == ["1", "2"]
    assert "'experiment_ids'" in refused("search_runs", {"experiment_ids": "1"})
    assert "'experiment_ids[0]'" in refused("search_runs", {"experiment_ids": [1.5]})


@pytest.mark.parametrize(("given", "up"), [("TRUE", True), ("false", False), (True, True), (None, True)])
def test_booleans_as_r_sends_them(given: object, up: bool) -> None:
    fields = {"order_by": [{"field_name": "name", "ascending": given}]}
    assert decode("search_logged_models", fields).order_by[0].ascending is up
    assert "ascending" in refused("search_logged_models", {"order_by": [{"field_name": "n", "ascending": "maybe"}]})


def test_queries() -> None:
    found = decode("get_metric_history_bulk", query="run_id=a&run_id=b%20c&metric_key=x%2By+z&max_results=5&other=1")
    assert (found.run_id, found.metric_key, found.max_results) == (["a", "b c"], "x+y z", 5)
    assert decode("get_metric_history_bulk", query="run_id=a&metric_key=m").run_id == ["a"]
    assert decode("get_run", query="run_uuid=u&run_id=").run_id == "u"
    assert decode("get_experiment", query="experiment_id=1&experiment_id=2").experiment_id == "1"


def test_delete_reads_body_and_query_and_path() -> None:
    path = {"model_id": "m-1"}
    assert decode("delete_logged_model_tag", {"tag_key": "t"}, path=path).tag_key == "t"
    assert decode("delete_logged_model_tag", None, "tag_key=t", path).tag_key == "t"
    assert decode("delete_logged_model_tag", {"model_id": "other"}, "", path | {"tag_key": "t"}).model_id == "m-1"


def test_posts_do_not_mix_body_and_query() -> None:
    assert decode("search_runs", {"filter": "a"}, "filter=b").filter == "a"
    assert decode("search_runs", None, "filter=b").filter == "b"


def test_clean_bodies_never_take_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "read_message", None)
    assert decode("log_metric", METRIC | {"step": "3", "value": "NaN"}).step == 3
    assert len(decode("log_batch", {"run_id": "r", "metrics": [{"key": "a", "value": 1, "timestamp": 1}]}).metrics) == 1


@given(
    st.dictionaries(
        st.sampled_from(["run_id", "runId", "key", "value", "timestamp", "step", "metrics", "params", "tags"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["key", "value", "timestamp"]), inner, max_size=3)
            ),
            max_leaves=8,
        ),
    )
)
def test_no_json_at_all_causes_another_error(fields: dict[str, Any]) -> None:
    for name in ("log_metric", "log_batch", "search_runs", "update_run", "start_run"):
        with contextlib.suppress(errors.InvalidValue):
            decode(name, fields)


# --- answers ------------------------------------------------------------------------------------


def test_answers_leave_out_what_is_unset_or_empty() -> None:
    assert codec.encode_response(mlflow.SearchRunsResponse()) == b"{}"
    info = mlflow.RunInfo(run_name="", start_time=0)
    assert json.loads(codec.encode_response(info)) == {"run_name": "", "start_time": 0}
    file = mlflow.FileInfo(path="d", is_dir=False, file_size=0)
    assert json.loads(codec.encode_response(file)) == {"path": "d", "is_dir": False, "file_size": 0}


@pytest.mark.parametrize(("value", "word"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_floats_go_as_words_and_come_back(value: float, word: str) -> None:
    answer = mlflow.BulkHistoryResponse(metrics=[mlflow.Metric(key="m", value=wire_number(value), step=0)])
    body = codec.encode_response(answer)
    assert json.loads(body)["metrics"][0] == {"key": "m", "value": word, "step": 0}
    back = codec.decode_response(ROUTES["get_metric_history_bulk"], body)
    assert isinstance(back, mlflow.BulkHistoryResponse)
    found = back.metrics[0].value
    assert found is not None
    assert found == value or math.isnan(found)
    assert wire_numbers([1.0, value]) == [1.0, word]


def test_answers_of_mlflow_are_understood() -> None:
    body = b'{"run": {"info": {"run_id": "r", "start_time": "12", "status": "KILLED", "new_field": 1}}}'
    answer = codec.decode_response(ROUTES["get_run"], body)
    assert isinstance(answer, mlflow.RunResponse)
    assert answer.run is not None
    assert answer.run.info is not None
    assert (answer.run.info.start_time, answer.run.info.status) == (12, RunStatus.KILLED)
    bare = codec.decode_response(ROUTES["get_metric_history_bulk"], b'{"metrics": [{"key": "m", "value": NaN}]}')
    assert isinstance(bare, mlflow.BulkHistoryResponse)
    assert math.isnan(bare.metrics[0].value or 0)
    for junk in (b"<html>", b'{"run": 5}'):
        with pytest.raises(errors.Corrupt):
            codec.decode_response(ROUTES["get_run"], junk)


# --- requests as clients send them --------------------------------------------------------------


def sent(name: str, request: mlflow.Message) -> Any:
    """The request after a journey: encoded, split as a server does, decoded."""
    target, body = codec.encode_request(ROUTES[name], request)
    path, _, query = target.partition("?")
    pattern = ROUTES[name].path.split("/")
    fields = {p[1:-1]: codec._plain(q) for p, q in zip(pattern, path.split("/"), strict=True) if p[:1] == "{"}
    return codec.decode_request(ROUTES[name], query, body or b"", fields)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("get_run", mlflow.GetRun(run_id="a b&c=d", run_uuid="a b&c=d")),
        ("search_experiments", mlflow.SearchExperiments(order_by=["a", "b"], max_results=5, view_type="ALL")),
        ("get_metric_history_bulk", mlflow.GetMetricHistoryBulk(run_id=["a", "b"], metric_key="ü/x")),
        ("log_metric", mlflow.LogMetric(run_id="r", key="m", value=1.5, timestamp=3, step=-2)),
        ("delete_logged_model_tag", mlflow.DeleteLoggedModelTag(model_id="m-1", tag_key="a/b c%")),
        ("set_logged_model_tags", mlflow.SetLoggedModelTags(model_id="m-1", tags=[mlflow.KeyValue(key="k")])),
        ("ingest", native.Ingest(writer="w", run_id="r", first_seq=1, salt=2, slot=3, body=b"\0\xff" * 16)),
        ("experiment_columns", native.ExperimentColumns(experiment_id="7")),
        ("series", series.GetSeries(run_ids=["a"], keys=["b"], start_step=0)),
    ],
)
def test_requests_arrive_as_they_were(name: str, request_: mlflow.Message) -> None:
    assert sent(name, request_) == request_


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotFound("x"), 404, "RESOURCE_DOES_NOT_EXIST"),
        (errors.AlreadyExists("x"), 400, "RESOURCE_ALREADY_EXISTS"),
        (errors.Conflict("x"), 400, "INVALID_PARAMETER_VALUE"),
        (errors.InvalidValue("x"), 400, "INVALID_PARAMETER_VALUE"),
        (errors.InvalidFilter("a = ", 4, "ends", "a value"), 400, "INVALID_PARAMETER_VALUE"),
        (errors.Denied("x"), 403, "PERMISSION_DENIED"),
        (errors.Unauthenticated("x"), 401, "UNAUTHENTICATED"),
        (errors.Unavailable("x"), 503, "TEMPORARILY_UNAVAILABLE"),
        (errors.TooManyRequests("x", 2.5), 429, "REQUEST_LIMIT_EXCEEDED"),
        (errors.MissingPackage("x"), 400, "BAD_REQUEST"),
        (errors.ForeignStore("x"), 400, "BAD_REQUEST"),
        (errors.NotSupported("x"), 501, "NOT_IMPLEMENTED"),
        (errors.Corrupt("x"), 500, "DATA_LOSS"),
        (errors.CorruptUpload("x", 3), 400, "DATA_LOSS"),
        (errors.SequenceGap("x", 17), 409, "RESOURCE_CONFLICT"),
        (errors.ClewError("x"), 500, "INTERNAL_ERROR"),
    ],
)
def test_errors_arrive_as_they_were_raised(error: errors.ClewError, status: int, code: str) -> None:
    given_status, body = codec.error_body(error)
    assert (given_status, json.loads(body)["error_code"]) == (status, code)
    back = codec.error_from(given_status, body)
    assert type(back) is type(error)
    assert back.message == error.message
    assert vars(back) == vars(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}', errors.NotFound),
        (400, b'{"error_code": "RESOURCE_ALREADY_EXISTS", "message": "there"}', errors.AlreadyExists),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "bad"}', errors.InvalidValue),
        (400, b'{"message": "Changing param values is not allowed. Param"}', errors.Conflict),
        (400, b'{"message": "The run x must be in the \'active\' state."}', errors.Conflict),
        (403, b"Cross-origin request blocked", errors.Denied),
        (401, b"You are not authenticated.", errors.Unauthenticated),
        (413, b"<html>too large</html>", errors.TooLarge),
        (429, b"", errors.TooManyRequests),
        (502, b"<html>bad gateway</html>", errors.Unavailable),
        (500, b"\xff", errors.ClewError),
        (400, b'{"message": "x", "clew": {"class": "os.system"}}', errors.ClewError),
    ],
)
def test_errors_of_others_find_their_class(status: int, body: bytes, kind: type[errors.ClewError]) -> None:
    error = codec.error_from(status, body)
    assert type(error) is kind
    assert error.message


@pytest.mark.parametrize("depth", [2000, 200_000])
def test_deep_nesting_is_no_fault_of_ours(depth: int) -> None:
    body = b'{"odd":' + b"[" * depth + b"]" * depth + b',"run_id":"r","key":"k"}'
    with contextlib.suppress(errors.InvalidValue):
        assert decode("set_tag", body).key == "k"


def test_numbers_of_thousands_of_digits_are_read_as_far_as_they_make_sense() -> None:
    assert decode("update_run", {"run_id": "r", "status": "9" * 5000}).status is None
    assert "Invalid value" in refused("update_run", {"run_id": "r", "end_time": "9" * 5000})


def test_a_nul_is_refused_with_its_place() -> None:
    assert refused("get_run", {"run_id": "a\x00b"}).startswith("Invalid run_id: it holds a NUL character")
    assert refused("log_batch", {"run_id": "r", "metrics": [METRIC | {"dataset_name": "\x00"}]}).startswith(
        "Invalid metrics[0].dataset_name"
    )
    with pytest.raises(errors.InvalidValue, match="NUL"):
        decode("get_run", query="run_id=a%00")
    assert decode("set_tag", {"run_id": "r", "key": "k", "value": "\\u0000"}).value == "\\u0000"


def test_what_utf8_cannot_hold_is_shown_all_the_same() -> None:
    with pytest.raises(errors.InvalidValue) as caught:
        decode("log_metric", b'{"run_id":"r","key":"m","value":1,"timestamp":1,"step":"\\ud800"}')
    status, body = codec.error_body(caught.value)
    assert (status, "ud800" in json.loads(body)["message"]) == (400, True)


def test_empty_values_of_tags_are_shown() -> None:
    entry = mlflow.DatasetInput(dataset=mlflow.Dataset(name="d", digest="1"), tags=[mlflow.KeyValue(key="k")])
    assert json.loads(codec.encode_response(entry))["tags"] == [{"key": "k", "value": ""}]
