"""Scanners against a real hub: schemathesis over its OpenAPI description, Hypothesis over its two sockets.

`make faults` makes the scanner's environment; OWASP ZAP is in none of the registries that Silta is built from.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from handoff.wire import agent, visitor
from tests.handoff.hub_process import HubProcess, hub_with_redis
from tests.handoff.wire import examples
from tests.helpers.fixtures import AGENTS, PASSWORD

SCANNER = Path(__file__).resolve().parents[2] / ".venv" / "tools" / "bin" / "st"

EXAMPLES = 100
"""Requests for each route and each phase of the scanner; its findings have come within the first ten so far."""

FRAMES = 1500
"""Frames sent to each of the sockets."""


@pytest.fixture(scope="module")
def hub() -> Iterator[HubProcess]:
    with hub_with_redis() as (made, server):
        yield made
        assert server.denied() == [] or all("config|get" in line for line in server.denied())


def sign_in(hub: HubProcess) -> httpx.Client:
    client = httpx.Client(base_url=hub.address, trust_env=False)
    reply = client.post("/api/login", json={"email": AGENTS["Sanna"], "password": PASSWORD})
    assert reply.status_code == 200, reply.text
    return client


def assert_well(hub: HubProcess) -> None:
    """It serves, and nothing in it has raised where nobody foresaw it."""
    assert hub.alive
    assert httpx.get(hub.address + "/healthz", trust_env=False).status_code == 200
    failures = [line for line in hub.log.splitlines() if '"error"' in line or "Traceback" in line]
    assert failures == [], failures[0][:2000]


@pytest.mark.lasts(240)
@pytest.mark.parametrize("signed_in", [False, True])
def test_s18_a_scanner_of_the_http_finds_no_server_error(
    hub: HubProcess, tmp_path: Path, signed_in: bool, record: Callable[[str], None]
) -> None:
    if not SCANNER.exists():
        pytest.skip("the scanner is not installed: ops/supply --tools")
    described = httpx.get(hub.address + "/api/openapi.json", trust_env=False).json()
    # A sign-out would end the scan of all the rest, and a wrong guess at the sign-in lock it for a while.
    for path in ("/api/logout", "/api/login"):
        described["paths"].pop(path)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(described), "utf-8")
    command = [str(SCANNER), "run", str(file), "--url", hub.address, "--max-examples", str(EXAMPLES)]
    # 503 is an answer of ours: the actions and the bot are not there in this test.
    command += ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--seed", "7", "--no-color"]
    command += ["--exclude-path", "/readyz", "--suppress-health-check", "all"]
    if signed_in:
        with closing(sign_in(hub)) as client:
            command += ["--header", "Cookie: " + "; ".join(f"{name}={value}" for name, value in client.cookies.items())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    counted = re.search(r"(\d+) generated", done.stdout)
    operations = re.search(r"Tested: +(\d+)", done.stdout)
    assert operations is not None and int(operations[1]) >= 15, done.stdout[-3000:]
    record(f"{operations[1]} operations, {counted[1] if counted else '?'} requests, 0 server errors")
    assert_well(hub)


# -- the sockets

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.sampled_from(["", "\u0000", "\u202e", "\ud800", "x" * 5000, "1", "c", "-1", "9" * 400, "2026-13-01T00:00:00Z"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)


def frames(known: dict[str, Any], written: Any) -> st.SearchStrategy[str]:
    """Good frames of each type with some of their fields replaced, left out or added, and text that is no frame."""

    good = {json.loads(frame)["type"]: json.loads(frame) for frame in written(known)}

    @st.composite
    def bent(draw: st.DrawFn) -> str:
        name = draw(st.sampled_from(sorted(known)))
        frame = dict(good[name])
        for field in (*known[name][1], "extra"):
            what = draw(st.integers(0, 11))
            if what == 1 or (what == 3 and field != "extra"):
                frame[field] = draw(ODD)
            elif what == 2:
                frame.pop(field, None)
        return json.dumps(frame)

    noise = st.one_of(st.text(max_size=200), st.sampled_from(["[" * 10_000, '{"a":' * 3000, "{}", "null", "\x00"]))
    return st.one_of(bent(), bent(), bent(), noise)


class Prober:
    """A socket that is opened again whenever the hub has closed it, which it may; it must not fall silent."""

    def __init__(self, hub: HubProcess, path: str, hello: Callable[[], dict[str, Any]]) -> None:
        self._url = hub.address.replace("http", "ws", 1) + path
        self._origin = Origin(hub.address)
        self._hello = hello
        self._socket: ClientConnection | None = None
        self.answers: dict[str, int] = {}

    async def send(self, frame: str) -> None:
        """Send a frame, and see that the hub answers a ping after it, or has closed the socket with a reason."""
        for _ in range(3):
            socket = await self._opened()
            try:
                await socket.send(frame)
                await socket.send('{"type":"ping","id":"alive"}')
                while True:
                    answer = json.loads(await asyncio.wait_for(socket.recv(), 20))
                    self._count(answer["type"] if answer["type"] != "error" else answer["code"])
                    if answer["type"] == "pong" and answer.get("id") == "alive":
                        return
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                assert code in (1000, 1008, 1009), (code, frame)
                self._count(f"closed {code}")
                self._socket = None
                if code == 1000:
                    return  # erased: this is what was asked for
        raise AssertionError(f"the hub closes each socket that sends {frame[:300]!r}")

    async def _opened(self) -> ClientConnection:
        if self._socket is None:
            self._socket = await connect(self._url, origin=self._origin, max_size=None)
            await self._socket.send(json.dumps({"type": "hello", **self._hello()}))
            assert json.loads(await asyncio.wait_for(self._socket.recv(), 20))["type"] == "welcome"
        return self._socket

    def _count(self, what: str) -> None:
        self.answers[what] = self.answers.get(what, 0) + 1

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


@pytest.mark.lasts(120)
@pytest.mark.parametrize("who", ["visitor", "agent"])
async def test_s7_bent_frames_never_bring_a_socket_or_the_hub_down(
    hub: HubProcess, who: str, record: Callable[[str], None]
) -> None:
    loop = asyncio.get_running_loop()
    sent = 0
    with closing(sign_in(hub)) as client:

        def agents_hello() -> dict[str, Any]:
            reply = client.post("/api/socket-token", headers={"origin": hub.address})
            return {"token": reply.json()["token"]}

        if who == "visitor":
            prober = Prober(hub, "/ws/visitor", lambda: {"language": random.choice(["fi", "da", "en"])})
            bent = frames(dict(visitor.FRAMES), examples.of_visitor)
        else:
            prober = Prober(hub, "/ws/agent", agents_hello)
            bent = frames(dict(agent.FRAMES), examples.of_agent)

        @given(frame=bent)
        @settings(max_examples=FRAMES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def attack(frame: str) -> None:
            nonlocal sent
            sent += 1
            asyncio.run_coroutine_threadsafe(prober.send(frame), loop).result(90)

        try:
            await asyncio.to_thread(attack)
        finally:
            await prober.close()
    record(f"{sent} frames, {dict(sorted(prober.answers.items()))}, 0 crashes")
    assert_well(hub)
