"""What who waits on Messenger may choose instead: offered once, booked in a short dialogue, by our own payloads."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.asking import ASKED_MAX_MS
from handoff.owner.telling import Teller
from tests.handoff.channels.messenger.page import Page
from tests.handoff.parts import AINO, uid
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


async def test_a_number_that_an_agent_asks_for_reaches_the_agent(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    agents, conversation = page.parts.hub.agents, await page.conversation()
    await agents.claim(AINO, conversation, id=uid())
    await agents.message(AINO, conversation, id=uid(), text="What is your order number?")
    await page.say("It is 20418345, phone 0401234567")
    await page.logged(
        lambda log: any(event.get("text") == "It is 20418345, phone 0401234567" for event in log), "the words"
    )
    state = await page.state()
    assert state.status.value == "assigned"
    assert state.callback is None
    await agents.return_to_bot(AINO, conversation, id=uid(), note=None)
    await page.say(PHONE)
    await page.logged(lambda log: any(event.get("text") == PHONE for event in log), "and the bot reads it")
    assert (await page.state()).callback is None


async def test_a_number_that_an_agent_is_told_just_now_is_not_taken_out(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent claims between the look at the conversation and the write."""
    await queued(page)
    await window_chosen(page)
    answer = page.messenger.choices._answer

    async def claimed(*args: Any) -> str | None:
        found = await answer(*args)
        await page.parts.hub.agents.claim(AINO, await page.conversation(), id=uid())
        return found

    monkeypatch.setattr(page.messenger.choices, "_answer", claimed)
    await page.say(PHONE)
    await page.logged(lambda log: any(event.get("text") == PHONE for event in log), "the words")
    assert (await page.state()).callback is None


async def test_who_has_left_the_queue_is_not_called(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await page.kind("returned_to_bot")
    await page.say("My order is 0401234567")
    await said(page, "echo: My order is 0401234567")
    assert (await page.state()).callback is None


async def test_a_tap_in_between_ends_the_dialogue(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Call me", offer["Call me"])
    await page.logged(lambda log: sum(e.get("text") == waiting(page, "which_window") for e in log) == 2, "asked anew")
    await page.say(PHONE)
    await page.logged(lambda log: any(event.get("text") == PHONE for event in log), "no question stands")
    assert (await page.state()).callback is None


async def test_a_question_lapses(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    page.at += ASKED_MAX_MS + 1000
    await page.say(PHONE)
    await page.logged(lambda log: any(event.get("text") == PHONE for event in log), "only words by now")
    assert (await page.state()).callback is None


async def test_who_waits_no_more_may_still_be_called(page: Page) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await page.kind("returned_to_bot")
    await window_chosen(page)
    await page.say(PHONE)
    await page.kind("callback")
    assert (await page.state()).callback is not None


async def test_a_number_that_comes_twice_is_booked_once(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    message = page.message(f"Call {PHONE}")
    await page.deliver(message)
    await page.kind("callback")
    asked = [e["seq"] for e in await page.log() if e.get("text") == waiting(page, "which_phone")]
    conversation = await page.conversation()
    # As if the process had ended before the dialogue was noted as over.
    await page.messenger.threads.note(conversation, asking=f"phone::{asked[0]}:{page.at}")
    await page.parts.redis.delete(*[key async for key in page.parts.redis.scan_iter("*messenger:seen:*")])
    await page.deliver(message)
    await page.settled()
    log = await page.log()
    assert sum(event["kind"] == "callback" for event in log) == 1
    assert sum(event.get("text") == "Call [phone number]" for event in log) == 1
    assert not any(PHONE in str(event) for event in log)


async def test_a_number_that_nobody_is_called_at_stays_in_the_words(page: Page) -> None:
    await queued(page)
    await window_chosen(page)
    await page.say("12345")
    await said(page, waiting(page, "phone_wrong"))
    assert any(event.get("text") == "12345" for event in await page.log())


async def test_old_buttons_say_that_nobody_waits(page: Page) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await page.kind("returned_to_bot")
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await said(page, waiting(page, "over"))


async def test_no_call_is_to_be_had_for_who_waits_and_for_who_does_not(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queued(page)
    monkeypatch.setattr(page.parts.hub.room, "windows", lambda language, now: [])
    offer = quick(await said(page, waiting(page, "choices")))
    await taps(page, "Call me", offer["Call me"])
    await said(page, waiting(page, "no_window"))
    await taps(page, "Leave the queue", offer["Leave the queue"])
    await page.kind("returned_to_bot")
    await taps(page, "Call me", offer["Call me"])
    await said(page, waiting(page, "no_call"))


@pytest.mark.parametrize("gone", ["before the tap", "after the question", "while it is booked"])
async def test_when_nobody_answers_mail_any_more_a_right_address_is_not_called_wrong(
    page: Page, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    await queued(page)
    offer = quick(await said(page, waiting(page, "choices")))

    def close() -> None:
        monkeypatch.setattr(Teller, "email_by", lambda self, now, language: None)

    if gone == "before the tap":
        close()
    await taps(page, waiting(page, "email"), offer[waiting(page, "email")])
    if gone != "before the tap":
        await said(page, waiting(page, "which_email"))
        if gone == "while it is booked":
            monkeypatch.setattr(page.messenger.choices, "_answers_mail", lambda language: True)
        close()
        await page.say("Write to aino@havu.example.")
    await said(page, waiting(page, "no_email"))
    await page.settled()
    state = await page.state()
    assert state.callback is None
    assert state.status.value == "queued"
    texts = [event.get("text") for event in await page.log()]
    assert waiting(page, "email_wrong") not in texts
    assert ("Write to aino@havu.example." in texts) == (gone == "after the question")
    await page.say("liisa@havu.example")
    await page.logged(lambda log: any(event.get("text") == "liisa@havu.example" for event in log), "it is over")


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
