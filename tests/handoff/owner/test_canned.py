from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.canned import load_canned
from tests.handoff.texts_for_tests import OWNER

COMPANY = "facts: {company: Havu, fee: {fi: 4.90 EUR, da: 39 DKK, en: 4.90 EUR}}\n"


def written(folder: Path, text: str) -> Path:
    (folder / "company.yml").write_text(COMPANY, "utf-8")
    (folder / "canned.yml").write_text(text, "utf-8")
    return folder


def test_the_owners_replies_are_whole_in_every_language_and_name_the_agent_later() -> None:
    replies = {reply.key: reply for reply in load_canned(OWNER)}
    assert len(replies) >= 8
    for reply in replies.values():
        for language in ("fi", "da", "en"):
            assert reply.title[language] and reply.text[language]
            assert reply.text[language].replace("{agent}", "").count("{") == 0
    assert "{agent}" in replies["hello"].text["da"]


def test_facts_are_filled_in_as_the_language_writes_them(tmp_path: Path) -> None:
    row = "replies: {a: {title: {fi: A, da: A, en: A}, text: {fi: '{fee}', da: '{fee}', en: '{agent} {fee}'}}}"
    (reply,) = load_canned(written(tmp_path, row))
    assert dict(reply.text) == {"fi": "4,90\u00a0€", "da": "39\u00a0kr.", "en": "{agent} €4.90"}


def test_without_a_file_there_are_no_replies(tmp_path: Path) -> None:
    assert load_canned(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "replies: a mapping"),
        ("replies: {a: {title: {fi: A, da: A, en: A}, text: {fi: A, en: A}}}", "replies.a.text.da: missing"),
        ("replies: {a: {title: {fi: A, da: A, en: A}, text: {fi: '{x}', da: A, en: A}}}", "unknown placeholder {x}"),
        ("replies: {a: {title: {fi: A, da: A, en: A}, text: {fi: '{', da: A, en: A}}}", "replies.a.text.fi"),
        ("replies: {a: {title: {fi: A, da: A, en: A}, text: {fi: A, da: A, en: A}, tags: 1}}", "a.tags: no such field"),
        ("replies: [", "canned.yml"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_canned(written(tmp_path, text))
    assert any(problem in line and "canned.yml" in line for line in caught.value.problems)
