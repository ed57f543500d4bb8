"""The owner's texts: complete in three languages, facts filled in, mistakes named with file, language and key."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.texts import LANGUAGES, MAX_TITLE, SPOKEN, BadTexts, Texts, owner_directory


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """A copy of the shipped texts that a test may spoil."""
    shutil.copytree(owner_directory(), tmp_path / "owner")
    return tmp_path / "owner"


def change(owner: Path, language: str, edit: Any) -> None:
    path = owner / "texts" / f"{language}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_the_shipped_texts_are_complete_and_have_no_open_placeholder() -> None:
    texts = Texts()
    assert len(texts.topics) >= 76
    for language in LANGUAGES:
        for topic in texts.topics:
            entry = texts.entry(topic, language)
            assert entry.text and "{" not in entry.text, (language, topic)
            assert len(entry.title) <= MAX_TITLE
        for key in texts.keys:
            part, _, name = key.partition(".")
            text = texts.system(name, language) if part == "system" else texts.reason(name, language)
            assert {piece.partition("}")[0] for piece in text.split("{")[1:]} <= SPOKEN.get(key, frozenset())


def test_money_is_written_as_each_language_writes_it(owner: Path) -> None:
    facts = yaml.safe_load((owner / "company.yml").read_text(encoding="utf-8"))
    facts["facts"]["fee"] = {"fi": "4.90 EUR", "da": "1039 DKK", "en": "60 EUR"}
    (owner / "company.yml").write_text(yaml.safe_dump(facts, allow_unicode=True), encoding="utf-8")
    for language in LANGUAGES:
        change(owner, language, lambda content: content["answers"]["delivery_cost"].update(text="Fee: {fee}."))
    texts = Texts(owner)
    said = {language: texts.entry("faq/delivery_cost", language).text for language in LANGUAGES}
    assert said["fi"] == "Fee: 4,90\xa0€."
    assert said["da"] == "Fee: 1.039\xa0kr."  # the currency's own full stop is enough
    assert said["en"] == "Fee: €60."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_missing_in_one_language_is_named_with_file_and_key(owner: Path, language: str) -> None:
    change(owner, language, lambda content: content["answers"].pop("gift_card"))
    with pytest.raises(BadTexts, match=rf"texts/{language}\.yml: faq/gift_card: is missing in this language"):
        Texts(owner)


def test_an_unknown_placeholder_is_refused(owner: Path) -> None:
    change(owner, "da", lambda content: content["answers"]["gift_card"].update(text="Ring til {telefon}."))
    with pytest.raises(BadTexts, match=r"texts/da\.yml: answers\.gift_card\.text: unknown placeholder \{telefon\}"):
        Texts(owner)


def test_a_placeholder_known_only_when_spoken_is_allowed_just_where_it_is_known(owner: Path) -> None:
    change(owner, "en", lambda content: content["system"].update(queued="{name} comes."))
    with pytest.raises(BadTexts, match=r"system\.queued: unknown placeholder"):
        Texts(owner)
    assert "{name}" in Texts().system("assigned", "en")


def test_a_title_too_long_for_a_button_is_refused(owner: Path) -> None:
    change(owner, "fi", lambda content: content["answers"]["gift_card"].update(title="x" * (MAX_TITLE + 1)))
    with pytest.raises(BadTexts, match=r"texts/fi\.yml: answers\.gift_card\.title: .*20 characters"):
        Texts(owner)


def test_a_button_for_a_topic_that_does_not_exist_is_refused(owner: Path) -> None:
    change(owner, "en", lambda content: content["small_talk"]["greet"].update(buttons=["faq/weather"]))
    with pytest.raises(BadTexts, match="greet: offers faq/weather, which is no topic"):
        Texts(owner)


def test_an_empty_text_is_refused(owner: Path) -> None:
    change(owner, "en", lambda content: content["small_talk"]["thanks"].update(text=" "))
    with pytest.raises(BadTexts, match=r"texts/en\.yml: small_talk\.thanks\.text: has no text"):
        Texts(owner)


@pytest.mark.parametrize(
    "written", ["0401234567", "020333", "10:00", "4.90", "no", "2026-12-24", "1_000", "0x10", "~no", "1e3", ".5"]
)
def test_a_fact_is_said_as_it_is_written_whatever_yaml_takes_it_for(owner: Path, written: str) -> None:
    path = owner / "company.yml"
    path.write_text(f"{path.read_text(encoding='utf-8')}  odd: {{fi: {written}, da: x, en: x}}\n", encoding="utf-8")
    change(owner, "fi", lambda content: content["answers"]["gift_card"].update(text="Se on {odd}."))
    assert Texts(owner).entry("faq/gift_card", "fi").text == f"Se on {written}."


@pytest.mark.parametrize("written", ["", "~", "[a]", "{a: b}", "!!int 5"])
def test_a_fact_that_is_no_text_is_refused(owner: Path, written: str) -> None:
    path = owner / "company.yml"
    path.write_text(f"{path.read_text(encoding='utf-8')}  odd: {{fi: {written}, da: x, en: x}}\n", encoding="utf-8")
    with pytest.raises(BadTexts, match=r"company\.yml: facts\.odd: has no value for fi"):
        Texts(owner)


def test_a_fact_missing_in_one_language_is_refused(owner: Path) -> None:
    path = owner / "company.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    del content["facts"]["phone"]["da"]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(BadTexts, match=r"company\.yml: facts\.phone: has no value for da"):
        Texts(owner)


@pytest.mark.parametrize(
    ("content", "what"),
    [("answers: [", "is not valid YAML"), ("", "is empty"), ("language: sv\n", "the file's name says 'en'")],
)
def test_a_file_that_is_no_text_file_is_refused_in_one_line(owner: Path, content: str, what: str) -> None:
    (owner / "texts" / "en.yml").write_text(content, encoding="utf-8")
    with pytest.raises(BadTexts) as caught:
        Texts(owner)
    assert what in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_named(owner: Path) -> None:
    (owner / "texts" / "fi.yml").unlink()
    with pytest.raises(BadTexts, match=r"texts/fi\.yml: file: cannot be read"):
        Texts(owner)


def test_the_owners_directory_can_be_another(owner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(owner, "en", lambda content: content["small_talk"]["thanks"].update(text="Cheers!"))
    monkeypatch.setenv("SILTA_OWNER_DIR", str(owner))
    assert Texts().entry("thanks", "en").text == "Cheers!"


def test_a_topic_without_a_title_is_called_by_its_name() -> None:
    assert Texts().title("bot_identity", "en") == "Bot identity"
