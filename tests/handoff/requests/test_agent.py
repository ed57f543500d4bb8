from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.desk import mentions
from handoff.errors import BadRequest, NotFound, StoreUnavailable
from handoff.events import InboundKind
from handoff.requests import parts as request_parts
from tests.handoff.parts import AINO, MIKKEL, Parts, new_conversation, uid
from tests.handoff.texts_for_tests import texts


async def test_what_an_agent_opens_has_packet_status_and_holder(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    opened = await parts.hub.agents.opened(new.id, "fi")
    assert (opened["status"], opened["assignee"], opened["last"], opened["handoff"]) == ("bot", None, 1, None)
    mine = await parts.assigned()
    opened = await parts.hub.agents.opened(mine.id, "fi")
    assert opened["assignee"] == {"id": "aino", "name": "Aino"}
    assert opened["handoff"]["reasons"][0]["explanation"] == texts().explain("fi", {"code": "asked"})
    with pytest.raises(NotFound):
        await parts.hub.agents.opened("nobody", "fi")


async def test_the_bot_learns_the_human_stretch_and_only_that(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_parts, "HISTORY_LINES", 3)
    new = new_conversation()
    await parts.say(new, "to the bot")
    await parts.hub.visitors.request_handoff(new, id=uid())
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    for n in range(2):
        await parts.say(new, f"v{n}")
        await parts.hub.agents.message(AINO, new.id, id=uid(), text=f"a{n}")
    await parts.hub.agents.note(AINO, new.id, id=uid(), text="for us")
    await parts.hub.agents.return_to_bot(AINO, new.id, id=uid(), note="also for us")
    resume = (await parts.behind(new.id))[-1]
    assert resume.kind is InboundKind.RESUME
    assert [(line.role, line.text) for line in resume.history] == [("agent", "a0"), ("visitor", "v1"), ("agent", "a1")]


async def test_a_supervisor_may_end_what_another_has_and_an_agent_may_not(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    other = replace(MIKKEL, id="other", name="Other")
    with pytest.raises(Exception, match="Only the agent"):
        await parts.hub.agents.resolve(other, mine.id, id=uid(), outcome=None)
    done = await parts.hub.agents.resolve(AINO, mine.id, id=uid(), outcome="helped")
    assert done["status"] == "resolved"


async def test_who_is_mentioned_hears_of_it_once_also_when_the_reply_was_lost(parts: Parts) -> None:
    await parts.arrive(AINO, MIKKEL)
    await parts.hub.room.look()
    mine, id = await parts.assigned(AINO), uid()
    note = {"id": id, "text": "@Mikkel do you know this one?"}
    with parts.blip(), pytest.raises(StoreUnavailable):
        await parts.hub.agents.note(AINO, mine.id, **note)
    (alert,) = await parts.hub.lists.alerts()
    assert (alert["kind"], alert["for_agent"], alert["values"]) == ("mention", "mikkel", {"name": "Aino"})
    async with parts.notices() as told:
        await parts.hub.agents.note(AINO, mine.id, **note)
        assert await told() == [{"alert": alert}]
        await mentions.seen(parts.store, parts.fanout, mine.id, "mikkel")
        await told()
        await parts.hub.agents.note(AINO, mine.id, **note)
        assert await told() == []
    assert await parts.hub.lists.alerts() == []
    assert (await parts.kinds(mine.id)).count("note") == 1


async def test_a_transfer_to_somebody_who_has_left_names_the_field(parts: Parts) -> None:
    mine = await parts.assigned(AINO)
    with pytest.raises(BadRequest, match="Mikkel is not online") as refused:
        await parts.hub.agents.transfer(AINO, mine.id, id=uid(), to=MIKKEL, skill=None, note=None)
    assert refused.value.extra == {"field": "to"}
