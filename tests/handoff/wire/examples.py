"""One good frame of each type that a visitor or an agent may send, as JSON. A type that is not written here gets an
example by trying; one for which that fails needs a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from handoff.wire import agent, visitor
from handoff.wire.codec import REQUIRED, Malformed

__all__ = ["of_agent", "of_visitor"]

TEXTS = {"fi": "Huomio", "da": "Bemærk", "en": "Note"}

VISITOR: Mapping[str, Mapping[str, Any]] = {
    "hello": {"language": "fi"},
    "message": {"id": "1", "text": "hei"},
    "typing": {"on": True},
    "request_handoff": {"id": "1"},
    "cancel_handoff": {"id": "1"},
    "language": {"id": "1", "value": "da"},
    "rating": {"id": "1", "score": 5},
    "callback": {"id": "1", "phone": "+358401234567", "window": "w"},
    "consent": {"id": "1", "language": "en"},
    "transcript": {"id": "1"},
    "end": {"id": "1"},
    "export": {"id": "1"},
    "erase": {"id": "1"},
    "ping": {},
}

AGENT: Mapping[str, Mapping[str, Any]] = {
    "hello": {"token": "t"},
    "presence": {"id": "1", "value": "away"},
    "claim": {"id": "1", "conversation": "c"},
    "open": {"id": "1", "conversation": "c"},
    "message": {"id": "1", "conversation": "c", "text": "hei"},
    "note": {"id": "1", "conversation": "c", "text": "hei"},
    "typing": {"conversation": "c", "on": True},
    "viewing": {"conversation": "c"},
    "suggest": {"id": "1", "conversation": "c"},
    "transfer": {"id": "1", "conversation": "c", "to": {"skill": "billing"}},
    "return_to_bot": {"id": "1", "conversation": "c"},
    "resolve": {"id": "1", "conversation": "c"},
    "ping": {},
    "accept": {"id": "1", "conversation": "c"},
    "decline": {"id": "1", "conversation": "c"},
    "callback_take": {"id": "1", "callback": "k"},
    "callback_release": {"id": "1", "callback": "k"},
    "callback_done": {"id": "1", "callback": "k", "outcome": "reached"},
    "callback_move": {"id": "1", "callback": "k", "window": "w"},
    "snooze": {"id": "1", "conversation": "c", "until": "2026-11-23T09:00:00Z"},
    "snooze_end": {"id": "1", "conversation": "c"},
    "ask_help": {"id": "1", "conversation": "c"},
    "join": {"id": "1", "conversation": "c", "seen": True},
    "leave": {"id": "1", "conversation": "c"},
    "request_approval": {"id": "1", "conversation": "c", "kind": "refund_exception", "text": "20 €"},
    "decide": {"id": "1", "conversation": "c", "approval": "a", "approved": True},
    "announce": {"id": "1", "texts": TEXTS, "to": "2026-11-23T09:00:00Z"},
    "announce_end": {"id": "1", "announcement": "a"},
    "clear": {"id": "1", "conversation": "c", "of": 1},
}

GUESSES: tuple[Any, ...] = ("1", True, 1, "fi", "a@shop.example", {}, [], ["1"], "2026-11-23T09:00:00Z")


def of_visitor(known: Mapping[str, Any]) -> list[str]:
    return [_example(name, known, VISITOR, visitor.decode) for name in known]


def of_agent(known: Mapping[str, Any]) -> list[str]:
    return [_example(name, known, AGENT, agent.decode) for name in known]


def _example(
    name: str, known: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]], decode: Callable[[str], Any]
) -> str:
    if name in written:
        return json.dumps({"type": name, **written[name]})
    _, fields = known[name]
    needed = [field for field, (_, default) in fields.items() if default is REQUIRED]
    for values in product(GUESSES, repeat=len(needed)):
        frame = json.dumps({"type": name, **dict(zip(needed, values, strict=True))})
        try:
            decode(frame)
        except Malformed:
            continue
        return frame
    raise AssertionError(f"{name} needs an example in {__file__}")
