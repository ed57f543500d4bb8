"""Erlang's C formula: what queueing theory says of a line with one kind of agent, to hold the simulation against."""

from __future__ import annotations

from math import exp

__all__ = ["mean_wait", "must_wait", "staff_for", "within"]


def must_wait(load: float, agents: int) -> float:
    """The share of those who must wait; ``load`` is arrivals a second times the mean handling time in seconds."""
    if load >= agents:
        return 1.0
    blocked = 1.0
    for n in range(1, agents + 1):  # Erlang's B, which does not overflow
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - (load / agents) * (1 - blocked))


def mean_wait(load: float, agents: int, handling_s: float) -> float:
    """The mean wait of all in seconds; infinite when the load is more than the agents can bear."""
    if load >= agents:
        return float("inf")
    return must_wait(load, agents) * handling_s / (agents - load)


def within(load: float, agents: int, handling_s: float, target_s: float) -> float:
    """The share of all who wait no longer than the target."""
    if load >= agents:
        return 0.0
    return 1 - must_wait(load, agents) * exp(-(agents - load) * target_s / handling_s)


def staff_for(load: float, handling_s: float, target_s: float, share: float) -> int:
    """The fewest agents with which the share is reached."""
    agents = int(load) + 1
    while within(load, agents, handling_s, target_s) < share:
        agents += 1
    return agents
