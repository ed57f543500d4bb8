"""R1 for Messenger: the hub dies in the middle of everything, and what the person saw is what the transcript has."""

from __future__ import annotations

import asyncio

import pytest

from tests.handoff.channels.messenger.test_strict import same, served
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.helpers.messenger import Meta

__all__ = ["served"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300, func_only=False)]


async def test_r1_a_hub_killed_between_a_call_and_its_answer_loses_and_doubles_nothing(
    served: tuple[HubProcess, str],
) -> None:
    hub, address = served
    async with Meta(address) as meta, FakeBot(hub.redis_url):
        customer = await meta.customer("Killed")
        await customer.types("before")
        await customer.hear_until("echo: before")
        await meta.set(graph_delay_s=0.3)
        for n in range(4):
            await customer.types(f"message {n}")
            await asyncio.sleep(0.15 * (n + 1))  # at another step of its work each time
            await asyncio.to_thread(hub.kill)
            await asyncio.to_thread(hub.start)
        await meta.set(graph_delay_s=0)
        await customer.hear_until("echo: message 3", timeout_s=120)
        texts = await same(hub, customer, "Killed")
    echoes = [text for text in texts if text.startswith("echo")]
    assert echoes == ["echo: before", *(f"echo: message {n}" for n in range(4))]
