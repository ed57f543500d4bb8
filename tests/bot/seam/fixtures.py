"""A Redis, a hub, an action server and the small model, for every test that asks for them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.seam.limits import Limits
from bot.seam.link import Link
from tests.bot.seam.harness import ROOT, Actions, Hub, RedisServer

PROJECT = Path(__file__).parent / "project"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    # Not under pytest's folder: a socket's path may have some 100 characters only.
    folder = Path(tempfile.mkdtemp(prefix="silta-"))
    started = RedisServer(folder)
    started.start()
    yield started
    started.kill()
    shutil.rmtree(folder)


@pytest_asyncio.fixture
async def hub(server: RedisServer) -> AsyncIterator[Hub]:
    made = Hub(server)
    yield made
    await made.redis.close()


@pytest_asyncio.fixture
async def actions() -> AsyncIterator[Actions]:
    made = Actions()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def limits() -> Limits:
    """Limits short enough for a test."""
    return Limits(block=0.05, claim_every=0.05, takeover=0.4, renew_every=0.1, drain=1.0, retry_after=0.01)


@pytest_asyncio.fixture
async def link(server: RedisServer, limits: Limits) -> AsyncIterator[Link]:
    made = Link(server.bot_url, limits=limits, name="bot-a")
    yield made
    await made.close()


@pytest.fixture(scope="session")
def model() -> Path:
    """The small project's model, trained once and kept until the project changes."""
    digest = hashlib.sha256()
    for file in sorted(PROJECT.rglob("*.yml")):
        digest.update(file.read_bytes())
    folder = ROOT / "var" / "tests"
    name = f"seam-{digest.hexdigest()[:12]}"
    trained = folder / f"{name}.tar.gz"
    if not trained.exists():
        from rasa.model_training import train

        with tempfile.TemporaryDirectory() as made:
            train(
                str(PROJECT / "domain.yml"),
                str(PROJECT / "config.yml"),
                [str(PROJECT / "data")],
                made,
                fixed_model_name=name,
                force_training=True,
            )
            folder.mkdir(parents=True, exist_ok=True)
            shutil.move(f"{made}/{name}.tar.gz", trained)
    return trained
