"""Which parts Silta has on this machine, and with what command, environment and patience each of them runs."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from redis.exceptions import RedisError

from handoff.supervisor import redis_passwords, redis_server
from handoff.supervisor.demo import messenger_settings
from handoff.supervisor.errors import NotSetUp
from handoff.supervisor.ports import free_ports
from handoff.supervisor.process import Process
from handoff.supervisor.readiness import bot_reads, courier_lives, http_ok, redis_answers
from handoff.supervisor.settings import UpSettings

__all__ = ["STUCK_AFTER_TIMES", "Part", "Plan", "Stage", "make_plan"]

STUCK_AFTER_TIMES = 10
"""A part that was started again and is still not ready after so many times its patience is stuck, and starts anew. What
runs is not ended sooner: whoever it does serve would be thrown out for nothing."""

PAGE_NEEDS = tuple(f"SILTA_MESSENGER_{name}" for name in ("APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN"))
"""With these there is a page. When only some are set the hubs say so, and do not start."""

HUBS_OWN = ("SILTA_MESSENGER_", "SILTA_SECRETS", "SILTA_SMTP_", "SILTA_OIDC_", "SILTA_VAULT_")
"""Beginnings of settings that hold secrets of the hub: no other part gets them."""

REDIS_ADDRESSES = ("SILTA_REDIS_URL", "SILTA_REDIS_BOT_URL")
"""They hold passwords: each part that works with Redis gets an address of its own, the others none."""


class Stage(IntEnum):
    """Parts of one stage start together, when all of the stage before are ready; they stop in the opposite order."""

    REDIS = 1
    """Everything else keeps its data here, and writes until it ends: first in, last out."""
    BOT = 2
    """Bots and the action server, and what works for Messenger."""
    HUB = 3
    """The public side: opens when there is something behind it, and closes first."""


@dataclass(frozen=True)
class Part:
    """One process that is kept running.

    ``ready_timeout_s`` is generous: it is there for parts that never become ready, not to judge a slow machine.
    ``stop_timeout_s`` is longer than the part's own drain. ``ready_again`` is asked instead of ``ready`` when the part
    was started again, beside others that may be down by then. ``stuck_after_s`` is how long a part that was started
    again may take at most; None where what takes long is its work.
    """

    name: str
    stage: Stage
    command: tuple[str, ...]
    environ: Mapping[str, str]
    ready: Callable[[Process], Awaitable[bool]]
    ready_timeout_s: float
    stop_timeout_s: float
    ready_again: Callable[[Process], Awaitable[bool]] | None = None
    stuck_after_s: float | None = None


@dataclass(frozen=True)
class Plan:
    """All parts in the order of their start, and the address of the Redis they share."""

    parts: tuple[Part, ...]
    redis_url: str = field(repr=False)  # holds a password
    """As ``silta up`` itself signs in to it."""
    environ: Mapping[str, str] = field(repr=False)
    """What every child gets, and the commands that prepare the start. No address of Redis: only who works with it
    gets one, with a name of its own."""
    demo_url: str | None = None
    """The page of the Messenger demo, where it runs."""


def make_plan(settings: UpSettings) -> Plan:
    """The parts for these settings; picks the inner ports.

    Raises:
        NotSetUp: an environment is missing.
    """
    for python in (settings.hub_python, settings.bot_python):
        if not python.exists():
            raise NotSetUp(python)
    parts: list[Part] = []
    common = _common(settings)
    if settings.redis_url is None:
        socket = redis_server.socket_path(settings.run)
        url, hub_url, bot_url = (
            redis_passwords.address(settings.var, socket, user) for user in ("admin", "hub", "bot")
        )
        parts.append(_redis(settings, socket, url, common))
    else:
        url = hub_url = settings.redis_url
        bot_url = settings.bot_redis_url or url
    actions_port, demo_port, *health_ports = free_ports(2 + settings.hubs)
    common["SILTA_ACTIONS_URL"] = f"http://127.0.0.1:{actions_port}/webhook"
    parts.append(_actions(settings, actions_port, common))
    bots = {**common, "SILTA_REDIS_URL": bot_url}
    parts.extend(_bot(settings, number, url, bots) for number in range(1, settings.bots + 1))
    own = {key: value for key, value in settings.environ.items() if key.startswith(HUBS_OWN)}
    demo_url = None
    if settings.demo_messenger:
        demo_url = f"http://127.0.0.1:{demo_port}"
        own |= messenger_settings(demo_url)
        page = {key: value for key, value in own.items() if key.startswith("SILTA_MESSENGER_")}
        parts.append(_demo(settings, demo_port, {**common, **page}))
    public = {**common, **own, "SILTA_REDIS_URL": hub_url}
    if all(own.get(name) for name in PAGE_NEEDS) and own.get("SILTA_MESSENGER_COURIER", "1") == "1":
        public["SILTA_MESSENGER_COURIER"] = "1"
        parts.append(_courier(settings, url, public))
    parts.extend(_hub(settings, number, port, public) for number, port in enumerate(health_ports, 1))
    return Plan(tuple(_patient(part, settings.patience) for part in parts), url, common, demo_url)


def _patient(part: Part, factor: float) -> Part:
    ready_timeout_s = part.ready_timeout_s * factor
    # Redis reads its file at every start, and there is no saying how long that is.
    stuck_after_s = None if part.stage is Stage.REDIS else ready_timeout_s * STUCK_AFTER_TIMES
    return replace(
        part,
        ready_timeout_s=ready_timeout_s,
        stop_timeout_s=part.stop_timeout_s * factor,
        stuck_after_s=stuck_after_s,
    )


def _common(settings: UpSettings) -> dict[str, str]:
    private = (*HUBS_OWN, *REDIS_ADDRESSES)
    environ = {name: value for name, value in settings.environ.items() if not name.startswith(private)}
    environ.update(
        SILTA_HOST=settings.host,
        SILTA_PORT=str(settings.port),
        SILTA_VAR=str(settings.var),
        PYTHONPATH=str(settings.root),
        RASA_TELEMETRY_ENABLED="false",  # nothing of a house is told to anybody else
        PYTHONUNBUFFERED="1",  # a log must show the last words of a process that is killed
    )
    return environ


def _named(name: str, common: Mapping[str, str], **more: str) -> dict[str, str]:
    return {**common, "SILTA_PROCESS": name, **more}


def _redis(settings: UpSettings, socket: Path, url: str, common: Mapping[str, str]) -> Part:
    folder = settings.var / "redis"
    folder.mkdir(parents=True, exist_ok=True)

    async def ready(_: Process) -> bool:
        if not await redis_answers(url):
            return False
        if redis_server.was_torn(settings.log / "redis.log"):
            with contextlib.suppress(RedisError, OSError):
                await redis_server.note_torn(url)
        return True

    # A long history takes a while to read: a gigabyte about half a minute.
    acl = redis_passwords.write_acl(settings.var)
    command = tuple(redis_server.command(redis_server.binary(), folder, socket, fsync=settings.fsync, acl=acl))
    return Part("redis", Stage.REDIS, command, _named("redis", common), ready, 120.0, 15.0)


def _actions(settings: UpSettings, port: int, common: Mapping[str, str]) -> Part:
    async def ready(_: Process) -> bool:
        return await http_ok("127.0.0.1", port, "/health")

    command = (str(settings.bot_python), "-m", "actions", "--port", str(port))
    return Part("actions", Stage.BOT, command, _named("actions", common), ready, 90.0, 8.0)


def _bot(settings: UpSettings, number: int, url: str, common: Mapping[str, str]) -> Part:
    name = f"bot-{number}"

    async def ready(process: Process) -> bool:
        return await bot_reads(url, process.pid)

    command = (str(settings.bot_python), "-m", "bot.serve", "--model", "models")
    # One thread a process computes best beside others on the same cores; TensorFlow only tells of itself.
    environ = _named(name, common, OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
    return Part(name, Stage.BOT, command, environ, ready, 180.0, 15.0)


def _hub(settings: UpSettings, number: int, health_port: int, common: Mapping[str, str]) -> Part:
    """``health_port``: on an address that several hubs share any of them would answer for its health."""
    name = f"hub-{number}"

    async def ready(_: Process) -> bool:
        return await http_ok("127.0.0.1", health_port, "/readyz")

    async def serves(_: Process) -> bool:
        # Not /readyz: that is red while a bot is down, and a hub serves visitors and agents without any.
        return await http_ok("127.0.0.1", health_port, "/healthz")

    own = {"SILTA_HEALTH_PORT": str(health_port)}
    command = (str(settings.hub_python), "-m", "handoff")
    if settings.hubs > 1:
        own["SILTA_REUSE_PORT"] = "1"  # they listen on the same port side by side
    return Part(name, Stage.HUB, command, _named(name, common, **own), ready, 60.0, 15.0, ready_again=serves)


def _courier(settings: UpSettings, url: str, environ: Mapping[str, str]) -> Part:
    """Messenger's work, in a process that the machine serves after the hubs; ready before them, who look for it."""

    async def ready(process: Process) -> bool:
        return await courier_lives(url, process.pid)

    command = (str(settings.hub_python), "-m", "handoff.channels.messenger")
    return Part("messenger", Stage.BOT, command, _named("messenger", environ), ready, 60.0, 15.0)


def _demo(settings: UpSettings, port: int, environ: Mapping[str, str]) -> Part:
    """The Messenger demo: there before the hub, which may ask it at its start."""

    async def ready(_: Process) -> bool:
        return await http_ok("127.0.0.1", port, "/control/state")

    command = (str(settings.hub_python), "-m", "handoff.demo.messenger")
    return Part("messenger-demo", Stage.BOT, command, _named("messenger-demo", environ), ready, 60.0, 5.0)
