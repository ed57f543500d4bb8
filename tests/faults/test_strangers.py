"""Row S15: from outside, only the hub's port answers.

Silta runs in a network of its own, with the real bot and action server; a stranger in a second network, joined to it by
a cable, tries every port there is. Both networks are made here and removed again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.stack import Stack

pytestmark = pytest.mark.lasts(180)

SCAN = """
import asyncio, json, sys

async def answers(port, room):
    async with room:
        for _ in range(2):
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(sys.argv[1], port), 5)
            except ConnectionRefusedError:
                return None
            except (OSError, TimeoutError):
                continue
            writer.close()
            return port
        return -port

async def main():
    room = asyncio.Semaphore(400)
    found = await asyncio.gather(*(answers(port, room) for port in range(1, 65536)))
    print(json.dumps([port for port in found if port is not None]))

asyncio.run(main())
"""
"""Ports that take a connection; one that stays silent comes out negative: a scan that sees nothing proves nothing."""


@dataclass(frozen=True)
class Networks:
    house: str
    stranger: str
    address: str

    def within(self, name: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def networks() -> Iterator[Networks]:
    if os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("making networks needs root and iproute2")
    mark = uuid.uuid4().hex[:6]
    made = Networks(f"silta-h-{mark}", f"silta-s-{mark}", "10.231.7.1")
    try:
        try:
            for name in (made.house, made.stranger):
                _ip("netns", "add", name)
            here, there = f"sh{mark}", f"ss{mark}"
            _ip("link", "add", here, "netns", made.house, "type", "veth", "peer", there, "netns", made.stranger)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine does not let us make networks: {error.stderr.decode().strip()}")
        for name, device, address in ((made.house, here, made.address), (made.stranger, there, "10.231.7.2")):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            _ip("-n", name, "link", "set", device, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield made
    finally:
        for name in (made.house, made.stranger):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def scan(networks: Networks) -> list[int]:
    command = [*networks.within(networks.stranger), sys.executable, "-c", SCAN, networks.address]
    return list(json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=150).stdout))


def listeners(networks: Networks, protocol: str) -> list[tuple[str, int]]:
    """What the house's network listens on: address (hexadecimal, as the kernel shows it) and port."""
    table = subprocess.run(
        [*networks.within(networks.house), "cat", f"/proc/net/{protocol}"], check=True, capture_output=True, text=True
    ).stdout
    found = []
    for line in table.splitlines()[1:]:
        words = line.split()
        if protocol.startswith("udp") or words[3] == "0A":
            address, _, port = words[1].partition(":")
            found.append((address, int(port, 16)))
    return found


def test_s15_a_stranger_in_another_network_reaches_nothing_but_the_hubs_port(
    networks: Networks, record: Callable[[str], None]
) -> None:
    stack = Stack(
        "--hubs", "2", environ={"SILTA_HOST": "0.0.0.0"}, within=networks.within(networks.house)  # noqa: S104
    )
    try:
        stack.start()
        found = scan(networks)
        assert found == [stack.port]
        loopback = re.compile(r"0100007F|0{24}01000000|0{32}01000000")
        inside = 0
        for protocol in ("tcp", "tcp6", "udp", "udp6"):
            for address, port in listeners(networks, protocol):
                if port != stack.port:
                    assert loopback.fullmatch(address), f"{protocol} {port} is open to others"
                    inside += 1
        assert inside > 0, "the action server listens somewhere"
        sockets = [path for path in Path(stack.var).rglob("*") if path.is_socket()]
        assert sockets, "Redis listens on a unix socket"
        for path in sockets:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        record(f"65,535 ports tried, {found} answered; on loopback alone: {inside}, unix sockets: {len(sockets)}")
    finally:
        stack.close()


def test_s15_by_default_a_stranger_reaches_nothing_at_all(networks: Networks) -> None:
    """The public address is loopback until the operator says otherwise."""
    stack = Stack(within=networks.within(networks.house))
    try:
        stack.start()
        assert scan(networks) == []
    finally:
        stack.close()
