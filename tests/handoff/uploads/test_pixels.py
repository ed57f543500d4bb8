"""A picture is as large as its head says, whatever it weighs."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import BadRequest, TooLarge
from handoff.owner.widget_rules import UploadRules
from handoff.uploads.pixels import PIXELS_MAX, points_of
from handoff.uploads.shelf import Uploads
from handoff.uploads.types import type_of


def png(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0"


def framed(width: int, height: int, *, colours: bool = True) -> bytes:
    """A GIF whose first frame is larger than its screen, behind colours, a comment and a pause."""
    head = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x81 if colours else 0, 0, 0) + bytes(12 if colours else 0)
    return head + b"!\xfe\5hello\2,,\0" + b"!\xf9\4\0\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0)


def jpeg(width: int, height: int, *, thumbnail: int = 0) -> bytes:
    """With fillers, a comment and, in its EXIF, a picture of its own."""
    inner = jpeg(thumbnail, thumbnail) if thumbnail else b""
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(inner)) + b"Exif\0\0" + inner
    comment = b"\xff\xff\xff\xfe" + struct.pack(">H", 2 + 70_00) + b"c" * 70_00
    return b"\xff\xd8" + exif + comment + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + b"\x03" + bytes(9)


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + kind + rest


def extended(width: int, height: int) -> bytes:
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(b"VP8X", struct.pack("<I", 10) + bytes(4) + sizes)


def lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", struct.pack("<IBI", 5, 0x2F, width - 1 | height - 1 << 14))


def lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", struct.pack("<I", 10) + b"\x30\1\0\x9d\1\x2a" + struct.pack("<HH", width | 0x4000, height))


@pytest.mark.parametrize("make", [png, gif, framed, jpeg, extended, lossless, lossy])
def test_the_head_of_every_kind_is_read(make: object) -> None:
    assert callable(make)
    body = make(1200, 900)
    type = type_of(body)
    assert type is not None and points_of(body, type) == 1200 * 900


def test_a_frame_behind_no_colours_and_one_that_is_cut_off() -> None:
    assert points_of(framed(1200, 900, colours=False), "image/gif") == 1200 * 900
    assert points_of(framed(1200, 900)[:-6], "image/gif") == 100


def test_the_small_picture_within_a_photograph_is_not_taken_for_it() -> None:
    assert points_of(jpeg(4000, 3000, thumbnail=160), "image/jpeg") == 12_000_000


@pytest.mark.parametrize("between", [b"\0", b"\0" * 5000, b"\xff\0", b"abc\xff\xff"])
@pytest.mark.parametrize("at", ["behind the start", "before the size"])
def test_s8_what_stands_between_two_marks_hides_no_size(between: bytes, at: str) -> None:
    body = jpeg(65_500, 65_500)
    place = 2 if at == "behind the start" else body.index(b"\xff\xc2")
    assert points_of(body[:place] + between + body[place:], "image/jpeg") == 65_500**2


@pytest.mark.parametrize("body", [png(0, 0), gif(0, 10), jpeg(10, 0), b"\xff\xd8\xff\xe0", webp(b"????", bytes(30))])
async def test_s8_a_picture_that_does_not_say_how_large_it_is_is_not_taken(tmp_path: Path, body: bytes) -> None:
    uploads = Uploads(tmp_path)
    with pytest.raises(BadRequest) as refused:
        await uploads.keep("c", "a.png", body, UploadRules(allowed=True, most_mb=1, files_most=3))
    assert refused.value.extra == {"field": "file"}
    assert uploads.all_of("c") == []


@pytest.mark.parametrize(
    "body",
    [
        png(30_000, 30_000),
        png(2**31 - 1, 2**31 - 1),
        gif(65_535, 65_535),
        framed(65_535, 65_535),
        jpeg(65_500, 65_500),
        extended(2**24, 9),
    ],
)
async def test_s8_a_picture_that_would_fill_the_agents_computer_is_not_taken(tmp_path: Path, body: bytes) -> None:
    uploads = Uploads(tmp_path)
    with pytest.raises(TooLarge):
        await uploads.keep("c", "a.png", body, UploadRules(allowed=True, most_mb=1, files_most=3))
    assert uploads.all_of("c") == []


async def test_what_telephones_and_screens_make_is_taken(tmp_path: Path) -> None:
    rules = UploadRules(allowed=True, most_mb=1, files_most=9)
    for body in (jpeg(16_320, 12_240), png(7680, 4320), gif(2000, 2000), lossy(16_383, 4000)):
        await Uploads(tmp_path).keep("c", "a", body, rules)


@given(st.sampled_from(sorted(PIXELS_MAX)), st.binary(max_size=200), st.sampled_from([png, gif, framed, jpeg, lossy]))
def test_whatever_comes_has_a_size_or_none(type: str, tail: bytes, make: object) -> None:
    assert callable(make)
    for body in (tail, make(10, 10)[: len(tail)] + tail):
        assert points_of(body, type) >= 0
