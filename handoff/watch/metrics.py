"""What a hub counts and measures, for Prometheus. One set of figures for each process; names begin with ``silta_``.

Figures of the whole house (the queue, agents, dead letters) are looked up when somebody asks, and are the same on every
hub: take them from one of them, or the greatest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE", "REGISTRY", "keep_measuring_loop", "observed_move", "render", "timed"]

T = TypeVar("T")

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()
"""Of our own: the library's default one counts what nobody asked for."""

LOOP_LOOK_EVERY_S = 0.25
"""How often the event loop's lag is measured: a stall of 50 ms (R4) shows in the next few looks."""

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_WAITS = (5, 15, 30, 60, 120, 300, 600, 1200, 3600)

sockets = Gauge("silta_sockets", "Open sockets on this hub", ["role"], registry=REGISTRY)
loop_lag = Histogram("silta_loop_lag_seconds", "How late the event loop is", buckets=_FAST, registry=REGISTRY)
redis_seconds = Histogram(
    "silta_redis_seconds", "Answer times of Redis, to reads and to batches of writes", ["what"], buckets=_FAST,
    registry=REGISTRY,
)
_SECONDS = {what: redis_seconds.labels(what) for what in ("read", "write")}
"""Looked up once: every message has several."""
requests = Counter(
    "silta_requests_total",
    "Requests to conversations: written, repeated, conflict (another was first, decided again), unavailable",
    ["outcome"],
    registry=REGISTRY,
)
dropped = Counter("silta_sockets_dropped_total", "Sockets ended by this hub", ["why"], registry=REGISTRY)
caught_up = Counter("silta_catch_ups_total", "Times a socket was served from the log", registry=REGISTRY)
resyncs = Counter("silta_resyncs_total", "Times a client had to start over", registry=REGISTRY)
bot_late = Counter("silta_bot_late_total", "Visitors told that the bot is late", registry=REGISTRY)
dead = Counter("silta_dead_lettered_total", "Entries set aside as unusable", ["stream"], registry=REGISTRY)
results_of_gone = Counter(
    "silta_results_of_gone_total", "Results of the bot to conversations that were erased meanwhile", registry=REGISTRY
)
unreadable = Counter(
    "silta_unreadable_conversations_total", "Conversations met whose state this hub cannot read", registry=REGISTRY
)
orphans = Counter("silta_orphans_total", "Conversations found where they did not belong", ["where"], registry=REGISTRY)
rebuilt = Counter("silta_groups_rebuilt_total", "Consumer groups that had vanished", registry=REGISTRY)
waited = Histogram(
    "silta_wait_seconds",
    "To the assignment, from the wish for a person, a transfer or the loss of an agent",
    buckets=_WAITS,
    registry=REGISTRY,
)
moves = Counter("silta_moves_total", "Changes of status", ["status"], registry=REGISTRY)

redis_up = Gauge("silta_redis_up", "Whether Redis answers", registry=REGISTRY)
queue_waiting = Gauge("silta_queue_waiting", "Conversations that wait for a person", registry=REGISTRY)
queue_oldest = Gauge("silta_queue_oldest_seconds", "The longest wait of them", registry=REGISTRY)
assigned = Gauge("silta_assigned", "Conversations that agents have", registry=REGISTRY)
agents_online = Gauge("silta_agents_online", "Agents online and connected", registry=REGISTRY)
bot_waiting = Gauge("silta_bot_waiting", "Conversations that wait for the bot's answer", registry=REGISTRY)
bot_inbox = Gauge("silta_bot_inbox", "Entries on the bot's inbox", registry=REGISTRY)
dead_letters = Gauge("silta_dead_letters", "Entries set aside and not looked at yet", registry=REGISTRY)
messenger_in = Gauge("silta_messenger_in", "People on Messenger with events not applied yet", registry=REGISTRY)
messenger_out = Gauge("silta_messenger_out", "Messenger conversations with something to send", registry=REGISTRY)
messenger_usage = Gauge("silta_messenger_usage_percent", "Of Meta's allowance of calls, used", registry=REGISTRY)

SHARED = (
    *(queue_waiting, queue_oldest, assigned, agents_online, bot_waiting, bot_inbox, dead_letters),
    *(messenger_in, messenger_out, messenger_usage),
)
"""Looked up when asked for."""


def observed_move(before: str, after: str, waited_s: float | None) -> None:
    """A conversation has changed its status."""
    if before != after:
        moves.labels(after).inc()
        if after == "assigned" and waited_s is not None:
            waited.observe(max(waited_s, 0.0))


async def timed(what: str, call: Awaitable[T]) -> T:
    """Await and note how long it took, whatever comes of it."""
    began = perf_counter()
    try:
        return await call
    finally:
        _SECONDS[what].observe(perf_counter() - began)


async def keep_measuring_loop() -> None:
    """Run for ever: measure how much later than asked the loop wakes us."""
    clock = asyncio.get_running_loop().time
    while True:
        asked = clock() + LOOP_LOOK_EVERY_S
        await asyncio.sleep(LOOP_LOOK_EVERY_S)
        loop_lag.observe(max(clock() - asked, 0.0))


def render() -> bytes:
    """The figures as Prometheus reads them."""
    return generate_latest(REGISTRY)
