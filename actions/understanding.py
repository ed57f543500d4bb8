"""What the tracker tells an action: the visitor's latest message as it was understood, and the turns before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handoff.events import LANGUAGES

__all__ = ["Heard", "failed_before", "heard", "last_answer"]

COUNTER = "failed_turns"
"""The slot that holds the count."""
ANSWER = "utter_faq"
"""The action that speaks the company's answers."""
SEVERAL = "action_answer_several"
"""The action that speaks several of them."""
EMOTION = "emotion"
"""The intent of a message that needs a person for its emotion alone."""
MOST_EVIDENCE = 500
"""Characters of the visitor's words in a reason; an agent sees the whole message beside it."""


@dataclass(frozen=True)
class Heard:
    """The latest message."""

    text: str
    language: str
    topic: str | None
    choices: tuple[str, ...]
    """Topics that may be meant, likeliest first, where the message was not clear."""
    evidence: tuple[str, ...]
    """The visitor's very words that tell the topic; none where a button was pressed."""
    of: int | None
    """The message's number in the conversation's log."""
    parts: tuple[tuple[int, str], ...] = ()
    """(number, text) of each of several messages that were read as one."""
    feeling: Mapping[str, Any] | None = None
    """As :attr:`emotion`, and there for a faint one too."""
    emotion: Mapping[str, Any] | None = None
    """``label``, ``evidence`` and ``signs`` of an emotion that needs a person."""
    by_emotion: bool = False
    """The emotion alone calls the person: the topic does not."""
    also: tuple[str, ...] = ()
    """Topics that the message asks for besides."""


def _topic(message: Mapping[str, Any]) -> str | None:
    intent = message.get("intent") or {}
    found = (message.get("silta") or {}).get("topic") or intent.get("full_retrieval_intent_name") or intent.get("name")
    return found if isinstance(found, str) else None


def _evidence(understood: Mapping[str, Any], texts: Sequence[str], pressed: bool) -> tuple[str, ...]:
    if pressed:
        return ()
    words = understood.get("evidence") or texts
    return tuple(str(word)[:MOST_EVIDENCE] for word in words if word)


def heard(state: Mapping[str, Any]) -> Heard:
    """The latest message of a tracker's state, as Rasa sends it to an action server."""
    message = state.get("latest_message") or {}
    understood = message.get("silta") or {}
    sent = (message.get("metadata") or _last_user(state).get("metadata") or {}).get("silta") or {}
    language = (state.get("slots") or {}).get("language") or understood.get("language") or sent.get("language")
    text = message.get("text") or ""
    parts = tuple((int(of), str(words)) for of, words in sent.get("parts") or ())
    return Heard(
        text=text,
        language=language if language in LANGUAGES else LANGUAGES[0],
        topic=_topic(message),
        choices=tuple(str(topic) for topic in understood.get("choices") or ()),
        evidence=_evidence(understood, [words for _, words in parts] or [text], bool(sent.get("topic"))),
        of=sent.get("of"),
        also=tuple(str(topic) for topic in understood.get("also") or ()),
        parts=parts,
        feeling=understood.get("feeling") or None,
        emotion=understood.get("emotion") or None,
        by_emotion=(message.get("intent") or {}).get("name") == EMOTION,
    )


def _last_user(state: Mapping[str, Any]) -> Mapping[str, Any]:
    users = [event for event in state.get("events") or () if event.get("event") == "user"]
    return users[-1] if users else {}


def _turns(state: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """The turns before the latest message, the last one first. Each begins with the visitor's message."""
    turns: list[list[Mapping[str, Any]]] = []
    for event in state.get("events") or ():
        if event.get("event") == "user":
            turns.append([event])
        elif turns:
            turns[-1].append(event)
    return turns[-2::-1]


def _resumed(turn: Sequence[Mapping[str, Any]]) -> bool:
    return any(event.get("event") == "resume" for event in turn)


def failed_before(state: Mapping[str, Any]) -> int:
    """How many messages in a row, up to the one before the latest, were not understood. A conversation that came back
    from a person starts anew, and so does one where something else was said in between."""
    turns = _turns(state)
    if not turns or _resumed(turns[0]):
        return 0
    # Only who counts sets the slot, so an old count stays in it: what counts is that the last turn has set it.
    counts = [event.get("value") for event in turns[0] if event.get("event") == "slot" and event.get("name") == COUNTER]
    return counts[-1] if counts and isinstance(counts[-1], int) else 0


def last_answer(state: Mapping[str, Any]) -> str | None:
    """The topic that was answered last before the latest message; None when nothing was since the beginning, or since
    the conversation came back from a person."""
    for turn in _turns(state):
        if _resumed(turn):
            break
        # A topic alone is not enough: of a message that was not clear it is a guess.
        if any(event.get("event") == "action" and event.get("name") in (ANSWER, SEVERAL) for event in turn):
            return _topic(turn[0].get("parse_data") or {})
    return None
