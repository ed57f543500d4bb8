"""Bad input gets exactly what the protocol says, and a bystander notices nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tests.e2e.conftest import Arrive, SignIn
from tests.helpers.agent import Agent
from tests.helpers.frames import FrameClient, Refusal
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor

BAD_FRAMES = {
    "not JSON": ("{", "bad_request"),
    "half a string": ('{"type": "message', "bad_request"),
    "no object": ("[1, 2]", "bad_request"),
    "no type": ('{"id": "x"}', "bad_request"),
    "unknown type": ('{"type": "dance", "id": "x"}', "bad_request"),
    "unknown field": ('{"type": "message", "id": "x", "text": "hi", "colour": "red"}', "bad_request"),
    "type of an agent": ('{"type": "claim", "id": "x", "conversation": "y"}', "bad_request"),
    "no id": ('{"type": "message", "text": "hi"}', "bad_request"),
    "id is a number": ('{"type": "message", "id": 7, "text": "hi"}', "bad_request"),
    "empty text": ('{"type": "message", "id": "x", "text": ""}', "bad_request"),
    "blank text": ('{"type": "message", "id": "x", "text": "  \\n "}', "bad_request"),
    "text is a number": ('{"type": "message", "id": "x", "text": 5}', "bad_request"),
    "text and button": ('{"type": "message", "id": "x", "text": "hi", "button": "1.0"}', "bad_request"),
    "half a character": ('{"type": "message", "id": "x", "text": "\\ud800"}', "bad_request"),
    "5,000 characters": (json.dumps({"type": "message", "id": "x", "text": "a" * 5000}), "too_large"),
    "4,001 characters": (json.dumps({"type": "message", "id": "x", "text": "a" * 4001}), "too_large"),
    "button never offered": ('{"type": "message", "id": "x", "button": "99.0"}', "not_found"),
    "deep nesting": ('{"type": "message", "id": "x", "text": ' + "[" * 3000 + "]" * 3000 + "}", "bad_request"),
    "second hello": ('{"type": "hello", "id": "x"}', "unauthorized"),
}


@pytest_asyncio.fixture(autouse=True)
async def bystander(silta: Stack) -> AsyncIterator[Visitor]:
    """Somebody else, who must notice nothing."""
    async with await Visitor.arrive(silta.address, language="en") as other:
        yield other
        assert other.is_open
        before = len(other.frames)
        await other.send("ping")
        await other.expect("pong")
        assert len(other.frames) == before + 1


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_a_bad_frame_is_an_error_and_the_socket_lives(visitor: Arrive, name: str) -> None:
    raw, code = BAD_FRAMES[name]
    guest = await visitor("en")
    await guest.send_raw(raw)
    error = await guest.expect("error")
    assert error["code"] == code
    if code != "bad_request" or name in ("unknown field", "empty text", "unknown type"):
        assert error["id"] == "x"
    assert error["message"]
    assert "Traceback" not in error["message"]
    await guest.send("ping")
    await guest.expect("pong")
    assert guest.log == {}


async def test_a_binary_frame_is_an_error_and_the_socket_lives(visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.send_raw(b"\x00\x01")
    assert (await guest.expect("error"))["code"] == "bad_request"
    await guest.send("ping")
    await guest.expect("pong")


async def test_a_text_at_the_limit_is_fine(visitor: Arrive) -> None:
    guest = await visitor("en")
    assert (await guest.say("ä" * 4000))["seq"] == 1


@pytest.mark.parametrize("size_kib", [20, 1024])
async def test_a_frame_beyond_16_kib_closes_with_1009(visitor: Arrive, size_kib: int) -> None:
    guest = await visitor("en")
    await guest.send_raw(json.dumps({"type": "message", "id": "x", "text": "a" * size_kib * 1024}))
    assert await guest.closed() == 1009


async def test_an_agents_frame_beyond_64_kib_closes_with_1009(agent: SignIn) -> None:
    colleague = await agent("Aino")
    await colleague.send_raw(json.dumps({"type": "note", "id": "x", "conversation": "y", "text": "a" * 20 * 1024}))
    assert (await colleague.expect("error", id="x"))["code"] == "too_large"
    await colleague.send_raw("x" * 70 * 1024)
    assert await colleague.closed() == 1009


@pytest.mark.parametrize("path", ["/ws/visitor", "/ws/agent"])
class TestBeforeHello:
    async def test_another_first_frame_is_an_error_and_closes_with_1008(self, silta: Stack, path: str) -> None:
        async with await FrameClient.dial(silta.address.replace("http", "ws") + path, origin=silta.address) as client:
            await client.send("ping")
            assert (await client.expect("error"))["code"] == "bad_request"
            assert await client.closed() == 1008

    async def test_silence_closes_with_1008_after_five_seconds(self, silta: Stack, path: str) -> None:
        async with await FrameClient.dial(silta.address.replace("http", "ws") + path, origin=silta.address) as client:
            assert await client.closed(timeout_s=8) == 1008

    @pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1", "HTTP://127.0.0.1"])
    async def test_a_foreign_origin_is_refused_with_403(self, silta: Stack, path: str, origin: str | None) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await FrameClient.dial(silta.address.replace("http", "ws") + path, origin=origin)
        assert refused.value.response.status_code == 403


async def test_an_origin_that_only_begins_like_ours_is_refused(silta: Stack) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await FrameClient.dial(
            silta.address.replace("http", "ws") + "/ws/visitor", origin=silta.address + ".evil.example"
        )
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("change", ["forged", "cut", "of nobody"])
async def test_a_forged_token_is_unauthorized_and_closes_with_1008(
    silta: Stack, visitor: Arrive, change: str
) -> None:
    guest = await visitor("en")
    token = guest.token
    middle = len(token) // 2
    flipped = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    bad = {"forged": flipped, "cut": token[:-4], "of nobody": "a.b.c"}[change]
    async with await FrameClient.dial(
        silta.address.replace("http", "ws") + "/ws/visitor", origin=silta.address
    ) as thief:
        await thief.send("hello", token=bad, after=0)
        assert (await thief.expect("error"))["code"] == "unauthorized"
        assert await thief.closed() == 1008


async def test_a_visitors_token_opens_no_agents_socket(silta: Stack, visitor: Arrive) -> None:
    guest = await visitor("en")
    async with await FrameClient.dial(silta.address.replace("http", "ws") + "/ws/agent", origin=silta.address) as thief:
        await thief.send("hello", token=guest.token)
        assert (await thief.expect("error"))["code"] == "unauthorized"
        assert await thief.closed() == 1008


async def test_an_after_beyond_the_log_is_a_resync(silta: Stack, visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.say("hello")
    async with await Visitor.dial(silta.address.replace("http", "ws") + "/ws/visitor", origin=silta.address) as again:
        await again.send("hello", token=guest.token, after=1000)
        await again.expect("welcome")
        assert (await again.expect("resync"))["from"] == 1
        await again.expect("event", seq=1)


async def test_a_wrong_password_is_401_and_a_token_is_good_once(silta: Stack, agent: SignIn) -> None:
    async with httpx.AsyncClient(base_url=silta.address, trust_env=False) as http:
        wrong = await http.post("/api/login", json={"email": "aino@test.example", "password": "not the password"})
        assert wrong.status_code == 401
        assert (await http.post("/api/socket-token")).status_code == 401
    colleague = await agent("Aino")
    with pytest.raises(Refusal) as refused:
        await colleague.claim("no-such-conversation")
    assert refused.value.code == "not_found"


async def test_a_conversation_that_is_not_there_is_not_found(agent: SignIn) -> None:
    colleague: Agent = await agent("Aino")
    for kind in ("open", "claim", "resolve", "return_to_bot"):
        with pytest.raises(Refusal) as refused:
            await colleague.ask(kind, conversation="nobody")
        assert refused.value.code == "not_found", kind
    with pytest.raises(Refusal) as refused:
        await colleague.say("nobody", "hi")
    assert refused.value.code == "not_found"
