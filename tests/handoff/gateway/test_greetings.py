from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest

from handoff.gateway import greetings as module
from handoff.gateway.greetings import Greetings
from handoff.tasks import end
from tests.handoff.parts import ALWAYS_OPEN, Parts, closed_but
from tests.helpers.waiting import until

CLOSED = closed_but({})


class Page:
    """A visitor's socket; ``told`` is what it said, in order."""

    def __init__(self, greetings: Greetings, language: str) -> None:
        self._greetings = greetings
        self.language = language
        self.told: list[Any] = []

    def greet(self) -> None:
        self.told.append(self._greetings.greeting(self))

    @property
    def openings(self) -> list[str]:
        return [told["opening"] for told in self.told]


class Clock:
    """Stands for ``datetime`` where it is asked for the time; it stands still until it is moved."""

    def __init__(self, moment: str) -> None:
        self.moment = datetime.fromisoformat(moment)

    def now(self, zone: tzinfo) -> datetime:
        return self.moment.astimezone(zone)

    def now_ms(self) -> int:
        return round(self.moment.timestamp() * 1000)


async def test_open_pages_are_told_when_the_hours_have_changed_each_in_its_language_and_once(parts: Parts) -> None:
    greetings, owner = Greetings(parts.hub.moment), parts.hub.owner
    owner.now = CLOSED
    pages = [Page(greetings, language) for language in ("fi", "da", "fi")]
    for page in pages:
        page.greet()
    greetings.leave(pages[2])
    await greetings.look()
    assert [len(page.told) for page in pages] == [1, 1, 1], "nothing has changed"
    owner.now = ALWAYS_OPEN
    for _ in range(2):
        await greetings.look()
    fi, da = (ALWAYS_OPEN.texts.say(language, "hours.open_always") for language in ("fi", "da"))
    assert [page.openings[1:] for page in pages] == [[fi], [da], []], "who has left is told nothing"
    assert [told["open"] for told in pages[0].told] == [False, True]


async def test_the_clock_alone_makes_it_untrue(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file changes and nobody says anything: the doors open, and a page that stood open all the time is told."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    parts.hub.owner.now = closed_but({"2026-03-02": ((540, 1020),)})
    greetings = Greetings(parts.hub.moment)
    page, clock = Page(greetings, "en"), Clock("2026-03-02T08:59:59+00:00")
    monkeypatch.setattr("handoff.moment.datetime", clock)
    monkeypatch.setattr("handoff.moment.now_ms", clock.now_ms)
    page.greet()
    clock.moment += timedelta(seconds=1)
    task = asyncio.create_task(greetings.keep_true())

    async def told() -> bool:
        return len(page.told) == 2

    try:
        await until(told, "the page is told that people are there")
        closed = "Customer service is closed right now. People are back today at 9 am."
        assert page.openings == [closed, "People are here until 5 pm."]
    finally:
        await end(task)


async def test_a_wait_that_was_measured_is_no_reason_to_greet_again(parts: Parts) -> None:
    greetings = Greetings(parts.hub.moment)
    page = Page(greetings, "en")
    page.greet()
    assert page.told[0]["response"] == ""
    parts.hub.room.waits.extend([60.0] * 50)
    assert parts.hub.moment.greeting("en")["response"] != ""
    await greetings.look()
    assert len(page.told) == 1


async def test_many_pages_let_others_in_between_and_one_that_leaves_meanwhile_is_left_alone(parts: Parts) -> None:
    greetings, owner = Greetings(parts.hub.moment), parts.hub.owner
    owner.now = CLOSED
    pages = [Page(greetings, "en") for _ in range(2 * module.AT_ONCE)]
    for page in pages:
        page.greet()
    owner.now = ALWAYS_OPEN
    looking = asyncio.create_task(greetings.look())
    await asyncio.sleep(0)
    assert [len(page.told) for page in pages] == [2] * module.AT_ONCE + [1] * module.AT_ONCE
    greetings.leave(pages[-1])
    await looking
    assert [len(page.told) for page in pages[-2:]] == [2, 1]
