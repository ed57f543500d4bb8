"""A valid frame of every type, made from the real registry, so that a new frame is tested without anybody's doing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from handoff.callbacks import OUTCOMES
from handoff.errors import Refused
from handoff.promises import APPROVALS
from handoff.wire.codec import REQUIRED, Field

__all__ = ["frame_of"]

TEXTS = {"fi": "t", "da": "t", "en": "t"}
CANDIDATES: tuple[Any, ...] = (
    "x", True, 1, {"supervisor": True}, "online", "fi", OUTCOMES[0], APPROVALS[0], "2099-01-01T00:00:00Z", TEXTS,
)  # fmt: skip
"""Values of which each required field takes one."""


def frame_of(registry: Mapping[str, tuple[Any, Mapping[str, Field]]], type: str, **given: Any) -> dict[str, Any]:
    """A frame with what it must have; ``given`` are values for those of its fields that have these names."""
    fields = registry[type][1]
    frame = {"type": type}
    for name, (check, default) in fields.items():
        if name == "id":
            frame[name] = str(uuid.uuid4())
        elif name in given:
            frame[name] = given[name]
        elif default is REQUIRED:
            frame[name] = next(value for value in CANDIDATES if _fits(check, name, value))
    if type == "message" and "conversation" in fields:
        # A message has a text or files, of which no field alone must be there.
        frame.setdefault("text", "a text")
    return frame


def _fits(check: Any, name: str, value: Any) -> bool:
    try:
        check(name, value)
    except Refused:
        return False
    return True
