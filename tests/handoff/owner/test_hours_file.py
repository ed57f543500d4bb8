from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.hours_file import read_hours
from tests.handoff.texts_for_tests import OWNER

SHOWN = """
shown:
  fi: {zone: Europe/Helsinki}
  da: {zone: Europe/Copenhagen, name: dansk tid}
  en: {zone: Europe/Helsinki}
"""
OTHERS = """
phone: {zone: Europe/Helsinki, week: {mon: "09:00-16:00"}}
email: {zone: Europe/Helsinki, week: {mon: "09:00-16:00"}}
"""


def written(folder: Path, chat: str, rest: str = OTHERS + SHOWN) -> Path:
    path = folder / "hours.yml"
    path.write_text(f"chat:\n{chat}\n{rest}", "utf-8")
    return path


def test_the_shops_own_file_is_read() -> None:
    hours = read_hours(OWNER / "hours.yml")
    sunday, monday = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in ("2026-11-22T10", "2026-11-23T10"))
    assert not hours.of("chat").of("fi").open_at(sunday)
    assert hours.of("chat").of("fi").open_at(monday)
    independence_day_2027 = datetime(2027, 12, 6, 10, tzinfo=UTC)
    assert not hours.of("chat").of("fi").open_at(independence_day_2027)
    assert hours.of("chat").of("da").open_at(independence_day_2027), "Danes do not celebrate it"


@pytest.mark.parametrize(
    ("chat", "line", "reason"),
    [
        ('  zone: Europe/Helsinki\n  week:\n    mon: "09:00-12:00, 11:00-17:00"', 4, "overlap"),
        ('  zone: Europe/Atlantis\n  week: {mon: "09:00-12:00"}', 2, "'Europe/Atlantis' is no time zone"),
        ('  zone: Europe/Helsinki\n  week: {mon: "17:00-09:00"}', 3, "closes before it opens"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-25:00"}', 3, "past the end of a day"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:60-12:00"}', 3, "past the end of a day"),
        ("  zone: Europe/Helsinki\n  week: {mon: nine to five}", 3, "is no span"),
        ('  zone: Europe/Helsinki\n  week: {monday: "09:00-12:00"}', 3, "not known here"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-12:00"}\n  holidays: [XX]', 4, "'XX' is no country"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-12:00"}\n  days:\n    2026-02-30: closed', 5, "out of range"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-12:00"}\n  days:\n    "13-01": closed', 5, "no day such as"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-12:00"}\n  languages: {sv: {}}', 4, "no such language"),
        ('  zone: Europe/Helsinki\n  week: {mon: "09:00-12:00"}\n  zone: UTC', 4, "twice"),
        ('  week: {mon: "09:00-12:00"}', 1, "zone: missing"),
        ("  zone: Europe/Helsinki", 1, "week: missing"),
        ("  zone: [unclosed", 4, "not valid YAML"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_the_reason(tmp_path: Path, chat: str, line: int, reason: str) -> None:
    path = written(tmp_path, chat)
    with pytest.raises(SettingsError) as refused:
        read_hours(path)
    assert any(reason in problem for problem in refused.value.problems), refused.value.problems
    if reason != "not valid YAML":
        assert [p for p in refused.value.problems if p.startswith(f"{path}:{line}:") and reason in p]


def test_a_language_that_is_missing_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, '  zone: UTC\n  week: {mon: "09:00-12:00"}', OTHERS + "shown: {fi: {zone: UTC}}\n")
    with pytest.raises(SettingsError, match=r"hours\.yml:\d+: shown\.da: missing"):
        read_hours(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"hours\.yml: No such file"):
        read_hours(tmp_path / "hours.yml")
