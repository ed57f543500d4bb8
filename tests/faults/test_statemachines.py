"""R24 at length: the machines of tests/handoff with many more and longer examples. ``SILTA_STATES_SCALE`` (0.5; 1 for a
night) scales their number."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.handoff.test_statemachine import OverThePureCore
from tests.handoff.test_statemachine_redis import OverRedis
from tests.helpers.redis_server import RedisServer

SCALE = float(os.environ.get("SILTA_STATES_SCALE", "0.5"))


def long(examples: int) -> settings:
    return settings(
        max_examples=max(1, round(examples * SCALE)),
        stateful_step_count=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def on_redis(redis_server: RedisServer) -> Iterator[None]:


    with asyncio.Runner() as runner:
        OverRedis.runner, OverRedis.url = runner, redis_server.url
        yield


@pytest.mark.lasts(300 * SCALE)
def test_r24_two_thousand_long_stories_over_the_pure_core() -> None:
    run_state_machine_as_test(OverThePureCore, settings=long(2000))


@pytest.mark.lasts(200 * SCALE)
def test_r24_a_hundred_long_stories_over_redis(on_redis: None) -> None:
    run_state_machine_as_test(OverRedis, settings=long(100))
