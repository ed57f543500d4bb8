from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.gateway.gate import HELLO_MAX_BYTES, Gone, Reader, allowed_origin, refuse_upgrade

SHOP = "https://shop.example"
ALLOWED = frozenset({SHOP, "http://127.0.0.1:8080"})


@pytest.mark.parametrize("origin", sorted(ALLOWED))
def test_s1_an_origin_of_the_list_is_let_in(origin: str) -> None:
    assert allowed_origin([(b"host", b"x"), (b"origin", origin.encode())], ALLOWED)


FOREIGN = [
    "null",
    "",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example:443",
    "https://shop.example/",
    "https://shop.example.",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://evil.example/https://shop.example",
    "https://shop.example@evil.example",
    "https://evil.example#https://shop.example",
    "https://evil.example?https://shop.example",
    "https://www.shop.example",
    "https://chat.shop.example",
    "HTTPS://shop.example",
    "https://SHOP.example",
    "https://Shop.Example",
    "https://shop.example ",
    " https://shop.example",
    "https://shop.example,https://evil.example",
    "https://shop.example, https://shop.example",
    "shop.example",
    "//shop.example",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "https://xn--shop-0ra.example",
    "https://shöp.example",
    "https://shop。example",
    "https://127.0.0.1:8080",
    "http://127.0.0.1",
    "http://localhost:8080",
    "http://0.0.0.0:8080",
    "http://[::1]:8080",
    "http://2130706433:8080",
    "*",
    "https://*",
]
"""S1: what a stranger's page, or a stranger, can put there."""


@pytest.mark.parametrize("origin", FOREIGN)
def test_s1_any_other_origin_is_not(origin: str) -> None:
    assert not allowed_origin([(b"origin", origin.encode())], ALLOWED)


def test_s1_none_or_two_origins_are_not_let_in() -> None:
    assert not allowed_origin([], ALLOWED)
    assert not allowed_origin([(b"host", b"shop.example"), (b"referer", SHOP.encode())], ALLOWED)
    assert not allowed_origin([(b"origin", SHOP.encode()), (b"origin", SHOP.encode())], ALLOWED)
    assert not allowed_origin([(b"origin", SHOP.encode()), (b"origin", b"https://evil.example")], ALLOWED)
    assert not allowed_origin([(b"origin", SHOP.encode())], frozenset())


async def test_an_upgrade_is_refused_without_a_body() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await refuse_upgrade(receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def reader(*messages: dict[str, Any]) -> Reader:
    waiting = list(messages)

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return Reader(receive)


async def test_frames_are_read_one_by_one_until_the_peer_is_gone() -> None:
    frames = reader(
        {"type": "websocket.receive", "text": "one"},
        {"type": "websocket.receive", "bytes": b"\x00"},
        {"type": "websocket.receive", "text": None, "bytes": b"\x00"},
        {"type": "websocket.receive", "text": ""},
        {"type": "websocket.disconnect", "code": 1001},
    )
    assert [await frames.next() for _ in range(4)] == ["one", None, None, ""]
    with pytest.raises(Gone):
        await frames.next()


async def test_a_hello_is_read_when_it_comes_in_time_as_text_of_a_decent_size() -> None:
    largest = "ä" * (HELLO_MAX_BYTES // 2)
    assert await reader({"type": "websocket.receive", "text": largest}).hello(1) == largest
    assert await reader({"type": "websocket.receive", "text": largest + "x"}).hello(1) is None
    assert await reader({"type": "websocket.receive", "bytes": b"x"}).hello(1) is None
    assert await reader().hello(0.01) is None
    with pytest.raises(Gone):
        await reader({"type": "websocket.disconnect", "code": 1006}).hello(1)
