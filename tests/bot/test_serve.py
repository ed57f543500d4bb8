"""The bot as a process: it says in one line why it cannot start, and stops cleanly."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.bot.seam.harness import KEYS, Actions, Bot, Hub, RedisServer

pytest_plugins = ["tests.bot.seam.fixtures"]


@pytest.mark.slow
async def test_it_answers_and_at_a_signal_ends_with_status_0_when_its_turn_is_done(
    server: RedisServer, hub: Hub, actions: Actions, model: Path, tmp_path: Path
) -> None:
    bot = Bot(model, server.url, actions.url, tmp_path)
    bot.start()
    try:
        await bot.reads(hub)
        await hub.outcome(await hub.say("c", "hello, my secret"))
        actions.delays["action_slow"] = 1.0
        slow = await hub.say("c", "slow")
        await actions.called()
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        assert (await hub.outcome(slow)).replies
        assert not await hub.redis.keys(KEYS.alive("*"))
        assert await hub.redis.xinfo_consumers(KEYS.inbox, "rasa") == []
        assert "my secret" not in bot.log.read_text("utf-8")
    finally:
        bot.kill()


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("--model", "none does not exist"),
        ("--endpoints", "none does not exist"),
        ("redis", "SILTA_REDIS_URL is not set"),
    ],
)
async def test_what_is_missing_is_named_at_once_in_one_line_and_the_status_is_1(
    tmp_path: Path, missing: str, says: str
) -> None:
    bot = Bot(tmp_path, "" if missing == "redis" else "unix:///nowhere.sock", "http://127.0.0.1:9", tmp_path)
    bot.start(*() if missing == "redis" else (missing, str(tmp_path / "none")))
    try:
        assert await bot.ended(5.0) == 1
        (line,) = bot.log.read_text("utf-8").splitlines()
        assert line.startswith("bot.not_ready: ")
        assert line.endswith(says)
    finally:
        bot.kill()


@pytest.mark.slow
async def test_a_store_that_is_not_ours_is_refused_with_the_last_line_of_the_log(model: Path, tmp_path: Path) -> None:
    (tmp_path / "endpoints.yml").write_text("tracker_store: {type: bot.no.such.Store}\n", "utf-8")
    bot = Bot(model, "unix:///nowhere.sock", "http://127.0.0.1:9", tmp_path)
    bot.start("--endpoints", str(tmp_path / "endpoints.yml"))
    try:
        assert await bot.ended(30.0) == 1
        assert "the tracker store is InMemoryTrackerStore" in bot.log.read_text("utf-8").splitlines()[-1]
    finally:
        bot.kill()
