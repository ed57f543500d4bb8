"""What who waits on Messenger may choose instead: offered once, booked in a short dialogue, by our own payloads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handoff.channels.messenger.page import Page
from tests.helpers.waiting import until

PHONE = "+358 40 123 4567"


def quick(message: dict[str, Any]) -> dict[str, str]:
    """Payloads by title, whether quick replies or buttons."""
    if "attachment" in message:
        return {one["title"]: one["payload"] for one in message["attachment"]["payload"]["buttons"]}
    return {one["title"]: one["payload"] for one in message.get("quick_replies", ())}


def waiting(page: Page, key: str, **values: str) -> str:
    return page.parts.hub.owner.now.teller.texts.say("en", f"waiting.{key}", **values)


async def queued(page: Page) -> None:
    """The person waits, and nobody is there."""
    await page.deliver(page.event(postback={"mid": "m_pb", "title": "A person", "payload": "silta:m:person"}))
    await page.kind("handoff")
    await page.messenger.choices.offer()
    await said(page, waiting(page, "choices"))


async def said(page: Page, start: str) -> dict[str, Any]:
    """The latest message that begins so, as soon as the person has it."""

    async def there() -> dict[str, Any] | None:
        bodies = [body["message"] for body in page.graph.sent]
        words = [str(body.get("text") or body.get("attachment", {}).get("payload", {}).get("text")) for body in bodies]
        found = [body for body, text in zip(bodies, words, strict=True) if text.startswith(start)]
        return found[-1] if found else None

    message = await until(there, start)
    assert message is not None
    return message


async def taps(page: Page, title: str, payload: str) -> None:
    await page.deliver(page.message(title, quick_reply={"payload": payload}))


async def window_chosen(page: Page) -> None:
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, waiting(page, "callback"), offer[waiting(page, "callback")])
    asked = await said(page, waiting(page, "which_window"))
    windows = quick(asked)
    if windows:
        assert len(windows) <= 13
        await taps(page, *next(iter(windows.items())))
    else:  # in the evening: "today, 11 pm–midnight" is too long for a button, and the windows come as a list
        assert "1. " in asked["text"]
        await page.deliver(page.message("1"))
    await said(page, waiting(page, "which_phone"))


async def test_who_waits_is_offered_other_ways_once(page: Page) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))
    assert list(offer) == [waiting(page, "callback"), waiting(page, "email"), "Leave the queue"]
    assert all(payload.startswith("silta:b:") for payload in offer.values())
    page.messenger.choices._offered.clear()  # another hub knows nothing of the offer
    await page.messenger.choices.offer()
    await page.settled()
    assert sum(event.get("cause") == "choices" for event in await page.log()) == 1


async def test_a_call_is_booked_in_a_short_dialogue_and_the_number_stands_with_the_task_alone(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    await page.say(f"It is {PHONE}, thanks")
    (booked,) = await page.kind("callback")
    state = await page.state()
    assert state.callback is not None
    assert state.callback["kind"] == "phone"
    assert state.status.value == "bot"
    await said(page, booked["text"])
    assert "4567" not in str(await page.log())
    assert any(event["text"] == "It is [phone number], thanks" for event in await page.log() if event.get("text"))
    await page.say("and now")
    await said(page, "echo: and now")  # the dialogue is over


async def test_a_number_that_cannot_be_called_is_asked_for_again(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    await page.say("12345")
    await said(page, waiting(page, "phone_wrong"))
    await page.say(PHONE)
    assert len(await page.kind("callback")) == 1


async def test_other_words_end_the_dialogue_and_are_kept_as_they_are(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    await page.say("My order number is ABC-1234567, by the way")
    await page.say(PHONE)
    await page.logged(lambda log: any(event.get("text") == PHONE for event in log), "the number is only words now")
    texts = [event.get("text") for event in await page.log()]
    assert "My order number is ABC-1234567, by the way" in texts
    assert (await page.state()).callback is None
    assert (await page.state()).status.value == "queued"


async def test_an_answer_by_mail_by_a_stated_time(page: Page) -> None:
    await queued(page)
    message = await said(page, waiting(page, "choices"))
    assert waiting(page, "email_by", by="").rstrip(" .") in str(message)
    await taps(page, waiting(page, "email"), quick(message)[waiting(page, "email")])
    await said(page, waiting(page, "which_email"))
    await page.say("aino@havu")
    await said(page, waiting(page, "email_wrong"))
    await page.say("Write to aino@havu.example.")
    (booked,) = await page.kind("callback")
    assert booked["callback"]["kind"] == "email"
    assert "havu.example" not in str(await page.log())


async def test_who_leaves_the_queue_has_the_bot_again(page: Page) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await page.kind("returned_to_bot")
    assert (await page.state()).status.value == "bot"


async def test_a_tap_that_comes_twice_is_done_once(page: Page) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))
    tap = page.message("Call me", quick_reply={"payload": offer["Call me"]})
    await page.deliver(tap)
    await said(page, waiting(page, "which_window"))
    await page.deliver(tap, tap)
    await page.settled()
    log = await page.log()
    assert sum(event.get("text") == "Call me" for event in log) == 1
    assert sum(event.get("text") == waiting(page, "which_window") for event in log) == 1


async def test_a_choice_that_was_never_offered_is_only_words(page: Page) -> None:
    await page.deliver(page.message("Call me", quick_reply={"payload": "silta:b:waiting:callback"}))
    await said(page, "echo: Call me")
    assert (await page.state()).callback is None


@pytest.mark.parametrize("language", ["fi", "da", "en"])
def test_windows_fit_buttons_on_any_day(language: str) -> None:
    from datetime import UTC, datetime, timedelta

    from handoff.channels.messenger.limits import TITLE_MAX, length
    from tests.handoff.parts import ALWAYS_OPEN

    now = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    for days in range(15):
        start = now + timedelta(days=days, hours=5)
        title = ALWAYS_OPEN.teller.window_title(language, start, start + timedelta(hours=1), now)
        assert length(title) <= TITLE_MAX, title
