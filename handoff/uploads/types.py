"""What a file is, told by its content alone: neither its name nor what the sender calls it counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ENDINGS", "PICTURES", "START_BYTES", "type_of"]

START_BYTES = 1024
"""So much of a file's beginning tells what it is: readers of PDF look for its mark this far."""

ENDINGS: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
}
"""Types that are taken, with the ending that a saved file gets. None of them runs anything in a browser; SVG and HTML
do, and are not among them."""

PICTURES = frozenset(type for type in ENDINGS if type.startswith("image/"))

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def type_of(start: bytes) -> str | None:
    """The type of a file by its first :data:`START_BYTES`; None for one that is not taken."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((type for magic, type in _MAGIC if start.startswith(magic)), None)
