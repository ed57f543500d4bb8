from __future__ import annotations

from actions.owner import owner
from tests.actions.harness import Event, answered, run, user

ACTION = "action_not_understood"
RESUME: list[Event] = [{"event": "resume"}, {"event": "action", "name": "action_listen"}]


def failed(of: int, count: int) -> list[Event]:
    return [
        *user("blorp", "faq/warranty", of),
        {"event": "action", "name": ACTION},
        {"event": "slot", "name": "failed_turns", "value": count},
        *answered("action_listen"),
    ]


def test_the_first_time_it_asks_for_other_words() -> None:
    result = run(ACTION, user("blorp", "faq/warranty"))
    assert (result.spoken, result.buttons, result.handoff) == (["utter_not_understood"], [], None)
    assert result.slots == {"failed_turns": 1}
    assert not result.silent


def test_topics_that_may_be_meant_are_offered_in_the_visitors_language_and_none_of_them() -> None:
    choices = ["faq/track_order", "human/missing_parcel"]
    result = run(ACTION, user("pakke", "faq/track_order", choices=choices), language="da")
    assert result.spoken == ["utter_clarify"]
    titles = owner().titles["da"]
    assert result.buttons == [
        (titles["faq/track_order"], "faq/track_order"),
        (titles["human/missing_parcel"], "human/missing_parcel"),
        (titles["none"], "nlu_fallback"),
    ]
    assert result.slots == {"failed_turns": 1}


def test_a_choice_without_a_title_is_not_offered() -> None:
    result = run(ACTION, user("x", "greet", choices=["faq/unheard_of"]))
    assert (result.spoken, result.buttons) == (["utter_not_understood"], [])


def test_a_person_stands_among_the_offers_under_the_name_that_visitors_know() -> None:
    choices = ["faq/gift_card", "human/talk_to_human"]
    for language in ("fi", "da", "en"):
        result = run(ACTION, user("x", "human/fraud", choices=choices), language=language)
        titles = owner().titles[language]
        assert result.buttons[1] == (titles["human/talk_to_human"], "human/talk_to_human")


def test_the_second_time_in_a_row_a_person_takes_over() -> None:
    result = run(ACTION, failed(1, 1), user("fnord", "faq/warranty", of=3))
    assert result.spoken == ["utter_not_understood_again"]
    assert result.handoff == {
        "reasons": [{"code": "not_understood", "evidence": ["fnord"], "of": 3, "count": 2}],
        "priority": "normal",
        "skill": "general",
    }
    assert result.silent
    assert result.slots["failed_turns"] == 2


def test_none_of_the_offered_is_the_second_time() -> None:
    result = run(ACTION, failed(1, 1), user("En mitään näistä", "nlu_fallback", pressed=True))
    assert result.handoff is not None


def test_something_understood_in_between_ends_the_row() -> None:
    between = [*user("hei", "greet", 2), *answered("utter_greet")]
    result = run(ACTION, failed(1, 1), between, user("fnord", "faq/warranty", 3))
    assert (result.handoff, result.slots) == (None, {"failed_turns": 1})


def test_a_conversation_that_came_back_from_a_person_starts_anew() -> None:
    result = run(ACTION, failed(1, 1), RESUME, user("fnord", "faq/warranty", 3))
    assert result.handoff is None
