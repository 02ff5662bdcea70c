"""A real Jupyter kernel: cells that run again, an interrupt, a restart."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import clew
from hosts import eventually

jupyter_client = pytest.importorskip("jupyter_client", reason="jupyter_client is not installed")
if importlib.util.find_spec("ipykernel") is None:
    pytest.skip("ipykernel is not installed", allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("store"), pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).resolve().parents[2]
START = "clew.start_run().info.run_id"


class Kernel:
    """A kernel, and the cells that were sent to it."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager = jupyter_client.KernelManager()
        # Jupyter would import ipykernel into this process, which then looks like a notebook.
        self.manager._kernel_spec = jupyter_client.kernelspec.KernelSpec(argv=command)
        self.manager.start_kernel(env={**os.environ, "IPYTHONDIR": str(folder), "JUPYTER_RUNTIME_DIR": str(folder)})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.run("import clew, os, time")

    def send(self, text: str, cell_id: str | None = None) -> str:
        """Send a cell; the id of its message."""
        content = {"code": text, "silent": False, "store_history": True, "stop_on_error": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else {})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def reply(self, message_id: str) -> dict[str, Any]:
        """The answer to a cell."""
        while True:
            found = self.client.get_shell_msg(timeout=120)
            if found["parent_header"].get("msg_id") == message_id:
                return dict(found["content"])

    def run(self, text: str, cell_id: str | None = None) -> str:
        """Run a cell; the status of its answer."""
        return str(self.reply(self.send(text, cell_id))["status"])

    def said(self) -> list[str]:
        """What cells have said and not been asked for."""
        texts = []
        while self.client.iopub_channel.msg_ready():
            content = self.client.get_iopub_msg(timeout=5)["content"]
            texts.append(content.get("text") or content.get("evalue") or "")
        return texts

    def stop(self) -> None:
        """End the kernel as Jupyter does."""
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    made = Kernel(tmp_path)
    yield made
    if made.manager.has_kernel:
        made.stop()


def states() -> list[str]:
    """Of all runs, the oldest first."""
    found = clew.search_runs(output_format="list", order_by=["start_time ASC"])
    return [run.info.status.value for run in found]


def test_the_very_first_cell_may_run_again(kernel: Kernel) -> None:
    assert kernel.run(START, "c1") == "ok"
    assert kernel.run(f"x = 1\n{START}", "c1") == "ok"
    assert kernel.run(START, "c2") == "error"
    assert states() == ["FINISHED", "RUNNING"]


def test_an_interrupt_ends_the_run_of_its_cell(kernel: Kernel, tmp_path: Path) -> None:
    message = kernel.send(f"{START}\nopen({str(tmp_path / 'begun')!r}, 'w').close()\ntime.sleep(600)")
    eventually((tmp_path / "begun").exists)
    kernel.manager.interrupt_kernel()
    assert kernel.reply(message)["ename"] == "KeyboardInterrupt"
    assert states() == ["FAILED"]


@pytest.mark.parametrize(("last", "state"), [("1 + 1", "FINISHED"), ("1 / 0", "FAILED")])
def test_a_kernel_that_ends_closes_its_run(kernel: Kernel, last: str, state: str) -> None:
    kernel.run(START)
    kernel.run(last)
    assert states() == ["RUNNING"]
    kernel.stop()
    assert states() == [state]


def test_the_example_notebook_runs_from_top_to_bottom_and_again(kernel: Kernel) -> None:
    notebook = json.loads((ROOT / "examples" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = [(cell["id"], "".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for _ in range(2):
        for cell_id, text in cells:
            message = kernel.send(text, cell_id)
            assert kernel.reply(message)["status"] == "ok", (text, kernel.said())
    clew.set_experiment("notebook")
    assert states() == ["FINISHED", "FINISHED"]
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])
