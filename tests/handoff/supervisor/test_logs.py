from __future__ import annotations

import os
from pathlib import Path

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
