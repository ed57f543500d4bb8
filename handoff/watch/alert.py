"""One alert: how it is kept while it stands, and when what is kept says too little.

Alerts lie in one hash by their ids. Those that somebody asks for are raised by the write of what was asked
(:attr:`handoff.decisions.Decision.alerts`), so that neither is there without the other; the others are found by
:class:`handoff.watch.alerts.Watch`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handoff.fanout import Fanout
from handoff.store import Commit, Store

__all__ = ["Alert", "tell_again"]

TIMES = ("by", "from", "to")
"""Values that say when something is due. Due at another time it is raised anew, and consoles ring."""

WAIT_STEPS_MIN = (0, 5, 10, 20, 30, 60)
"""A wait that goes on is told again at these minutes and then by the hour: a hundred who wait must not be a flood."""


@dataclass(frozen=True)
class Alert:
    """An alert that stands. ``for_agent`` names the one whom it concerns beside those who lead."""

    id: str
    kind: str
    conversation: str | None = None
    for_agent: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def kept(self, at: str) -> dict[str, Any]:
        """As it is kept and told from ``at`` on."""
        return {
            "id": self.id,
            "kind": self.kind,
            "conversation": self.conversation,
            "for_agent": self.for_agent,
            "values": dict(self.values),
            "at": at,
            "ended": False,
        }

    def anew(self, old: Mapping[str, Any], at: str) -> dict[str, Any] | None:
        """As it is to be kept instead of ``old``; None when that will do. With the same ``at`` it is no other alert:
        only its figures are new, or whom it concerns."""
        values = old.get("values") or {}
        if _coarse(self.values) == _coarse(values) and self.for_agent == old.get("for_agent"):
            return None
        moved = any(self.values.get(name) != values.get(name) for name in TIMES)
        return self.kept(at if moved else str(old["at"]))


def _coarse(values: Mapping[str, Any]) -> dict[str, Any]:
    if "minutes" not in values:
        return dict(values)
    minutes = int(values["minutes"])
    hours, step = minutes // 60, WAIT_STEPS_MIN[bisect_right(WAIT_STEPS_MIN, minutes) - 1]
    return {**values, "minutes": max(60 * hours, step)}


async def tell_again(store: Store, fanout: Fanout, commit: Commit, alerts: Iterable[str]) -> None:
    """For a request that was sent again, tell of those of its alerts that stand: they were written, but whether anybody
    was told is unknown. A console that knows of one is told nothing twice.

    Raises:
        StoreUnavailable: Redis is away; the request may be sent once more.
    """
    ids = list(alerts) if commit.repeated else []
    rows = await store.call(store.redis.hmget(store.keys.alerts, ids)) if ids else []
    for row in rows:
        if row is not None:
            await fanout.publish({"alert": json.loads(row)})
