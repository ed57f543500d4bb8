"""Who signs in: an agent, supervisor or owner, or a program with an API key. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from handoff.conversation import Assignee
from handoff.events import LANGUAGES

__all__ = ["ROLES", "Account"]

ROLES = ("agent", "supervisor", "owner")


@dataclass(frozen=True)
class Account:
    """An agent, supervisor or owner. ``password`` is the argon2id hash and never leaves this module's callers."""

    id: str
    email: str
    name: str
    role: str = "agent"
    languages: tuple[str, ...] = LANGUAGES
    skills: tuple[str, ...] = ("general",)
    capacity: int = 5
    disabled: bool = False
    password: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)
    """How well a language is spoken: 3 native or as good (where nothing is said), 2 good, 1 enough to help."""
    scopes: tuple[str, ...] = ()
    """Of an API key, which acts as an account of no role; never kept with an account."""

    @classmethod
    def from_json(cls, row: bytes | str) -> Account:
        """Read what is kept in Redis."""
        raw = json.loads(row)
        raw["languages"], raw["skills"] = tuple(raw["languages"]), tuple(raw["skills"])
        raw.pop("scopes", None)
        return cls(**raw)

    @property
    def assignee(self) -> Assignee:
        return Assignee(self.id, self.name)

    @property
    def leads(self) -> bool:
        """Whether it may step into others' conversations."""
        return self.role in ("supervisor", "owner")

    def public(self) -> dict[str, Any]:
        """What the agent's own console is told."""
        fields = asdict(self)
        for name in ("password", "disabled", "scopes"):
            del fields[name]
        return {**fields, "languages": list(self.languages), "skills": list(self.skills)}
