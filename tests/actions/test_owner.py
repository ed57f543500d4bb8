from __future__ import annotations

import re
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


def test_who_may_be_in_danger_is_urgent_though_the_owner_leaves_it_out(folder: Path) -> None:
    edit(folder, topics={"self_harm": {"skill": "billing"}})
    owner = load(folder)
    assert owner.route("human/self_harm") == Route("urgent", "billing"), "no priority is not a normal one"
    assert owner.route("human/fraud") == Route("urgent", "general")
    edit(folder, topics={"fraud": {"priority": "high"}})
    assert load(folder).route("human/fraud") == Route("high", "general"), "the owner's word counts"


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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"topics": {"selfharm": {"priority": "urgent"}}},
            "topics.selfharm: is not known here; did you mean self_harm?",
        ),
        ({"topics": {"human/fraud": {}}}, "topics.human/fraud: is not known here; did you mean fraud?"),
        (
            {"topics": {"fraud": {"priorty": "urgent"}}},
            "topics.fraud.priorty: is not known here; did you mean priority?",
        ),
        ({"emotion": {"hot_angr": {}}}, "emotion.hot_angr: is not known here; did you mean hot_anger?"),
        ({"emotion": {"at_leest": 0.5}}, "emotion.at_leest: is not known here; did you mean at_least?"),
        ({"skills": {"x": ["place_ordr"]}}, "skills.x.place_ordr: is not known here; did you mean place_order?"),
        ({"not_understood": {"in_row": 2}}, "not_understood.in_row: is not known here; did you mean in_a_row?"),
        ({"topic": {}}, "topic: is not known here; did you mean topics?"),
        ({"xyzzy": {}}, "xyzzy: is not known here; choose from answer_did_not_help, emotion, not_understood, skills"),
    ],
)
def test_a_mistyped_name_is_told_with_the_nearest_that_there_is(
    folder: Path, changes: dict[str, object], told: str
) -> None:
    edit(folder, **changes)
    with pytest.raises(BadOwnerFile, match=re.escape(f"handoff.yml: {told}")):
        load(folder)


@pytest.mark.parametrize("file", ["handoff.yml", "texts/da.yml"])
def test_a_missing_or_broken_file_is_named(folder: Path, file: str) -> None:
    (folder / file).write_text("a: [", "utf-8")
    with pytest.raises(BadOwnerFile, match=file):
        load(folder)
    (folder / file).unlink()
    with pytest.raises(BadOwnerFile, match=file):
        load(folder)
