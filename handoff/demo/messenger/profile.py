"""The page's Messenger profile: greeting, get started, ice breakers and the persistent menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from handoff.demo.messenger.faults import GraphError, invalid
from handoff.demo.messenger.rules import PAYLOAD_MAX, fields_of, list_of, string_of

__all__ = ["FIELDS", "clear", "update"]

LOCALES = {"default", "fi_FI", "da_DK", "en_US", "en_GB", "sv_SE", "nb_NO", "de_DE"}
GREETING_MAX = 160
MENU_MAX = 20
MENU_TITLE_MAX = 30
ICE_BREAKERS_MAX = 4
QUESTION_MAX = 80


def _locales(value: Any, name: str, allowed: set[str], required: tuple[str, ...]) -> list[dict[str, Any]]:
    entries = [
        dict(fields_of(one, f"{name}[{n}]", {"locale", *allowed}, ("locale", *required)))
        for n, one in enumerate(list_of(value, name, len(LOCALES)))
    ]
    locales = [entry["locale"] for entry in entries]
    if unknown := [one for one in locales if one not in LOCALES]:
        raise invalid(f"Locale {unknown[0]!r} of {name} is not supported")
    if len(set(locales)) != len(locales):
        raise invalid(f"{name} has a locale twice")
    if "default" not in locales:
        raise invalid(f"{name} must have an entry with the locale default")
    return entries


def _get_started(value: Any) -> Any:
    given = fields_of(value, "get_started", {"payload"}, ("payload",))
    string_of(given["payload"], "get_started[payload]", PAYLOAD_MAX)
    return given


def _greeting(value: Any) -> Any:
    entries = _locales(value, "greeting", {"text"}, ("text",))
    for entry in entries:
        string_of(entry["text"], "greeting[text]", GREETING_MAX)
    return entries


def _ice_breakers(value: Any) -> Any:
    entries = _locales(value, "ice_breakers", {"call_to_actions"}, ("call_to_actions",))
    for entry in entries:
        for one in list_of(entry["call_to_actions"], "ice_breakers[call_to_actions]", ICE_BREAKERS_MAX):
            breaker = fields_of(one, "ice_breakers[call_to_actions]", {"question", "payload"}, ("question", "payload"))
            string_of(breaker["question"], "question", QUESTION_MAX)
            string_of(breaker["payload"], "payload", PAYLOAD_MAX)
    return entries


def _menu(value: Any) -> Any:
    allowed = {"composer_input_disabled", "call_to_actions", "disabled_surfaces"}
    entries = _locales(value, "persistent_menu", allowed, ("call_to_actions",))
    for entry in entries:
        for one in list_of(entry["call_to_actions"], "persistent_menu[call_to_actions]", MENU_MAX):
            kind = one.get("type") if isinstance(one, dict) else None
            wanted = {"postback": "payload", "web_url": "url"}.get(kind or "")
            if wanted is None:  # "nested" was taken away: the menu is flat
                raise invalid("persistent_menu[call_to_actions][type] must be one of {POSTBACK, WEB_URL}")
            item = fields_of(one, "persistent_menu[call_to_actions]", {"type", "title", wanted}, ("title", wanted))
            string_of(item["title"], "title", MENU_TITLE_MAX)
            string_of(item[wanted], wanted, PAYLOAD_MAX)
    return entries


def _domains(value: Any) -> Any:
    for one in list_of(value, "whitelisted_domains", 50, 0):
        if not isinstance(one, str) or not one.startswith("https://"):
            raise invalid("whitelisted_domains must be https")
    return value


FIELDS: dict[str, Callable[[Any], Any]] = {
    "get_started": _get_started,
    "greeting": _greeting,
    "ice_breakers": _ice_breakers,
    "persistent_menu": _menu,
    "whitelisted_domains": _domains,
}
"""What a profile may hold, and who checks it."""


def update(profile: dict[str, Any], given: dict[str, Any]) -> None:
    """Set the given fields, all or none.

    Raises:
        GraphError: 100.
    """
    fields_of(given, "body", set(FIELDS))
    if not given:
        raise invalid("Param body must have at least one property")
    checked = {name: FIELDS[name](value) for name, value in given.items()}
    _whole({**profile, **checked})
    profile.update(checked)


def clear(profile: dict[str, Any], names: Iterable[str]) -> None:
    """Take fields away.

    Raises:
        GraphError: 100, a field is unknown, or another needs it.
    """
    names = list(names)
    for name in names:
        if name not in FIELDS:
            raise invalid(f"Param fields has an unknown property {name!r}")
    rest = {name: value for name, value in profile.items() if name not in names}
    _whole(rest)
    for name in names:
        profile.pop(name, None)


def _whole(profile: dict[str, Any]) -> None:
    if "persistent_menu" in profile and "get_started" not in profile:
        raise GraphError(
            100, "(#100) You must set a Get Started button if you also wish to use persistent menu", subcode=2018145
        )
