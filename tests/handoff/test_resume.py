"""Whatever dies under talking visitors: what was acknowledged is there, once, in order, and they saw it so (I1–I3)."""

from __future__ import annotations

import asyncio
from collections import Counter
from signal import SIGCONT, SIGSTOP

import pytest

from handoff.desk.transcripts import Transcripts
from tests.handoff.clients import Door, Talker
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.handoff.parts import parts_on
from tests.handoff.texts_for_tests import texts
from tests.helpers.frames import Refusal
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

VISITORS = 10
DEATHS = 2


async def all_have_spoken(talkers: list[Talker], more: int) -> None:
    """Wait until each has had so many further messages acknowledged."""
    before = {talker.name: len(talker.acked) for talker in talkers}

    async def spoken() -> bool:
        return all(len(talker.acked) >= before[talker.name] + more for talker in talkers)

    await until(spoken, f"{more} messages of each visitor", timeout_s=20)


async def assert_nothing_lost_or_doubled(hub: HubProcess, talkers: list[Talker]) -> None:
    async with parts_on(hub.redis_url) as parts:

        async def nothing_owed() -> bool:
            owed = [parts.keys.busy(talker.conversation) for talker in talkers]
            return not await parts.redis.exists(*owed) and not await parts.redis.xlen(parts.keys.events)

        await until(nothing_owed, "the bot and the hub are done", timeout_s=20)
        for talker in talkers:
            log = await Transcripts(parts.redis).show(talker.conversation)
            await parts.assert_numbered(talker.conversation)
            said = {event["text"]: event["seq"] for event in log if event["author"]["role"] == "visitor"}
            assert talker.acked == said, "I1: acknowledged is written, under the number that was told"
            ids = Counter(event["client_id"] for event in log if event.get("client_id"))
            assert set(ids.values()) == {1}, "I2: each id once"
            words = Counter(event["text"] for event in log if event["author"]["role"] == "visitor")
            assert set(words.values()) == {1}
            answers = Counter(event["text"] for event in log if event["author"]["role"] == "bot" and "text" in event)
            assert not answers or set(answers.values()) == {1}, "an answer comes once, too"
            await talker.catch_up(len(log))
            assert sorted(talker.log) == list(range(1, len(log) + 1)), "I3: no gap"
            assert talker.repeated == []
            for event in log:
                seen = talker.log[event["seq"]]
                assert seen.get("text") == event.get("text"), "the visitor saw what is written"


@pytest.mark.parametrize("victim", ["hub", "redis"])
async def test_r1_r2_a_kill_9_under_talking_visitors_loses_and_doubles_nothing(
    mortal_hub: HubProcess, mortal_redis: RedisServer, victim: str
) -> None:
    hub = mortal_hub
    talkers = [Talker(hub.address, f"v{n}") for n in range(VISITORS)]
    enough = asyncio.Event()
    async with FakeBot(hub.redis_url):
        talking = [asyncio.create_task(talker.talk(enough)) for talker in talkers]
        for _ in range(DEATHS):
            await all_have_spoken(talkers, 3)
            if victim == "hub":
                await asyncio.to_thread(hub.kill)
                await asyncio.to_thread(hub.start)
            else:
                await asyncio.to_thread(mortal_redis.kill)
                await asyncio.to_thread(mortal_redis.start)
                assert hub.alive, "the hub waits for Redis"
        await all_have_spoken(talkers, 3)
        enough.set()
        await asyncio.wait_for(asyncio.gather(*talking), 15)
        assert any(talker.reconnections for talker in talkers) or victim == "redis"
        await assert_nothing_lost_or_doubled(hub, talkers)
    assert hub.alive


async def test_r7_a_hung_redis_ends_no_hub_and_loses_nothing(mortal_hub: HubProcess, mortal_redis: RedisServer) -> None:
    hub = mortal_hub
    talkers = [Talker(hub.address, f"v{n}") for n in range(4)]
    enough = asyncio.Event()
    async with FakeBot(hub.redis_url):
        talking = [asyncio.create_task(talker.talk(enough)) for talker in talkers]
        await all_have_spoken(talkers, 2)
        mortal_redis.signal(SIGSTOP)
        await asyncio.sleep(3)  # longer than one operation may take
        mortal_redis.signal(SIGCONT)
        await all_have_spoken(talkers, 2)
        enough.set()
        await asyncio.wait_for(asyncio.gather(*talking), 15)
        await assert_nothing_lost_or_doubled(hub, talkers)
    assert hub.alive


async def test_while_redis_is_away_nothing_is_acknowledged_and_the_socket_stays(
    mortal_hub: HubProcess, mortal_redis: RedisServer
) -> None:
    async with Door(mortal_hub.address) as door:
        visitor, agent = await door.visitor(), await door.agent()
        await visitor.say("before")
        mortal_redis.kill()
        with pytest.raises(Refusal) as refused:
            await visitor.say("while away", id="m2")
        assert refused.value.code == "try_later"
        with pytest.raises(Refusal) as refused:
            await agent.ask("claim", conversation=visitor.conversation)
        assert refused.value.code == "try_later"
        newcomer = await door.raw()
        await newcomer.send("hello")
        if (await newcomer.expect("error"))["code"] == "try_later":
            assert await newcomer.closed() == 1013
        await asyncio.to_thread(mortal_redis.start)
        started = asyncio.get_running_loop().time()

        async def taken() -> bool:
            try:
                return bool((await visitor.say("while away", id="m2"))["seq"] == 2)
            except Refusal:
                return False

        await until(taken, "the same id is taken now")
        assert asyncio.get_running_loop().time() - started < 5, "R2: service is back"
        await visitor.expect("event", text="while away", timeout_s=5)
        assert visitor.is_open and agent.is_open
        assert (await agent.claim(visitor.conversation))["status"] == "assigned"


async def test_r21_who_writes_to_a_dead_bot_hears_so_in_time_and_can_reach_a_person(mortal_hub: HubProcess) -> None:
    async with Door(mortal_hub.address) as door:
        async with FakeBot(mortal_hub.redis_url) as bot:
            visitor = await door.visitor("fi")
            await visitor.say("hello")
            await visitor.hear("bot")
            await bot.stop()  # as if killed
            started = asyncio.get_running_loop().time()
            await visitor.say("are you there?")
            late = await visitor.hear("system", timeout_s=6)
            assert 1.9 < asyncio.get_running_loop().time() - started < 2 + 1, "the limit of this hub is two seconds"
            assert late["text"] == texts().say("fi", "bot_late")
        async with FakeBot(mortal_hub.redis_url):
            # It is back, and answers in order: what it says to the old message is dropped.
            await visitor.say("and now?")
            assert (await visitor.hear("bot"))["text"] == "echo: and now?"
        assert visitor.texts("bot") == ["echo: hello", "echo: and now?"]
        pressed = await visitor.press(late["buttons"][0]["id"])
        assert pressed["status"] == "queued"
        await visitor.reaches("queued")


async def test_two_hubs_serve_one_conversation(mortal_hub: HubProcess) -> None:
    other = HubProcess(mortal_hub.redis_url, name="hub-2")
    other.environ["SILTA_VAR"] = mortal_hub.environ["SILTA_VAR"]  # one key for both
    try:
        await asyncio.to_thread(other.start)
        async with Door(mortal_hub.address) as one, Door(other.address) as two, FakeBot(other.redis_url):
            visitor = await one.visitor()
            await visitor.say("hello")
            await visitor.hear("bot")
            tab = await two.visitor(token=visitor.token)
            assert tab.conversation == visitor.conversation
            await tab.say("from the other hub")
            await visitor.expect("event", text="echo: from the other hub")
            await visitor.ask("request_handoff")
            agent = await two.agent()
            await agent.sees_queued(visitor.conversation)
            await agent.claim(visitor.conversation)
            await visitor.reaches("assigned")
            await agent.send("typing", conversation=visitor.conversation, on=True)
            await visitor.expect("typing", role="agent")
            await agent.say(visitor.conversation, "Hello from the other hub")
            assert (await visitor.hear("agent"))["text"] == "Hello from the other hub"
            visitor.assert_no_gap()
    finally:
        other.close()
