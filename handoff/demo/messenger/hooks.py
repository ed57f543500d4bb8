"""The shapes of webhook events: what a page's app is told, as Meta writes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handoff.demo.messenger.world import Message, Person, World

__all__ = ["Event", "body_of", "deleted", "echo", "event", "incoming"]


@dataclass(frozen=True)
class Event:
    """One event before it is posted. ``channel`` is ``messaging`` or ``standby``."""

    field: str
    """The subscription that it comes with."""
    psid: str
    content: dict[str, Any]
    channel: str = "messaging"


def event(world: World, person: Person, field: str, name: str, body: Any, *, from_page: bool = False) -> Event:
    """An event between a person and the page, named as in the JSON (``message``, ``postback``, …)."""
    page = {"id": world.page_id}
    them = {"id": person.psid}
    content = {
        "sender": page if from_page else them,
        "recipient": them if from_page else page,
        "timestamp": world.clock.now_ms(),
        name: body,
    }
    return Event(field, person.psid, content)


def incoming(world: World, person: Person, message: Message, *, payload: str | None = None) -> Event:
    """What the person sent; ``payload`` is that of a quick reply."""
    body: dict[str, Any] = {"mid": message.mid}
    if message.text is not None:
        body["text"] = message.text
    if payload is not None:
        body["quick_reply"] = {"payload": payload}
    if message.attachments:
        body["attachments"] = message.attachments
        sticker = message.attachments[0]["payload"].get("sticker_id")
        if sticker is not None:
            body["sticker_id"] = sticker
    if message.reply_to:
        body["reply_to"] = {"mid": message.reply_to}
    return event(world, person, "messages", "message", body)


def deleted(world: World, person: Person, mid: str) -> Event:
    return event(world, person, "messages", "message", {"mid": mid, "is_deleted": True})


def echo(world: World, person: Person, message: Message, app_id: int | str) -> Event:
    """A message that the page sent, by whatever app."""
    body: dict[str, Any] = {"mid": message.mid, "is_echo": True, "app_id": app_id}
    if message.metadata is not None:
        body["metadata"] = message.metadata
    if message.text is not None and not message.buttons:
        body["text"] = message.text
    attachments = list(message.attachments)
    if message.buttons or message.elements:
        payload: dict[str, Any] = {"template_type": "button" if message.buttons else "generic"}
        payload.update({"text": message.text, "buttons": message.buttons} if message.buttons else {})
        payload.update({"elements": message.elements} if message.elements else {})
        attachments.append({"type": "template", "payload": payload})
    if attachments:
        body["attachments"] = attachments
    return event(world, person, "message_echoes", "message", body, from_page=True)


def body_of(world: World, events: Sequence[Event], *, ids_as_text: bool = False) -> bytes:
    """One POST with these events, in two entries when there are many, as Meta batches them.

    Standby and messaging of one entry come side by side. The JSON is escaped as Meta escapes it, so that a receiver who
    checks the signature over anything but the raw bytes fails.
    """
    half = len(events) if len(events) < 4 else (len(events) + 1) // 2
    entries = []
    for part in (events[:half], events[half:]):
        if not part:
            continue
        entry: dict[str, Any] = {"id": world.page_id, "time": world.clock.now_ms()}
        for one in part:
            entry.setdefault(one.channel, []).append(_as_text(one.content) if ids_as_text else one.content)
        entries.append(entry)
    text = json.dumps({"object": "page", "entry": entries}, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def _as_text(content: dict[str, Any]) -> dict[str, Any]:
    """The same with app ids and watermarks as strings: both kinds are seen in the wild."""
    made: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            value = _as_text(value)
        elif (name.endswith("app_id") or name == "watermark") and isinstance(value, int):
            value = str(value)
        made[name] = value
    return made
