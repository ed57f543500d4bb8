from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.busy import MOST, Busy


def test_a_limit_is_stretched_by_what_the_kernel_says_was_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy()
    file = tmp_path / "schedstat"
    monkeypatch.setattr(busy, "_files", [file])
    file.write_text("1000 500 3\n")
    with busy:
        file.write_text("2000 2500 9\n")
        assert busy.waited_s == 2000 / 1e9
    assert busy.stretch == 3.0 and "3.0 x" in str(busy)
    with busy:
        file.write_text("2001 9999999 9\n")
    assert busy.stretch == MOST


def test_where_nothing_is_counted_nothing_is_stretched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Busy(os.getpid()) as busy:
        monkeypatch.setattr(busy, "_files", [tmp_path / "none"])
    assert busy.stretch == 1.0


def test_this_process_is_counted() -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this kernel does not count")
    with Busy() as busy:
        ends = time.process_time() + 0.02
        while time.process_time() < ends:
            pass
    assert 1.0 <= busy.stretch <= MOST
