"""What the socket engine must do that a stock one does not. Each hook into uvicorn has its test here."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from handoff.edge import server as module
from handoff.edge.listeners import public_listeners
from handoff.edge.server import CLOSE_TIMEOUT_S, FRAME_MAX_BYTES, HEAD_TIMEOUT_S, HubHttp, HubServer, make_server
from tests.handoff.clients import Door
from tests.handoff.fake_bot import FakeBot
from tests.handoff.gateway.test_gate import FOREIGN
from tests.handoff.hub_process import HubProcess, free_port
from tests.helpers.frames import FrameClient
from tests.helpers.waiting import until

TEXT, BINARY, CLOSE = 0x1, 0x2, 0x8


class Wire:
    """A TCP connection to the hub on which a test writes and reads what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        self.reader = reader
        self.writer = writer
        self.address = address

    def upgrade(self, path: str = "/ws/visitor", *origins: str) -> bytes:
        """The request of a handshake."""
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {self.address.removeprefix('http://')}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: permessage-deflate",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *(f"Origin: {origin}" for origin in origins),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def shake_hands(self, path: str = "/ws/visitor") -> bytes:
        """Upgrade; the head of the answer."""
        self.writer.write(self.upgrade(path, self.address))
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return head

    def send(self, opcode: int, payload: bytes, *, fin: bool = True, first: int = 0, masked: bool = True) -> None:
        """One frame of a client; ``first`` are further bits of its first byte."""
        mask = os.urandom(4) if masked else b""
        size = len(payload)
        bit = 0x80 if masked else 0
        length = bytes([bit | size]) if size < 126 else struct.pack("!BH", bit | 126, size)
        if size > 0xFFFF:
            length = struct.pack("!BQ", bit | 127, size)
        body = bytes(b ^ mask[n % 4] for n, b in enumerate(payload)) if masked else payload
        self.writer.write(bytes([(0x80 if fin else 0) | first | opcode]) + length + mask + body)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame of the hub: opcode and payload."""
        first, size = await self.reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(size)

    async def close_code(self) -> int:
        """Read until the hub closes."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def ended(self) -> None:
        """Wait until the hub has ended the connection, in whatever way."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionResetError:
            pass


@asynccontextmanager
async def wire(address: str) -> AsyncIterator[Wire]:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer, address)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


HELLO = b'{"type":"hello"}'


# -- sizes


@pytest.mark.parametrize("path", sorted(FRAME_MAX_BYTES))
async def test_s7_a_frame_of_the_limit_is_read_and_one_byte_more_closes_with_1009(
    running_hub: HubProcess, door: Door, path: str
) -> None:
    limit = FRAME_MAX_BYTES[path]
    assert limit == {"/ws/visitor": 16_384, "/ws/agent": 65_536}[path]
    client: FrameClient = await (door.visitor() if path == "/ws/visitor" else door.agent())
    await client.send_raw("x" * limit)
    await client.expect("error", code="bad_request")
    await client.send_raw("x" * (limit + 1))
    assert await client.closed() == 1009
    fresh = await door.raw(path)
    await fresh.send_raw("x" * (limit + 1))
    assert await fresh.closed() == 1009, "also before its hello"


async def test_s7_fragments_that_exceed_the_limit_together_close_with_1009(running_hub: HubProcess) -> None:
    async with wire(running_hub.address) as peer:
        await peer.shake_hands()
        peer.send(TEXT, b"x" * 8000, fin=False)
        peer.send(0, b"x" * 8000, fin=False)
        peer.send(0, b"x" * 8000)
        assert await peer.close_code() == 1009


async def test_a_path_that_does_not_exist_is_refused(running_hub: HubProcess) -> None:
    for path in ("/ws/other", "/ws/visitor/", "/", "/ws/visitor%20"):
        async with wire(running_hub.address) as peer:
            peer.writer.write(peer.upgrade(path, peer.address))
            assert (await peer.reader.readline()).startswith(b"HTTP/1.1 403 "), path


# -- what is not text


async def test_a_binary_frame_is_a_bad_request(running_hub: HubProcess) -> None:
    async with wire(running_hub.address) as peer:
        await peer.shake_hands()
        peer.send(TEXT, HELLO)
        assert json.loads((await peer.frame())[1])["type"] == "welcome"
        peer.send(BINARY, b"\x00\xff")
        error = json.loads((await peer.frame())[1])
        assert (error["type"], error["code"]) == ("error", "bad_request")
        peer.send(TEXT, b'{"type":"ping"}')
        assert json.loads((await peer.frame())[1])["type"] == "pong"


@pytest.mark.parametrize("after_hello", [False, True])
async def test_s7_text_that_is_no_utf8_closes_with_1007(running_hub: HubProcess, after_hello: bool) -> None:
    async with wire(running_hub.address) as peer:
        await peer.shake_hands()
        if after_hello:
            peer.send(TEXT, HELLO)
            await peer.frame()
        peer.send(TEXT, b'{"type":"\xff"}')
        assert await peer.close_code() == 1007


async def test_s7_what_the_protocol_forbids_closes_with_1002(running_hub: HubProcess) -> None:
    wrong: list[Callable[[Wire], None]] = [
        lambda peer: peer.send(TEXT, HELLO, masked=False),
        lambda peer: peer.send(TEXT, HELLO, first=0x40),  # compressed, which was not agreed on
        lambda peer: peer.send(0x3, HELLO),
        lambda peer: peer.send(0, HELLO),
    ]
    for send in wrong:
        async with wire(running_hub.address) as peer:
            head = await peer.shake_hands()
            assert b"permessage-deflate" not in head, "compression is off"
            send(peer)
            assert await peer.close_code() == 1002


# -- origins


@pytest.mark.parametrize("path", sorted(FRAME_MAX_BYTES))
async def test_s1_a_foreign_origin_is_refused_before_the_upgrade(running_hub: HubProcess, path: str) -> None:
    own = running_hub.address
    variants: list[list[str]] = [[], [own, own], [own, "https://evil.example"], ["https://evil.example", own]]
    here = own.removeprefix("http://")
    variants += [[origin.replace("shop.example", here)] for origin in FOREIGN if origin.isascii()]
    variants += [[own.upper()], [own.replace("http", "https")], [own + "/"], [own + "0"]]
    for origins in variants:
        if origins == [own]:
            continue
        async with wire(own) as peer:
            peer.writer.write(peer.upgrade(path, *origins))
            answer = await asyncio.wait_for(peer.reader.read(), 5)
            assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), (origins, answer)
            if not answer.startswith(b"HTTP/1.1 400 "):
                assert answer.partition(b"\r\n\r\n")[2] == b"", "no body for strangers"


async def test_the_own_origin_is_let_in_by_either_name(running_hub: HubProcess, door: Door) -> None:
    for origin in (running_hub.address, running_hub.address.replace("127.0.0.1", "localhost")):
        client = await door.raw(origin=origin)
        await client.send("hello")
        await client.expect("welcome")
    with pytest.raises(InvalidStatus) as refused:
        await door.raw(origin="https://evil.example")
    assert refused.value.response.status_code == 403


async def test_refused_strangers_do_not_fill_the_log(running_hub: HubProcess) -> None:
    before = len(running_hub.log)
    for _ in range(20):
        async with wire(running_hub.address) as peer:
            peer.writer.write(peer.upgrade("/ws/visitor", "https://evil.example"))
            await peer.reader.read()
    assert len(running_hub.log) == before


# -- HTTP on the same port


async def test_nothing_beside_the_pages_can_be_read_over_the_wire(running_hub: HubProcess) -> None:
    for path in (
        "/assets/../../../pyproject.toml",
        "/assets/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/assets/..%2f..%2f..%2fpyproject.toml",
        "/assets//etc/passwd",
        "/assets/%00",
        "/../pyproject.toml",
    ):
        async with wire(running_hub.address) as peer:
            peer.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await peer.reader.read()
            assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 307 ")), (path, answer[:200])
            assert b"ruff" not in answer and b"root:" not in answer


async def test_s16_headers_of_proxies_are_not_believed(running_hub: HubProcess) -> None:
    async with wire(running_hub.address) as peer:
        head = "X-Forwarded-Proto: https\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: proto=https"
        body = json.dumps({"email": "mikkel@test.example", "password": "a-long-enough-password"})
        peer.writer.write(
            f"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )
        answer = (await peer.reader.read()).lower()
        assert answer.startswith(b"http/1.1 200 ") and b"set-cookie" in answer and b"; secure" not in answer
        assert b"\r\nserver:" not in answer


# -- those who say nothing


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def silent(peer: Wire) -> None:
    """Not even half a head."""


async def half_a_head(peer: Wire) -> None:
    peer.writer.write(GET[:-2])


async def drop_by_drop(peer: Wire) -> None:
    for byte in GET[:20]:
        peer.writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def half_a_second_head(peer: Wire) -> None:
    peer.writer.write(GET)
    await peer.reader.readuntil(b"ok\n")
    peer.writer.write(GET[:-2])


async def half_a_pipelined_head(peer: Wire) -> None:
    peer.writer.write(GET + GET[:-2])
    await peer.reader.readuntil(b"ok\n")


async def idle_after_an_answer(peer: Wire) -> None:
    peer.writer.write(GET)
    await peer.reader.readuntil(b"ok\n")


async def no_body(peer: Wire) -> None:
    peer.writer.write(b'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"email":')


async def a_body_that_nobody_asked_for(peer: Wire) -> None:
    """The answer is there before it; then comes one more byte, and no other."""
    peer.writer.write(GET[:-2] + b"Content-Length: 99\r\n\r\n")
    await peer.reader.readuntil(b"ok\n")
    peer.writer.write(b"x")


async def no_hello(peer: Wire) -> None:
    await peer.shake_hands()


async def no_hello_of_an_agent(peer: Wire) -> None:
    await peer.shake_hands("/ws/agent")
    assert await peer.close_code() == 1008


HELD_S = {
    silent: HEAD_TIMEOUT_S,
    half_a_head: HEAD_TIMEOUT_S,
    drop_by_drop: HEAD_TIMEOUT_S,
    half_a_second_head: HEAD_TIMEOUT_S,
    half_a_pipelined_head: HEAD_TIMEOUT_S,
    idle_after_an_answer: HEAD_TIMEOUT_S,
    no_body: HEAD_TIMEOUT_S,
    a_body_that_nobody_asked_for: HEAD_TIMEOUT_S,
    no_hello: HEAD_TIMEOUT_S + CLOSE_TIMEOUT_S,
    no_hello_of_an_agent: HEAD_TIMEOUT_S + CLOSE_TIMEOUT_S,
}
"""Ways to hold a connection for nothing, and for how long the hub lets them."""


async def test_s3_who_says_nothing_is_gone_after_five_seconds_and_real_visitors_notice_nothing(
    running_hub: HubProcess, door: Door, bot: FakeBot
) -> None:
    async def held(way: Callable[[Wire], Awaitable[None]]) -> float:
        async with wire(running_hub.address) as peer:
            began = time.monotonic()
            await way(peer)
            await asyncio.wait_for(peer.ended(), 3 * HEAD_TIMEOUT_S)
            return time.monotonic() - began

    strangers = {way: [asyncio.create_task(held(way)) for _ in range(3)] for way in HELD_S}
    await asyncio.sleep(0.2)
    started = time.monotonic()
    visitor = await door.visitor()
    await visitor.say("hello")
    await visitor.hear("bot")
    assert time.monotonic() - started < 2
    for way, tasks in strangers.items():
        for seconds in await asyncio.gather(*tasks):
            assert HELD_S[way] - 2 < seconds < HELD_S[way] + 3, way.__name__
    assert (await visitor.say("still here"))["seq"]


# -- those who do not read


async def test_r11_who_stops_reading_is_aborted_and_holds_little_and_the_others_notice_nothing(
    running_hub: HubProcess, door: Door, bot: FakeBot
) -> None:
    visitor = await door.visitor()
    host, _, port = running_hub.address.removeprefix("http://").partition(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    slow = Wire(reader, writer, running_hub.address)
    await slow.shake_hands()
    slow.send(TEXT, json.dumps({"type": "hello", "token": visitor.token}).encode())
    assert json.loads((await slow.frame())[1])["type"] == "welcome"
    # From here on it reads nothing: asyncio's reader stops at its limit, the kernel at its buffers.
    started = time.monotonic()
    assert established(int(port), raw.getsockname()[1])
    for _ in range(60):
        await visitor.say("x" * 3900)
    said = time.monotonic() - started
    own: int = raw.getsockname()[1]

    async def aborted() -> bool:
        return not established(int(port), own)

    await until(aborted, "the slow reader is gone", timeout_s=8)
    assert said < 8, "the one who reads is served meanwhile"
    assert (await visitor.say("after"))["seq"]
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


def established(port: int, peer: int) -> bool:
    """Whether the hub's connection to a peer stands, as the kernel tells."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    ends = [(int(row[1].rpartition(":")[2], 16), int(row[2].rpartition(":")[2], 16), row[3]) for row in rows]
    return (port, peer, "01") in ends


# -- the engine alone, with shorter limits


@asynccontextmanager
async def engine(app: Any, **settings: Any) -> AsyncIterator[tuple[HubServer, str]]:
    """The server with an application of the test's own."""

    async def drain() -> None:
        """Nothing: sockets are left to uvicorn."""

    port = free_port()
    server = make_server(app, drain=drain)
    for name, value in settings.items():
        setattr(server.config, name, value)
    serving = asyncio.create_task(server._serve(public_listeners("127.0.0.1", port, shared=False)))

    async def started() -> bool:
        return server.started

    await until(started, "the server listens")
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


async def pour(scope: Any, receive: Any, send: Any) -> None:
    """Accepts, sends more than any buffer holds, and then only listens."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    try:
        async with asyncio.timeout(0.2):
            while True:
                await send({"type": "websocket.send", "text": "x" * 10_000})
    except TimeoutError:
        pass
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.mark.parametrize("reads", [True, False])
async def test_r10_a_peer_that_answers_no_ping_is_closed_with_1011_and_dropped_if_it_does_not_read_that(
    reads: bool,
) -> None:
    async with engine(pour, ws_ping_interval=0.1, ws_ping_timeout=0.4) as (_, address):
        async with wire(address) as peer:
            await peer.shake_hands()
            port, own = (peer.writer.get_extra_info(name)[1] for name in ("peername", "sockname"))
            if reads:
                assert await asyncio.wait_for(peer.close_code(), 5) == 1011
            else:
                peer.send(TEXT, b"pour")
                peer.reader._transport.pause_reading()  # type: ignore[attr-defined]

            async def gone() -> bool:
                return not established(port, own)

            await until(gone, "the connection is gone", timeout_s=5)


async def test_a_peer_that_reads_nothing_is_dropped_when_the_server_stops() -> None:
    async with engine(pour) as (server, address):
        async with wire(address) as peer:
            await peer.shake_hands()
            port, own = (peer.writer.get_extra_info(name)[1] for name in ("peername", "sockname"))
            peer.send(TEXT, b"pour")
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.3)
            server.should_exit = True

            async def gone() -> bool:
                return not established(port, own)

            await until(gone, "the connection is gone", timeout_s=5)


async def answer_much(scope: Any, receive: Any, send: Any) -> None:
    """An answer that no buffer holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for left in reversed(range(300)):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": left > 0})


async def answer_little(scope: Any, receive: Any, send: Any) -> None:
    """An answer that has to be asked for very often before the kernel holds no more."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"30000")]})
    await send({"type": "http.response.body", "body": b"x" * 30_000})


@pytest.mark.parametrize("app", [answer_much, answer_little])
async def test_r11_s3_who_asks_and_reads_no_answer_is_dropped(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED_S", 0.5)
    async with engine(app) as (_, address):
        async with wire(address) as peer:
            port, own = (peer.writer.get_extra_info(name)[1] for name in ("peername", "sockname"))
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            peer.writer.write(GET * (1 if app is answer_much else 800))

            async def gone() -> bool:
                return not established(port, own)

            await until(gone, "the connection is gone", timeout_s=30)


def test_r11_who_takes_an_answer_slowly_is_not_dropped_and_who_takes_nothing_is() -> None:
    looks: list[Callable[[], None]] = []
    aborted: list[bool] = []
    state: dict[str, Any] = {"waiting": 60_000}
    http: Any = HubHttp.__new__(HubHttp)
    state["protocol"] = http
    http.transport = SimpleNamespace(
        get_write_buffer_size=lambda: state["waiting"],
        get_protocol=lambda: state["protocol"],
        get_extra_info=lambda _: None,
        abort=lambda: aborted.append(True),
    )
    http.loop = SimpleNamespace(call_later=lambda _, look, *args: looks.append(lambda: look(*args)))
    http._watch_answer()
    state["waiting"] = 59_000
    looks.pop()()
    assert looks and not aborted, "some of it was taken"
    state["waiting"] = 64_000
    http.flow = SimpleNamespace(resume_writing=lambda: None)
    http.resume_writing()
    looks.pop()()
    assert looks and not aborted, "all of it was, and more is waiting since"
    looks.pop()()
    assert aborted == [True] and not looks, "nothing was"
    http._watch_answer()
    state["protocol"] = None
    looks.pop()()
    assert aborted == [True] and not looks, "a socket has limits of its own"
    state["waiting"] = 0
    http._watch_answer()
    assert not looks, "nothing waits"


async def test_an_abort_of_a_socket_that_is_gone_is_nothing() -> None:
    aborts: list[Callable[[], None]] = []

    async def leave(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        aborts.append(scope["extensions"]["silta.abort"]["abort"])
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async with engine(leave) as (_, address):
        async with wire(address) as peer:
            await peer.shake_hands()
            port, own = (peer.writer.get_extra_info(name)[1] for name in ("peername", "sockname"))

        async def gone() -> bool:
            return not established(port, own)

        await until(gone, "the connection is gone")
        await asyncio.sleep(0.05)
        aborts[0]()
        aborts[0]()


# -- starting and stopping


async def test_r20_told_to_stop_the_hub_closes_every_socket_with_1012_and_ends(mortal_hub: HubProcess) -> None:
    async with Door(mortal_hub.address) as door, FakeBot(mortal_hub.redis_url):
        visitors = [await door.visitor() for _ in range(10)]
        sockets = [*visitors, await door.agent(), await door.raw(), await door.raw("/ws/agent")]
        for visitor in visitors:
            await visitor.say("before")
        async with wire(mortal_hub.address) as silent:
            mortal_hub.signal(signal.SIGTERM)
            started = time.monotonic()
            assert {await client.closed() for client in sockets} == {1012}
            await silent.ended()
            status = await asyncio.to_thread(mortal_hub.wait)
        assert status in (0, -signal.SIGTERM)
        assert time.monotonic() - started < 5
    assert "Traceback" not in mortal_hub.log, mortal_hub.log


async def test_r20_what_was_acknowledged_while_stopping_is_there_afterwards(mortal_hub: HubProcess) -> None:
    async with Door(mortal_hub.address) as door:
        visitors = [await door.visitor() for _ in range(5)]
        acked: dict[str, list[int]] = {visitor.conversation: [] for visitor in visitors}

        async def talk(visitor: Any) -> None:
            with pytest.raises(Exception, match=r"closed|received|sent"):
                while True:
                    acked[visitor.conversation].append((await visitor.say("on and on"))["seq"])

        talking = [asyncio.create_task(talk(visitor)) for visitor in visitors]
        await asyncio.sleep(0.3)
        mortal_hub.signal(signal.SIGTERM)
        await asyncio.wait(talking, timeout=15)
        await asyncio.to_thread(mortal_hub.wait)
        await asyncio.to_thread(mortal_hub.start)
        for visitor in visitors:
            back = await door.visitor(token=visitor.token)
            numbers = acked[visitor.conversation]
            assert numbers and back.welcome["last"] >= max(numbers)


async def test_a_peer_that_does_not_read_cannot_keep_a_mortal_hub(mortal_hub: HubProcess) -> None:
    async with Door(mortal_hub.address) as door, wire(mortal_hub.address) as deaf:
        visitor = await door.visitor()
        await deaf.shake_hands()
        deaf.send(TEXT, json.dumps({"type": "hello", "token": visitor.token}).encode())
        await deaf.frame()
        deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(30):
            await visitor.say("x" * 3900)
        mortal_hub.signal(signal.SIGTERM)
        started = time.monotonic()
        await asyncio.to_thread(mortal_hub.wait)
        assert time.monotonic() - started < 10


async def test_a_port_that_is_taken_is_said_in_one_line_and_ends_with_1(running_hub: HubProcess) -> None:
    second = HubProcess(running_hub.redis_url)
    try:
        second.environ["SILTA_PORT"] = str(running_hub.port)
        await asyncio.to_thread(second.launch)
        assert await asyncio.to_thread(second.wait) == 1
        assert f"hub: 127.0.0.1:{running_hub.port} cannot be listened on" in second.log
        assert "Traceback" not in second.log
    finally:
        second.close()


async def test_without_redis_the_hub_does_not_start(running_hub: HubProcess) -> None:
    hub = HubProcess(f"redis://127.0.0.1:{free_port()}")
    try:
        await asyncio.to_thread(hub.launch)
        assert await asyncio.to_thread(hub.wait) == 1
        assert hub.log.startswith("hub: ") and "Redis does not answer" in hub.log
        assert hub.log.count("\n") == 1
    finally:
        hub.close()


# -- handshakes that are handed over at once, and those that are read as HTTP first


async def test_a_handshake_is_the_same_whether_it_comes_whole_or_in_pieces_or_with_a_frame(
    running_hub: HubProcess,
) -> None:
    heads = []
    for cut in (None, 20, -2):
        async with wire(running_hub.address) as peer:
            request = peer.upgrade("/ws/visitor", peer.address)
            if cut is None:
                peer.writer.write(request)
            else:
                peer.writer.write(request[:cut])
                await peer.writer.drain()
                await asyncio.sleep(0.05)  # so that it comes in two pieces; if it does not, it is the first case again
                peer.writer.write(request[cut:])
            head = await peer.reader.readuntil(b"\r\n\r\n")
            heads.append({line.split(b":")[0] for line in head.splitlines() if not line.startswith(b"Sec-")})
            peer.send(TEXT, HELLO)
            opcode, payload = await peer.frame()
            assert opcode == TEXT and json.loads(payload)["type"] == "welcome"
    assert heads[0] == heads[1] == heads[2] and b"HTTP/1.1 101 Switching Protocols" in heads[0]


async def test_s1_two_origins_are_refused_in_a_handshake_that_is_handed_over(running_hub: HubProcess) -> None:
    async with wire(running_hub.address) as peer:
        peer.writer.write(peer.upgrade("/ws/visitor", peer.address, peer.address))
        assert (await peer.reader.readline()).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))


async def test_a_request_for_a_socket_without_an_upgrade_is_answered_as_http(running_hub: HubProcess) -> None:
    async with wire(running_hub.address) as peer:
        peer.writer.write(b"GET /ws/visitor HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await peer.reader.readline()).startswith(b"HTTP/1.1 404 ")


ODD_HEADS = {
    "a body": b"Content-Length: 10\r\n",
    "a chunked body": b"Transfer-Encoding: chunked\r\n",
    "a line without a colon": b"and so on\r\n",
    "a folded line": b"X-Long: a\r\n b\r\n",
    "200 headers": b"".join(b"X-%d: y\r\n" % n for n in range(200)),
    "a long header": b"X-Long: " + b"y" * 9000 + b"\r\n",
}


@pytest.mark.parametrize("whole", [True, False], ids=["in one piece", "in two"])
@pytest.mark.parametrize("more", ODD_HEADS.values(), ids=ODD_HEADS)
async def test_s3_a_handshake_that_is_none_is_not_held(running_hub: HubProcess, more: bytes, whole: bool) -> None:
    """For ever, it was: nobody had answered it, and nobody waited for anything."""
    async with wire(running_hub.address) as peer:
        head = peer.upgrade("/ws/visitor", running_hub.address)[:-2] + more + b"\r\n"
        peer.writer.write(head if whole else head[:20])
        if not whole:
            await asyncio.sleep(0.05)
            peer.writer.write(head[20:])
        answer = await asyncio.wait_for(peer.reader.readuntil(b"\r\n\r\n"), 15)
        if answer.startswith(b"HTTP/1.1 101 "):
            # The HTTP in front has made it a good one; then it has to say hello like everybody.
            assert more in (ODD_HEADS["a folded line"], ODD_HEADS["200 headers"], ODD_HEADS["a long header"])
            return
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ", b"HTTP/1.1 403 ")), answer
        await asyncio.wait_for(peer.ended(), 15)


async def test_s7_a_body_of_two_lengths_ends_the_connection_so_that_nothing_hides_in_it(
    running_hub: HubProcess,
) -> None:
    """A proxy that reads it by the other length would take the rest for somebody else's request."""
    async with wire(running_hub.address) as peer:
        host = running_hub.address.removeprefix("http://").encode()
        hidden = b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
        lengths = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        peer.writer.write(b"POST /api/login HTTP/1.1\r\nHost: " + host + b"\r\n" + lengths + hidden)
        said = await asyncio.wait_for(peer.reader.read(), 15)
        assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1 ") == 1, said
