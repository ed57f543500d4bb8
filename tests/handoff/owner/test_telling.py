from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handoff.owner.hours_file import read_hours
from handoff.owner.service_texts import read_service_texts
from handoff.owner.telling import Teller, clock
from tests.handoff.texts_for_tests import OWNER

TELLER = Teller(read_hours(OWNER / "hours.yml"), read_service_texts(OWNER / "texts" / "service"))
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "minutes", "told"),
    [
        ("fi", 540, "9"),
        ("fi", 570, "9.30"),
        ("fi", 1440, "24"),
        ("da", 0, "0"),
        ("en", 0, "midnight"),
        ("en", 540, "9 am"),
        ("en", 720, "noon"),
        ("en", 750, "12.30 pm"),
        ("en", 1439, "11.59 pm"),
    ],
)
def test_a_time_of_day_is_told_as_the_language_tells_it(language: str, minutes: int, told: str) -> None:
    assert clock(language, minutes) == told


@pytest.mark.parametrize(
    ("language", "moment", "told"),
    [
        ("fi", "2026-11-21T13:00", "tänään klo 15"),
        ("fi", "2026-11-22T07:30", "huomenna klo 9.30"),
        ("fi", "2026-11-29T07:00", "sunnuntaina 29.11. klo 9"),
        ("da", "2026-11-23T07:00", "på mandag kl. 8 dansk tid"),
        ("da", "2026-12-02T07:00", "onsdag den 2. december kl. 8 dansk tid"),
        ("en", "2026-11-23T07:00", "on Monday at 9 am Finnish time"),
        ("en", "2026-12-02T10:00", "on Wednesday 2 December at noon Finnish time"),
    ],
)
def test_days_and_times_are_told_in_the_readers_zone(language: str, moment: str, told: str) -> None:
    assert TELLER.when(language, datetime.fromisoformat(moment).replace(tzinfo=UTC), SATURDAY) == told


def test_pages_are_told_by_which_clock_they_tell_times() -> None:
    assert TELLER.zones() == {
        "fi": {"zone": "Europe/Helsinki", "name": ""},
        "da": {"zone": "Europe/Copenhagen", "name": "dansk tid"},
        "en": {"zone": "Europe/Helsinki", "name": "Finnish time"},
    }


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("fi", "2.3.2026 klo 10.05"),
        ("da", "2. marts 2026 kl. 9.05 dansk tid"),
        ("en", "2 March 2026 at 10:05 Finnish time"),
    ],
)
def test_a_transcripts_time_has_its_date_and_the_readers_clock(language: str, told: str) -> None:
    assert TELLER.stamp(language, datetime(2026, 3, 2, 8, 5, tzinfo=UTC)) == told


def test_open_and_closed_are_told_with_the_next_change() -> None:
    chat = TELLER.hours.of("chat")
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert TELLER.open_text("fi", chat.of("fi"), monday) == "Asiakaspalvelijat ovat paikalla klo 17 asti."
    assert TELLER.open_text("en", chat.of("en"), SATURDAY).endswith("People are back on Monday at 9 am Finnish time.")
    assert TELLER.open_text("da", chat.of("da"), SATURDAY).endswith("igen på mandag kl. 8 dansk tid.")


def test_by_when_an_email_is_answered_follows_working_time() -> None:
    assert TELLER.email_text("en", SATURDAY) == "If you email us now, we’ll answer by Monday at 5 pm Finnish time."
    assert TELLER.email_text("da", SATURDAY).endswith("senest mandag kl. 16 dansk tid.")


def test_a_window_within_one_half_of_the_day_says_it_once() -> None:
    start, end = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (12, 13))
    assert TELLER.window("en", start, end, SATURDAY) == "on Monday, 2–3 pm Finnish time"
    assert TELLER.window("fi", start, end, SATURDAY) == "maanantaina klo 14–15"


def test_an_answer_by_email_is_promised_for_a_quarter_of_an_hour_that_does_not_move_with_every_second() -> None:
    monday = datetime(2026, 11, 23, 8, 2, 11, tzinfo=UTC)  # 10.02.11 in Helsinki, eight working hours from 9 to 17
    due = TELLER.email_by(monday, "fi")
    assert due == datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
    assert TELLER.email_by(monday.replace(minute=14, second=59), "fi") == due
    assert TELLER.email_by(monday.replace(minute=15, second=0), "fi") == due
    assert TELLER.email_text("fi", monday) == "Jos kirjoitat sähköpostia nyt, vastaamme viimeistään huomenna klo 10.15."
    assert TELLER.email_by(SATURDAY, "fi") == datetime(2026, 11, 23, 15, tzinfo=UTC), "a full one stays"
