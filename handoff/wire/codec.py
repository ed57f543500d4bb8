"""From the text of a frame to a frozen dataclass, or to a refusal that names the field. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from handoff.compact import compact
from handoff.errors import BadRequest, Refused, TooLarge
from handoff.events import LANGUAGES

__all__ = [
    "REQUIRED",
    "TEXT_MAX_CHARS",
    "Field",
    "Malformed",
    "ack",
    "boolean",
    "choice",
    "decode",
    "dump",
    "error",
    "identifier",
    "identifiers",
    "integer",
    "language_hint",
    "mapping",
    "optional",
    "pong",
    "text",
]

TEXT_MAX_CHARS = 4000
"""A message at the longest (protocol §3); Rasa spends seconds on a text of megabytes."""

ID_MAX_CHARS = 64
"""A request's id: a UUID has 36; more is not needed and would be kept for a day."""

REQUIRED: Any = object()
"""Default of a field that must be there."""

Check = Callable[[str, Any], Any]
Field = tuple[Check, Any]
"""How a field is checked, and what it is when absent."""


class Malformed(Exception):
    """A frame that could not be read; ``id`` is what the answer must carry, None when there was none."""

    def __init__(self, id: str | None, refused: Refused) -> None:
        super().__init__(str(refused))
        self.id = id
        self.refused = refused


def _plain(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name}: a text is expected")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadRequest(f"{name}: not valid Unicode") from None
    return value


def text(limit: int = TEXT_MAX_CHARS, *, empty: bool = False) -> Check:
    """A text of at most ``limit`` characters; blank only if ``empty``."""

    def check(name: str, value: Any) -> str:
        plain = _plain(name, value)
        if len(plain) > limit:
            raise TooLarge(f"{name}: at most {limit} characters", limit=limit)
        if not empty and not plain.strip():
            raise BadRequest(f"{name}: must not be empty")
        return plain

    return check


def identifier(name: str, value: Any) -> str:
    """An opaque id of 1 to 64 visible ASCII characters."""
    plain = _plain(name, value)
    if not 1 <= len(plain) <= ID_MAX_CHARS or not plain.isascii() or not plain.isprintable() or " " in plain:
        raise BadRequest(f"{name}: 1 to {ID_MAX_CHARS} visible ASCII characters are expected")
    return plain


def identifiers(most: int) -> Check:
    """A list of at most ``most`` ids, each once."""

    def check(name: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise BadRequest(f"{name}: a list of at most {most} ids is expected")
        return tuple(dict.fromkeys(identifier(f"{name}.{index}", item) for index, item in enumerate(value)))

    return check


def boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRequest(f"{name}: true or false is expected")
    return value


def integer(low: int, high: int) -> Check:
    """A whole number from ``low`` to ``high``."""

    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadRequest(f"{name}: a whole number from {low} to {high} is expected")
        return value

    return check


def choice(*values: str) -> Check:
    """One of ``values``."""

    def check(name: str, value: Any) -> str:
        if value not in values or not isinstance(value, str):
            raise BadRequest(f"{name}: one of {', '.join(values)} is expected")
        return value

    return check


def language_hint(name: str, value: Any) -> str | None:
    """A BCP 47 tag as one of the languages spoken here, None for any other: it is only a hint."""
    primary = text(35)(name, value).replace("_", "-").split("-")[0].lower()
    primary = {"nb": "da", "nn": "da", "no": "da"}.get(primary, primary)
    return primary if primary in LANGUAGES else None


def mapping(check_key: Check, check_value: Check, *, most: int) -> Check:
    """An object with at most ``most`` members."""

    def check(name: str, value: Any) -> dict[Any, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise BadRequest(f"{name}: an object of at most {most} members is expected")
        return {check_key(name, key): check_value(f"{name}.{key}", item) for key, item in value.items()}

    return check


def optional(check: Check) -> Check:
    """As ``check``, or null."""

    def checked(name: str, value: Any) -> Any:
        return None if value is None else check(name, value)

    return checked


def _checked(check: Check, name: str, value: Any) -> Any:
    """The value, or a refusal that names its field, so that a client can show the text beside it."""
    try:
        return check(name, value)
    except Refused as refused:
        raise type(refused)(refused.message, **{"field": name, **refused.extra}) from None


def decode(raw: str, known: Mapping[str, tuple[type[Any], Mapping[str, Field]]]) -> Any:
    """The frame in ``raw``, one of the ``known`` by its ``type``.

    Raises:
        Malformed: with the ``id`` to answer to, if one could be read.
    """
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed(None, BadRequest("The frame is not JSON.")) from None
    if not isinstance(frame, dict):
        raise Malformed(None, BadRequest("A frame is a JSON object."))
    try:
        reply_to = _checked(identifier, "id", frame["id"]) if "id" in frame else None
    except BadRequest as refused:
        raise Malformed(None, refused) from None
    kind = frame.pop("type", None)
    if not isinstance(kind, str) or kind not in known:
        raise Malformed(reply_to, BadRequest("The type of the frame is not known.", field="type"))
    made, fields = known[kind]
    try:
        unknown = sorted(set(frame) - set(fields))
        if unknown:
            # In ASCII: half a character in the name would make an answer that cannot be sent.
            name = unknown[0][:ID_MAX_CHARS].encode("ascii", "backslashreplace").decode("ascii")
            raise BadRequest(f"{unknown[0][:ID_MAX_CHARS]!a}: no such field in {kind}", field=name)
        values = {}
        for name, (check, default) in fields.items():
            if name in frame:
                values[name] = _checked(check, name, frame[name])
            elif default is REQUIRED:
                raise BadRequest(f"{name}: missing in {kind}", field=name)
            else:
                values[name] = default
        return made(**values)
    except Refused as refused:
        raise Malformed(reply_to, refused) from None


def dump(frame: Mapping[str, Any]) -> str:
    """A frame as text."""
    return compact(frame)


def ack(id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "ack", "id": id, **fields}


def pong(id: str | None) -> dict[str, Any]:
    return {"type": "pong"} if id is None else {"type": "pong", "id": id}


def error(id: str | None, refused: Refused) -> dict[str, Any]:
    return {"type": "error", "id": id, "code": refused.code, "message": refused.message, **refused.extra}
