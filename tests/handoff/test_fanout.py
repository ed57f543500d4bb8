from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from handoff.errors import StoreUnavailable
from handoff.fanout import PAGE, Subscription
from handoff.keys import HubKeys
from handoff.tasks import end
from tests.handoff.parts import AINO, Parts, Recorder, new_conversation, parts_on, uid
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


class Elsewhere(HubKeys):
    """Keys of a writer whose notices reach nobody."""

    @property
    def notices(self) -> str:
        return self.prefix + "lost"


@asynccontextmanager
async def listening(parts: Parts) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(parts.fanout.listen())
    await asyncio.wait_for(parts.fanout.listening.wait(), 10)
    try:
        yield task
    finally:
        assert not task.done(), "listening has ended"
        await end(task)


async def heard(recorder: Recorder, last: int) -> None:
    async def all_there() -> bool:
        return len(recorder.numbers) >= last

    await until(all_there, f"{last} events")
    assert recorder.numbers == list(range(1, last + 1))


async def test_what_is_written_by_any_process_is_delivered_in_order_and_once(url: str, parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    async with listening(parts), parts_on(url) as other:
        subscription = parts.fanout.subscribe(new.id, 0, recorder)
        await subscription.catch_up()
        await asyncio.gather(*((parts, other)[n % 2].say(new, str(n)) for n in range(30)))
        await heard(recorder, 30)
        assert recorder.events == await parts.store.events(new.id), "a notice says what the log says"
        subscription.close()
        subscription.close()
        await parts.say(new)
        await parts.fanout.reconcile()
        assert len(recorder.events) == 30
        assert parts.fanout.of(new.id) == ()


async def test_a_notice_that_overtakes_the_answer_about_the_end_of_the_log_is_not_lost(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, recorder = new_conversation(), Recorder()
    await parts.say(new, "one")
    subscription = parts.fanout.subscribe(new.id, 1, recorder)
    ask, asked = parts.store.last, 0

    async def last(conversation: str) -> int:
        nonlocal asked
        asked += 1
        known = await ask(conversation)
        if asked == 2:  # between the question and its answer somebody writes, and the notice comes first
            await parts.say(new, "two")
            subscription.offer((await parts.store.events(new.id))[-1:], known + 1)
        return known

    monkeypatch.setattr(parts.store, "last", last)
    subscription._known = 2  # announced, and for now not there
    await subscription.catch_up()
    assert recorder.numbers == [2]


async def test_r14_two_tabs_see_the_same_order(url: str) -> None:
    new, tabs = new_conversation(), (Recorder(), Recorder())
    async with parts_on(url) as one, parts_on(url) as two, listening(one), listening(two):
        for parts, tab in zip((one, two), tabs, strict=True):
            await parts.fanout.subscribe(new.id, 0, tab).catch_up()
        await asyncio.gather(*((one, two)[n % 2].say(new, str(n)) for n in range(20)))
        for tab in tabs:
            await heard(tab, 20)
    assert tabs[0].events == tabs[1].events


async def test_i3_a_lost_notice_is_made_good_by_the_next_one(url: str, parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    async with listening(parts), parts_on(url, keys=Elsewhere()) as mute:
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        for n in range(5):
            await mute.say(new, str(n))
        await parts.say(new, "heard")
        await heard(recorder, 6)


async def test_i3_a_lost_notice_that_no_other_follows_is_made_good_by_the_regular_check(url: str) -> None:
    new, recorder = new_conversation(), Recorder()
    async with (
        parts_on(url, check_every_s=0.1) as parts,
        parts_on(url, keys=Elsewhere()) as mute,
        listening(parts),
    ):
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        await mute.say(new, "unheard")
        await heard(recorder, 1)


async def test_what_was_written_while_the_line_was_cut_comes_after_it_is_back(url: str) -> None:
    new, recorder = new_conversation(), Recorder()
    watched: list[dict[str, Any]] = []
    async with parts_on(url, retry_s=0.05) as parts, parts_on(url, keys=Elsewhere()) as mute, listening(parts):
        parts.fanout.watchers.add(watched.append)
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        await mute.say(new, "while nobody listens")
        await mute.redis.client_kill_filter(_type="pubsub")
        await heard(recorder, 1)

        async def told() -> bool:
            return {"reconnected": True} in watched

        await until(told, "watchers are told, since they may have missed something")


async def test_r2_listening_outlives_a_dead_redis(redis_server: RedisServer) -> None:
    new, recorder = new_conversation(), Recorder()
    async with parts_on(redis_server.url, retry_s=0.05) as parts, listening(parts):
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        await parts.say(new)
        redis_server.kill()

        async def deaf() -> bool:
            return not parts.fanout.listening.is_set()

        await until(deaf, "the loss is noticed")
        await parts.fanout.publish({"conversation": new.id, "typing": {}})  # lost, and no error
        redis_server.start()
        await parts.say(new)
        await heard(recorder, 2)


async def test_r7_listening_outlives_a_hung_redis(redis_server: RedisServer) -> None:
    new, recorder = new_conversation(), Recorder()
    async with parts_on(redis_server.url, timeout_s=0.2, check_every_s=0.1, retry_s=0.05) as parts:
        async with listening(parts):
            await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
            await parts.say(new)
            redis_server.signal(signal.SIGSTOP)

            async def deaf() -> bool:
                return not parts.fanout.listening.is_set()

            await until(deaf, "the regular check fails")
            redis_server.signal(signal.SIGCONT)
            await asyncio.wait_for(parts.fanout.listening.wait(), 10)
            await parts.say(new)
            await heard(recorder, 2)


async def test_a_long_replay_goes_in_pages_and_waits_for_the_socket(parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    await parts.fill(new, 500)
    subscription = parts.fanout.subscribe(new.id, 0, recorder)
    await subscription.catch_up()
    await heard(recorder, 500)
    assert recorder.deepest <= PAGE
    assert recorder.flushes >= 500 // PAGE


async def test_what_is_written_during_a_replay_comes_once_and_in_its_place(parts: Parts) -> None:
    new = new_conversation()
    await parts.fill(new, 3 * PAGE)

    class Slow(Recorder):
        async def flushed(self) -> None:
            await super().flushed()
            if len(self.events) <= 3 * PAGE:
                await parts.say(new, "meanwhile")

    recorder = Slow()
    async with listening(parts):
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        await parts.say(new, "after")
        await heard(recorder, 3 * PAGE + 3 + 1)


async def test_a_replay_begins_after_the_number_that_the_socket_has(parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    for n in range(5):
        await parts.say(new, str(n))
    await parts.fanout.subscribe(new.id, 3, recorder).catch_up()
    assert recorder.numbers == [4, 5]


async def test_what_is_written_just_before_the_subscription_is_not_missed(parts: Parts) -> None:
    """Its notice came when nobody was subscribed yet, and no other may follow for minutes."""
    new, recorder = new_conversation(), Recorder()
    await parts.say(new)
    state = await parts.state(new.id)
    await parts.say(new)
    await parts.fanout.subscribe(new.id, state.last, recorder).catch_up()
    assert recorder.numbers == [2]


async def test_what_is_written_while_the_subscription_asks_for_the_end_is_not_missed(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its notice comes between the look at the log's end and its use."""
    new, recorder = new_conversation(), Recorder()
    await parts.say(new)
    subscription = parts.fanout.subscribe(new.id, 1, recorder)
    look = parts.store.last

    async def overtaken(conversation: str) -> int:
        last = await look(conversation)
        await parts.say(new)
        subscription.offer(await parts.store.events(new.id, after=1), 2)
        return last

    monkeypatch.setattr(parts.store, "last", overtaken)
    await subscription.catch_up()
    assert recorder.numbers == [2]


async def test_a_subscription_closed_in_the_middle_of_a_replay_delivers_nothing_more(parts: Parts) -> None:
    new = new_conversation()
    await parts.fill(new, 2 * PAGE)
    subscriptions: list[Subscription] = []

    class Closing(Recorder):
        async def flushed(self) -> None:
            subscriptions[0].close()

    class ClosingAtOnce(Recorder):
        def deliver(self, conversation: str, event: Any) -> None:
            super().deliver(conversation, event)
            subscriptions[0].close()

    for recorder, seen in ((Closing(), PAGE), (ClosingAtOnce(), 1)):
        subscriptions[:] = [parts.fanout.subscribe(new.id, 0, recorder)]
        await subscriptions[0].catch_up()
        assert len(recorder.events) == seen


async def test_a_replay_that_redis_interrupts_goes_on_where_it_was(redis_server: RedisServer) -> None:
    new, recorder = new_conversation(), Recorder()
    async with parts_on(redis_server.url, retry_s=0.05) as parts:
        await parts.fill(new, 10)
        subscription = parts.fanout.subscribe(new.id, 0, recorder)
        redis_server.kill()
        with pytest.raises(StoreUnavailable):
            await subscription.catch_up()
        subscription.offer([], 10)  # as by a notice: read quietly, in vain
        await asyncio.sleep(0.05)
        redis_server.start()
        async with listening(parts):
            await heard(recorder, 10)


async def test_a_second_replay_leaves_the_first_alone(parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    await parts.fill(new, 10)
    subscription = parts.fanout.subscribe(new.id, 0, recorder)
    await asyncio.gather(subscription.catch_up(), subscription.catch_up())
    subscription.offer([], 10)
    assert recorder.numbers == list(range(1, 11))


async def test_a_log_that_does_not_hold_what_was_announced_ends_the_replay(parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    await parts.say(new)
    subscription = parts.fanout.subscribe(new.id, 0, recorder)
    subscription.offer([], 7)
    await asyncio.wait_for(subscription.catch_up(), 5)

    async def delivered() -> bool:
        return recorder.numbers == [1]

    await until(delivered, "what is there")


async def test_r23_a_log_that_was_cut_behind_a_reader_is_a_resync_and_no_silent_gap(parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    await parts.fill(new, 10)
    await parts.redis.xtrim(parts.keys.log(new.id), minid="6-0", approximate=False)
    await parts.fanout.subscribe(new.id, 3, recorder).catch_up()
    assert recorder.events[0] == {"seq": 0, "kind": "resync", "from": 6}
    assert recorder.numbers[1:] == [6, 7, 8, 9, 10]
    # All of it is gone: nothing to send, and what comes next is number eleven.
    await parts.redis.xtrim(parts.keys.log(new.id), maxlen=0, approximate=False)
    late = Recorder()
    subscription = parts.fanout.subscribe(new.id, 3, late)
    await subscription.catch_up()
    assert late.events == [{"seq": 0, "kind": "resync", "from": 11}]
    await parts.say(new)
    await subscription.catch_up()
    assert late.numbers == [0, 11]


async def test_what_a_failover_has_taken_back_is_a_resync(url: str, parts: Parts) -> None:
    new, recorder = new_conversation(), Recorder()
    for text in ("kept", "lost", "lost too"):
        await parts.say(new, text)
    subscription = parts.fanout.subscribe(new.id, 0, recorder)
    await subscription.catch_up()
    # As on a replica that has become primary before the last two had reached it.
    await parts.redis.xtrim(parts.keys.log(new.id), maxlen=3, approximate=False)
    await parts.redis.xdel(parts.keys.log(new.id), "2-0", "3-0")
    await parts.redis.hset(parts.keys.state(new.id), "last", 1)
    await parts.fanout.reconcile()

    async def again() -> bool:
        return recorder.numbers == [1, 2, 3, 0, 1]

    await until(again, "the log from its beginning")
    assert subscription.sent == 1


async def test_typing_reaches_those_who_follow_the_conversation(url: str, parts: Parts) -> None:
    new, mine, others = new_conversation(), Recorder(), Recorder()
    async with listening(parts), parts_on(url) as other:
        parts.fanout.subscribe(new.id, 0, mine)
        parts.fanout.subscribe("another", 0, others)
        await other.fanout.publish({"conversation": new.id, "typing": {"role": "agent", "on": True}})

        async def typed() -> bool:
            return mine.typed == [{"role": "agent", "on": True}]

        await until(typed, "typing is shown")
        assert others.typed == []


async def test_a_notice_that_cannot_be_used_ends_nothing(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    new, recorder = new_conversation(), Recorder()

    def broken(_: Any) -> None:
        raise KeyError("a watcher's mistake")

    async with listening(parts):
        await parts.fanout.subscribe(new.id, 0, recorder).catch_up()
        for raw in ("not JSON", "[]", json.dumps({"events": [{}], "conversation": new.id, "last": 9})):
            await parts.redis.publish(parts.keys.notices, raw)
        parts.fanout.watchers.add(broken)
        await parts.say(new)
        await parts.say(new)
        await heard(recorder, 2)
    assert "a notice could not be used" in caplog.text


async def test_a_conversation_with_many_subscribers_elsewhere_is_reconciled_too(parts: Parts) -> None:
    """More than one chunk of the reconciliation."""
    new, recorder = new_conversation(), Recorder()
    for n in range(700):
        parts.fanout.subscribe(f"quiet-{n}", 0, Recorder())
    parts.fanout.subscribe(new.id, 0, recorder)
    await parts.say(new)
    await parts.hub.agents.note(AINO, new.id, id=uid(), text="x")
    await parts.fanout.reconcile()
    await heard(recorder, 2)


async def test_who_is_held_gets_what_came_meanwhile_after_the_release_once_and_in_order(url: str, parts: Parts) -> None:
    new, recorder, witness = new_conversation(), Recorder(), Recorder()
    async with listening(parts), parts_on(url) as other:
        held = parts.fanout.subscribe(new.id, 0, recorder, held=True)
        parts.fanout.subscribe(new.id, 0, witness)
        for n in range(3):
            await other.say(new, str(n))
        await heard(witness, 3)
        await parts.fanout.reconcile()
        assert recorder.events == [] and held.sent == 0
        state = await parts.store.load(new.id)
        assert state is not None
        await asyncio.gather(held.release(1, state.last), other.say(new, "3"))
        await heard(witness, 4)

        async def all_there() -> bool:
            return recorder.numbers == [2, 3, 4]

        await until(all_there, "what is above the number that the socket has")
        await other.say(new, "4")
        await heard(witness, 5)
        assert recorder.numbers == [2, 3, 4, 5]
