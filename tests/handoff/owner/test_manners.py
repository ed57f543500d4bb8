"""The owner's manners, and who says never mind."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.manners import read_manners
from handoff.pause import Pause
from handoff.settings import ROOT

OURS = read_manners(ROOT / "data" / "owner" / "manners.yml")


def test_the_owners_file_says_how_long_is_waited() -> None:
    assert OURS.pause == Pause(1.2, 0.5, 4.0)


@pytest.mark.parametrize(
    "text",
    [
        "Ei tarvitsekaan.",
        "ei sittenkään, kiitos",
        "Eiku antaa olla",
        "ok, asia selvisi jo, kiitos!",
        "UNOHDA KOKO JUTTU",
        "Lige meget, glem det.",
        "nå, det var ikke noget alligevel",
        "Det løste sig, tak for hjælpen",
        "pyt med det",
        "Never mind",
        "oh, never mind then, thanks!",
        "it's sorted, thank you",
        "Actually I don’t need help any more",
    ],
)
def test_who_says_that_no_person_is_needed_is_understood(text: str) -> None:
    assert OURS.never_mind.said_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "kiitos",
        "tak",
        "thanks!",
        "never mind the delay, where is my order",
        "never mind?",
        "unohda se palautus, mutta missä hyvitys on",
        "det er lige meget hvilken farve det bliver",
        "forget it, you people are useless",
        "never mind " * 20,
    ],
)
def test_who_has_more_to_say_stays_in_the_queue(text: str) -> None:
    assert not OURS.never_mind.said_in(text)


def test_without_a_file_there_are_pauses_and_no_phrases(tmp_path: Path) -> None:
    manners = read_manners(tmp_path / "manners.yml")
    assert manners.pause == Pause()
    assert not manners.never_mind.said_in("never mind")


def test_every_mistake_is_named_with_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "manners.yml"
    wrong_ones = ("pause_s: 9", "typing_s: yes", "pauze: 1", "never_mind: {sv: [a], fi: [true]}", "little_words: [x]")
    file.write_text("\n".join(wrong_ones), "utf-8")
    with pytest.raises(SettingsError) as refused:
        read_manners(file)
    wrong = " ".join(refused.value.problems)
    for key in ("pause_s", "typing_s", "pauze", "never_mind.sv", "never_mind.fi", "little_words"):
        assert f"{file}: {key}" in wrong
    file.write_text("- a list\n")
    with pytest.raises(SettingsError):
        read_manners(file)
    file.write_text("a: [\n")
    with pytest.raises(SettingsError):
        read_manners(file)
