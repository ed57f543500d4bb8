"""The channel as a whole, from the webhook to Graph, with a bot that echoes."""

from __future__ import annotations

from tests.handoff.channels.messenger.page import Page


async def test_i12_the_first_answer_comes_after_the_notice_that_a_bot_answers(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.say("again")
    await page.receives(page.says("bot_notice"), "echo: hello", "echo: again")
    assert [body["messaging_type"] for body in page.graph.sent] == ["RESPONSE"] * 3
