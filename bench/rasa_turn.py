"""A plain turn inside Rasa: what one message costs a process, for any trained Rasa model.

Run as a process of its own by :mod:`bench.turn`, in the bot's environment: ``python -m bench.rasa_turn MODEL FILE``,
with one message a line in FILE, and ``--ours`` after them for a model of the bot: its graph is run as the bot runs it.
Trackers live in memory; prints one JSON object: ``load_s``, ``nlu_ms`` and ``turn_ms`` (medians of processor time, one
thread), ``per_second`` (messages a second of wall time) and ``rss_mb``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path

WARMING = 20
"""Messages before the clock runs: libraries load late."""
TURNS = 6
"""Messages of one conversation: six topics in one language."""


async def measure(model: str, texts: list[str], ours: bool) -> dict[str, float]:
    """Parse all texts, then say them in conversations of :data:`TURNS` messages."""
    from rasa.core.agent import load_agent
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

    began = time.perf_counter()
    agent = await load_agent(model_path=model)
    if ours:
        from bot.graph_runner import run_straight

        run_straight(agent)
    load_s = time.perf_counter() - began
    assert agent.processor is not None  # noqa: S101 - loaded above
    for text in texts[:WARMING]:
        await agent.handle_message(UserMessage(text, CollectingOutputChannel(), "warming"))
    parsing = []
    for text in texts:
        before = time.process_time()
        await agent.processor.parse_message(UserMessage(text))
        parsing.append(time.process_time() - before)
    turns = []
    started = time.perf_counter()
    for number, text in enumerate(texts):
        before = time.process_time()
        await agent.handle_message(UserMessage(text, CollectingOutputChannel(), f"c{number // TURNS}"))
        turns.append(time.process_time() - before)
    took = time.perf_counter() - started
    return {
        "load_s": round(load_s, 1),
        "nlu_ms": round(1000 * statistics.median(parsing), 2),
        "turn_ms": round(1000 * statistics.median(turns), 2),
        "per_second": round(len(texts) / took, 1),
        "rss_mb": _rss_mb(),
    }


def _rss_mb() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return round(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024)


def main() -> None:
    """Measure and print."""
    from rasa.utils.log_utils import configure_structlog

    logging.disable(logging.WARNING)
    configure_structlog(logging.INFO)  # as in the bot's process; unset, Rasa words and prints a line for every step
    os.environ.pop("SILTA_REDIS_URL", None)
    texts = Path(sys.argv[2]).read_text("utf-8").splitlines()
    print(json.dumps(asyncio.run(measure(sys.argv[1], texts, "--ours" in sys.argv[3:]))))


if __name__ == "__main__":
    main()
