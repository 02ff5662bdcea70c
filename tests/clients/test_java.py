"""The Java client: made of the route table, built by Debian's Maven, and of one mind with Python's client."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4
from xml.etree import ElementTree

import msgspec
import pytest

import clew
from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.metric import Metric
from clew.entities.model import LoggedModelStatus
from clew.entities.run import ModelOutput, RunStatus
from clew.wire import convert, mlflow, registered, registry
from clew.wire.codec import decode_message
from interop.conftest import ROOT, clean_environ
from interop.test_targets import own_settings

JAVA = ROOT / "clients" / "java"
REPOSITORY = Path("/usr/share/maven-repo")
NEEDED = (
    REPOSITORY / "org/junit/jupiter/junit-jupiter",
    REPOSITORY / "com/fasterxml/jackson/core/jackson-core",
    *(
        REPOSITORY / f"org/apache/maven/plugins/maven-{name}-plugin"
        for name in "compiler jar resources source surefire".split()
    ),
)
JACKSON = Path("/usr/share/java/jackson-core.jar")
VALUES = [0.1, float("nan"), float("inf"), float("-inf"), -0.0, 1e-320]


class Build(NamedTuple):
    """The built client: its jar, and the classes of its tests. folder: where it lies."""

    folder: Path
    jar: Path
    tests: Path

    def java(self, home: Path, url: str, *command: str, classes: bool = True) -> list[str]:
        """The lines that a program prints."""
        path = os.pathsep.join(map(str, (self.jar, JACKSON, *((self.tests,) if classes else ()))))
        return run(["java", "-cp", path, *command], home, CLEW_TRACKING_URI=url).splitlines()


def run(command: list[str], home: Path, **environ: str) -> str:
    done = subprocess.run(
        command,
        cwd=home,
        env=clean_environ(home, LANG="C.UTF-8", **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=290,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return done.stdout


def maven(folder: Path, home: Path, *goals: str, **environ: str) -> dict[str, tuple[int, int]]:
    """Tests and skipped tests of each class, all of them passed."""
    settings = str(folder / "settings-debian.xml")
    run(["mvn", "-B", "-q", "-f", str(folder / "pom.xml"), "-s", settings, *goals], home, **environ)
    found = {}
    for report in (folder / "target" / "surefire-reports").glob("TEST-*.xml"):
        suite = ElementTree.parse(report).getroot()
        found[suite.attrib["name"].rpartition(".")[2]] = (int(suite.attrib["tests"]), int(suite.attrib["skipped"]))
    return found


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The client, built offline from a copy of its folder; its tests without a server passed."""
    missing = [name for name in ("mvn", "javac") if shutil.which(name) is None]
    missing += [str(path) for path in (*NEEDED, JACKSON) if not path.exists()]
    if missing:
        pytest.skip(f"the Java client needs Debian's packages that docs/java.md lists; missing: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("java") / "client"
    shutil.copytree(JAVA, folder, ignore=shutil.ignore_patterns("target"))
    home = tmp_path_factory.mktemp("java-home")
    suites = maven(folder, home, "verify")
    assert {name for name, (count, skipped) in suites.items() if count > skipped} == {
        "ActiveRunTest",
        "ConnectionTest",
        "CodecTest",
    }
    target = folder / "target"
    return Build(folder, target / f"clew-client-{clew.__version__}.jar", target / "test-classes")


@pytest.fixture
def client(clew_url: str, tmp_path: Path) -> Iterator[ClewClient]:
    """Python's client of the same server."""
    with own_settings(tmp_path):
        yield ClewClient(clew_url)
        forget_links()


def names(language: str) -> tuple[str, str]:
    """Names of an experiment and of a registered model."""
    return f"aus {language} 実験 {uuid4().hex[:8]}", f"modèle 模型 {uuid4().hex[:8]}"


def in_python(client: ClewClient, experiment: str, model: str) -> tuple[str, str]:
    """The ids of a run and of a logged model with something of everything."""
    experiment_id = client.create_experiment(experiment, tags={"ü": "值"})
    run_id = client.create_run(experiment_id, run_name="Lauf 走行 🚀", tags={"schlüssel": "ünï\n2"}).info.run_id
    client.log_batch(
        run_id,
        metrics=[
            Metric(key="Verlust 損失", value=value, timestamp=1000 + step, step=step - 2)
            for step, value in enumerate(VALUES)
        ],
        params={"学習率": '值 = "x"', "leer": ""},
    )
    dataset = Dataset(name="ziffern 数字", digest="d1", source_type="local", source="{}", schema='{"s": 1}')
    client.log_inputs(run_id, [DatasetInput(dataset=dataset, tags={"mlflow.data.context": "train"})])
    client.log_text(run_id, "Größe\n", "日本 語/a%20b.txt")
    logged = client.create_logged_model(experiment_id, name="netz 網", source_run_id=run_id, params={"tiefe": "3"})
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [ModelOutput(logged.model_id, 4)])
    client.log_metric(run_id, "am Modell", 0.5, model_id=logged.model_id)
    client.set_terminated(run_id)
    client.create_registered_model(model, tags={"ü": "值"}, description="für 全部")
    client.create_model_version(model, logged.model_uri, run_id, model_id=logged.model_id, description="zeile\n2")
    client.transition_model_version_stage(model, "1", "Production")
    client.set_registered_model_alias(model, "beste", "1")
    return run_id, logged.model_id


def assert_same(
    build: Build, home: Path, client: ClewClient, experiment: str, model: str, run_id: str, model_id: str
) -> None:
    """Java's client reads every entity as Python's does."""
    key = "Verlust 損失"
    lines = build.java(
        *(home, client.tracking_uri, "clew.client.wire.Exchange", "read"), *(experiment, run_id, model_id, model, key)
    )
    points = decode_message(mlflow.MetricHistoryResponse, lines[5].encode())
    assert [plain(convert.metric_entity(m)) for m in points.metrics] == [
        plain(p) for p in client.get_metric_history(run_id, key)
    ]
    files = decode_message(mlflow.ListArtifactsResponse, lines[6].encode()).files
    assert [plain(convert.file_entity(f)) for f in files] == [
        plain(f) for f in client.list_artifacts(run_id, "日本 語")
    ]
    text = decode_message(mlflow.Pair, lines[7].encode())
    assert (text.key, text.value) == ("日本 語/a%20b.txt", "Größe\n")
    read: list[tuple[Callable[[Any], Any], type[mlflow.Message], Any]] = [
        (convert.experiment_entity, mlflow.Experiment, client.get_experiment_by_name(experiment)),
        (convert.run_entity, mlflow.Run, client.get_run(run_id)),
        (convert.model_entity, mlflow.LoggedModel, client.get_logged_model(model_id)),
        (registered.model_entity, registry.RegisteredModel, client.get_registered_model(model)),
        (registered.version_entity, registry.ModelVersion, client.get_model_version(model, "1")),
    ]
    for line, (entity, message, ours) in zip(lines, read, strict=False):
        assert plain(entity(decode_message(message, line.encode()))) == plain(ours)


def plain(entity: Any) -> str:
    """An entity as text, in which floats are told apart bit by bit."""
    return repr(msgspec.to_builtins(entity))


def test_messages_and_version_are_those_of_the_route_table() -> None:
    done = subprocess.run(
        [sys.executable, str(JAVA / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"<version>{clew.__version__}</version>" in (JAVA / "pom.xml").read_text(encoding="utf-8")


@pytest.mark.clients
def test_everything_works_against_a_server(build: Build, clew_url: str, tmp_path: Path) -> None:
    suites = maven(build.folder, tmp_path, "surefire:test", "-Dtest=LiveTest", CLEW_TEST_URI=clew_url)
    count, skipped = suites["LiveTest"]
    assert count >= 12
    assert skipped == 0


@pytest.mark.clients
@pytest.mark.interop
def test_what_mlflow_has_works_against_its_server(build: Build, mlflow_server: str, tmp_path: Path) -> None:
    suites = maven(build.folder, tmp_path, "surefire:test", "-Dtest=LiveTest", CLEW_TEST_URI=mlflow_server)
    assert suites["LiveTest"][1] == 3  # OR in filters, infinities, the history of a model


@pytest.mark.clients
def test_the_quick_start(build: Build, clew_url: str, client: ClewClient, tmp_path: Path) -> None:
    # as one runs it: from its source, without the classes of the tests
    script = str(build.folder / "examples" / "Quickstart.java")
    said = build.java(tmp_path, clew_url, script, classes=False)
    assert [line.partition(":")[0] for line in said[:2]] == ["rate 1.0", "rate 0.1"]
    name = said[2].split()[0]
    version = client.get_model_version_by_alias(name, "champion")
    assert (version.version, version.current_stage) == ("1", "Staging")
    assert version.run_id
    read = client.get_run(version.run_id)
    assert read.info.status == RunStatus.FINISHED
    assert read.data.params == {"rate": "1.0", "optimizer": "sgd", "epochs": "1000"}
    assert read.data.tags["team"] == "vision"
    assert len(client.get_metric_history(read.info.run_id, "loss")) == 1000
    assert [file.path for file in client.list_artifacts(read.info.run_id, "data")] == ["data/digits.csv"]
    below = f"tags.`mlflow.parentRunId` = '{read.info.run_id}'"
    assert [run.data.metrics for run in client.search_runs([read.info.experiment_id], below)] == [{"lines": 3.0}]


@pytest.mark.clients
def test_a_program_that_ends_inside_a_run(build: Build, client: ClewClient, tmp_path: Path) -> None:
    (run_id,) = build.java(tmp_path, client.tracking_uri, "clew.client.wire.Exchange", "leave", names("Java")[0])
    read = client.get_run(run_id)
    assert read.info.status == RunStatus.KILLED
    assert read.data.metrics == {"last words": 1.0}
    assert read.data.tags["clew.killed_reason"] == "the program ended inside the run"


@pytest.mark.clients
def test_the_example_of_its_page(build: Build, client: ClewClient, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "java.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```java\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    packages = ("clew.client", "clew.client.wire", "java.nio.file", "java.util.stream")
    imports = "".join(f"import {package}.*;\n" for package in packages)
    body = example.replace("http://127.0.0.1:5000", client.tracking_uri)
    (tmp_path / "Page.java").write_text(
        f"{imports}class Page {{ public static void main(String[] arguments) {{\n{body}}} }}", encoding="utf-8"
    )
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    assert build.java(tmp_path, client.tracking_uri, "Page.java", classes=False)[0].startswith("first {loss=0.001")


@pytest.mark.clients
def test_java_reads_what_python_wrote(build: Build, client: ClewClient, tmp_path: Path) -> None:
    experiment, model = names("Python")
    written = in_python(client, experiment, model)
    assert_same(build, tmp_path, client, experiment, model, *written)


@pytest.mark.clients
def test_python_reads_what_java_wrote(build: Build, client: ClewClient, tmp_path: Path) -> None:
    experiment, model = names("Java")
    run_id, model_id = build.java(
        tmp_path, client.tracking_uri, "clew.client.wire.Exchange", "write", experiment, model
    )
    read = client.get_run(run_id)
    assert (read.info.run_name, read.info.status) == ("Lauf 走行 🚀", RunStatus.FINISHED)
    assert read.data.params == {"学習率": '値 = "x"', "lr": "0.1"}
    assert read.data.tags["schlüssel"] == "ünï\n2"
    points = client.get_metric_history(run_id, "Verlust 損失")
    assert [(repr(p.value), p.step, p.timestamp) for p in points] == [
        (repr(value), step - 2, 1000 + step) for step, value in enumerate(VALUES)
    ]
    (used,) = read.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.schema) == ("ziffern 数字", '{"s": 1}')
    assert [(made.model_id, made.step) for made in read.outputs.model_outputs] == [(model_id, 4)]
    logged = client.get_logged_model(model_id)
    assert (logged.name, logged.params, logged.status) == ("netz 網", {"tiefe": "3"}, "LOGGED_MODEL_READY")
    version = client.get_model_version_by_alias(model, "beste")
    assert (version.version, version.current_stage, version.tags) == ("1", "Production", {"ü": "值"})
    assert client.get_registered_model(model).description == "für 全部"
    assert_same(build, tmp_path, client, experiment, model, run_id, model_id)
