"""What waits for more, and what is read as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import decisions
from handoff.conversation import Assignee, Conversation, Status
from handoff.decisions import Decision, Waits
from handoff.events import Failure, HandoffRequest, Inbound, InboundKind, Outcome, Part, Reply, decode_inbound, encode
from handoff.pause import BATCH_CHARS, Pause
from tests.handoff.texts_for_tests import texts

PAUSE = Pause(1.2, 0.5, 4.0)
AT = "2026-11-21T10:15:30.000Z"
SOON = "2026-11-21T10:15:30.400Z"
LATER = "2026-11-21T10:15:32.000Z"
NEW = Conversation("c", language="en")
NOTHING = HandoffRequest(())


def said(conversation: Conversation, text: str, *, at: str = AT, topic: str | None = None) -> Decision:
    return decisions.visitor_wrote(conversation, texts(), at=at, text=text, client_id=text, topic=topic, pause=PAUSE)


def answered(conversation: Conversation, of: int, **fields: object) -> Decision:
    outcome = Outcome("c", f"m{of}", of, **{"replies": (Reply("Hi"),), **fields})  # type: ignore[arg-type]
    made = decisions.bot_answered(conversation, texts(), outcome, at=LATER, waits=Waits(), fallback=NOTHING)
    assert made is not None
    return made


def let_go(conversation: Conversation) -> Decision:
    made = decisions.let_go(conversation, at=LATER)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("text", "wait_ms"),
    [
        ("hei", 1200),
        ("why?", 1200),
        ("Where is my order?", 500),
        ("(Where is my order?)", 500),
        ("I have a question.", 1200),
        ("", 1200),
    ],
)
def test_a_whole_question_waits_for_less(text: str, wait_ms: int) -> None:
    assert PAUSE.after_ms(text) == wait_ms


def test_an_owner_who_wants_no_pause_gets_none_after_questions_either() -> None:
    assert Pause(0.3, 0.5).after_ms("Where is my order?") == 300


def test_short_messages_in_a_row_are_one_turn_with_their_numbers() -> None:
    first = said(NEW, "hi")
    assert first.inbox == () and first.after.bot_pending == (1,)
    second = said(first.after, "where is my order", at=SOON)
    made = let_go(second.after)
    (inbound,) = made.inbox
    assert (inbound.text, inbound.of) == ("hi\nwhere is my order", 2)
    assert inbound.parts == (Part(1, "hi"), Part(2, "where is my order"))
    assert decode_inbound(encode(inbound)) == inbound
    assert (made.after.turn, made.after.held, made.after.bot_pending) == ((1, 2), (), (1, 2))
    done = answered(made.after, 2)
    assert (done.after.bot_pending, done.after.turn) == ((), ())


def test_a_lone_message_goes_as_it_is() -> None:
    (inbound,) = let_go(said(NEW, "hi").after).inbox
    assert (inbound.text, inbound.parts) == ("hi", ())


def test_a_button_goes_at_once_and_alone() -> None:
    (inbound,) = said(NEW, "Returns", topic="faq/return_how").inbox
    assert inbound.topic == "faq/return_how"
    held = said(NEW, "hi").after
    pressed = said(held, "Returns", at=SOON, topic="faq/return_how")
    assert [one.text for one in pressed.inbox] == ["hi"], "what was typed before it comes first"
    after = answered(pressed.after, 1).after
    assert PAUSE.due_ms(after.held) <= 1795256130400
    assert [one.text for one in let_go(after).inbox] == ["Returns"]


def test_what_comes_while_the_bot_is_busy_is_its_next_turn() -> None:
    busy = let_go(said(NEW, "hi").after).after
    for text in ("one", "two"):
        made = said(busy, text, at=LATER)
        assert made.inbox == ()
        busy = made.after
    assert decisions.let_go(busy, at=LATER) is None
    done = answered(busy, 1)
    assert done.after.bot_pending == (2, 3) and done.after.turn == ()
    assert [one.text for one in let_go(done.after).inbox] == ["one\ntwo"]


def test_no_more_is_read_as_one_than_one_message_may_have() -> None:
    made = said(said(NEW, "a" * (BATCH_CHARS - 1)).after, "bcd")
    assert [len(one.text) for one in made.inbox] == [BATCH_CHARS - 1]
    assert [message["text"] for message in made.after.held] == ["bcd"]


def test_i6_what_was_held_back_is_for_the_person_who_takes_over() -> None:
    held = said(NEW, "hi").after
    queued = decisions.hand_off(held, texts(), at=SOON, waits=Waits()).after
    assert (queued.held, queued.turn, queued.bot_pending, queued.human_from) == ((), (), (), 1)
    assert decisions.let_go(queued, at=LATER) is None


def test_a_late_bot_gets_what_was_held_all_the_same_for_a_wish_for_a_person_must_not_be_lost() -> None:
    busy = said(let_go(said(NEW, "hi").after).after, "my card was stolen", at=SOON).after
    late = decisions.bot_late(busy, texts(), at=LATER)
    assert late is not None
    assert [one.text for one in late.inbox] == ["my card was stolen"]
    assert (late.after.held, late.after.turn, late.after.bot_pending) == ((), (), ())
    wish = HandoffRequest(({"code": "human_topic", "topic": "human/fraud", "evidence": [], "of": 2},), "urgent")
    assert answered(late.after, 2, handoff=wish).after.status is Status.QUEUED


def test_messages_whose_hub_died_go_to_the_bot_before_anybody_is_told_that_it_is_late() -> None:
    made = decisions.bot_late(said(NEW, "hi").after, texts(), at=LATER)
    assert made is not None
    assert made.entries == () and [one.text for one in made.inbox] == ["hi"]
    assert made.after.turn == (1,)


def test_a_failed_turn_leaves_nothing_held() -> None:
    busy = said(let_go(said(NEW, "hi").after).after, "again", at=SOON).after
    made = answered(busy, 1, replies=(), failure=Failure.POISON)
    assert (made.after.held, made.after.turn, made.after.bot_pending) == ((), (), ())
    assert [one.text for one in made.inbox if one.kind is InboundKind.MESSAGE] == ["again"]


def test_p5_i12_the_notice_comes_before_the_bots_first_message_and_again_after_a_person() -> None:
    def kinds(made: Decision) -> list[str]:
        return [entry.kind.value for entry in made.entries]

    first = answered(let_go(said(NEW, "hi").after).after, 1, language="da")
    assert kinds(first) == ["language", "notice", "message"]
    assert first.entries[1].text == texts().say("da", "bot_notice"), "in the language of the answer"
    again = let_go(said(first.after, "and this").after)
    assert kinds(answered(again.after, again.after.last)) == ["message"]
    taken = decisions.claim(first.after, texts(), at=AT, agent=Assignee("a", "Aino")).after
    closed = decisions.resolve(
        taken, texts(), at=AT, by=Assignee("a", "Aino"), outcome=None, history=()
    ).after
    back = let_go(said(closed, "hello again").after)
    made = answered(back.after, back.after.last)
    assert [entry.text for entry in made.entries if entry.kind.value == "notice"] == [
        texts().say("da", "returned_to_bot")
    ]


def test_the_state_with_messages_held_survives_being_stored() -> None:
    state = said(NEW, "hi").after
    assert Conversation.from_json(state.to_json()) == replace(state)


def test_an_inbound_with_parts_that_are_none_is_refused() -> None:
    raw = encode(Inbound("c", "m", 1, parts=(Part(1, "x"),))).replace('"of":1,"text":"x"', '"of":"1","text":"x"')
    with pytest.raises(ValueError, match="parts"):
        decode_inbound(raw)
