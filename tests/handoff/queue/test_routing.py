from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.queue.routing import read_routing
from tests.handoff.texts_for_tests import OWNER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "handoff.yml"


def test_a_topic_goes_where_the_owner_says_and_any_other_the_usual_way(path: Path) -> None:
    path.write_text("topics:\n  bereavement: {priority: urgent, skill: care}\n  human/fraud: {priority: high}\n")
    routing = read_routing(path)
    assert routing.of("human/bereavement") == ("urgent", "care")
    assert routing.of("human/fraud") == ("high", "general")
    assert routing.of("human/legal") == routing.of("") == ("normal", "general")


def test_the_owners_file_of_the_repository_is_read() -> None:
    assert read_routing(OWNER / "handoff.yml").topics


@pytest.mark.parametrize("text", ["", "topics:", "topics: {}", "[]", "other: 1"])
def test_a_file_without_topics_routes_all_the_usual_way(path: Path, text: str) -> None:
    path.write_text(text)
    assert read_routing(path).topics == {}


def test_everything_that_is_wrong_is_named(path: Path) -> None:
    path.write_text(
        "topics:\n  one: {priority: soon}\n  two: just text\n  three: {priority: high, skill: [a]}\n"
        "  4: {skill: care}\n  five: {priority: high}\n"
    )
    with pytest.raises(SettingsError) as refused:
        read_routing(path)
    assert [problem.split(": ")[1] for problem in refused.value.problems] == [
        "topics.one.priority",
        "topics.two.priority",
        "topics.three.skill",
        "topics.4.priority",
    ]
    assert all(problem.startswith(str(path)) for problem in refused.value.problems)


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"handoff\.yml"):
        read_routing(path)
    for content in (b"topics: [unclosed", b"topics: \xff"):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match=r"handoff\.yml"):
            read_routing(path)


@pytest.mark.parametrize("topics", ["[a, b]", "text", "7"])
def test_topics_that_are_no_mapping_are_named(path: Path, topics: str) -> None:
    path.write_text(f"topics: {topics}\n")
    with pytest.raises(SettingsError, match="topics"):
        read_routing(path)
