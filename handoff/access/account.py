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
    beyond: Mapping[str, Any] = field(default_factory=dict)
    """Fields that a newer version has written, kept as they are: hubs of two versions may stand side by side."""

    @classmethod
    def from_json(cls, row: bytes | str) -> Account:
        """Read what is kept in Redis."""
        raw = json.loads(row)
        raw["languages"], raw["skills"] = tuple(raw["languages"]), tuple(raw["skills"])
        beyond = {name: raw.pop(name) for name in raw.keys() - _OWN}
        for name in _NOT_KEPT:
            beyond.pop(name, None)
        return cls(**raw, beyond=beyond)

    def to_json(self) -> str:
        """As it is kept in Redis."""
        fields = {name: value for name, value in asdict(self).items() if name in _OWN}
        return json.dumps({**fields, **self.beyond}, ensure_ascii=False)

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
        for name in ("password", "disabled", *_NOT_KEPT):
            del fields[name]
        return {**fields, "languages": list(self.languages), "skills": list(self.skills)}


_NOT_KEPT = ("scopes", "beyond")
_OWN = frozenset(Account.__dataclass_fields__) - {*_NOT_KEPT}
"""Names of the fields that are kept."""
