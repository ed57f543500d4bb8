from __future__ import annotations

import asyncio
import time

import pytest
from rasa.core.lock_store import LockStore
from rasa.utils.endpoints import EndpointConfig

from bot.lock_store import SeamLockStore


async def test_those_who_wait_for_a_conversation_come_in_turn_and_without_a_pause() -> None:
    store, order = SeamLockStore(), []
    began = time.monotonic()

    async def one(number: int) -> None:
        async with store.lock("c"):
            order.append(number)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(one(number) for number in range(10)))
    assert order == list(range(10))
    assert time.monotonic() - began < 0.9  # Rasa's own stores look once a second


async def test_another_conversation_does_not_wait() -> None:
    store = SeamLockStore()
    async with store.lock("c"):
        async with store.lock("d"):
            assert store.get_lock("c") is not None


async def test_a_lock_comes_free_when_its_holder_fails_and_nothing_is_left_of_it() -> None:
    store = SeamLockStore()
    with pytest.raises(KeyboardInterrupt):
        async with store.lock("c"):
            raise KeyboardInterrupt
    async with store.lock("c"):
        pass
    assert store.get_lock("c") is None
    assert (store._locks, store._wanted) == ({}, {})


async def test_one_who_gives_up_waiting_does_not_keep_the_lock_in_memory() -> None:
    store = SeamLockStore()
    async with store.lock("c"):
        waiting = asyncio.create_task(store.lock("c").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert (store._locks, store._wanted) == ({}, {})


def test_rasa_finds_it_by_the_path_in_endpoints_yml() -> None:
    made = LockStore.create(EndpointConfig(type="bot.lock_store.SeamLockStore"))
    assert isinstance(made, SeamLockStore)
