"""Fixtures of the sockets' tests."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.access.accounts import Accounts
from handoff.gateway.agent import AgentGateway, AgentSocket
from handoff.settings import Settings
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
