"""What a start checks: Rasa itself only warns, and runs without."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.lock_store import SeamLockStore
from bot.seam import attach as module
from bot.seam.attach import NotReady, attach
from bot.seam.limits import Limits
from bot.seam.link import Link
from bot.tracker_store import SeamTrackerStore
from tests.bot.seam.harness import KEYS, Hub, RedisServer, until


class Processor:
    def __init__(self) -> None:
        self.action_endpoint = EndpointConfig("http://127.0.0.1:1/webhook")
        self.graph_runner = None
        self.understood: list[Any] = []

    async def parse_message(self, message: Any) -> None:
        self.understood.append(message.metadata["silta"]["language"])


def agent(store: Any, **other: Any) -> Any:
    parts = {
        "processor": Processor(),
        "tracker_store": FailSafeTrackerStore(store),
        "lock_store": SeamLockStore(),
        "is_ready": lambda: True,
        "action_endpoint": None,
        "handle_message": None,
    }
    return SimpleNamespace(**{**parts, **other})


@pytest_asyncio.fixture
async def store(link: Link) -> SeamTrackerStore:
    return SeamTrackerStore(Domain.empty(), link=link)


async def test_an_agent_with_everything_in_place_begins_to_read(hub: Hub, store: SeamTrackerStore) -> None:
    good = agent(store)
    worker = await attach(good, limits=Limits(slots=3))
    assert worker._limits.slots == 3
    assert good.processor.understood == ["fi", "da", "en"]  # no visitor waits for what is loaded at the first use

    async def alive() -> bool:
        return bool(await hub.redis.keys(f"{KEYS.prefix}bot:alive:*"))

    await until(alive)
    await worker.stop()


async def test_without_a_model_it_does_not_start(store: SeamTrackerStore) -> None:
    for unready in (None, agent(store, is_ready=lambda: False)):
        with pytest.raises(NotReady, match=r"^bot\.not_ready: no model"):
            await attach(unready)


async def test_with_the_store_that_rasa_falls_back_to_it_does_not_start() -> None:
    with pytest.raises(NotReady, match="InMemoryTrackerStore"):
        await attach(agent(InMemoryTrackerStore(Domain.empty())))


async def test_without_an_address_of_redis_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SILTA_REDIS_URL", raising=False)
    with pytest.raises(NotReady, match="SILTA_REDIS_URL is not set"):
        await attach(agent(SeamTrackerStore(Domain.empty())))


async def test_with_rasas_own_lock_store_it_does_not_start(store: SeamTrackerStore) -> None:
    with pytest.raises(NotReady, match="InMemoryLockStore"):
        await attach(agent(store, lock_store=InMemoryLockStore()))


async def test_without_an_action_server_it_does_not_start(
    store: SeamTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SILTA_ACTIONS_URL", raising=False)
    alone = agent(store)
    alone.processor.action_endpoint = None
    with pytest.raises(NotReady, match="SILTA_ACTIONS_URL"):
        await attach(alone)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://127.0.0.1:9/webhook"])
async def test_the_action_server_of_the_environment_goes_before_that_of_the_file(
    store: SeamTrackerStore, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SILTA_ACTIONS_URL", url)
    good = agent(store)
    await (await attach(good)).stop()
    assert good.processor.action_endpoint.url == "http://127.0.0.1:9/webhook"
    assert good.processor.action_endpoint.kwargs["enable_selective_domain"]


async def test_with_a_model_that_understands_nothing_it_does_not_start(store: SeamTrackerStore) -> None:
    async def fail(_: Any) -> None:
        raise ValueError("no encoder")

    broken = agent(store)
    broken.processor.parse_message = fail
    with pytest.raises(NotReady, match="ValueError: no encoder"):
        await attach(broken)


async def test_without_a_redis_that_answers_it_does_not_start(
    server: RedisServer, store: SeamTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.kill()
    monkeypatch.setattr(module, "START_PATIENCE", 0.1)
    with pytest.raises(NotReady, match="Redis does not answer"):
        await attach(agent(store))
