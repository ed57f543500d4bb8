"""Visitors and agents at a running Silta."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor

Arrive = Callable[..., Awaitable[Visitor]]
SignIn = Callable[..., Awaitable[Agent]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            # The first test of all waits for the start, and the training with it.
            item.add_marker(pytest.mark.timeout(900, func_only=False))


@pytest_asyncio.fixture
async def room() -> AsyncIterator[AsyncExitStack]:
    """Closes what a test has opened."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def visitor(silta: Stack, room: AsyncExitStack) -> Arrive:
    """A new visitor: ``await visitor("da")``."""

    async def arrive(language: str = "fi") -> Visitor:
        return await room.enter_async_context(await Visitor.arrive(silta.address, language=language))

    return arrive


@pytest.fixture
def agent(silta: Stack, room: AsyncExitStack) -> SignIn:
    """A new socket of an agent: ``await agent("Aino")``."""

    async def sign_in(name: str = "Aino", **more: object) -> Agent:
        return await room.enter_async_context(
            await Agent.arrive(silta.address, AGENTS[name], PASSWORD, **more)  # type: ignore[arg-type]  # cursors
        )

    return sign_in
