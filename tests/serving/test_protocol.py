"""The scoring protocol by raw HTTP against a real process: every form, every refusal, casts that lose nothing."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import clew
from clew import __version__
from hosts import stop_host
from peers import ask

from .conftest import LINE, Server

WANTED = [4.0, 4.0, 7.0]


def told(server: Server, column: str, value: Any) -> tuple[int, str]:
    """Status, and what the model was given in a column, or the refusal."""
    status, answer = server.ask({"dataframe_records": [{column: value}]}, "/models/typed/invocations")
    return status, answer["predictions"][0][column] if status == 200 else answer["message"]


def test_every_form_of_the_body_gives_the_local_predictions(server: Server, line: str) -> None:
    parquet = io.BytesIO()
    LINE.to_parquet(parquet)
    rows = LINE.to_numpy().tolist()
    local = clew.pyfunc.load_model(line).predict(LINE).tolist()
    assert local == pytest.approx(WANTED)
    for body, kind in (
        ({"dataframe_split": {"columns": ["a", "b"], "data": rows}}, "application/json"),
        ({"dataframe_split": {"columns": ["b", "a"], "data": [row[::-1] for row in rows], "index": [3, 4, 5]}}, ""),
        ({"dataframe_records": LINE.to_dict(orient="records")}, "application/json; charset=utf-8"),
        ({"instances": rows}, "application/json"),
        ({"instances": LINE.to_dict(orient="records")}, "application/json"),
        ({"inputs": LINE.to_dict(orient="list")}, "application/json"),
        ({"inputs": rows}, "application/json"),
        (LINE.to_csv(index=False).encode(), "text/csv"),
        (LINE.assign(more="x").to_csv(index=False).encode(), "text/csv; charset=utf-8"),
        (parquet.getvalue(), "application/vnd.apache.parquet"),
    ):
        status, answer = server.ask(body, kind=kind)
        assert (status, answer) == (200, {"predictions": local}), body


def test_numbers_are_cast_where_nothing_is_lost(server: Server) -> None:
    for column, value, wanted in (
        ("whole", 1, "1"),
        ("whole", 1.0, "1"),
        ("whole", 2**60, str(2**60)),
        ("small", 7, "7"),
        ("short", 1, "1.0"),
        ("short", 0.5, "0.5"),
        ("number", 3, "3.0"),
        ("number", None, "nan"),
        ("flag", True, "True"),
        ("text", "007", "'007'"),
        ("raw", base64.b64encode(b"\x00\xff").decode(), "b'\\x00\\xff'"),
        ("time", "2026-11-26T01:02:03", "Timestamp('2026-11-26"),
    ):
        status, given = told(server, column, value)
        assert status == 200, given
        assert given.startswith(wanted), column


def test_what_would_be_lost_is_refused_without_showing_it(server: Server) -> None:
    for column, value in (
        ("whole", 1.9),
        ("whole", "12"),
        ("whole", True),
        ("small", 2**40),
        ("short", 1e300),
        ("number", "4.25"),
        ("flag", 1),
        ("text", 77),
        ("raw", "no base64!"),
        ("time", "yesterdayish"),
    ):
        status, words = told(server, column, value)
        assert status == 400, (column, value, words)
        assert column in words
        assert str(value) not in words


def test_all_faults_of_a_request_come_together(server: Server) -> None:
    row = {"whole": 1.5, "flag": "x", "text": 3}
    status, answer = server.ask({"dataframe_records": [row]}, "/models/typed/invocations")
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert all(column in answer["message"] for column in row)
    status, answer = server.ask({"dataframe_split": {"columns": ["a"], "data": [[1.0]]}})
    assert status == 400
    assert "missing columns ['b']" in answer["message"]


def test_params_go_along(server: Server) -> None:
    def times(params: Any) -> Any:
        body = {"dataframe_records": [{"whole": 1}], "params": params}
        return server.ask(body, "/models/typed/invocations")

    assert times({"times": 3})[1]["predictions"][0]["times"] == 3
    assert times({})[1]["predictions"][0]["times"] == 1
    assert times({"unknown": 3})[0] == 200
    assert times({"times": "many"})[0] == 400
    assert times([1])[0] == 400


def test_tensors(server: Server) -> None:
    for body in ({"inputs": [[1, 2], [3, 4]]}, {"instances": [[1, 2], [3, 4]]}):
        assert server.ask(body, "/models/tensor/invocations") == (200, {"predictions": [[2.0, 4.0], [6.0, 8.0]]})
    assert server.ask({"inputs": [[1, 2, 3]]}, "/models/tensor/invocations")[0] == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no utf-8"),
        (b"[1]", "JSON object"),
        (b"{}", "none of them"),
        (b'{"inputs": [1], "instances": [1]}', "instances and inputs"),
        (b'{"inputs": [1], "more": 1}', "beside"),
        (b'{"dataframe_split": [1]}', "dataframe_split"),
        (b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "dataframe_split"),
        (b'{"dataframe_records": {"a": 1}}', "dataframe_records"),
        (b'{"instances": 3}', "instances"),
        (b'{"instances": [[1, 2, 3]]}', "3 columns given, 2 expected"),
        (b'{"dataframe_records": [{"a": NaN, "b": 1}]}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_bodies_that_cannot_be_read(server: Server, body: bytes, words: str) -> None:
    status, answer = server.ask(body)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer
    assert words in answer["message"]


def test_types_that_are_not_read(server: Server) -> None:
    for kind in ("text/html", "application/json; charset=latin-1", "application/json; format=pandas-split", "x"):
        status, words = server.ask({"inputs": [[1, 2]]}, kind=kind)
        assert status == 415, kind
        assert isinstance(words, bytes)
    assert server.ask(b"a,b\n1,2,3,4\n5", kind="text/csv")[0] == 400
    assert server.ask(b"a,b\n1,", kind="text/csv")[1]["error_code"] == "BAD_REQUEST"  # scikit-learn takes no NaN
    assert server.ask(b"nothing", kind="application/vnd.apache.parquet")[0] == 400


def test_addresses(server: Server) -> None:
    for path in ("/ping", "/health"):
        status, headers, body = server.request("GET", path)
        assert (status, headers["content-type"], body) == (200, "application/json", b"\n")
    status, headers, body = server.request("GET", "/version")
    assert (status, body.decode()) == (200, __version__)
    assert headers["x-mlflow-version"].startswith("3.")
    assert server.request("GET", "/invocations")[0] == 405
    assert server.request("GET", "/nothing")[0] == 404
    status, answer = server.ask({"inputs": [[1, 2]]}, "/models/nothing/invocations")
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "line, tensor, typed" in answer["message"]
    assert server.ask({"inputs": [[1, 2]]}, "/model/line/3/invocations")[0] == 404


def test_a_page_for_people(server: Server) -> None:
    status, headers, body = server.request("GET", "/docs")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-security-policy"].startswith("default-src 'none'")
    text = body.decode()
    assert "<td>whole</td><td>int64</td><td>no</td>" in text
    assert "<td>times</td><td>int64</td><td>1</td>" in text
    assert "models/tensor/invocations" in text
    assert "http://" not in text
    assert "https://" not in text


def test_description_and_metrics(server: Server) -> None:
    server.ask({"inputs": [[1, 2]]})
    document = json.loads(server.request("GET", "/openapi.json")[2])
    assert set(document["paths"]) == {
        "/invocations",
        *(f"/models/{n}/invocations" for n in ("line", "typed", "tensor")),
    }
    body = document["paths"]["/models/line/invocations"]["post"]["requestBody"]["content"]["application/json"]
    row = body["schema"]["oneOf"][0]["properties"]["dataframe_records"]["items"]
    assert row["properties"]["a"] == {"type": "number", "format": "double"}
    text = server.request("GET", "/metrics")[2].decode()
    assert 'clew_scoring_requests_total{model="line",status="200"}' in text


def test_numbers_that_are_exact_or_not(server: Server) -> None:
    for value in (2**53, 2**60, 2**70, -(2**63)):
        assert told(server, "number", value) == (200, repr(float(value)))
    for value in (2**53 + 1, 2**63 - 1, 2**70 + 1, 10**400):
        status, words = told(server, "number", value)
        assert status == 400, value
        assert str(value) not in words


def test_a_body_too_large_is_refused(server: Server) -> None:
    status, answer = server.ask(b" " * (1 << 20) + b"{}")
    assert (status, answer["error_code"]) == (413, "BAD_REQUEST")
    assert server.request("GET", "/ping")[0] == 200


def test_a_model_s_own_faults(tmp_path: Path) -> None:
    def odd(model_input: pd.DataFrame, params: Any = None) -> Any:
        import time

        what = model_input["what"][0]
        if what == "slow":
            time.sleep(6)
        if what == "raise":
            raise RuntimeError("secret")
        return {"nan": [float("nan"), float("inf"), -float("inf")], "object": object(), "slow": [1]}[what]

    clew.pyfunc.save_model(str(tmp_path / "m"), python_model=odd)
    server = Server(
        tmp_path,
        *("-m", str(tmp_path / "m"), "--trust", "pickle", "--timeout", "3"),
        CLEW_SCORING_TOKEN="s3cret",
    )
    try:

        def ask(what: str, token: str = "Bearer s3cret") -> tuple[int, Any]:
            body = json.dumps({"dataframe_records": [{"what": what}]}).encode()
            headers = {"authorization": token} if token else {}
            status, _, answer = server.request("POST", "/invocations", body, headers)
            return status, json.loads(answer)

        assert ask("nan") == (200, {"predictions": [None, "Infinity", "-Infinity"]})
        assert ask("nan", "")[0] == ask("nan", "Bearer other")[0] == ask("nan", "Basic s3cret")[0] == 401
        assert server.request("GET", "/openapi.json")[0] == server.request("GET", "/metrics")[0] == 401
        assert server.request("GET", "/ping")[0] == 200
        status, answer = ask("raise")
        assert (status, answer["error_code"]) == (500, "INTERNAL_ERROR")
        assert "secret" not in answer["message"]
        assert ask("object")[0] == 400
        assert ask("slow")[0] == 504
        assert ask("nan")[0] == 200
    finally:
        assert server.stop() == 130
    assert "RuntimeError: secret" in (tmp_path / "serve.log").read_text()


def test_nothing_is_served_without_trust(tmp_path: Path, typed: str) -> None:
    with pytest.raises(AssertionError, match="trust='pickle'"):
        Server(tmp_path, "-m", typed)


def test_more_rows_than_one_request_may_have(tmp_path: Path, line: str) -> None:
    server = Server(tmp_path, "-m", line, "--max-rows", "3")
    try:
        rows = LINE.to_numpy().tolist()
        more = pd.concat([LINE, LINE])
        parquet, equal = io.BytesIO(), io.BytesIO()
        more.to_parquet(parquet, index=False)
        pd.DataFrame({"a": 1.0, "b": 1.0}, index=range(2_000_000)).to_parquet(equal, index=False)
        assert len(equal.getvalue()) < 20_000
        assert server.ask({"instances": rows})[0] == 200
        for body, kind in (
            ({"instances": rows * 2}, ""),
            ({"dataframe_split": {"columns": ["a", "b"], "data": rows * 2}}, ""),
            ({"dataframe_records": more.to_dict(orient="records")}, ""),
            ({"inputs": more.to_dict(orient="list")}, ""),
            (more.to_csv(index=False).encode(), "text/csv"),
            (parquet.getvalue(), "application/vnd.apache.parquet"),
            (equal.getvalue(), "application/vnd.apache.parquet"),
        ):
            status, answer = server.ask(body, kind=kind)
            assert (status, answer["error_code"]) == (413, "BAD_REQUEST"), body
            assert "takes 3 in one request" in answer["message"]
    finally:
        server.stop()


def test_bodies_and_answers_without_wrapping(tmp_path: Path) -> None:
    def talk(model_input: Any, params: Any = None) -> Any:
        """A chat's answer."""
        said = model_input["messages"]  # with a signature a frame of one row comes
        said = (said.iloc[0] if hasattr(said, "iloc") else said)[-1]["content"]
        return {"choices": [{"message": {"role": "assistant", "content": said.upper()}}], "temperature": params}

    signature = clew.models.infer_signature(
        {"messages": [{"role": "user", "content": "hi"}]}, None, {"temperature": 0.5}
    )
    for name, given in (("signed", signature), ("plain", False)):
        clew.pyfunc.save_model(str(tmp_path / name), python_model=talk, signature=given)
    named = (f"signed={tmp_path / 'signed'}", f"plain={tmp_path / 'plain'}")
    server = Server(tmp_path, *(word for one in named for word in ("-m", one)), "--trust", "pickle")
    try:
        body = {"messages": [{"role": "user", "content": "hello"}]}
        answer = {"choices": [{"message": {"role": "assistant", "content": "HELLO"}}]}
        plain = server.ask(body, "/models/plain/invocations")
        assert plain == (200, answer | {"temperature": {}})
        status, told = server.ask(body | {"max_tokens": 5}, "/models/plain/invocations")
        assert (status, told["choices"]) == (200, answer["choices"])
        assert server.ask({"messages": body["messages"], "inputs": 1}, "/models/plain/invocations")[0] == 400
        signed = server.ask(body | {"temperature": 0.25}, "/models/signed/invocations")
        assert signed[0] == 200, signed
        assert signed[1]["temperature"] == {"temperature": 0.25}
    finally:
        server.stop()


def test_a_signature_from_a_type_hint_takes_inputs_only(tmp_path: Path) -> None:
    clew.pyfunc.save_model(
        str(tmp_path / "m"), python_model=lambda model_input: [len(one) for one in model_input], input_example=["a"]
    )
    manifest = tmp_path / "m" / "MLmodel"
    manifest.write_text(
        manifest.read_text().replace("is_signature_from_type_hint: false", "is_signature_from_type_hint: true")
    )
    server = Server(tmp_path, "-m", str(tmp_path / "m"), "--trust", "pickle")
    try:
        assert server.ask({"inputs": ["one", "three"]}) == (200, {"predictions": [3, 5]})
        status, answer = server.ask({"instances": ["one"]})
        assert status == 400
        assert "give inputs" in answer["message"]
    finally:
        server.stop()


REGISTER = """
import json, sys, clew
clew.set_tracking_uri(sys.argv[1])
frame = clew.pyfunc.load_model(sys.argv[2]).input_example
with clew.start_run():
    info = clew.sklearn.log_model(clew.sklearn.load_model(sys.argv[2]), "m", input_example=frame)
for _ in range(2):
    clew.register_model(info.model_uri, "wine")
clew.ClewClient().transition_model_version_stage("wine", "1", "Production")
print(json.dumps(clew.pyfunc.load_model("models:/wine/Production").predict(frame).tolist()))
"""


def test_a_registered_model_answers_by_its_name_version_and_stage(tmp_path: Path, line: str) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    local = json.loads(ask(sys.executable, REGISTER, store, line).splitlines()[-1])
    try:
        server = Server(tmp_path, "-m", "models:/wine/Production", CLEW_TRACKING_URI=store)
        try:
            body = {"dataframe_records": LINE.to_dict(orient="records")}
            by_version = [f"/model/wine/{version}/invocations" for version in ("1", "Production", "production")]
            for path in ("/invocations", "/models/wine/invocations", *by_version):
                assert server.ask(body, path) == (200, {"predictions": local}), path
            for path in ("/model/wine/2/invocations", "/model/wine/Staging/invocations", "/model/other/1/invocations"):
                assert server.ask(body, path)[0] == 404, path
        finally:
            server.stop()
    finally:
        stop_host(store)
