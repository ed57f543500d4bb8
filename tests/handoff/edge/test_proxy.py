"""Row S16: who is at the other end is what the peer is, or what a trusted proxy says, and not what anybody sends."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.edge.proxy import BadNetwork, BehindProxy, client_of, networks

PROXY = "10.0.0.1"
TRUSTED = networks("10.0.0.0/24, ::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", [b"203.0.113.1"], "198.51.100.7"),
        (PROXY, [], PROXY),
        (PROXY, [b"203.0.113.1"], "203.0.113.1"),
        (PROXY, [b"127.0.0.1, 203.0.113.1"], "203.0.113.1"),
        (PROXY, [b"127.0.0.1", b"203.0.113.1"], "203.0.113.1"),
        (PROXY, [b"8.8.8.8, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        (PROXY, [b"203.0.113.1:4711"], "203.0.113.1"),
        (PROXY, [b"[2001:db8::1]:4711"], "2001:db8::1"),
        (PROXY, [b"2001:DB8::1"], "2001:db8::1"),
        ("::1", [b"203.0.113.1"], "203.0.113.1"),
        ("::ffff:10.0.0.1", [b"203.0.113.1"], "203.0.113.1"),
        (PROXY, [b""], PROXY),
        (PROXY, [b"unknown"], PROXY),
        (PROXY, [b"203.0.113.1, ' OR 1=1 --"], PROXY),
        (PROXY, [b"203.0.113.1, \xff\xfe"], PROXY),
        (PROXY, [b"203.0.113.1, 10.0.0.2, evil"], PROXY),
        (PROXY, [b"1.1.1.1," * 5000 + b"203.0.113.1"], "203.0.113.1"),
        (PROXY, [b"203.0.113.1" + b", 10.0.0.2" * 5000], "10.0.0.2"),
        ("", [b"203.0.113.1"], ""),
    ],
)
def test_s16_the_client_is_the_last_address_that_is_no_proxy_of_ours(
    peer: str, forwarded: list[bytes], client: str
) -> None:
    assert client_of(peer, forwarded, TRUSTED) == client


@pytest.mark.parametrize("words", ["10.0.0.1/8", "proxy.example", "10.0.0.0/99", "*", "10.0.0.0/8;::1"])
def test_what_is_no_network_is_refused(words: str) -> None:
    with pytest.raises(BadNetwork):
        networks(words)


async def seen(trusted: str, peer: Any, headers: list[tuple[bytes, bytes]], **scope: Any) -> Any:
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope)

    given = {"type": "http", "scheme": "http", "client": peer, "headers": headers, **scope}
    await BehindProxy(app, networks(trusted))(given, None, None)
    return found[0]


FORGED = [
    (b"x-forwarded-for", b"203.0.113.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-real-ip", b"203.0.113.2"),
    (b"x-user-id", b"owner"),
    (b"forwarded", b"for=203.0.113.3;proto=https"),
]


@pytest.mark.parametrize(("trusted", "peer"), [("", "10.0.0.1"), ("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "127.0.0.1")])
async def test_s16_a_stranger_cannot_say_who_he_is(trusted: str, peer: str) -> None:
    scope = await seen(trusted, (peer, 4711), FORGED)
    assert scope["client"] == (peer, 4711)
    assert scope["scheme"] == "http"


async def test_s16_a_trusted_proxy_says_from_where_and_how() -> None:
    scope = await seen("10.0.0.1", ("10.0.0.1", 4711), FORGED)
    assert scope["client"] == ("203.0.113.1", 0)
    assert scope["scheme"] == "https"
    scope = await seen("10.0.0.1", ("10.0.0.1", 4711), FORGED, type="websocket", scheme="ws")
    assert scope["scheme"] == "wss"


async def test_a_scheme_that_is_none_is_left_alone_and_a_unix_socket_has_no_client() -> None:
    scope = await seen("10.0.0.1", ("10.0.0.1", 1), [(b"x-forwarded-proto", b"gopher")])
    assert scope["scheme"] == "http"
    assert (await seen("10.0.0.1", None, FORGED))["client"] is None
