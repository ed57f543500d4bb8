from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.supervisor.errors import AlreadyRunning
from handoff.supervisor.pids import Lock, clear_leftovers, remove_pid, write_pid
from tests.helpers.waiting import until_sync


def sleeper(**environ: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()  # its environment is in place
    process.stdout.close()
    return process


def test_the_lock_names_its_holder_and_can_be_had_again(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}"):
        Lock(tmp_path)
    lock.release()
    Lock(tmp_path).release()


def test_a_pid_file_holds_the_number_and_goes(tmp_path: Path) -> None:
    write_pid(tmp_path, "bot-1", 12)
    write_pid(tmp_path, "bot-1", 345)
    assert (tmp_path / "bot-1.pid").read_text() == "345\n"
    remove_pid(tmp_path, "bot-1")
    remove_pid(tmp_path, "bot-1")
    assert list(tmp_path.iterdir()) == []


def test_a_leftover_of_ours_is_ended(tmp_path: Path) -> None:
    process = sleeper(SILTA_PROCESS="bot-1", SILTA_VAR=str(tmp_path))
    try:
        write_pid(tmp_path, "bot-1", process.pid)
        assert clear_leftovers(tmp_path, tmp_path, wait_s=0) == ["bot-1"]
        until_sync(lambda: process.poll() is not None, "it has ended")
        assert list(tmp_path.glob("*.pid")) == []
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("environ", [{}, {"SILTA_PROCESS": "hub-1"}, {"SILTA_PROCESS": "bot-1", "SILTA_VAR": "/other"}])
def test_a_number_that_another_program_got_is_left_alone(tmp_path: Path, environ: dict[str, str]) -> None:
    process = sleeper(**{"SILTA_VAR": str(tmp_path), **environ})
    try:
        write_pid(tmp_path, "bot-1", process.pid)
        assert clear_leftovers(tmp_path, tmp_path, wait_s=0) == []
        assert process.poll() is None
        assert list(tmp_path.glob("*.pid")) == []
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("text", ["", "none", "999999999", "-1"])
def test_a_pid_file_without_a_process_is_removed(tmp_path: Path, text: str) -> None:
    (tmp_path / "hub-1.pid").write_text(text)
    assert clear_leftovers(tmp_path, tmp_path) == []
    assert list(tmp_path.iterdir()) == []
