"""The figures of ``silta evaluate``, on results that can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation import BadFile, Row, calibration_error, macro_f1, read_rows, score
from bot.nlu.decision import Decision
from bot.nlu.understanding import Understood

ANSWERS = {
    "a": Understood("faq/x", 0.9, (), Decision.ANSWER, 1.0, language="en"),
    "b": Understood("faq/y", 0.7, (), Decision.ANSWER, 1.0, language="en"),
    "c": Understood("faq/y", 0.3, (), Decision.CLARIFY, 1.0, choices=("faq/y", "faq/x"), language="fi"),
    "e": Understood("human/x", 0.9, (), Decision.HANDOFF, 1.0, language="en"),
    "d": Understood("faq/z", 0.2, (), Decision.CLARIFY, 1.0, choices=(), language="en"),
}


def test_scores_count_what_they_say() -> None:
    rows = [Row("en", "faq/x", letter) for letter in "abcd"]
    scores, confusions = score(rows, ANSWERS.__getitem__)
    en = scores["en"]
    assert (en.messages, en.accuracy) == (4, 0.25)
    assert (en.answered, en.right_answers) == (0.5, 0.5)
    assert en.in_reach == 0.5  # a was answered right, c offers the right one; b was answered wrong
    assert en.language == 0.75
    assert confusions[("faq/x", "faq/y")] == 2
    assert "all" not in scores  # one language is all there is


def test_a_person_called_for_another_reason_is_no_wrong_answer() -> None:
    scores, _ = score([Row("en", "faq/x", "a"), Row("en", "human/y", "e")], ANSWERS.__getitem__)
    assert (scores["en"].right_answers, scores["en"].right_alone) == (0.5, 1.0)


def test_the_button_for_a_person_is_in_reach_of_what_is_offered_under_no_name_of_its_own() -> None:
    asked = Understood("faq/y", 0.3, (), Decision.CLARIFY, 1.0, choices=("human/talk_to_human",), language="en")
    scores, _ = score([Row("en", "human/fraud", "x"), Row("en", "faq/x", "x")], lambda _: asked)
    assert scores["en"].in_reach == 0.5


def test_several_languages_are_also_summed_up() -> None:
    rows = [Row("en", "faq/x", "a"), Row("fi", "faq/x", "c")]
    scores, _ = score(rows, ANSWERS.__getitem__)
    assert scores["all"].accuracy == 0.5 and set(scores) == {"en", "fi", "all"}


def test_macro_f1_weighs_topics_alike() -> None:
    assert macro_f1(["x", "x", "x", "y"], ["x", "x", "x", "x"]) == pytest.approx((6 / 7) / 2)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    assert calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False]) == pytest.approx(0.0)
    assert calibration_error([0.95, 0.95], [True, False]) == pytest.approx(0.45)


def test_a_labelled_file_is_read_and_remarks_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("# remark\nfi\tgreet\tmoi\n\nda\tgreet\thej du\n", encoding="utf-8")
    assert read_rows(path) == [Row("fi", "greet", "moi"), Row("da", "greet", "hej du")]


@pytest.mark.parametrize(
    ("content", "where"), [("fi\tgreet\n", "line 1"), ("fi\tgreet\tmoi\nfi greet moi\n", "line 2"), ("", "no message")]
)
def test_a_line_of_another_form_is_named(tmp_path: Path, content: str, where: str) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadFile, match=where):
        read_rows(path)
