"""The connection pool: reuse, connections that the server closed, refusals as our errors."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.client.http import Backoff, HttpSender, http_sender, unix_sender
from clew.client.target import Target, resolve
from clew.client.transport import Transport
from clew.errors import Conflict, ForeignStore, InvalidValue, NotFound, NotSupported, Unavailable
from clew.wire import mlflow


class Script:
    """A server that answers each connection with prepared bytes, a list per connection."""

    def __init__(self, *connections: list[bytes]) -> None:
        self.seen: list[bytes] = []
        self.accepted = 0
        self._connections = connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/prefix"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for answers in self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                for answer in answers:
                    self.seen.append(connection.recv(65536))
                    connection.sendall(answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def answer(status: int = 200, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.fixture
def senders() -> Iterator[list[HttpSender]]:
    made: list[HttpSender] = []
    yield made
    for sender in made:
        sender.close()


def test_a_connection_is_used_again_and_replaced_when_the_server_closed_it(senders: list[HttpSender]) -> None:
    server = Script([answer(), answer()], [answer(body=b'{"n":3}')])
    sender = http_sender(server.url, token="t0ken")
    senders.append(sender)
    assert [sender.send("GET", "/a").status, sender.send("POST", "/b", b"{}").status] == [200, 200]
    assert server.accepted == 1
    while sender._idle and not _readable(sender):
        pass
    assert sender.send("GET", "/c").body == b'{"n":3}'
    assert server.accepted == 2
    assert server.seen[0].startswith(b"GET /prefix/a HTTP/1.1\r\n")
    assert b"Authorization: Bearer t0ken" in server.seen[0]
    server.close()


def _readable(sender: HttpSender) -> bool:
    import select

    return bool(select.select([sender._idle[0].sock], [], [], 0.01)[0])


def test_refusals_come_back_as_the_errors_that_the_server_raised(senders: list[HttpSender]) -> None:
    cases = [
        (404, b'{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run with id=x not found"}', NotFound),
        (400, b'{"error_code":"INVALID_PARAMETER_VALUE","message":"Changing param values is not allowed."}', Conflict),
        (400, b'{"error_code":"INVALID_PARAMETER_VALUE","message":"bad"}', InvalidValue),
        (501, b"<html>no</html>", NotSupported),
    ]
    server = Script([answer(status, body) for status, body, _ in cases])
    sender = http_sender(server.url)
    senders.append(sender)
    transport = Transport(sender)
    for _, _, kind in cases:
        with pytest.raises(kind):
            transport.call("get_run", mlflow.GetRun(run_id="x"))
    server.close()


def test_reads_are_tried_again_and_creations_are_not(senders: list[HttpSender]) -> None:
    busy = answer(503, b'{"message":"busy"}')
    server = Script([busy, answer(body=b'{"experiment":{"experiment_id":"1","name":"n"}}'), busy])
    sender = http_sender(server.url)
    senders.append(sender)
    transport = Transport(sender)
    found = transport.call("get_experiment", mlflow.ExperimentById(experiment_id="1"))
    assert found.experiment.name == "n"
    with pytest.raises(Unavailable):
        transport.call("create_experiment", mlflow.CreateExperiment(name="n"))
    assert len(server.seen) == 3
    server.close()


def test_a_server_that_breaks_off_is_unavailable(senders: list[HttpSender]) -> None:
    server = Script([b"HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\nhalf"])
    sender = http_sender(server.url)
    senders.append(sender)
    with pytest.raises(Unavailable, match="does not answer"):
        sender.send("GET", "/x")
    server.close()
    with pytest.raises(Unavailable, match="Connection refused"):
        sender.send("GET", "/x")


def test_a_web_page_is_no_answer_of_a_tracking_server(senders: list[HttpSender]) -> None:
    page = b"HTTP/1.1 %d X\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 9\r\n\r\n<p>hi</p>"
    server = Script([page % 200, page % 501, page % 404])
    sender = http_sender(server.url)
    senders.append(sender)
    for status in (200, 501, 404):
        with pytest.raises(NotSupported, match=f"HTTP status {status} with a web page") as caught:
            Transport(sender).call("get_run", mlflow.GetRun(run_id="x"))
        assert str(caught.value).startswith(server.url.removesuffix("/prefix"))
        assert "<p>" not in str(caught.value)
    server.close()


def test_a_forked_child_closes_its_copies_of_the_parent_s_connections(senders: list[HttpSender]) -> None:
    server = Script([answer()])
    sender = http_sender(server.url)
    senders.append(sender)
    sender.send("GET", "/x")
    (kept,) = sender._idle
    sender._pid = 0  # as a child finds it
    assert sender._take() is not kept
    assert kept.sock is None
    server.close()


def test_a_password_in_the_address_is_never_shown() -> None:
    sender = http_sender("http://me:secret@127.0.0.1:1")
    with pytest.raises(Unavailable, match=r"^http://127\.0\.0\.1:1 does not answer"):
        sender.send("GET", "/x")


def test_a_stranger_is_neither_clew_nor_mlflow(senders: list[HttpSender]) -> None:
    server = Script([answer(404, b"not here"), answer(404, b"nor here")])
    target = Target(server.url)
    senders.append(target.sender)
    with pytest.raises(NotSupported, match="neither a Clew nor an MLflow server"):
        _ = target.kind
    server.close()


def test_unix_sockets_carry_the_same(tmp_path: Path, senders: list[HttpSender]) -> None:
    path = str(tmp_path / "s.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer(body=b'{"a":1}'))

    thread = threading.Thread(target=serve)
    thread.start()
    sender = unix_sender(lambda: path, "The host")
    senders.append(sender)
    assert sender.send("GET", "/x").body == b'{"a":1}'
    thread.join()
    listener.close()


def test_pauses_grow_up_to_a_limit_and_are_not_all_equal() -> None:
    backoff = Backoff(1.0, 8.0)
    pauses = [backoff.pause_s() for _ in range(8)]
    for number, pause in enumerate(pauses):
        assert min(8.0, 2.0**number) / 2 <= pause <= min(8.0, 2.0**number)
    assert len(set(pauses)) == 8


@pytest.mark.parametrize(
    ("given", "full"),
    [
        (None, "sqlite:///{cwd}/.clew/clew.db"),
        ("sqlite:///x.db", "sqlite:///{cwd}/x.db"),
        ("sqlite:////a/b/../x.db", "sqlite:////a/x.db"),
        ("some/folder", "sqlite:///{cwd}/some/folder/.clew/clew.db"),
        ("file:///a/b", "sqlite:////a/b/.clew/clew.db"),
        ("http://h:5000/", "http://h:5000"),
        ("postgres://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_tracking_uris_have_one_full_form(given: str | None, full: str, tmp_path: Path) -> None:
    assert resolve(given) == full.format(cwd=tmp_path)


def test_what_cannot_be_a_store_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"")
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    with pytest.raises(InvalidValue, match=f"sqlite:///{tmp_path}/runs.db"):
        resolve("runs.db")
    with pytest.raises(InvalidValue, match="name a file"):
        resolve("sqlite:///:memory:")
    for uri in ("mlruns", f"file://{tmp_path}/mlruns"):
        with pytest.raises(ForeignStore, match="MLflow"):
            resolve(uri)
