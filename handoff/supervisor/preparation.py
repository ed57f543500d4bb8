"""What must be there before the bot can start: the sentence encoder and a model that fits its data."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from handoff.supervisor import logs
from handoff.supervisor.errors import CommandFailed, NotSetUp
from handoff.supervisor.process import Process, describe_exit
from handoff.supervisor.settings import UpSettings

__all__ = ["prepare"]

STEPS = (
    ("encoder", ("encoder",), "the sentence encoder"),
    ("train", ("train", "--if-needed", "--progress"), "the training"),
)
"""Name of the log, arguments of ``python -m bot.cli``, name for people. Each looks by itself whether it is needed."""

STOP_TIMEOUT_S = 5.0
"""For an interrupted step to clear up; a long computation hears of the interruption only when it is through."""

FOLLOW_EVERY_S = 0.2
"""How soon progress is shown: at once to the eye."""


async def prepare(settings: UpSettings, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Build what is missing or out of date, passing on the progress.

    Raises:
        CommandFailed: with the log to look into.
        NotSetUp: web parts are missing.
    """
    if not (settings.root / "web" / "dist" / "index.html").exists():
        raise NotSetUp(settings.root / "web" / "dist")
    for name, arguments, what in STEPS:
        await _run(settings, environ, say, name, arguments, what)


async def _run(
    settings: UpSettings,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    name: str,
    arguments: tuple[str, ...],
    what: str,
) -> None:
    log = settings.log / f"{name}.log"
    command = (str(settings.bot_python), "-m", "bot.cli", *arguments)
    logs.rotate(log)
    begin = log.stat().st_size if log.exists() else 0
    process = Process.start(name, command, log=log, cwd=settings.root, environ={**environ, "SILTA_PROCESS": name})
    follower = asyncio.create_task(_follow(log, begin, f"{name}:", say), name=f"follow {name}")
    try:
        status = await process.wait()
    finally:
        # As Ctrl-C does it: a training that is interrupted clears its half-made files away.
        await process.stop(timeout_s=STOP_TIMEOUT_S, number=signal.SIGINT)
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)
    if status:
        raise CommandFailed(what, describe_exit(status), logs.last_line(log), log)


async def _follow(log: Path, begin: int, mark: str, say: Callable[[str], None]) -> None:
    """Pass on what the command writes about its progress: lines with its name in front, as in ``train: …``."""
    with log.open("r", encoding="utf-8", errors="replace") as file:
        file.seek(begin)
        rest = ""
        try:
            while True:
                rest = _pass_on(rest + file.read(), mark, say)
                await asyncio.sleep(FOLLOW_EVERY_S)
        finally:
            _pass_on(rest + file.read() + "\n", mark, say)


def _pass_on(text: str, mark: str, say: Callable[[str], None]) -> str:
    *lines, rest = text.split("\n")
    for line in lines:
        if line.startswith(mark):
            say(line.strip())
    return rest
