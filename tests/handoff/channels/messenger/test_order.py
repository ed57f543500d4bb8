"""However a person's events are shuffled, doubled and dealt out over entries, the transcript is the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.handoff.channels.messenger.page import PAGE, Page, page_on
from tests.handoff.parts import Parts
from tests.helpers.waiting import until

SHUFFLES = 12
PERSON = 9000


def day(page: Page, person: str, at: int) -> list[dict[str, Any]]:
    """What one person does, as Meta tells it."""

    def event(after: int, **fields: Any) -> dict[str, Any]:
        return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": at + after, **fields}

    def mid(name: str) -> str:
        return f"m_{person}_{name}"

    return [
        event(10, message={"mid": mid("a"), "text": "one"}),
        event(20, message={"mid": mid("b"), "text": "two"}),
        event(30, message_edit={"mid": mid("a"), "text": "one, edited", "num_edit": 1}),
        event(40, reaction={"mid": mid("b"), "action": "react", "emoji": "❤"}),
        event(50, postback={"mid": mid("c"), "title": "Get started"}),
        event(60, message={"mid": mid("d"), "text": "three"}),
        event(70, message={"mid": mid("d"), "is_deleted": True}),
        event(80, message={"mid": mid("e"), "text": "four", "quick_reply": {"payload": "unknown"}}),
    ]


async def told(page: Page, person: str) -> list[tuple[Any, ...]]:
    """What the transcript has of the person, without what differs from person to person."""
    thread = await page.messenger.threads.of(PAGE, person)
    log = await page.parts.store.events(thread.conversation)
    own = [event for event in log if event["author"]["role"] == "visitor"]
    place = {event["seq"]: number for number, event in enumerate(own)}
    return [(event["kind"], event.get("text"), place.get(event.get("of", 0)), event.get("emoji")) for event in own]


async def test_any_order_and_any_repetition_gives_the_same_transcript(parts: Parts, url: str, tmp_path: Path) -> None:
    chance = random.Random(20261122)
    async with page_on(parts, url, tmp_path, settle_s=1.5) as page:
        await page.bot.stop()  # its answers would come in between as it pleases
        plain = day(page, str(PERSON), page.at)
        entries = [[page.entry(*plain)]]
        for number in range(1, SHUFFLES + 1):
            events = day(page, str(PERSON + number), page.at)
            events += chance.choices(events, k=chance.randrange(6))
            chance.shuffle(events)
            cuts = sorted(chance.sample(range(1, len(events)), chance.randrange(1, 4)))
            starts, ends = [0, *cuts], [*cuts, len(events)]
            entries.append([page.entry(*events[start:end]) for start, end in zip(starts, ends, strict=True)])
        for one in entries:
            assert (await page.post(*one)).status_code == 200
        expected: list[tuple[Any, ...]] = []

        async def complete() -> bool:
            expected[:] = await told(page, str(PERSON))
            return len(expected) == len(plain)

        await until(complete, "the plain one is applied")
        await until(lambda: _idle(page), "all are applied")
        for number in range(1, SHUFFLES + 1):
            assert await told(page, str(PERSON + number)) == expected, number


async def _idle(page: Page) -> bool:
    return not await page.parts.redis.zcard(page.messenger.keys.due_in)
