"""Delivers what waits in the outbox: one server of several, again and again until it is heard or given up."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from clew.entities.webhook import Webhook, WebhookTestResult, example
from clew.errors import ClewError, InvalidFilter, InvalidValue
from clew.server.outbound import Answer, Outbound, signature
from clew.storage import changes, outbox, search, webhooks
from clew.storage.engine import Tx
from clew.storage.store import Store

PAUSE_S: Final = 1.0
AT_ONCE: Final = 4
BATCH: Final = 64
PRUNE_EVERY_S: Final = 3600.0
MAX_RUNS: Final = 50_000  # that a condition finds at a time
_NAMED: Final = 200  # changed runs that a condition's search names
_AGAIN: Final = frozenset((408, 425, 429))

_log = logging.getLogger("clew.server")


class Deliverer:
    """The background task of one server; ``round`` is one pass."""

    def __init__(self, store: Store, outbound: Outbound) -> None:
        self._store = store
        self._outbound = outbound
        self._name = str(uuid.uuid4())
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = -1
        self._prune_at_s = 0.0
        self._on_duty = False

    def start(self) -> None:
        """Deliver in the background from now on."""
        self._thread = threading.Thread(target=self._serve, name="clew-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is broken off and tried again by whoever is on duty next."""
        self._stopping.set()
        self._outbound.hang_up()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    def round(self) -> int:
        """How many deliveries were tried; 0 where another server is on duty.

        Raises:
            Unavailable: the store is busy, away or closed.
        """
        if not self._store.read(outbox.any_webhooks):
            return 0
        self._on_duty = self._store.write(lambda tx: outbox.take_duty(tx, self._name))
        if not self._on_duty:
            return 0
        self._look_at_conditions()
        self._prune()
        waiting = self._store.read(lambda tx: outbox.due(tx, BATCH))
        if waiting:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="clew-webhook") as pool:
                list(pool.map(self._deliver, waiting))
        return len(waiting)

    def _serve(self) -> None:
        pause_s = 0.0
        while not self._stopping.wait(pause_s):
            try:
                pause_s = 0.0 if self.round() == BATCH else PAUSE_S
            except ClewError as error:  # a busy or full disk, a database that is away: the next round tries again
                pause_s = 10 * PAUSE_S
                if not self._stopping.is_set():
                    _log.warning("Webhooks wait: %s", error)
            except Exception:  # noqa: BLE001 - without this thread nobody would be told of anything any more
                pause_s = 10 * PAUSE_S
                _log.exception("Webhooks wait for %g s after an error of the server.", pause_s)
        if self._on_duty:
            try:
                self._store.write(lambda tx: outbox.drop_duty(tx, self._name))
            except ClewError:  # the store is closed: the duty lapses by itself
                return

    def _deliver(self, one: outbox.Due) -> None:
        if self._stopping.is_set():
            return
        status, error, again = attempt(self._outbound, one)
        if self._stopping.is_set() and error:
            return  # broken off by ourselves
        self._store.write(partial(outbox.settle, one=one, status=status, error=error, again=again))

    def _look_at_conditions(self) -> None:
        watches = self._store.read(outbox.watches)
        if not watches:
            return
        now = self._store.read(lambda tx: tx.change())
        if self._store.dialect_name == "sqlite" and now == self._seen and all(w.position == now for w in watches):
            return
        for watch in watches:
            rns, position = self._store.read(partial(_met, watch=watch))
            if rns or position != watch.position:
                self._store.write(partial(outbox.meet, watch=watch, rns=rns, position=position))
        self._seen = now

    def _prune(self) -> None:
        if time.monotonic() >= self._prune_at_s:
            self._prune_at_s = time.monotonic() + PRUNE_EVERY_S
            self._store.write(outbox.prune)


def attempt(outbound: Outbound, one: outbox.Due) -> tuple[int | None, str, bool]:
    """(status of the answer, "" or what went wrong, whether trying again may help)."""
    try:
        answer = send(outbound, one.url, one.secret, one.delivery_id, one.body)
    except InvalidValue as error:
        return None, error.message, False
    except OSError as error:
        return None, f"{type(error).__name__}: {error.strerror or error}", True
    if 200 <= answer.status < 300:
        return answer.status, "", False
    again = answer.status >= 500 or answer.status in _AGAIN
    return answer.status, f"the receiver answered {answer.status}", again


def send(outbound: Outbound, url: str, secret: str, delivery_id: str, text: str) -> Answer:
    """Send a body in MLflow's form, with its headers.

    Raises:
        InvalidValue, OSError: as for ``Outbound.post``.
    """
    body, timestamp = text.encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "clew",
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": timestamp,
    }
    if secret:
        headers["X-MLflow-Signature"] = signature(secret, delivery_id, timestamp, body)
    return outbound.post(url, body, headers)


def trial(store: Store, outbound: Outbound, webhook: Webhook, event: str) -> WebhookTestResult:
    """What comes of sending an example of an event to a webhook, now and once."""
    secret = store.read(lambda tx: webhooks.secret_of(tx, webhook.webhook_id))
    body = outbox.body_of(event, example(event), int(time.time() * 1000))
    try:
        answer = send(outbound, webhook.url, secret, str(uuid.uuid4()), body)
    except (ClewError, OSError) as error:
        return WebhookTestResult(success=False, error_message=f"Failed to test webhook: {error}")
    return WebhookTestResult(
        success=answer.status < 400, response_status=answer.status, response_body=answer.text or None
    )


def _met(tx: Tx, watch: outbox.Watch) -> tuple[list[int], int]:
    """The changed runs that fulfil a condition, and the position up to which runs were looked at."""
    position, found = tx.change(), []
    homes = changes.changed_experiments(tx, watch.position).ids
    for home in homes:
        if watch.experiment_ids and home not in watch.experiment_ids:
            continue
        changed = changes.changed_runs(tx, int(home), watch.position)
        if changed.ids:
            found += _matching(tx, home, watch.condition, changed)
    return found, position


def _matching(tx: Tx, home: str, condition: str, changed: changes.Found) -> list[int]:
    narrow = ""
    if len(changed.ids) <= _NAMED and not changed.more:
        narrow = " AND attributes.run_id IN (" + ", ".join(f"'{one}'" for one in changed.ids) + ")"
    try:
        return list(search.search_runs(tx, [home], f"({condition}){narrow}", max_results=MAX_RUNS).items)
    except InvalidFilter as error:
        _log.warning("A webhook's condition cannot be read any more: %s", error)
        return []
