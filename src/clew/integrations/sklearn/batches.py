"""Training by ``partial_fit``: the calls of one estimator are the steps of one run.

The run is the user's, or one of our own, which begins with the first call and whose end moves on with the others. The
model is left to the user, who alone knows which call was the last.
"""

from __future__ import annotations

import time
from typing import Any, Final

from clew.client.session import session
from clew.integrations import guard
from clew.integrations.dataset import rows_of
from clew.integrations.memory import INFO, Memory, TrainedModel
from clew.integrations.onefit import class_tags
from clew.integrations.options import Options
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.sklearn import scores
from clew.integrations.sklearn.fit import estimator_params

_END_EVERY_S: Final = 5.0
"""How far behind the end of a run of ours may be; moving it takes as long as many a call."""


def is_due(step: int, every: int) -> bool:
    """Whether a call is looked at, which may take longer than the call itself.

    Of every ``every``-th call the first hundred, then each tenth, from the thousandth on each hundredth, and so on.
    """
    turn, rest = divmod(step, every)
    return rest == 0 and turn % 10 ** max(0, len(str(turn)) - 2) == 0


class Batches:
    """The calls of one estimator so far."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.calls = 0
        self._ended_s = 0.0
        self._failed = False

    def holds_now(self) -> bool:
        """Whether the next call belongs to them: not once the user has gone on to another run."""
        active = session.innermost()
        if active is None:
            return self.recorder.managed
        return active.log.run_id == self.recorder.run_id

    def close(self, error: BaseException | None) -> None:
        """A call is over: until the next one the run has ended, if it is ours. error: what the call raised."""
        self.calls += 1
        if self.calls == 1:
            self.recorder.end(error)
        elif error is not None or self._failed or time.monotonic() - self._ended_s >= _END_EVERY_S:
            self.recorder.end_again(error)
        else:
            self.recorder.tell_fault()
            return
        self._failed = error is not None
        self._ended_s = time.monotonic()


class _Trained(TrainedModel):
    """Metrics that the user computes between the calls: a series with their number as step."""

    def __init__(self, batches: Batches, label: str) -> None:
        super().__init__(label, self._log_step, None, lambda info: batches.recorder.text(info, INFO))
        self._batches = batches

    def key(self, metric: str, variable: str) -> str:
        """The same for every value of a metric for the data in a variable."""
        return f"{metric}_{variable}"

    def _log_step(self, key: str, value: float, data: Any, targets: Any) -> None:
        del data, targets
        self._batches.recorder.metrics({key: value}, self._batches.calls - 1)


class Batch:
    """One call of ``partial_fit``."""

    def __init__(self, batches: Batches, estimator: Any, features: Any, targets: Any, weights: Any) -> None:
        self._batches = batches
        self._estimator = estimator
        self._data = features, targets, weights
        self._error: BaseException | None = None

    @classmethod
    def begin(
        cls, memory: Memory, chosen: Options, estimator: Any, features: Any, targets: Any, weights: Any
    ) -> Batch | None:
        """The next step of the estimator's run; None where nothing is to be logged."""
        batches: Batches | None = memory.find_batches(estimator)
        if batches is None or not batches.holds_now():
            recorder = open_run("sklearn", chosen)
            if recorder is None:
                return None
            batches = Batches(recorder)
            if chosen.log_post_training_metrics:
                memory.keep_model(estimator, _Trained(batches, type(estimator).__name__))
            memory.keep_batches(estimator, batches)
            guard.guarded("logging tags", recorder.tags, class_tags(estimator))
            guard.guarded("logging parameters", lambda: recorder.params(estimator_params(estimator)))
        return cls(batches, estimator, features, targets, weights)

    def done(self, result: Any) -> None:
        """Log what the estimator makes of this call's data, its number being the step."""
        del result
        options, step = self._batches.recorder.options, self._batches.calls
        if options.log_training_metrics and is_due(step, options.every_n_iter) and rows_of(self._data[0]):
            guard.guarded("logging training metrics", self._log_metrics, step)

    def failed(self, error: BaseException) -> None:
        """The user's call raised."""
        self._error = error

    def close(self) -> None:
        """End the run, if it is ours, until the next call."""
        batches, error = self._batches, self._error
        self._estimator = self._error = None
        self._data = None, None, None
        batches.close(error)

    def _log_metrics(self, step: int) -> None:
        recorder, (features, targets, weights) = self._batches.recorder, self._data
        judged = scores.judge(
            self._estimator,
            features,
            targets,
            weights,
            pos_label=recorder.options.pos_label,
            max_rows=recorder.options.max_metric_rows,
        )
        loss = guard.attempt(lambda: float(self._estimator.loss_)) if hasattr(self._estimator, "loss_") else None
        recorder.metrics(judged.scores | ({} if loss is None else {"loss": loss}), step)
