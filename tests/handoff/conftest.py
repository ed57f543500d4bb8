"""Fixtures of the hub's tests: one Redis for all that leave it alive, one hub process for all that only talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from tests.handoff.clients import Door
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess, hub_with_redis
from tests.handoff.parts import Parts, parts_on
from tests.helpers.redis_server import RedisServer


@pytest.fixture(scope="session")
def lasting_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        server.start()
        yield server


@pytest.fixture
def url(lasting_redis: RedisServer) -> str:
    """The address of an empty Redis. Who kills or stops it takes ``redis_server`` instead."""
    with redis.Redis.from_url(lasting_redis.url) as client:
        client.flushall()
    return lasting_redis.url


@pytest.fixture
async def parts(url: str) -> AsyncIterator[Parts]:
    """A hub's parts without its sockets."""
    async with parts_on(url) as made:
        yield made


@pytest.fixture(scope="session")
def running_hub() -> Iterator[HubProcess]:
    """A hub process with a Redis of its own, for all tests that leave it alive. It has the agents of ``AGENTS``."""
    with hub_with_redis() as (hub, server):
        yield hub
        # S14: over all these tests the hub's user in Redis was refused nothing that the hub wanted, but for the one
        # question that it asks at its start and can do without.
        assert [line for line in server.denied() if "config|get" not in line] == []


@pytest.fixture(scope="session")
def mortals() -> Iterator[tuple[RedisServer, HubProcess]]:
    """A Redis and a hub that tests may kill, hang and stop; a start costs seconds on a busy machine."""
    server = RedisServer()
    hub = HubProcess(server.url, SILTA_BOT_TIMEOUT_S="2")
    try:
        server.start()
        hub.add_agents()
        yield server, hub
    finally:
        hub.close()
        server.close()


@pytest.fixture
def mortal_redis(mortals: tuple[RedisServer, HubProcess]) -> RedisServer:
    """The Redis of ``mortal_hub``, alive at the beginning of the test."""
    server, _ = mortals
    if not server.answers():
        server.kill()
        server.start()
    return server


@pytest.fixture
def mortal_hub(mortals: tuple[RedisServer, HubProcess], mortal_redis: RedisServer) -> HubProcess:
    """A hub whose bot has two seconds, alive at the beginning of the test, and free to die in it."""
    _, hub = mortals
    if not hub.alive:
        hub.start()
    return hub


@pytest.fixture
async def bot(running_hub: HubProcess) -> AsyncIterator[FakeBot]:
    """A bot that answers on the running hub."""
    async with FakeBot(running_hub.redis_url) as made:
        yield made


@pytest.fixture
async def door(running_hub: HubProcess) -> AsyncIterator[Door]:
    """Sockets of the running hub, closed after the test."""
    async with Door(running_hub.address) as made:
        yield made
