"""IPython's shell, of a notebook or a terminal: which cell runs, and how the last one ended.

Standard library only; IPython is looked for among the loaded modules, never imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """One execution of a cell.

    key: the notebook's id of the cell; its text where the notebook gives no ids.
    turn: counts the executions that were followed.
    """

    key: str
    turn: int


Ended = Callable[[Cell, BaseException], None]


def in_kernel() -> bool:
    """Whether this process is a notebook's kernel. Other programs import ``ipykernel``, too: PySpark does it."""
    return "ipykernel.kernelapp" in sys.modules


def find_shell() -> Any:
    """IPython's running shell, or None."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return find() if callable(find) else None


class _Follower:
    """Follows the cells of a shell.

    running: from the outermost inwards, since a cell may run others. error: what the last cell ended with.
    """

    def __init__(self, shell: Any, failed: Ended) -> None:
        self.shell = shell
        self.error: BaseException | None = None
        self.running = [Cell(_key_of_first(shell), 0)]
        self._turn = 0
        self._failed = failed
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def stop(self) -> None:
        """Follow no more."""
        self.shell.events.unregister("pre_run_cell", self._begin)
        self.shell.events.unregister("post_run_cell", self._end)

    def _begin(self, info: Any) -> None:
        self._turn += 1
        self.running.append(Cell(getattr(info, "cell_id", None) or info.raw_cell.strip(), self._turn))

    def _end(self, result: Any) -> None:
        # An interrupted cell with `await` has no result at all.
        self.error = KeyboardInterrupt() if result is None else result.error_before_exec or result.error_in_exec
        cell = self.running.pop() if self.running else None
        if self.error is not None and cell is not None:
            self._failed(cell, self.error)


_follower: _Follower | None = None


def follow(failed: Ended) -> None:
    """Follow the cells of the shell, if there is one, from the cell that runs now on.

    failed: told of each cell that raised or was interrupted, and of its exception.
    """
    global _follower
    shell = find_shell()
    if shell is None or (_follower is not None and _follower.shell is shell):
        return
    unfollow()
    _follower = _Follower(shell, failed)


def unfollow() -> None:
    """Follow no shell any more."""
    global _follower
    if _follower is not None:
        _follower.stop()
    _follower = None


def current_cell() -> Cell | None:
    """The cell that runs, where cells are followed."""
    return _follower.running[-1] if _follower is not None and _follower.running else None


def last_error() -> BaseException | None:
    """What the last cell ended with; None where it came to its end, or no cells are followed."""
    return _follower.error if _follower is not None else None


def _key_of_first(shell: Any) -> str:
    """The key of the cell that runs already, of which no event told."""
    parent: Any = getattr(shell, "get_parent", dict)() or {}
    cell_id = (parent.get("metadata") or {}).get("cellId")
    history = shell.history_manager.input_hist_raw or [""]
    return str(cell_id or history[-1].strip())
