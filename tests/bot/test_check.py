"""Whatever stops the bot, its training or the actions is told beforehand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot import cli, places
from bot.check import problems, wrong_examples
from bot.texts import owner_directory


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    shutil.copytree(owner_directory(), tmp_path / "owner")
    return tmp_path / "owner"


def test_the_shipped_files_are_in_order() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("texts/fi.yml", "{website}", "{websit}", "unknown placeholder {websit}"),
        ("texts/fi.yml", "buttons: [faq/track_order", "buttons: [faq/track_ordr", "offers faq/track_ordr, which is no"),
        ("texts/fi.yml", "title: Tilaaminen", "title: Tilaaminen verkkokaupassa nyt heti", "at most 20 characters"),
        ("texts/fi.yml", "  clarify_none:", "  clarify_non:", "system.clarify_none"),
        ("company.yml", ", en: one code}", "}", "facts.codes_per_order: has no value for en"),
        ("handoff.yml", "in_a_row: 2", "in_a_row: 9", "not_understood.in_a_row: must be a whole number from 1 to 5"),
        ("handoff.yml", "at_least: {en: 0.55", "at_least: {en: 55", "emotion.at_least: en: must be a number above 0"),
        ("handoff.yml", "  fraud: ", "  freud: ", "topics.freud: is not known here; did you mean fraud?"),
        ("understanding.yml", "small_talk: 0.55", "small_tlk: 0.55", "small_tlk: is not a setting"),
        ("understanding.yml", "choices: 3", "choices: 30", "choices: must be a whole number from 1 to 5"),
        ("understanding.yml", "choices: 3", "choices: 2026-02-30", "understanding.yml: cannot be understood (day is"),
    ],
)
def test_a_mistake_that_would_end_the_start_is_told_with_its_file(
    owner: Path, name: str, old: str, new: str, told: str
) -> None:
    file = owner / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = problems(owner)
    assert any(line.startswith(f"{owner}/") and told in line for line in found), found
    assert all("\n" not in line for line in found)


def test_the_words_of_insisting_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(places.EMOTION, tmp_path / "emotion")
    monkeypatch.setattr(places, "EMOTION", tmp_path / "emotion")
    file = tmp_path / "emotion" / "course.yml"
    file.write_text(file.read_text(encoding="utf-8").replace('"on", ', "on, "), encoding="utf-8")
    assert problems() == [f"{file}: small.fi: must be a list of words (quote what is a number)"]


def test_wrong_examples_are_told(owner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlu = tmp_path / "nlu"
    for language in ("fi", "da", "en"):
        (nlu / language).mkdir(parents=True)
    (nlu / "en" / "faq.yml").write_text("nlu: [", encoding="utf-8")
    monkeypatch.setattr(places, "NLU", nlu)
    (line,) = wrong_examples(owner)
    assert line.startswith("examples: ") and "faq.yml" in line


def test_the_command_prints_the_files_mistakes_and_looks_at_examples_only_where_there_are_none(
    owner: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILTA_OWNER_DIR", str(owner))
    wrong = ["a.yml, line 3: twice"]
    monkeypatch.setattr("bot.check.wrong_examples", lambda: wrong)
    assert cli.main(["check"]) == 1 and capsys.readouterr().out == "a.yml, line 3: twice\n"
    file = owner / "understanding.yml"
    file.write_text("choices: 30\n", encoding="utf-8")
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().out == f"{file}: choices: must be a whole number from 1 to 5\n"
    file.unlink()
    wrong.clear()
    assert cli.main(["check"]) == 0 and capsys.readouterr().out == ""
