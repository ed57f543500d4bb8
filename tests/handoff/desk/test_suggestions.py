from __future__ import annotations

from dataclasses import replace

from handoff.conversation import Conversation
from handoff.desk.suggestions import load_suggestions
from handoff.owner.canned import Reply
from handoff.settings import ROOT

HELLO = Reply("hello", {"fi": "Tervehdys", "da": "Hilsen", "en": "Greeting"}, {"fi": "Hei", "da": "Hej", "en": "Hello"})


def conversation(*topics: dict[str, object]) -> Conversation:
    return replace(Conversation(id="c1", language="fi"), topics=topics)


def test_the_latest_topic_comes_first_in_the_visitors_language_with_the_agents_own_beside() -> None:
    suggestions = load_suggestions(ROOT / "data" / "owner", [HELLO])
    earlier = {"topic": "faq/place_order", "runners_up": []}
    latest = {"topic": "human/complaint", "runners_up": [["faq/track_order", 0.3], ["faq/place_order", 0.1]]}
    answers = suggestions.of(conversation(earlier, latest), "da")
    assert [(one["kind"], one["key"]) for one in answers] == [
        ("vetted", "faq/track_order"),
        ("vetted", "faq/place_order"),
        ("canned", "hello"),
    ]
    assert "Omat tilaukset" in answers[0]["text"] and "Mine ordrer" in answers[0]["own"]
    assert (answers[2]["title"], answers[2]["text"], answers[2]["own"]) == ("Hilsen", "Hei", "Hej")


def test_without_topics_there_are_the_ready_replies() -> None:
    assert [one["key"] for one in load_suggestions(ROOT / "data" / "owner", [HELLO]).of(conversation(), "en")] == [
        "hello"
    ]
