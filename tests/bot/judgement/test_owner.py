from __future__ import annotations

from pathlib import Path

import pytest

from bot.judgement.owner import AT_LEAST, AtLeast, BadThreshold, emotion_at_least, pressing_topics


def test_the_owner_says_how_sure_the_bot_must_be(tmp_path: Path) -> None:
    assert emotion_at_least(tmp_path) == AtLeast(AT_LEAST), "without a file"
    (tmp_path / "handoff.yml").write_text("emotion: {at_least: 0.7}\n", encoding="utf-8")
    assert emotion_at_least(tmp_path).of("fi") == emotion_at_least(tmp_path).of(None) == 0.7
    (tmp_path / "handoff.yml").write_text("topics: {}\n", encoding="utf-8")
    assert emotion_at_least(tmp_path) == AtLeast(AT_LEAST), "without a line"


def test_a_language_may_have_a_number_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "handoff.yml").write_text("emotion: {at_least: {da: 0.4, fi: 0.6}}\n", encoding="utf-8")
    at_least = emotion_at_least(tmp_path)
    assert [at_least.of(language) for language in ("da", "fi", "en", None)] == [0.4, 0.6, AT_LEAST, AT_LEAST]


@pytest.mark.parametrize("value", ["0", "1.5", "yes", "'0.5'", "-1", "{da: 2}", "{sv: 0.5}"])
def test_what_is_no_probability_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    (tmp_path / "handoff.yml").write_text(f"emotion: {{at_least: {value}}}\n", encoding="utf-8")
    with pytest.raises(BadThreshold, match=r"handoff\.yml: emotion\.at_least"):
        emotion_at_least(tmp_path)


def test_the_topics_that_press_are_those_of_priority_high_and_urgent(tmp_path: Path) -> None:
    assert pressing_topics(tmp_path) == frozenset(), "without a file"
    topics = "{complaint: {priority: normal}, fraud: {priority: urgent}, bereavement: {priority: high}, callback: x}"
    (tmp_path / "handoff.yml").write_text(f"topics: {topics}\n", encoding="utf-8")
    assert pressing_topics(tmp_path) == {"human/fraud", "human/bereavement", "human/self_harm"}
    (tmp_path / "handoff.yml").write_text("topics: {fraud: {priority: normal}}\n", encoding="utf-8")
    assert pressing_topics(tmp_path) == {"human/self_harm"}, "the owner's word counts; without one, danger presses"
    (tmp_path / "handoff.yml").write_text("topics: [", encoding="utf-8")
    with pytest.raises(BadThreshold, match="not valid YAML"):
        pressing_topics(tmp_path)
