from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from handoff import decisions
from handoff.access.accounts import Account
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import HANDOFF_BUTTON, Decision
from handoff.errors import BadRequest, Conflict, Forbidden, NotFound, StaleVersion, StoreUnavailable, TooLarge, TryLater
from handoff.events import Button, HandoffRequest, Outcome, Reply
from handoff.queue import order as queue
from handoff.redis_client import connect
from handoff.tasks import end
from handoff.turns import PATIENCE, TURN_MS
from tests.handoff.fake_bot import outcome_for
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, parts_on, uid
from tests.handoff.texts_for_tests import texts
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

AT = "2026-11-21T10:15:30.123Z"


async def answered(parts: Parts, conversation: str, outcome: Outcome) -> None:
    """The bot's result, written as the bridge does."""

    def decide(state: Conversation) -> Decision | None:
        waits, fallback = decisions.Waits(open=True), HandoffRequest(())
        return decisions.bot_answered(state, texts(), outcome, at=stamp(now_ms()), waits=waits, fallback=fallback)

    await parts.store.request(conversation, decide)


async def due(parts: Parts, conversation: str) -> float | None:
    at: float | None = await parts.redis.zscore(parts.keys.due, conversation)
    return at


# -- one write


async def test_a_first_message_is_written_with_all_that_belongs_to_it(parts: Parts) -> None:
    new = new_conversation()
    keys, id = parts.keys, uid()
    before = await parts.presence.now_ms()
    assert await parts.say(new, "hei", id=id) == 1
    state = await parts.state(new.id)
    assert (state.version, state.last, state.status, state.bot_pending) == (1, 1, Status.BOT, (1,))
    (event,) = await parts.store.events(new.id)
    assert (event["seq"], event["text"], event["client_id"]) == (1, "hei", id)
    assert json.loads(await parts.redis.get(keys.answer(new.id, id)) or "") == {"seq": 1}
    assert await parts.redis.ttl(keys.answer(new.id, id)) > 86_000
    assert await parts.redis.zscore(keys.index, new.id) is not None
    deadline = await due(parts, new.id)
    assert deadline is not None and 5000 <= deadline - before < 7000
    (inbound,) = await parts.inbox()
    assert (inbound.conversation, inbound.of, inbound.text) == (new.id, 1, "hei")
    assert await parts.redis.get(keys.busy(new.id)) == (await parts.redis.xinfo_stream(keys.inbox))["first-entry"][0]


async def test_a_decision_on_an_old_version_writes_nothing_at_all(parts: Parts) -> None:
    new = new_conversation()
    stale = decisions.visitor_wrote(new, texts(), at=AT, text="late", client_id="x")
    await parts.say(new, "first")
    before = await parts.everything()
    with pytest.raises(StaleVersion):
        await parts.store._commit(stale, parts.keys.answer(new.id, "x"), None)
    assert await parts.everything() == before


async def test_every_write_is_told_with_its_events_and_its_line_of_the_queue(parts: Parts) -> None:
    new = new_conversation()
    async with parts.blocking.pubsub() as pubsub:
        await pubsub.subscribe(parts.keys.notices)
        await parts.say(new)
        await parts.hub.visitors.request_handoff(new, id=uid())
        notices: list[dict[str, Any]] = []
        while len(notices) < 2:
            message = await pubsub.get_message(timeout=5)
            if message is not None and message["type"] == "message":
                notices.append(json.loads(message["data"]))
    assert (notices[0]["conversation"], notices[0]["status"], notices[0]["last"]) == (new.id, "bot", 1)
    assert [event["seq"] for event in notices[0]["events"]] == [1]
    assert "queue" not in notices[0], "no agent's queue changes by a message to the bot"
    assert notices[1]["queue"]["status"] == "queued"


async def test_out_of_memory_is_refused_whole_and_works_again_later(parts: Parts) -> None:
    """R6."""
    new = new_conversation()
    await parts.say(new)
    before = await parts.everything()
    await parts.redis.config_set("maxmemory", "1mb")
    try:
        await parts.redis.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable):
            await parts.say(new, "does not fit")
        assert await parts.everything() == before
    finally:
        await parts.redis.config_set("maxmemory", "0")
    assert await parts.say(new, "fits") == 2


# -- compare-and-set


async def test_i4_r15_fifty_agents_claim_at_once_and_exactly_one_wins(url: str, parts: Parts) -> None:
    """R15, over two processes' worth of writers."""
    waiting = await parts.queued()
    agents = [replace(AINO, id=f"a{n}", name=f"Agent {n}") for n in range(50)]
    async with parts_on(url) as other:
        hubs = (parts.hub, other.hub)
        claims = [hubs[n % 2].agents.claim(agent, waiting.id, id=uid()) for n, agent in enumerate(agents)]
        results = await asyncio.gather(*claims, return_exceptions=True)
    winners = [agent for agent, result in zip(agents, results, strict=True) if not isinstance(result, Exception)]
    assert len(winners) == 1
    for result in results:
        if isinstance(result, BaseException):
            assert isinstance(result, Conflict), result
            assert result.extra["assignee"] == {"id": winners[0].id, "name": winners[0].name}
    assert (await parts.kinds(waiting.id)).count("assigned") == 1
    state = await parts.state(waiting.id)
    assert state.assignee == winners[0].assignee
    assert await parts.redis.hget(parts.keys.assigned, waiting.id) == winners[0].id.encode()
    assert await parts.redis.zscore(parts.keys.queue, waiting.id) is None


async def test_i3_messages_written_at_once_by_two_processes_are_numbered_without_a_gap(url: str, parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    async with parts_on(url) as other:
        said = [(parts if n % 2 else other).say(new, f"m{n}") for n in range(40)]
        numbers = await asyncio.gather(*said)
    assert sorted(numbers) == list(range(2, 42))
    await parts.assert_numbered(new.id)
    assert (await parts.state(new.id)).version == 41


async def test_a_request_that_never_gets_its_turn_is_refused_rather_than_tried_for_ever(
    url: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.store.TURN_TIMEOUT_S", 0.3)
    new = new_conversation()
    await parts.say(new)
    tries = 0

    async def overtaken(state: Conversation) -> Decision:
        nonlocal tries
        tries += 1
        await other.hub.agents.note(AINO, new.id, id=uid(), text="first")
        return decisions.note(state, at=AT, agent=AINO.assignee, text="second", client_id="x")

    async with parts_on(url) as other:
        with pytest.raises(StoreUnavailable):
            await parts.store.request(new.id, overtaken)
    assert tries >= 1
    notes = [event["text"] for event in await parts.store.events(new.id) if event["kind"] == "note"]
    assert set(notes) == {"first"}, "only the others' notes are written"


async def test_who_loses_to_another_process_again_and_again_is_let_in(
    url: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.commit_plan.TURN_MS", 20_000)  # no machine is so slow that it would pass unused
    new = new_conversation()
    await parts.say(new)
    tries = 0
    written: list[str] = []
    hurry = asyncio.Event()

    async def always_ahead() -> None:
        """Another process that writes each time this one has decided and not yet written."""
        while "second" not in written:
            await hurry.wait()
            hurry.clear()
            await other.hub.agents.note(AINO, new.id, id=uid(), text="first")
            written.append("first")

    async def overtaken(state: Conversation) -> Decision:
        nonlocal tries
        tries += 1
        before = len(written)
        hurry.set()
        while len(written) == before and not await parts.redis.hexists(parts.keys.state(new.id), "turn"):
            await asyncio.sleep(0.005)
        return decisions.note(state, at=AT, agent=AINO.assignee, text="second", client_id="x")

    async with parts_on(url) as other:
        ahead = asyncio.create_task(always_ahead())
        await parts.store.request(new.id, overtaken)
        written.append("second")
        hurry.set()
        await ahead
    assert tries == PATIENCE + 2, "as often as it is patient, once to ask for the turn, once in its turn"
    await parts.assert_numbered(new.id)
    assert (await parts.redis.hget(parts.keys.state(new.id), "turn")) is None, "a turn ends with the write"


async def test_a_turn_whose_process_died_passes_by_itself(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    now = await parts.presence.now_ms()
    await parts.redis.hset(
        parts.keys.state(new.id), mapping={"turn": "somebody who died", "turn_until": now + TURN_MS}
    )
    assert await parts.say(new) == 2
    assert await parts.presence.now_ms() >= now + TURN_MS, "not before"
    assert not await parts.redis.hexists(parts.keys.state(new.id), "turn")


async def test_a_turn_that_comes_to_nothing_is_given_up_at_once(
    url: str, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.commit_plan.TURN_MS", 20_000)
    new = new_conversation()
    await parts.say(new)
    async with parts_on(url) as other:

        async def overtaken(state: Conversation) -> Decision:
            if await parts.redis.hexists(parts.keys.state(new.id), "turn"):
                raise Conflict("Not any more.")
            await other.hub.agents.note(AINO, new.id, id=uid(), text="first")
            return decisions.note(state, at=AT, agent=AINO.assignee, text="second", client_id="x")

        with pytest.raises(Conflict):
            await parts.store.request(new.id, overtaken)
        assert await other.say(new) == PATIENCE + 3, "the first message, a note for each time it lost, and this"


async def test_what_this_process_wrote_last_is_a_guess_that_another_may_have_overtaken(url: str, parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    async with parts_on(url) as other:
        await other.say(new, "elsewhere")
        seen: list[int] = []

        def nothing_to_do(state: Conversation) -> None:
            seen.append(state.last)

        assert (await parts.store.request(new.id, nothing_to_do, client_id="n")).decision is None
        assert seen[-1] == 2, "that there is nothing to do must be true of what is written"
        assert await parts.say(new, "here") == 3
        await other.hub.visitors.request_handoff(await other.state(new.id), id=uid())
        gone = await parts.hub.visitors.cancel_handoff(new.id, id=uid())
        assert gone["status"] == "bot", "refused by the guess alone"


async def test_a_write_of_unknown_outcome_is_no_base_for_the_next(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    assert parts.store.lately(new.id) == await parts.state(new.id)
    with pytest.raises(ZeroDivisionError):
        await parts.store.request(new.id, lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    assert parts.store.lately(new.id) is not None, "nothing was sent"
    await parts.redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable):
            await parts.say(new, "does it fit?")
    finally:
        await parts.redis.config_set("maxmemory", "0")
    assert parts.store.lately(new.id) is None


# -- idempotent ids


async def test_i2_r13_the_same_id_sent_five_times_at_once_is_one_event_and_five_equal_answers(
    url: str, parts: Parts
) -> None:
    """R13."""
    new, id = new_conversation(), uid()
    async with parts_on(url) as other:
        numbers = await asyncio.gather(*((parts, other)[n % 2].say(new, "once", id=id) for n in range(5)))
    assert set(numbers) == {1}
    assert len(await parts.store.events(new.id)) == 1
    assert await parts.redis.xlen(parts.keys.inbox) == 1


async def test_a_refusal_is_remembered_with_its_kind_text_and_fields(parts: Parts) -> None:
    waiting = await parts.queued()
    await parts.hub.agents.claim(AINO, waiting.id, id=uid())
    id = uid()
    with pytest.raises(Conflict) as first:
        await parts.hub.agents.claim(MIKKEL, waiting.id, id=id)
    await parts.hub.agents.transfer(AINO, waiting.id, id=uid(), to=None, skill="general", note=None)
    with pytest.raises(Conflict) as again:
        await parts.hub.agents.claim(MIKKEL, waiting.id, id=id)
    assert (again.value.message, again.value.extra) == (first.value.message, first.value.extra)
    assert again.value.extra["assignee"]["name"] == "Aino"
    anew = await parts.hub.agents.claim(MIKKEL, waiting.id, id=uid())
    assert anew["status"] == "assigned", "a new id is a new request"


@pytest.mark.parametrize(
    "refused",
    [Forbidden("no", why=1), NotFound("none"), BadRequest("bad"), Conflict("late"), TooLarge("much"), TryLater("wait")],
)
async def test_each_kind_of_refusal_comes_back_as_itself(parts: Parts, refused: Exception) -> None:
    waiting, id = await parts.queued(), uid()

    def decide(_: Conversation) -> Decision:
        raise refused

    def other(state: Conversation) -> Decision:
        return decisions.note(state, at=AT, agent=AINO.assignee, text="x", client_id=id)

    for what in (decide, other):
        with pytest.raises(type(refused)) as caught:
            await parts.store.request(waiting.id, what, client_id=id)
        assert type(caught.value) is type(refused)


async def test_an_unknown_outcome_is_not_remembered_as_a_refusal(parts: Parts) -> None:
    waiting, id = await parts.queued(), uid()

    def away(_: Conversation) -> Decision:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        await parts.store.request(waiting.id, away, client_id=id)
    await parts.hub.agents.note(AINO, waiting.id, id=id, text="works now")
    assert "note" in await parts.kinds(waiting.id)


async def test_the_same_id_of_another_agent_is_another_request(parts: Parts) -> None:
    conversation = await parts.queued()
    one = await parts.hub.agents.note(AINO, conversation.id, id="same", text="mine")
    other = await parts.hub.agents.note(MIKKEL, conversation.id, id="same", text="yours")
    assert one["seq"] != other["seq"]


async def test_an_answer_without_fields_is_remembered_too(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    for _ in range(2):
        assert await parts.hub.visitors.rate(new.id, id="r", score=5, comment=None) == {}
    assert (await parts.kinds(new.id)).count("rating") == 1


async def test_a_conversation_that_does_not_exist_is_not_found(parts: Parts) -> None:
    with pytest.raises(NotFound):
        await parts.hub.visitors.end("nobody", id=uid())
    assert await parts.store.load("nobody") is None
    assert await parts.store.last("nobody") == 0
    assert await parts.store.events("nobody") == []


async def test_a_repeated_transfer_is_answered_as_the_first_even_when_its_target_has_left(parts: Parts) -> None:
    mine = await parts.assigned()
    await parts.presence.arrived(MIKKEL.id)
    done = await parts.hub.agents.transfer(AINO, mine.id, id="t", to=MIKKEL, skill=None, note=None)
    await parts.presence.set(MIKKEL.id, "offline")
    assert await parts.hub.agents.transfer(AINO, mine.id, id="t", to=MIKKEL, skill=None, note=None) == done
    with pytest.raises(BadRequest):
        await parts.hub.agents.transfer(AINO, mine.id, id="u", to=MIKKEL, skill=None, note=None)


# -- the log


async def test_events_are_read_from_any_number_to_any_number(parts: Parts) -> None:
    new = new_conversation()
    for n in range(12):
        await parts.say(new, str(n))
    numbers = [event["seq"] for event in await parts.store.events(new.id, after=3, most=7)]
    assert numbers == list(range(4, 11))
    assert [event["seq"] for event in await parts.store.events(new.id, after=11)] == [12]
    assert await parts.store.events(new.id, after=12) == []


async def test_what_people_write_is_kept_to_the_letter(parts: Parts) -> None:
    new = new_conversation()
    odd = 'Hyvää huomenta! 🙂 "quotes" \\ / </script> \u2028 {"a": [1]} [[x]] %s %d \x00 æøå'
    await parts.say(new, odd)
    (event,) = await parts.store.events(new.id)
    assert event["text"] == odd
    assert (await parts.state(new.id)).last_text == odd[: decisions.LAST_TEXT_CHARS]
    assert [inbound.text for inbound in await parts.inbox()] == [odd]


# -- the bot's inbox


async def test_one_message_of_a_conversation_is_with_the_bot_and_the_others_wait_in_order(parts: Parts) -> None:
    new, other = new_conversation(), new_conversation()
    for text in ("one", "two", "three"):
        await parts.say(new, text)
    await parts.say(other, "elsewhere")
    on_inbox = [(inbound.conversation, inbound.text) for inbound in await parts.inbox()]
    assert on_inbox == [(new.id, "one"), (other.id, "elsewhere")]
    assert [inbound.text for inbound in await parts.behind(new.id)] == ["two", "three"]


async def test_i6_the_bot_is_told_to_pause_behind_what_it_is_doing(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new, "one")
    await parts.hub.visitors.request_handoff(new, id=uid())
    assert [inbound.kind.value for inbound in await parts.behind(new.id)] == ["pause"]
    assert await due(parts, new.id) is None, "nobody waits for the bot any more"


async def test_a_deadline_stands_for_the_oldest_message_and_goes_with_the_last_answer(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new, "one")
    first = await due(parts, new.id)
    await parts.say(new, "two")
    assert await due(parts, new.id) == first, "a second message gives the bot no more time for the first"
    pending = (await parts.inbox())[0]
    await asyncio.sleep(0.005)
    await answered(parts, new.id, outcome_for(pending, "answer"))
    renewed = await due(parts, new.id)
    assert first is not None and renewed is not None and renewed > first
    await answered(parts, new.id, outcome_for(replace(pending, of=2, message_id="m2"), "answer"))
    assert await due(parts, new.id) is None


async def test_a_buttons_id_is_good_in_its_conversation_alone(parts: Parts) -> None:
    new, other = new_conversation(), new_conversation()
    await parts.say(new)
    await parts.say(other)
    pending = (await parts.inbox())[0]
    offer = (Button("Returns", "faq/return_how"), Button("A person", HANDOFF_BUTTON))
    await answered(parts, new.id, outcome_for(pending, replies=(Reply("Choose", offer),)))
    shown = (await parts.store.events(new.id))[-1]["buttons"]
    assert [button["title"] for button in shown] == ["Returns", "A person"]
    assert await parts.store.button(new.id, shown[0]["id"]) == {"title": "Returns", "topic": "faq/return_how"}
    assert await parts.store.button(other.id, shown[0]["id"]) is None
    with pytest.raises(NotFound):
        await parts.hub.visitors.message(other, id=uid(), text=None, button=shown[0]["id"])
    pressed = await parts.hub.visitors.message(new, id=uid(), text=None, button=shown[0]["id"])
    event = (await parts.store.events(new.id))[-1]
    assert (event["seq"], event["text"]) == (pressed["seq"], "Returns")
    asked = await parts.hub.visitors.message(new, id=uid(), text=None, button=shown[1]["id"])
    assert asked["status"] == "queued"


# -- the queue


async def test_i7_the_queue_goes_by_priority_then_waiting_time_and_the_lost_come_first(parts: Parts) -> None:
    ids = []
    for _ in range(4):
        new = new_conversation()
        await parts.say(new)
        ids.append(new.id)
        await asyncio.sleep(0.002)
    pending = {inbound.conversation: inbound for inbound in await parts.inbox()}
    for id, priority in zip(ids, ("normal", "normal", "urgent", "high"), strict=True):
        wish = HandoffRequest(({"code": "asked", "evidence": [], "of": 1},), priority)
        await answered(parts, id, outcome_for(pending[id], handoff=wish))
        await asyncio.sleep(0.002)
    assert [line["conversation"] for line in await parts.hub.lists.queue()] == [ids[2], ids[3], ids[0], ids[1]]
    await parts.hub.agents.claim(AINO, ids[1], id=uid())

    def lost(state: Conversation) -> Decision:
        return decisions.agent_lost(state, texts(), at=AT)

    await parts.store.request(ids[1], lost)
    assert [line["conversation"] for line in await parts.hub.lists.queue()] == [ids[2], ids[3], ids[1], ids[0]]
    assert await parts.redis.zscore(parts.keys.queue, ids[0]) == queue.score(await parts.state(ids[0]), 120)


async def test_who_leaves_the_queue_by_any_way_is_off_it(parts: Parts) -> None:
    claimed, cancelled, ended = [await parts.queued() for _ in range(3)]
    await parts.hub.agents.claim(AINO, claimed.id, id=uid())
    await parts.hub.visitors.cancel_handoff(cancelled.id, id=uid())
    await parts.hub.visitors.end(ended.id, id=uid())
    assert await parts.hub.lists.queue() == []
    assert await parts.redis.hgetall(parts.keys.assigned) == {claimed.id.encode(): b"aino"}
    await parts.hub.agents.resolve(AINO, claimed.id, id=uid(), outcome="helped")
    assert await parts.redis.hlen(parts.keys.assigned) == 0


# -- Redis is away


async def test_many_reads_at_once_wait_for_a_connection_and_all_come_through(parts: Parts) -> None:
    """Two thousand visitors come back at once after a restart (R12): more than there are connections."""
    new = new_conversation()
    await parts.say(new)
    states = await asyncio.gather(*(parts.store.load(new.id) for _ in range(400)))
    assert all(state is not None for state in states)


async def test_r7_a_hung_redis_is_unavailable_in_time_and_the_same_id_has_one_effect(
    redis_server: RedisServer,
) -> None:
    """What timed out was written all the same when Redis went on (hub.md T9)."""
    async with parts_on(redis_server.url, timeout_s=0.3) as parts:
        new, id = new_conversation(), uid()
        await parts.say(new, "before")
        decided = asyncio.Event()

        def decide(state: Conversation) -> Decision:
            # Stopped between the load and the commit: the commit's bytes reach Redis, its answer does not come.
            if not decided.is_set():
                decided.set()
                redis_server.signal(signal.SIGSTOP)
            return decisions.visitor_wrote(state, texts(), at=AT, text="unknown", client_id=id)

        started = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable):
            await parts.store.request(new.id, decide, client_id=id)
        assert asyncio.get_running_loop().time() - started < 1.5
        redis_server.signal(signal.SIGCONT)

        async def written() -> bool:
            try:
                return await parts.store.last(new.id) == 2
            except StoreUnavailable:
                return False

        await until(written, "the write that timed out is in the log")
        assert await parts.say(new, "unknown", id=id) == 2
        assert [event["text"] for event in await parts.store.events(new.id)] == ["before", "unknown"]


async def test_r2_after_a_restart_of_redis_all_that_was_answered_is_there_and_service_is_back(
    redis_server: RedisServer,
) -> None:
    async with parts_on(redis_server.url) as parts:
        new = new_conversation()
        for n in range(20):
            await parts.say(new, str(n))
        await asyncio.gather(*(parts.store.load(new.id) for _ in range(20)))  # leaves idle connections in the pool
        redis_server.kill()
        with pytest.raises(StoreUnavailable) as refused:
            await parts.say(new, "while down")
        assert refused.value.code == "try_later"
        assert parts.keys.prefix not in refused.value.message and "Error" not in refused.value.message, "S18"
        with pytest.raises(StoreUnavailable):
            await parts.store.load(new.id)
        redis_server.start()
        assert await parts.say(new, "after") == 21, "the first request after the restart works"
        await parts.assert_numbered(new.id)


async def test_a_client_gives_up_at_once_rather_than_write_twice(redis_server: RedisServer) -> None:
    redis_server.kill()
    client = connect(redis_server.url, timeout_s=1.0)
    try:
        started = asyncio.get_running_loop().time()
        with pytest.raises(RedisConnectionError):
            await client.ping()
        assert asyncio.get_running_loop().time() - started < 0.5
    finally:
        await client.aclose()


async def test_a_conversation_whose_entry_is_gone_from_the_inbox_is_moved_up(parts: Parts) -> None:
    new = new_conversation()
    for text in ("one", "two", "three"):
        await parts.hub.visitors.message(new, id=uid(), text=text, button=None)
    assert not await parts.store.unstick(new.id), "nothing is wrong with it"
    keys = parts.store.keys
    await parts.redis.delete(keys.inbox)  # what an outside hand should never do
    assert await parts.store.unstick(new.id)
    assert [inbound.text for inbound in await parts.inbox()] == ["two"]
    assert not await parts.store.unstick(new.id)
    for _ in range(2):
        await parts.redis.delete(keys.inbox)
        await parts.store.unstick(new.id)
    assert await parts.redis.exists(keys.busy(new.id)) == 0, "the next message starts afresh"


async def test_two_hundred_writes_to_one_conversation_at_once_are_all_written(url: str, parts: Parts) -> None:
    new = new_conversation()
    async with parts_on(url) as other:
        numbers = await asyncio.gather(*((parts, other)[n % 2].say(new, str(n)) for n in range(200)))
    assert sorted(numbers) == list(range(1, 201))
    await parts.assert_numbered(new.id)
    assert len(parts.store._turns) == 0


async def test_r15_a_hundred_agents_of_one_hub_claim_at_once_and_one_wins(parts: Parts) -> None:
    waiting = await parts.queued()
    agents = [Account(id=f"agent-{n}", email=f"{n}@test.example", name=f"Agent {n}") for n in range(100)]
    claims = [parts.hub.agents.claim(agent, waiting.id, id=uid()) for agent in agents]
    ends = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(isinstance(end, Conflict) for end in ends) == 99


async def test_i10_what_was_erased_is_not_remembered_by_any_hub(url: str, parts: Parts) -> None:
    new = new_conversation()
    async with parts_on(url) as other:
        await other.say(new)
        listening = asyncio.create_task(other.fanout.listen())
        await other.fanout.listening.wait()
        assert other.store.lately(new.id) is not None
        await parts.fanout.publish({"conversation": new.id, "erased": True})

        async def forgotten() -> bool:
            return other.store.lately(new.id) is None

        await until(forgotten, "the hub forgets")
        await end(listening)


async def test_a_request_waits_for_its_turn_for_so_long_and_no_longer(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handoff.turns.TURN_TIMEOUT_S", 0.05)
    new, free = new_conversation(), asyncio.Event()
    await parts.say(new)

    async def slow(_: Conversation) -> None:
        await free.wait()

    first = asyncio.create_task(parts.store.request(new.id, slow))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="at once"):
        await parts.say(new)
    free.set()
    await first
    assert await parts.say(new) == 2
