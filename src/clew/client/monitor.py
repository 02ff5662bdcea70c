"""System metrics: a thread beside the training that reads the machine and logs ``system/…``.

It writes into the journal as the training does, and nothing that goes wrong in it reaches the training.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from clew import settings
from clew.client.notice import warn_once
from clew.client.runlog import RunLog
from clew.errors import ClewError, InvalidValue

_STOP_S: Final = 2.0


class Choice:
    """What calls chose of system metrics; None where the environment decides.

    interval_s: between two readings. samples: readings whose mean makes one point. node: part of the metrics' names.
    """

    enabled: bool | None = None
    interval_s: float | None = None
    samples: int | None = None
    node: str | None = None


choice = Choice()


def enable_system_metrics_logging() -> None:
    """Log system metrics of the runs that begin from now on."""
    choice.enabled = True


def disable_system_metrics_logging() -> None:
    """Log no system metrics of the runs that begin from now on."""
    choice.enabled = False


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Read the machine every ``interval`` seconds; None is the default, 10.

    Raises:
        InvalidValue: it is no positive number.
    """
    if interval is not None and not (isinstance(interval, int | float) and interval > 0):
        raise InvalidValue(f"The sampling interval is a positive number of seconds, not {interval!r}.")
    choice.interval_s = interval


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """Make one point of so many readings, their mean; None is the default, 1.

    Raises:
        InvalidValue: it is no positive whole number.
    """
    if samples is not None and not (isinstance(samples, int) and samples > 0):
        raise InvalidValue(f"The number of samples is a positive whole number, not {samples!r}.")
    choice.samples = samples


def set_system_metrics_node_id(node_id: str | None) -> None:
    """Log ``system/<node_id>/…`` on this machine, for runs of several machines."""
    choice.node = None if node_id is None else str(node_id)


def wanted(asked: bool | None) -> bool:
    """Whether a run that begins now has its system metrics logged.

    asked: what ``start_run`` was told; None leaves it to the calls above, then to the environment.
    """
    if asked is not None:
        return asked
    return choice.enabled if choice.enabled is not None else settings.read().system_metrics


class Monitor:
    """The thread for one run.

    first_step: of its points; a resumed run goes on after its last.
    """

    def __init__(self, log: RunLog, first_step: int = 0) -> None:
        values = settings.read()
        node = choice.node or values.system_metrics_node
        self._log = log
        self._step = first_step
        self._prefix = f"system/{node}/" if node else "system/"
        self._interval_s = choice.interval_s or values.system_metrics_interval_s
        self._samples = choice.samples or values.system_metrics_samples
        self._over = threading.Event()
        self._readers: list[Callable[[], dict[str, float]]] = []
        self._gathered: list[dict[str, float]] = []
        self._thread = threading.Thread(target=self._watch, name="clew-monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, with a last point of what it has read; waits 2 s at most."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _watch(self) -> None:
        from clew.client.gpus import gpu_readers
        from clew.client.machine import Machine

        self._readers = [Machine().read, *gpu_readers()]
        while not self._over.wait(self._interval_s):
            self._gather()
            if len(self._gathered) >= self._samples:
                self._publish()
        self._gather()
        self._publish()

    def _gather(self) -> None:
        readings: dict[str, float] = {}
        for reader in list(self._readers):
            try:
                readings |= reader()
            except Exception as error:  # noqa: BLE001 - libraries of drivers raise what they like
                self._readers.remove(reader)
                warn_once(f"monitor-{error}", f"Some system metrics are not logged any more: {error}")
        self._gathered.append(readings)

    def _publish(self) -> None:
        names = dict.fromkeys(name for readings in self._gathered for name in readings)
        points = {}
        for name in names:
            values = [readings[name] for readings in self._gathered if name in readings]
            points[self._prefix + name] = round(sum(values) / len(values), 1)
        self._gathered = []
        try:
            self._log.log_points(points, self._step)
        except ClewError as error:  # a node's name that no metric may have
            warn_once("monitor-names", f"System metrics are not logged: {error}")
            self._over.set()
        self._step += 1
