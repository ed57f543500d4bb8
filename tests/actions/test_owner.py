from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from actions.owner import BadOwnerFile, Route, load

OWNER = Path(__file__).resolve().parents[2] / "data" / "owner"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(OWNER, tmp_path / "owner")
    return tmp_path / "owner"


def edit(folder: Path, **changes: object) -> None:
    file = folder / "handoff.yml"
    raw = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(yaml.safe_dump({**raw, **changes}), "utf-8")


def test_every_topic_for_a_person_has_a_route_and_a_title_in_every_language() -> None:
    owner = load(OWNER)
    texts = yaml.safe_load((OWNER / "texts" / "en.yml").read_text("utf-8"))
    assert set(owner.topics) == {f"human/{name}" for name in texts["human"]}
    for titles in owner.titles.values():
        assert set(owner.topics) <= set(titles)


def test_every_topic_with_a_skill_is_an_answer() -> None:
    texts = yaml.safe_load((OWNER / "texts" / "en.yml").read_text("utf-8"))
    assert {topic.removeprefix("faq/") for topic in load(OWNER).skills} <= set(texts["answers"])


def test_what_the_owner_leaves_out_is_normal_and_everyones(folder: Path) -> None:
    edit(folder, topics={"fraud": {"priority": "high"}}, skills={}, not_understood={}, answer_did_not_help={})
    owner = load(folder)
    assert owner.route("human/fraud") == Route("high", "general")
    assert owner.route("human/own_topic") == owner.not_understood == Route("normal", "general")
    assert owner.not_understood_in_a_row == 2


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"topics": {"fraud": {"priority": "very"}}}, "topics.fraud"),
        ({"topics": {"fraud": "high"}}, "topics.fraud"),
        ({"topics": {"fraud": {"skill": ["a"]}}}, "topics.fraud"),
        ({"topics": ["fraud"]}, "topics"),
        ({"not_understood": {"in_a_row": 0}}, "not_understood.in_a_row"),
        ({"not_understood": {"in_a_row": "two"}}, "not_understood.in_a_row"),
        ({"skills": {"orders": "track_order"}}, "skills.orders"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(folder: Path, changes: dict[str, object], place: str) -> None:
    edit(folder, **changes)
    with pytest.raises(BadOwnerFile, match=rf"owner\.bad_file: .*handoff\.yml: {place}: "):
        load(folder)


@pytest.mark.parametrize("file", ["handoff.yml", "texts/da.yml"])
def test_a_missing_or_broken_file_is_named(folder: Path, file: str) -> None:
    (folder / file).write_text("a: [", "utf-8")
    with pytest.raises(BadOwnerFile, match=file):
        load(folder)
    (folder / file).unlink()
    with pytest.raises(BadOwnerFile, match=file):
        load(folder)
