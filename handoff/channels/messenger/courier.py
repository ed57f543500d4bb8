"""The process that does Messenger's work where the hubs only take it in: it applies what came, and sends what is due.

The work is heavy, and nobody looks at a socket for it: beside the hubs it would cost the website's visitors
milliseconds. So it has a process of its own, which the machine serves last. Several may run; each lane is one's at a
time. It tells the house that it lives by a sign in Redis, which ``/readyz`` looks for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping

from handoff.channels.messenger.channel import Messenger
from handoff.channels.messenger.inbox import SETTLE_S
from handoff.errors import SettingsError
from handoff.fanout import Fanout
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.owner.files import LiveOwner, read_owner
from handoff.owner.manners import read_manners
from handoff.owner.texts import load_texts
from handoff.privacy.rules import read_privacy
from handoff.privacy.vault import Vault, read_keys
from handoff.queue.presence import Presence
from handoff.redis_client import connect
from handoff.settings import Settings
from handoff.store import Store
from handoff.tasks import end
from handoff.watch.fitness import check_redis
from handoff.writer import Writer

__all__ = ["COURIER_NICE", "niceness", "serve"]

log = logging.getLogger("silta.messenger")

BLOCKING_S = 3.0
"""Added to the timeout of the connection that hears notices, as in a hub."""

COURIER_NICE = 10
"""By how much the machine serves the courier after the hubs (``SILTA_MESSENGER_NICE``, 0 to 19): at 10 it gets about a
tenth of a core that both want, and all of one that is free."""

LINGER_S = 0.02
"""How long its writes wait for each other. A person in Messenger does not notice it, and the disk, which all of the
house waits for, is flushed less often."""

LOOK_S = 0.1
"""How often it looks whether a hub has taken something in. With the time in which events settle, a person waits a
quarter of a second at most before the bot reads."""


def niceness(env: Mapping[str, str], problems: list[str]) -> int:
    """``SILTA_MESSENGER_NICE``; adds a line to ``problems`` where it is none."""
    value = env.get("SILTA_MESSENGER_NICE", "").strip() or str(COURIER_NICE)
    if not (value.isascii() and value.isdigit() and int(value) <= 19):
        problems.append(f"SILTA_MESSENGER_NICE: {value!r} is no number from 0 to 19")
        return COURIER_NICE
    return int(value)


async def serve(settings: Settings) -> None:
    """Do the work until SIGTERM or SIGINT.

    Raises:
        SettingsError: there is no page, or an owner's file is wrong.
        StartRefused: Redis is not fit.
    """
    if settings.messenger is None:
        raise SettingsError(["SILTA_MESSENGER_…: not set, so there is no page to work for"])
    privacy = read_privacy(settings.owner_dir / "privacy.yml")
    vault = Vault(read_keys(os.environ, settings.var))
    redis = connect(settings.redis_url, timeout_s=settings.redis_timeout_s)
    blocking = connect(settings.redis_url, timeout_s=settings.redis_timeout_s, blocking_s=BLOCKING_S)
    await check_redis(redis, fsync=settings.fsync)
    writer = Writer(redis, timeout_s=settings.redis_timeout_s, replicas=settings.redis_replicas, linger_s=LINGER_S)
    store = Store(
        redis,
        writer,
        HubKeys(),
        bot_timeout_ms=round(settings.bot_timeout_s * 1000),
        timeout_s=settings.redis_timeout_s,
    )
    fanout = Fanout(blocking, store)
    owner = LiveOwner(read_owner(settings.owner_dir), settings.owner_dir)
    manners = read_manners(settings.owner_dir / "manners.yml")
    texts = load_texts(settings.owner_dir)
    hub = Hub(store, fanout, Presence(store), texts, owner, settings.process, manners)
    hub.audit.anchors = settings.var / "audit"
    hub.erasure.var = settings.var
    hub.exports.vault = hub.clear.vault = vault  # the contact of a call-back that is booked here is sealed
    hub.clear.keeps = privacy.keep_covered_numbers
    # What is erased is forgotten here too; whether anybody answers is told to who begins to wait.
    fanout.first = (hub.erasure.noticed, hub.room.noticed)
    messenger = Messenger(hub, writer, settings, settings.messenger, settle_s=SETTLE_S, look_s=LOOK_S)
    writer.start()
    await messenger.begin()
    work = [
        fanout.listen(),
        owner.keep_looking(),
        hub.room.keep_filled(),
        messenger.signs_of_life.keep_giving(settings.process),
        *messenger.lanes(),
    ]
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({*tasks, stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()  # a part that ends by itself would leave a courier that looks alive and is not
    finally:
        await end(*tasks, stop)
        await messenger.close()
        await writer.stop()
        await redis.aclose()
        await blocking.aclose()
