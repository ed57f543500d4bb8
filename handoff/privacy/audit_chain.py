"""The form of the audit log: numbered lines, each with the hash of the one before. Pure.

A line is JSON with ``seq``, ``at`` (UTC), ``actor`` (id and role), ``action``, ``conversation``, ``facts`` and
``prev``, and last its own ``hash``: SHA-256 of the rest as :func:`canonical` writes it. Who changes, drops or adds a
line in the middle breaks the chain there; who cuts off the end is found by what else knew the end (:func:`verify`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FACT_MAX_CHARS", "TRIMMED", "Actor", "Anchor", "Line", "Verdict", "canonical", "make_line", "verify"]

FACT_MAX_CHARS = 200
"""Of one fact: a code, a count, a name. The words of a conversation have no place here."""

FACTS_MAX = 20
"""Facts of one line."""

LIST_MAX = 100
"""Values of one fact: a search names every conversation of which it shows a line, of which there may be
:data:`handoff.desk.search.FOUND_MAX`. Was 20; thirty people's lines could be shown without a word."""

TRIMMED = "audit.trimmed"
"""The action that vouches for a beginning which retention has cut off."""

_ACTION = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40})?")


@dataclass(frozen=True)
class Actor:
    """Who did something: an agent, a key, a visitor, the command line or the hub itself."""

    id: str
    role: str


@dataclass(frozen=True)
class Line:
    """A line as it is kept: its text, with the hash in it, and the hash."""

    text: str
    hash: str


@dataclass(frozen=True)
class Anchor:
    """An end of the log that was known outside of Redis."""

    seq: int
    hash: str
    where: str


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole log found. ``bad`` is the number of the first line that is wrong or missing."""

    lines: int
    last: int
    hash: str
    bad: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        return self.bad is None


def canonical(fields: Mapping[str, Any]) -> str:
    """The one way in which a line is written: ASCII, keys in order, no blanks, no line break."""
    return json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def make_line(
    seq: int, prev: str, *, at: str, actor: Actor, action: str, conversation: str | None, facts: Mapping[str, Any]
) -> Line:
    """The line that follows the one with the hash ``prev``.

    Raises:
        ValueError: the action is no code, or there are too many facts.
    """
    if not _ACTION.fullmatch(action):
        raise ValueError(f"{action!r} is no action's code")
    if len(facts) > FACTS_MAX:
        raise ValueError("too many facts")
    fields: dict[str, Any] = {
        "seq": seq,
        "at": at,
        "actor": {"id": actor.id[:FACT_MAX_CHARS], "role": actor.role[:FACT_MAX_CHARS]},
        "action": action,
        "conversation": conversation[:FACT_MAX_CHARS] if conversation is not None else None,
        "facts": {name[:FACT_MAX_CHARS]: _fact(value) for name, value in facts.items()},
        "prev": prev,
    }
    digest = hashlib.sha256(canonical(fields).encode()).hexdigest()
    return Line(canonical({**fields, "hash": digest}), digest)


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(part)[:FACT_MAX_CHARS] for part in sorted(map(str, value))[:LIST_MAX]]
    return str(value)[:FACT_MAX_CHARS]


def verify(lines: Iterable[str], *, highest: int | None = None, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Look whether every line is the one that was written, and none is missing.

    Args:
        lines: the log from its beginning.
        highest: the highest number the store knows to have given out; None when it does not say.
        anchors: ends known from elsewhere.
    """
    hashes: dict[int, str] = {}
    first: tuple[int, str] | None = None
    vouched: set[tuple[int, str]] = set()
    last, hash = 0, ""
    for text in lines:
        expected = last + 1
        fields = _read(text)
        if fields is None:
            return Verdict(len(hashes), last, hash, expected, "the line was changed")
        seq = fields["seq"]
        if first is None:
            first, expected, hash = (seq, fields["prev"]), seq, fields["prev"]
        if seq != expected or fields["prev"] != hash:
            return Verdict(len(hashes), last, hash, expected, "a line is missing or was put in")
        last, hash = seq, fields["hash"]
        hashes[seq] = hash
        if fields["action"] == TRIMMED:
            vouched.add((int(fields["facts"]["through"]) + 1, str(fields["facts"]["hash"])))
    if first is not None and first != (1, "") and first not in vouched:
        return Verdict(len(hashes), last, hash, 1, "the beginning was cut off")
    ends = [Anchor(highest, "", "the store")] if highest is not None else []
    for anchor in sorted([*ends, *anchors], key=lambda anchor: anchor.seq):
        if anchor.seq > last:
            return Verdict(len(hashes), last, hash, last + 1, f"the end was cut off: {anchor.where} knew {anchor.seq}")
        if anchor.hash and hashes.get(anchor.seq, anchor.hash) != anchor.hash:
            return Verdict(len(hashes), last, hash, anchor.seq, f"not the line that {anchor.where} knew")
    return Verdict(len(hashes), last, hash)


def _read(text: str) -> dict[str, Any] | None:
    """The fields of a line whose hash is its own; None for any other text."""
    try:
        fields = json.loads(text)
        said = {name: value for name, value in fields.items() if name != "hash"}
        right = canonical(fields) == text and hashlib.sha256(canonical(said).encode()).hexdigest() == fields["hash"]
        if not right or not isinstance(fields["seq"], int) or not isinstance(fields["prev"], str):
            return None
        return dict(fields) if isinstance(fields["facts"], dict) else None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
