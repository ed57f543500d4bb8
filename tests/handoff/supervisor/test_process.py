from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from handoff.supervisor.process import Process, describe_exit
from tests.handoff.supervisor.conftest import alive
from tests.helpers.waiting import until

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60 if len(sys.argv) > 1 else 0)
"""


def start(folder: Path, code: str, arguments: Sequence[str] = ()) -> Process:
    return Process.start(
        "part", [sys.executable, "-c", code, *arguments], log=folder / "log", cwd=folder, environ=os.environ
    )


async def grandchild(folder: Path) -> int:
    async def told() -> int:
        words = [line for line in (folder / "log").read_text().splitlines() if line.isdigit()]
        return int(words[0]) if words else 0

    return await until(told, "the grandchild")


async def test_output_goes_to_the_log_and_the_status_comes_back(tmp_path: Path) -> None:
    process = start(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert await process.wait() == 7
    assert await process.wait() == process.status == 7
    log = (tmp_path / "log").read_text()
    assert "out\n" in log
    assert "err\n" in log


async def test_a_waiter_that_is_cancelled_does_not_disturb_the_others(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(60)")
    first, second = asyncio.create_task(process.wait()), asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    first.cancel()
    process.kill()
    assert await second == -9


@pytest.mark.parametrize("arguments", [[], ["stay"]], ids=["the parent ended by itself", "the parent was killed"])
async def test_nothing_that_a_process_started_survives_it(tmp_path: Path, arguments: list[str]) -> None:
    process = start(tmp_path, PARENT, arguments)
    child = await grandchild(tmp_path)
    if arguments:
        process.kill()
    await process.wait()

    async def gone() -> bool:
        return not alive(child)

    await until(gone, "the grandchild is gone")


async def test_a_process_that_will_not_stop_is_ended_after_the_time_given(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = start(tmp_path, code)
    await grandchild(tmp_path)  # it has printed, so it ignores the signal by now
    assert await process.stop(timeout_s=0.1) == -9
    assert await process.stop(timeout_s=0.1) == -9


async def test_a_program_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Process.start("part", ["/nowhere/at/all"], log=tmp_path / "log", cwd=tmp_path, environ={})


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (70, "ended with status 70"), (-9, "was ended by SIGKILL"), (-99, "by signal 99")],
)
def test_the_end_is_put_into_words(status: int, words: str) -> None:
    assert describe_exit(status).endswith(words)
