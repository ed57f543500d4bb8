"""Carries webhook events to the app: signed, one POST at a time for each person, again when it was not taken.

:class:`Chaos` makes it behave as the real one does on bad days: twice, in another order, many at once, late.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha1, sha256

import httpx

from handoff.demo.messenger.hooks import Event, body_of
from handoff.demo.messenger.world import World

__all__ = ["Chaos", "Courier"]

log = logging.getLogger(__name__)

POST_TIMEOUT_S = 5.0
"""Meta waits no longer for the 200."""

AGAIN_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Waits before a POST is repeated. (Meta goes on for hours; people at a demo do not.)"""

HOLD_S = 1.5
"""How long events wait for others of their batch."""


@dataclass
class Chaos:
    """Bad days, all off at first."""

    batch: int = 1
    """So many events wait for each other and come in one POST."""
    reorder: int = 1
    """So many events wait for each other and come in another order, each in a POST of its own, side by side."""
    duplicate: int = 1
    """Each POST comes so often."""
    delay_s: float = 0.0
    ids_as_text: bool = False
    """App ids and watermarks as strings."""
    hold: bool = False
    """Nothing is posted until this is off again: the webhook is unsubscribed, as it were."""


@dataclass
class Tally:
    """What was posted: numbers for tests and for people who wonder."""

    posts: int = 0
    taken: int = 0
    refused: int = 0
    lost: int = 0
    last_status: int | None = None
    waiting: int = field(default=0)
    """Events not yet taken."""


class Courier:
    """Start it with :meth:`run`; hand it events with :meth:`put`."""

    def __init__(self, world: World, callback: str, *, seed: int = 7) -> None:
        self.chaos = Chaos()
        self.tally = Tally()
        self.callback = callback
        self._world = world
        self._random = random.Random(seed)  # noqa: S311 -- an order, no secret
        self._events: asyncio.Queue[Event] = asyncio.Queue()  # bounded by what people at a demo do
        self._lanes: dict[str, deque[Sequence[Event]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._http = httpx.AsyncClient(timeout=POST_TIMEOUT_S, trust_env=False, follow_redirects=False)

    def put(self, event: Event) -> None:
        """Take an event, if the app is subscribed to its field."""
        app = self._world.app
        if not self._world.subscribed or event.field not in app.fields:
            return
        if event.channel == "standby" and "standby" not in app.fields:
            return
        self.tally.waiting += 1
        self._events.put_nowait(event)

    async def run(self) -> None:
        """Carry until cancelled."""
        try:
            while True:
                events = await self._gather()
                for post in self._posts(events):
                    self._enqueue(post)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._http.aclose()

    async def _gather(self) -> list[Event]:
        events = [await self._events.get()]
        while self.chaos.hold:  # noqa: ASYNC110 (a switch that somebody flips by hand)
            await asyncio.sleep(0.02)
        wanted = max(self.chaos.batch, self.chaos.reorder)
        try:
            async with asyncio.timeout(HOLD_S):
                while len(events) < wanted:
                    events.append(await self._events.get())
        except TimeoutError:
            pass
        return events

    def _posts(self, events: list[Event]) -> list[Sequence[Event]]:
        if self.chaos.reorder > 1 and len(events) > 1:
            straight = list(events)
            while events == straight:
                self._random.shuffle(events)
        return [events] if self.chaos.batch > 1 else [[event] for event in events]

    def _enqueue(self, post: Sequence[Event]) -> None:
        lane = post[0].psid
        waiting = self._lanes.get(lane)
        if waiting is not None:
            waiting.append(post)
            return
        self._lanes[lane] = deque([post])
        task = asyncio.create_task(self._drive(lane), name=f"posts for {lane}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, lane: str) -> None:
        waiting = self._lanes[lane]
        while waiting:
            # What comes in another order comes side by side: each after the last one's answer, they would be as far
            # apart as the machine is slow, and no channel waits for stragglers for ever.
            abreast = len(waiting) if self.chaos.reorder > 1 else 1
            await asyncio.gather(*(self._carry(waiting.popleft()) for _ in range(abreast)))
        del self._lanes[lane]

    async def _carry(self, post: Sequence[Event]) -> None:
        if self.chaos.delay_s:
            await asyncio.sleep(self.chaos.delay_s)
        body = body_of(self._world, post, ids_as_text=self.chaos.ids_as_text)
        for _ in range(max(1, self.chaos.duplicate)):
            await self._deliver(body, len(post))
        self.tally.waiting -= len(post)

    async def _deliver(self, body: bytes, events: int) -> None:
        for pause in (*AGAIN_S, None):
            if await self.post(body) == 200:
                self.tally.taken += 1
                return
            self.tally.refused += 1
            if pause is None:
                break
            await asyncio.sleep(pause)
        self.tally.lost += events
        log.warning("the webhook did not take %d event(s): gave up", events)

    async def post(self, body: bytes, *, secret: str | None = None) -> int:
        """One signed POST; returns the status, 0 when there was none."""
        key = (secret or self._world.app.secret).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature": "sha1=" + hmac.new(key, body, sha1).hexdigest(),
            "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, sha256).hexdigest(),
        }
        self.tally.posts += 1
        try:
            answer = await self._http.post(self.callback, content=body, headers=headers)
        except httpx.HTTPError:
            self.tally.last_status = 0
            return 0
        self.tally.last_status = answer.status_code
        return answer.status_code
