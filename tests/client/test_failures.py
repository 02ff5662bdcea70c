"""Whatever server and network do: training goes on, one warning names cause and cure, nothing is lost, and one run's
trouble is its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

import clew
from clew.cli.pending import read_target
from clew.client import notice, spool
from clew.client.answers import retry_after_s
from clew.client.http import Answer
from clew.client.link import forget_links
from clew.client.session import session
from clew.client.shipper import Shipper, hold
from clew.client.target import resolve
from clew.errors import InvalidValue, NotFound
from doors import BREAK_OFF, GIBBERISH, SILENCE, Door, Wrong, free_port, page, real_server, refusal
from hosts import eventually


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server."""
    number = free_port()
    with real_server(tmp_path_factory.mktemp("server"), number):
        yield number


@pytest.fixture
def door(port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The real server's door, chosen as tracking URI."""
    made = Door(port)
    monkeypatch.setenv("CLEW_TRACKING_URI", made.url)
    yield made
    made.close()


@pytest.fixture
def no_shipper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody ships in the background, and nobody waits for it."""
    monkeypatch.setattr("clew.client.start.Launcher.tend", lambda *_, **__: False)


def folder_of(uri: str) -> str:
    return spool.target_folder(os.environ["CLEW_SPOOL"], resolve(uri))


def ship(uri: str) -> Shipper:
    """Ship the journals meant for ``uri`` in this process."""
    lock = hold(folder_of(uri), 10.0)
    assert lock is not None
    shipper = Shipper(folder_of(uri), once=True)
    try:
        shipper.run()
    finally:
        os.close(lock)
    return shipper


def log_everything(folder: Path, name: str = "everything") -> str:
    """A run with all that a run can have."""
    (folder / "file.txt").write_text("content")
    clew.set_experiment("failures")
    with clew.start_run(run_name=name, tags={"t": "1"}) as run:
        clew.log_params({"a": 1})
        for step in range(50):
            clew.log_metric("loss", step / 3, step=step)
        clew.log_artifact(folder / "file.txt", "files")
        clew.log_text("text", "t.txt")
        clew.set_tag("late", "x")
        clew.log_metrics({"acc": 0.5, "f1": 0.25})
    return run.info.run_id


def check_everything(run_id: str) -> None:
    run = clew.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"a": "1"}
    assert {k: run.data.tags[k] for k in ("t", "late")} == {"t": "1", "late": "x"}
    assert clew.get_experiment(run.info.experiment_id).name == "failures"
    assert [m.value for m in clew.get_metric_history(run_id, "loss")] == [n / 3 for n in range(50)]
    assert run.data.metrics["f1"] == 0.25
    assert clew.artifacts.load_text(f"runs:/{run_id}/files/file.txt") == "content"
    assert clew.artifacts.load_text(f"runs:/{run_id}/t.txt") == "text"
    assert "clew.artifacts.missing" not in run.data.tags


def causes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings of this test, but for the line that says how much waits."""
    told = [r.getMessage() for r in caplog.records]
    return [text for text in told if not re.match(r"[\d,]+ journal entries are on disk", text)]


def forget() -> None:
    forget_links()
    session.experiment_id = session.experiment_name = None


BUSY = "The store is busy."
ANSWERS: dict[str, tuple[Wrong, str, str, str]] = {
    # answer: kind of trouble, words of the cause, words of the cure
    "401": (refusal(401, "UNAUTHENTICATED", "no such token"), "unknown", "answers 401: no such token", "CLEW_TOKEN"),
    "401 page": (page(401), "unknown", "answers 401: Unauthorized", "CLEW_TOKEN"),
    "403": (refusal(403, "PERMISSION_DENIED", "not yours"), "denied", "answers 403: not yours", "the right to write"),
    "404 page": (page(404), "stranger", "neither a Clew nor an MLflow server", "tracking URI"),
    "409": (refusal(409, "RESOURCE_CONFLICT", "no"), "stranger", "neither a Clew nor an MLflow server", "tracking URI"),
    "429": (refusal(429, "REQUEST_LIMIT_EXCEEDED", BUSY), "away", f"answers 429: {BUSY}", "when the server is back"),
    "500": (refusal(500, "INTERNAL_ERROR", "oops"), "failed", "answers 500: oops", "fault of the server"),
    "502": (page(502), "away", "answers 502: Bad Gateway", "when the server is back"),
    "503": (refusal(503, "TEMPORARILY_UNAVAILABLE", BUSY), "away", f"answers 503: {BUSY}", "when the server is back"),
    "a portal": (page(200), "stranger", "login page", "tracking URI"),
    "no JSON": (Wrong(200, b"hello", kind="text/plain"), "stranger", "neither a Clew nor", "tracking URI"),
    "JSON of a stranger": (Wrong(200, b'{"ok":true}'), "stranger", "neither a Clew nor", "tracking URI"),
    "a redirect": (
        Wrong(301, headers={"Location": "https://elsewhere.example/x"}),
        *("stranger", "redirect to https://elsewhere.example/x", "tracking URI"),
    ),
    "breaking off": (BREAK_OFF, "away", "closed the connection without an answer", "when the server is back"),
    "gibberish": (GIBBERISH, "away", "does not speak HTTP", "when the server is back"),
    "silence": (SILENCE, "away", "timed out", "when the server is back"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_wrong_answer_costs_one_warning_and_nothing_else(
    name: str,
    door: Door,
    no_shipper: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong, kind, cause, cure = ANSWERS[name]
    monkeypatch.setattr("clew.client.link._PATIENCE_S", 0.3)
    door.always(wrong)
    run_id = log_everything(tmp_path)
    (text,) = causes(caplog)
    assert cause in text
    assert cure in text
    assert folder_of(door.url) in text

    if wrong is not SILENCE:
        forget()
        shipper = ship(door.url)
        assert (shipper.trouble.kind, shipper.refused) == (kind, [])
        assert cause in shipper.trouble.text
    door.always(None)
    forget()
    shipper = ship(door.url)
    assert (shipper.trouble.text, shipper.refused, shipper.troubles) == ("", [], {})
    check_everything(run_id)
    assert read_target(folder_of(door.url)).writers == 0


def test_a_pause_that_the_server_asks_for_is_kept(door: Door, no_shipper: None, tmp_path: Path) -> None:
    door.always(refusal(429, "REQUEST_LIMIT_EXCEEDED", BUSY, Retry_After="700"))
    log_everything(tmp_path)
    forget()
    shipper = Shipper(folder_of(door.url))
    assert 600.0 <= (shipper._round() or 0.0) <= 700.0
    shipper._link.sender.close()  # type: ignore[union-attr]


def test_a_pause_may_be_told_as_a_date() -> None:
    def told(text: str) -> float:
        return retry_after_s(Answer(503, {"retry-after": text}, b""))

    assert 50 < told(formatdate(time.time() + 60, usegmt=True)) <= 61
    assert [told(text) for text in ("7", "", "soon", formatdate(0, usegmt=True))] == [7.0, 0.0, 0.0, 0.0]


def test_a_sync_waits_as_long_as_the_server_asks(door: Door, no_shipper: None, tmp_path: Path) -> None:
    left = [2]

    def busy_twice(method: str, path: str, _: object) -> Wrong | None:
        if "/ingest?" in path and left[0]:
            left[0] -= 1
            return refusal(429, "REQUEST_LIMIT_EXCEEDED", BUSY, Retry_After="1")
        return None

    door.always(refusal(503, "TEMPORARILY_UNAVAILABLE", BUSY))
    run_id = log_everything(tmp_path)
    forget()
    door.answer = busy_twice
    assert ship(door.url).trouble.text == ""
    assert left == [0]
    check_everything(run_id)


def about(run_id: str, wrong: Wrong) -> Callable[[str, str, object], Wrong | None]:
    """A wrong answer to what is sent for one run."""
    return lambda method, path, _: wrong if f"run_id={run_id}" in path and "/ingest?" in path else None


@pytest.mark.parametrize(
    ("wrong", "kind", "set_aside"),
    [
        (refusal(400, "INVALID_PARAMETER_VALUE", "not like that"), "refused", True),
        (refusal(403, "PERMISSION_DENIED", "not yours"), "denied", False),
        (refusal(404, "RESOURCE_DOES_NOT_EXIST", "Run not found"), "refused", True),
        (refusal(409, "RESOURCE_CONFLICT", "it changed"), "refused", True),
        (refusal(500, "INTERNAL_ERROR", "oops"), "failed", False),
    ],
    ids=["400", "403", "404", "409", "500"],
)
def test_a_run_that_is_refused_holds_up_no_other_and_is_not_lost(
    wrong: Wrong, kind: str, set_aside: bool, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    bad, good = log_everything(tmp_path, "bad"), log_everything(tmp_path, "good")
    monkeypatch.delenv("CLEW_OFFLINE")
    forget()
    door.answer = about(bad, wrong)
    shipper = ship(door.url)
    assert shipper.trouble.text == ""
    check_everything(good)
    with pytest.raises(NotFound):
        clew.get_run(bad)

    seen = read_target(folder_of(door.url))
    message = {"400": "not like that", "403": "not yours", "404": "Run not found", "409": "it changed", "500": "oops"}
    if set_aside:
        (refused,) = seen.refused
        assert (refused.run_id, seen.writers) == (bad, 0)
        assert message[str(wrong.status)] in refused.reason
        spool.readmit(folder_of(door.url))
    else:
        (stuck,) = seen.stuck
        assert (stuck.run_id, seen.writers) == (bad, 1)
        assert message[str(wrong.status)] in stuck.reason
        assert stuck.cure
        assert shipper.troubles[bad].kind == kind
    door.always(None)
    forget()
    assert ship(door.url).refused == []
    check_everything(bad)


def test_a_journal_that_always_takes_too_long_lets_others_pass(
    door: Door, no_shipper: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    bad, good = log_everything(tmp_path, "bad"), log_everything(tmp_path, "good")
    monkeypatch.delenv("CLEW_OFFLINE")
    forget()
    door.answer = about(bad, page(504))
    shipper = Shipper(folder_of(door.url))
    for _ in range(3):
        shipper._round()
    assert shipper.trouble.kind == "away"
    shipper._link.sender.close()  # type: ignore[union-attr]
    check_everything(good)


def test_a_proxy_that_takes_small_requests_only_gets_small_ones(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    with clew.start_run() as run:
        for step in range(20_000):
            clew.log_metric("loss", float(step), step)
        clew.log_text("x" * 200_000, "large.txt")
        clew.log_text("small", "small.txt")
    monkeypatch.delenv("CLEW_OFFLINE")
    forget()
    door.answer = lambda method, path, headers: page(413) if int(headers.get("content-length", 0)) > 100_000 else None
    shipper = ship(door.url)
    assert shipper.trouble.text == ""
    history = clew.get_metric_history(run.info.run_id, "loss")
    assert [m.step for m in history] == list(range(20_000))
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/small.txt") == "small"
    assert "413" in clew.get_run(run.info.run_id).data.tags["clew.artifacts.missing"]

    (refused,) = read_target(folder_of(door.url)).refused
    assert "large.txt" in refused.reason
    assert "413" in refused.reason
    door.always(None)
    spool.readmit(folder_of(door.url))
    forget()
    ship(door.url)
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/large.txt") == "x" * 200_000
    assert list(spool.runs(folder_of(door.url))) == []


def test_a_server_that_goes_away_and_comes_back_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    number = free_port()
    monkeypatch.setenv("CLEW_TRACKING_URI", f"http://127.0.0.1:{number}")
    monkeypatch.setattr("clew.client.link.FENCE_S", 1.0)
    with real_server(tmp_path, number) as server:
        run = clew.start_run()
        clew.log_metric("x", 0.0, 0)
        assert clew.flush()
        server.kill()
        server.wait()
    for step in range(1, 1000):
        clew.log_metric("x", float(step), step)
    assert not clew.flush()
    assert not clew.flush()
    (text,) = causes(caplog)
    assert "Connection refused" in text
    with real_server(tmp_path, number):
        clew.log_metric("x", 1000.0, 1000)
        eventually(clew.flush)
        history = clew.get_metric_history(run.info.run_id, "x")
        clew.end_run()
        assert [m.step for m in history] == list(range(1001))
        assert len(causes(caplog)) == 1


def test_runs_that_follow_each_other_while_the_server_is_away_are_told_once(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("clew.client.link.FENCE_S", 1.0)
    monkeypatch.setattr("clew.client.writer._TEND_NS", 0)
    door.always(page(503))
    runs = []
    for number in range(4):
        runs.append(log_everything(tmp_path, f"run {number}"))
        clew.flush()
    assert len(causes(caplog)) == 1
    assert len(caplog.records) == 2
    door.always(None)
    eventually(lambda: read_target(folder_of(door.url)).writers == 0)
    for run_id in runs:
        check_everything(run_id)


def test_a_shipper_that_the_server_does_not_know_makes_way_for_one_that_it_does(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def known(method: str, path: str, headers: dict[str, str]) -> Wrong | None:
        good = headers.get("authorization") == "Bearer good"
        return None if good else refusal(401, "UNAUTHENTICATED", "a token is missing")

    door.answer = known
    first = log_everything(tmp_path, "without a token")
    assert len(causes(caplog)) == 1
    eventually(lambda: spool.holder(folder_of(door.url)) is None)
    forget()
    monkeypatch.setenv("CLEW_TOKEN", "good")
    second = log_everything(tmp_path, "with a token")
    eventually(lambda: read_target(folder_of(door.url)).writers == 0)
    check_everything(second)
    check_everything(first)


@pytest.mark.parametrize("place", ["address", "environment"])
def test_a_server_that_asks_for_a_login_gets_it(
    place: str, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def known(method: str, path: str, headers: dict[str, str]) -> Wrong | None:
        good = headers.get("authorization") == "Basic bWU6czpjcmV0"  # me, s:cret
        return None if good else refusal(401, "UNAUTHENTICATED", "who are you?")

    door.answer = known
    if place == "address":
        monkeypatch.setenv("CLEW_TRACKING_URI", door.url.replace("//", "//me:s%3Acret@"))
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s:cret")
    check_everything(log_everything(tmp_path))
    assert causes(caplog) == []


def test_an_experiment_chosen_by_id_while_the_server_is_away_is_taken_on_trust(
    door: Door, no_shipper: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = clew.create_experiment("chosen")
    forget()
    door.always(page(503))
    assert clew.set_experiment(experiment_id=experiment).name == ""
    with clew.start_run() as run:
        clew.log_metric("x", 1.0)
    door.always(None)
    forget()
    assert ship(door.url).trouble.text == ""
    assert clew.get_run(run.info.run_id).info.experiment_id == experiment


def test_mistakes_raise_also_where_a_proxy_is_in_between(door: Door) -> None:
    with pytest.raises(NotFound):
        clew.start_run(experiment_id="999999")
    with pytest.raises(NotFound):
        clew.ClewClient().log_metric("f" * 32, "x", 1.0)


def test_a_name_that_is_not_known_is_named(
    no_shipper: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("CLEW_TRACKING_URI", "http://nowhere.example:5000")
    log_everything(tmp_path)
    (text,) = causes(caplog)
    assert "http://nowhere.example:5000 does not answer: its name is not known here" in text
    forget()
    clew.set_tracking_uri("http://a..b")
    with pytest.raises(InvalidValue, match="impossible host"):
        clew.start_run()


def test_a_certificate_that_is_not_trusted_is_named_with_the_cure(
    no_shipper: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made by openssl")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=clew", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*request, "-keyout", key, "-out", cert, "-days", "2", *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65536)
                    secured.sendall(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        monkeypatch.setenv("CLEW_TRACKING_URI", f"https://127.0.0.1:{port}")
        log_everything(tmp_path)
        (text,) = causes(caplog)
        assert "its certificate is not trusted (self-signed certificate)" in text
        assert "SSL_CERT_FILE" in text
        forget()
        caplog.clear()
        notice._told.clear()
        monkeypatch.setenv("SSL_CERT_FILE", cert)
        log_everything(tmp_path)
        (text,) = causes(caplog)
        assert "answers 503" in text
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_server_without_tls_is_named(
    door: Door, no_shipper: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLEW_TRACKING_URI", door.url.replace("http://", "https://"))
    log_everything(tmp_path)
    (text,) = causes(caplog)
    assert "does not speak TLS" in text


def test_a_model_whose_upload_fails_is_kept_with_the_run(
    door: Door, no_shipper: None, caplog: pytest.LogCaptureFixture
) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    import clew.sklearn

    door.answer = lambda method, path, _: page(503) if method == "PUT" else None
    model = linear_model.LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    with clew.start_run() as run:
        info = clew.sklearn.log_model(model, name="line")
    assert info.model_uri == f"runs:/{run.info.run_id}/line"
    (text,) = causes(caplog)
    assert "answers 503" in text
    door.always(None)
    forget()
    assert not ship(door.url).trouble
    loaded = clew.sklearn.load_model(info.model_uri)
    assert loaded.predict([[2.0]])[0] == pytest.approx(4.0)
