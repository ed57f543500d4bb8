"""Out of hours and with nobody for a language, in the whole of Silta: told at once, a window picked, the call made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.owner_copy import owner_copy
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Silta whose chat is closed in Finnish and open in Danish and English, with an agent who speaks no Danish."""
    folder = owner_copy(tmp_path_factory.mktemp("owner"), always_open=True)
    hours = folder / "hours.yml"
    text = hours.read_text("utf-8")
    assert "    da: {days" in text
    hours.write_text(re.sub(r"    da: \{days", "    fi: {week: {mon: closed}}\n    da: {days", text, count=1), "utf-8")
    stack = Stack(environ={"SILTA_OWNER_DIR": str(folder)})
    try:
        stack.start()
        spoken = ("--languages", "fi,en", "--password-stdin")
        added = stack.silta("agent", "add", AGENTS["Aino"], "--name", "Aino", *spoken, given=PASSWORD)
        assert added.returncode == 0, added.stderr
        yield stack
    finally:
        stack.close()


@pytest_asyncio.fixture
async def room() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def arrive(room: AsyncExitStack, stack: Stack, language: str) -> Visitor:
    return await room.enter_async_context(await Visitor.arrive(stack.address, language=language))


async def test_out_of_hours_a_window_is_picked_the_call_made_and_the_transcript_tells_it_all(
    closed: Stack, room: AsyncExitStack
) -> None:
    guest = await arrive(room, closed, "fi")
    assert guest.welcome["open"] is False and "kiinni" in guest.welcome["opening"]
    await guest.say("Milloin asiakaspalvelu on auki?")
    assert "kiinni" in (await guest.hear("bot", timeout_s=30))["text"], "the bot says what the widget says"
    await guest.say("Haluan puhua ihmisen kanssa")
    assert "kiinni" in (await guest.hear_event("handoff"))["text"]
    status = await guest.reaches("queued")
    choices = {choice["kind"]: choice for choice in status["choices"]}
    assert status["open"] is False and "callback" in choices
    window = choices["callback"]["windows"][1]
    await guest.ask("callback", phone="040 123 4567", name="Liisa", window=window["id"])
    assert (await guest.hear_event("callback"))["text"].startswith("Soitamme sinulle ")

    address, email = closed.address, AGENTS["Aino"]
    agent = await room.enter_async_context(await Agent.arrive(address, email, PASSWORD))
    (task,) = agent.welcome["callbacks"]
    assert (task["conversation"], task["name"], task["from"]) == (guest.conversation, "Liisa", window["from"])
    await agent.ask("callback_take", callback=task["id"])
    taken = await agent.expect("callback", where=lambda f: f["task"]["assignee"] is not None)
    assert taken["task"]["phone"] == "+358401234567"
    await agent.ask("callback_done", callback=task["id"], outcome="reached", note="tilaus perutaan")
    await guest.hear_event("callback")
    transcript = (await guest.ask("transcript"))["text"]
    for words in ("Haluan puhua ihmisen kanssa", "Soitamme sinulle", "Soitimme sinulle"):
        assert words in transcript
    assert "perutaan" not in transcript
    shown = closed.silta("conversation", "show", guest.conversation).stdout
    assert "Soitimme sinulle" in shown and "perutaan" in shown


async def test_with_nobody_for_danish_the_visitor_is_told_at_once_and_has_choices(
    closed: Stack, room: AsyncExitStack
) -> None:
    agent = await room.enter_async_context(await Agent.arrive(closed.address, AGENTS["Aino"], PASSWORD))
    guest = await arrive(room, closed, "da")
    await guest.ask("request_handoff")
    told = await guest.hear_event("handoff")
    assert "ingen medarbejdere" in told["text"] and "på dansk" in told["text"]
    status = await guest.reaches("queued")
    kinds = [choice["kind"] for choice in status["choices"]]
    assert status["agents"] == 0 and {"wait", "callback", "email", "other_language"} <= set(kinds)
    other = next(choice for choice in status["choices"] if choice["kind"] == "other_language")
    assert other["languages"] == ["fi", "en"]
    await guest.ask("consent", language="en")
    entry = await agent.sees_queued(guest.conversation)
    assert entry["language"] == "da"
