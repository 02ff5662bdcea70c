"""A run carried to where its work is done: threads, processes, machines of a cluster.

``clew.run_context()`` is small, picklable and holds no secrets. In a worker it is used as ``with context: …``, or a
task is wrapped before it is sent: ``context.wrap(function)``. Neither joblib nor Spark, Dask or Ray is imported.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any

from clew import settings
from clew.client.active import Active, Place
from clew.client.births import DEFAULT_ID, choose_experiment
from clew.client.carriage import Origin
from clew.client.link import link_to
from clew.client.outcome import outcome_of
from clew.client.session import current_uri, session
from clew.client.source import context_tags
from clew.client.target import resolve
from clew.errors import shown


class RunContext:
    """The run that was active where this was made, its experiment and its store.

    In ``with context:`` log calls go to that run, ``start_run(nested=True)`` begins a child of it, and ``start_run()``
    a run of its own in the same experiment. The block does not end the run; runs that were begun in it end with it,
    and what was logged has arrived after it, or a line says why not.

    tracking_uri: in full form, without a password. Where one is needed, each worker must have it in
        ``CLEW_TRACKING_URI``; a token goes into ``CLEW_TOKEN``.
    experiment_id: of the run; empty where only the journal knows the experiment.
    run_id: None where no run was active: then the block only says where new runs go.
    """

    __slots__ = ("_origin",)

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    @property
    def tracking_uri(self) -> str:
        """Where the run is, without a password."""
        return shown(self._origin.tracking_uri)

    @property
    def experiment_id(self) -> str:
        """Where new runs go; empty where it is not known yet."""
        return self._origin.experiment_id

    @property
    def run_id(self) -> str | None:
        """The run, or None."""
        return self._origin.run_id or None

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self.tracking_uri, *self._origin.fields()[1:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunContext) and self._origin.fields() == other._origin.fields()

    def __hash__(self) -> int:
        return hash((self._origin.tracking_uri, self._origin.experiment_id, self._origin.run_id))

    def __repr__(self) -> str:
        run = f", run_id={self.run_id!r}" if self.run_id else ""
        return f"RunContext(tracking_uri={self.tracking_uri!r}, experiment_id={self.experiment_id!r}{run})"

    def __enter__(self) -> RunContext:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave(error)
        self.settle()

    def begin(self) -> None:
        """What ``with`` does at its beginning."""
        origin = self._origin
        uri = with_password(origin.tracking_uri)
        place = Place(uri, origin.experiment_id, origin.experiment_name, origin.source)
        session.enter(place, Active.guest_of(origin, link_to(uri)) if origin.run_id else None)

    def leave(self, error: BaseException | None) -> None:
        """What ``with`` does at its end, without the wait."""
        outcome = outcome_of(error)
        for active in session.leave():
            session.end(active, outcome.status.value, outcome=outcome)

    def settle(self, *, own: bool = False) -> None:
        """Wait until the worker's calls have arrived; the run's own process does that when the run ends.

        own: only those of this process, which costs nothing where there were none.
        """
        if self._origin.run_id not in session.open:
            link = link_to(with_password(self._origin.tracking_uri))
            link.flush_own() if own else link.flush()

    def environment(self) -> dict[str, str]:
        """Variables for a program that works for the run: ``subprocess.run(…, env={**os.environ, **these})``.

        An address with a password is left out; the program inherits it, if it is in the environment already.
        """
        origin = self._origin
        found = {"CLEW_PARENT_RUN_ID": origin.run_id, "CLEW_RUN_ID": "", "MLFLOW_RUN_ID": ""}
        if origin.tracking_uri == self.tracking_uri:
            found["CLEW_TRACKING_URI"] = origin.tracking_uri
        if origin.experiment_id:
            found["CLEW_EXPERIMENT_ID"] = origin.experiment_id
        elif origin.experiment_name:
            found["CLEW_EXPERIMENT_NAME"] = origin.experiment_name
            found["CLEW_EXPERIMENT_ID"] = found["MLFLOW_EXPERIMENT_ID"] = ""  # these would win over a name
        return found

    def wrap(self, function: Callable[..., Any]) -> Task:
        """``function``, run inside this context wherever it is called.

        The result can be pickled where the function can. Generators (of Spark's ``mapInPandas``, say) and coroutines
        are inside for as long as they run.
        """
        return Task(self, function)


class Task:
    """A function that runs inside a context; its name, documentation and signature are the function's."""

    __wrapped__: Callable[..., Any]

    def __init__(self, context: RunContext, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.context = context

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        with self.context:
            result = self.__wrapped__(*args, **kwargs)
        if isinstance(result, Generator):
            return self._generate(result)
        return self._await(result) if isinstance(result, Coroutine) else result

    def _generate(self, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Each step inside the context, so that its reader stays outside."""
        try:
            while True:
                self.context.begin()
                try:
                    item = next(generator)
                except StopIteration as end:
                    self.context.leave(None)
                    return end.value
                except BaseException as error:
                    self.context.leave(error)
                    raise
                self.context.leave(None)
                yield item
        finally:
            generator.close()
            self.context.settle()

    async def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        with self.context:
            return await coroutine

    @property
    def __signature__(self) -> Any:
        import inspect

        return inspect.signature(self.__wrapped__)

    def __repr__(self) -> str:
        return f"<{self.__wrapped__!r} in {self.context!r}>"


def _unpacked(*fields: Any) -> RunContext:
    return RunContext(Origin(*fields))


def run_context() -> RunContext:
    """What a worker needs to log to the run that is active here: the run, its experiment, its store.

    Without an active run it carries the store and the experiment, so that runs of workers go where they should.

    Raises:
        InvalidValue: the tracking URI is of a kind that cannot be tracked to.
    """
    origin = _origin_here()
    origin.source = session.place.source or context_tags()
    return RunContext(origin)


def _origin_here() -> Origin:
    active = session.innermost()
    if active is not None:
        return active.origin()
    link = session.link
    experiment_id, name = choose_experiment(link)
    return Origin(link.uri, experiment_id or ("" if name else DEFAULT_ID), name or "")


def with_password(uri: str) -> str:
    """The address as this process knows it, where it differs from ``uri`` only by a password."""
    if "@" not in uri:
        return uri  # there is no place in it that a password was taken out of
    for known in (current_uri(), settings.read().tracking_uri):
        if known and known != uri:
            full = resolve(known)
            if shown(full) == uri:
                return full
    return uri
