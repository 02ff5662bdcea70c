"""What is done beside a training leaves the random numbers alone."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import numpy as np
from sklearn.dummy import DummyClassifier

import clew
from clew.entities.run import Run
from clew.integrations.randomness import undisturbed

Runs = Callable[[], list[Run]]


def draw() -> tuple[float, float]:
    return random.random(), float(np.random.random())


def test_what_is_drawn_in_the_block_does_not_count() -> None:
    random.seed(1)
    np.random.seed(1)
    first, second = draw(), draw()
    random.seed(1)
    np.random.seed(1)
    assert draw() == first
    with undisturbed():
        assert draw() == second
        draw()
    assert draw() == second


def test_idle_threads_disturb_nothing() -> None:
    with ThreadPoolExecutor(1) as idle, ThreadPool(1) as pool:
        idle.submit(int).result()
        pool.apply(int)
        time.sleep(0.05)  # until they wait again
        with undisturbed():
            seen = draw()
        assert draw() == seen


def test_the_numbers_of_other_threads_are_not_wound_back() -> None:
    with ThreadPool(1) as pool, undisturbed():
        seen = pool.apply(draw)
    assert draw() != seen
    told: list[tuple[float, float]] = []
    drawn, go_on = threading.Event(), threading.Event()

    def work() -> None:
        told.append(draw())
        drawn.set()
        go_on.wait(20)
        told.append(draw())

    thread = threading.Thread(target=work)
    with undisturbed():
        thread.start()
        assert drawn.wait(20)
    go_on.set()
    thread.join()
    assert told[0] != told[1]


def test_an_estimator_that_draws_to_answer_draws_nothing_of_the_user_s(runs: Runs) -> None:
    def numbers() -> float:
        np.random.seed(5)
        DummyClassifier(strategy="stratified").fit(np.eye(4), [0, 1, 0, 1])
        return float(np.random.random())

    plain = numbers()
    clew.autolog()
    assert numbers() == plain
    assert len(runs()) == 1
