"""The owner's settings for understanding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.nlu.decision import Limits, Thresholds
from bot.nlu.owner import BadSettings, OwnerSettings


def written(folder: Path, text: str) -> Path:
    (folder / "understanding.yml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_file_says_what_the_defaults_are() -> None:
    settings, defaults = OwnerSettings.read(), Limits()
    assert settings.swedish == "en"
    assert {language: settings.limits.of(language) for language in ("fi", "da", "en", None)} == {
        language: defaults.of(language) for language in ("fi", "da", "en", None)
    }


def test_one_number_is_for_every_language_and_what_is_not_named_keeps_its_default(tmp_path: Path) -> None:
    settings = OwnerSettings.read(written(tmp_path, "answer: 0.7\nswedish: fi\n"))
    for language in ("fi", "da", "en", None):
        assert settings.limits.of(language) == replace(Limits().of(language), answer=0.7)
    assert settings.swedish == "fi"


def test_a_language_can_have_a_number_of_its_own(tmp_path: Path) -> None:
    limits = OwnerSettings.read(written(tmp_path, "answer: {en: 0.95, fi: 0.6}\nstrange: 0.02\n")).limits
    for language, answer in (("en", 0.95), ("fi", 0.6), ("da", Limits().of("da").answer)):
        assert limits.of(language) == replace(Limits().of(language), answer=answer, strange=0.02)
    assert limits.of(None) == Thresholds(strange=0.02)


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    assert OwnerSettings.read(tmp_path) == OwnerSettings()
    assert OwnerSettings.read(written(tmp_path, "")) == OwnerSettings()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("answer: 65", "answer: must be between 0 and 1"),
        ("answer: high", "answer: must be a number"),
        ("choices: 2.5", "choices: must be a whole number from 1 to 5"),
        ("choices: 0", "choices: must be a whole number"),
        ("answer: {sv: 0.5}", "answer: sv: must be one of fi, da, en"),
        ("answer: {fi: much}", "answer: must be a number"),
        ("answr: 0.5", "answr: is not a setting"),
        ("swedish: sv", "swedish: must be one of fi, da, en"),
        ("answer: [", "is not valid YAML"),
        ("- answer", "must be a list of settings"),
    ],
)
def test_a_mistake_is_named_in_one_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(BadSettings) as caught:
        OwnerSettings.read(written(tmp_path, text))
    assert what in str(caught.value) and "understanding.yml" in str(caught.value) and "\n" not in str(caught.value)
