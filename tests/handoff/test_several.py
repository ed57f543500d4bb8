"""Several hubs on one address, as ``silta up --hubs 2`` runs them: any visitor and any agent on any of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.handoff.clients import Door, Talker
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess, free_port
from tests.helpers.redis_server import RedisServer
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until

pytestmark = pytest.mark.timeout(120)  # two hubs start, on a machine that may be busy

BOTH_SOCKETS = 12
"""Visitors that make it all but certain (1 in 2,000) that each of two hubs has one: the kernel picks by the port."""


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[RedisServer, list[HubProcess]]]:
    """Two hubs on one address over one Redis."""
    server = RedisServer()
    port = free_port()
    hubs = [
        HubProcess(server.url, name=f"hub-{n}", SILTA_REUSE_PORT="1", SILTA_HEALTH_PORT=str(free_port()))
        for n in (1, 2)
    ]
    for hub in hubs:
        hub.share(port, hubs[0].environ["SILTA_VAR"])
    try:
        server.start()
        hubs[0].add_agents()
        # Side by side: a start is seconds of imports.
        with ThreadPoolExecutor() as threads:
            list(threads.map(HubProcess.start, hubs))
        yield server, hubs
    finally:
        for hub in hubs:
            hub.close()
        server.close()


@pytest.fixture
def hubs(pair: tuple[RedisServer, list[HubProcess]]) -> list[HubProcess]:
    for hub in pair[1]:
        if not hub.alive:
            hub.start()
    return pair[1]


def figure(hub: HubProcess, name: str) -> float:
    """One of this very hub's figures."""
    text = httpx.get(hub.health_address + "/metrics", trust_env=False).text
    (value,) = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name + " ")]
    return float(value)


async def test_visitors_and_agents_meet_over_any_of_two_hubs(hubs: list[HubProcess]) -> None:
    async with Door(hubs[0].address) as door, FakeBot(hubs[0].redis_url):
        visitors = [await door.visitor() for _ in range(BOTH_SOCKETS)]
        shares = [figure(hub, 'silta_sockets{role="visitor"}') for hub in hubs]
        assert sum(shares) == BOTH_SOCKETS
        assert min(shares) > 0, "each hub has visitors"
        agent = await door.agent()
        for visitor in visitors:
            await visitor.say("hello")
            await visitor.hear("bot")
            await visitor.ask("request_handoff")
            await agent.sees_queued(visitor.conversation)
            await agent.claim(visitor.conversation)
            await agent.say(visitor.conversation, "Hello from a person")
            assert (await visitor.hear("agent"))["text"] == "Hello from a person"
            visitor.assert_no_gap()


def test_each_hub_answers_for_itself_and_for_nothing_else_on_its_private_port(hubs: list[HubProcess]) -> None:
    for hub in hubs:
        ready = httpx.get(hub.health_address + "/readyz", trust_env=False).json()
        assert ready["process"] == hub.environ["SILTA_PROCESS"]
        assert httpx.get(hub.health_address + "/healthz", trust_env=False).status_code == 200
        for path in ("/", "/console", "/api/me"):
            assert httpx.get(hub.health_address + path, trust_env=False).status_code == 404
        with pytest.raises(InvalidStatus, match="403"):
            asyncio.run(Visitor.arrive(hub.health_address))


async def test_r20_a_hub_that_is_stopped_sends_its_visitors_to_the_other_and_nothing_is_lost(
    hubs: list[HubProcess],
) -> None:
    stop = asyncio.Event()
    async with FakeBot(hubs[0].redis_url):
        talkers = [Talker(hubs[0].address, f"visitor {n}") for n in range(BOTH_SOCKETS)]
        talking = [asyncio.create_task(talker.talk(stop, pause_s=0.05)) for talker in talkers]

        async def well_under_way() -> bool:
            return all(len(talker.acked) > 2 for talker in talkers)

        await until(well_under_way, "all have said something")
        hubs[0].signal(signal.SIGTERM)
        assert await asyncio.to_thread(hubs[0].wait, 10.0) in (0, -signal.SIGTERM)
        said = {talker: len(talker.acked) for talker in talkers}

        async def all_go_on() -> bool:
            return all(len(talker.acked) > said[talker] for talker in talkers)

        await until(all_go_on, "all talk on with the other hub")
        hubs[1].kill()
        await asyncio.to_thread(hubs[0].start)
        said = {talker: len(talker.acked) for talker in talkers}
        await until(all_go_on, "all talk on with the first hub")
        stop.set()
        await asyncio.gather(*talking)
    for talker in talkers:
        await talker.catch_up(max(talker.acked.values()))
        assert talker.shown() == talker.acked, "I1, I2"


async def test_a_drained_socket_is_closed_with_1012(hubs: list[HubProcess]) -> None:
    async with Door(hubs[0].address) as door:
        visitors = [await door.visitor() for _ in range(BOTH_SOCKETS)]
        hubs[0].signal(signal.SIGTERM)
        await asyncio.to_thread(hubs[0].wait, 10.0)
        codes = []
        for visitor in visitors:
            try:
                await visitor.send("ping")
                await visitor.expect("pong", timeout_s=2)
            except ConnectionClosed as closed:
                codes.append(closed.rcvd.code if closed.rcvd else None)
        assert codes and set(codes) == {1012}
        assert len(codes) < BOTH_SOCKETS, "those of the other hub stay"
