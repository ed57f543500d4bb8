from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from handoff.desk.transcripts import Transcripts, render
from handoff.errors import NotFound
from tests.handoff.parts import AINO, Parts, new_conversation, uid
from tests.handoff.texts_for_tests import texts


async def test_the_latest_conversations_come_first(parts: Parts) -> None:
    ids = []
    for _ in range(4):
        new = new_conversation()
        await parts.say(new)
        ids.append(new.id)
        await asyncio.sleep(0.003)
    new = new_conversation()
    await parts.hub.visitors.request_handoff(new, id=uid())
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    transcripts = Transcripts(parts.redis)
    listed = await transcripts.list(limit=3)
    assert [row["conversation"] for row in listed] == [new.id, ids[3], ids[2]]
    assert (listed[0]["status"], listed[0]["assignee"], listed[0]["last"]) == ("assigned", "Aino", 2)
    assert (listed[1]["status"], listed[1]["assignee"], listed[1]["channel"]) == ("bot", None, "web")
    assert listed[0]["created_at"] <= listed[0]["updated_at"]


async def test_a_conversation_that_is_gone_is_left_out_of_the_list(parts: Parts) -> None:
    transcripts = Transcripts(parts.redis, parts.keys)
    assert await transcripts.list() == []
    await parts.redis.zadd(parts.keys.index, {"erased": 1})
    assert await transcripts.list() == []


async def test_every_event_is_shown_also_what_visitors_do_not_see(parts: Parts) -> None:
    mine = await parts.assigned()
    await parts.hub.agents.note(AINO, mine.id, id=uid(), text="for us")
    shown = await Transcripts(parts.redis).show(mine.id)
    assert [event["kind"] for event in shown] == ["handoff", "assigned", "note"]
    with pytest.raises(NotFound):
        await Transcripts(parts.redis).show("nobody")


async def test_a_transcript_has_a_line_for_each_event_with_words(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new, "Hello,\nis anybody there?")
    await parts.hub.visitors.request_handoff(new, id=uid())
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    await parts.hub.agents.message(AINO, new.id, id=uid(), text="I am.")
    events = await parts.store.events(new.id)
    minute = events[0]["at"][:16].replace("T", " ")
    assert render(events[:1]) == f"{minute} visitor: Hello,\nis anybody there?"
    assert render(events).splitlines()[-1].endswith("Aino: I am.")
    assert texts().say("en", "queued") in render(events)


async def test_the_visitors_own_transcript_has_nothing_that_is_for_agents(parts: Parts) -> None:
    mine = await parts.assigned()
    await parts.hub.agents.note(AINO, mine.id, id=uid(), text="a difficult one")
    await parts.hub.agents.message(AINO, mine.id, id=uid(), text="Hello!")
    text = await parts.hub.visitors.transcript(mine.id)
    assert "Hello!" in text and "a difficult one" not in text
    assert await parts.hub.visitors.transcript("nobody") == ""


@pytest.mark.parametrize(
    ("language", "visitor", "service"),
    [("fi", "Sinä", "Palvelu"), ("da", "Dig", "Kundeservice"), ("en", "You", "Service")],
)
async def test_the_visitors_own_transcript_names_speakers_and_times_as_its_readers_do(
    parts: Parts, language: str, visitor: str, service: str
) -> None:
    new = new_conversation(language)
    await parts.say(new, "Moi, hej, hello")
    await parts.hub.visitors.request_handoff(new, id=uid())
    lines = (await parts.hub.visitors.transcript(new.id)).splitlines()
    at = datetime.fromisoformat((await parts.store.events(new.id))[0]["at"])
    assert lines[0] == f"{parts.hub.owner.now.teller.stamp(language, at)} {visitor}: Moi, hej, hello"
    assert any(f" {service}: " in line for line in lines[1:])
