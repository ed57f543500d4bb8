"""The owner's ready replies for agents, in every language. An agent may still change every word before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.facts import fact, read_facts
from handoff.owner.placeholders import names_in
from handoff.owner.yamlfile import load, refusing

__all__ = ["Reply", "load_canned"]

AGENT = "agent"
"""What the console fills in when a reply is taken: the name of who writes. Facts are filled in here, at start."""

TEXT_MAX_CHARS = 2000
"""A ready reply is read by somebody who waits; longer ones belong on the website."""


@dataclass(frozen=True)
class Reply:
    """One reply: its short name, and title and text by language."""

    key: str
    title: Mapping[str, str]
    text: Mapping[str, str]

    def public(self) -> dict[str, Any]:
        return {"key": self.key, "title": dict(self.title), "text": dict(self.text)}


@refusing
def load_canned(folder: Path) -> Sequence[Reply]:
    """Read ``canned.yml`` of the owner's folder; no file, no replies.

    Raises:
        SettingsError: with every gap, unknown placeholder and repeated key, by file and key.
    """
    path = folder / "canned.yml"
    if not path.is_file():
        return ()
    raw, facts = load(path), read_facts(folder / "company.yml")
    rows = raw.get("replies") if isinstance(raw, dict) else None
    if not isinstance(rows, dict):
        raise SettingsError([f"{path}: replies: a mapping from names to replies is expected"])
    problems: list[str] = []
    replies = [_reply(f"{path}: replies.{key}", str(key), row, facts, problems) for key, row in rows.items()]
    if problems:
        raise SettingsError(problems)
    return tuple(replies)


def _reply(where: str, key: str, row: Any, facts: Mapping[str, Any], problems: list[str]) -> Reply:
    if not isinstance(row, dict):
        problems.append(f"{where}: a title and a text are expected")
        row = {}
    titles: dict[str, str] = {}
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        titles[language] = _filled(f"{where}.title.{language}", row.get("title"), language, facts, problems)
        texts[language] = _filled(f"{where}.text.{language}", row.get("text"), language, facts, problems)
        if len(texts[language]) > TEXT_MAX_CHARS:
            problems.append(f"{where}.text.{language}: longer than {TEXT_MAX_CHARS} characters")
    unknown = sorted(str(name) for name in row if name not in ("title", "text"))
    if unknown:
        problems.append(f"{where}.{unknown[0]}: no such field")
    return Reply(key, titles, texts)


def _filled(where: str, section: Any, language: str, facts: Mapping[str, Any], problems: list[str]) -> str:
    text = section.get(language) if isinstance(section, dict) else None
    if not isinstance(text, str) or not text.strip():
        problems.append(f"{where}: missing")
        return ""
    try:
        names = names_in(text)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return ""
    unknown = sorted(names - {AGENT} - set(facts))
    if unknown:
        problems.append(f"{where}: unknown placeholder {{{unknown[0]}}}")
        return ""
    values = {name: fact(facts, name, language) for name in names - {AGENT}}
    return text.strip().format_map({**values, AGENT: "{agent}"})
