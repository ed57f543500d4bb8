from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from handoff.supervisor.logs import last_line, open_log, rotate


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("short\n")
    assert not rotate(log, max_size_bytes=100)
    assert not rotate(tmp_path / "none.log")
    assert log.read_text() == "short\n"


def test_a_writer_goes_on_in_the_same_file_after_it_was_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    fd = open_log(log)
    os.write(fd, b"before\n" * 20)
    assert rotate(log, max_size_bytes=100)
    os.write(fd, b"after\n")
    os.close(fd)
    assert log.read_text() == "after\n"
    assert (tmp_path / "a.log.1").read_text() == "before\n" * 20


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for number in range(6):
        log.write_text(f"{number}" * 20)
        rotate(log, max_size_bytes=10, keep=3)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert (tmp_path / "a.log.1").read_text() == "5" * 20
    assert (tmp_path / "a.log.3").read_text() == "3" * 20


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"first\nValueError: \x1b[31mno\x1b[0m bread\xff\n\n   \n--- 2026 a starts\n")
    assert last_line(log) == "ValueError: [31mno[0m bread�"
    log.write_text("x" * 1000)
    assert len(last_line(log)) == 200
    log.write_text("\n")
    assert last_line(log) == ""
    assert last_line(tmp_path / "none.log") == ""


class Disk:
    """A disk in the place of the real one: a copy to it leaves a piece behind when it has no room for the whole."""

    def __init__(self, folder: Path, room_bytes: Callable[[], int], error: int = errno.ENOSPC) -> None:
        self.folder, self.room_bytes, self.error = folder, room_bytes, error

    def copy(self, path: Path, to: Path) -> None:
        text = path.read_text()
        room = self.room_bytes() - sum(file.stat().st_size for file in self.folder.iterdir())
        to.write_text(text[: max(0, room)])
        if room < len(text):
            raise OSError(self.error, os.strerror(self.error))


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log that is to be put aside, with older ones beside it."""
    (tmp_path / "a.log").write_text("x" * 100)
    for number in "123":
        (tmp_path / f"a.log.{number}").write_text(number * 40)
    return tmp_path


def on(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "copyfile", disk.copy)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_on_a_full_disk_the_oldest_logs_make_room_for_the_newest(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    on(Disk(folder, lambda: 250, error), monkeypatch)
    said: list[str] = []
    assert rotate(folder / "a.log", say=said.append, max_size_bytes=10)
    assert texts(folder) == {"a.log": "", "a.log.1": "x" * 100, "a.log.2": "1" * 40}
    assert said == [f"{folder}/a.log.{number} was removed: the disk is full" for number in (3, 2)]


def test_on_a_disk_without_any_room_the_log_that_fills_it_is_cut_and_said_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Disk(folder, lambda: 150), monkeypatch)
    said: list[str] = []
    assert rotate(folder / "a.log", say=said.append, max_size_bytes=10)
    assert texts(folder) == {"a.log": ""}
    assert said[-1] == f"{folder}/a.log was cut and what it held is lost: the disk is full"


def test_a_log_that_cannot_be_copied_for_another_reason_costs_nothing_however_often_it_is_tried(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts(folder)
    on(Disk(folder, lambda: 0, errno.EACCES), monkeypatch)
    for _ in range(4):
        with pytest.raises(PermissionError):
            rotate(folder / "a.log", max_size_bytes=10)
    assert texts(folder) == before
