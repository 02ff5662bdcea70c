"""Notebooks: cells that raise or run again leave no run open; magics; the UI as link or frame."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.client import shells, uihost
from clew.client.session import session
from hosts import stop_host

interactiveshell = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")

pytestmark = pytest.mark.usefixtures("store")

Cell = Callable[..., Any]


@pytest.fixture(scope="module")
def store_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One embedded store for all tests here."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('store')}/s.db"
    yield uri
    stop_host(uri)


@pytest.fixture
def store(store_uri: str, own_session: object, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CLEW_TRACKING_URI", store_uri)
    monkeypatch.setenv("CLEW_HOST_IDLE_S", "60")
    return store_uri


@pytest.fixture(scope="module")
def ipython(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real IPython shell in this process."""
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell puts its own there
        yield interactiveshell.InteractiveShell.instance(config=settings)
    interactiveshell.InteractiveShell.clear_instance()


@pytest.fixture
def shell(ipython: Any, own_session: object) -> Iterator[Any]:
    """The shell, with ``clew`` imported and its magic loaded."""
    ipython.run_cell("import clew\n%load_ext clew")
    yield ipython
    ipython.run_cell("%unload_ext clew")
    shells.unfollow()
    ipython.reset()


@pytest.fixture
def cell(shell: Any) -> Cell:
    """Runs a cell, with an id where a notebook would give one; the result."""

    def run(text: str, cell_id: str | None = None) -> Any:
        return shell.run_cell(text, store_history=True, cell_id=cell_id)

    return run


def status(result: Any) -> str:
    run = clew.get_run(result if isinstance(result, str) else result.result)
    return run.info.status.value


def begun(result: Any) -> str:
    assert result.success, result.error_in_exec
    return str(result.result)


def open_run() -> str | None:
    stack = session.stack()
    return stack[-1].log.run_id if stack else None


START = "clew.start_run().info.run_id"


@pytest.mark.parametrize("cell_id", ["c1", None])
def test_a_cell_that_runs_again_ends_its_earlier_run(
    cell: Cell, cell_id: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    first = begun(cell(START, cell_id))
    assert open_run() == first
    second = begun(cell(START, cell_id))
    assert (status(first), status(second), open_run()) == ("FINISHED", "RUNNING", second)
    assert capsys.readouterr().out.count("is FINISHED, because its cell runs again.") == 1


def test_an_edited_cell_is_still_the_same_cell(cell: Cell) -> None:
    first = begun(cell(START, "c1"))
    second = begun(cell(f"x = 1\n{START}", "c1"))
    assert (status(first), open_run()) == ("FINISHED", second)


def test_another_cell_has_to_end_the_run_itself(cell: Cell) -> None:
    first = begun(cell(START, "c1"))
    result = cell(START, "c2")
    assert isinstance(result.error_in_exec, clew.errors.Conflict)
    assert (status(first), open_run()) == ("RUNNING", first)


def test_two_runs_of_one_execution_are_a_mistake(cell: Cell) -> None:
    result = cell("clew.start_run()\nclew.start_run()", "c1")
    assert isinstance(result.error_in_exec, clew.errors.Conflict)
    assert open_run() is None


def test_runs_inside_end_with_the_run_around_them(cell: Cell) -> None:
    outer = begun(cell(START, "outer"))
    inner = begun(cell("clew.start_run(nested=True).info.run_id", "inner"))
    again = begun(cell("clew.start_run(nested=True).info.run_id", "inner"))
    assert (status(outer), status(inner), open_run()) == ("RUNNING", "FINISHED", again)
    assert clew.get_run(again).data.tags["mlflow.parentRunId"] == outer
    new = begun(cell(START, "outer"))
    assert (status(outer), status(again), open_run()) == ("FINISHED", "FINISHED", new)


@pytest.mark.parametrize("error", ["1 / 0", "raise KeyboardInterrupt"])
def test_a_cell_that_raised_ends_the_run_that_it_began(
    cell: Cell, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cell(f"run = clew.start_run().info.run_id\nclew.log_metric('m', 1.0)\n{error}")
    run_id = begun(cell("run"))
    assert (status(run_id), open_run()) == ("FAILED", None)
    run = clew.get_run(run_id)
    assert run.data.metrics == {"m": 1.0}
    assert run.data.tags["clew.failed_reason"].startswith(("ZeroDivisionError", "KeyboardInterrupt"))
    assert "is FAILED, because its cell ended with" in capsys.readouterr().out


def test_a_run_that_a_log_call_began_ends_with_its_cell_too(cell: Cell) -> None:
    cell("clew.log_metric('m', 1.0)\nrun = clew.active_run().info.run_id\nraise ValueError")
    assert status(begun(cell("run"))) == "FAILED"


def test_an_error_in_a_later_cell_leaves_the_run_open(cell: Cell) -> None:
    first = begun(cell(START))
    cell("1 / 0")
    cell("clew.log_metric('m', 2.0)")
    assert (status(first), open_run()) == ("RUNNING", first)
    assert clew.get_run(first).data.metrics == {"m": 2.0}


def test_cells_inside_cells_are_told_apart(cell: Cell, shell: Any) -> None:
    cell("get_ipython().run_cell('inner = clew.start_run().info.run_id')\n1 / 0")
    inner = begun(cell("inner"))
    assert status(inner) == "RUNNING"
    clew.end_run()


def test_the_first_cell_is_followed_though_it_ran_already(shell: Any) -> None:
    shells.unfollow()
    text = "run = clew.start_run().info.run_id"
    shell.run_cell(text, store_history=True)
    first = shell.user_ns["run"]
    shell.run_cell(text, store_history=True)
    assert (status(first), open_run()) == ("FINISHED", shell.user_ns["run"])


def test_the_magic_tells_and_chooses(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    cell("%clew experiment 'my notebook'")
    run_id = begun(cell(START))
    capsys.readouterr()
    cell("%clew")
    said = capsys.readouterr().out
    for text in ("Tracking to sqlite:///", "UI: none is running", "Experiment: my notebook", run_id):
        assert text in said
    assert cell("%clew run").result.info.run_id == run_id
    cell("%clew end KILLED")
    assert status(run_id) == "KILLED"
    assert cell("%clew run").result.info.status.value == "KILLED"
    assert cell("%clew experiment").result.name == "my notebook"


def test_the_magic_explains_mistakes(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    for line, said in (
        ("%clew nothing", "invalid choice"),
        ("%clew run 0123", "0123"),
        ("%clew end SOON", "SOON"),
        ("%clew ui --height tall", "--height"),
        ("%clew ui nowhere", "neither a run nor an experiment"),
    ):
        capsys.readouterr()
        assert cell(line).success
        assert said in capsys.readouterr().out
    cell("%unload_ext clew")
    assert not cell("%clew").success


@pytest.mark.slow
def test_the_ui_is_shown_as_link_or_frame(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, **_: shown.append(data))
    run = clew.start_run()
    clew.ui()
    clew.ui(inline=True, height=300)
    link, frame = shown
    page = f"/runs/{run.info.run_id}"
    assert link["text/plain"].startswith("http://127.0.0.1:")
    assert link["text/plain"].endswith(page)
    assert f'{page}"' in link["text/html"]
    assert "<iframe" not in link["text/html"]
    assert '<iframe src="http://127.0.0.1:' in frame["text/html"]
    assert 'height="300"' in frame["text/html"]
    clew.end_run()


def test_a_page_that_may_not_be_framed_is_linked(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (Path(clew.__file__).parent / "server" / "static" / "index.html").exists():
        pytest.skip("the web pages are not built")
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, **_: shown.append(data))
    others = uihost._Served(session.link, framed=False)
    try:
        clew.ui(inline=True)
    finally:
        others.stop()
    assert "<iframe" not in shown[0]["text/html"]
    assert f"{others.address} does not let notebooks frame its pages" in capsys.readouterr().out
