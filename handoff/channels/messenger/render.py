"""How an entry of the log looks in Messenger: texts that fit, and choices as what fits them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff.channels.messenger import limits
from handoff.entry import AGENTS_ONLY

__all__ = ["PAYLOAD", "Choice", "Rendered", "chosen", "outgoing", "payload_of", "pressed", "render"]

PAYLOAD = "silta:b:"
"""Before the id of a button that was offered in the conversation. Any other payload is no wish of ours."""


@dataclass(frozen=True)
class Choice:
    """Something to choose. ``url`` opens a page instead of coming back to us."""

    title: str
    payload: str
    url: str | None = None


@dataclass(frozen=True)
class Rendered:
    """``messages`` are bodies for Graph's ``message``, in order. ``choices`` are payloads by what is typed for them."""

    messages: tuple[Mapping[str, Any], ...]
    choices: Mapping[str, str] = field(default_factory=dict)


def payload_of(button: str) -> str:
    """The payload for a button's id."""
    return PAYLOAD + button


def pressed(payload: str) -> str | None:
    """The button's id in a payload that we issued."""
    return payload.removeprefix(PAYLOAD) or None if payload.startswith(PAYLOAD) else None


def chosen(text: str, choices: Mapping[str, str]) -> str | None:
    """The payload of the numbered choice that ``text`` names: ``2``, ``2.`` or ``2)``."""
    return choices.get(text.strip().rstrip(".)"))


def outgoing(event: Mapping[str, Any]) -> str | None:
    """The text of a log entry that the person must get, or None: their own words, what agents only see, and what a
    human wrote in the page inbox, which the person has already."""
    if event["author"]["role"] == "visitor" or event["kind"] in _AGENTS_ONLY or event.get("via"):
        return None
    text = event.get("text")
    return text if isinstance(text, str) and text.strip() else None


_AGENTS_ONLY = frozenset({*(kind.value for kind in AGENTS_ONLY), "language", "reopened"})


def render(text: str, choices: Sequence[Choice] = (), *, lasting: bool = False) -> Rendered:
    """Messages for a text and its choices.

    Quick replies where they fit; buttons for addresses, and for choices that must stay (``lasting``), since quick
    replies vanish with the next message; a numbered list for what fits neither.
    """
    if not choices:
        return Rendered(_texts(text))
    fits = all(limits.length(choice.title) <= limits.TITLE_MAX for choice in choices)
    few = len(choices) <= limits.BUTTONS_MAX
    if fits and few and (lasting or any(choice.url for choice in choices)):
        return Rendered(_template(text, choices))
    if fits and len(choices) <= limits.QUICK_REPLIES_MAX and not any(choice.url for choice in choices):
        *first, last = _texts(text)
        return Rendered((*first, {**last, "quick_replies": [_quick(choice) for choice in choices]}))
    lines = [f"{number}. {choice.title}{_url(choice)}" for number, choice in enumerate(choices, 1)]
    numbers = {str(number): choice.payload for number, choice in enumerate(choices, 1) if not choice.url}
    return Rendered(_texts("\n".join((text, "", *lines))), numbers)


def _texts(text: str) -> tuple[Mapping[str, Any], ...]:
    return tuple({"text": part.strip()} for part in limits.split(text.strip()) if part.strip())


def _url(choice: Choice) -> str:
    return f": {choice.url}" if choice.url else ""


def _quick(choice: Choice) -> dict[str, str]:
    return {"content_type": "text", "title": choice.title, "payload": choice.payload}


def _template(text: str, choices: Sequence[Choice]) -> tuple[Mapping[str, Any], ...]:
    *first, last = [part.strip() for part in limits.split(text.strip(), limits.TEXT_MAX) if part.strip()]
    *more, last = [part.strip() for part in limits.split(last, limits.TEMPLATE_TEXT_MAX) if part.strip()]
    buttons = [
        {"type": "web_url", "title": choice.title, "url": choice.url}
        if choice.url
        else {"type": "postback", "title": choice.title, "payload": choice.payload}
        for choice in choices
    ]
    template = {"template_type": "button", "text": last, "buttons": buttons}
    texts = ({"text": part} for part in (*first, *more))
    return (*texts, {"attachment": {"type": "template", "payload": template}})
