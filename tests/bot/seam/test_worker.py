"""Each message to exactly one outcome: the worker and its flights on a real Redis, with a stand-in for Rasa."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.seam import outcomes
from bot.seam.inbox import Inbox
from bot.seam.limits import Limits
from bot.seam.link import AWAY, Link
from bot.seam.turn import AlreadyAnswered, Stage, StoreUnavailable, Turn, TurnConflict, TurnLost, current_turn
from bot.seam.worker import Worker
from handoff.events import Failure, InboundKind, Keys, Outcome, Reply, encode
from tests.bot.seam.harness import KEYS, Hub, RedisServer, until

SLOW_TAKEOVER = Limits(block=0.05, claim_every=0.05, takeover=60.0, renew_every=0.1, drain=1.0, retry_after=0.01)
"""As the tests' own limits, but that nothing comes by a takeover while a test lasts."""


class Rasa:
    """Runs turns as the tracker store would end them. ``before`` may do what it likes first."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.ran: list[str] = []
        self.before: Callable[[Turn], Awaitable[None]] | None = None

    async def __call__(self, turn: Turn) -> None:
        assert current_turn() is turn
        self.ran.append(turn.inbound.text)
        if self.before is not None:
            await self.before(turn)
        await self.commit(turn)

    async def commit(self, turn: Turn) -> None:
        inbound = turn.inbound
        outcome = Outcome(inbound.conversation, inbound.message_id, inbound.of, replies=(Reply(inbound.text),))
        turn.stage = Stage.COMMITTING
        event = json.dumps({"text": inbound.text})
        try:
            said = await self.link.commit(
                inbound.conversation, entry=turn.entry, events=[event], outcome=encode(outcome)
            )
        except AWAY as error:
            raise StoreUnavailable from error
        if said in ("gone", "stolen"):
            raise TurnLost
        turn.stage = Stage.DONE


@pytest_asyncio.fixture
async def rasa(link: Link) -> Rasa:
    return Rasa(link)


@pytest_asyncio.fixture
async def worker(link: Link, rasa: Rasa) -> AsyncIterator[Worker]:
    made = Worker(link, rasa)
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def second(server: RedisServer, limits: Limits) -> AsyncIterator[tuple[Worker, Rasa]]:
    """Another process. It is not started."""
    link = Link(server.bot_url, limits=limits, name="bot-b")
    rasa = Rasa(link)
    made = Worker(link, rasa)
    yield made, rasa
    await made.stop()
    await link.close()


async def texts(hub: Hub, conversation: str) -> list[str]:
    return [outcome.replies[0].text for outcome in await hub.outcomes(conversation)]


async def test_messages_of_one_conversation_are_answered_in_order_and_once(hub: Hub, worker: Worker) -> None:
    for number in range(30):
        await hub.say(f"c{number % 3}", str(number))
    await until(hub.resting)
    for number in range(3):
        assert await texts(hub, f"c{number}") == [str(n) for n in range(number, 30, 3)]


async def test_two_processes_share_the_work_and_keep_the_order(
    hub: Hub, worker: Worker, rasa: Rasa, second: tuple[Worker, Rasa]
) -> None:
    async def slowly(_: Turn) -> None:
        await asyncio.sleep(0.005)

    rasa.before = second[1].before = slowly
    await second[0].start()
    for number in range(200):
        await hub.say(f"c{number % 20}", str(number))
    await until(hub.resting)
    for number in range(20):
        assert await texts(hub, f"c{number}") == [str(n) for n in range(number, 200, 20)]
    assert min(len(rasa.ran), len(second[1].ran)) > 20


async def test_a_slow_conversation_delays_no_other(hub: Hub, worker: Worker, rasa: Rasa) -> None:
    release = asyncio.Event()

    async def wait(turn: Turn) -> None:
        if turn.inbound.conversation == "slow":
            await release.wait()

    rasa.before = wait
    await hub.say("slow", "1")
    behind = await hub.say("slow", "2")
    await hub.outcome(await hub.say("quick", "3"))
    assert await hub.outcomes("slow") == []
    release.set()
    await hub.outcome(behind)
    assert await texts(hub, "slow") == ["1", "2"]


async def test_no_more_turns_run_at_once_than_there_are_slots(hub: Hub, link: Link, rasa: Rasa) -> None:
    link.limits = replace(link.limits, slots=3)
    running = most = 0

    async def count(_: Turn) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    rasa.before = count
    worker = Worker(link, rasa)
    await worker.start()
    for number in range(15):
        await hub.say(f"c{number}", "hi")
    await until(hub.resting)
    await worker.stop()
    assert most == 3


async def test_a_turn_longer_than_the_takeover_is_not_taken_over(
    hub: Hub, worker: Worker, rasa: Rasa, second: tuple[Worker, Rasa]
) -> None:
    async def long(_: Turn) -> None:
        await asyncio.sleep(1.0)  # the takeover is 0.4 s here

    rasa.before = second[1].before = long
    await second[0].start()
    await hub.outcome(await hub.say("c", "hi"))
    assert len(rasa.ran) + len(second[1].ran) == 1


async def test_a_message_that_fails_every_time_is_given_up_and_the_next_one_answered(
    hub: Hub, worker: Worker, rasa: Rasa
) -> None:
    async def fail(turn: Turn) -> None:
        if turn.inbound.text == "bad":
            raise ValueError("bad")

    rasa.before = fail
    bad = await hub.say("c", "bad")
    good = await hub.say("c", "good")
    outcome = await hub.outcome(bad)
    assert (outcome.failure, outcome.replies, outcome.of) == (Failure.POISON, (), bad.of)
    assert rasa.ran.count("bad") == worker._limits.attempts
    assert (await hub.outcome(good)).failure is None


async def test_the_visitors_words_are_not_in_the_log_of_a_failure(
    hub: Hub, worker: Worker, rasa: Rasa, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(turn: Turn) -> None:
        raise ValueError(turn.inbound.text)

    rasa.before = fail
    await hub.outcome(await hub.say("c", "my secret"))
    assert "ValueError" in caplog.text
    assert "my secret" not in caplog.text


async def test_attempts_of_a_process_that_died_count(hub: Hub, link: Link, rasa: Rasa) -> None:
    async def fail(_: Turn) -> None:
        raise ValueError

    rasa.before = fail
    await Inbox(link).join()
    bad = await hub.say("c", "bad")
    ((entry, _),) = await hub.redis.xrange(KEYS.inbox)
    await hub.redis.xreadgroup(Keys.GROUP, "dead", {KEYS.inbox: ">"})
    await hub.redis.xclaim(KEYS.inbox, Keys.GROUP, "dead", 0, [entry], idle=10_000, retrycount=3)
    worker = Worker(link, rasa)
    await worker.start()
    assert (await hub.outcome(bad)).failure is Failure.POISON
    await worker.stop()
    assert len(rasa.ran) == 2  # the fourth and the fifth


async def test_coming_back_without_a_commit_is_no_success(
    hub: Hub, worker: Worker, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: Turn) -> None:
        return None

    monkeypatch.setattr(rasa, "commit", nothing)
    assert (await hub.outcome(await hub.say("c", "hi"))).failure is Failure.POISON


async def test_a_conflict_is_run_again_at_once_and_costs_no_attempt(hub: Hub, worker: Worker, rasa: Rasa) -> None:
    async def conflict(_: Turn) -> None:
        if len(rasa.ran) < 4:
            raise TurnConflict

    rasa.before = conflict
    began = time.monotonic()
    assert (await hub.outcome(await hub.say("c", "hi"))).failure is None
    assert len(rasa.ran) == 4
    assert time.monotonic() - began < 2


async def test_a_turn_without_end_is_stopped_and_told(hub: Hub, link: Link, rasa: Rasa) -> None:
    link.limits = replace(link.limits, turn=0.1)
    worker = Worker(link, rasa)
    await worker.start()

    async def hang(turn: Turn) -> None:
        if turn.inbound.text == "hang":
            await asyncio.sleep(60)

    rasa.before = hang
    assert (await hub.outcome(await hub.say("c", "hang"))).failure is Failure.ACTION
    assert (await hub.outcome(await hub.say("c", "go on"))).failure is None
    assert rasa.ran == ["hang", "go on"]
    await worker.stop()


async def test_redis_being_away_costs_no_attempt_and_loses_nothing(
    server: RedisServer, hub: Hub, worker: Worker, rasa: Rasa
) -> None:
    full, down = asyncio.Event(), asyncio.Event()

    async def die(_: Turn) -> None:
        await full.wait()
        if not down.is_set():
            server.kill()
            down.set()

    rasa.before = die
    for text in ("1", "2", "3"):
        await hub.say("c", text)
    full.set()
    await down.wait()
    await asyncio.sleep(0.5)
    server.start()
    await until(hub.resting)
    assert await texts(hub, "c") == ["1", "2", "3"]
    assert rasa.ran == ["1", "2", "3"]  # the finished turn waited with its commit


async def test_a_turn_that_cannot_load_is_run_again_when_redis_is_back(
    server: RedisServer, hub: Hub, worker: Worker, rasa: Rasa
) -> None:
    async def unavailable(_: Turn) -> None:
        if len(rasa.ran) < 8:
            raise StoreUnavailable

    rasa.before = unavailable
    assert (await hub.outcome(await hub.say("c", "hi"))).failure is None
    assert len(rasa.ran) == 8


async def test_an_emptied_redis_is_read_again(hub: Hub, worker: Worker) -> None:
    await hub.outcome(await hub.say("c", "1"))
    await hub.redis.flushall()
    await hub.outcome(await hub.say("c", "2"))


async def test_a_message_answered_before_is_acknowledged_without_an_outcome(
    hub: Hub, worker: Worker, rasa: Rasa
) -> None:
    async def again(turn: Turn) -> None:
        if turn.inbound.text == "again":
            await rasa.link.commit("c", entry=turn.entry)
            raise AlreadyAnswered

    rasa.before = again
    await hub.say("c", "again")
    await hub.outcome(await hub.say("c", "next"))
    assert await texts(hub, "c") == ["next"]
    await until(hub.resting)


@pytest.mark.parametrize("data", ["no json", "[]", "{}", '{"v":1,"conversation":7,"message_id":"m","of":1}'])
async def test_what_is_no_envelope_is_dropped_and_the_next_entry_read(hub: Hub, worker: Worker, data: str) -> None:
    await hub.redis.xadd(KEYS.inbox, {"data": data})
    await hub.outcome(await hub.say("c", "hi"))
    await until(hub.resting)


async def test_an_entry_whose_conversation_was_erased_before_its_turn_is_settled_and_holds_up_nobody(
    hub: Hub, link: Link, rasa: Rasa, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    dead = Inbox(Link(server.bot_url, name="bot-dead"))
    await dead.join()
    await hub.say("gone", "hi")
    (taken,) = await dead.read(9)
    # As an erasure leaves it: the entry was handed out, and there is nothing of it any more.
    await hub.redis.xdel(KEYS.inbox, taken.entry)
    await hub.redis.delete(KEYS.busy("gone"))
    await dead._link.close()
    worker = Worker(link, rasa)
    await worker.start()
    try:
        await hub.outcome(await hub.say("c", "next"))

        async def settled() -> bool:
            return not (await hub.redis.xpending(KEYS.inbox, Keys.GROUP))["pending"]

        await until(settled, 30)
    finally:
        await worker.stop()
    assert rasa.ran == ["next"] and not await hub.outcomes("gone")
    # A Redis from 7 on drops such an entry when it is taken over; an older one hands it out empty, and that is said.
    assert "gone" not in caplog.text


async def test_what_is_erased_during_its_turn_leaves_nothing_and_the_next_is_answered(
    hub: Hub, worker: Worker, rasa: Rasa
) -> None:
    async def erase(turn: Turn) -> None:
        if turn.inbound.conversation == "gone":
            pipe = hub.redis.pipeline(transaction=True)
            pipe.xack(KEYS.inbox, Keys.GROUP, turn.entry)
            pipe.xdel(KEYS.inbox, turn.entry)
            pipe.delete(KEYS.busy("gone"), KEYS.wait("gone"), KEYS.tracker("gone"))
            await pipe.execute()

    rasa.before = erase
    await hub.say("gone", "forget me")
    await hub.outcome(await hub.say("c", "next"))
    await until(hub.resting)
    await until(lambda: _true(not worker._flights))
    assert not await hub.redis.exists(KEYS.tracker("gone")) and not await hub.outcomes("gone")


async def test_an_envelope_that_names_its_conversation_gets_an_outcome_and_frees_it(hub: Hub, worker: Worker) -> None:
    inbound = {"v": 99, "conversation": "c", "message_id": "m1", "of": 3, "kind": "dance"}
    entry = await hub.redis.xadd(KEYS.inbox, {"data": json.dumps(inbound)})
    await hub.redis.set(KEYS.busy("c"), entry)
    behind = await hub.say("c", "hi")
    await hub.outcome(behind)
    first, _ = await hub.outcomes("c")
    assert (first.message_id, first.failure) == ("m1", Failure.POISON)


@pytest.mark.parametrize("limits", [SLOW_TAKEOVER])
async def test_a_stop_lets_the_running_turn_end_and_hands_back_the_rest(
    hub: Hub, worker: Worker, rasa: Rasa, second: tuple[Worker, Rasa], limits: Limits
) -> None:
    started = asyncio.Event()

    async def wait(turn: Turn) -> None:
        started.set()
        await asyncio.sleep(0.4 if turn.inbound.conversation == "short" else 60)

    rasa.before = wait
    short, long = await hub.say("short", "1"), await hub.say("long", "2")
    await started.wait()
    await until(lambda: _true(len(rasa.ran) == 2))
    began = time.monotonic()
    await worker.stop()
    assert time.monotonic() - began < 5  # the limit drain is 1 s here
    assert (await hub.outcome(short)).replies == (Reply("1"),)
    assert await hub.outcomes("long") == []
    await second[0].start()
    await hub.outcome(long)  # which no takeover would bring in time: it was handed back
    assert second[1].ran == ["2"]


async def test_the_turn_behind_a_stop_is_not_begun(hub: Hub, worker: Worker, rasa: Rasa) -> None:
    async def wait(_: Turn) -> None:
        await asyncio.sleep(0.3)

    rasa.before = wait
    await hub.say("c", "1")
    await hub.say("c", "2")
    await until(lambda: _true(rasa.ran == ["1"]))
    await worker.stop()
    assert rasa.ran == ["1"]
    assert await hub.redis.xlen(KEYS.inbox) == 1


async def test_a_living_worker_shows_it_and_a_stopped_one_does_not(hub: Hub, worker: Worker, link: Link) -> None:
    async def alive() -> bool:
        return bool(await hub.redis.exists(KEYS.alive(link.name)))

    await until(alive)
    await worker.stop()
    assert not await alive()


async def test_a_stuck_reader_looks_dead(hub: Hub, link: Link, rasa: Rasa) -> None:
    link.limits = replace(link.limits, alive=0.2, beat_every=0.05)
    worker = Worker(link, rasa)

    async def stuck(_: int) -> list[object]:
        await asyncio.sleep(60)
        return []

    worker._inbox.read = stuck  # type: ignore[assignment, method-assign]
    await worker.start()

    async def dead() -> bool:
        return not await hub.redis.exists(KEYS.alive(link.name))

    async def alive() -> bool:
        return not await dead()

    await until(alive)
    await until(dead)
    await worker.stop()


async def test_an_entry_of_a_dead_process_is_taken_over_and_its_late_commit_refused(
    hub: Hub, worker: Worker, rasa: Rasa, second: tuple[Worker, Rasa]
) -> None:
    frozen, thaw = asyncio.Event(), asyncio.Event()

    async def freeze(turn: Turn) -> None:
        frozen.set()
        for task in worker._tasks:  # no renewals: as a stopped process would
            task.cancel()
        await thaw.wait()

    rasa.before = freeze
    inbound = await hub.say("c", "hi")
    await frozen.wait()
    if worker._reading is not None:
        worker._reading.cancel()
    await second[0].start()
    await hub.outcome(inbound)
    thaw.set()
    await until(lambda: _true(not worker._flights))
    assert len(await hub.outcomes("c")) == 1
    assert await hub.redis.llen(KEYS.tracker("c")) == 1


async def _true(value: bool) -> bool:
    return value


def test_a_command_that_is_given_up_is_told_as_what_it_is() -> None:
    from handoff.events import Inbound

    inbound = Inbound("c", "m", 1, InboundKind.RESUME, language="da")
    outcome = outcomes.failed(inbound, Failure.POISON)
    assert (outcome.kind, outcome.language, outcome.failure) == (InboundKind.RESUME, "da", Failure.POISON)
