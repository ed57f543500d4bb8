"""R24 over the real Redis: the same machine as over the pure core, with the store, its scripts and two hubs that take
turns, so that each meets what the other wrote."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings

from handoff.conversation import Conversation
from handoff.errors import Conflict
from handoff.events import Inbound, decode_inbound
from handoff.keys import HubKeys
from handoff.queue.assignment import Choice
from handoff.queue.offers import Offers
from tests.handoff.machine import Backend, Decide, Event, HubMachine
from tests.handoff.parts import Parts, parts_on
from tests.helpers.redis_server import RedisServer

pytestmark = pytest.mark.timeout(120)


LEASE_S = 3600.0
"""No story lasts as long: leases end when the machine says so."""


class InRedis(Backend):
    """Two hubs on one Redis that outlives them: each example has a tenant of its own."""

    examples = 0

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        type(self).examples += 1
        self._runner = runner
        self._url = url
        self._keys = HubKeys(f"t{self.examples}")
        self._turn = 0
        self._begin()

    def _begin(self) -> None:
        self._stack = AsyncExitStack()
        self._hubs: list[Parts] = [
            self._run(self._stack.enter_async_context(parts_on(self._url, keys=self._keys))) for _ in range(2)
        ]

    def _run(self, work: Any) -> Any:
        return self._runner.run(work)

    @property
    def _hub(self) -> Parts:
        """The one whose turn it is."""
        self._turn += 1
        return self._hubs[self._turn % 2]

    def request(self, new: Conversation, decide: Decide, *, scope: str, id: str | None) -> dict[str, Any]:
        commit = self._run(self._hub.store.request(new.id, decide, scope=scope, client_id=id, new=new))
        return dict(commit.answer)

    def state(self, conversation: str) -> Conversation | None:
        found: Conversation | None = self._run(self._hub.store.load(conversation))
        return found

    def log(self, conversation: str) -> list[Event]:
        found: list[Event] = self._run(self._hub.store.events(conversation))
        return found

    def queue(self) -> list[str]:
        hub = self._hub
        return [name.decode() for name in self._run(hub.store.call(hub.redis.zrange(self._keys.queue, 0, -1)))]

    def assigned(self) -> dict[str, str]:
        hub = self._hub
        found = self._run(hub.store.call(hub.redis.hgetall(self._keys.assigned)))
        return {name.decode(): agent.decode() for name, agent in found.items()}

    def offers(self) -> dict[str, dict[str, Any]]:
        hub = self._hub
        found = self._run(hub.store.call(hub.redis.hgetall(self._keys.offers)))
        return {name.decode(): json.loads(raw) for name, raw in found.items()}

    def give(self, choice: Choice, capacity: int) -> bool:
        given: bool = self._run(Offers(self._hub.store).give(choice, capacity=capacity, lease_s=LEASE_S))
        return given

    def take_back(self, offer: Mapping[str, Any], *, declined: bool) -> bool:
        offers = Offers(self._hub.store)
        if not declined:
            lapsed: bool = self._run(offers.lapse(dict(offer), pause_s=30))
            return lapsed
        try:
            self._run(offers.decline(offer["conversation"], offer["agent"], pause_s=30))
        except Conflict:
            return False
        return True

    def end_lease(self, conversation: str) -> None:
        # Redis' clock cannot be turned, so the lease is.
        over = json.dumps({**self.offers()[conversation], "until_ms": 1})
        self._run(self._hub.store.call(self._hub.redis.hset(self._keys.offers, conversation, over)))

    def take_inbox(self) -> list[Inbound]:
        """Taken off the stream, and the conversation stays busy until it is settled."""

        async def take() -> list[Inbound]:
            redis = self._hubs[0].redis
            rows: Any = await redis.xrange(self._keys.inbox)
            for entry, _ in rows:
                await redis.xdel(self._keys.inbox, entry)
            return [decode_inbound(fields[b"data"]) for _, fields in rows]

        taken: list[Inbound] = self._run(take())
        return taken

    def settle(self, inbound: Inbound) -> None:
        # The entry is gone, so what waits behind it moves up, by the script that mends just that.
        self._run(self._hub.store.unstick(inbound.conversation))

    def crash(self) -> None:
        self._run(self._stack.aclose())
        self._begin()

    def close(self) -> None:
        self._run(self._stack.aclose())


class OverRedis(HubMachine):
    runner: ClassVar[asyncio.Runner]
    url: ClassVar[str]

    def make_backend(self) -> Backend:
        return InRedis(self.runner, self.url)


@pytest.fixture(scope="module", autouse=True)
def machine_redis(lasting_redis: RedisServer) -> Any:
    with asyncio.Runner() as runner:
        OverRedis.runner, OverRedis.url = runner, lasting_redis.url
        yield


TestR24OverRedis = OverRedis.TestCase
TestR24OverRedis.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
