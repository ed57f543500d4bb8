"""The parts of one hub without its sockets, on a Redis of the tests, and what is needed to look into them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from handoff.access.accounts import Account
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.entry import Author, Entry, Kind, Role
from handoff.errors import StoreUnavailable
from handoff.events import Inbound, Outcome, decode_inbound, encode
from handoff.fanout import Fanout
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.owner.files import LiveOwner, OwnerSettings
from handoff.owner.hours import Schedule, ServiceHours, Span
from handoff.owner.hours_file import OpeningHours
from handoff.owner.rules import Rules
from handoff.owner.service_texts import read_service_texts
from handoff.queue.presence import Presence
from handoff.redis_client import connect
from handoff.store import Store
from handoff.writer import Writer
from tests.handoff.texts_for_tests import OWNER, texts

__all__ = ["AINO", "ALWAYS_OPEN", "MIKKEL", "Parts", "Recorder", "closed_but", "new_conversation", "parts_on", "uid"]

ALWAYS_OPEN = OwnerSettings(OpeningHours.always(), Rules(), read_service_texts(OWNER / "texts" / "service"))
AINO = Account(id="aino", email="aino@test.example", name="Aino", role="supervisor", capacity=100)
MIKKEL = Account(id="mikkel", email="mikkel@test.example", name="Mikkel", capacity=100)


def uid() -> str:
    return str(uuid.uuid4())


def closed_but(days: Mapping[str, tuple[Span, ...]]) -> OwnerSettings:
    """The owner's settings with a chat that is open on these days only, in UTC."""
    chat = ServiceHours(Schedule(ZoneInfo("UTC"), {}, (), days))
    hours = ALWAYS_OPEN.hours
    return replace(ALWAYS_OPEN, hours=replace(hours, services={**hours.services, "chat": chat}))


def new_conversation(language: str = "en") -> Conversation:
    """A conversation of which nothing is written yet."""
    return Conversation(id=uid(), language=language)


@dataclass
class Recorder:
    """A listener that keeps what it gets. ``deepest`` is how much was delivered between two flushes."""

    events: list[Mapping[str, Any]] = field(default_factory=list)
    typed: list[Mapping[str, Any]] = field(default_factory=list)
    flushes: int = 0
    deepest: int = 0
    crowded: bool = False
    _since: int = 0

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        self.events.append(event)
        self._since += 1
        self.deepest = max(self.deepest, self._since)

    def resync(self, conversation: str, start: int) -> None:
        self.events.append({"seq": 0, "kind": "resync", "from": start})

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None:
        self.typed.append(who)

    def erased(self, conversation: str) -> None:
        self.events.append({"seq": 0, "kind": "erased"})

    async def flushed(self) -> None:
        self.flushes += 1
        self._since = 0
        await asyncio.sleep(0)

    @property
    def numbers(self) -> list[int]:
        return [event["seq"] for event in self.events]


@dataclass
class Parts:
    """A hub's store, fan-out and requests."""

    redis: Redis
    blocking: Redis
    keys: HubKeys
    writer: Writer
    store: Store
    fanout: Fanout
    presence: Presence
    hub: Hub

    async def say(self, conversation: Conversation, text: str = "hello", *, id: str | None = None) -> int:
        """A visitor's message; its number."""
        answer = await self.hub.visitors.message(conversation, id=id or uid(), text=text, button=None)
        return int(answer["seq"])

    async def fill(self, new: Conversation, count: int) -> None:
        """Add ``count`` messages in one write."""

        def decide(state: Conversation) -> Decision:
            at = stamp(now_ms())
            entries = [
                Entry(state.last + n, at, Kind.MESSAGE, Author(Role.VISITOR), text=f"filled {n}")
                for n in range(1, count + 1)
            ]
            after = replace(state, version=state.version + 1, last=state.last + count, created_at=at, updated_at=at)
            return Decision(state, after, tuple(entries))

        await self.store.request(new.id, decide, new=new)

    async def queued(self, **fields: Any) -> Conversation:
        """A conversation that waits for a person."""
        new = new_conversation(**fields)
        await self.hub.visitors.request_handoff(new, id=uid())
        return await self.state(new.id)

    async def arrive(self, *accounts: Account) -> None:
        """Agents with accounts, who are online now."""
        for account in accounts:
            await self.redis.hset(self.keys.agents, account.id, json.dumps(asdict(account)))
            await self.presence.arrived(account.id)

    async def assigned(self, account: Account = AINO) -> Conversation:
        """A conversation that ``account`` has."""
        waiting = await self.queued()
        await self.hub.agents.claim(account, waiting.id, id=uid())
        return await self.state(waiting.id)

    async def state(self, conversation: str) -> Conversation:
        found = await self.store.load(conversation)
        assert found is not None, "nothing was written"
        return found

    async def kinds(self, conversation: str) -> list[str]:
        return [event["kind"] for event in await self.store.events(conversation)]

    async def publish(self, outcome: Outcome) -> str:
        """Put a result of the bot onto its stream."""
        entry: Any = await self.redis.xadd(self.keys.events, {"data": encode(outcome)})
        return str(entry.decode())

    async def inbox(self) -> list[Inbound]:
        """What lies on the bot's inbox."""
        rows: Any = await self.redis.xrange(self.keys.inbox)
        return [decode_inbound(fields[b"data"]) for _, fields in rows]

    @asynccontextmanager
    async def notices(self) -> AsyncIterator[Callable[[], Awaitable[list[dict[str, Any]]]]]:
        """A function for what has been told to all hubs since it was last called."""
        async with self.blocking.pubsub() as pubsub:
            await pubsub.subscribe(self.keys.notices)
            assert await pubsub.get_message(timeout=5.0), "it listens"

            async def told() -> list[dict[str, Any]]:
                await self.redis.publish(self.keys.notices, "end")
                found: list[dict[str, Any]] = []
                while (message := await pubsub.get_message(timeout=5.0))["data"] != b"end":
                    found.append(json.loads(message["data"]))
                return found

            yield told

    @contextmanager
    def blip(self) -> Iterator[None]:
        """The first write in here is done, and its reply gets lost."""
        run = self.writer.run

        async def lost(*args: Any, **named: Any) -> Any:
            self.writer.run = run  # type: ignore[method-assign]
            await run(*args, **named)
            raise StoreUnavailable("the reply was lost")

        self.writer.run = lost  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.writer.run = run  # type: ignore[method-assign]

    async def behind(self, conversation: str) -> list[Inbound]:
        """What waits behind the conversation's one entry on the inbox."""
        return [decode_inbound(raw) for raw in await self.redis.lrange(self.keys.wait(conversation), 0, -1)]

    async def everything(self) -> dict[Any, bytes | None]:
        """A picture of the whole database, to see that nothing has changed."""
        return {key: await self.redis.dump(key) for key in sorted(await self.redis.keys("*"))}

    async def assert_numbered(self, conversation: str) -> None:
        """I3: numbers rise by one from one, and the state knows the last."""
        numbers = [event["seq"] for event in await self.store.events(conversation)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert await self.store.last(conversation) == len(numbers)


@asynccontextmanager
async def parts_on(
    url: str,
    *,
    timeout_s: float = 5.0,
    bot_timeout_s: float = 5.0,
    keys: HubKeys | None = None,
    replicas: int = 0,
    **fanout: Any,
) -> AsyncIterator[Parts]:
    """The parts, running; ``fanout`` are its own keywords."""
    keys = keys or HubKeys()
    redis = connect(url, timeout_s=timeout_s)
    blocking = connect(url, timeout_s=timeout_s, blocking_s=3.0)
    writer = Writer(redis, timeout_s=timeout_s, replicas=replicas)
    store = Store(redis, writer, keys, bot_timeout_ms=round(bot_timeout_s * 1000), timeout_s=timeout_s)
    spread = Fanout(blocking, store, **fanout)
    presence = Presence(store)
    writer.start()
    try:
        hub = Hub(store, spread, presence, texts(), LiveOwner(ALWAYS_OPEN))
        yield Parts(redis, blocking, keys, writer, store, spread, presence, hub)
    finally:
        await writer.stop()
        await redis.aclose()
        await blocking.aclose()
