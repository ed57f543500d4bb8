"""Joins a loaded agent to the seam, or says why it cannot be."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.utils.endpoints import EndpointConfig

from bot.graph_runner import run_straight
from bot.lock_store import SeamLockStore
from bot.seam import watch
from bot.seam.limits import Limits
from bot.seam.link import AWAY
from bot.seam.runner import Runner
from bot.seam.worker import Worker
from bot.tracker_store import SeamTrackerStore
from handoff.events import LANGUAGES

__all__ = ["NotReady", "attach"]

log = logging.getLogger(__name__)

START_PATIENCE = 10.0
"""Seconds that a start waits for Redis: both may be started at the same moment."""


class NotReady(Exception):
    """The agent cannot take messages; the text is one line that says why. ``code`` is stable."""

    code = "bot.not_ready"

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"


def _actions_url() -> str | None:
    url = os.environ.get("SILTA_ACTIONS_URL")
    if not url:
        return None
    return url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/webhook"


def _check(agent: Agent | None) -> SeamTrackerStore:
    """The agent's store, if everything is as it must be. Rasa itself only warns, and runs without."""
    if agent is None or not agent.is_ready():
        raise NotReady("no model is loaded; see the lines above, or train one with `silta train`")
    store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
    if not isinstance(store, SeamTrackerStore):
        raise NotReady(
            f"the tracker store is {type(store).__name__}, not SeamTrackerStore: endpoints.yml was not read, or its "
            "`tracker_store: type:` cannot be imported"
        )
    if store.link is None:
        raise NotReady("SILTA_REDIS_URL is not set")
    if not isinstance(agent.lock_store, SeamLockStore):
        raise NotReady(f"the lock store is {type(agent.lock_store).__name__}, not SeamLockStore: see endpoints.yml")
    return store


def _reach_actions(agent: Agent) -> None:
    if agent.processor is None:  # _check was here
        return
    url = _actions_url()
    if url:
        # The whole domain with every call would be hundreds of kilobytes: our actions need none of it.
        endpoint = EndpointConfig(url, enable_selective_domain=True)
        agent.action_endpoint = agent.processor.action_endpoint = endpoint
    if agent.processor.action_endpoint is None:
        raise NotReady("no action server is known: set SILTA_ACTIONS_URL, or `action_endpoint` in endpoints.yml")


async def _warm(agent: Agent) -> None:
    """Understand one message a language, so that no visitor waits for what is loaded at the first use."""
    for language in LANGUAGES:
        metadata = {"silta": {"language": language, "topic": None, "of": 0}}
        if agent.processor is not None:
            await agent.processor.parse_message(UserMessage("hello", metadata=metadata))


async def attach(
    agent: Agent | None, handle: Callable[[UserMessage], Awaitable[Any]] | None = None, limits: Limits | None = None
) -> Worker:
    """Check the agent, and start to read the inbox for it.

    ``handle`` is what Rasa gives an input channel for its messages, by default the agent's own. The caller stops the
    worker that is returned.

    Raises:
        NotReady: something is missing.
    """
    store = _check(agent)
    link = store.link
    if agent is None or link is None:
        raise NotReady("nothing to attach")
    if limits is not None:
        link.limits = limits
    _reach_actions(agent)
    run_straight(agent)
    try:
        watch.install()
        await _warm(agent)
    except Exception as error:
        raise NotReady(f"the model cannot understand a message: {type(error).__name__}: {error}") from error
    try:
        await link.patiently(link.redis.ping, START_PATIENCE)
    except AWAY as error:
        raise NotReady(f"Redis does not answer at SILTA_REDIS_URL: {error}") from error
    worker = Worker(link, Runner(agent, handle or agent.handle_message))
    await worker.start()
    await asyncio.sleep(0)
    log.info("reading %s as %s", link.keys.inbox, link.name)
    return worker
