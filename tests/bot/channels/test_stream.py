"""The channel as Rasa makes and runs it."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.run import create_http_input_channels

from bot.channels import stream
from bot.channels.stream import StreamInput
from bot.seam.attach import NotReady
from bot.seam.limits import Limits
from tests.bot.seam.harness import ROOT, Actions, Bot, Hub, RedisServer


def listeners(channel: StreamInput) -> dict[str, Any]:
    async def handle(_: Any) -> None: ...

    blueprint = channel.blueprint(handle)
    assert not blueprint._future_routes  # nothing listens for HTTP
    return {future.event: future.listener for future in blueprint._future_listeners}


def test_rasa_makes_it_from_the_projects_credentials() -> None:
    (channel,) = create_http_input_channels(None, str(ROOT / "credentials.yml"))
    assert isinstance(channel, StreamInput)
    assert channel.name() == "silta"
    assert channel._limits == Limits(slots=16)


def test_a_setting_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(ValueError, match="slotz"):
        StreamInput.from_credentials({"slotz": 1})


async def test_it_reads_from_the_servers_start_to_its_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []

    class Worker:
        async def stop(self) -> None:
            done.append("stopped")

    async def attach(agent: Any, handle: Any, limits: Limits) -> Worker:
        done.append((agent, limits.slots))
        return Worker()

    monkeypatch.setattr(stream, "attach", attach)
    hooks = listeners(StreamInput.from_credentials({"slots": 5}))
    app = SimpleNamespace(ctx=SimpleNamespace(agent="agent"))
    await hooks["after_server_start"](app, None)
    await hooks["before_server_stop"](app, None)
    assert done == [("agent", 5), "stopped"]


async def test_a_start_that_must_not_be_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def attach(*_: Any) -> None:
        raise NotReady("no model")

    monkeypatch.setattr(stream, "attach", attach)
    hooks = listeners(StreamInput())
    app = SimpleNamespace(ctx=SimpleNamespace())
    with pytest.raises(SystemExit, match=r"bot\.not_ready: no model"):
        await hooks["after_server_start"](app, None)
    await hooks["before_server_stop"](app, None)  # as Rasa's server may call it then


@pytest.mark.slow
async def test_plain_rasa_run_answers_from_the_stream_and_ends_cleanly(
    server: RedisServer, hub: Hub, actions: Actions, model: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bot = Bot(model, server.url, actions.url, tmp_path)
    files = ("--model", bot.model, "--endpoints", "endpoints.yml", "--credentials", "credentials.yml")
    bot.start_as("rasa", "run", "--port", str(port), "-i", "127.0.0.1", *files)
    try:
        await bot.reads(hub)
        actions.delays["action_slow"] = 1.0
        slow = await hub.say("c", "slow")
        await actions.called()
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
        assert (await hub.outcome(slow)).replies
    finally:
        bot.kill()
