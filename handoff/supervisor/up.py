"""``silta up``: from the first check to the last process stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, TextIO

from redis.exceptions import RedisError

from handoff.access.accounts import Accounts
from handoff.errors import HubError
from handoff.redis_client import connect
from handoff.supervisor import ports, redis_server
from handoff.supervisor.house import House
from handoff.supervisor.pids import Lock, clear_leftovers
from handoff.supervisor.plan import Plan, make_plan
from handoff.supervisor.preparation import prepare
from handoff.supervisor.settings import UpSettings

__all__ = ["run_up"]

DEMO_TIMEOUT_S = 10.0
"""For one operation on a Redis that has just become ready, on a disk that may be slow."""

INTERRUPTED = 130
"""Exit status after a second Ctrl-C, as shells count it."""


def say(text: str) -> None:
    """A line for the person at the terminal. A terminal that is gone is no reason to stop."""
    _write(sys.stdout, f"silta: {text}")


def complain(text: str) -> None:
    """A line on standard error."""
    _write(sys.stderr, f"silta: {text}")


def _write(stream: TextIO, line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(line, file=stream, flush=True)


def run_up(settings: UpSettings) -> int:
    """Start everything, keep it running until a signal comes, stop everything. Returns the exit status.

    0: stopped by a signal. 1: it could not start; one line on standard error says why, and nothing is left running.
    """
    try:
        settings.log.mkdir(parents=True, exist_ok=True)
        lock = Lock(settings.var)
    except HubError as error:
        complain(str(error))
        return 1
    except OSError as error:
        complain(f"the data folder {settings.var} cannot be used: {error.strerror or error}")
        return 1
    try:
        return asyncio.run(_run(settings))
    finally:
        lock.release()


async def _run(settings: UpSettings) -> int:
    try:
        ended = clear_leftovers(settings.run, settings.var)
        if ended:
            say(f"ended what an earlier run left behind: {', '.join(ended)}")
        ports.check_public(settings.host, settings.port)
        plan = make_plan(settings)
    except HubError as error:
        complain(str(error))
        return 1
    house = House(settings, plan, say)
    stopping = _listen(house)

    async def before_bots() -> None:
        if settings.redis_url is not None:
            await redis_server.check_outside(settings.redis_url, fsync=settings.fsync)
        await prepare(settings, plan.environ, say)

    try:
        if not await _until(stopping, house.start(before_bots)):
            await _announce(settings, plan)
            await _until(stopping, house.keep())
        say("stopping")
        return 0
    except HubError as error:
        complain(str(error))
        return 1
    finally:
        await house.stop()
        if settings.redis_url is None:
            with contextlib.suppress(HubError, OSError):  # tidiness: nothing depends on it
                redis_server.clear_socket(settings.run)


async def _until(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work until it is done (False) or ``stopping`` is set (True); raises what the work raises."""
    task = asyncio.create_task(work)
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            return True
        task.result()
        return False
    finally:
        for one in (task, stop):
            one.cancel()
        await asyncio.gather(task, stop, return_exceptions=True)


async def _announce(settings: UpSettings, plan: Plan) -> None:
    """The ready line; the first time with the demo sign-in."""
    redis = connect(plan.redis_url, timeout_s=DEMO_TIMEOUT_S)
    made: Sequence[tuple[str, str]] | None = None
    try:
        made = await Accounts(redis).ensure_demo()
    except (RedisError, OSError) as error:
        complain(f"the demo accounts could not be made ({type(error).__name__}): use 'silta agent add'")
    finally:
        await redis.aclose()
    say(f"ready at {settings.address}/ (shop with the widget) and {settings.address}/console (agents)")
    if plan.demo_url is not None:
        say(f"a Messenger to play with at {plan.demo_url}/ (write there, answer in the console)")
    for email, password in made or ():
        say(f"demo sign-in, shown only now: {email} {password}")
    say("Ctrl-C stops everything")


def _listen(house: House) -> asyncio.Event:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; the second SIGINT or SIGTERM ends everything at once."""
    stopping = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stopping.is_set() and number != signal.SIGHUP:
            house.kill()
            complain("stopped by force")
            os._exit(INTERRUPTED)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal, number)
    return stopping
