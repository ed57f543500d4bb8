from __future__ import annotations

from tests.actions.harness import answered, run, user


def test_every_answer_is_spoken_in_the_order_of_the_message() -> None:
    result = run("action_answer_several", user("x", "faq/opening_hours", also=["faq/return_how"]))
    assert result.spoken == ["utter_faq/opening_hours", "utter_faq/return_how"]
    assert (result.handoff, result.slots) == (None, {})


def test_that_they_did_not_help_passes_on_with_the_first_of_them() -> None:
    asked = [*user("x", "faq/get_invoice", also=["faq/return_how"]), *answered("action_answer_several")]
    result = run("action_answer_did_not_help", asked, user("ei auta", "answer_did_not_help", of=3))
    assert result.handoff is not None and result.handoff["reasons"][0]["topic"] == "faq/get_invoice"
