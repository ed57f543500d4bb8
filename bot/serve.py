"""``python -m bot.serve --model FILE``: the bot as one process that reads the inbox, and nothing else.

It does what ``rasa run`` does with the stream channel, without an HTTP server. In the environment: ``SILTA_REDIS_URL``
and, unless ``endpoints.yml`` names it, ``SILTA_ACTIONS_URL``. SIGTERM or SIGINT let running turns end, and the exit
status is 0; when the bot cannot start, one line says why and the status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from handoff import log_lines

__all__ = ["main"]

log = logging.getLogger("bot.serve")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.serve", description="Answer what the hub puts on the inbox.")
    parser.add_argument("--model", required=True, help="a trained model, or a folder: its newest one")
    parser.add_argument("--endpoints", default="endpoints.yml", help="tracker store, lock store, action server")
    parser.add_argument("--credentials", default="credentials.yml", help="the stream channel's settings")
    return parser.parse_args(given)


def _log() -> None:
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    log_lines.begin()
    configure_logging_and_warnings(logging.INFO, warn_only_once=True, filter_repeated_logs=False)
    # Left alone, Rasa's structured log prints what visitors write.
    configure_structlog(logging.INFO)


def _check(arguments: argparse.Namespace) -> str | None:
    """What is plainly missing: known at once, while Rasa would take seconds to say it at length."""
    if not os.environ.get("SILTA_REDIS_URL"):
        return "SILTA_REDIS_URL is not set"
    for path in (arguments.model, arguments.endpoints, arguments.credentials):
        if not os.path.exists(path):
            return f"{path} does not exist"
    return None


def _leave(_: int, __: FrameType | None) -> None:
    # Nothing has been read yet: nothing to finish.
    raise SystemExit(0)


async def _serve(arguments: argparse.Namespace) -> None:
    # Imported late: these take seconds, and a mistake in the arguments need not wait for them.
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints
    from rasa.shared.utils.io import read_config_file

    from bot.channels.stream import StreamInput
    from bot.seam.attach import attach
    from bot.seam.limits import Limits

    path = f"{StreamInput.__module__}.{StreamInput.__qualname__}"
    limits = Limits.of(read_config_file(arguments.credentials).get(path))
    agent = await load_agent(
        model_path=arguments.model, endpoints=AvailableEndpoints.read_endpoints(arguments.endpoints)
    )
    worker = await attach(agent, limits=limits)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    log.info("the bot is ready")
    await stopped.wait()
    await worker.stop()


def main(given: Sequence[str] | None = None) -> int:
    """Run until a signal. Returns the exit status."""
    arguments = _arguments(given)
    missing = _check(arguments)
    if missing:
        print(f"bot.not_ready: {missing}", file=sys.stderr)
        return 1
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _leave)
    _log()
    from bot.seam.attach import NotReady

    try:
        asyncio.run(_serve(arguments))
    except Exception as error:
        print(
            error if isinstance(error, NotReady) else f"bot.not_ready: {type(error).__name__}: {error}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
