"""Conversation routing: who owns a thread, and what passing, taking, asking for and releasing it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handoff.demo.messenger.faults import invalid, not_owner
from handoff.demo.messenger.world import INBOX, STANDARD_WINDOW_MS, Person, World

__all__ = ["Notice", "leave", "owner_of", "pass_to", "release", "request", "settle", "take"]


@dataclass(frozen=True)
class Notice:
    """A hand-over event for our app: the field's name and its content."""

    field: str
    body: dict[str, Any]


def owner_of(world: World, person: Person) -> int | None:
    """The owner now; an owner who did nothing for a day owns no longer."""
    thread = person.thread
    if thread.owner is not None and thread.owner_until_ms <= world.clock.now_ms():
        thread.owner = None
    return thread.owner


def settle(world: World, person: Person, app_id: int) -> None:
    """An app acts in the thread and so comes to own it, or goes on owning it.

    Raises:
        GraphError: 10 / 2018300, another app owns it.
    """
    if not world.routing:
        return
    if owner_of(world, person) not in (None, app_id):
        raise not_owner()
    _own(world, person, app_id)


def _own(world: World, person: Person, app_id: int | None) -> None:
    person.thread.owner = app_id
    person.thread.owner_until_ms = world.clock.now_ms() + STANDARD_WINDOW_MS


def pass_to(world: World, person: Person, app_id: int, target: int, metadata: str) -> Notice | None:
    """``app_id`` gives the thread to another app. The notice goes to the new owner: to us only when it is us.

    Raises:
        GraphError: 100, there is no such app; 10 / 2018300, the thread is another's.
    """
    if target != world.app.id and target not in world.other_apps:
        raise invalid("Param target_app_id must be an app that is subscribed to this page")
    settle(world, person, app_id)
    _own(world, person, target)
    if target != world.app.id:
        return None
    body = {"new_owner_app_id": target, "previous_owner_app_id": app_id, "metadata": metadata}
    return Notice("pass_thread_control", body)


def take(world: World, person: Person, app_id: int, metadata: str) -> Notice | None:
    """Take the thread, whoever owns it: the default app (ours) and the inbox may. The notice is for who had it."""
    before = owner_of(world, person)
    _own(world, person, app_id)
    if before != world.app.id or app_id == world.app.id:
        return None
    return Notice("take_thread_control", {"previous_owner_app_id": before, "metadata": metadata})


def request(world: World, person: Person, app_id: int, metadata: str) -> Notice | None:
    """Ask the owner for the thread; the notice is for the owner."""
    owner = owner_of(world, person)
    if owner == app_id or owner is None:
        _own(world, person, app_id)
        return None
    if owner != world.app.id:
        return None
    return Notice("request_thread_control", {"requested_owner_app_id": app_id, "metadata": metadata})


def release(world: World, person: Person, app_id: int) -> None:
    """Give up ownership: the thread is idle.

    Raises:
        GraphError: 10 / 2018300, it is not owned by the app.
    """
    if owner_of(world, person) != app_id:
        raise not_owner()
    _own(world, person, None)


def leave(world: World, person: Person) -> Notice | None:
    """\"Done\" in the page inbox: the thread goes back to the default app."""
    if not world.routing or owner_of(world, person) != INBOX:
        return None
    return pass_to(world, person, INBOX, world.app.id, "")
