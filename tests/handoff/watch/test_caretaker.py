from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import NotFound, StoreUnavailable
from handoff.requests.desk import Duties, book_callback
from handoff.tasks import end
from handoff.watch.caretaker import Caretaker
from handoff.wire.desk import CallbackTake, Snooze
from handoff.wire.visitor import Callback
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


# -- what was put off

HOUR = 60.0


def ahead(minutes: float) -> str:
    return stamp(now_ms() + round(minutes * 60_000))


async def put_off(parts: Parts, minutes: float, *, promise: str | None = "", says: str | None = None) -> Conversation:
    """A conversation that Mikkel, who is there, has put off; the visitor's last words are ``says``."""
    if not await parts.presence.is_there("mikkel"):
        await parts.arrive(MIKKEL)
    mine = await parts.assigned(MIKKEL)
    if says is not None:
        await parts.say(mine, says)
    await Duties(parts.hub).request(MIKKEL, Snooze(uid(), mine.id, ahead(minutes), promise))
    return await parts.state(mine.id)


async def signs_out(parts: Parts, agent: str = "mikkel") -> None:
    """The agent has been gone for longer than the grace, and a hub looks."""
    parts.presence.left(agent)
    await last_seen(parts, agent, 61)
    await Caretaker(parts.hub).sweep()


@pytest.mark.parametrize("promise", ["", None])
async def test_what_is_put_off_stays_with_its_agent_who_is_away_until_shortly_before(
    parts: Parts, promise: str | None
) -> None:
    mine = await put_off(parts, 24 * HOUR, promise=promise)
    kinds = await parts.kinds(mine.id)
    await signs_out(parts)
    state = await parts.state(mine.id)
    assert (state.assignee, state.snooze) == (MIKKEL.assignee, mine.snooze)
    assert await parts.kinds(mine.id) == kinds, "the visitor reads nothing of it"


async def test_r16_a_promise_that_comes_due_while_its_agent_is_away_is_others_to_keep(parts: Parts) -> None:
    mine = await put_off(parts, 4)
    await signs_out(parts)
    state = await parts.state(mine.id)
    assert (state.status, state.assignee, state.served_by) == (Status.QUEUED, None, "mikkel")
    assert state.snooze is not None and state.snooze["promise"], "it is still owed"
    moved = (await parts.store.events(mine.id))[-1]
    assert (moved["kind"], moved["text"]) == ("transferred", texts().say("en", "transferred")), "nothing was lost"
    await parts.hub.agents.claim(AINO, mine.id, id=uid())
    assert (await parts.state(mine.id)).snooze == state.snooze
    await parts.hub.agents.message(AINO, mine.id, id=uid(), text="Here it is.")
    assert (await parts.state(mine.id)).snooze is None


async def test_who_writes_to_an_agent_who_is_away_does_not_wait_until_the_time_it_was_put_off_to(parts: Parts) -> None:
    mine = await put_off(parts, 24 * HOUR)
    await signs_out(parts)
    await parts.say(mine, "One more thing")
    await Caretaker(parts.hub).sweep()
    state = await parts.state(mine.id)
    assert state.status is Status.QUEUED and (await parts.kinds(mine.id))[-1] == "transferred"
    assert state.snooze is not None and state.snooze["until"] == (mine.snooze or {})["until"], "the promise stays"
    assert [line["conversation"] for line in await parts.hub.lists.queue()] == [mine.id]


async def test_who_was_answered_since_waits_for_nothing_but_the_promise(parts: Parts) -> None:
    mine = await put_off(parts, 24 * HOUR)
    await parts.say(mine, "Thanks!")
    await parts.hub.agents.message(MIKKEL, mine.id, id=uid(), text="You’re welcome!")
    await signs_out(parts)
    state = await parts.state(mine.id)
    assert (state.assignee, state.snooze) == (MIKKEL.assignee, mine.snooze)


async def test_words_without_an_answer_do_not_wait_for_a_reminder_that_the_visitor_knows_nothing_of(
    parts: Parts,
) -> None:
    answered = await put_off(parts, 24 * HOUR, promise="Tomorrow you’ll know.", says="Where is it?")
    waits = await put_off(parts, 24 * HOUR, promise=None, says="Where is it?")
    await signs_out(parts)
    assert (await parts.state(answered.id)).status is Status.ASSIGNED
    state = await parts.state(waits.id)
    assert (state.status, state.snooze) == (Status.QUEUED, None), "the reminder was Mikkel’s own"


async def test_what_is_put_off_does_not_wait_for_an_agent_who_has_no_account_any_more(parts: Parts) -> None:
    mine = await put_off(parts, 24 * HOUR)
    await parts.redis.hset(parts.keys.agents, "mikkel", json.dumps(asdict(replace(MIKKEL, disabled=True))))
    await signs_out(parts)
    state = await parts.state(mine.id)
    assert state.status is Status.QUEUED and state.snooze == mine.snooze


# -- call-backs


async def call(parts: Parts, *, begins_min: float | None = None, kind: str = "phone") -> Conversation:
    """A call-back that Mikkel has taken; with ``begins_min`` its window begins so many minutes from now."""
    new = new_conversation()
    window = parts.hub.room.windows("en", datetime.now(UTC))[0]
    wish = Callback(uid(), "+358 40 123 4567", None, None, window.id)
    if kind == "email":
        wish = Callback(uid(), None, "liisa@posti.example", None, None)
    booked = await book_callback(parts.hub, new, wish)
    await Duties(parts.hub).request(MIKKEL, CallbackTake(uid(), booked["callback"]["id"]))
    if begins_min is not None:
        times = {"from": ahead(begins_min), "to": ahead(begins_min + 60)}
        if kind == "email":
            times = {"by": ahead(begins_min)}

        def decide(state: Conversation) -> Decision:
            after = replace(state, version=state.version + 1, callback={**(state.callback or {}), **times})
            return Decision(state, after)

        await parts.store.request(new.id, decide)
    return await parts.state(new.id)


async def caller(parts: Parts, conversation: Conversation) -> str | None:
    """Who has the call-back, after a look at all."""
    await Caretaker(parts.hub).sweep_calls()
    callback = (await parts.state(conversation.id)).callback or {}
    return callback["assignee"]["id"] if callback["assignee"] else None


async def test_a_call_whose_agent_was_not_there_when_its_time_began_is_given_back(parts: Parts) -> None:
    await parts.arrive(MIKKEL)
    begun, coming, later = await call(parts, begins_min=-1), await call(parts, begins_min=1), await call(parts)
    await last_seen(parts, "mikkel", 3600)
    assert [await caller(parts, one) for one in (begun, coming, later)] == [None, "mikkel", "mikkel"]
    (task,) = [one for one in await parts.hub.lists.tasks() if one["conversation"] == begun.id]
    assert (task["state"], task["due"]) == ("booked", True), "it stays to be made"
    await Duties(parts.hub).request(AINO, CallbackTake(uid(), task["id"]))


async def test_who_was_there_when_the_time_began_keeps_the_call_over_a_broken_line(parts: Parts) -> None:
    await parts.arrive(MIKKEL)
    begun = await call(parts, begins_min=-20)
    await last_seen(parts, "mikkel", 15 * 60)
    assert await caller(parts, begun) == "mikkel"


async def test_an_email_is_given_back_when_it_is_brought_up_and_its_agent_is_away(parts: Parts) -> None:
    await parts.arrive(MIKKEL)
    remind = parts.hub.owner.now.rules.callbacks.remind_min
    due, later = (
        await call(parts, begins_min=remind - 1, kind="email"),
        await call(parts, begins_min=remind + 1, kind="email"),
    )
    await last_seen(parts, "mikkel", 3600)
    assert [await caller(parts, one) for one in (due, later)] == [None, "mikkel"]


@pytest.mark.parametrize("account", ["disabled", "gone"])
async def test_a_call_of_an_agent_without_an_account_is_given_back_long_before(parts: Parts, account: str) -> None:
    await parts.arrive(MIKKEL)
    later = await call(parts)
    assert await caller(parts, later) == "mikkel"
    if account == "gone":
        await parts.redis.hdel(parts.keys.agents, "mikkel")
    else:
        await parts.redis.hset(parts.keys.agents, "mikkel", json.dumps(asdict(replace(MIKKEL, disabled=True))))
    assert await caller(parts, later) is None


async def test_a_call_that_was_taken_by_another_meanwhile_is_left_alone(parts: Parts) -> None:
    await parts.arrive(MIKKEL, AINO)
    one = await call(parts, begins_min=-1)
    id = str((one.callback or {})["id"])
    await Duties(parts.hub).request(AINO, CallbackTake(uid(), id))
    await Caretaker(parts.hub)._release(one.id, id, "mikkel")
    assert await caller(parts, one) == "aino"
    await parts.hub.visitors.cancel_callback(one.id, id=uid())
    await Caretaker(parts.hub)._release(one.id, id, "aino")
    assert ((await parts.state(one.id)).callback or {})["assignee"]["id"] == "aino", "it is done with"


async def test_calls_are_looked_at_again_and_again_beside_the_conversations(parts: Parts) -> None:
    mine = await parts.assigned(AINO)
    task = asyncio.create_task(
        Caretaker(parts.hub, grace_s=0.05, sweep_every_s=0.02, calls_every_s=0.05).keep_sweeping()
    )

    async def back() -> bool:
        return (await parts.state(mine.id)).status is Status.QUEUED

    await until(back, "the lost conversation is back")
    one = await call(parts)  # Mikkel has no account

    async def free() -> bool:
        return ((await parts.state(one.id)).callback or {})["assignee"] is None

    await until(free, "the call is free again")
    await end(task)
