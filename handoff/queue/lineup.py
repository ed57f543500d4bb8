"""Who waits, in order, by kind: what finds the next to be offered, and a visitor's place, without looking at everybody.

A kind is what decides who may serve (:func:`handoff.queue.assignment.kind_of`). Within a kind the order alone
counts, so one that nobody can serve is passed over whole. To put somebody in costs the logarithm of
how many wait; to tell a place, that for each kind.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence, Set

from handoff.owner.rules import Rules
from handoff.queue.assignment import Agent, Kind, Waiting, kind_of, may_serve, place

__all__ = ["LineUp"]

Place = tuple[int, bool, int, str]


class LineUp:
    """Everybody who waits, by :func:`handoff.queue.assignment.place`. ``rules`` are those of its order."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._known: dict[str, tuple[Waiting, Place]] = {}
        self._lines: dict[Kind, list[Place]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def put(self, one: Waiting) -> None:
        """Somebody waits, or waits otherwise than before."""
        self.remove(one.id)
        at = place(one, self.rules)
        self._known[one.id] = (one, at)
        insort(self._lines.setdefault(kind_of(one), []), at)

    def remove(self, conversation: str) -> None:
        """Somebody waits no more. Idempotent."""
        found = self._known.pop(conversation, None)
        if found is None:
            return
        one, at = found
        line = self._lines[kind_of(one)]
        del line[bisect_left(line, at)]
        if not line:
            del self._lines[kind_of(one)]

    def get(self, conversation: str) -> Waiting | None:
        """Who waits in this conversation."""
        found = self._known.get(conversation)
        return found[0] if found is not None else None

    def in_order(self, without: Set[Kind] = frozenset()) -> Iterator[Waiting]:
        """Everybody but those of the kinds in ``without``, to which more may be added on the way. Nobody may be put in
        or taken out meanwhile."""
        heads = [(line[0], number, 0) for number, line in enumerate(self._lines.values())]
        lines = list(self._lines.items())
        heapq.heapify(heads)
        while heads:
            at, number, index = heads[0]
            kind, line = lines[number]
            if kind in without:
                heapq.heappop(heads)
                continue
            yield self._known[at[-1]][0]
            if index + 1 < len(line):
                heapq.heapreplace(heads, (line[index + 1], number, index + 1))
            else:
                heapq.heappop(heads)

    def ahead(self, one: Waiting, agents: Sequence[Agent], now_ms: int) -> int:
        """How many are dispatched before ``one``, as :func:`handoff.queue.assignment.ahead` counts them."""
        own = [agent for agent in agents if agent.online and may_serve(agent, one, self.rules, now_ms)]

        def competes(other: Waiting) -> bool:
            if not own:
                return (other.language, other.skill) == (one.language, one.skill)
            return any(may_serve(agent, other, self.rules, now_ms) for agent in own)

        at = self._known[one.id][1]
        return sum(self._before(kind, line, at, competes) for kind, line in self._lines.items())

    def _before(self, kind: Kind, line: list[Place], at: Place, competes: Callable[[Waiting], bool]) -> int:
        count = bisect_left(line, at)
        if not count:
            return 0
        if kind[-1]:  # with consents, each one's own wait decides who may serve
            return sum(competes(self._known[other[-1]][0]) for other in line[:count])
        return count if competes(self._known[line[0][-1]][0]) else 0
