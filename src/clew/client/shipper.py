"""The shipper: one process per user and target that brings every journal to its target.

It may be killed at any moment: what is shipped is known by the target's cursor, what is not
lies in the spool. ``python -m clew.client.shipper FOLDER`` serves one target folder; thread mode
runs the same class inside the training process. Standard library only.
"""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Final

from clew import settings
from clew.client import spool
from clew.client.courier import ClewCourier, Courier
from clew.client.http import Backoff
from clew.client.notice import warn_once
from clew.client.parts import sha256_of
from clew.client.reader import Reader, Waiting
from clew.client.target import Target
from clew.client.trouble import NONE, Kind, Trouble, kind_of
from clew.errors import (
    ClewError,
    Conflict,
    Corrupt,
    InvalidValue,
    NotFound,
    NotSupported,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from clew.ids import now_ms

LINGER_S: Final = 1.0
GIVE_UP_S: Final = 600.0
"""How long to keep trying for a target that is away when nobody logs any more; ``sync`` does the rest."""

_SHORTEST_WAIT_S: Final = 0.05
_GATHERING_WAIT_S: Final = 0.25
"""Between deliveries of few slots: each costs the server a commit, on what may be the training's own cores."""
_FEW_SLOTS: Final = 1000
_LONGEST_WAIT_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_LONGEST_ASKED_S: Final = 600.0
_ASKED_TRIES: Final = 5
_OF_TARGET: Final = (Unavailable, TooManyRequests, Unauthenticated, NotSupported)
"""What the target says to everybody, so that trying the next journal makes no sense."""
_LOG_BYTES: Final = 1 << 20
_ENDING_S: Final = 5.0


class Shipper:
    """Ships the journals of one target folder.

    folder: ``<spool>/<key>``. courier: speaks to the target; found by its URI if absent.
    once: end when everything that can be shipped is shipped, also while writers live.
    shipped: slots and files so far. refused: folders that the target will not have, set aside.
    trouble: what keeps everything from being sent. One journal's trouble is its own and holds up no other.
    One ``Shipper`` per folder may run at a time; ``main`` and ``sync`` take the lock.
    """

    def __init__(self, folder: str, courier: Courier | None = None, *, once: bool = False) -> None:
        self.folder = folder
        self.once = once
        self.shipped = 0
        self.refused: list[str] = []
        self.trouble = NONE
        self._courier = courier
        self._link: Target | None = None
        self._readers: dict[str, Reader] = {}
        self._done: set[str] = set()
        self._unreadable: set[str] = set()
        self._beaten: dict[str, float] = {}
        self._heartbeat_s = settings.read().heartbeat_s
        self._backoff = Backoff(0.2, _LONGEST_PAUSE_S)
        self._asked_s = 0.0
        self._moved_at = time.monotonic()
        self._away_since: float | None = None
        self._wake: int | None = None
        self._sent_away = False
        self._last_run = ""

    def run(self) -> None:
        """Ship until nothing is left and nobody writes; with ``once``, until nothing more can be sent now."""
        try:
            if self.once:
                self._run_once()
            else:
                self._run_until_idle()
        finally:
            if self._link is not None:
                self._link.close()

    def _run_until_idle(self) -> None:
        self._listen()
        idle_since: float | None = None
        wait = _SHORTEST_WAIT_S
        try:
            while not self._sent_away:
                before = self.shipped
                pause = self._round()
                now = time.monotonic()
                if self._readers:
                    idle_since = None
                elif idle_since is None:
                    idle_since = now
                elif now - idle_since >= LINGER_S and self._leave():
                    return
                if self.shipped > before:
                    self._moved_at = now
                if self._hopeless(now):
                    return
                wait = _wait_after(self.shipped - before, wait)
                self._sleep(wait if pause is None else pause)
        finally:
            self._deafen()

    def _run_once(self) -> None:
        asked = 0
        while True:
            before = self.shipped
            pause = self._round()
            if pause is not None and 0 < self._asked_s <= _LONGEST_PAUSE_S and asked < _ASKED_TRIES:
                asked += 1
                time.sleep(self._asked_s)
            elif pause is not None or self.shipped == before:
                return

    @property
    def troubles(self) -> dict[str, Trouble]:
        """By run id, what keeps single runs from being sent."""
        return {r.run_id: r.ctl.trouble for r in self._readers.values() if r.stuck}

    def _round(self) -> float | None:
        """One pass over all journals; seconds to pause where the target takes nothing now, else None."""
        self._asked_s = 0.0
        try:
            self._scan()
            for reader in sorted(self._readers.values(), key=self._turn):
                self._ship(reader)
            self._resolve()
            self._beat()
        except (Unavailable, TooManyRequests) as error:
            self._away(error)
            self._asked_s = error.retry_after_s
            return max(self._backoff.pause_s(), min(self._asked_s, _LONGEST_ASKED_S))
        except ClewError as error:
            self._away(error)
            return _LONGEST_PAUSE_S
        except OSError as error:  # of the spool: the errors of the target have their own classes
            self._hindered("stuck", f"The spool cannot be used: {error.strerror} ({error.filename})")
            return self._backoff.pause_s()
        if self.trouble:
            self._log("going on")
            self.trouble, self._away_since = NONE, None
            self._backoff.reset()
            for reader in self._readers.values():
                if not reader.stuck:
                    reader.ctl.relieve()
        return None

    def _turn(self, reader: Reader) -> tuple[bool, int]:
        """Sessions of a run follow each other as they were logged."""
        return reader.run_id == self._last_run, reader.began_ns

    def _away(self, error: ClewError) -> None:
        self._hindered(kind_of(error), str(error))

    def _hindered(self, kind: Kind, why: str) -> None:
        """Tell everybody who logs to this target what keeps it from being sent."""
        now = now_ms()
        if (kind, why) != (self.trouble.kind, self.trouble.text):
            self._log(f"waiting: {why}")
        if self._away_since is None:
            self._away_since = time.monotonic()
        self.trouble = Trouble(kind, why, self.trouble.since_ms or now, now)
        for reader in self._readers.values():
            if not reader.stuck:
                reader.ctl.tell(kind, why, now)

    def _scan(self) -> None:
        """Find writers that are new, and look who lives."""
        for run_id, run_folder in spool.runs(self.folder):
            folders = spool.writers(run_folder)
            if not folders:
                spool.clear_drafts(run_folder)
                _remove_empty(run_folder)
            for folder in folders:
                if folder not in self._readers and folder not in self._unreadable:
                    try:
                        self._readers[folder] = Reader(folder, run_id)
                    except FileNotFoundError:
                        continue  # it is being removed
                    except (OSError, Corrupt) as error:
                        self._unreadable.add(folder)
                        self._log(f"{folder} cannot be read and is left alone: {error}")
        for reader in self._readers.values():
            reader.look()

    def _target(self) -> Courier:
        if self._courier is None:
            target = self._link = Target(spool.target_uri(self.folder))
            if target.kind == "clew":
                self._courier = ClewCourier(target.sender)
            else:
                from clew.client.mlflow_target import MlflowCourier

                self._courier = MlflowCourier(target.sender)
        return self._courier

    def _ship(self, reader: Reader) -> None:
        """Send all that ``reader`` has now."""
        if reader.folder in self._done or time.monotonic() < reader.retry_at:
            return
        courier = self._target()
        try:
            if reader.cursor is None:
                reader.acknowledge(courier.cursor(reader))
            while self._step(courier, reader):
                self._beat()  # a writer that is faster than we are must not look dead meanwhile
            if not reader.alive:
                self._done.add(reader.folder)
            reader.relieve()
        except _OF_TARGET:
            self._last_run = reader.run_id  # should it be about this run after all, the others come first next time
            raise
        except ClewError as error:
            self._refused(reader, kind_of(error), str(error))
        except OSError as error:
            self._refused(reader, "stuck", f"{error.strerror} ({error.filename})")
        except (ValueError, KeyError, TypeError) as error:
            self._refused(reader, "broken", f"{reader.folder} holds what cannot be understood: {error!r}")

    def _step(self, courier: Courier, reader: Reader) -> bool:
        """Send one batch or one artifact; False when there is nothing more to send now."""
        assert reader.cursor is not None
        file = reader.waiting()
        if file is not None and reader.cursor >= file.after:
            self._upload(courier, reader, file)
            return True
        batch = reader.batch(below=None if file is None else file.after)
        if batch is None:
            return False
        try:
            seq = courier.deliver(reader, batch)
        except Corrupt:
            if reader.alive and reader.ended is False:
                batch = batch.sound()
            else:
                batch, lost = batch.mended()
                self._log(f"{reader.folder}: {lost} slots are unreadable and are left out")
            if not batch.data:
                return False
            seq = courier.deliver(reader, batch)
        except TooLarge:
            if not reader.send_less():
                raise
            return True
        except Unavailable:
            reader.send_less()  # where it takes too long, less of it takes less
            raise
        moved = seq != reader.cursor
        self.shipped += max(0, seq - reader.cursor)
        reader.acknowledge(seq)
        return reader.send_more(batch, moved=moved)

    def _upload(self, courier: Courier, reader: Reader, file: Waiting) -> None:
        problem, refused = _changed(file.file, file.size, None if file.copied else file.sha256), False
        if not problem:
            try:
                courier.upload(reader, file.path, file.file)
            except (TooLarge, InvalidValue, Conflict, NotFound) as error:
                problem, refused = str(error), True
        if problem:
            self._log(f"artifact {file.path} of run {reader.run_id}: {problem}")
            courier.tag(reader, "clew.artifacts.missing", f"{file.path}: {problem}")
        if refused:
            file.refuse(problem)
        else:
            file.done()
        self.shipped += 1

    def _refused(self, reader: Reader, kind: Kind, why: str) -> None:
        """One journal cannot be sent. It is tried again while there is hope, else set aside, and holds up no other.

        There is none where the writer is dead and the target will not have what it wrote.
        """
        if not reader.stuck:
            self._log(f"{reader.folder}: {why}")
        if reader.alive or kind not in ("refused", "broken"):
            reader.hold_up(kind, why, self._heartbeat_s)
            return
        others = [r for r in self._readers.values() if r.run_id == reader.run_id and r is not reader]
        if reader.owner and not reader.ended and not others:
            self._mark_killed(reader)
        self._set_aside(reader, why)

    def _set_aside(self, reader: Reader, why: str) -> None:
        aside = reader.refuse(why)
        self._readers.pop(reader.folder)
        self._done.discard(reader.folder)
        self.refused.append(aside)
        self._log(f"{aside}: refused by the target: {why}")

    def _resolve(self) -> None:
        """Remove what is shipped, and end the runs whose process died."""
        by_run: dict[str, list[Reader]] = {}
        for reader in self._readers.values():
            by_run.setdefault(reader.run_id, []).append(reader)
        for run_id, readers in by_run.items():
            over = [r for r in readers if r.folder in self._done]
            alone = len(over) == len(readers)
            if alone and any(r.owner and not r.ended for r in over):
                self._mark_killed(over[0])
            for reader in over:
                if alone or reader.ended or not reader.owner:
                    self._take_away(reader)
            if alone:
                self._beaten.pop(run_id, None)
                _remove_empty(os.path.join(self.folder, run_id))

    def _take_away(self, reader: Reader) -> None:
        """Remove what is shipped, but for files that the target refused."""
        kept = reader.refused_files()
        if kept:
            self._set_aside(reader, "\n".join(f"{file.path}: {file.reason}" for file in kept))
            return
        reader.remove()
        self._readers.pop(reader.folder)
        self._done.discard(reader.folder)

    def _mark_killed(self, reader: Reader) -> None:
        try:
            self._target().mark_killed(reader)
        except _OF_TARGET:
            raise
        except ClewError as error:
            self._log(f"run {reader.run_id} cannot be marked as killed: {error}")

    def _beat(self) -> None:
        """Tell the target which runs are alive; a guest's end would say nothing about its run."""
        now = time.monotonic()
        for run_id in {r.run_id for r in self._readers.values() if r.owner and r.alive and not r.stuck}:
            if now - self._beaten.get(run_id, 0.0) < self._heartbeat_s:
                continue
            self._beaten[run_id] = now
            try:
                self._target().beat(run_id)
            except _OF_TARGET:
                raise
            except ClewError as error:
                self._log(f"run {run_id} takes no heartbeat: {error}")

    def _hopeless(self, now: float) -> bool:
        """Whether waiting here makes no sense: for long nothing went, or only another token will help.

        The next shipper is started with the token of its time.
        """
        if self.trouble.kind == "unknown":
            return True
        if any(r.alive for r in self._readers.values()):
            return False
        if self._away_since is not None:
            return now - self._away_since >= GIVE_UP_S
        return bool(self._readers) and now - self._moved_at >= GIVE_UP_S

    def _leave(self) -> bool:
        """Stop listening, then look once more: who wrote in between saw us, and starts no other shipper."""
        self._deafen()
        self._scan()
        if not self._readers:
            return True
        self._listen()
        return False

    def _listen(self) -> None:
        try:
            # Open for writing too, so that the end of the last writer is no end of file.
            self._wake = os.open(os.path.join(self.folder, "wake"), os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            self._wake = None

    def _deafen(self) -> None:
        if self._wake is not None:
            os.close(self._wake)
            self._wake = None

    def _sleep(self, seconds: float) -> None:
        """Pause, or until somebody writes to the FIFO."""
        if self._wake is None:
            time.sleep(min(seconds, 0.1))
            return
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            try:
                self._sent_away = spool.LEAVE in os.read(self._wake, 4096)
            except BlockingIOError:
                pass
            for reader in self._readers.values():
                if reader.alive:
                    reader.retry_at = 0.0  # somebody may wait for it

    def _log(self, text: str) -> None:
        """Write a line with the time to the target's shipper.log."""
        try:
            with open(os.path.join(self.folder, "shipper.log"), "a", encoding="utf-8", errors="replace") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {os.getpid()} {text}\n")
        except OSError:
            pass  # the disk that it would tell of is full


def _wait_after(shipped: int, waited_s: float) -> float:
    """Seconds until the next look, unless somebody asks for it; shipped: slots and files since the last one."""
    if not shipped:
        return min(waited_s * 1.5, _LONGEST_WAIT_S)
    return _GATHERING_WAIT_S if shipped < _FEW_SLOTS else _SHORTEST_WAIT_S


def _remove_empty(folder: str) -> None:
    """Remove a run's folder, unless a new writer has moved in or something was set aside."""
    try:
        if os.listdir(folder) == ["remote.json"]:
            os.unlink(os.path.join(folder, "remote.json"))
        os.rmdir(folder)
    except OSError:
        pass


def _changed(file: str, size: int, sha256: str | None) -> str:
    """Why the file is no longer what was logged; empty when it is."""
    try:
        if os.path.getsize(file) != size:
            return f"the file {file} has changed since it was logged"
        if sha256 is not None and sha256_of(file) != sha256:
            return f"the file {file} has changed since it was logged"
    except OSError as error:
        return f"the file {file} cannot be read any more: {error.strerror}"
    return ""


def hold(folder: str, wait_s: float) -> int | None:
    """The lock that makes this process the folder's shipper, or None while another one holds it."""
    deadline = time.monotonic() + wait_s
    while True:
        lock = spool.lock_file(os.path.join(folder, "shipper.lock"))
        if lock is not None:
            spool.sign(lock)
            return lock
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.05)


def serve(folder: str) -> None:
    """Be the shipper of a target folder until nothing is left; returns at once where another one is."""
    try:
        _serve(folder)
    except OSError as error:
        # A thread has nobody to tell, and the folder that a log would lie in is what fails.
        warn_once(f"shipper-serves-{folder}", f"What is logged is not sent: {error.strerror} ({error.filename}).")


def _serve(folder: str) -> None:
    deadline = time.monotonic() + _ENDING_S
    while (lock := hold(folder, 0.0)) is None:
        # A shipper that holds the lock and listens is at work; one that no longer listens is about to end.
        if spool.wake(folder) or time.monotonic() > deadline:
            return
        time.sleep(0.05)
    try:
        Shipper(folder).run()
    finally:
        os.close(lock)


def main(arguments: list[str]) -> int:
    """Serve the target folder named by the only argument; the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m clew.client.shipper TARGET_FOLDER\n")
        return 2
    path = os.path.join(arguments[0], "shipper.log")
    if os.path.exists(path) and os.path.getsize(path) > _LOG_BYTES:
        os.replace(path, path + ".1")
    serve(arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
