"""What ``silta faq check`` finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import cli, places
from bot.faq.check import check
from bot.texts import Texts


def folder(root: Path, **examples: dict[str, list[str]]) -> Path:
    """Examples by language and topic."""
    for language in ("fi", "da", "en"):
        blocks = [
            f"- intent: {topic}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
            for topic, texts in examples.get(language, {}).items()
        ]
        (root / language).mkdir(parents=True, exist_ok=True)
        (root / language / "faq.yml").write_text(
            "nlu:\n" + "".join(blocks) if blocks else "nlu: []\n", encoding="utf-8"
        )
    return root


def test_doubles_gaps_and_topics_without_an_answer_are_wrong(tmp_path: Path) -> None:
    mine = {
        "faq/return_how": ["how to return", "How to return", "where is it"],
        "faq/track_order": ["Where is it?"],
        "faq/no_such": ["something else"],
    }
    found = {finding.what: finding for finding in check(None, folder(tmp_path, en=mine))}
    (twice,) = [finding for what, finding in found.items() if "told twice" in what]
    assert twice.wrong and twice.where.endswith("faq.yml, line 5")
    (both,) = [finding for what, finding in found.items() if "stands under" in what]
    assert both.wrong and "faq/return_how" in both.what
    assert "faq/no_such has examples and no answer" in found
    gaps = [finding for finding in check(None, tmp_path) if finding.what.startswith("no example")]
    assert len(gaps) == 3 * (len(Texts().topics) + 1) - 2 and all(finding.wrong for finding in gaps)


def test_few_examples_and_another_language_are_to_be_looked_at(tmp_path: Path) -> None:
    mine = {"faq/return_how": ["miten voin palauttaa tämän paidan teille takaisin", "how do I return it"]}
    found = [finding for finding in check(None, folder(tmp_path, en=mine)) if not finding.wrong]
    assert [finding.what for finding in found if "another language (fi)" in finding.what]
    assert [finding.what for finding in found if finding.where == "faq/return_how (en)"] == [
        "2 examples; from 25 on answers are dependable"
    ]


def test_the_command_ends_with_1_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(places, "NLU", folder(tmp_path))
    assert cli.main(["faq", "check"]) == 1
    assert "wrong: answer_did_not_help (fi): no example" in capsys.readouterr().out
