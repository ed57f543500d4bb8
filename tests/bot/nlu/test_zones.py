"""Which day it is where the visitors live."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.nlu.zones import Zones

NIGHT = datetime(2026, 5, 19, 22, 30, tzinfo=timezone.utc).timestamp()
"""01:30 on the next day in Helsinki, 00:30 in Copenhagen, 23:30 in London."""
EVENING = datetime(2026, 5, 19, 21, 30, tzinfo=timezone.utc).timestamp()
"""00:30 on the next day in Helsinki, 23:30 in Copenhagen."""


def written(folder: Path, text: str) -> Path:
    (folder / "hours.yml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_file_has_each_language_in_its_own_zone() -> None:
    zones = Zones.read()
    assert {code: zones.day(EVENING, code) for code in ("fi", "en", None)} == {
        "fi": date(2026, 5, 20),
        "en": date(2026, 5, 20),
        None: date(2026, 5, 20),
    }
    assert zones.day(EVENING, "da") == date(2026, 5, 19) and zones.day(NIGHT, "da") == date(2026, 5, 20)


def test_a_language_without_a_zone_has_the_houses(tmp_path: Path) -> None:
    zones = Zones.read(written(tmp_path, "chat: {zone: Europe/London}\nshown: {fi: {zone: Europe/Helsinki}}\n"))
    assert zones.day(NIGHT, "fi") == date(2026, 5, 20)
    assert zones.day(NIGHT, "en") == zones.day(NIGHT, None) == date(2026, 5, 19)


def test_summer_and_winter_time_are_the_zones_own() -> None:
    winter = datetime(2026, 1, 19, 21, 30, tzinfo=timezone.utc).timestamp()
    assert Zones().day(winter, "fi") == date(2026, 1, 19) and Zones().day(EVENING, "fi") == date(2026, 5, 20)


def test_without_a_moment_it_is_now() -> None:
    now = datetime.now(timezone.utc)
    for at in (None, 0.0):
        assert Zones().day(at, "fi") in {(now + timedelta(hours=hours)).date() for hours in (2, 3)}


@pytest.mark.parametrize("text", [None, "chat: [", "chat: 5\nshown: {fi: 3, da: {}}\n", "- x\n", ""])
def test_a_file_that_says_no_zone_leaves_the_usual_one(tmp_path: Path, text: str | None) -> None:
    zones = Zones.read(tmp_path if text is None else written(tmp_path, text))
    assert zones.day(EVENING, "fi") == zones.day(EVENING, "da") == date(2026, 5, 20)


def test_a_zone_that_there_is_not_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        zones = Zones.read(written(tmp_path, "chat: {zone: Europe/London}\nshown: {da: {zone: Moon/Base}}\n"))
    assert "Moon/Base" in caplog.text and zones.day(NIGHT, "da") == date(2026, 5, 19)
