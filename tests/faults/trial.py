"""One fault run from beginning to end: a world, people who talk, a nemesis, and the check."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.faults.checker import check
from tests.faults.clients import AgentClient, Client, NotServed, VisitorClient
from tests.faults.history import History
from tests.faults.nemesis import FAULTS, Nemesis
from tests.faults.truth import Truth, read_truth
from tests.faults.witness import Witness, hear
from tests.faults.world import LEASE_S, SETTLE_S, Unsettled, World

__all__ = ["Report", "trial"]

FINISH_S = 60.0
"""After the last fault everybody must be served again within this."""


@dataclass
class Report:
    """How a run went. ``breaches`` is empty when everything that was promised held."""

    seed: int
    seconds: float
    history: History
    truth: Truth
    faults: list[str]
    witness: Witness
    breaches: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The run in one line, for the record."""
        history, kinds = self.history, Counter(fault.split()[2].rstrip(":") for fault in self.faults)
        events = sum(len(log) for log in self.truth.logs.values())
        resumed = sorted(history.resumed_s)
        p95 = resumed[int(0.95 * len(resumed))] if resumed else 0.0
        return (
            f"seed {self.seed}: {self.seconds:.0f} s of nemesis, {len(self.faults)} faults ("
            + ", ".join(f"{name} {count}" for name, count in sorted(kinds.items()))
            + f"); {len(history.ops)} requests: {history.count('ok')} ok, {history.count('fail')} refused, "
            f"{history.count('info')} open; {events} events in {len(self.truth.logs)} conversations; "
            f"{self.witness.offered} offers, {self.witness.accepted} accepted, at most "
            f"{max(self.witness.fullest.values(), default=0)} at a time for one agent; "
            f"{history.reconnections} lines lost, back p95 {p95:.1f} s; breaches: {len(self.breaches)}"
        )


async def trial(
    world: World,
    *,
    seed: int,
    seconds: float,
    visitors: int = 12,
    faults: Sequence[str] = tuple(FAULTS),
    nemeses: int = 1,
    pause_s: float = 0.25,
    calm: tuple[float, float] = (0.2, 1.5),
    settle_s: float = SETTLE_S,
    until: asyncio.Event | None = None,
    holds: int = 4,
) -> Report:
    """Run people and faults for ``seconds`` or ``until`` something has happened, let everybody finish, and check.

    With ``holds`` conversations an agent claims no more by itself.
    """
    history = History()
    people: list[Client] = [
        VisitorClient(f"visitor-{number}", history, world.addresses, seed=seed * 1000 + number)
        for number in range(visitors)
    ]
    people += [
        AgentClient(name, email, history, world.addresses, seed=seed * 1000 + 500 + number, holds=holds)
        for number, (name, email) in enumerate(world.agents.items())
    ]
    evil = [Nemesis(world, seed=seed + number, faults=faults, pause_s=calm) for number in range(nemeses)]
    lives = [asyncio.create_task(client.live(pause_s=pause_s), name=client.name) for client in people]  # type: ignore[attr-defined]
    began = time.monotonic()
    raging = [asyncio.create_task(one.run(), name="nemesis") for one in evil]
    if until is not None:
        raging.append(asyncio.create_task(_enough(until), name="enough"))
    done, _ = await asyncio.wait([*lives, *raging], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    lasted = time.monotonic() - began
    for task in raging:
        task.cancel()
    await asyncio.gather(*raging, return_exceptions=True)
    for one in evil:
        await one.heal()
    for client in people:
        client.closing.set()
    _, late = await asyncio.wait(lives, timeout=FINISH_S)
    unfinished = [task.get_name() for task in late]
    for client in people:
        client.stopping.set()
    await asyncio.gather(*lives, return_exceptions=True)
    failed = [task for task in done if not isinstance(task.exception(), (_Enough, type(None)))]
    crashed = [f"{task.get_name()}: {task.exception()!r}" for task in failed]
    faults_done = sorted(line for one in evil for line in one.done)
    stuck: list[str] = []
    try:
        truth = await world.settled(within_s=settle_s)
        await _catch_up(people, truth)
        truth = await world.settled(within_s=settle_s)
    except (Unsettled, NotServed) as error:
        stuck.append(f"I5: {error}")
        truth = await asyncio.to_thread(read_truth, world.redis.url)
    finally:
        for client in people:
            with suppress(OSError):
                await client.drop()
    witness = await asyncio.to_thread(hear, world.redis.folder, world.capacities, lease_ms=LEASE_S * 1000)
    breaches = [*check(history, truth), *witness.breaches]
    report = Report(seed, lasted, history, truth, faults_done, witness, breaches, unfinished)
    report.breaches += stuck
    report.breaches += [f"the run itself: {one}" for one in crashed]
    report.breaches += [f"I5: {name} was not served within {FINISH_S:g} s of the last fault" for name in unfinished]
    return report


class _Enough(Exception):
    """What a run waited for has happened."""


async def _enough(until: asyncio.Event) -> None:
    await until.wait()
    raise _Enough


async def _catch_up(people: Sequence[Client], truth: Truth) -> None:
    """Everybody reads to the end, on a socket of their own."""
    for client in people:
        client.stopping.clear()
        if isinstance(client, AgentClient):
            await client.catch_up(truth.lasts)
        elif isinstance(client, VisitorClient) and client.conversation in truth.lasts:
            await client.catch_up(truth.lasts[client.conversation])
