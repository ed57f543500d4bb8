"""The one form of all logs: a JSON object a line, without what a person wrote, without a whole address (S11, P7).

Hub, bot and actions all write it, so this is, beside :mod:`handoff.events` and :mod:`handoff.privacy.masking`, a module
that both sides import. It stands on the standard library alone and runs on Python 3.10.

An error is told by its kinds and the places in the code that it came through, not by its text: what a library says of a
value it could not use, it says with the value.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import sys
import time
import traceback
from typing import TextIO

__all__ = ["JsonLines", "begin"]

MESSAGE_MAX_CHARS = 2000
ERROR_MAX_CHARS = 4000
CAUSES_MAX = 5

_TELL = (OSError, ImportError, MemoryError)
"""Errors whose text is about this machine."""

_IPV4 = re.compile(r"(?<![\d.])(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?![\d.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:]*(?![\w.:])")


class JsonLines(logging.Formatter):
    """One JSON object a line; whatever is in a message stays inside its string."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _shortened(_message(record)[:MESSAGE_MAX_CHARS]),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _shortened(_told(record.exc_info[1])[:ERROR_MAX_CHARS])
        return json.dumps(line, ensure_ascii=True)


def begin(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Have this process log so, on standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit the message
        return str(record.msg)


def _told(error: BaseException) -> str:
    """The error and its causes, the latest first: kind, code, and places from the outermost to where it was raised."""
    told: list[str] = []
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen and len(told) < CAUSES_MAX:
        seen.add(id(now))
        code = getattr(now, "code", None)
        what = type(now).__name__ + (f" [{code}]" if isinstance(code, str) and code.isascii() else "")
        if isinstance(now, _TELL):
            what += f": {now}"
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(now.__traceback__)]
        told.append("\n  ".join([what, *where]))
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return "\nfrom ".join(told)


def _shortened(text: str) -> str:
    """The text with every address of a network cut to its net: the last byte of an IPv4, all but the first 48 bits of
    an IPv6. The loopback is nobody's."""
    text = _IPV4.sub(lambda match: match[0] if match[1].startswith("127.") else f"{match[1]}.0", text)
    return _IPV6.sub(_net, text)


def _net(match: re.Match[str]) -> str:
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return match[0]  # a time, and the like
    return match[0] if address.is_loopback else str(ipaddress.IPv6Network((address, 48), strict=False).network_address)
