from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.owner.hours import Hours, Schedule, ServiceHours, always

HELSINKI, COPENHAGEN = ZoneInfo("Europe/Helsinki"), ZoneInfo("Europe/Copenhagen")
NINE_TO_FIVE = dict.fromkeys(range(5), ((540, 720), (780, 1020)))
COUNTRIES = {"FI": HELSINKI, "DK": COPENHAGEN}

MINUTES = st.integers(0, 7 * 365 * 24 * 60 - 1)
MOMENTS = MINUTES.map(lambda minute: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))


@cache
def shop(country: str) -> Schedule:
    return Schedule(COUNTRIES[country], NINE_TO_FIVE, (country,), {"12-24": (), "2026-12-31": ((540, 600),)})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_day_from_2024_to_2030_is_open_as_the_table_of_holidays_says(country: str) -> None:
    table = holidays.country_holidays(country, years=range(2024, 2031))
    zone, hours = COUNTRIES[country], Hours([shop(country)])
    day = date(2024, 1, 1)
    while day <= date(2030, 12, 30):
        closed = day.weekday() > 4 or day in table or (day.month, day.day) == (12, 24)
        noon = datetime.combine(day, time(11, 59), zone)
        assert hours.open_at(noon) is not (closed or day == date(2026, 12, 31)), day
        assert not hours.open_at(datetime.combine(day, time(12, 30), zone)), f"lunch on {day}"
        assert not hours.open_at(datetime.combine(day, time(17, 0), zone)), f"the closing time is outside, {day}"
        day += timedelta(days=1)


@given(st.sampled_from(sorted(COUNTRIES)), MOMENTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(country: str, moment: datetime) -> None:
    hours = Hours([shop(country)])
    opens = hours.next_open(moment)
    assert opens is not None and opens >= moment
    assert hours.open_at(opens)
    assert (opens == moment) == hours.open_at(moment)
    if opens > moment:
        assert not hours.open_at(opens - timedelta(seconds=1))
        assert hours.between(moment, opens) == []


@given(st.sampled_from(sorted(COUNTRIES)), MOMENTS, st.integers(1, 3000))
def test_working_time_passes_only_while_it_is_open(country: str, moment: datetime, minutes: int) -> None:
    hours = Hours([shop(country)])
    end = hours.after(moment, minutes)
    assert end is not None
    passed = sum(
        (min(closes, end) - max(opens, moment) for opens, closes in hours.between(moment, end)), start=timedelta()
    )
    assert passed == timedelta(minutes=minutes)


@given(MOMENTS)
def test_with_two_schedules_it_is_open_while_both_are(moment: datetime) -> None:
    both = Hours([shop("FI"), shop("DK")])
    assert both.open_at(moment) == (Hours([shop("FI")]).open_at(moment) and Hours([shop("DK")]).open_at(moment))


@pytest.mark.parametrize("year", range(2024, 2031))
@pytest.mark.parametrize("zone", COUNTRIES.values(), ids=str)
def test_both_daylight_saving_nights_open_and_close_by_the_clock_on_the_wall(year: int, zone: ZoneInfo) -> None:
    for month, length in ((3, 23), (10, 25)):
        night = max(date(year, month, day) for day in range(25, 32) if date(year, month, day).weekday() == 6)
        whole_day = Hours([Schedule(zone, {6: ((0, 1440),)})])
        [(opens, closes)] = whole_day.between(
            datetime.combine(night, time(12), zone), datetime.combine(night, time(13), zone)
        )
        assert (closes - opens) == timedelta(hours=length)
        assert opens.astimezone(zone).time() == closes.astimezone(zone).time() == time(0)
        # A shop that opens at 2.30 and closes at 4.30: the hour that is skipped or comes twice lies in between.
        [(opens, closes)] = Hours([Schedule(zone, {6: ((60, 330),)})]).between(
            datetime.combine(night, time(0), zone), datetime.combine(night, time(12), zone)
        )
        assert closes - opens == timedelta(hours=length - 24 + 4.5)


@pytest.mark.parametrize(
    ("zone", "moment", "is_open"),
    [
        # Helsinki: on 29 March 2026 clocks skip from 3.00 to 4.00, at 1.00 UTC; a shop opens at "3.30".
        (HELSINKI, "2026-03-29T00:59", False),
        (HELSINKI, "2026-03-29T01:00", True),
        # Copenhagen: from 2.00 to 3.00, the same moment; "3.30" stands there.
        (COPENHAGEN, "2026-03-29T01:29", False),
        (COPENHAGEN, "2026-03-29T01:30", True),
        # On 25 October 2026 the hour from 3 to 4 comes twice in Helsinki (0.00–2.00 UTC): open from the first 3.30.
        (HELSINKI, "2026-10-25T00:29", False),
        (HELSINKI, "2026-10-25T00:30", True),
        (HELSINKI, "2026-10-25T01:15", True),
        (HELSINKI, "2026-10-25T02:59", True),
        (HELSINKI, "2026-10-25T03:00", False),
    ],
)
def test_a_time_that_the_night_skips_or_has_twice(zone: ZoneInfo, moment: str, is_open: bool) -> None:
    assert Hours([Schedule(zone, {6: ((210, 300),)})]).open_at(utc(moment)) is is_open


def test_special_days_come_before_holidays_and_holidays_before_the_week() -> None:
    schedule = Schedule(HELSINKI, NINE_TO_FIVE, ("FI",), {"2026-12-25": ((600, 660),), "12-31": ()})
    assert schedule.spans(date(2026, 12, 25)) == ((600, 660),)
    assert schedule.spans(date(2027, 12, 31)) == ()
    assert schedule.spans(date(2026, 5, 1)) == ()
    assert schedule.spans(date(2026, 5, 4)) == NINE_TO_FIVE[0]


def test_a_language_has_its_own_hours_and_a_skill_holds_besides() -> None:
    billing = Schedule(HELSINKI, {0: ((600, 720),)})
    chat = ServiceHours(shop("FI"), {"da": shop("DK")}, {"billing": billing})
    monday = utc("2026-11-23T07:30")  # 9.30 in Helsinki, 8.30 in Copenhagen
    assert chat.of("fi").open_at(monday) and not chat.of("da").open_at(monday)
    assert not chat.of("fi", "billing").open_at(monday)
    assert chat.of("fi", "billing").open_at(utc("2026-11-23T08:30"))
    assert chat.of("fi", "orders").open_at(monday), "a skill without hours of its own is open as usual"


def test_what_never_opens_has_no_next_opening_and_what_never_closes_no_next_closing() -> None:
    now = utc("2026-11-23T07:30")
    never = Hours([Schedule(HELSINKI, {})])
    assert never.next_open(now) is None and never.after(now, 1) is None and not never.open_at(now)
    open_always = always().of()
    assert open_always.open_at(now) and open_always.next_open(now) == now
    closes = open_always.next_close(now)
    assert closes is not None and closes - now > timedelta(days=1)
