"""A whole Silta for a fault run: Redis, hubs behind proxies, bots; what dies is started again, as ``silta up`` does."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

from argon2 import PasswordHasher
from websockets.asyncio.client import connect as dial

from handoff.access.accounts import Accounts
from handoff.redis_client import connect
from handoff.settings import ROOT
from tests.faults.proxy import Proxy
from tests.faults.truth import Truth, read_truth
from tests.handoff.hub_process import HubProcess, free_port
from tests.helpers.fixtures import PASSWORD
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

__all__ = ["LEASE_S", "BotProcess", "Hub", "Unsettled", "World"]

KEEP_EVERY_S = 0.1
SETTLE_S = 30.0
START_S = 120.0
"""Until a hub serves: on a busy machine a Python process alone takes half a minute to start."""
AGENT_CAPACITY = 6
LEASE_S = 5
"""Of offers in a world that makes them: the shortest that the rules allow, so that some lapse in every run."""


class Unsettled(Exception):
    """Something is under way that never ends, or goes in circles."""

    def __init__(self, truth: Truth, within_s: float) -> None:
        left = {"inbox": truth.inbox, "results": truth.results, "busy": truth.busy, "due": sorted(truth.due)}
        super().__init__(f"not settled within {within_s:g} s: {left}")
        self.truth = truth


class Hub(HubProcess):
    """A hub that may be started with another program in front of it: ``module`` and its arguments."""

    def __init__(self, redis_url: str, *, module: Sequence[str] = ("handoff",), **options: str) -> None:
        super().__init__(redis_url, **options)
        self.module = tuple(module)
        self.held = False
        """Whether it stays dead for now."""
        self.starts = 0

    def offers(self) -> None:
        """Have conversations offered, not only claimed; before the first start."""
        routing = self.folder / "owner" / "routing.yml"
        text = routing.read_text("utf-8")
        for old, new in (("mode: claim", "mode: offer"), ("lease_s: 20", f"lease_s: {LEASE_S}")):
            assert text.count(f"\n{old}\n") == 1, old
            text = text.replace(f"\n{old}\n", f"\n{new}\n")
        routing.unlink()
        routing.write_text(text, "utf-8")

    def launch(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", *self.module]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stderr=log)
        return self._process


class BotProcess:
    """The tests' bot in a process of its own."""

    def __init__(self, redis_url: str, name: str, folder: Path) -> None:
        self.name = name
        self.held = False
        self._log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", "tests.faults.bot", name, redis_url]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class World:
    """Starts with ``async with``. Parts that are dead and not ``held`` come back by themselves.

    Args:
        hubs: how many, each behind a proxy of its own; clients use :attr:`addresses`.
        module: what runs as a hub, for hubs that are broken on purpose.
        capacity: of each agent.
        offers: whether conversations are offered to agents; they claim, too.
    """

    def __init__(
        self,
        *,
        hubs: int = 2,
        bots: int = 1,
        agents: int = 4,
        module: Sequence[str] = ("handoff",),
        redis: RedisServer | None = None,
        seed: int = 0,
        capacity: int = AGENT_CAPACITY,
        offers: bool = False,
        **environ: str,
    ) -> None:
        self.redis = redis or RedisServer()
        self.capacity = capacity
        self.capacities: dict[str, int] = {}
        """By agent's id, from the start on."""
        self.redis_held = False
        self.agents = {f"agent-{number + 1}": f"agent-{number + 1}@test.example" for number in range(agents)}
        """E-mail addresses of the agents by name; none of them leads."""
        self.folder = Path(tempfile.mkdtemp(prefix="silta-w-"))
        ports = [free_port() for _ in range(hubs)]
        shared = {
            "SILTA_SECRETS": "a-key-that-all-hubs-of-one-run-share-0123456789",
            "SILTA_LIMITS": "off",  # everybody comes from one address here
            "SILTA_ORIGINS": ",".join(f"http://127.0.0.1:{port}" for port in ports),
            **environ,
        }
        self.hubs = [
            Hub(self.redis.url, module=module, name=f"hub-{number + 1}", **shared) for number in range(hubs)
        ]
        for hub in self.hubs:
            if offers:
                hub.offers()
        self.proxies = [
            Proxy(port, hub.port, seed=seed + number)
            for number, (port, hub) in enumerate(zip(ports, self.hubs, strict=True))
        ]
        self.bots = [BotProcess(self.redis.url, f"bot-{number + 1}", self.folder) for number in range(bots)]
        self._keeper: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    @property
    def processes(self) -> list[Hub | BotProcess]:
        """Hubs and bots."""
        return [*self.hubs, *self.bots]

    async def _add_agents(self) -> None:
        redis = connect(self.redis.url, timeout_s=5)
        accounts = Accounts(redis)
        # Cheap to check, for agents sign in often; what it costs in earnest is test_accounts' matter.
        accounts._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        try:
            for name, email in self.agents.items():
                account = await accounts.add(email, name=name, password=PASSWORD, capacity=self.capacity)
                self.capacities[account.id] = account.capacity
        finally:
            await redis.aclose()

    @property
    def addresses(self) -> list[str]:
        return [proxy.address for proxy in self.proxies]

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self.redis.start)
            await self._add_agents()
            for hub in self.hubs:
                hub.launch()
            for bot in self.bots:
                bot.launch()
            for proxy in self.proxies:
                await self._stack.enter_async_context(proxy)
            await self.ready()
        except BaseException:
            await self.__aexit__()
            raise
        self._keeper = asyncio.create_task(self._keep(), name="keeper")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._keeper is not None:
                self._keeper.cancel()
                with suppress(asyncio.CancelledError):
                    await self._keeper
        finally:  # a keeper that failed says so, and leaves no process to the next test
            await self._stack.aclose()
            for bot in self.bots:
                bot.kill()
            for hub in self.hubs:
                if hub.alive:
                    hub.kill()
                hub.close()
            self.redis.close()
            for file in self.folder.iterdir():
                file.unlink()
            self.folder.rmdir()

    async def ready(self) -> None:
        """Wait until every hub serves."""
        async def open_one(hub: HubProcess) -> bool:
            try:
                async with dial(
                    f"ws://127.0.0.1:{hub.port}/ws/visitor", origin=self.addresses[0], proxy=None  # type: ignore[arg-type]
                ) as socket:
                    await socket.send('{"type":"hello"}')
                    return '"welcome"' in str(await asyncio.wait_for(socket.recv(), 5))
            except Exception:
                return False

        for hub in self.hubs:
            await until(lambda hub=hub: open_one(hub), f"{hub.environ['SILTA_PROCESS']} serves", timeout_s=START_S)  # type: ignore[misc]

    async def _keep(self) -> None:
        while True:
            if not self.redis_held and not self.redis.runs:
                await asyncio.to_thread(self.redis.start)
            for part in self.processes:
                if not part.held and not part.alive:
                    part.launch()
            await asyncio.sleep(KEEP_EVERY_S)

    async def settled(self, *, within_s: float = SETTLE_S) -> Truth:
        """Wait until nothing is under way any more; what Redis holds then.

        Raises:
            Unsettled: with what was there instead.
        """
        deadline = time.monotonic() + within_s
        last: Truth | None = None
        while True:
            truth = await asyncio.to_thread(read_truth, self.redis.url)
            if truth.settled() and last is not None and truth.lasts == last.lasts:
                return truth
            if time.monotonic() > deadline:
                raise Unsettled(truth, within_s)
            last = truth
            await asyncio.sleep(0.3)
