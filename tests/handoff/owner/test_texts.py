from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.texts import REASONS, SYSTEM, load_texts
from tests.handoff.texts_for_tests import OWNER, texts


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """A copy of the owner's folder to spoil."""
    return Path(shutil.copytree(OWNER, tmp_path / "owner"))


def change(path: Path, section: str, key: str, value: object) -> None:
    raw = yaml.safe_load(path.read_text("utf-8"))
    if value is None:
        del raw[section][key]
    else:
        raw[section][key] = value
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_service_exists_in_every_language(language: str) -> None:
    values = {"name": "Aino", "limit": 4000}
    for key in SYSTEM:
        said = texts().say(language, key, **values)
        assert said.strip() and "{" not in said, key
    for code in REASONS:
        assert texts().explain(language, {"code": code, "topic": "human/fraud", "name": "Aino"}), code


def test_every_topic_that_needs_a_person_has_a_title_in_every_language() -> None:
    known = {topic for topic in texts().titles["en"] if topic.startswith("human/")}
    assert len(known) == 18
    for language in LANGUAGES:
        assert known <= set(texts().titles[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_topic_for_a_person_is_explained_in_words_about_the_visitor(language: str) -> None:
    topics = {topic for topic in texts().titles[language] if topic.startswith("human/")} - {"human/talk_to_human"}
    said = {topic: texts().explain(language, {"code": "human_topic", "topic": topic}) for topic in topics}
    assert said == {topic: texts().whys[language][topic] for topic in topics}


def test_a_topic_without_such_words_is_explained_with_its_title(owner: Path) -> None:
    file = owner / "texts" / "en.yml"
    raw = yaml.safe_load(file.read_text("utf-8"))
    del raw["human"]["bereavement"]["why"]
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    said = load_texts(owner).explain("en", {"code": "human_topic", "topic": "human/bereavement"})
    assert texts().title("en", "human/bereavement") in said


def test_a_code_that_nobody_knows_is_shown_as_it_is() -> None:
    assert texts().explain("fi", {"code": "sunspots"}) == "sunspots"
    assert texts().title("fi", "faq/sunspots") == "faq/sunspots"


def test_a_missing_text_is_named_with_file_and_key(owner: Path) -> None:
    change(owner / "texts" / "da.yml", "system", "queued", None)
    with pytest.raises(SettingsError) as refused:
        load_texts(owner)
    assert len(refused.value.problems) == 1
    assert "da.yml" in refused.value.problems[0] and "system.queued: missing" in refused.value.problems[0]


@pytest.mark.parametrize(
    ("text", "said"), [("Hei {sukunimi}", "unknown placeholder {sukunimi}"), ("Hei {", "system.assigned:")]
)
def test_a_bad_placeholder_is_named(owner: Path, text: str, said: str) -> None:
    change(owner / "texts" / "fi.yml", "system", "assigned", text)
    with pytest.raises(SettingsError, match=r"fi\.yml") as refused:
        load_texts(owner)
    assert said in str(refused.value)


def test_files_that_cannot_be_read_are_all_named(owner: Path) -> None:
    (owner / "company.yml").unlink()
    (owner / "texts" / "fi.yml").write_text("system: [", "utf-8")
    (owner / "texts" / "da.yml").write_text("- no mapping", "utf-8")
    with pytest.raises(SettingsError) as refused:
        load_texts(owner)
    problems = "\n".join(refused.value.problems)
    assert "company.yml" in problems
    assert "fi.yml:1: not valid YAML" in problems
    assert "da.yml: not a mapping" in problems


def test_a_section_that_is_missing_is_every_text_missing(owner: Path) -> None:
    path = owner / "texts" / "en.yml"
    raw = yaml.safe_load(path.read_text("utf-8"))
    raw["reasons"] = None
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    with pytest.raises(SettingsError) as refused:
        load_texts(owner)
    assert len(refused.value.problems) == len(REASONS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_emotion_is_named_in_the_agents_language(language: str) -> None:
    reason = {"code": "emotion", "emotion": "cold_anger", "evidence": ["x"], "signs": ["no_such_sign"]}
    said = load_texts(OWNER).explain(language, reason)
    assert "cold_anger" not in said and "no_such_sign" not in said
    assert {"fi": "vihai", "da": "vred", "en": "angry"}[language] in said
