"""S8: how much one visitor and one address may send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from handoff.access.accounts import Accounts
from handoff.edge import limits as module
from handoff.edge.limits import FRAMES, HARD, SOFT, Flooded, Limits, SocketLimit, network_of
from handoff.errors import RateLimited
from handoff.gateway.agent import AgentGateway
from handoff.settings import Settings
from tests.handoff.clients import Door
from tests.handoff.hub_process import HubProcess, hub_with_redis
from tests.handoff.parts import AINO, Parts
from tests.handoff.texts_for_tests import OWNER
from tests.helpers.frames import Refusal
from tests.helpers.waiting import until

STRANGER = {"client": ("198.51.100.7", 1)}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _some(found: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return found()

    return look


async def _free() -> tuple[int, int, int]:
    return 0, 0, 0


def made(parts: Parts, **fields: Any) -> Limits:
    return Limits(parts.store, **{"secret": "s" * 64, "sockets": 3, "messages": 5, **fields})


async def test_s8_ten_in_ten_seconds_pass_and_the_eleventh_waits() -> None:
    clock = Clock()
    limit = SocketLimit(_free, clock)
    for _ in range(10):
        limit.request()
    with pytest.raises(RateLimited) as refused:
        limit.request()
    assert 1 <= refused.value.extra["retry_after"] <= 2
    clock.now += 1.1
    limit.request()
    with pytest.raises(RateLimited):
        limit.request()
    clock.now += 10
    for _ in range(10):
        limit.request()
    limit.close()


async def test_s8_after_a_hundred_in_a_minute_the_socket_is_closed() -> None:
    clock = Clock()
    limit = SocketLimit(_free, clock)
    passed = refused = 0
    with pytest.raises(Flooded):
        for _ in range(1000):
            clock.now += 0.06  # a thousand a minute
            try:
                limit.request()
                passed += 1
            except RateLimited:
                refused += 1
    assert passed + refused in range(HARD.count, HARD.count + 15)
    assert passed <= SOFT.count + 8
    limit.close()


async def test_s8_frames_of_any_kind_are_counted_and_refill() -> None:
    clock = Clock()
    limit = SocketLimit(_free, clock)
    for _ in range(FRAMES.count):
        limit.frame()
    with pytest.raises(Flooded):
        limit.frame()
    clock.now += 60
    for _ in range(FRAMES.count):
        limit.frame()


async def test_s8_what_all_hubs_count_together_holds_for_a_socket_that_has_sent_nothing(parts: Parts) -> None:
    """The person's other sockets, on other hubs, have used it up."""
    limits = made(parts)
    first, second = (limits.visitor(STRANGER, "c") for _ in range(2))
    assert first is not None and second is not None
    for _ in range(2 * SOFT.count):
        await first._charge()
    second.request()
    assert second._charging is not None
    await second._charging
    with pytest.raises(RateLimited):
        second.request()
    for _ in range(HARD.count):
        await first._charge()
    second._ask()
    await second._charging
    with pytest.raises(Flooded):
        second.request()


async def test_s8_an_address_has_a_limit_of_its_own_and_rests_nowhere(parts: Parts) -> None:
    limits = made(parts)
    for n in range(5):
        one = limits.visitor(STRANGER, f"c{n}")
        assert one is not None and await one._charge() == (0, 0, 0)
    another = limits.visitor(STRANGER, "c9")
    elsewhere = limits.visitor({"client": ("198.51.100.8", 1)}, "c8")
    assert another is not None and elsewhere is not None
    assert (await another._charge())[2] > 0
    assert (await elsewhere._charge())[2] == 0
    found = b" ".join(await parts.redis.keys("*"))
    assert b"rate:a:" in found and b"198.51" not in found
    for key in await parts.redis.keys("*rate*"):
        assert await parts.redis.pttl(key) > 0


async def test_without_redis_limits_hold_nobody_up(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(command: Any) -> Any:
        command.close()
        raise module.StoreUnavailable

    monkeypatch.setattr(parts.store, "call", away)
    one = made(parts).visitor(STRANGER, "c")
    assert one is not None
    one.request()
    assert one._charging is not None
    await one._charging
    one.request()
    one.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("", None),
        ("testclient", None),
    ],
)
def test_an_address_counts_as_its_subscriber_and_this_machine_not_at_all(address: str, network: str | None) -> None:
    assert network_of(address) == network


async def test_s8_an_address_may_open_so_many_sockets_at_once_and_in_a_minute(parts: Parts) -> None:
    limits = made(parts)
    with limits.connection(STRANGER) as one, limits.connection(STRANGER) as two, limits.connection(STRANGER) as three:
        assert one and two and three
        with limits.connection(STRANGER) as four, limits.connection({"client": ("127.0.0.1", 1)}) as own:
            assert not four and own
    assert not limits._open
    with limits.connection(STRANGER) as again:
        assert not again, "three new ones in this minute were enough"


async def test_s8_who_has_not_said_who_they_are_may_hold_so_many_sockets_at_once(parts: Parts) -> None:
    limits = made(parts)
    for round in range(5):  # how many a minute is not asked
        with limits.stranger(STRANGER) as one, limits.stranger(STRANGER) as two, limits.stranger(STRANGER) as three:
            assert one and two and three
            with limits.stranger(STRANGER) as four, limits.stranger({"client": ("127.0.0.1", 1)}) as own:
                assert not four and own
            with limits.connection(STRANGER) as visitor:
                assert visitor == (round < 3), "visitors are counted apart"
    assert not limits._strangers


async def test_where_limits_are_off_nothing_is_counted(parts: Parts) -> None:
    limits = made(parts, on=False, sockets=1)
    assert limits.visitor(STRANGER, "c") is None and limits.agent() is None
    with limits.connection(STRANGER) as one, limits.connection(STRANGER) as two:
        assert one and two


class Knock:
    """Somebody at the agents' socket, without the line."""

    def __init__(self, gateway: AgentGateway) -> None:
        self.sent: list[dict[str, Any]] = []
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.frames.put_nowait({"type": "websocket.connect"})
        scope = {
            **STRANGER,
            "headers": [(b"origin", b"http://hub.test")],
            "extensions": {"silta.abort": {"abort": lambda: None}},
        }
        self.task = asyncio.ensure_future(gateway(scope, self.frames.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def told(self) -> list[tuple[str, Any]]:
        return [(one["type"], one.get("code")) for one in self.sent]

    def say(self, **frame: Any) -> None:
        self.frames.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def leave(self) -> None:
        self.frames.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(self.task, 30)


async def test_s8_one_address_cannot_take_the_agents_places_with_sockets_that_say_nothing(parts: Parts) -> None:
    accounts = Accounts(parts.redis, parts.keys)
    await accounts._save(AINO)
    settings = Settings(
        redis_url="",
        var=OWNER,
        owner_dir=OWNER,
        web_dir=OWNER,
        origins=frozenset({"http://hub.test"}),
        hello_timeout_s=600,
    )
    gateway = AgentGateway(parts.hub, accounts, settings, limits=made(parts))
    accepted, later = [("websocket.accept", None)], [("websocket.accept", None), ("websocket.close", 1013)]
    silent = [Knock(gateway) for _ in range(3)]
    for knock in silent:
        await until(_some(lambda knock=knock: knock.told() == accepted), "let in to say hello")
    fourth = Knock(gateway)
    await asyncio.wait_for(fourth.task, 30)
    assert fourth.told() == later
    # Who says who they are makes room for the next.
    silent[0].say(type="hello", token=await accounts.socket_token(AINO))
    await until(_some(lambda: not gateway.limits or gateway.limits._strangers.total() == 2), "one is none any more")
    fifth = Knock(gateway)
    await until(_some(lambda: fifth.told() == accepted), "let in")
    for knock in (*silent, fifth):
        await knock.leave()


# -- at the door of a real hub


@pytest.fixture(scope="module")
def limiting_hub() -> Iterator[HubProcess]:
    """A hub that limits, and takes this machine for a proxy."""
    limits = {"SILTA_LIMITS": "on", "SILTA_ADDRESS_SOCKETS": "4", "SILTA_TRUSTED_PROXIES": "127.0.0.1"}
    with hub_with_redis(**limits) as (hub, _):
        yield hub


async def test_s8_one_who_floods_is_refused_then_closed_and_others_are_not_touched(limiting_hub: HubProcess) -> None:
    async with Door(limiting_hub.address) as door:
        flooder, other = await door.visitor(), await door.visitor()
        acked = limited = 0
        for n in range(SOFT.count + 5):
            try:
                await flooder.say(f"flood {n}")
                acked += 1
            except Refusal as refusal:
                assert refusal.frame["code"] == "rate_limited" and refusal.frame["retry_after"] >= 1
                limited += 1
        assert acked >= SOFT.count and limited >= 1
        await other.say("I am still here")
        for _ in range(2 * HARD.count):
            if not flooder.is_open:
                break
            await flooder.send_raw('{"type":"transcript","id":"t"}')
        assert await flooder.closed() == 1008
        assert flooder.socket.close_reason == "rate_limited"
        await other.say("and still")


async def test_s8_an_address_that_opens_too_many_sockets_is_told_to_come_back_later(limiting_hub: HubProcess) -> None:
    async with Door(limiting_hub.address) as door:
        headers = {"x-forwarded-for": "203.0.113.9"}
        sockets = [await door.raw(headers=headers) for _ in range(4)]
        fifth = await door.raw(headers=headers)
        assert await fifth.closed() == 1013
        assert all(socket.is_open for socket in sockets)
        await door.visitor()
        await asyncio.gather(*(socket.close() for socket in sockets))
