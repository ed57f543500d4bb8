"""Days, with a number and without."""

from __future__ import annotations

import datetime

import pytest

from bot.nlu.dates import find_dates, find_spoken_days

TODAY = datetime.date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("tilasin 12.5.", "fi", "2026-05-12"),
        ("tilasin 3.11", "fi", "2026-11-03"),
        ("Sain sen 12.10.", "fi", "2026-10-12"),
        ("Ostopäivä 4.8. Liitän kuvat.", "fi", "2026-08-04"),
        ("lasku on maksettu 4.6., tosite liitteenä", "fi", "2026-06-04"),
        ("eräpäivä 14.3 meni jo", "fi", "2026-03-14"),
        ("ma 12.5", "fi", "2026-05-12"),
        ("12.5 klo 10", "fi", "2026-05-12"),
        ("12.5.2026", "fi", "2026-05-12"),
        ("12. 5. 2026", "fi", "2026-05-12"),
        ("tilattu 12.05.26", "fi", "2026-05-12"),
        ("3.5.–7.5.", "fi", "2026-05-03"),
        ("3.-7.5.", "fi", "2026-05-03"),
        ("3.–7. toukokuuta", "fi", "2026-05-03"),
        ("toukokuun 12.", "fi", "2026-05-12"),
        ("toukokuun 12. päivänä", "fi", "2026-05-12"),
        ("toukokuun 12", "fi", "2026-05-12"),
        ("12. päivä toukokuuta", "fi", "2026-05-12"),
        ("den 12. maj", "da", "2026-05-12"),
        ("5.nov", "da", "2026-11-05"),
        ("d. 3/5", "da", "2026-05-03"),
        ("d.3/5-2026", "da", "2026-05-03"),
        ("3/5 2026", "da", "2026-05-03"),
        ("3/5-26", "da", "2026-05-03"),
        ("12-05-2026", "da", "2026-05-12"),
        ("bestilte 12/5", "da", "2026-05-12"),
        ("pakken kom 12/5, men", "da", "2026-05-12"),
        ("mandag d. 9/10", "da", "2026-10-09"),
        ("har I åbent 24/12", "da", "2026-12-24"),
        ("sendt 2.9. til jer", "da", "2026-09-02"),
        ("May 12th", "en", "2026-05-12"),
        ("on May 12, 2026", "en", "2026-05-12"),
        ("ordered May 12", "en", "2026-05-12"),
        ("the 5th of November", "en", "2026-11-05"),
        ("on 12 may", "en", "2026-05-12"),
        ("returned 5 March", "en", "2026-03-05"),
        ("ordered 3.11.", "en", "2026-11-03"),
        ("due date 14/3", "en", "2026-03-14"),
        ("2026-10-01", "en", "2026-10-01"),
    ],
)
def test_a_day_is_read_as_it_was_meant(text: str, language: str, date: str) -> None:
    assert [found.value for found in find_dates(text, language, TODAY)][:1] == [date]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("soittakaa klo 10.12", "fi"),
        ("paketti tuli klo 8.05", "fi"),
        ("klo 8.10 - 10.12", "fi"),
        ("ring kl. 9.10 tak", "da"),
        ("I får frem til kl. 16. Ikke 16.05.", "da"),
        ("fra 8.30 til 16.10", "da"),
        ("mandag 9.10", "da"),
        ("delivered at 14.10", "en"),
        ("muistiin: 14.02, ei vastausta", "fi"),
        ("kenkäkoko 8.5", "fi"),
        ("koko on 8.5.", "fi"),
        ("str. 8.5", "da"),
        ("size 8.5.", "en"),
        ("3.5 kg paketti", "fi"),
        ("my feet are 26.5 cm", "en"),
        ("tilasin 3.5 metriä", "fi"),
        ("Maksoin 12.10.", "fi"),
        ("auki 24/7", "fi"),
        ("åbent 24/7", "da"),
        ("1/2 hintaan", "fi"),
        ("til 1/2 pris", "da"),
        ("5/5 stjerner", "da"),
        ("toimitusehtojenne kohta 4.2. Lukekaa se", "fi"),
        ("your own terms, 7.3. I'd have thought", "en"),
        ("versio 7.3.", "fi"),
        ("iOS 17.5.1", "en"),
        ("17.5.98", "fi"),
        ("20.10.81.10", "da"),
        ("31.2.", "fi"),
        ("31.2.2026", "fi"),
        ("I may 3 times", "en"),
        ("the 2 may be lost", "en"),
        ("march 3 times", "en"),
        ("in May 2 parcels went missing", "en"),
        ("huhtikuun 3 tilausta", "fi"),
    ],
)
def test_a_time_a_size_or_a_part_is_no_day(text: str, language: str) -> None:
    assert find_dates(text, language, TODAY) == []


@pytest.mark.parametrize(
    ("today", "date"),
    [
        (datetime.date(2028, 3, 3), ["2028-02-29"]),
        (datetime.date(2027, 12, 3), ["2028-02-29"]),
        (datetime.date(2027, 3, 3), []),
    ],
)
def test_a_leap_day_is_that_of_the_year_that_has_one(today: datetime.date, date: list[str]) -> None:
    assert [found.value for found in find_dates("29.2.", "fi", today)] == date


def test_days_come_in_the_order_of_the_text() -> None:
    finds = find_dates("Laitoin 2. lokakuuta, 9.10. ja 1.9.2026", "fi", TODAY)
    assert [found.value for found in finds] == ["2026-10-02", "2026-10-09", "2026-09-01"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("tilasin eilen", "2026-11-20"),
        ("ylihuomenna", "2026-11-23"),
        ("Det kom i går", "2026-11-20"),
        ("igår", "2026-11-20"),
        ("i aftes", "2026-11-20"),
        ("i forgårs", "2026-11-19"),
        ("yesterday", "2026-11-20"),
        ("the day before yesterday", "2026-11-19"),
        ("the day after tomorrow", "2026-11-23"),
        ("i fredags", "2026-11-20"),
        ("i lørdags", "2026-11-14"),
        ("på lørdag", "2026-11-28"),
        ("på mandag", "2026-11-23"),
        ("ensi maanantaina", "2026-11-23"),
        ("næste mandag", "2026-11-23"),
        ("next Monday", "2026-11-23"),
        ("viime sunnuntaina", "2026-11-15"),
        ("last Sunday", "2026-11-15"),
        ("viime viikon tiistaina", "2026-11-10"),
        ("ensi viikon tiistaina", "2026-11-24"),
        ("this Sunday", "2026-11-22"),
    ],
)
def test_a_day_is_counted_from_the_day_of_writing(text: str, date: str) -> None:
    assert [found.value for found in find_spoken_days(text, TODAY)] == [date]


@pytest.mark.parametrize("text", ["viime tiistaina", "last Friday", "sidste onsdag", "this Friday", "maanantaina"])
def test_a_weekday_of_which_week_is_not_sure_is_left_out(text: str) -> None:
    assert find_spoken_days(text, TODAY) == []


def test_a_coming_weekday_is_left_out_while_it_may_be_this_weeks_or_the_nexts() -> None:
    tuesday = datetime.date(2026, 11, 17)
    assert find_spoken_days("next Friday", tuesday) == [] == find_spoken_days("ensi perjantaina", tuesday)
    assert [found.value for found in find_spoken_days("viime tiistaina", tuesday)] == ["2026-11-10"]
