"""The floor of a message's way: a bare ``websockets`` echo that answers after one XADD with the same fsync.

Run as a process of its own by :mod:`bench.hub`: ``python -m bench.floor PORT REDIS_URL``.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, serve


async def main(port: int, url: str) -> None:
    redis = Redis.from_url(url, max_connections=128)

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await redis.xadd("floor", {"e": message})
            await socket.send(message)

    async with serve(echo, "127.0.0.1", port, compression=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
