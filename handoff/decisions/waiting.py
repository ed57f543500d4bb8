"""What asking for a person does, whoever asks: the visitor, the bot, or the hub for a bot that failed."""

from __future__ import annotations

from dataclasses import dataclass

from handoff.conversation import PRIORITIES, Move, Status, changed
from handoff.decisions.draft import Draft
from handoff.entry import Author, Kind
from handoff.events import HandoffRequest
from handoff.owner.texts import Texts

__all__ = ["Waits", "ask_for_person"]


@dataclass(frozen=True)
class Waits:
    """What a queued visitor is told: whether people answer right now, and ``text`` in words where not."""

    open: bool = True
    text: str | None = None


def ask_for_person(
    draft: Draft, texts: Texts, request: HandoffRequest, author: Author, waits: Waits, key: str | None = None
) -> None:
    """Queue the conversation, or add the reasons to those it waits for already.

    ``key`` names the text that says so, where it is neither the usual one nor what ``waits`` says.

    Raises:
        InvalidTransition: a person has the conversation already.
    """
    again = draft.state.status is Status.QUEUED
    draft.move(Move.HANDOFF_REQUESTED)
    state = draft.state
    known = state.reasons if again else ()
    fresh = tuple(reason for reason in request.reasons if reason not in known)
    draft.state = changed(
        state,
        reasons=(*known, *fresh),
        priority=_higher(state.priority, request.priority) if again else request.priority,
        skill=state.skill if again and request.skill == "general" else request.skill,
    )
    said = waits.text if key is None and not again else None
    if key is None:
        key = "queued_again" if again else "queued" if waits.open else "queued_closed"
    draft.add(
        Kind.HANDOFF,
        author,
        text=said or texts.say(draft.state.language, key),
        data={"reasons": list(fresh), "priority": draft.state.priority, "skill": draft.state.skill},
    )


def _higher(one: str, other: str) -> str:
    return min(one, other, key=PRIORITIES.index)
