"""What the page offers before anybody has said a word: get started, ice breakers, the menu. Pure.

Their payloads are the only ones beside buttons that mean anything; a payload from elsewhere is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handoff.decisions import HANDOFF_BUTTON
from handoff.events import LANGUAGES
from handoff.owner.texts import Texts

__all__ = ["ICE_BREAKERS", "LOCALES", "START", "profile", "topic_of"]

_PREFIX = "silta:m:"
START = _PREFIX + "start"

ICE_BREAKERS: Mapping[str, str] = {
    "track_order": "faq/track_order",
    "return_how": "faq/return_how",
    "delivery_time": "faq/delivery_time",
    "person": HANDOFF_BUTTON,
}
"""Topics by the end of their payload. Four, for Messenger shows no more; the menu has the same."""

LOCALES: Mapping[str, str] = {"default": "en", "fi_FI": "fi", "da_DK": "da"}
"""Our language by Messenger's locale. ``default`` is required, and is what everybody else sees."""

GREETING_MAX = 160
QUESTION_MAX = 80
MENU_TITLE_MAX = 30


def topic_of(payload: str) -> str | None:
    """What a tap on the menu is about; None for any other payload."""
    name = payload.removeprefix(_PREFIX) if payload.startswith(_PREFIX) else ""
    return "greet" if payload == START else ICE_BREAKERS.get(name)


def profile(texts: Texts) -> dict[str, Any]:
    """The page's Messenger profile in every language, as Graph takes it."""
    greeting, breakers, menus = [], [], []
    for locale, language in LOCALES.items():
        assert language in LANGUAGES  # noqa: S101 -- a slip here would be one of ours
        greeting.append({"locale": locale, "text": texts.say(language, "messenger_greeting")[:GREETING_MAX]})
        questions = [
            {"question": texts.say(language, f"messenger_ask_{name}")[:QUESTION_MAX], "payload": _PREFIX + name}
            for name in ICE_BREAKERS
        ]
        breakers.append({"locale": locale, "call_to_actions": questions})
        entries = [
            {"type": "postback", "title": _title(texts, language, name), "payload": _PREFIX + name}
            for name in ICE_BREAKERS
        ]
        menus.append({"locale": locale, "composer_input_disabled": False, "call_to_actions": entries})
    return {
        "get_started": {"payload": START},
        "greeting": greeting,
        "ice_breakers": breakers,
        "persistent_menu": menus,
    }


def _title(texts: Texts, language: str, name: str) -> str:
    if ICE_BREAKERS[name] == HANDOFF_BUTTON:
        return texts.say(language, "button_person")[:MENU_TITLE_MAX]
    return texts.title(language, ICE_BREAKERS[name])[:MENU_TITLE_MAX]
