"""What holds at this moment and visitors are told: whether people answer, how soon, and what was announced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Waits
from handoff.owner.announcements import Board
from handoff.owner.files import LiveOwner
from handoff.owner.rules import GENERAL
from handoff.queue.eta import MEASURED_MIN
from handoff.queue.room import WaitingRoom

__all__ = ["Moment"]

MOMENT_TOPICS = frozenset({"faq/opening_hours", "faq/response_time"})
"""Answers that are complete only with what holds right now."""

RESPONSE_SHARE = 0.8
"""So many of the latest waits were no longer than what is told as usual."""


class Moment:
    """Asks the owner's hours, the waiting room and the board of announcements."""

    def __init__(self, owner: LiveOwner, room: WaitingRoom, board: Board) -> None:
        self._owner = owner
        self._room = room
        self._board = board
        self._greetings: dict[str, tuple[tuple[object, ...], dict[str, Any]]] = {}

    def opening(self, language: str) -> dict[str, Any]:
        """What a visitor is told of the hours: whether people answer (``open``), when next (``opens_at``), and the same
        as a sentence (``opening``)."""
        settings, now = self._owner.now, datetime.now(UTC)
        hours = settings.hours.of("chat").of(language)
        opens = hours.next_open(now)
        return {
            "open": hours.open_at(now),
            "opens_at": stamp(round(opens.timestamp() * 1000)) if opens is not None and opens > now else None,
            "opening": settings.teller.open_text(language, hours, now),
        }

    def greeting(self, language: str) -> dict[str, Any]:
        """What a visitor is told who comes in: as :meth:`opening`, how soon somebody answers (``response``), and in
        which zone times are told (``zones``, as :meth:`Teller.zones`). Made once a second, for thousands may come in
        it."""
        as_of = (now_ms() // 1000, self._owner.now, len(self._room.waits))
        made = self._greetings.get(language)
        if made is None or made[0] != as_of:
            made = self._greetings[language] = (
                as_of,
                {
                    **self.opening(language),
                    "response": self.response(language),
                    "zones": self._owner.now.teller.zones(),
                },
            )
        return made[1]

    def response(self, language: str) -> str:
        """How soon somebody answers, as far as that was measured or follows from the hours; it may be empty."""
        settings, now = self._owner.now, datetime.now(UTC)
        if settings.hours.of("chat").of(language).open_at(now):
            waits = self._room.waits
            if len(waits) < MEASURED_MIN:
                return ""
            usual = sorted(waits)[int(len(waits) * RESPONSE_SHARE)]
            return settings.texts.say(language, "hours.answers_in", minutes=max(1, -(-round(usual) // 60)))
        return settings.teller.email_text(language, now)

    def additions(self, language: str, nlu: Mapping[str, Any] | None) -> tuple[str, ...]:
        """What holds at this moment and belongs to each of the bot's answers, most often nothing: answers about hours
        or response times are complete only with it."""
        if nlu is None or nlu.get("decision") != "answer":
            return ()
        return tuple(self._addition(language, str(topic)) for topic in (nlu.get("topic"), *(nlu.get("also") or ())))

    def _addition(self, language: str, topic: str) -> str:
        if topic not in MOMENT_TOPICS:
            return ""
        settings, now = self._owner.now, datetime.now(UTC)
        parts = [settings.teller.open_text(language, settings.hours.of("chat").of(language), now)]
        if topic == "faq/response_time":
            parts = [*parts, self.response(language), settings.teller.email_text(language, now)]
        return " ".join(dict.fromkeys(part for part in parts if part))

    def announced(self, state: Conversation, nlu: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        """What the bot has to tell before its answer, as id and text."""
        topic = (nlu or {}).get("topic")
        found = self._board.matching(topic, state.channel, state.announced)
        return [(one.id, one.texts[state.language]) for one in found]

    def waits(self, state: Conversation, skill: str = GENERAL) -> Waits:
        """What somebody who begins to wait for a person with this skill is told."""
        settings, now = self._owner.now, datetime.now(UTC)
        hours = settings.hours.of("chat").of(state.language, skill)
        if hours.open_at(now):
            if not self._room.filled or self._room.answers(state.language, skill):
                return Waits(open=True)
            if self._room.answers(state.language):
                return Waits(open=True, text=settings.texts.say(state.language, "queue.nobody_skilled"))
            spoken = settings.texts.say(state.language, f"names.{state.language}")
            return Waits(open=True, text=settings.texts.say(state.language, "queue.nobody", language=spoken))
        opens = hours.next_open(now)
        if opens is None:
            return Waits(open=False, text=settings.texts.say(state.language, "queue.closed"))
        told = settings.teller.when(state.language, opens, now)
        return Waits(open=False, text=settings.texts.say(state.language, "queue.closed_until", opens=told))
