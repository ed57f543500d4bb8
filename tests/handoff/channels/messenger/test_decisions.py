"""What an edit does to the bot's turn: the new words are answered, and what comes next is never stuck behind them."""

from __future__ import annotations

from dataclasses import replace

from handoff import decisions
from handoff.channels.messenger.decisions import visitor_edited
from handoff.conversation import Conversation
from handoff.decisions import Decision, Waits
from handoff.events import HandoffRequest, Outcome, Part, Reply
from handoff.pause import Pause
from tests.handoff.texts_for_tests import texts

PAUSE = Pause(1.2, 0.5, 4.0)
AT = "2026-11-21T10:15:30.000Z"
LATER = "2026-11-21T10:15:32.000Z"
NEW = Conversation("c", channel="messenger", language="en", introduced="bot", noticed_at=AT)


def said(conversation: Conversation, text: str, *, topic: str | None = None, pause: Pause = PAUSE) -> Conversation:
    return decisions.visitor_wrote(
        conversation, texts(), at=AT, text=text, client_id=text, topic=topic, pause=pause
    ).after


def let_go(conversation: Conversation) -> Decision:
    made = decisions.let_go(conversation, at=LATER)
    assert made is not None
    return made


def edited(conversation: Conversation, of: int, text: str) -> Decision:
    return visitor_edited(conversation, at=LATER, of=of, text=text, masked=0)


def answered(conversation: Conversation, of: int, text: str = "Hi") -> Decision:
    outcome = Outcome("c", f"m{of}", of, replies=(Reply(text),))
    made = decisions.bot_answered(
        conversation, texts(), outcome, at=LATER, waits=Waits(), fallback=HandoffRequest(())
    )
    assert made is not None
    return made


def says(made: Decision) -> list[str | None]:
    return [entry.text for entry in made.entries if entry.kind.value == "message"]


def test_words_that_the_bot_was_not_given_yet_are_given_as_they_were_changed() -> None:
    state = said(said(NEW, "where is"), "thanks")
    made = edited(state, 1, "where is my order")
    assert made.inbox == () and made.after.bot_pending == (1, 2)
    (inbound,) = let_go(made.after).inbox
    assert (inbound.of, inbound.parts) == (2, (Part(1, "where is my order"), Part(2, "thanks")))


def test_a_buttons_topic_does_not_outlive_its_words() -> None:
    state = replace(said(NEW, "x"), turn=(9,))
    state = said(state, "Returns", topic="faq/return_how")
    assert edited(state, 2, "my order").after.held[1]["topic"] is None


def test_the_answer_to_the_old_words_is_dropped_and_the_next_question_is_not_stuck_behind_it() -> None:
    busy = let_go(said(NEW, "helo")).after
    made = edited(busy, 1, "hello")
    assert [inbound.text for inbound in made.inbox] == ["hello"]
    waits = said(made.after, "and another thing")
    dropped = answered(waits, 1, "to the old words")
    assert says(dropped) == []
    assert (dropped.after.turn, dropped.after.bot_pending) == ((), (2, 3))
    after = answered(dropped.after, 2, "to the new words")
    assert says(after) == ["to the new words"]
    (inbound,) = let_go(after.after).inbox
    assert inbound.text == "and another thing"
    assert answered(let_go(after.after).after, 3).after.bot_pending == ()


def test_a_turn_that_ends_without_an_entry_is_over_all_the_same() -> None:
    state = edited(let_go(said(NEW, "helo")).after, 1, "hello").after
    made = answered(state, 1)
    assert made.entries == () and made.after.turn == ()


def test_the_last_of_several_messages_read_as_one_is_edited_and_nobody_is_told_that_the_bot_is_late() -> None:
    busy = let_go(said(said(NEW, "where is my order"), "4711")).after
    state = edited(busy, 2, "4712").after
    first = answered(state, 2, "to both")
    assert says(first) == ["to both"]
    assert first.after.bot_pending == (3,)
    last = answered(first.after, 3, "to the new number")
    assert says(last) == ["to the new number"]
    assert (last.after.bot_pending, last.after.turn) == ((), ())


def test_the_first_of_several_messages_read_as_one_is_edited_and_both_are_answered() -> None:
    busy = let_go(said(said(NEW, "where is my ordr"), "4711")).after
    first = answered(edited(busy, 1, "where is my order").after, 2)
    last = answered(first.after, 3)
    assert says(first) == says(last) == ["Hi"]
    assert (last.after.bot_pending, last.after.turn) == ((), ())


def test_what_the_bot_was_given_alone_is_answered_in_its_new_words_only() -> None:
    state = said(NEW, "helo", pause=Pause(0.0))
    made = edited(state, 1, "hello")
    assert made.after.bot_pending == (2,)
    assert says(answered(made.after, 2)) == ["Hi"]


def test_an_edit_of_what_was_answered_or_is_a_persons_is_for_the_transcript_alone() -> None:
    state = answered(let_go(said(NEW, "helo")).after, 1).after
    assert edited(state, 1, "hello").inbox == ()
    queued = decisions.hand_off(said(NEW, "helo"), texts(), at=AT, waits=Waits()).after
    assert edited(queued, 1, "hello").inbox == ()
