from __future__ import annotations

import asyncio
import json
from typing import Any

from handoff.gateway.peer import OUTBOX_MAX, Peer
from tests.helpers.waiting import until


class Wire:
    """The sending side of a socket, which can be held up."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.aborted = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def send(self, message: Any) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    def abort(self) -> None:
        self.aborted += 1

    def peer(self, **fields: Any) -> Peer:
        return Peer(self.send, self.abort, **{"send_timeout_s": 5.0, **fields})

    @property
    def numbers(self) -> list[int]:
        return [json.loads(message["text"])["n"] for message in self.sent if message["type"] == "websocket.send"]

    @property
    def codes(self) -> list[int]:
        return [message["code"] for message in self.sent if message["type"] == "websocket.close"]


async def test_frames_leave_in_their_order() -> None:
    wire = Wire()
    peer = wire.peer()
    for n in range(100):
        peer.push({"n": n})
        if n % 7 == 0:
            await asyncio.sleep(0)
    await peer.flushed()
    assert wire.numbers == list(range(100))


async def test_flushed_waits_until_all_is_sent() -> None:
    wire = Wire()
    peer = wire.peer()
    await peer.flushed()
    wire.open.clear()
    peer.push({"n": 1})
    flushed = asyncio.create_task(peer.flushed())
    await asyncio.sleep(0.01)
    assert not flushed.done()
    wire.open.set()
    await flushed
    assert wire.numbers == [1]


async def test_a_close_comes_after_what_waits_and_nothing_after_it() -> None:
    wire = Wire()
    peer = wire.peer()
    wire.open.clear()
    peer.push({"n": 1})
    peer.close(1012)
    peer.close(1008)
    peer.push({"n": 2})
    wire.open.set()
    await peer.flushed()
    assert (wire.numbers, wire.codes) == ([1], [1012])
    assert peer.closed
    peer.push({"n": 3})
    peer.close(1000)
    await peer.flushed()
    assert wire.codes == [1012]


async def test_r11_a_peer_that_lets_too_much_wait_is_sent_away_with_1013() -> None:
    wire = Wire()
    peer = wire.peer()
    wire.open.clear()
    peer.push({"n": 0})
    await asyncio.sleep(0)  # on its way; the rest waits
    for n in range(OUTBOX_MAX + 1):
        peer.push({"n": n + 1})
    wire.open.set()
    await peer.flushed()
    assert (wire.numbers, wire.codes) == ([0], [1013]), "it resumes with `after`: what waited is not needed"


async def test_exactly_the_limit_may_wait() -> None:
    wire = Wire()
    peer = wire.peer(outbox_max=3)
    wire.open.clear()
    for n in range(3):
        peer.push({"n": n})
    wire.open.set()
    await peer.flushed()
    assert (wire.numbers, wire.codes) == ([0, 1, 2], [])


async def test_r11_a_peer_that_takes_nothing_is_aborted() -> None:
    wire = Wire()
    peer = wire.peer(send_timeout_s=0.05)
    wire.open.clear()
    peer.push({"n": 1})

    async def aborted() -> bool:
        return wire.aborted == 1

    await until(aborted, "the socket is aborted")
    assert peer.closed
    peer.push({"n": 2})
    await peer.flushed()
    wire.open.set()
    assert wire.sent == []


async def test_a_close_that_cannot_be_sent_ends_in_an_abort_too() -> None:
    wire = Wire()
    peer = wire.peer(send_timeout_s=0.05)
    wire.open.clear()
    peer.close(1012)
    await peer.flushed()
    assert wire.aborted == 1


async def test_an_error_of_the_socket_drops_what_waits() -> None:
    wire = Wire()
    wire.error = ConnectionResetError()
    peer = wire.peer()
    peer.push({"n": 1})
    peer.push({"n": 2})
    await peer.flushed()
    assert peer.closed and wire.sent == [] and wire.aborted == 0


async def test_a_peer_that_is_gone_gets_nothing_more() -> None:
    wire = Wire()
    peer = wire.peer()
    peer.push({"n": 1})
    peer.lost()
    peer.close(1000)
    await peer.flushed()
    assert wire.sent == []


async def test_r11_long_frames_are_counted_by_their_bytes_and_freed_when_they_are_too_many() -> None:
    wire = Wire()
    peer = wire.peer(outbox_max_bytes=10_000)
    wire.open.clear()
    peer.push({"n": 0, "text": "x" * 3000})
    await asyncio.sleep(0)  # with the wire
    for n in range(1, 5):
        peer.push({"n": n, "text": "x" * 3000})
        assert peer.crowded == (n >= 3), "half of it waits behind the next frame"
    peer.push({"n": 5, "text": "x" * 3000})
    assert not peer._outbox
    wire.open.set()
    await peer.flushed()
    assert (wire.numbers, wire.codes) == ([0], [1013])


async def test_r11_one_frame_may_be_as_long_as_it_likes_and_others_follow_it() -> None:
    wire = Wire()
    peer = wire.peer(outbox_max_bytes=1000)
    peer.push({"n": 0, "text": "x" * 100_000})
    for n in range(1, 5):
        peer.push({"n": n})
    await peer.flushed()
    assert (wire.numbers, wire.codes) == (list(range(5)), [])
    assert peer._bytes == 0


async def test_a_frame_that_need_not_wait_goes_at_once_and_order_holds_when_others_must() -> None:
    wire, at_once = Wire(), True
    went: list[int] = []

    def write(text: str) -> bool:
        if at_once:
            went.append(json.loads(text)["n"])
        return at_once

    peer = wire.peer(write=write)
    peer.push({"n": 0})
    assert went == [0] and peer._writer is None, "no task is needed"
    wire.open.clear()
    at_once = False
    peer.push({"n": 1})
    await asyncio.sleep(0)  # waits in the socket
    at_once = True
    peer.push({"n": 2})
    assert went == [0], "what comes later does not overtake it"
    wire.open.set()
    await peer.flushed()
    assert wire.numbers == [1, 2]
    peer.push({"n": 3})
    assert went == [0, 3]
    peer.close(1000)
    await peer.flushed()
    peer.push({"n": 4})
    assert went == [0, 3] and wire.codes == [1000]
