"""Where a handoff goes: priority and skill by topic, from the owner's ``handoff.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handoff.conversation import PRIORITIES
from handoff.errors import SettingsError
from handoff.owner.yamlfile import load, refusing

__all__ = ["Routing", "read_routing"]


@dataclass(frozen=True)
class Routing:
    """Priority and skill of each ``human/…`` topic."""

    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, topic: str) -> tuple[str, str]:
        """(priority, skill) of a topic; normal and general for any other."""
        return self.topics.get(topic, ("normal", "general"))


@refusing
def read_routing(path: Path) -> Routing:
    """Read the owner's file.

    Raises:
        SettingsError: with file and key of everything that is wrong.
    """
    raw = load(path)
    section = (raw.get("topics") or {}) if isinstance(raw, dict) else {}
    if not isinstance(section, dict):
        raise SettingsError([f"{path}: topics: a mapping is expected"])
    problems: list[str] = []
    topics: dict[str, tuple[str, str]] = {}
    for name, entry in ((str(name), entry) for name, entry in section.items()):
        priority = entry.get("priority") if isinstance(entry, dict) else None
        skill = entry.get("skill", "general") if isinstance(entry, dict) else None
        if priority not in PRIORITIES:
            problems.append(f"{path}: topics.{name}.priority: one of {', '.join(PRIORITIES)} is expected")
        elif not isinstance(skill, str):
            problems.append(f"{path}: topics.{name}.skill: a text is expected")
        else:
            topics[name if "/" in name else f"human/{name}"] = (priority, skill)
    if problems:
        raise SettingsError(problems)
    return Routing(topics)
