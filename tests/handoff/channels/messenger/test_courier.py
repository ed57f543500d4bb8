"""Messenger's work in a process of its own: what came waits for it, and the house knows when it is not there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.channels.messenger.courier import COURIER_NICE, niceness
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.life import AWAY, SignsOfLife
from handoff.settings import ROOT
from handoff.tasks import end
from tests.handoff.channels.messenger.page import page_on
from tests.handoff.channels.messenger.test_strict import same, with_page
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.handoff.parts import Parts
from tests.helpers.messenger import Meta
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


class Courier:
    """``python -m handoff.channels.messenger`` beside a hub, with its settings."""

    def __init__(self, hub: HubProcess) -> None:
        self._hub = hub
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {**self._hub.environ, "SILTA_PROCESS": "messenger"}
        with (self._hub.folder / "courier.log").open("ab") as log:
            command = [sys.executable, "-m", "handoff.channels.messenger"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)


@pytest.fixture
def beside() -> Iterator[tuple[HubProcess, Courier, str]]:
    """A hub that leaves the work to a courier, which does not run yet, and the address of its Graph."""
    redis = RedisServer()
    hub = HubProcess(redis.url, SILTA_MESSENGER_COURIER="1")
    courier = Courier(hub)
    try:
        redis.start()
        with with_page(hub) as address:
            hub.start()
            yield hub, courier, address
    finally:
        courier.kill()
        hub.close()
        redis.close()


async def test_what_came_while_the_courier_was_away_is_answered_when_it_is_there(
    beside: tuple[HubProcess, Courier, str],
) -> None:
    hub, courier, address = beside
    async with Meta(address) as meta, FakeBot(hub.redis_url), httpx.AsyncClient(trust_env=False) as http:

        async def state() -> str:
            return str((await http.get(f"{hub.health_address}/readyz")).json()["messenger"])

        assert await state() == AWAY
        customer = await meta.customer("Waits")
        await customer.types("before")
        await meta.quiet()
        assert [one["text"] for one in await customer.screen()] == ["before"]
        courier.start()
        await customer.hear_until("echo: before", timeout_s=60)
        assert await state() == "up"
        await customer.types("after")
        await customer.hear_until("echo: after", timeout_s=60)
        await same(hub, customer, "Waits")
        assert await asyncio.to_thread(courier.stop) == 0


async def test_a_hub_beside_a_courier_takes_in_and_does_nothing_else(parts: Parts, url: str, tmp_path: Path) -> None:
    async with page_on(parts, url, tmp_path, courier=True) as page:
        await page.say("hello")
        assert await parts.redis.zcard(page.messenger.keys.due_in) == 1
        assert [coroutine.__qualname__ for coroutine in _closed(page.messenger.work())] == ["SignsOfLife.keep_looking"]


def _closed(work: list[Any]) -> list[Any]:
    for coroutine in work:
        coroutine.close()
    return work


async def test_consoles_hear_once_that_the_courier_is_away_and_once_that_it_is_back(parts: Parts) -> None:
    keys, heard = MessengerKeys(parts.keys), []
    parts.fanout.watchers.add(lambda notice: heard.append(notice["alarm"]) if "alarm" in notice else None)
    hubs = [SignsOfLife(parts.store, parts.fanout, keys, look_every_s=0.02) for _ in range(2)]
    tasks = [asyncio.create_task(coroutine) for coroutine in (parts.fanout.listen(), *(h.keep_looking() for h in hubs))]
    try:
        await parts.fanout.listening.wait()
        await until(lambda: _is(heard, [False]), "the consoles hear of it")
        assert (await hubs[0].trouble())["code"] == AWAY
        giving = asyncio.create_task(hubs[0].keep_giving("messenger"))
        try:
            await until(lambda: _is(heard, [False, True]), "the consoles hear that it is back")
            assert await hubs[1].trouble() == {}
        finally:
            await end(giving)
    finally:
        await end(*tasks)
    assert {alarm["code"] for alarm in heard} == {AWAY}


async def _is(heard: list[Any], ended: list[bool]) -> bool:
    return [alarm["ended"] for alarm in heard] == ended


@pytest.mark.parametrize(("value", "nice"), [("", COURIER_NICE), ("0", 0), ("19", 19)])
def test_the_operator_may_choose_how_late_the_machine_serves_it(value: str, nice: int) -> None:
    problems: list[str] = []
    assert niceness({"SILTA_MESSENGER_NICE": value}, problems) == nice
    assert problems == []


@pytest.mark.parametrize("value", ["20", "-1", "low", "1.5"])
def test_a_niceness_that_is_none_is_named(value: str) -> None:
    problems: list[str] = []
    niceness({"SILTA_MESSENGER_NICE": value}, problems)
    assert len(problems) == 1
    assert "SILTA_MESSENGER_NICE" in problems[0]
