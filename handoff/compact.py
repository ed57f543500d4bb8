"""JSON as it is kept and sent: no spaces, letters as they are."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["compact"]


def _fields(value: Any) -> dict[str, Any]:
    """A plain dataclass inside a value, as an object."""
    if not hasattr(value, "__dataclass_fields__"):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return dict(value.__dict__)


compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_fields).encode
"""The value as text: objects, lists, texts, numbers, truth values and None, and dataclasses as objects."""
