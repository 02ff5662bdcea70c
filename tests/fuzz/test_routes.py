"""Any request to any route: never a failure of the server's own, always a refusal that says why."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz.calls import Call, calls
from fuzz.world import World

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
SHARE = 500  # requests per database in the default suite
LONG = 5000  # in the long one; `make proof` sends five times as many


def send_many(world: World, count: int) -> None:
    @settings(
        max_examples=max(1, int(count * SCALE)),
        deadline=None,
        database=None,  # what a request meets depends on those before it
        suppress_health_check=list(HealthCheck),
    )
    @given(call=calls())
    def send(call: Call) -> None:
        world.send(call)

    send()
    print(f"{world.sent} requests, by status: {dict(sorted(world.statuses.items()))}")


def test_no_request_makes_the_server_fail(world: World) -> None:
    send_many(world, SHARE)


@pytest.mark.slow
def test_no_request_of_very_many_makes_the_server_fail(world: World) -> None:
    send_many(world, LONG)
