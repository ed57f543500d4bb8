from __future__ import annotations

from typing import Any

import pytest

from actions.understanding import heard
from tests.actions.harness import call, user


def state(*events: Any, language: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = call("x", *events, language=language)["tracker"]
    return found


@pytest.mark.parametrize(
    ("slot", "component", "spoken"), [("da", "en", "da"), (None, "en", "en"), (None, None, "fi"), ("sv", None, "fi")]
)
def test_the_language_is_the_slots_then_the_messages_then_the_hubs(
    slot: str | None, component: str | None, spoken: str
) -> None:
    assert heard(state(user("x", "greet", language=component), language=slot)).language == spoken


def test_the_number_in_the_log_comes_from_the_message() -> None:
    assert heard(state(user("x", "greet", of=1), user("y", "greet", of=12))).of == 12


def test_without_the_component_the_intent_is_the_topic() -> None:
    found = state(user("x", "greet"))
    found["latest_message"] = {"text": "x", "intent": {"name": "faq", "full_retrieval_intent_name": "faq/warranty"}}
    assert heard(found).topic == "faq/warranty"


def test_an_empty_tracker_is_heard_as_nothing() -> None:
    nothing = heard({})
    assert (nothing.text, nothing.topic, nothing.of, nothing.language) == ("", None, None, "fi")
