"""One hub process: builds the parts, checks what must hold, serves until it is told to stop.

Exit status 0 (or the signal that ended it) after serving, 1 with one line on standard error when it must not start.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import random
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from handoff import log_lines
from handoff.access.accounts import Accounts
from handoff.access.tokens import VisitorTokens, signing_key
from handoff.bridge import BotBridge
from handoff.channels.messenger.channel import Messenger
from handoff.check import examined
from handoff.desk.suggestions import load_suggestions
from handoff.edge.app import make_app, sockets_most
from handoff.edge.http import make_http
from handoff.edge.limits import Limits
from handoff.edge.listeners import health_listener, public_listeners
from handoff.edge.proxy import BehindProxy
from handoff.edge.server import make_server
from handoff.errors import HubError, SettingsError
from handoff.fanout import Fanout
from handoff.gateway.agent import AgentGateway
from handoff.gateway.greetings import Greetings
from handoff.gateway.line import WaitingLine
from handoff.gateway.visitor import VisitorGateway
from handoff.hub import Hub
from handoff.keys import HubKeys
from handoff.mail import TranscriptMail
from handoff.owner.canned import load_canned
from handoff.owner.files import LiveOwner, read_owner
from handoff.owner.macros import load_macros
from handoff.owner.manners import read_manners
from handoff.owner.texts import load_texts
from handoff.privacy.notice import read_notices
from handoff.privacy.retention import Retention
from handoff.privacy.rules import read_privacy
from handoff.privacy.vault import Vault, read_keys
from handoff.queue.dispatch import Dispatcher
from handoff.queue.presence import Presence
from handoff.queue.routing import read_routing
from handoff.redis_client import connect
from handoff.settings import Settings
from handoff.store import Store
from handoff.tasks import end
from handoff.uploads.shelf import FileKeys, Uploads
from handoff.watch import metrics
from handoff.watch.alerts import Watch
from handoff.watch.caretaker import Caretaker
from handoff.watch.fitness import check_redis
from handoff.watch.orphans import Orphans
from handoff.writer import Writer

__all__ = ["main", "serve"]

log = logging.getLogger("silta.hub")

BLOCKING_S = 3.0
"""Added to the timeout of connections that wait for streams: longer than the wait itself."""


GARBAGE_EVERY = 5000
"""Objects more than before, for a look through the youngest (Python's own 700 are one socket's hello); the oldest are
looked through after a hundred times as many, and when they have become a quarter more."""


def _log_to_stderr() -> None:
    log_lines.begin()
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def serve(settings: Settings) -> None:
    """Run the hub until it is told to stop.

    Raises:
        SettingsError: an owner's file is wrong.
        StartRefused: Redis is not fit.
    """
    texts = load_texts(settings.owner_dir)
    owner = LiveOwner(read_owner(settings.owner_dir), settings.owner_dir)
    routing = read_routing(settings.owner_dir / "handoff.yml")
    manners = read_manners(settings.owner_dir / "manners.yml")
    canned = load_canned(settings.owner_dir)
    macros = load_macros(settings.owner_dir, canned)
    privacy = read_privacy(settings.owner_dir / "privacy.yml")
    notices = read_notices(settings.owner_dir, privacy.values())
    vault = Vault(read_keys(os.environ, settings.var))

    keys = HubKeys()
    redis = connect(settings.redis_url, timeout_s=settings.redis_timeout_s)
    blocking = connect(settings.redis_url, timeout_s=settings.redis_timeout_s, blocking_s=BLOCKING_S)
    await check_redis(redis, fsync=settings.fsync)
    writer = Writer(redis, timeout_s=settings.redis_timeout_s, replicas=settings.redis_replicas)
    store = Store(
        redis,
        writer,
        keys,
        bot_timeout_ms=round(settings.bot_timeout_s * 1000),
        timeout_s=settings.redis_timeout_s,
    )
    fanout = Fanout(blocking, store)
    presence = Presence(store)
    hub = Hub(store, fanout, presence, texts, owner, settings.process, manners)
    hub.audit.anchors = settings.var / "audit"
    hub.erasure.var = settings.var
    hub.exports.vault = hub.clear.vault = vault
    hub.clear.keeps = privacy.keep_covered_numbers
    line = WaitingLine(hub)
    greetings = Greetings(hub.moment)
    dispatcher = Dispatcher(hub)
    # The room before those that look into it.
    fanout.first = (hub.erasure.noticed, hub.room.noticed, hub.board.noticed, line.noticed, dispatcher.noticed)
    accounts = Accounts(redis, keys)
    secrets = settings.secrets or (signing_key(settings.var),)
    tokens = VisitorTokens(secrets, max_age_s=settings.visitor_token_days * 86_400)
    hub.uploads = uploads = Uploads(settings.var / "uploads", settings.upload_scan)
    file_keys = FileKeys(secrets)
    hub.mail = TranscriptMail(store, owner, settings.mail) if settings.mail is not None else None
    limits = Limits(
        store,
        secret=secrets[0],
        sockets=settings.address_sockets,
        messages=settings.address_messages,
        on=settings.limits,
    )
    visitors = VisitorGateway(hub, tokens, settings, line, greetings, file_keys, limits)
    agents = AgentGateway(hub, accounts, settings, load_suggestions(settings.owner_dir, canned), limits)
    messenger = Messenger.of(hub, writer, settings)
    files = (uploads, tokens, file_keys)
    http = make_http(hub, accounts, settings, messenger, canned, files, macros, notices, vault)
    metrics.sockets.labels("visitor").set_function(lambda: len(visitors.peers))
    metrics.sockets.labels("agent").set_function(lambda: len(agents.peers))
    bridge = BotBridge(hub, blocking, routing, process=settings.process)

    sockets = {"/ws/visitor": visitors, "/ws/agent": agents}
    inner = make_app(http, sockets, health_port=settings.health_port, most=sockets_most())
    app = BehindProxy(inner, settings.trusted_proxies)

    async def drain() -> None:
        peers = [*visitors.peers, *agents.peers]
        random.shuffle(peers)
        pause = min(settings.drain_s / 2, 0.01 * len(peers)) / max(len(peers), 1)
        for peer in peers:
            peer.close(1012)
            await asyncio.sleep(pause)
        closing = [asyncio.create_task(peer.flushed()) for peer in peers]
        if closing:
            await asyncio.wait(closing, timeout=settings.drain_s / 2)

    listeners = public_listeners(settings.host, settings.port, shared=settings.reuse_port)
    if settings.health_port is not None:
        listeners.append(health_listener(settings.health_port))
    writer.start()
    server = make_server(app, drain=drain)
    work: list[Coroutine[Any, Any, None]] = [
        fanout.listen(),
        bridge.read(),
        bridge.keep_deadlines(),
        presence.keep_touching(),
        line.keep_telling(),
        greetings.keep_true(),
        agents.keep_sessions(),
        Caretaker(hub).keep_sweeping(),
        owner.keep_looking(),
        hub.room.keep_filled(),
        hub.board.keep_telling(),
        dispatcher.keep_dispatching(),
        Watch(hub).keep_watching(),
        metrics.keep_measuring_loop(),
        Orphans(hub, process=settings.process).keep_looking(),
        uploads.keep_sweeping(),
        Retention(hub, privacy, process=settings.process).keep_forgetting(),
    ]
    work += await _messenger_work(messenger)
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    for task in tasks:
        task.add_done_callback(_say_when_dead)
    _look_for_garbage_less()
    try:
        await server.serve(listeners)
    finally:
        for task in tasks:
            task.remove_done_callback(_say_when_dead)
        await end(*tasks)
        await _close(messenger)
        await writer.stop()
        await redis.aclose()
        await blocking.aclose()


def _look_for_garbage_less() -> None:
    """What was made so far stays for good: it is not looked through again for what nobody needs any more. With it each
    of those looks held all messages up for some 40 ms, many times a minute under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY, *gc.get_threshold()[1:])


async def _messenger_work(messenger: Messenger | None) -> list[Coroutine[Any, Any, None]]:
    if messenger is None:
        return []
    await messenger.begin()
    return messenger.work()


async def _close(messenger: Messenger | None) -> None:
    if messenger is not None:
        await messenger.close()


def _say_when_dead(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    # A part that ends by itself would leave a hub that looks alive and is not: better to be started again.
    log.critical("a part of the hub has died", exc_info=task.exception())
    os._exit(70)


def check(settings: Settings) -> int:
    """Say what is wrong with the owner's files as the hub reads them, one line each. Returns the exit status."""
    problems, doubts = examined(settings.owner_dir)
    for line in (*problems, *(f"{doubt} (no mistake by itself)" for doubt in doubts)):
        print(line, file=sys.stderr)
    if not problems:
        print(f"{settings.owner_dir}: what the hub reads is in order ('silta check' looks at what the bot reads, too)")
    return 1 if problems else 0


def main(given: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m handoff``; with ``--check`` the owner's files are read and nothing is started."""
    parser = argparse.ArgumentParser(prog="python -m handoff", description="Run one hub.")
    parser.add_argument(
        "--check", action="store_true", help="only say what is wrong with the owner's files, as the hub reads them"
    )
    only_check = parser.parse_args(given).check
    _log_to_stderr()
    try:
        if only_check:
            return check(Settings.from_environment({"SILTA_REDIS_URL": "unix:///unchecked", **os.environ}))
        settings = Settings.from_environment(os.environ)
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except SettingsError as error:
        for problem in error.problems:
            print(f"hub: {problem}", file=sys.stderr)
        return 1
    except (HubError, OSError) as error:
        print(f"hub: {error}", file=sys.stderr)
        return 1
    return 0
