"""A bucket keeps the promises of a place for artifacts; the clouds by their emulators."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

import pytest

from buckets import AZURITE_ACCOUNT, AZURITE_KEY, SECRET, Emulator, azurite, cloud_variables, new_container, start_azure
from clew.artifacts.buckets import open_bucket, split_bucket
from clew.artifacts.multipart import SentPart, multipart
from clew.artifacts.objects import ObjectStore
from clew.artifacts.roots import locate
from clew.errors import ClewError, Denied, InvalidValue, NotFound, NotSupported, Unavailable


@pytest.fixture(scope="session")
def azure_server() -> Iterator[Emulator]:
    if azurite() is None:
        pytest.skip("tests of Azure's store need: npm install -g azurite")
    server = start_azure()
    yield server
    server.stop()


@pytest.fixture
def gcs_bucket(s3_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Google's store speaks, in the API that obstore uses, as S3 does; so its client meets the same server."""
    for name in cloud_variables():
        monkeypatch.delenv(name)
    # moto looks for the service's name in the credentials
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "Credential=k/20260101/us-east-1/s3/aws4_request")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", s3_server.url)
    name = s3_server.new_name()
    s3_server.request("PUT", f"/{name}")
    return f"gs://{name}"


@pytest.fixture
def azure_bucket(azure_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in cloud_variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{azure_server.url}/{AZURITE_ACCOUNT}")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", AZURITE_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURITE_KEY)
    return f"az://{new_container(azure_server)}"


@pytest.fixture(params=["s3", "gcs", "azure"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    return open_bucket(request.getfixturevalue(f"{request.param}_bucket") + "/some/prefix")


def write(store: ObjectStore, path: str, *chunks: bytes) -> None:
    upload = store.create(path)
    for chunk in chunks:
        upload.write(chunk)
    upload.commit()


def test_files_come_back(store: ObjectStore) -> None:
    write(store, "d/e/f.txt", b"hel", b"lo")
    assert b"".join(store.read("d/e/f.txt")) == b"hello"
    assert b"".join(store.read("d/e/f.txt", 1, 3)) == b"el"
    stat = store.stat("d/e/f.txt")
    assert stat is not None
    assert (stat.is_dir, stat.size) == (False, 5)
    assert abs(stat.modified_s - time.time()) < 3600
    assert stat.etag
    write(store, "d/e/f.txt", b"other")
    changed = store.stat("d/e/f.txt")
    assert changed is not None
    assert changed.etag != stat.etag
    write(store, "empty")
    assert b"".join(store.read("empty")) == b""


def test_folders_are_what_names_tell(store: ObjectStore) -> None:
    for path in ("b.txt", "d/a", "d/sub/x", "dd/y"):
        write(store, path, b"1")
    assert [(e.name, e.is_dir, e.size) for e in store.entries("")] == [
        ("b.txt", False, 1),
        ("d", True, 0),
        ("dd", True, 0),
    ]
    assert [e.name for e in store.entries("d")] == ["a", "sub"]
    assert store.entries("b.txt") == store.entries("none") == []
    folder = store.stat("d")
    assert folder is not None
    assert folder.is_dir
    assert store.stat("none") is None
    with pytest.raises(NotFound, match="No such artifact: 'none'"):
        next(store.read("none"))
    for _ in range(2):
        store.delete("d")
    assert [e.name for e in store.entries("")] == ["b.txt", "dd"]


def test_large_files_go_up_in_parts(store: ObjectStore) -> None:
    body = bytes(range(256)) * (40 << 12)  # 40 MiB: three parts of 16 MiB
    write(store, "large.bin", *(body[i : i + 1_000_003] for i in range(0, len(body), 1_000_003)))
    assert hashlib.sha256(b"".join(store.read("large.bin"))).digest() == hashlib.sha256(body).digest()
    upload = store.create("given-up.bin")
    upload.write(body)
    upload.abort()
    assert store.stat("given-up.bin") is None


def test_parts_become_one_file(store: ObjectStore) -> None:
    for number, body in ((1, b"second"), (0, b"first ")):
        part = store.part("u1", number, number * 6)
        part.write(body)
        part.commit()
    assert store.entries("") == []

    def refuse(sha256: str) -> None:
        assert sha256 == hashlib.sha256(b"first second").hexdigest()
        raise InvalidValue("no")

    with pytest.raises(InvalidValue, match="no"):
        store.assemble("u1", "d/whole", 2, refuse)
    assert store.stat("d/whole") is None
    assert store.assemble("u1", "d/whole", 2, lambda _: None).size == 12
    assert b"".join(store.read("d/whole")) == b"first second"
    assert store.sweep(time.time() + 100) == 0


def test_what_broken_uploads_left_is_swept(store: ObjectStore) -> None:
    store.part("u1", 0, 0).commit()
    assert store.sweep(time.time() - 3600) == 0
    assert store.sweep(time.time() + 100) == 1
    store.discard("u1")


@pytest.mark.parametrize("name", ["a b.txt", "a%20b", "a+b", "größe 学習.bin", "~[x]*'(1)!&=;@$,.txt", "x%2Fy"])
def test_names_survive(store: ObjectStore, name: str) -> None:
    write(store, f"n/{name}", name.encode())
    assert [e.name for e in store.entries("n")] == [name]
    assert b"".join(store.read(f"n/{name}")) == name.encode()
    store.delete(f"n/{name}")
    assert store.entries("n") == []


def test_paths_that_no_object_has(store: ObjectStore) -> None:
    for path in ("", "d/"):
        with pytest.raises(InvalidValue, match="names a folder"):
            store.create(path)
    for path in ("../x", "a/%2e%2e/b", "a\x01b"):
        with pytest.raises(InvalidValue, match="Invalid path"):
            store.create(path)
    with pytest.raises(NotFound):
        store.create(".clew-incoming/x")
    with pytest.raises(InvalidValue, match="root"):
        store.delete("")


def test_failures_name_cause_and_cure(s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failure(uri: str) -> ClewError:
        with pytest.raises(ClewError) as caught:
            write(open_bucket(uri), "x", b"1")
        assert SECRET not in str(caught.value)
        return caught.value

    missing = failure("s3://no-such-bucket")
    assert isinstance(missing, NotFound)
    assert "bucket of s3://no-such-bucket does not exist" in str(missing)
    with pytest.raises(NotFound, match="does not exist"):
        open_bucket("s3://no-such-bucket").entries("")
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    away = failure(s3_bucket)
    assert isinstance(away, Unavailable)
    assert "check the network" in str(away)


def test_refused_and_missing_credentials() -> None:
    from obstore.exceptions import GenericError

    from clew.artifacts.faults import explain, explain_answer

    refused = explain_answer("s3://b", 403, "SignatureDoesNotMatch")
    assert isinstance(refused, Denied)
    assert "(SignatureDoesNotMatch)" in str(refused)
    text = "Error performing PUT http://169.254.169.254/latest/api/token in 1s, secret=abc"
    lost = explain("s3://b", GenericError(text))
    assert isinstance(lost, Unavailable)
    assert "AWS_ACCESS_KEY_ID" in str(lost)
    assert "abc" not in str(lost)


def test_addresses() -> None:
    assert split_bucket("s3://b/a%20b/c/") == ("s3://b", "a b/c")
    wasbs = "wasbs://box@account.blob.core.windows.net"
    assert split_bucket(wasbs + "/x") == (wasbs, "x")
    client = open_bucket(wasbs + "/x").client
    assert client.config["account_name"] == "account"
    assert client.config["container_name"] == "box"
    assert client.prefix == "x"
    assert locate("gs://b/one")[0] is locate("gs://b/two")[0]
    for wrong in ("s3://", "s3:///x", "s3://key:secret@b/x", "s3://key@b", "s3://b/x?a=1", "s3://b/../x", "gs://b#x"):
        with pytest.raises(InvalidValue) as caught:
            split_bucket(wrong)
        assert "secret" not in str(caught.value)
    with pytest.raises(NotSupported, match="'ftp' is not supported"):
        locate("ftp://host/x")


def test_signed_parts_become_a_file(s3_bucket: str, s3_server: Emulator) -> None:
    store = open_bucket(s3_bucket + "/p")
    way = multipart(store)
    assert way is not None
    bodies = [b"x" * (5 << 20), b"end"]
    upload_id, urls = way.create("d/a b+ü.bin", 2)
    parts = []
    for number, (url, body) in enumerate(zip(urls, bodies, strict=True), 1):
        assert SECRET not in url
        parts.append(SentPart(number, _put(s3_server, url, body), url))
    with pytest.raises(InvalidValue, match="begin it anew"):
        way.complete("d/a b+ü.bin", upload_id, [SentPart(1, '"other"', "")])
    way.complete("d/a b+ü.bin", upload_id, parts)
    assert b"".join(store.read("d/a b+ü.bin")) == b"".join(bodies)
    upload_id, _ = way.create("d/c", 1)
    for _ in range(2):
        way.abort("d/c", upload_id)


def test_signed_blocks_become_a_file(azure_bucket: str, azure_server: Emulator) -> None:
    store = open_bucket(azure_bucket + "/p")
    way = multipart(store)
    assert way is not None
    upload_id, urls = way.create("d/a.bin", 2)
    parts = []
    for number, (url, body) in enumerate(zip(urls, (b"first ", b"second"), strict=True), 1):
        assert AZURITE_KEY not in url
        parts.append(SentPart(number, _put(azure_server, url, body), url))
    with pytest.raises(InvalidValue, match="begin it anew"):
        way.complete("d/a.bin", upload_id, [SentPart(1, "", "http://x/?blockid=unknown00000")])
    way.complete("d/a.bin", upload_id, parts)
    assert b"".join(store.read("d/a.bin")) == b"first second"
    with pytest.raises(NotSupported, match="cannot be signed"):
        way.create("d/a b.bin", 1)


def _put(server: Emulator, url: str, body: bytes) -> str:
    import http.client

    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    connection.request("PUT", url.removeprefix(server.url), body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status < 300
    return answer.getheader("ETag", "")
