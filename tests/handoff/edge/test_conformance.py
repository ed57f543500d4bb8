"""R30: the hub's socket against RFC 6455, in the groups of the Autobahn test suite. That suite needs Python 2 and a
server that echoes; these cases ask the same of the hub as it is, which answers a ping of its own protocol."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.handoff.edge.test_server import HELLO, TEXT, Wire, wire
from tests.handoff.hub_process import HubProcess

CONTINUATION, BINARY, CLOSE, PING, PONG = 0x0, 0x2, 0x8, 0x9, 0xA
ASK = b'{"type":"ping"}'
ROOT = Path(__file__).resolve().parents[3]

Case = Callable[[Wire], None]


@asynccontextmanager
async def greeted(hub: HubProcess) -> AsyncIterator[Wire]:
    """A visitor who was welcomed."""
    async with wire(hub.address) as peer:
        await peer.shake_hands()
        peer.send(TEXT, HELLO)
        assert json.loads((await peer.frame())[1])["type"] == "welcome"
        yield peer


async def answered(peer: Wire) -> None:
    """The hub has understood :data:`ASK`."""
    opcode, payload = await peer.frame()
    assert opcode == TEXT and json.loads(payload)["type"] == "pong", payload


@pytest.mark.parametrize("size", [0, 1, 125])
async def test_r30_a_ping_is_answered_with_its_own_words(running_hub: HubProcess, size: int) -> None:
    async with greeted(running_hub) as peer:
        peer.send(PING, b"\xfe" * size)
        assert await peer.frame() == (PONG, b"\xfe" * size)
        for number in range(10):
            peer.send(PING, b"%d" % number)
        assert [await peer.frame() for _ in range(10)] == [(PONG, b"%d" % number) for number in range(10)]


async def test_r30_a_pong_that_nobody_asked_for_is_nothing(running_hub: HubProcess) -> None:
    async with greeted(running_hub) as peer:
        peer.send(PONG, b"unasked")
        peer.send(TEXT, ASK)
        await answered(peer)


async def test_r30_a_message_in_pieces_is_one_with_pings_answered_in_between(running_hub: HubProcess) -> None:
    async with greeted(running_hub) as peer:
        peer.send(TEXT, b"", fin=False)
        for byte in ASK:
            peer.send(CONTINUATION, bytes([byte]), fin=False)
        peer.send(PING, b"meanwhile")
        assert await peer.frame() == (PONG, b"meanwhile")
        peer.send(CONTINUATION, b"")
        await answered(peer)


def unfinished(opcode: int) -> Case:
    """A new message before the end of the last."""

    def case(peer: Wire) -> None:
        peer.send(TEXT, ASK, fin=False)
        peer.send(opcode, ASK)

    return case


FORBIDDEN: dict[str, Case] = {
    **{
        f"reserved bit {bit:#x}": lambda peer, bit=bit: peer.send(TEXT, ASK, first=bit)  # type: ignore[misc]
        for bit in (0x10, 0x20, 0x40, 0x70)
    },
    **{
        f"reserved opcode {opcode:#x}": lambda peer, opcode=opcode: peer.send(opcode, b"")  # type: ignore[misc]
        for opcode in (0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF)
    },
    "a long ping": lambda peer: peer.send(PING, b"x" * 126),
    "a ping in pieces": lambda peer: peer.send(PING, b"x", fin=False),
    "a pong in pieces": lambda peer: peer.send(PONG, b"x", fin=False),
    "a continuation of nothing": lambda peer: peer.send(CONTINUATION, ASK),
    "the last piece of nothing": lambda peer: peer.send(CONTINUATION, ASK, fin=False),
    "text within text": unfinished(TEXT),
    "bytes within text": unfinished(BINARY),
    "without a mask": lambda peer: peer.send(TEXT, ASK, masked=False),
    "a close of one byte": lambda peer: peer.send(CLOSE, b"\x03"),
    "a close that is too long": lambda peer: peer.send(CLOSE, b"\x03\xe8" + b"x" * 124),
    **{
        f"the close code {code}": lambda peer, code=code: peer.send(CLOSE, code.to_bytes(2, "big"))  # type: ignore[misc]
        for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535)
    },
}


@pytest.mark.parametrize("case", FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_r30_what_the_protocol_forbids_closes_with_1002(running_hub: HubProcess, case: Case) -> None:
    async with greeted(running_hub) as peer:
        case(peer)
        assert await peer.close_code() == 1002
        await peer.ended()


NO_TEXT = {
    "a byte that is none": b"\xce\xba\xff",
    "cut off": b"\xce\xba\xe1\xbd",
    "too long a form": b"\xc0\xaf",
    "half of a pair": b"\xed\xa0\x80",
    "above the last": b"\xf4\x90\x80\x80",
    "a tail alone": b"\x80",
}


@pytest.mark.parametrize("raw", NO_TEXT.values(), ids=NO_TEXT.keys())
async def test_r30_what_is_no_text_closes_with_1007_in_one_piece_in_several_and_as_a_reason(
    running_hub: HubProcess, raw: bytes
) -> None:
    cases: list[Case] = [
        lambda peer: peer.send(TEXT, raw),
        lambda peer: [peer.send(TEXT, raw[:1], fin=False), peer.send(CONTINUATION, raw[1:])],  # type: ignore[list-item, func-returns-value, return-value]
        lambda peer: peer.send(CLOSE, b"\x03\xe8" + raw),
    ]
    for case in cases:
        async with greeted(running_hub) as peer:
            case(peer)
            assert await peer.close_code() == 1007


async def test_r30_letters_that_are_cut_by_the_pieces_are_whole(running_hub: HubProcess) -> None:
    async with greeted(running_hub) as peer:
        id = str(uuid.uuid4())
        raw = json.dumps({"type": "message", "id": id, "text": "äø€🙂"}, ensure_ascii=False).encode()
        peer.send(TEXT, raw[:1], fin=False)
        for byte in raw[1:]:
            peer.send(CONTINUATION, bytes([byte]), fin=False)
        peer.send(CONTINUATION, b"")
        while (answer := json.loads((await peer.frame())[1])).get("id") != id:
            pass
        assert answer["type"] == "ack", answer


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
async def test_r30_a_close_is_answered_with_its_code_and_ends_the_connection(
    running_hub: HubProcess, code: int
) -> None:
    async with greeted(running_hub) as peer:
        peer.send(CLOSE, code.to_bytes(2, "big") + "hyvästi".encode())
        peer.send(TEXT, ASK)  # after the close: not read any more
        opcode, payload = await peer.frame()
        assert (opcode, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
        await peer.ended()


async def test_r30_a_close_without_a_code_is_answered_alike(running_hub: HubProcess) -> None:
    async with greeted(running_hub) as peer:
        peer.send(CLOSE, b"")
        assert await peer.frame() == (CLOSE, b"")
        await peer.ended()


def test_r30_the_socket_engine_is_pinned_exactly_and_is_the_one_that_runs() -> None:
    lines = (ROOT / "ops" / "requirements" / "hub.in").read_text("utf-8").splitlines()
    pinned = dict(line.split("#")[0].strip().split("==") for line in lines if "==" in line)
    for name in ("uvicorn", "websockets"):
        assert pinned[name] == version(name)
