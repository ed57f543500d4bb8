from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ResponseError

from handoff import bridge, decisions
from handoff.bridge import DELIVERIES_MAX, BotBridge
from handoff.conversation import Conversation, Status
from handoff.errors import StoreUnavailable
from handoff.events import Failure, HandoffRequest, Inbound, Keys, Outcome
from handoff.owner.hours import Schedule
from handoff.queue.routing import Routing
from handoff.tasks import end
from handoff.watch import metrics
from tests.handoff.fake_bot import FakeBot, outcome_for
from tests.handoff.parts import AINO, ALWAYS_OPEN, Parts, closed_but, new_conversation, parts_on, uid
from tests.handoff.texts_for_tests import texts
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

ROUTING = Routing({"human/bereavement": ("urgent", "care")})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "AWAY_PAUSE_S", 0.05)
    monkeypatch.setattr(bridge, "SWEEP_EVERY_S", 0.02)


def bridge_of(parts: Parts, process: str = "hub-1", **limits: Any) -> BotBridge:
    limits = {"claim_idle_s": 0.2, "reclaim_every_s": 0.05, "block_ms": 50} | limits
    return BotBridge(parts.hub, parts.blocking, ROUTING, process=process, **limits)


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Parts of the hub that run for ever; the test fails when one of them ends."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        await end(*tasks)


async def asked(parts: Parts, *texts: str, new: Conversation | None = None) -> list[Inbound]:
    """What the bot is asked when a visitor of a new conversation writes these."""
    new = new or new_conversation()
    for text in texts:
        await parts.say(new, text)
    told = [*await parts.inbox(), *await parts.behind(new.id)]
    return [inbound for inbound in told if inbound.conversation == new.id]


async def replies(parts: Parts, conversation: str, count: int, role: str = "bot") -> list[str]:
    """The first ``count`` messages by the bot (or ``role``), waiting for them."""

    async def there() -> list[str]:
        said = [
            event["text"]
            for event in await parts.store.events(conversation)
            if event["kind"] == "message" and event["author"]["role"] == role
        ]
        return said if len(said) >= count else []

    return await until(there, f"{count} messages by {role}")


async def settled(parts: Parts) -> None:
    """Nothing is left on the bot's results, taken or not."""

    async def empty() -> bool:
        if await parts.redis.xlen(parts.keys.events):
            return False
        try:
            pending: Any = await parts.redis.xpending(parts.keys.events, Keys.HUB_GROUP)
        except ResponseError:  # the reader has not made its group yet
            return False
        return not pending["pending"]

    await until(empty, "every result is settled")


# -- results


async def test_a_result_is_written_and_taken_off_the_stream(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(inbound, "Hi!", "How can I help?", language="da"))
        assert await replies(parts, inbound.conversation, 2) == ["Hi!", "How can I help?"]
        await settled(parts)
    assert await parts.kinds(inbound.conversation) == ["message", "nlu", "language", "notice", "message", "message"]
    state = await parts.state(inbound.conversation)
    assert (state.language, state.bot_pending) == ("da", ())
    await parts.assert_numbered(inbound.conversation)


async def test_results_of_one_conversation_are_written_in_the_order_of_its_messages(parts: Parts) -> None:
    """Two hubs share them, and the one with the first result is the slower."""
    inbounds = await asked(parts, "one", "two", "three")
    for inbound in inbounds:
        await parts.publish(outcome_for(inbound, f"to {inbound.text}"))
    await take(parts, "slow", count=1)
    quick, slow = bridge_of(parts, "quick", claim_idle_s=60), bridge_of(parts, "slow", claim_idle_s=60)
    early = asyncio.Event()
    settle = quick._settle

    async def watched(*arguments: Any, **fields: Any) -> bool:
        done = await settle(*arguments, **fields)
        if not done:
            early.set()
        return done

    quick._settle = watched  # type: ignore[method-assign]
    async with running(quick.read()):
        await asyncio.wait_for(early.wait(), 5)
        async with running(slow.read()):
            said = await replies(parts, inbounds[0].conversation, 3)
            await settled(parts)
    assert said == ["to one", "to two", "to three"]


async def test_two_hubs_share_the_results_and_write_each_once(url: str, parts: Parts) -> None:
    async with parts_on(url) as other, running(bridge_of(parts).read(), bridge_of(other, "hub-2").read()):
        async with FakeBot(url):
            conversations = [new_conversation() for _ in range(8)]

            async def talk(new: Conversation) -> None:
                for n in range(5):
                    await parts.say(new, str(n))

            await asyncio.gather(*(talk(new) for new in conversations))
            for new in conversations:
                assert await replies(parts, new.id, 5) == [f"echo: {n}" for n in range(5)]
                await parts.assert_numbered(new.id)
        await settled(parts)


async def test_a_repeated_result_has_one_effect(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    async with running(bridge_of(parts).read()):
        for _ in range(3):
            await parts.publish(outcome_for(inbound, "once"))
        await settled(parts)
    assert await replies(parts, inbound.conversation, 1) == ["once"]
    assert await parts.kinds(inbound.conversation) == ["message", "nlu", "notice", "message"]


async def test_a_result_to_a_conversation_that_was_erased_is_settled_and_counted(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    gone, here = await asked(parts, "forget me"), await asked(parts, "hello")
    await parts.redis.delete(parts.keys.state(gone[0].conversation), parts.keys.log(gone[0].conversation))
    parts.store.forget(gone[0].conversation)
    before = metrics.results_of_gone._value.get()
    caplog.set_level("INFO", "silta.bridge")
    async with running(bridge_of(parts).read()):
        for inbound in (*gone, *here):
            await parts.publish(outcome_for(inbound, "Hi!"))
        assert await replies(parts, here[0].conversation, 1) == ["Hi!"]
        await settled(parts)
    assert metrics.results_of_gone._value.get() == before + 1
    assert f"conversation {gone[0].conversation} is gone" in caplog.text
    assert not await parts.redis.exists(parts.keys.state(gone[0].conversation))


async def test_a_result_without_the_one_before_it_is_written_all_the_same_after_a_moment(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "ORDER_PAUSE_S", 0.005)
    _, two = await asked(parts, "one", "two")
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(two, "to two"))
        assert await replies(parts, two.conversation, 1) == ["to two"]
        await settled(parts)
    assert (await parts.state(two.conversation)).bot_pending == (1,)


async def test_i6_an_answer_after_a_person_was_asked_for_is_dropped_but_its_understanding_kept(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    await parts.hub.visitors.request_handoff(await parts.state(inbound.conversation), id=uid())
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(inbound, "too late"))
        await settled(parts)
    assert await parts.kinds(inbound.conversation) == ["message", "handoff", "nlu"]


async def test_a_result_that_brings_nothing_is_settled(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(replace(inbound, of=99, message_id="other"), "to nothing", nlu=None))
        await parts.publish(outcome_for(replace(inbound, conversation="nobody"), "to nobody"))
        await settled(parts)
    assert await parts.kinds(inbound.conversation) == ["message"]
    assert await parts.store.load("nobody") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"data": "not JSON"},
        {"nothing": "here"},
        {"data": json.dumps({"v": 2, "conversation": "c", "message_id": "m", "of": 1})},
        {"data": '{"v":1,"conversation":"c","message_id":"m","of":1,"replies":[{"text":"half \\ud83d"}]}'},
    ],
    ids=["garbage", "no data", "unknown version", "half a character"],
)
async def test_r18_a_result_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    parts: Parts, fields: dict[Any, Any]
) -> None:
    (inbound,) = await asked(parts, "hello")
    async with running(bridge_of(parts).read()):
        bad: Any = await parts.redis.xadd(parts.keys.events, fields)
        await parts.publish(outcome_for(inbound, "Hi!"))
        assert await replies(parts, inbound.conversation, 1) == ["Hi!"]
        await settled(parts)
    dead: Any = await parts.redis.xrange(parts.keys.dead)
    assert [kept for _, kept in dead] == [
        {b"from": b"bot:events", b"id": bad} | {k.encode(): v.encode() for k, v in fields.items()}
    ]


async def test_r18_a_result_that_cannot_be_used_is_set_aside_rather_than_end_one_hub_after_the_other(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (inbound,) = await asked(parts, "hello")
    (poison,) = await asked(parts, "poison")
    decide = decisions.bot_answered

    def fails_on_poison(state: Conversation, *rest: Any, **fields: Any) -> Any:
        if state.id == poison.conversation:
            raise KeyError("unforeseen")
        return decide(state, *rest, **fields)

    monkeypatch.setattr(decisions, "bot_answered", fails_on_poison)
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(poison, "Hi!"))
        await parts.publish(outcome_for(inbound, "Hi!"))
        await replies(parts, inbound.conversation, 1)
        await settled(parts)
    assert await parts.redis.xlen(parts.keys.dead) == 1
    assert caplog.text.count("cannot be used") == DELIVERIES_MAX + 1, "five tries and the alarm"
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1
    assert (await parts.state(poison.conversation)).bot_pending == (1,), "its deadline stands"


# -- failures of the bot


@pytest.mark.parametrize(
    ("action", "topic", "codes", "priority", "skill"),
    [
        ("action_request_handoff", "human/talk_to_human", ["asked", "bot_unavailable"], "normal", "general"),
        ("action_request_handoff", "human/bereavement", ["human_topic", "bot_unavailable"], "urgent", "care"),
        ("action_request_handoff", "faq/x", ["bot_unavailable"], "normal", "general"),
        ("action_answer_did_not_help", "deny", ["answer_did_not_help", "bot_unavailable"], "normal", "general"),
    ],
)
async def test_r21_an_action_server_that_is_down_brings_a_person_where_one_was_wanted(
    parts: Parts, action: str, topic: str, codes: list[str], priority: str, skill: str
) -> None:
    (inbound,) = await asked(parts, "help")
    failed = outcome_for(inbound, failure=Failure.ACTION, failed_action=action, nlu={"topic": topic})
    async with running(bridge_of(parts).read()):
        await parts.publish(failed)
        await settled(parts)
    state = await parts.state(inbound.conversation)
    assert (state.status, state.priority, state.skill) == (Status.QUEUED, priority, skill)
    assert [reason["code"] for reason in state.reasons] == codes


@pytest.mark.parametrize(
    "fields",
    [{"failure": Failure.ACTION, "failed_action": "action_hours"}, {"failure": Failure.POISON}, {"nlu": None}, {}],
    ids=["another action", "poison", "nothing", "understood and silent"],
)
async def test_any_other_turn_without_an_answer_is_told_and_a_person_offered(
    parts: Parts, fields: dict[str, Any]
) -> None:
    (inbound,) = await asked(parts, "help")
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(inbound, **fields))
        assert await replies(parts, inbound.conversation, 1, "system") == [texts().say("en", "bot_late")]
        await settled(parts)
    assert (await parts.state(inbound.conversation)).status is Status.BOT


# -- a hub dies


async def take(parts: Parts, process: str, count: int = 100) -> None:
    """A hub of this name reads results and dies before it settles them."""
    await parts.redis.xgroup_create(parts.keys.events, Keys.HUB_GROUP, id="0", mkstream=True)
    taken = await parts.redis.xreadgroup(Keys.HUB_GROUP, process, {parts.keys.events: ">"}, count=count)
    assert taken


async def test_r1_a_hub_that_comes_back_finishes_at_once_what_it_had_taken(parts: Parts) -> None:
    conversations = [new_conversation() for _ in range(bridge.READ_COUNT + 8)]
    await asyncio.gather(*(parts.say(new) for new in conversations))
    for inbound in await parts.inbox():
        await parts.publish(outcome_for(inbound, "Hi!"))
    await take(parts, "hub-1")
    rows: Any = await parts.redis.xrange(parts.keys.events)
    await parts.redis.xdel(parts.keys.events, rows[0][0])  # deleted by hand while it was pending
    async with running(bridge_of(parts, "hub-1", claim_idle_s=60).read()):
        await settled(parts)
    answered = [new for new in conversations if await parts.kinds(new.id) == ["message", "nlu", "notice", "message"]]
    assert len(answered) == len(conversations) - 1
    assert await parts.redis.xlen(parts.keys.dead) == 0, "what was deleted is no unreadable result"


async def test_r18_a_result_that_brings_every_hub_down_is_set_aside_when_five_have_tried(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    (poison,) = await asked(parts, "poison")
    await parts.publish(outcome_for(poison, "Hi!"))
    await take(parts, "hub-1")
    for _ in range(DELIVERIES_MAX - 1):
        await parts.redis.xreadgroup(Keys.HUB_GROUP, "hub-1", {parts.keys.events: "0"})
    async with running(bridge_of(parts, "hub-1").read()):
        await parts.publish(outcome_for(inbound, "Hi!"))
        await replies(parts, inbound.conversation, 1)
        await settled(parts)
    assert await parts.redis.xlen(parts.keys.dead) == 1
    assert (await parts.state(poison.conversation)).bot_pending == (1,), "its deadline stands"


async def test_r28_a_group_that_vanished_is_made_anew_with_an_alarm_and_skips_nothing(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(bridge_of(parts).read()):
        await settled(parts)
        for text in ("one", "two"):
            await parts.redis.xgroup_destroy(parts.keys.events, Keys.HUB_GROUP)
            (inbound,) = await asked(parts, text)
            await parts.publish(outcome_for(inbound, text))
            assert await replies(parts, inbound.conversation, 1) == [text]
        await settled(parts)
    assert "had vanished" in caplog.text


async def test_r1_what_a_dead_hub_had_taken_is_taken_over_by_another(parts: Parts) -> None:
    (inbound,) = await asked(parts, "hello")
    await parts.publish(outcome_for(inbound, "Hi!"))
    await take(parts, "hub-9")
    async with running(bridge_of(parts, "hub-1").read()):
        assert await replies(parts, inbound.conversation, 1) == ["Hi!"]
        await settled(parts)


async def test_r2_a_redis_that_is_lost_while_a_result_is_taken_off_leaves_nothing_on_the_stream(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> Any:
        raise ConnectionError("lost between the acknowledgement and the deletion")

    monkeypatch.setattr(parts.redis, "xdel", lost)
    (inbound,) = await asked(parts, "hello")
    await parts.publish(replace(outcome_for(inbound, "Hi!"), conversation="one-that-does-not-exist"))
    async with running(bridge_of(parts).read()):
        await settled(parts)


def test_a_dead_hubs_results_are_taken_over_before_the_visitor_is_told_that_the_bot_is_late() -> None:
    assert bridge.CLAIM_IDLE_S + max(bridge.RECLAIM_EVERY_S, bridge.BLOCK_MS / 1000) <= 5.0


async def test_r28_a_group_that_was_destroyed_is_made_again_and_nothing_skipped(parts: Parts) -> None:
    one, two = await asked(parts, "one"), await asked(parts, "two")
    async with running(bridge_of(parts).read()):
        await parts.publish(outcome_for(one[0], "to one"))
        await replies(parts, one[0].conversation, 1)
        await parts.redis.xgroup_destroy(parts.keys.events, Keys.HUB_GROUP)
        await parts.publish(outcome_for(two[0], "to two"))
        assert await replies(parts, two[0].conversation, 1) == ["to two"]
    assert await replies(parts, one[0].conversation, 1) == ["to one"]


async def test_a_stream_that_is_none_is_waited_for_and_ends_nothing(parts: Parts) -> None:
    (inbound,) = await asked(parts, "one")
    await parts.redis.set(parts.keys.events, "by somebody's mistake")
    async with running(bridge_of(parts).read()):
        await asyncio.sleep(0.1)
        await parts.redis.delete(parts.keys.events)
        await parts.publish(outcome_for(inbound, "to one"))
        assert await replies(parts, inbound.conversation, 1) == ["to one"]


async def test_a_conversation_whose_message_is_gone_from_the_inbox_goes_on_with_the_next(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with parts_on(url, bot_timeout_s=0.2) as parts:
        one, two = await asked(parts, "one", "two")
        busy: Any = await parts.redis.get(parts.keys.busy(one.conversation))
        await parts.redis.xdel(parts.keys.inbox, busy)
        async with running(bridge_of(parts).keep_deadlines()):

            async def moved_up() -> bool:
                return [inbound.message_id for inbound in await parts.inbox()] == [two.message_id]

            await until(moved_up, "the second message is on the inbox")

            async def said_so() -> bool:
                return one.conversation in caplog.text

            await until(said_so, "the log says so")


async def test_r2_results_go_on_when_redis_is_back(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts, running(bridge_of(parts).read(), bridge_of(parts).keep_deadlines()):
        (inbound,) = await asked(parts, "hello")
        redis_server.kill()
        await asyncio.sleep(0.1)
        redis_server.start()
        await parts.publish(outcome_for(inbound, "Hi!"))
        assert await replies(parts, inbound.conversation, 1) == ["Hi!"]


async def test_r7_a_result_that_could_not_be_written_in_time_is_written_later(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url, timeout_s=0.3) as parts:
        (inbound,) = await asked(parts, "hello")
        applied = asyncio.Event()
        made = bridge_of(parts)
        apply = made._apply

        async def stopping(rows: Any) -> None:
            if rows and not applied.is_set():
                applied.set()
                redis_server.signal(signal.SIGSTOP)
            await apply(rows)

        made._apply = stopping  # type: ignore[method-assign]
        async with running(made.read()):
            await parts.publish(outcome_for(inbound, "Hi!"))
            await asyncio.wait_for(applied.wait(), 5)
            await asyncio.sleep(0.5)
            redis_server.signal(signal.SIGCONT)
            async with parts_on(redis_server.url) as patient:
                assert await replies(patient, inbound.conversation, 1) == ["Hi!"]
                await settled(patient)


# -- a late bot


async def test_r21_a_late_bot_is_told_in_time_once_and_its_answer_dropped(url: str) -> None:
    async with parts_on(url, bot_timeout_s=0.3) as parts:
        made = bridge_of(parts)
        async with running(made.read(), made.keep_deadlines()):
            new = new_conversation()
            started = asyncio.get_running_loop().time()
            (inbound,) = await asked(parts, "hello", new=new)
            assert await replies(parts, new.id, 1, "system") == [texts().say("en", "bot_late")]
            assert 0.25 <= asyncio.get_running_loop().time() - started < 5, "the limit of this hub is 0.3 s"
            assert await parts.redis.zscore(parts.keys.due, new.id) is None
            await parts.publish(outcome_for(inbound, "too late"))
            await settled(parts)
            assert await parts.kinds(new.id) == ["message", "message", "nlu"]
            (button,) = (await parts.store.events(new.id))[1]["buttons"]
            pressed = await parts.hub.visitors.message(new, id=uid(), text=None, button=button["id"])
            assert pressed["status"] == "queued"


async def test_r21_all_who_wait_for_a_dead_bot_are_told_in_time(url: str) -> None:
    async with parts_on(url, bot_timeout_s=0.3) as parts, running(bridge_of(parts).keep_deadlines()):
        conversations = [new_conversation() for _ in range(bridge.LATE_AT_ONCE + 50)]
        await asyncio.gather(*(parts.say(new) for new in conversations))
        written = asyncio.get_running_loop().time()

        async def told() -> bool:
            return not await parts.redis.zcard(parts.keys.due)

        await until(told, "all are told")
        assert asyncio.get_running_loop().time() - written < 5
        for new in conversations:
            assert await parts.kinds(new.id) == ["message", "message"]


async def test_a_deadline_that_was_renewed_meanwhile_is_left_alone(parts: Parts) -> None:
    one, _ = await asked(parts, "one", "two")
    made = bridge_of(parts)
    before = await parts.presence.now_ms()
    first: Any = await parts.redis.zscore(parts.keys.due, one.conversation)
    async with running(made.read()):
        await parts.publish(outcome_for(one, "to one"))
        await replies(parts, one.conversation, 1)
    # The sweep found it late a moment ago, by the deadline of the first message.
    await made._tell_late(one.conversation, max(before, int(first)))
    assert (await parts.kinds(one.conversation)).count("message") == 3
    assert (await parts.state(one.conversation)).bot_pending == (2,)


async def test_an_answered_message_that_was_listed_as_late_is_left_alone(parts: Parts) -> None:
    (inbound,) = await asked(parts, "one")
    made = bridge_of(parts)
    async with running(made.read()):
        await parts.publish(outcome_for(inbound, "to one"))
        await settled(parts)
    await made._tell_late(inbound.conversation, await parts.presence.now_ms() + 10_000)
    assert await parts.kinds(inbound.conversation) == ["message", "nlu", "notice", "message"]


async def test_deadlines_of_nothing_are_removed(parts: Parts) -> None:
    waiting = await parts.queued()
    await parts.redis.zadd(parts.keys.due, {waiting.id: 1, "nobody": 1})
    await bridge_of(parts)._sweep()
    assert await parts.redis.zcard(parts.keys.due) == 0


async def test_a_conversation_that_cannot_be_told_keeps_no_other_waiting(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (one,), (two,) = await asked(parts, "one"), await asked(parts, "two")
    await parts.redis.zadd(parts.keys.due, {one.conversation: 1, two.conversation: 2})
    late = decisions.bot_late

    def fails_on_one(state: Conversation, *rest: Any, **fields: Any) -> Any:
        if state.id == one.conversation:
            raise KeyError("unforeseen")
        return late(state, *rest, **fields)

    monkeypatch.setattr(decisions, "bot_late", fails_on_one)
    await bridge_of(parts)._sweep()
    assert await parts.kinds(two.conversation) == ["message", "message"]
    assert one.conversation in caplog.text


async def test_a_sweep_without_redis_says_so(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url) as parts:
        (one,) = await asked(parts, "one")
        await parts.redis.zadd(parts.keys.due, {one.conversation: 1})
        store = parts.store
        load = store._load_with_answer

        async def dying(*arguments: Any) -> Any:
            redis_server.kill()
            return await load(*arguments)

        store._load_with_answer = dying  # type: ignore[method-assign, assignment]
        with pytest.raises(StoreUnavailable):
            await bridge_of(parts)._sweep()


async def test_a_wish_for_a_person_reaches_the_queue_with_its_reasons(parts: Parts) -> None:
    (inbound,) = await asked(parts, "my father died")
    reason = {"code": "human_topic", "topic": "human/bereavement", "evidence": ["father died"], "of": 1}
    wish: Outcome = outcome_for(inbound, "I am sorry.", handoff=HandoffRequest((reason,), "urgent", "care"))
    async with running(bridge_of(parts).read()):
        await parts.publish(wish)
        await settled(parts)
    (line,) = await parts.hub.lists.queue()
    assert (line["conversation"], line["priority"], line["skill"]) == (inbound.conversation, "urgent", "care")
    assert line["reason"] == reason
    packet = (await parts.hub.agents.opened(inbound.conversation, "fi"))["handoff"]
    assert packet["reasons"][0]["evidence"] == ["father died"]
    claimed = await parts.hub.agents.claim(AINO, inbound.conversation, id=uid())
    assert claimed["status"] == "assigned"


async def test_who_the_bot_passes_on_to_a_skill_that_is_closed_is_told_so(parts: Parts) -> None:
    settings, chat = ALWAYS_OPEN, ALWAYS_OPEN.hours.services["chat"]
    services = {**settings.hours.services, "chat": replace(chat, skills={"care": Schedule(chat.usual.zone, {})})}
    parts.hub.owner.now = replace(settings, hours=replace(settings.hours, services=services))
    (inbound,) = await asked(parts, "my father died")
    wish: Outcome = outcome_for(inbound, "I am sorry.", handoff=HandoffRequest((), "urgent", "care"))
    async with running(bridge_of(parts).read()):
        await parts.publish(wish)
        await settled(parts)
    (passed_on,) = [event for event in await parts.store.events(inbound.conversation) if event["kind"] == "handoff"]
    assert passed_on["text"] == settings.texts.say("en", "queue.closed")


async def test_what_belongs_to_an_answer_is_in_its_language_and_what_the_hub_says_in_the_visitors_choice(
    parts: Parts,
) -> None:
    parts.hub.owner.now = closed_but({})
    new = new_conversation(language="fi")
    (inbound,) = await asked(parts, "milloin olette auki?", new=new)
    await parts.hub.visitors.set_language(new, id=uid(), language="da")
    nlu = {"topic": "faq/opening_hours", "decision": "answer"}
    person = HandoffRequest(({"code": "asked", "evidence": [], "of": inbound.of},))
    await parts.publish(outcome_for(inbound, "Olemme avoinna arkisin.", language="fi", nlu=nlu, handoff=person))
    async with running(bridge_of(parts).read()):
        await settled(parts)
    answer, told = (await parts.store.events(new.id))[-2:]
    assert (answer["language"], answer["text"]) == ("fi", "Olemme avoinna arkisin.\n\nAsiakaspalvelu on nyt kiinni.")
    assert (told["language"], told["text"]) == ("da", ALWAYS_OPEN.texts.say("da", "queue.closed"))
    assert (await parts.state(new.id)).language == "da"


async def test_a_deadline_of_what_this_version_cannot_read_stands_and_holds_nobody_up(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    newer, other = new_conversation(), new_conversation()
    for one in (newer, other):
        await parts.say(one)
    kept = {**json.loads((await parts.state(newer.id)).to_json()), "status": "asleep"}
    await parts.redis.hset(parts.keys.state(newer.id), "state", json.dumps(kept))
    parts.store.forget(newer.id)
    await parts.redis.zadd(parts.keys.due, {newer.id: 1, other.id: 2})
    for _ in range(3):
        await bridge_of(parts)._sweep()
    assert await parts.redis.zrange(parts.keys.due, 0, -1) == [newer.id.encode()]
    assert len(await parts.kinds(other.id)) > 1, "the other visitor was told"
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1, "said once"
