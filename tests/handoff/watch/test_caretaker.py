from __future__ import annotations

import asyncio

import pytest

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import NotFound, StoreUnavailable
from handoff.tasks import end
from handoff.watch.caretaker import Caretaker
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, parts_on, uid
from tests.handoff.queue.test_presence import last_seen
from tests.handoff.texts_for_tests import texts
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


async def test_r16_a_lost_agents_conversation_goes_back_first_in_line_keeping_its_waiting_time(parts: Parts) -> None:
    waiting = await parts.queued()
    await asyncio.sleep(0.002)
    mine = await parts.assigned(AINO)
    await last_seen(parts, "aino", 61)
    await Caretaker(parts.hub).sweep()
    state = await parts.state(mine.id)
    assert (state.status, state.assignee, state.lost) == (Status.QUEUED, None, True)
    assert state.waiting_since == mine.waiting_since
    assert [line["conversation"] for line in await parts.hub.lists.queue()] == [mine.id, waiting.id]
    lost = (await parts.store.events(mine.id))[-1]
    assert (lost["kind"], lost["text"], lost["agent"]) == ("agent_lost", texts().say("en", "agent_lost"), "aino")
    assert await parts.redis.hlen(parts.keys.assigned) == 0
    claimed = await parts.hub.agents.claim(MIKKEL, mine.id, id=uid())
    assert claimed["status"] == "assigned"


async def test_an_agent_back_within_the_grace_keeps_the_conversation(parts: Parts) -> None:
    mine = await parts.assigned(AINO)
    await last_seen(parts, "aino", 61)
    await parts.presence.arrived("aino")
    await Caretaker(parts.hub).sweep()
    assert (await parts.state(mine.id)).assignee == AINO.assignee


async def test_an_agent_who_is_connected_here_is_noted_before_anybody_is_found_lost(parts: Parts) -> None:
    """After a sleep of the machine, or of Redis, all were last seen long ago (R19)."""
    mine = await parts.assigned(AINO)
    await parts.presence.arrived("aino")
    await last_seen(parts, "aino", 3600)
    await Caretaker(parts.hub).sweep()
    assert (await parts.state(mine.id)).status is Status.ASSIGNED


async def test_two_hubs_sweep_at_once_and_one_acts(url: str, parts: Parts) -> None:
    mine = await parts.assigned(AINO)
    async with parts_on(url) as other:
        await asyncio.gather(Caretaker(parts.hub).sweep(), Caretaker(other.hub).sweep())
    assert (await parts.kinds(mine.id)).count("agent_lost") == 1


async def test_a_conversation_that_has_moved_meanwhile_is_left_alone(parts: Parts) -> None:
    mine = await parts.assigned(AINO)
    caretaker = Caretaker(parts.hub)
    await parts.presence.arrived("mikkel")
    await parts.hub.agents.transfer(AINO, mine.id, id=uid(), to=MIKKEL, skill=None, note=None)
    await caretaker._take_back(mine.id, "aino")
    assert (await parts.state(mine.id)).assignee == MIKKEL.assignee
    await parts.hub.agents.resolve(MIKKEL, mine.id, id=uid(), outcome=None)
    await caretaker._take_back(mine.id, "mikkel")
    assert (await parts.state(mine.id)).status is Status.RESOLVED


async def test_one_that_cannot_be_taken_back_keeps_no_other(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    mine = await parts.assigned(AINO)
    await parts.redis.hset(parts.keys.assigned, "erased", "aino")
    await Caretaker(parts.hub).sweep()
    assert (await parts.state(mine.id)).status is Status.QUEUED
    assert "erased" in caplog.text


async def test_sweeping_waits_one_grace_after_a_start_and_after_redis_was_away(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        mine = await parts.assigned(AINO)
        started = asyncio.get_running_loop().time()
        failed = asyncio.Event()

        class Watched(Caretaker):
            async def sweep(self) -> None:
                try:
                    await super().sweep()
                except StoreUnavailable:
                    failed.set()
                    raise

        sweeping = asyncio.create_task(Watched(parts.hub, grace_s=0.6, sweep_every_s=0.02).keep_sweeping())

        async def back(conversation: Conversation) -> bool:
            return (await parts.state(conversation.id)).status is Status.QUEUED

        await until(lambda: back(mine), "the lost conversation is back")
        assert asyncio.get_running_loop().time() - started >= 0.6
        redis_server.kill()
        await asyncio.wait_for(failed.wait(), 10)
        gone = asyncio.get_running_loop().time()
        redis_server.start()
        again = new_conversation()
        await parts.hub.visitors.request_handoff(again, id=uid())
        await parts.hub.agents.claim(AINO, again.id, id=uid())
        await until(lambda: back(again), "the lost conversation is back")
        assert asyncio.get_running_loop().time() - gone >= 0.6, "nobody could be noted while Redis was away"
        await end(sweeping)


async def test_a_sweep_without_redis_says_so(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        mine = await parts.assigned(AINO)
        redis_server.kill()
        caretaker = Caretaker(parts.hub)
        with pytest.raises(StoreUnavailable):
            await caretaker.sweep()
        with pytest.raises(StoreUnavailable):
            await caretaker._take_back(mine.id, "aino")


async def test_a_lost_agent_may_not_write_any_more(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    await Caretaker(parts.hub).sweep()

    def write(state: Conversation) -> Decision:
        return decisions.agent_wrote(state, at=stamp(now_ms()), agent=MIKKEL.assignee, text="still here", client_id="x")

    with pytest.raises(Exception, match="Only the agent"):
        await parts.store.request(mine.id, write)
    with pytest.raises(NotFound):
        await parts.store.request("nobody", write)
