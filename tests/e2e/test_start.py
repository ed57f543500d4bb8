"""Stop and start: nothing is lost over it, and it is quick."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.owner import assert_says
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until_sync

SECOND_START_S = 60


@pytest.fixture
def own() -> Iterator[Stack]:
    """A Silta of this test's own."""
    stack = Stack()
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


async def test_a_second_start_is_quick_and_keeps_every_conversation(own: Stack) -> None:
    email, password = next(
        line.split("only now: ")[1].split() for line in own.out.splitlines() if "demo sign-in" in line
    )
    assert (email, bool(password)) == ("aino@havu.example", True)
    guest = await Visitor.arrive(own.address, language="fi")
    await guest.say("Missä tilaukseni on?")
    await guest.hear("bot")
    await guest.ask("request_handoff")
    await guest.reaches("queued")
    pids = [own.pid(name) for name in ("redis", "actions", "bot-1", "hub-1")]
    assert own.stop() == 0
    assert own.err == ""
    assert await guest.closed() == 1012
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    # The clean end of Redis closed its file; an unclean end of a bot would leave work to take over.
    assert "bye bye" in (own.var / "log" / "redis.log").read_text()

    begun = time.monotonic()
    own.start()
    assert time.monotonic() - begun < SECOND_START_S
    assert "demo sign-in" not in own.out
    back = await guest.again()
    assert back.welcome["status"] == "queued"
    assert back.conversation == guest.conversation
    await back.ask("cancel_handoff")
    await back.say("Miten palautan tuotteen?")
    assert_says(await back.hear("bot"), "fi", "faq/return_how")
    back.assert_no_gap()
    await back.close()
    await guest.close()

    # kill -9 of `silta up` itself takes its parts along, and does not stand in the way of the next start.
    pids = [own.pid(name) for name in ("redis", "actions", "bot-1", "hub-1")]
    own.kill_up()
    until_sync(lambda: not any(_runs(pid) for pid in pids), "all parts are gone")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False
