"""No artifact route reads or writes outside of its folder, and no artifact runs as a page of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import API, NATIVE, Answer, AppClient, Tracker

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def put(client: AppClient, path: str, body: bytes = b"data") -> None:
    assert client.request("PUT", f"{ARTIFACTS}/{path}", body).status == 200


ESCAPES = [
    "..",
    "./..",
    "a//../..",
    "..%2fx",
    "%2e%2e%2fx",
    "%25252e%25252e/x",
    "..%5cx",
    "..\\x",
    "%c0%ae%c0%ae/../x",
    "/",
    "//etc/passwd",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "file%3a%2f%2f/etc/passwd",
    "s3://bucket/x",
    "%00",
    "a/%2500/b",
    "D:\\x",
    "d%3a/x",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "%2e%2e/x",
    "%252e%252e/x",
    "a/%2e%2e/%2e%2e/x",
    "%2fetc/passwd",
    "C:/x",
    "c:x",
    "a\\..\\b",
    "a%5c..%5cb",
    "a\0b",
    "a%00b",
    "a#b",
    "a?b",
    "file:/../etc",
    "%" + "25" * 9 + "2e",
]


@pytest.fixture
def model(lite: Tracker) -> str:
    return str(lite.ok(API + "logged-models", {"experiment_id": "0"})["model"]["info"]["model_id"])


@pytest.mark.parametrize("path", ESCAPES)
def test_escapes_are_refused_everywhere(lite: Tracker, model: str, path: str) -> None:
    run_id = lite.new_run()
    by_run, by_model = {"run_id": run_id, "path": path}, {"model_id": model, "path": path}
    of_model = f"{API}logged-models/{model}/artifacts/"
    part = {"path": path, "num_parts": 1}
    answers = [
        lite.get("/get-artifact", **by_run),
        lite.get("/ajax-api/2.0/mlflow/get-artifact", **by_run),
        lite.get(ARTIFACTS, path=path),
        lite.get(API + "artifacts/list", **by_run),
        lite.get(of_model + "directories", artifact_directory_path=path),
        lite.get(of_model + "files", artifact_file_path=path),
        lite.request("POST", "/ajax-api/2.0/mlflow/upload-artifact", b"x", {}, {"run_uuid": run_id, "path": path}),
        *(
            lite.get(NATIVE + "artifacts/" + call, **by)
            for call in ("list", "view", "zip")
            for by in (by_run, by_model)
        ),
        lite.post(NATIVE + "artifacts/uploads", {"path": path, "size": 1}),
    ]
    if "?" not in path and "#" not in path and not path.startswith("/"):  # a slash more is no other path
        answers += [lite.request(method, f"{ARTIFACTS}/{path}") for method in ("PUT", "GET", "HEAD", "DELETE")]
        answers.append(lite.get(f"/api/2.0/mlflow-artifacts/presigned/{path}"))
        answers += [
            lite.post(f"/api/2.0/mlflow-artifacts/mpu/{verb}/{path}", part) for verb in ("create", "complete", "abort")
        ]
    for answer in answers:
        assert _refused(answer), answer.text


def _refused(answer: Answer) -> bool:
    return answer.status == 400 and (not answer.body or "Invalid path" in answer.message or "NUL" in answer.message)


@pytest.mark.parametrize(
    "location",
    ["file:///etc", "/etc", "file://localhost/etc", "file:///tmp/../etc", "mlflow-artifacts:/../x", "file:/etc"],
)
def test_locations_lead_nowhere_else(lite: Tracker, tmp_path: Path, location: str) -> None:
    lite.app.site.local_roots = (str(tmp_path / "artifacts"),)  # as a server that other machines reach
    made = lite.post(API + "experiments/create", {"name": "e", "artifact_location": location})
    if made.status == 400:
        return
    run_id = lite.new_run(made.json()["experiment_id"])
    for call in ("/get-artifact", NATIVE + "artifacts/view", NATIVE + "artifacts/zip", NATIVE + "artifacts/list"):
        answer = lite.get(call, run_id=run_id, path="passwd")
        assert answer.status in (400, 403, 404), call
        assert "root:" not in answer.text
    answer = lite.request("POST", "/ajax-api/2.0/mlflow/upload-artifact", b"x", {}, {"run_uuid": run_id, "path": "p"})
    assert answer.status in (400, 403, 404)


def test_links_do_not_lead_out(lite: Tracker, tmp_path: Path) -> None:
    put(lite, "d/inside.txt")
    (tmp_path / "secret.txt").write_text("secret")
    root = tmp_path / "artifacts"
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to(root / "d")
    assert lite.get(f"{ARTIFACTS}/in/inside.txt").body == b"data"
    answer = lite.get(f"{ARTIFACTS}/out/secret.txt")
    assert answer.status == 403
    assert "secret\n" not in answer.text

    run_id = lite.new_run(lite.new_experiment("out", artifact_location="mlflow-artifacts:/out"))
    for call in (NATIVE + "artifacts/view", NATIVE + "artifacts/zip", NATIVE + "artifacts/list", "/get-artifact"):
        assert lite.get(call, run_id=run_id, path="../secret.txt").status == 400
        assert lite.get(call, run_id=run_id, path="secret.txt").status == 403
    assert lite.request("PUT", f"{ARTIFACTS}/out/new.txt", b"x").status == 403
    assert lite.request("DELETE", f"{ARTIFACTS}/out/secret.txt").status == 403
    assert (tmp_path / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.xml", "x.xhtml", "x.js", "x.htm"])
def test_artifacts_never_run_as_pages_of_ours(lite: Tracker, name: str) -> None:
    run_id = lite.new_run()
    put(lite, f"0/{run_id}/artifacts/{name}", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    for answer in (
        lite.get(f"{ARTIFACTS}/0/{run_id}/artifacts/{name}"),
        lite.get("/get-artifact", run_id=run_id, path=name),
    ):
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
    viewed = lite.get(NATIVE + "artifacts/view", run_id=run_id, path=name)
    assert viewed.headers["content-security-policy"].startswith("sandbox;")
    assert "allow" not in viewed.headers["content-security-policy"]
    assert viewed.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ['a".html', "a\r\nx-evil: 1", "a;b", "a\x7f"])
def test_names_cannot_add_headers(lite: Tracker, name: str) -> None:
    run_id = lite.new_run()
    put(lite, f"0/{run_id}/artifacts/{name}")
    answer = lite.get("/get-artifact", run_id=run_id, path=name)
    assert answer.status == 200
    assert "x-evil" not in answer.headers
    assert not {"\r", "\n"} & set(answer.headers["content-disposition"])


def test_uploads_under_way_cannot_be_read(lite: Tracker) -> None:
    upload = lite.ok(NATIVE + "artifacts/uploads", {"path": "x", "size": 4})["upload_id"]
    assert lite.request("PUT", f"{NATIVE}artifacts/uploads/{upload}/parts/0", b"data").status == 200
    for path in (f".clew-incoming/{upload}", f"./.clew-incoming/{upload}"):
        for method in ("GET", "PUT", "DELETE"):
            assert lite.request(method, f"{ARTIFACTS}/{path}", b"").status == 404
    assert lite.get(ARTIFACTS).json() == {}
    for strange in ("..", "%2e%2e", "x", "0" * 31):
        assert lite.request("PUT", f"{NATIVE}artifacts/uploads/{strange}/parts/0", b"data").status in (404, 405)
