"""The service's own texts in every language, from the owner's files. Code holds keys only.

Answers of the bot are not here: they reach the hub as finished text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.facts import read_facts
from handoff.owner.placeholders import filled, names_in
from handoff.owner.yamlfile import load, refusing

__all__ = ["CHANNEL", "REASONS", "SYSTEM", "Texts", "load_texts"]

SYSTEM: Mapping[str, frozenset[str]] = {
    "bot_notice": frozenset({"company"}),
    "queued": frozenset(),
    "queued_closed": frozenset({"chat_hours"}),
    "queued_again": frozenset(),
    "assigned": frozenset({"name"}),
    "agent_lost": frozenset(),
    "transferred": frozenset(),
    "returned_to_bot": frozenset(),
    "resolved": frozenset(),
    "cancelled": frozenset(),
    "bot_late": frozenset(),
    "bot_failed_queued": frozenset(),
    "too_long": frozenset({"limit"}),
    "reopened": frozenset(),
    "rating_thanks": frozenset(),
    "button_person": frozenset(),
    "button_cancel": frozenset(),
    "masked": frozenset(),
    "page_inbox": frozenset(),
    "files_received": frozenset(),
    "file_image": frozenset(),
    "file_video": frozenset(),
    "file_audio": frozenset(),
    "file_file": frozenset(),
    "file_sticker": frozenset(),
    "file_location": frozenset(),
    "messenger_greeting": frozenset(),
    "messenger_ask_track_order": frozenset(),
    "messenger_ask_return_how": frozenset(),
    "messenger_ask_delivery_time": frozenset(),
    "messenger_ask_person": frozenset(),
}
"""Keys of ``system`` that the hub speaks, with the values each text may name besides the company's facts."""

REASONS: Mapping[str, frozenset[str]] = {
    "asked": frozenset(),
    "human_topic": frozenset({"topic"}),
    "emotion": frozenset({"emotion"}),
    "not_understood": frozenset({"count"}),
    "answer_did_not_help": frozenset(),
    "bot_unavailable": frozenset(),
    "agent_stepped_in": frozenset({"name"}),
    "asked_again": frozenset({"topic"}),
    "emotion_rising": frozenset({"emotion"}),
}
"""Codes of handoff reasons, with the values each explanation may name. The last two word what the course of the
conversation adds: an answer that did not help shows in the same question asked again, an emotion grows."""

CHANNEL: Mapping[str, frozenset[str]] = {
    code: frozenset()
    for code in (
        "window_bot",
        "window_over",
        "window_no_permission",
        "window_closed",
        "not_ours",
        "person_away",
        "person_refuses",
        "invalid",
        "graph",
        "pass_failed",
        "inbox_took",
        "inbox_asks",
        "token",
        "restricted",
        "warned",
        "courier_away",
        "working_again",
    )
}
"""Codes of what a channel could not do, or did by itself, in words for agents."""


@dataclass(frozen=True)
class Texts:
    """Texts by language. Made by :func:`load_texts`, which has checked that nothing is missing."""

    system: Mapping[str, Mapping[str, str]]
    reasons: Mapping[str, Mapping[str, str]]
    titles: Mapping[str, Mapping[str, str]]
    channel: Mapping[str, Mapping[str, str]]
    emotions: Mapping[str, Mapping[str, str]]
    """Names of emotions and of their signs, for agents; what the owner gave none is called by its label."""
    whys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a topic for a person says about the visitor, for agents; where the owner gave none, its title does."""

    def say(self, language: str, key: str, **values: object) -> str:
        """The text ``key`` of ``system`` in ``language``, with the values in place."""
        return self.system[language][key].format_map(values)

    def title(self, language: str, topic: str) -> str:
        """A topic's short name for people, or the topic itself when the owner gave it none."""
        return self.titles[language].get(topic, topic)

    def explain(self, language: str, reason: Mapping[str, Any]) -> str:
        """A handoff reason in words, in the agent's language."""
        code = str(reason.get("code", ""))
        code = "asked_again" if reason.get("again") else "emotion_rising" if reason.get("rising") else code
        why = self.whys.get(language, {}).get(str(reason.get("topic"))) if code == "human_topic" else None
        if why:
            return why
        pattern = self.reasons[language].get(code)
        if pattern is None:
            return code
        values = {
            "topic": self.title(language, str(reason.get("topic") or "")),
            "emotion": self._emotion(language, reason),
            "count": reason.get("count", 2),
            "name": reason.get("name", ""),
        }
        return pattern.format_map(values)

    def channel_said(self, language: str, code: str) -> str:
        """What a channel could not do, or did by itself, in words; an unknown code is said as it is."""
        return self.channel[language].get(code, code)

    def _emotion(self, language: str, reason: Mapping[str, Any]) -> str:
        """An emotion's name, with the signs of it that no words show: capital letters, exclamation marks."""
        names, label = self.emotions[language], str(reason.get("emotion", ""))
        signs = [names[sign] for sign in reason.get("signs") or () if sign in names]
        name = names.get(label, label)
        return f"{name} ({', '.join(signs)})" if signs else name


def _read(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        raw = load(path)
    except SettingsError as error:
        problems += error.problems
        return {}
    if not isinstance(raw, dict):
        problems.append(f"{path}: not a mapping")
        return {}
    return raw


def _facts(path: Path, problems: list[str]) -> dict[str, dict[str, str]]:
    """The facts by language."""
    try:
        raw = read_facts(path)
    except SettingsError as error:
        problems += error.problems
        raw = {}
    facts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for language, found in facts.items():
        for name, value in raw.items():
            said = value.get(language) if isinstance(value, dict) else value
            found[name] = "" if said is None else str(said)
    return facts


def _checked(
    where: str, section: Any, wanted: Mapping[str, frozenset[str]], facts: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    texts: dict[str, str] = {}
    section = section if isinstance(section, dict) else {}
    for key, allowed in wanted.items():
        text = section.get(key)
        if not isinstance(text, str) or not text.strip():
            problems.append(f"{where}.{key}: missing")
            continue
        try:
            names = names_in(text)
        except ValueError as error:
            problems.append(f"{where}.{key}: {error}")
            continue
        unknown = sorted(names - allowed - set(facts))
        if unknown:
            problems.append(f"{where}.{key}: unknown placeholder {{{unknown[0]}}}")
            continue
        # Facts are put in now, values of the moment stay as placeholders.
        texts[key] = filled(text.strip(), facts, allowed)
    return texts


def _words(path: Path, where: str, section: Any, problems: list[str]) -> dict[str, str]:
    """Names and their texts; what has none is left out."""
    if section is None:
        return {}
    if not isinstance(section, dict):
        problems.append(f"{path}: {where}: names and texts are expected")
        return {}
    found = {}
    for key, text in section.items():
        if isinstance(text, str):
            found[key] = text
        elif text is not None:
            problems.append(f"{path}: {where}.{key}: {text!r} is no text; put it between quotes")
    return found


def _topics(path: Path, raw: Mapping[str, Any], section: str, problems: list[str]) -> dict[str, dict[str, str]]:
    """The ``title`` and ``why`` of each topic in a section; all else there is the bot's."""
    part = raw.get(section)
    if part is None:
        return {}
    if not isinstance(part, dict):
        problems.append(f"{path}: {section}: names and texts are expected")
        return {}
    found = {}
    for name, item in part.items():
        ours = {key: item.get(key) for key in ("title", "why")} if isinstance(item, dict) else {}
        found[name] = _words(path, f"{section}.{name}", ours, problems)
        if item is not None and not isinstance(item, dict):
            problems.append(f"{path}: {section}.{name}: names and texts are expected")
    return found


@refusing
def load_texts(folder: Path) -> Texts:
    """Read ``company.yml`` and ``texts/{fi,da,en}.yml`` of the owner's folder.

    Raises:
        SettingsError: with every gap, unknown placeholder and unreadable file, by file and key.
    """
    problems: list[str] = []
    facts = _facts(folder / "company.yml", problems)
    system: dict[str, dict[str, str]] = {}
    reasons: dict[str, dict[str, str]] = {}
    titles: dict[str, dict[str, str]] = {}
    emotions: dict[str, dict[str, str]] = {}
    channel: dict[str, dict[str, str]] = {}
    whys: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        path = folder / "texts" / f"{language}.yml"
        before = len(problems)
        raw = _read(path, problems)
        if len(problems) > before:
            continue
        own = facts[language]
        system[language] = _checked(f"{path}: system", raw.get("system"), SYSTEM, own, problems)
        reasons[language] = _checked(f"{path}: reasons", raw.get("reasons"), REASONS, own, problems)
        channel[language] = _checked(f"{path}: channel", raw.get("channel"), CHANNEL, own, problems)
        emotions[language] = _words(path, "emotions", raw.get("emotions"), problems)
        answers, human = (_topics(path, raw, section, problems) for section in ("answers", "human"))
        titles[language] = {
            **{f"faq/{name}": item["title"] for name, item in answers.items() if item.get("title")},
            **{f"human/{name}": item["title"] for name, item in human.items() if item.get("title")},
        }
        whys[language] = {f"human/{name}": item["why"] for name, item in human.items() if item.get("why")}
    if problems:
        raise SettingsError(problems)
    return Texts(system, reasons, titles, channel, emotions, whys)
