from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from handoff.owner.hours_file import OpeningHours, read_hours
from handoff.owner.weekly import out_of_step, week_in_words
from tests.handoff.texts_for_tests import OWNER

FACTS = yaml.safe_load((OWNER / "company.yml").read_text("utf-8"))["facts"]
HOURS = read_hours(OWNER / "hours.yml")


def hours(folder: Path, week: str) -> OpeningHours:
    """Hours whose chat opens as ``week`` says, in Helsinki."""
    raw = yaml.safe_load((OWNER / "hours.yml").read_text("utf-8"))
    raw["chat"] = {"zone": "Europe/Helsinki", "week": yaml.safe_load(week)}
    path = folder / "hours.yml"
    path.write_text(yaml.safe_dump(raw), "utf-8")
    return read_hours(path)


@pytest.mark.parametrize("language", ["fi", "da", "en"])
@pytest.mark.parametrize(("fact", "service"), [("chat_hours", "chat"), ("phone_hours", "phone")])
def test_the_week_is_told_as_the_owner_of_the_shop_wrote_it(fact: str, service: str, language: str) -> None:
    assert week_in_words(HOURS, service, language) == FACTS[fact][language]
    assert out_of_step(FACTS, HOURS) == []


@pytest.mark.parametrize(
    ("week", "fi", "da", "en"),
    [
        (
            '{mon: "09:00-17:00", tue: "09:00-17:00", wed: "09:00-17:00", sat: "10:30-14:00"}',
            "ma–ke klo 9–17 ja la klo 10.30–14",
            "man.–ons. kl. 8–16 og lør. kl. 9.30–13 dansk tid",
            "Mon–Wed 9 am–5 pm and Sat 10.30 am–2 pm Finnish time",
        ),
        (
            '{mon: "09:00-12:00, 13:00-17:00", fri: "00:00-24:00"}',
            "ma klo 9–12 ja 13–17 ja pe klo 0–24",
            "man. kl. 8–11 og 12–16 og tors. kl. 23–23 dansk tid",
            "Mon 9 am–noon and 1–5 pm and Fri midnight–midnight Finnish time",
        ),
        ("{mon: closed}", "", "", ""),
    ],
)
def test_any_week_is_told_in_each_language_on_its_readers_clock(
    tmp_path: Path, week: str, fi: str, da: str, en: str
) -> None:
    given = hours(tmp_path, week)
    assert [week_in_words(given, "chat", language) for language in ("fi", "da", "en")] == [fi, da, en]


@pytest.mark.parametrize(
    ("language", "said", "agrees"),
    [
        ("fi", "arkisin 9.00–17.00", True),
        ("fi", "maanantaista perjantaihin klo 9–17", True),
        ("fi", "ma–la klo 9–17", False),
        ("fi", "ma–pe klo 9–16", False),
        ("da", "mandag til fredag kl. 8–16 dansk tid", True),
        ("da", "man.–fre. kl. 9–17", False),
        ("en", "Monday to Friday, 09:00–17:00 Finnish time", True),
        ("en", "weekdays 9–5", True),
        ("en", "Mon–Fri 9 am–5.30 pm", False),
    ],
)
def test_words_of_the_owners_own_agree_while_days_and_times_do(language: str, said: str, agrees: bool) -> None:
    lines = out_of_step({"chat_hours": {language: said}}, HOURS)
    assert lines == [] if agrees else len(lines) == 1 and said in lines[0] and f"chat_hours.{language}" in lines[0]


def test_a_service_that_never_closes_is_told_all_week() -> None:
    always = replace(OpeningHours.always(), zones=HOURS.zones)
    assert week_in_words(OpeningHours.always(), "chat", "fi") == "ma–su klo 0–24"
    assert out_of_step({}, always) == []
