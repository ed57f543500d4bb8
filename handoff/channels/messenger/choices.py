"""What who waits may choose instead, as buttons in the thread: a call at a time of their own, an answer by e-mail,
somebody who writes another language, or not to wait. The website shows the same in its waiting line.

A call is booked in a short dialogue: the window is tapped, the number written. Every button is one that we have
issued, and every step may be repeated without harm.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import phonenumbers

from handoff.callbacks import COUNTRY, checked_email, checked_phone
from handoff.channels.messenger import decisions
from handoff.channels.messenger.asking import Question
from handoff.channels.messenger.events import Event
from handoff.channels.messenger.threads import Thread, Threads
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import BadRequest, Conflict, Erased, Refused, StoreUnavailable
from handoff.hub import Hub
from handoff.requests.desk import book_callback
from handoff.wire.visitor import Callback

__all__ = ["LOOK_EVERY_S", "TOPIC", "Choices"]

log = logging.getLogger("silta.messenger")

TOPIC = "waiting:"
"""Begins the topic of a button about waiting. No model knows such a topic: these buttons never reach the bot."""

LOOK_EVERY_S = 5.0
"""How often it is looked whether somebody has choices; as for the website's visitors."""

_LIKE_A_NUMBER = re.compile(r"[+\d\s()./-]{5,30}")
"""Meant as a number to call, though it may be a wrong one."""

_LIKE_AN_ADDRESS = re.compile(r"[^\s<>,;]+@[^\s<>,;]+")

OFFERED_KEPT = 10_000
"""Of so many conversations this process remembers what was offered, so that it does not ask Redis again and again."""


class Choices:
    """Offers the choices, and does what was chosen. Run :meth:`keep_offering` for ever."""

    def __init__(self, hub: Hub, threads: Threads, *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._hub = hub
        self._threads = threads
        self._look_every_s = look_every_s
        self._offered: dict[str, str] = {}

    # -- offering

    async def keep_offering(self) -> None:
        """Run for ever. Several processes may: each offer is written once."""
        while True:
            await asyncio.sleep(self._look_every_s)
            try:
                await self.offer()
            except StoreUnavailable:
                pass  # looked at again soon
            except Exception:
                log.exception("choices could not be offered")

    async def offer(self) -> None:
        """Offer what those who wait on Messenger may choose now, where they were not offered it yet.

        Raises:
            StoreUnavailable: Redis is away.
        """
        room = self._hub.room
        await room.refresh(listening=self._hub.fanout.listening.is_set())
        waiting = {one.id: one for one in room.waiting() if one.channel == "messenger"}
        for id, frame in room.statuses(list(waiting)).items():
            found = [choice for choice in frame["choices"] if choice["kind"] != "wait"]
            key = f"{waiting[id].since_ms}:{','.join(_kinds(found))}"
            if found and self._offered.get(id) != key:
                await self._offer(id, found, key)
                if len(self._offered) >= OFFERED_KEPT:
                    self._offered.clear()
                self._offered[id] = key

    async def _offer(self, conversation: str, choices: Sequence[dict[str, Any]], key: str) -> None:
        def decide(state: Conversation) -> Decision | None:
            if state.status is not Status.QUEUED:
                return None
            text, buttons = self._worded(state.language, choices)
            return decisions.asked(state, at=stamp(now_ms()), text=text, buttons=buttons, cause="choices")

        try:
            await self._hub.store.request(conversation, decide, client_id=f"choices:{key}")
        except StoreUnavailable:
            raise
        except Refused as refused:
            log.warning("conversation %s: choices were not offered: %s", conversation, refused)

    def _worded(self, language: str, choices: Sequence[dict[str, Any]]) -> tuple[str, list[tuple[str, str]]]:
        teller, now = self._hub.owner.now.teller, datetime.now(UTC)
        say = teller.texts.say
        text, buttons = [say(language, "waiting.choices")], []
        for choice in choices:
            match choice["kind"]:
                case "callback":
                    buttons.append((say(language, "waiting.callback"), TOPIC + "callback"))
                case "email":
                    by = teller.when(language, datetime.fromisoformat(choice["by"]), now, by=True)
                    text.append(say(language, "waiting.email_by", by=by))
                    buttons.append((say(language, "waiting.email"), TOPIC + "email"))
                case "other_language":
                    for other in choice["languages"]:
                        named = say(language, f"names.{other}")
                        title = say(language, "waiting.language", language=named)
                        buttons.append((title, f"{TOPIC}language:{other}"))
        buttons.append((self._hub.texts.say(language, "button_cancel"), TOPIC + "leave"))
        return " ".join(text), buttons

    # -- choosing

    async def heard(self, thread: Thread, event: Event, new: Conversation, text: str, button: str | None) -> int | None:
        """What the person tapped or wrote, where it belongs to this; the number of its entry, or None where not."""
        if button is not None:
            offered = await self._hub.store.button(thread.conversation, button)
            if offered is None or not offered["topic"].startswith(TOPIC):
                return None
            return await self._tapped(thread, event, new, offered["title"], offered["topic"].removeprefix(TOPIC))
        if not thread.asking:
            return None
        question, state = Question.read(thread.asking), await self._hub.store.load(new.id) or new
        found = await self._answer(question, state, event, text) if question is not None else None
        seq = await self._given(thread, event, state, text, question, found) if question and found else None
        if seq is None:
            # They talk of something else, or to somebody else.
            await self._threads.note(thread.conversation, asking="")
        return seq

    async def _answer(self, question: Question, state: Conversation, event: Event, text: str) -> str | None:
        """The number or address in a message, where it answers the question."""
        found = _phone_in(text, state.language) if question.kind == "phone" else _email_in(text)
        if found is None:
            return None
        since = await self._hub.store.events(state.id, after=question.seq)
        return found if question.stands(state, since, at=event.at, key=event.key) else None

    async def _tapped(self, thread: Thread, event: Event, new: Conversation, title: str, what: str) -> int:
        state = await self._hub.store.load(new.id) or new
        seq = await self._wrote(new, event, title) if state.status is not Status.ASSIGNED else None
        if seq is None:
            # A person has it by now, and sees what was chosen.
            answer = await self._hub.visitors.message(new, id=event.key, text=title, button=None)
            return int(answer.get("seq", 0))
        kind, _, value = what.partition(":")
        try:
            match kind:
                case "callback":
                    await self._ask_window(thread, event, "waiting.which_window")
                case "window":
                    await self._ask_for(thread, event, "phone", "waiting.which_phone", window=value)
                case "email" if self._answers_mail(state.language):
                    await self._ask_for(thread, event, "email", "waiting.which_email")
                case "email":
                    await self._ask(thread, event, "waiting.no_email")
                case "language":
                    await self._hub.visitors.consent(new.id, id=f"{event.key}:consent", language=value)
                case "leave":
                    await self._hub.visitors.cancel_handoff(new.id, id=f"{event.key}:leave")
        except (Erased, StoreUnavailable):
            raise
        except Refused as refused:
            log.info("conversation %s: what was chosen is not to be had any more: %s", new.id, refused)
            await self._ask(thread, event, "waiting.over")
        return seq

    async def _given(
        self, thread: Thread, event: Event, state: Conversation, text: str, question: Question, found: str
    ) -> int | None:
        """The number or address has come; None where a person has the conversation by now.

        What is booked stands with the task alone, and the transcript says that it was given. What is of no use is in no
        task, so it stays with the words.
        """
        kind, language = question.kind, state.language
        try:
            phone, email = (checked_phone(found, language), None) if kind == "phone" else (None, checked_email(found))
        except BadRequest:
            seq = await self._wrote(state, event, text)
            if seq is not None:
                await self._ask_for(thread, event, kind, f"waiting.{kind}_wrong", window=question.window)
            return seq
        if email is not None and not self._answers_mail(language):
            return await self._no_mail(thread, event, state, text)
        given = self._hub.owner.now.teller.texts.say(language, f"waiting.{kind}_given")
        seq = await self._wrote(state, event, text.replace(found, given).strip())
        if seq is None:
            return None
        try:
            wish = Callback(f"{event.key}:book", phone, email, None, question.window or None)
            await book_callback(self._hub, state, wish)
        except (BadRequest, Conflict) as refused:
            if refused.extra.get("field") == "by":
                await self._ask(thread, event, "waiting.no_email")
            else:
                await self._ask_window(thread, event, "waiting.window_gone")
        await self._threads.note(thread.conversation, asking="")
        return seq

    async def _no_mail(self, thread: Thread, event: Event, state: Conversation, text: str) -> int | None:
        """E-mail was offered, and the hours have changed since."""
        seq = await self._wrote(state, event, text)
        if seq is not None:
            await self._ask(thread, event, "waiting.no_email")
            await self._threads.note(thread.conversation, asking="")
        return seq

    def _answers_mail(self, language: str) -> bool:
        return self._hub.owner.now.teller.email_by(datetime.now(UTC), language) is not None

    async def _wrote(self, new: Conversation, event: Event, text: str) -> int | None:
        """The number of what was chosen or given; None where a person has the conversation by now, who is to see the
        words as they are."""

        def decide(state: Conversation) -> Decision | None:
            if state.status is Status.ASSIGNED:
                return None
            return decisions.chose(state, at=stamp(now_ms()), text=text, client_id=event.key)

        commit = await self._hub.store.request(new.id, decide, client_id=event.key, new=new)
        return int(commit.answer["seq"]) if "seq" in commit.answer else None

    async def _ask_for(self, thread: Thread, event: Event, kind: str, key: str, *, window: str = "") -> None:
        """Ask for something that is to be written."""
        seq = await self._ask(thread, event, key)
        asked = Question(kind, window, seq, event.at)
        await self._threads.note(thread.conversation, asking=asked.written())

    async def _ask_window(self, thread: Thread, event: Event, key: str) -> None:
        settings, now = self._hub.owner.now, datetime.now(UTC)
        state = await self._hub.store.load(thread.conversation)
        language = state.language if state is not None else "en"
        await self._hub.room.look()
        found = self._hub.room.windows(language, now)[: settings.rules.callbacks.shown]
        title = settings.teller.window_title
        buttons = [(title(language, one.start, one.end, now), f"{TOPIC}window:{one.id}") for one in found]
        if not found:
            waits = state is not None and state.status is Status.QUEUED
            key = "waiting.no_window" if waits else "waiting.no_call"
        await self._ask(thread, event, key, buttons)

    async def _ask(self, thread: Thread, event: Event, key: str, buttons: Sequence[tuple[str, str]] = ()) -> int:
        def decide(state: Conversation) -> Decision:
            text = self._hub.owner.now.teller.texts.say(state.language, key)
            return decisions.asked(state, at=stamp(now_ms()), text=text, buttons=buttons, cause="choices")

        commit = await self._hub.store.request(thread.conversation, decide, client_id=f"{event.key}:{key}")
        return int(commit.answer.get("seq", 0))


def _kinds(choices: Sequence[dict[str, Any]]) -> list[str]:
    """What is offered, without its times: a window that is taken is no reason to offer all again."""
    return [":".join((choice["kind"], *choice.get("languages", ()))) for choice in choices]


def _phone_in(text: str, language: str) -> str | None:
    """The number in a text, as it is written there."""
    found = next(iter(phonenumbers.PhoneNumberMatcher(text, COUNTRY[language])), None)
    if found is not None:
        return str(found.raw_string)
    return text if _LIKE_A_NUMBER.fullmatch(text.strip()) else None


def _email_in(text: str) -> str | None:
    found = _LIKE_AN_ADDRESS.search(text)
    return found.group().rstrip(".!?") if found is not None else None
