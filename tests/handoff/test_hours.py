from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handoff.errors import SettingsError
from handoff.hours import read_hours

WEEK = {"zone": "Europe/Helsinki", "days": {"mon": "09:00-17:00", "sat": "10:00-14:30"}}


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T06:59:59", False),  # Monday 8.59.59 in Helsinki (winter, +2)
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T14:59:59", True),
        ("2026-11-23T15:00:00", False),
        ("2026-11-24T10:00:00", False),  # Tuesday is not named
        ("2026-11-21T12:29:00", True),  # Saturday 14.29
        ("2026-06-15T06:00:00", True),  # Monday 9.00 in summer, +3
        ("2026-06-15T14:00:00", False),
    ],
)
def test_it_is_open_by_local_time_and_the_closing_time_is_outside(moment: str, is_open: bool) -> None:
    hours = read_hours("company.yml: hours.chat", WEEK)
    assert hours.open_at(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_everything_wrong_is_named() -> None:
    bad = {"zone": "Europe/Atlantis", "days": {"mon": "nine to five", "holiday": "09:00-10:00", "tue": "17:00-09:00"}}
    with pytest.raises(SettingsError) as refused:
        read_hours("company.yml: hours.chat", bad)
    said = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 4
    for part in (
        "zone: 'Europe/Atlantis'",
        "days.mon: 'nine to five'",
        "'holiday'",
        "days.tue: closes before it opens",
    ):
        assert part in said


def test_hours_that_are_missing_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"company\.yml: hours\.chat\.zone"):
        read_hours("company.yml: hours.chat", None)
