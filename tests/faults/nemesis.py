"""What goes wrong, at random but repeatably: one seed, one order of faults. Prints each with its time."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import redis

from tests.faults.proxy import Proxy, Weather
from tests.faults.world import World

__all__ = ["FAULTS", "Nemesis"]

Fault = Callable[["Nemesis"], Awaitable[str]]


class Nemesis:
    """Runs faults one after the other until it is stopped; :meth:`heal` leaves a world without any.

    Args:
        seed: of its choices; the same seed chooses the same faults, their times depend on the machine.
        faults: names in :data:`FAULTS`; several tasks may share one world.
    """

    def __init__(self, world: World, *, seed: int, faults: Sequence[str], pause_s: tuple[float, float] = (0.2, 1.5)):
        self.world = world
        self.random = random.Random(seed)
        self.faults = list(faults)
        self.done: list[str] = []
        self._pause_s = pause_s
        self._began = time.monotonic()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self.random.uniform(*self._pause_s))
            name = self.random.choice(self.faults)
            what = await FAULTS[name](self)
            self.done.append(f"{time.monotonic() - self._began:6.1f} s  {name}: {what}")

    async def heal(self) -> None:
        """Take everything back."""
        for proxy in self.world.proxies:
            proxy.weather = Weather()
        self.world.redis_held = False
        with suppress(ProcessLookupError):
            if self.world.redis.runs:
                self.world.redis.signal(signal.SIGCONT)
        for part in self.world.processes:
            part.held = False
            if part.alive:
                part.signal(signal.SIGCONT)

    def _proxy(self) -> Proxy:
        return self.random.choice(self.world.proxies)

    async def _weather(self, seconds: tuple[float, float], **changes: float | bool | int) -> str:
        proxy, lasts = self._proxy(), self.random.uniform(*seconds)
        proxy.weather = replace(Weather(), **changes)  # type: ignore[arg-type]
        await asyncio.sleep(lasts)
        proxy.weather = Weather()
        return f"{changes} for {lasts:.1f} s"

    # -- processes

    async def hub_kill(self) -> str:
        hub, away = self.random.choice(self.world.hubs), self.random.uniform(0, 2)
        if not hub.alive:
            return "was dead"
        hub.held = True
        hub.kill()
        await asyncio.sleep(away)
        hub.held = False
        return f"{hub.environ['SILTA_PROCESS']} away {away:.1f} s"

    async def hub_stop(self) -> str:
        hub, frozen = self.random.choice(self.world.hubs), self.random.uniform(0.5, 6)
        if not hub.alive:
            return "was dead"
        hub.signal(signal.SIGSTOP)
        await asyncio.sleep(frozen)
        if hub.alive:  # another nemesis may have killed it meanwhile
            hub.signal(signal.SIGCONT)
        return f"{hub.environ['SILTA_PROCESS']} frozen {frozen:.1f} s"

    async def hub_term(self) -> str:
        hub = self.random.choice(self.world.hubs)
        if not hub.alive:
            return "was dead"
        hub.signal(signal.SIGTERM)
        await asyncio.sleep(1)
        return f"{hub.environ['SILTA_PROCESS']} told to stop"

    async def redis_kill(self) -> str:
        away = self.random.uniform(0, 3)
        self.world.redis_held = True
        await asyncio.to_thread(self.world.redis.kill)
        await asyncio.sleep(away)
        self.world.redis_held = False
        return f"away {away:.1f} s"

    async def redis_stop(self) -> str:
        frozen = self.random.uniform(0.5, 4)
        if not self.world.redis.runs:
            return "was dead"
        self.world.redis.signal(signal.SIGSTOP)
        await asyncio.sleep(frozen)
        if self.world.redis.runs:
            self.world.redis.signal(signal.SIGCONT)
        return f"frozen {frozen:.1f} s"

    async def redis_pause(self) -> str:
        def pause() -> None:
            with redis.Redis.from_url(self.world.redis.url, socket_timeout=2) as client, suppress(redis.RedisError):
                client.client_pause(1500)

        await asyncio.to_thread(pause)
        await asyncio.sleep(1.5)
        return "CLIENT PAUSE 1500"

    async def bot_kill(self) -> str:
        bot, away = self.random.choice(self.world.bots), self.random.uniform(0, 2)
        bot.held = True
        bot.kill()
        await asyncio.sleep(away)
        bot.held = False
        return f"{bot.name} away {away:.1f} s"

    async def bot_stop(self) -> str:
        bot, frozen = self.random.choice(self.world.bots), self.random.uniform(0.5, 6)
        if not bot.alive:
            return "was dead"
        bot.signal(signal.SIGSTOP)
        await asyncio.sleep(frozen)
        bot.signal(signal.SIGCONT)
        return f"{bot.name} frozen {frozen:.1f} s"

    # -- lines

    async def slow(self) -> str:
        return await self._weather((1, 4), delay_s=0.3, jitter_s=0.2)

    async def slices(self) -> str:
        return await self._weather((1, 3), slice_bytes=1)

    async def trickle(self) -> str:
        return await self._weather((1, 4), bytes_per_s=20_000)

    async def resets(self) -> str:
        return await self._weather((1, 4), reset_share=0.01)

    async def reset_all(self) -> str:
        return f"{self._proxy().reset_all()} connections"

    async def black_hole(self) -> str:
        return await self._weather((0.5, 6), black_hole=True)

    async def refuse(self) -> str:
        proxy = self._proxy()
        proxy.reset_all()
        proxy.weather = Weather(refuse=True)
        await asyncio.sleep(1)
        proxy.weather = Weather()
        return "1 s"

    async def slow_close(self) -> str:
        return await self._weather((1, 3), slow_close_s=1.0)


FAULTS: dict[str, Fault] = {
    name: getattr(Nemesis, name)
    for name in (
        "hub_kill", "hub_stop", "hub_term", "redis_kill", "redis_stop", "redis_pause", "bot_kill", "bot_stop",
        "slow", "slices", "trickle", "resets", "reset_all", "black_hole", "refuse", "slow_close",
    )
}  # fmt: skip
