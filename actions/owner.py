"""What the owner decides about handoffs: ``handoff.yml``, and the topics' titles in ``texts/LANG.yml``."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.decision import URGENT
from bot.reasons import EMOTIONS
from handoff.events import LANGUAGES

__all__ = ["BadOwnerFile", "Owner", "Route", "load", "owner"]

PRIORITIES = ("normal", "high", "urgent")
GENERAL = "general"
PARTS = ("topics", "emotion", "not_understood", "answer_did_not_help", "skills")
ROUTE = ("priority", "skill")
MOST_IN_A_ROW = 5
"""As far back as the bot surely remembers; no visitor should have to fail more often."""


class BadOwnerFile(ValueError):
    """A file of the owner's says something that cannot be: one line with file and place."""

    code = "owner.bad_file"

    def __init__(self, file: Path, where: str, what: str) -> None:
        super().__init__(f"{self.code}: {file}: {where}: {what}")


@dataclass(frozen=True)
class Route:
    """How urgent a handoff is, and whose work."""

    priority: str = "normal"
    skill: str = GENERAL


@dataclass(frozen=True)
class Owner:
    """The owner's decisions. Topics carry their prefix (``human/fraud``)."""

    topics: Mapping[str, Route]
    skills: Mapping[str, str]
    """The skill of an answer's topic; ``general`` for those not in it."""
    not_understood: Route
    not_understood_in_a_row: int
    answer_did_not_help: Route
    emotions: Mapping[str, Route]
    """The route of an emotion, by its label."""
    titles: Mapping[str, Mapping[str, str]]
    """Language → topic → what a button for it is called. ``none`` is the button for none of the others."""

    def route(self, topic: str) -> Route:
        """The route of a topic for a person. One that the owner does not name is normal and general, or urgent where
        waiting does harm (:data:`~bot.nlu.decision.URGENT`)."""
        return self.topics.get(topic, _unnamed(topic))

    def title(self, topic: str, language: str) -> str | None:
        """A topic's title, or None where the owner gave it none."""
        return self.titles.get(language, {}).get(topic)


def _directory() -> Path:
    named = os.environ.get("SILTA_OWNER_DIR")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "data" / "owner"


def _read(file: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise BadOwnerFile(file, "file", f"cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadOwnerFile(file, "file", "is not valid YAML") from error
    if not isinstance(raw, dict):
        raise BadOwnerFile(file, "file", "is empty")
    return raw


def _part(file: Path, raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = raw.get(name, {})
    if not isinstance(part, dict):
        raise BadOwnerFile(file, name, "must be a list of names and values")
    return part


def _known(file: Path, where: str, names: Iterable[Any], known: Collection[str]) -> None:
    """Refuse a name that is none of those known: mistyped, it would silently be another's default."""
    for name in map(str, names):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(known))}"
            raise BadOwnerFile(file, f"{where}.{name}" if where else name, f"is not known here; {meant}")


def _unnamed(topic: str) -> Route:
    return Route("urgent") if topic in URGENT else Route()


def _route(file: Path, where: str, raw: Any, default: Route | None = None, besides: Iterable[str] = ()) -> Route:
    if not isinstance(raw, dict):
        raise BadOwnerFile(file, where, "must name a priority and a skill")
    _known(file, where, raw, (*ROUTE, *besides))
    default = default or Route()
    route = Route(raw.get("priority", default.priority), raw.get("skill", default.skill))
    if route.priority not in PRIORITIES:
        raise BadOwnerFile(file, where, f"priority is {route.priority!r}, not one of {', '.join(PRIORITIES)}")
    if not isinstance(route.skill, str) or not route.skill:
        raise BadOwnerFile(file, where, "skill must be a word")
    return route


def _in_a_row(file: Path, part: Mapping[str, Any]) -> int:
    value = part.get("in_a_row", 2)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_IN_A_ROW:
        raise BadOwnerFile(file, "not_understood.in_a_row", f"must be a whole number from 1 to {MOST_IN_A_ROW}")
    return value


def _topics(file: Path, raw: Mapping[str, Any], known: Collection[str]) -> dict[str, Route]:
    part = _part(file, raw, "topics")
    _known(file, "topics", part, known)
    return {
        f"human/{name}": _route(file, f"topics.{name}", route, _unnamed(f"human/{name}"))
        for name, route in part.items()
    }


def _emotions(file: Path, raw: Mapping[str, Any]) -> dict[str, Route]:
    part = _part(file, raw, "emotion")
    _known(file, "emotion", part, ("at_least", *EMOTIONS))
    return {label: _route(file, f"emotion.{label}", part.get(label, {})) for label in EMOTIONS}


def _skills(file: Path, raw: Mapping[str, Any], known: Collection[str]) -> dict[str, str]:
    skills = {}
    for skill, names in _part(file, raw, "skills").items():
        if not isinstance(names, list):
            raise BadOwnerFile(file, f"skills.{skill}", "must be a list of topics")
        _known(file, f"skills.{skill}", names, known)
        skills.update({f"faq/{name}": str(skill) for name in names})
    return skills


def _titles(file: Path, raw: Mapping[str, Any]) -> dict[str, str]:
    titles = {}
    for part, prefix in (("answers", "faq/"), ("human", "human/")):
        for name, entry in _part(file, raw, part).items():
            if isinstance(entry, dict) and entry.get("title"):
                titles[prefix + name] = str(entry["title"]).strip()
    none = _part(file, raw, "system").get("clarify_none")
    if not none:
        raise BadOwnerFile(file, "system.clarify_none", "has no text")
    titles["none"] = str(none)
    return titles


def load(folder: Path) -> Owner:
    """Read the owner's decisions.

    Raises:
        BadOwnerFile: a file is missing or says something that cannot be, or names what there is not.
    """
    file = folder / "handoff.yml"
    raw = _read(file)
    files = {language: folder / "texts" / f"{language}.yml" for language in LANGUAGES}
    texts = {language: _read(path) for language, path in files.items()}
    human, answers = (
        {str(name) for language, text in texts.items() for name in _part(files[language], text, part)}
        for part in ("human", "answers")
    )
    _known(file, "", raw, PARTS)
    not_understood, did_not_help = _part(file, raw, "not_understood"), _part(file, raw, "answer_did_not_help")
    return Owner(
        topics=_topics(file, raw, human),
        skills=_skills(file, raw, answers),
        not_understood=_route(file, "not_understood", not_understood, besides=("in_a_row",)),
        not_understood_in_a_row=_in_a_row(file, not_understood),
        answer_did_not_help=_route(file, "answer_did_not_help", did_not_help),
        emotions=_emotions(file, raw),
        titles={language: _titles(files[language], text) for language, text in texts.items()},
    )


@lru_cache(maxsize=1)
def owner() -> Owner:
    """The owner's decisions, read once a process."""
    return load(_directory())
