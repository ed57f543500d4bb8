"""``python -m tests.faults.bot NAME REDIS_URL``: the tests' own bot as a process that can be killed and stopped."""

from __future__ import annotations

import asyncio
import sys

from tests.handoff.fake_bot import FakeBot


async def main(name: str, url: str) -> None:
    while True:
        try:
            async with FakeBot(url, name=name):
                await asyncio.get_running_loop().create_future()
        except Exception as error:
            # Redis away at the start, or a script of an earlier life refused: begin again, as a supervisor would.
            print(f"bot {name}: {error!r}", file=sys.stderr, flush=True)
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
