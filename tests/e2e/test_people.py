"""Visitors and agents: the queue, the claim, the whole history, and the bot that keeps silent meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Arrive, SignIn
from tests.helpers.agent import Agent
from tests.helpers.frames import Refusal
from tests.helpers.owner import assert_says
from tests.helpers.visitor import Visitor

MESSAGES = 40


async def handed_over(guest: Visitor, colleague: Agent) -> None:
    """The visitor is with this agent."""
    await guest.ask("request_handoff")
    await colleague.sees_queued(guest.conversation)
    await colleague.claim(guest.conversation)
    await guest.reaches("assigned")


async def test_welcome_shows_the_queue(visitor: Arrive, agent: SignIn) -> None:
    guest = await visitor("da")
    await guest.say("Jeg vil gerne tale med et menneske")
    await guest.reaches("queued")
    colleague = await agent("Aino")
    entry = {line["conversation"]: line for line in colleague.welcome["queue"]}[guest.conversation]
    assert (entry["status"], entry["language"], entry["channel"]) == ("queued", "da", "web")
    assert entry["reason"]["code"] == "asked"
    assert entry["reason"]["explanation"]
    assert entry["last_text"] == "Jeg vil gerne tale med et menneske"
    assert colleague.welcome["agent"]["name"] == "Aino"


async def test_of_two_who_claim_at_once_one_wins(visitor: Arrive, agent: SignIn) -> None:
    first, second = await agent("Aino"), await agent("Mikkel")
    for _ in range(10):
        guest = await visitor("fi")
        await guest.ask("request_handoff")
        for colleague in (first, second):
            await colleague.sees_queued(guest.conversation)
        answers = await asyncio.gather(
            first.claim(guest.conversation), second.claim(guest.conversation), return_exceptions=True
        )
        lost = [answer for answer in answers if isinstance(answer, Refusal)]
        won = [answer for answer in answers if isinstance(answer, dict)]
        assert (len(won), len(lost)) == (1, 1)
        assert lost[0].code == "conflict"
        winner = "Aino" if isinstance(answers[0], dict) else "Mikkel"
        assert lost[0].frame["assignee"]["name"] == winner
        assigned = await guest.hear_event("assigned")
        assert assigned["author"]["name"] == winner


async def test_open_gives_everything_since_the_first_event(visitor: Arrive, agent: SignIn) -> None:
    guest = await visitor("en")
    await guest.say("How long does delivery take?")
    answer = await guest.hear("bot")
    await guest.say("I want to talk to a human")
    await guest.reaches("queued")
    colleague = await agent("Mikkel")
    ack = await colleague.open(guest.conversation)
    told = colleague.logs[guest.conversation]
    assert sorted(told) == list(range(1, ack["last"] + 1))
    assert told[1]["text"] == "How long does delivery take?"
    assert told[answer["seq"]]["text"] == answer["text"]
    understood = {event["of"]: event for event in told.values() if event["kind"] == "nlu"}
    assert understood[1]["topic"] == "faq/delivery_time"
    assert 0 < understood[1]["confidence"] <= 1
    handoff = next(event for event in told.values() if event["kind"] == "handoff")
    assert handoff["reasons"][0]["code"] == "asked"
    assert ack["handoff"]["topics"][0]["topic"] == "faq/delivery_time"
    # The visitor saw a number for what only agents see, and nothing more.
    hidden = {seq for seq, event in guest.log.items() if event["kind"] == "hidden"}
    assert hidden == {seq for seq, event in told.items() if event["kind"] in ("nlu", "note")}
    assert all(set(guest.log[seq]) == {"type", "seq", "kind"} for seq in hidden)


async def test_visitor_and_agent_see_each_others_messages_soon(
    visitor: Arrive, agent: SignIn, record_property: Callable[[str, object], None]
) -> None:
    guest, colleague = await visitor("fi"), await agent("Aino")
    await handed_over(guest, colleague)
    took_ms = []
    for number in range(MESSAGES):
        begun = time.perf_counter()
        await guest.send("message", id=f"there-{number}", text=f"viesti {number}")
        heard = await colleague.hear(guest.conversation, "visitor")
        took_ms.append((time.perf_counter() - begun) * 1000)
        assert heard["text"] == f"viesti {number}"
        begun = time.perf_counter()
        await colleague.send("message", id=f"back-{number}", conversation=guest.conversation, text=f"vastaus {number}")
        heard = await guest.hear("agent")
        took_ms.append((time.perf_counter() - begun) * 1000)
        assert heard["text"] == f"vastaus {number}"
    took_ms.sort()
    p50, p95 = took_ms[len(took_ms) // 2], took_ms[len(took_ms) * 95 // 100]
    # The figure to reach is 100 ms at p95 on an idle machine; this one may be busy, so the figure is told, not judged.
    record_property("p95_ms", p95)
    print(f"\nvisitor and agent: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {2 * MESSAGES} messages")
    assert p95 < 2000
    guest.assert_no_gap()


async def test_the_bot_is_silent_while_a_person_has_the_conversation(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("en"), await agent("Aino")
    await handed_over(guest, colleague)
    for text in ("Where is my order?", "When are you open?"):
        await guest.say(text)
        await colleague.hear(guest.conversation, "visitor")
    await colleague.say(guest.conversation, "I am looking into it.")
    assert (await guest.hear("agent"))["text"] == "I am looking into it."
    # The bot's turn for another visitor, begun later, is through: so is any that it might have begun here.
    other = await visitor("en")
    await other.say("Where is my order?")
    await other.hear("bot")
    assert guest.texts("bot") == []


async def test_back_with_the_bot_it_answers_only_what_comes_after(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("en"), await agent("Aino")
    await handed_over(guest, colleague)
    await guest.say("Where is my order?")
    await colleague.say(guest.conversation, "It is with the carrier; it comes tomorrow.")
    await guest.hear("agent")
    await colleague.ask("return_to_bot", conversation=guest.conversation, note="told where it is")
    await guest.reaches("bot")
    assert_says(await guest.hear_event("returned_to_bot"), "en", "returned_to_bot")
    await guest.say("How do I return an item?")
    assert_says(await guest.hear("bot"), "en", "faq/return_how")
    assert len(guest.texts("bot")) == 1
    await colleague.open(guest.conversation)
    assert "told where it is" in [event.get("text") for event in colleague.logs[guest.conversation].values()]
    assert "told where it is" not in [event.get("text") for event in guest.log.values()]
    guest.assert_no_gap()


async def test_typing_is_shown_to_the_other_side(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("fi"), await agent("Aino")
    await handed_over(guest, colleague)
    await guest.send("typing", on=True)
    await colleague.expect("typing", conversation=guest.conversation, role="visitor", on=True)
    await colleague.send("typing", conversation=guest.conversation, on=True)
    await guest.expect("typing", role="agent", on=True)


async def test_only_the_assignee_may_write(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague, stranger = await visitor("fi"), await agent("Aino"), await agent("Mikkel")
    await handed_over(guest, colleague)
    with pytest.raises(Refusal) as refused:
        await stranger.say(guest.conversation, "I was not asked")
    assert refused.value.code == "forbidden"
    await colleague.say(guest.conversation, "hei")
    await guest.hear("agent")
    assert guest.texts("agent") == ["hei"]


async def test_a_resolved_conversation_opens_again_with_its_history(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("da"), await agent("Mikkel")
    await handed_over(guest, colleague)
    await colleague.say(guest.conversation, "Hej, det er ordnet.")
    await colleague.ask("resolve", conversation=guest.conversation, outcome="solved")
    await guest.reaches("resolved")
    await guest.say("Hvor er min pakke?")
    assert_says(await guest.hear("bot"), "da", "faq/track_order")
    guest.assert_no_gap()


async def test_an_agent_who_comes_back_gets_what_was_missed(visitor: Arrive, agent: SignIn) -> None:
    guest, colleague = await visitor("fi"), await agent("Aino")
    await handed_over(guest, colleague)
    await colleague.open(guest.conversation)
    seen = max(colleague.logs[guest.conversation])
    await colleague.close()
    ack = await guest.say("Oletko vielä siellä?")
    again = await agent("Aino", cursors={guest.conversation: seen})
    assert guest.conversation in {line["conversation"] for line in again.welcome["mine"]}
    await again.expect("event", conversation=guest.conversation, seq=ack["seq"], text="Oletko vielä siellä?")
    await again.say(guest.conversation, "Olen.")
    assert (await guest.hear("agent"))["text"] == "Olen."
