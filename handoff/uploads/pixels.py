"""How many points a picture says that it has. A few kilobytes can unpack to many gigabytes in the browser of whoever
opens them. Pure: nothing is unpacked here."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

__all__ = ["PIXELS_MAX", "points_of"]

PIXELS_MAX: Mapping[str, int] = {
    "image/jpeg": 210_000_000,
    "image/png": 80_000_000,
    "image/gif": 80_000_000,
    "image/webp": 80_000_000,
}
"""Points of a picture, in all. The largest cameras of telephones make 200 million, as JPEG; the largest screens have
33 million. 80 million are 320 megabytes in a browser."""

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Marks of JPEG that have no length after them."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Marks of JPEG behind which the size of the picture stands."""


def points_of(body: bytes, type: str) -> int:
    """Width by height, as its head says; 0 where there is none to be read. Such a picture is to be trusted no more than
    a large one: browsers are more forgiving than this."""
    reader = _READERS.get(type)
    try:
        width, height = reader(body) if reader is not None else (0, 0)
    except (struct.error, IndexError):
        return 0
    return width * height


def _png(body: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", body, 16)
    return width, height


def _gif(body: bytes) -> tuple[int, int]:
    """The screen, or the first frame where it is larger: browsers make the screen as large as that."""
    width, height, flags = struct.unpack_from("<HHB", body, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while body[at : at + 1] == b"!":  # what stands before the frame: comments, pauses
        at += 2
        while at < len(body) and body[at]:
            at += 1 + body[at]
        at += 1
    if body[at : at + 1] == b"," and len(body) >= at + 9:
        across, down = struct.unpack_from("<HH", body, at + 5)
        return max(width, across), max(height, down)
    return width, height


def _jpeg(body: bytes) -> tuple[int, int]:
    at = body.find(b"\xff", 2)
    while at >= 0:
        mark = body[at + 1]
        if mark == 0xFF:  # a filler before a mark
            at += 1
        elif mark == 0:  # an 0xFF that is none
            at += 2
        elif mark in _STANDALONE:
            at += 2
        elif mark in _FRAMES:
            height, width = struct.unpack_from(">HH", body, at + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", body, at + 2)
            at += 2 + max(length, 2)
        # What stands between two marks is skipped, as browsers do.
        at = body.find(b"\xff", at)
    return 0, 0


def _webp(body: bytes) -> tuple[int, int]:
    kind = body[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[24:27], "little"), 1 + int.from_bytes(body[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 26)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


_READERS: Mapping[str, Callable[[bytes], tuple[int, int]]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}
