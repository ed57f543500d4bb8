"""R19: the clock of a hub's machine jumps by an hour. Leases and deadlines go by Redis' clock and do not move."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff import bridge, moment
from handoff.clock import now_ms
from handoff.requests import agent, visitor
from handoff.watch import caretaker
from handoff.watch.caretaker import Caretaker
from tests.handoff.parts import MIKKEL, Parts, new_conversation, parts_on
from tests.handoff.test_bridge import bridge_of, running
from tests.helpers.waiting import until

HOUR_MS = 3_600_000


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS], ids=["forward", "back"])
async def test_r19_a_clock_that_jumps_ends_no_lease_and_no_deadline_early_or_late(
    url: str, jump_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with parts_on(url, bot_timeout_s=0.6) as parts:
        new = new_conversation()
        await parts.presence.arrived(MIKKEL.id)
        held = await parts.assigned(MIKKEL)
        await parts.say(new, "hello")
        for module in (moment, visitor, agent, bridge, caretaker):
            monkeypatch.setattr(module, "now_ms", lambda: now_ms() + jump_ms)
        async with running(bridge_of(parts).keep_deadlines()):
            await asyncio.sleep(0.3)
            await Caretaker(parts.hub).sweep()
            assert await parts.kinds(new.id) == ["message"], "the bot is not late yet"
            assert (await parts.state(held.id)).assignee == MIKKEL.assignee, "the agent is there"
            await until(lambda: _told(parts, new.id), "the visitor is told that the bot is late", timeout_s=3)


async def _told(parts: Parts, conversation: str) -> Any:
    return await parts.kinds(conversation) == ["message", "message"]
