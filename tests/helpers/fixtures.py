"""Fixtures for the hub's environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.redis_server import RedisServer
from tests.helpers.stack import ROOT, Stack

__all__ = ["AGENTS", "PASSWORD", "redis_server", "root", "silta"]

AGENTS = {"Aino": "aino@test.example", "Mikkel": "mikkel@test.example", "Sanna": "sanna@test.example"}
"""Agents that the running Silta of the tests has, by name."""

PASSWORD = "a-long-enough-password"


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running Redis with nothing in it."""
    with RedisServer() as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def silta() -> Iterator[Stack]:
    """A running Silta with :data:`AGENTS`, one for all tests: each test brings visitors of its own.

    It has a page in the Messenger demo, too, whose clock can be moved on.
    """
    stack = Stack("--demo-messenger", environ={"SILTA_MESSENGER_HUMAN_AGENT": "1"})
    stack.environ["SILTA_TEST_CLOCK"] = str(stack.folder / "clock")  # of Messenger's windows alone
    try:
        stack.start()
        for name, email in AGENTS.items():
            role = "supervisor" if name == "Sanna" else "agent"
            capacity = ("--capacity", "100", "--skills", "general,orders,billing")
            added = stack.silta(
                "agent", "add", email, "--name", name, "--role", role, *capacity, "--password-stdin", given=PASSWORD
            )
            assert added.returncode == 0, added.stderr
        yield stack
    finally:
        stack.close()
