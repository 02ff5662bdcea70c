"""The process's session: where runs go, and which run is active where.

The stack of active runs is a context variable, so threads and asyncio tasks have their own. A
notebook runs every cell in a context of its own, so there the stack belongs to the thread.
A thread without runs of its own logs to the run that the main thread has open, and a forked or spawned
child to the run inside which it was started; neither ends it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from clew import settings
from clew.client import carriage
from clew.client.active import Active, Companion, Place, Stack, followed_var, model_var, place_var, stack_var, write_var
from clew.client.failure import explain
from clew.client.link import Link, link_to
from clew.client.notice import say
from clew.client.outcome import Outcome
from clew.client.ranks import Ranks
from clew.client.shells import in_kernel
from clew.errors import shown
from clew.ids import now_ms


class Session:
    """What this process has set.

    registry_uri: as the user gave it, None where the settings decide.
    open: the runs that this process began and has not ended. shared: those that threads without runs of their own
        log to, the innermost last.
    beginning: held while a log call without a run begins one.
    companion_makers: what integrations set beside each run that begins.
    when_none_open: called when the last open run has been taken, and in a forked child, which has none.
    """

    def __init__(self) -> None:
        self.registry_uri: str | None = None
        self.ranks = Ranks()
        self.last_run_id: str | None = None
        self.last_model_id: str | None = None
        self.open: dict[str, Active] = {}
        self.shared: Stack = ()
        self.beginning = threading.RLock()
        self.companion_makers: list[Callable[[Active], Companion | None]] = []
        self.when_none_open: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._place = Place()
        self._inherited: Stack = ()
        self._entered: list[Active] = []
        self._notebook = threading.local()

    # -- where new runs go ------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where new runs of this context go."""
        found = place_var.get()
        if found is None:
            self._arrive()
            found = self._place
        return found

    @property
    def tracking_uri(self) -> str | None:
        """As it was set; None where the settings decide."""
        return self.place.tracking_uri

    @tracking_uri.setter
    def tracking_uri(self, uri: str | None) -> None:
        self.place.tracking_uri = uri

    @property
    def experiment_id(self) -> str | None:
        """Of ``set_experiment``; empty while only the name is known."""
        return self.place.experiment_id

    @experiment_id.setter
    def experiment_id(self, experiment_id: str | None) -> None:
        self.place.experiment_id = experiment_id

    @property
    def experiment_name(self) -> str | None:
        """Of ``set_experiment``."""
        return self.place.experiment_name

    @experiment_name.setter
    def experiment_name(self, name: str | None) -> None:
        self.place.experiment_name = name

    @property
    def link(self) -> Link:
        """The link that new runs and reads use."""
        return link_to(current_uri())

    def _arrive(self) -> None:
        """Take up what the process that started this one had active."""
        if self._inherited:
            return
        origin = carriage.arrived()
        if origin is None:
            return
        uri = origin.tracking_uri or None
        self._place = Place(uri, origin.experiment_id or None, origin.experiment_name or None, origin.source)
        self._inherited = (Active.guest_of(origin, link_to(uri)),)
        self._share()
        self._set_stack(self.stack())

    def inherit(self) -> None:
        """What a forked child does: log calls go on to its parent's runs, but they are not the child's to end."""
        self.beginning, self._lock = threading.RLock(), threading.RLock()
        self._inherited = self.stack() or self.shared
        for active in self._inherited:
            active.guest, active.companions = True, []
        self.open.clear()
        self._entered.clear()
        self._set_stack(())
        self.shared = self._inherited
        self.when_none_open()

    # -- which run is active ----------------------------------------------------------------

    def stack(self) -> Stack:
        """The active runs of this context, the innermost last."""
        found = stack_var.get()
        if not found and in_kernel():
            found = getattr(self._notebook, "stack", ())
        return found

    def standing(self) -> Stack:
        """``stack`` without the runs that were ended from elsewhere."""
        return tuple(a for a in self.stack() if a.guest or self.open.get(a.log.run_id) is a)

    def innermost(self) -> Active | None:
        """The run that log calls go to here."""
        stack = self.stack()
        if stack:
            return stack[-1]
        if not self.shared:
            self._arrive()
        if not self.shared:
            return None
        followed_var.set(self.shared[-1])
        return self.shared[-1]

    def followed(self) -> Active | None:
        """The run that this thread logged to last, though another one had it active: its late calls belong there."""
        if threading.current_thread() is threading.main_thread():
            return None
        found = followed_var.get()
        if found is not None:
            found.link.runs.setdefault(found.log.run_id, found.log)  # its end took it off the list
        return found

    def _set_stack(self, stack: Stack) -> None:
        if in_kernel():
            self._notebook.stack = stack
        else:
            stack_var.set(stack)
            self._shorten()

    def _shorten(self) -> None:
        """Let log calls of this context go straight to the innermost run where nothing stands between."""
        stack = stack_var.get() or self._inherited
        write_var.set(stack[-1].log.log_metric if stack and model_var.get() is None else None)

    def _share(self) -> None:
        """Find what threads without runs log to: down from the main thread's outermost run as far as it is one run."""
        with self._lock:
            known = [a for a in (*self.open.values(), *self._entered) if a.main]
            chain: Stack = ()
            inner = [a for a in known if a.outer not in known]
            while len(inner) == 1 and not inner[0].apart:
                chain = (*chain, inner[0])
                inner = [a for a in known if a.outer is chain[-1]]
            for active in inner:
                active.apart = True  # also when the others have ended: whose is a call that comes then?
            self.shared = chain or self._inherited
            carriage.announce(self.shared[-1].origin() if self.shared else None)

    def share(self, active: Active) -> None:
        """Let all threads log to a run that was begun in one of them."""
        active.main, active.thread = True, threading.main_thread()
        self._share()

    def model_id(self) -> str | None:
        """The logged model that metrics are bound to in this context."""
        if in_kernel():
            return getattr(self._notebook, "model_id", None)
        return model_var.get()

    def set_model(self, model_id: str | None) -> str | None:
        """Bind metrics to a logged model, None to none; the one before."""
        previous = self.model_id()
        if in_kernel():
            self._notebook.model_id = model_id
        else:
            model_var.set(model_id)
            self._shorten()
        return previous

    def push(self, active: Active) -> None:
        """Make a run the active one."""
        stack = self.standing()
        active.outer = stack[-1] if stack else None
        self.open[active.log.run_id] = active
        self.last_run_id = active.log.run_id
        self._set_stack((*stack, active))
        self._share()

    def pop(self, run_id: str | None = None) -> Active | None:
        """Take the innermost active run off the stack, or the one named; None where there is none to end."""
        stack = self.standing()
        for active in reversed(stack):
            if active.guest and run_id is None:
                return None
            if not active.guest and run_id in (None, active.log.run_id):
                self._close([active], tuple(a for a in stack if a is not active))
                return None if active.lent and run_id is None else active  # whoever lent it ends it
        return None

    def take(self, run_id: str) -> list[Active]:
        """Take a run off the stack with those that were begun inside it, the innermost first.

        From another thread or task the run alone; [] where it has ended.
        """
        stack = self.standing()
        for depth, active in enumerate(stack):
            if active.log.run_id == run_id and not active.guest:
                taken = [a for a in reversed(stack[depth:]) if not a.guest]
                self._close(taken, stack[:depth])
                return taken
        elsewhere = [self.open[run_id]] if run_id in self.open else []
        self._close(elsewhere, stack)
        return elsewhere

    def take_all(self, thread: threading.Thread | None = None) -> list[Active]:
        """Take every open run, or those that a thread began, the youngest first."""
        taken = [a for a in reversed(list(self.open.values())) if thread in (None, a.thread)]
        self._close(taken, tuple(a for a in self.stack() if a not in taken))
        return taken

    def _close(self, taken: list[Active], rest: Stack) -> None:
        for active in taken:
            self.open.pop(active.log.run_id, None)
        self._set_stack(rest)
        self._share()
        if not self.open:
            self.when_none_open()

    def enter(self, place: Place, guest: Active | None) -> None:
        """Work at a place, and for a run, until ``leave``; for this context only."""
        stack = self.stack()
        place.before, place.guest = (place_var.get(), stack), guest
        place_var.set(place)
        if guest is not None:
            guest.outer = stack[-1] if stack else None
            self._entered.append(guest)
            self._set_stack((*stack, guest))
            self._share()

    def leave(self) -> list[Active]:
        """Undo ``enter``; the runs that were begun in between and are open, the innermost first, to be ended."""
        place = place_var.get()
        assert place is not None
        before, stack = place.before
        taken = [a for a in reversed(self.standing()) if not a.guest and a not in stack]
        place_var.set(before)
        if place.guest is not None:
            self._entered.remove(place.guest)
        self._close(taken, stack)
        return taken

    def end(
        self,
        active: Active,
        status: str,
        *,
        wait_s: float | None = None,
        later: bool = False,
        outcome: Outcome | None = None,
    ) -> None:
        """Write a run's end, wait a little (5 s at most) until it has arrived, and say where it can be seen.

        later: leave the waiting to who reads next, and to the process's end.
        outcome: what is kept of why it ended so.
        """
        link, log = active.link, active.log
        for companion in active.companions:
            companion.stop()
        explain(log, outcome)
        folder = log.journal.writer_folder
        receipt = log.end(status, now_ms())
        link.runs.pop(log.run_id, None)
        awaited = [] if receipt is None else [receipt, *log.waiting_files()]
        if later:
            link.wait_later(*awaited)
        elif receipt is not None and link.wait(awaited, wait_s):
            link.tell_conflicts(log, receipt, folder)
        if not link.target.embedded and not link.offline and not log.rank:
            from clew.client.weblinks import page_address

            info = active.run.info
            page = page_address(link, shown(link.uri), info.experiment_id, info.run_id)
            say(f"View run {info.run_name or info.run_id} at: {page}")


session = Session()


def current_uri() -> str | None:
    """The tracking URI that is set, by call or by the environment; None is the embedded store."""
    return session.tracking_uri or settings.read().tracking_uri


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=session.inherit)
