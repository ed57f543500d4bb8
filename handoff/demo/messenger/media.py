"""What people at the demo send: a picture, a sticker, a voice message, a receipt. All are drawn here."""

from __future__ import annotations

import asyncio
import math
import struct
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

__all__ = ["routes"]

CHUNK_BYTES = 64 * 1024
ELSEWHERE = "http://127.0.0.2:9/"
"""Where a trap leads: an address inside, on no list."""


def _png(size: int, colour: tuple[int, int, int], *, round_: bool) -> bytes:
    """A square, or a disc on nothing, in one colour."""
    rows = bytearray()
    middle = (size - 1) / 2
    for y in range(size):
        rows.append(0)
        for x in range(size):
            inside = not round_ or math.hypot(x - middle, y - middle) <= middle
            rows += bytes((*colour, 255 if inside else 0))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(rows))), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _wav() -> bytes:
    """Half a second of a soft tone, 8 kHz, 8 bits."""
    samples = bytes(128 + round(40 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(4000))
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", len(head) + len(samples)) + head + samples


def _pdf() -> bytes:
    """One empty page."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(CHUNK_BYTES)
        await asyncio.sleep(0)


async def _media(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "elsewhere":
        return RedirectResponse(ELSEWHERE)
    if name == "huge":
        return StreamingResponse(_endless(), media_type="image/png")
    if name == "picture.png":
        return Response(_png(64, (120, 170, 210), round_=False), media_type="image/png")
    if name == "sticker.png":
        return Response(_png(64, (230, 170, 40), round_=True), media_type="image/png")
    if name == "voice.wav":
        return Response(_wav(), media_type="audio/wav")
    if name == "receipt.pdf":
        return Response(_pdf(), media_type="application/pdf")
    return PlainTextResponse("URL signature expired", status_code=403)


def routes() -> list[Route]:
    """``/media/…``."""
    return [Route("/media/{name}", _media)]
