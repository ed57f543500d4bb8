"""The service's own texts in every language, from the owner's files. Code holds keys only.

Answers of the bot are not here: they reach the hub as finished text.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from handoff.errors import SettingsError
from handoff.events import LANGUAGES

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
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        problems.append(f"{path}: {error.strerror or error}")
        return {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark is not None else ""
        problems.append(f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}")
        return {}
    if not isinstance(raw, dict):
        problems.append(f"{path}: not a mapping")
        return {}
    return raw


def _facts(raw: Mapping[str, Any], language: str) -> dict[str, str]:
    facts = {}
    for name, value in (raw.get("facts") or {}).items():
        facts[name] = str(value.get(language, "") if isinstance(value, dict) else value)
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
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            problems.append(f"{where}.{key}: {error}")
            continue
        unknown = sorted(names - allowed - set(facts))
        if unknown:
            problems.append(f"{where}.{key}: unknown placeholder {{{unknown[0]}}}")
            continue
        # Facts are put in now, values of the moment stay as placeholders.
        texts[key] = text.strip().format_map({**{name: "{" + name + "}" for name in allowed}, **facts})
    return texts


def load_texts(folder: Path) -> Texts:
    """Read ``company.yml`` and ``texts/{fi,da,en}.yml`` of the owner's folder.

    Raises:
        SettingsError: with every gap, unknown placeholder and unreadable file, by file and key.
    """
    problems: list[str] = []
    company = _read(folder / "company.yml", problems)
    system: dict[str, dict[str, str]] = {}
    reasons: dict[str, dict[str, str]] = {}
    titles: dict[str, dict[str, str]] = {}
    emotions: dict[str, dict[str, str]] = {}
    channel: dict[str, dict[str, str]] = {}
    whys: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        path = folder / "texts" / f"{language}.yml"
        raw = _read(path, problems)
        if not raw:
            continue
        facts = _facts(company, language)
        system[language] = _checked(f"{path}: system", raw.get("system"), SYSTEM, facts, problems)
        reasons[language] = _checked(f"{path}: reasons", raw.get("reasons"), REASONS, facts, problems)
        channel[language] = _checked(f"{path}: channel", raw.get("channel"), CHANNEL, facts, problems)
        named = raw.get("emotions")
        emotions[language] = {str(key): str(name) for key, name in named.items()} if isinstance(named, dict) else {}
        titles[language] = {
            f"{prefix}/{name}": str(item["title"])
            for section, prefix in (("answers", "faq"), ("human", "human"))
            for name, item in (raw.get(section) or {}).items()
            if isinstance(item, dict) and item.get("title")
        }
        whys[language] = {
            f"human/{name}": str(item["why"])
            for name, item in (raw.get("human") or {}).items()
            if isinstance(item, dict) and item.get("why")
        }
    if problems:
        raise SettingsError(problems)
    return Texts(system, reasons, titles, channel, emotions, whys)
