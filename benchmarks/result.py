"""What a benchmark reports, and how samples become one figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured figure.

    value: median, in ``unit``. goal: the largest (or, with ``higher``, smallest) value that is good, or None.
    limit, limit_name: what was measured beside it in the same run, in the same unit, as the natural bound.
    peer: MLflow's figure of the same run, in the same unit, or None where it was not measured.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    higher: bool = False
    limit: float | None = None
    limit_name: str = ""
    peer: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """``value`` over ``limit``."""
        return self.value / self.limit if self.limit else None

    @property
    def peer_ratio(self) -> float | None:
        """How many times better than the peer; below 1 means worse."""
        if not self.peer or self.value <= 0:
            return None
        return self.value / self.peer if self.higher else self.peer / self.value

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.higher else self.value <= self.goal


def interleave(cases: Mapping[str, Callable[[], float]], rounds: int = 5) -> dict[str, float]:
    """Median figure of each case; the cases take turns, so that all see the same noise."""
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, measure in cases.items():
            samples[name].append(measure())
    return {name: median(taken) for name, taken in samples.items()}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = perf_counter()
    work()
    return perf_counter() - start
