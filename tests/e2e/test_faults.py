"""kill -9 of each part in mid-conversation: visitors are told, nothing acknowledged is missing or doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.e2e.conftest import Arrive, SignIn
from tests.helpers.frames import Refusal
from tests.helpers.owner import assert_says
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor

VISITORS = 20
MESSAGES = 8
"""Of each visitor, one every half second or so: the kill falls into the middle."""

PAUSE_S = 0.4
BACK_OFF_S = 0.25
RETURN_TIMEOUT_S = 60


async def test_a_killed_bot_is_told_within_six_seconds_and_a_person_can_be_reached(
    silta: Stack, visitor: Arrive
) -> None:
    guest = await visitor("en")
    await guest.say("Where is my order?")
    assert_says(await guest.hear("bot"), "en", "faq/track_order")
    before = silta.returns("bot-1")
    silta.kill("bot-1")
    begun = time.monotonic()
    await guest.say("How do I return an item?")
    told = await guest.hear("system", timeout_s=8)
    took_s = time.monotonic() - begun
    assert_says(told, "en", "bot_late")
    assert took_s < 6
    await guest.press(told["buttons"][0]["id"])
    await guest.reaches("queued")
    await guest.ask("cancel_handoff")
    await guest.reaches("bot")
    await asyncio.to_thread(silta.wait_back, "bot-1", before)
    await guest.say("When are you open?")
    answer = await guest.hear("bot", timeout_s=15)
    assert_says(answer, "en", "faq/opening_hours")
    # The answer that would have come too late is not given.
    assert len(guest.texts("bot")) == 2
    guest.assert_no_gap()


QUESTION = {"fi": "Miten palautan tuotteen?", "da": "Hvordan returnerer jeg en vare?", "en": "How do I return an item?"}


@pytest.mark.parametrize("language", QUESTION)
async def test_a_person_called_because_the_bot_is_late_is_told_so_in_the_words_left_unanswered(
    language: str, silta: Stack, visitor: Arrive, agent: SignIn
) -> None:
    colleague = await agent("Sanna")
    guest = await visitor(language)
    before = silta.returns("bot-1")
    silta.kill("bot-1")
    await guest.say(QUESTION[language])
    told = await guest.hear("system", timeout_s=30)
    assert_says(told, language, "bot_late")
    await guest.press(told["buttons"][0]["id"])
    await guest.reaches("queued")
    reasons = (await colleague.ask("open", conversation=guest.conversation, after=0))["handoff"]["reasons"]
    assert [reason["code"] for reason in reasons] == ["asked", "bot_unavailable"]
    late = reasons[1]
    assert late["evidence"] == [guest.log[late["of"]]["text"]] == [QUESTION[language]]
    assert late["explanation"] and late["explanation"] != late["code"]
    await asyncio.to_thread(silta.wait_back, "bot-1", before)


async def test_killed_actions_still_bring_a_person(silta: Stack, visitor: Arrive) -> None:
    before = silta.returns("actions")
    guest = await visitor("en")
    silta.kill("actions")
    await guest.say("I want to talk to a human")
    await guest.reaches("queued", timeout_s=15)
    # A plain answer does not need the action server.
    other = await visitor("en")
    await other.say("Where is my order?")
    assert_says(await other.hear("bot"), "en", "faq/track_order")
    await asyncio.to_thread(silta.wait_back, "actions", before)


class Talker:
    """A visitor who writes on, over as many sockets as it takes, and repeats what was not acknowledged."""

    def __init__(self, guest: Visitor, name: str) -> None:
        self.guest = guest
        self.name = name
        self.acknowledged: dict[str, int] = {}

    async def talk(self) -> None:
        for number in range(MESSAGES):
            text = f"{self.name} kiitos {number}"
            id = str(uuid.uuid4())
            deadline = time.monotonic() + RETURN_TIMEOUT_S
            while text not in self.acknowledged:
                assert time.monotonic() < deadline, f"{text}: not acknowledged within {RETURN_TIMEOUT_S} s"
                try:
                    self.acknowledged[text] = (await self.guest.say(text, id=id, timeout_s=5))["seq"]
                except Refusal as refused:
                    assert refused.code == "try_later"
                    await asyncio.sleep(BACK_OFF_S)
                except (ConnectionClosed, OSError, AssertionError):
                    await self.come_back()
            await asyncio.sleep(PAUSE_S)

    async def come_back(self) -> None:
        deadline = time.monotonic() + RETURN_TIMEOUT_S
        while True:
            assert time.monotonic() < deadline, f"{self.name} could not come back"
            try:
                old, self.guest = self.guest, await self.guest.again()
            except (ConnectionClosed, InvalidHandshake, OSError, AssertionError):
                await asyncio.sleep(BACK_OFF_S)
            else:
                await old.close()
                return


@pytest.mark.parametrize("part", ["hub-1", "redis"])
async def test_a_kill_under_twenty_talking_visitors_loses_and_doubles_nothing(silta: Stack, part: str) -> None:
    before = silta.returns(part)
    talkers = [Talker(await Visitor.arrive(silta.address), f"vieras{number}") for number in range(VISITORS)]
    async with asyncio.TaskGroup() as group:
        for talker in talkers:
            group.create_task(talker.talk())
        await asyncio.sleep(PAUSE_S * MESSAGES / 3)
        silta.kill(part)
    await asyncio.to_thread(silta.wait_back, part, before)
    for talker in talkers:
        await talker.guest.close()
        fresh = await Visitor.arrive(silta.address, token=talker.guest.token)
        while len(fresh.log) < fresh.welcome["last"]:
            await fresh.expect("event")
        await fresh.close()
        fresh.assert_no_gap()
        said = fresh.texts("visitor")
        assert sorted(said) == sorted(talker.acknowledged), "acknowledged and logged are not the same"
        for text, seq in talker.acknowledged.items():
            assert fresh.log[seq]["text"] == text
        # What this visitor saw live is what the log holds.
        for seq, event in talker.guest.log.items():
            assert fresh.log[seq] == event


async def test_a_hanging_redis_gets_no_acknowledgement_and_nothing_twice(silta: Stack, visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.say("hello")
    # The bot's answer, or the word that it is late, on a busy machine: here it only matters that all have spoken.
    await guest.expect("event", kind="message", where=lambda frame: frame["author"]["role"] != "visitor")
    pid = silta.pid("redis")
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Refusal) as refused:
            await guest.say("are you there?", id="one", timeout_s=8)
        assert refused.value.code == "try_later"
    finally:
        os.kill(pid, signal.SIGCONT)

    async def repeated() -> bool:
        try:
            await guest.say("are you there?", id="one")
        except Refusal as again:
            assert again.code == "try_later"
            return False
        return True

    while not await repeated():
        await asyncio.sleep(BACK_OFF_S)
    assert guest.texts("visitor").count("are you there?") <= 1
    back = await guest.again()
    await back.close()
    assert back.texts("visitor").count("are you there?") == 1
