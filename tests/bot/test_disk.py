"""Files that outlast a power cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.disk import put


def test_what_gets_its_name_is_on_the_disk_before_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, place = tmp_path / "fresh", tmp_path / "place"
    fresh.write_text("new")
    place.write_text("old")
    done: list[str] = []
    replace, fsync = os.replace, os.fsync

    def renamed(one: Path, other: Path) -> None:
        done.append(f"{one.name} becomes {other.name}")
        replace(one, other)

    def settled(number: int) -> None:
        done.append(f"{Path(os.readlink(f'/proc/self/fd/{number}')).name} is on the disk")
        fsync(number)

    monkeypatch.setattr(os, "replace", renamed)
    monkeypatch.setattr(os, "fsync", settled)
    put(fresh, place)
    assert done == ["fresh is on the disk", "fresh becomes place", f"{tmp_path.name} is on the disk"]
    assert place.read_text() == "new" and not fresh.exists()
