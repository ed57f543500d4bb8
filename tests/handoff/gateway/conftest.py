"""Fixtures of the sockets' tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from handoff.access.accounts import Accounts
from handoff.gateway.agent import AgentGateway, AgentSocket
from handoff.settings import Settings
from handoff.tasks import end
from tests.handoff.gateway.peers import RecordingPeer
from tests.handoff.parts import AINO, Parts
from tests.handoff.texts_for_tests import OWNER


@pytest.fixture
async def socket(parts: Parts) -> tuple[AgentSocket, RecordingPeer]:
    """An agent's socket before its hello, and what it pushes."""
    settings = Settings(redis_url="", var=OWNER, owner_dir=OWNER, web_dir=OWNER)
    accounts = Accounts(parts.redis, parts.keys)
    await accounts._save(AINO)
    peer: Any = RecordingPeer()
    return AgentSocket(AgentGateway(parts.hub, accounts, settings), peer), peer


@pytest.fixture
async def listening(parts: Parts) -> AsyncIterator[None]:
    """Notices reach the waiting room and the sockets."""
    parts.fanout.first = (parts.hub.room.noticed,)
    task = asyncio.create_task(parts.fanout.listen())
    await asyncio.wait_for(parts.fanout.listening.wait(), 10)
    yield
    await end(task)
