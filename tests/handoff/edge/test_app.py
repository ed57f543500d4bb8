from __future__ import annotations

import asyncio
import resource
import subprocess
import sys

import pytest
from websockets.exceptions import ConnectionClosed

from handoff.settings import ROOT
from tests.handoff.clients import Door
from tests.handoff.hub_process import HubProcess
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

LEAVES_ROOM = "import handoff.edge.app, resource; print(handoff.edge.app.sockets_most(), *resource.getrlimit(7))"


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"), [(256, 1024, 512, 1024), (256, 256, 64, 256), (1024, 4096, 3584, 4096)]
)
def test_the_limit_of_files_is_raised_and_leaves_room_for_more_than_sockets(
    soft: int, hard: int, most: int, raised: int
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", LEAVES_ROOM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    assert said.stdout.split() == [str(most), str(raised), str(hard)]


async def test_r27_a_hub_that_is_full_says_1013_to_newcomers_and_recovers(lasting_redis: RedisServer) -> None:
    full = HubProcess(lasting_redis.url, files=256)
    try:
        await asyncio.to_thread(full.start)
        async with Door(full.address) as door:
            visitors = [await door.visitor() for _ in range(256 // 4)]
            newcomer = await door.raw()
            await newcomer.socket.wait_closed()
            assert newcomer.socket.close_code == 1013
            await visitors[0].close()

            async def room() -> bool:
                try:
                    await (await door.visitor()).say("there is room again")
                except (ConnectionClosed, AssertionError):
                    return False
                return True

            await until(room, "a newcomer is let in")
            await visitors[1].say("still there")
        assert full.alive
    finally:
        full.close()
