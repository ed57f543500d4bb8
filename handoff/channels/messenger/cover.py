"""Covers personal numbers in an event before it is written anywhere (I11). Pure.

Only words are looked at: a message id or an address may look like a number, and must stay as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handoff.channels.messenger.events import Event, Kind
from handoff.privacy.masking import mask

__all__ = ["covered"]

WORDS = frozenset({"text", "title", "subtitle", "description", "name", "ref", "metadata", "payload"})
"""Keys under which people's words stand. Our own payloads and metadata hold nothing that is covered."""


def covered(event: Event) -> Event:
    """The event as it may be kept; ``masked`` counts what was covered."""
    everywhere = event.kind in (Kind.OTHER, Kind.POLICY)
    body, count = _cover(dict(event.body), everywhere)
    return replace(event, body=body, masked=count) if count else event


def _cover(value: Any, here: bool) -> tuple[Any, int]:
    if isinstance(value, str):
        found = mask(value) if here else None
        return (found.text, found.count) if found is not None else (value, 0)
    if isinstance(value, dict):
        parts = {
            name: _cover(inner, here or (name in WORDS and isinstance(inner, str))) for name, inner in value.items()
        }
        return {name: inner for name, (inner, _) in parts.items()}, sum(count for _, count in parts.values())
    if isinstance(value, list):
        items = [_cover(inner, here) for inner in value]
        return [inner for inner, _ in items], sum(count for _, count in items)
    return value, 0
