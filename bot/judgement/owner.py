"""What the owner's ``handoff.yml`` says for judging a message: how sure of an emotion the bot must be to call a person
(``emotion.at_least``), and which topics press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.decision import URGENT
from bot.nlu.language import SPOKEN
from bot.texts import owner_directory

__all__ = ["AT_LEAST", "AtLeast", "BadThreshold", "emotion_at_least", "pressing_topics"]

AT_LEAST = 0.55
"""Without a line in the file."""


@dataclass(frozen=True)
class AtLeast:
    """How sure the bot must be of an emotion: a probability, and those of languages that have one of their own."""

    general: float = AT_LEAST
    languages: Mapping[str, float] = field(default_factory=dict)

    def of(self, language: str | None) -> float:
        """That for a message in this language; None where it is not known."""
        return self.languages.get(language or "", self.general)


class BadThreshold(ValueError):
    """``handoff.yml`` names no probability; the text says where."""

    code = "handoff.bad_threshold"

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{self.code}: {file}: emotion.at_least: {what}")


def emotion_at_least(directory: Path | None = None) -> AtLeast:
    """The probability of an emotion from which on a person is called: one for all languages, or one for each of some.

    Raises:
        BadThreshold: it is no number above 0 and at most 1, nor a list of languages with such numbers.
    """
    file = (directory or owner_directory()) / "handoff.yml"
    if not file.is_file():
        return AtLeast()
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadThreshold(file, "the file is not valid YAML") from error
    part = raw.get("emotion") if isinstance(raw, dict) else None
    value = part.get("at_least", AT_LEAST) if isinstance(part, dict) else AT_LEAST
    if not isinstance(value, dict):
        return AtLeast(_probability(file, "", value))
    for language in value:
        if language not in SPOKEN:
            raise BadThreshold(file, f"{language}: must be one of {', '.join(SPOKEN)}")
    return AtLeast(languages={name: _probability(file, f"{name}: ", number) for name, number in value.items()})


def _probability(file: Path, place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise BadThreshold(file, f"{place}must be a number above 0 and at most 1")
    return float(value)


def pressing_topics(directory: Path | None = None) -> frozenset[str]:
    """The topics (``human/…``) to which the file gives priority high or urgent, and those that are urgent where it
    gives them none; what is wrong in it beyond its being YAML is said by the action server, which reads all of it."""
    file = (directory or owner_directory()) / "handoff.yml"
    if not file.is_file():
        return frozenset()
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadThreshold(file, "the file is not valid YAML") from error
    topics = raw.get("topics") if isinstance(raw, dict) else None
    routes = topics.items() if isinstance(topics, dict) else ()
    given = {f"human/{name}": route.get("priority") for name, route in routes if isinstance(route, dict)}
    return frozenset(topic for topic, priority in given.items() if priority in ("high", "urgent")) | frozenset(
        topic for topic in URGENT if given.get(topic) is None
    )
