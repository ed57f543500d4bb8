"""Each request: the entries it writes, what the bot is told, what the visitor reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff import decisions
from handoff.conversation import Assignee, Conversation, Status
from handoff.decisions import Decision, Waits
from handoff.entry import for_visitor
from handoff.errors import BadRequest, Forbidden, InvalidTransition
from handoff.events import Button, Failure, HandoffRequest, InboundKind, Line, Outcome, Reply
from tests.handoff.texts_for_tests import texts

AT = "2026-11-21T10:15:30.123Z"
LATER = "2026-11-21T11:00:00.000Z"
AINO = Assignee("a1", "Aino")
MIKKEL = Assignee("a2", "Mikkel")
NEW = Conversation("c", language="en")
NOTHING = HandoffRequest(())
NEEDED = HandoffRequest(({"code": "bot_unavailable", "evidence": [], "of": 1},), "high", "orders")
OPEN = Waits(open=True)


def said(conversation: Conversation = NEW, text: str = "hello", topic: str | None = None) -> Decision:
    return decisions.visitor_wrote(conversation, texts(), at=AT, text=text, client_id="m", topic=topic)


def answered(conversation: Conversation, outcome: Outcome, fallback: HandoffRequest = NOTHING) -> Decision:
    made = decisions.bot_answered(conversation, texts(), outcome, at=AT, waits=OPEN, fallback=fallback)
    assert made is not None
    return made


def queued() -> Conversation:
    return decisions.hand_off(said().after, texts(), at=AT, waits=OPEN).after


def assigned(agent: Assignee = AINO) -> Conversation:
    return decisions.claim(queued(), texts(), at=AT, agent=agent).after


def kinds(decision: Decision) -> list[str]:
    return [entry.kind.value for entry in decision.entries]


def assert_numbered(decision: Decision) -> None:
    first = decision.before.last + 1
    assert [entry.seq for entry in decision.entries] == list(range(first, first + len(decision.entries)))
    assert decision.after.last == decision.before.last + len(decision.entries)
    assert decision.after.version == decision.before.version + 1


def test_a_first_message_begins_the_conversation_and_goes_to_the_bot() -> None:
    made = said(topic="faq/return_how")
    assert_numbered(made)
    assert made.answer == {"seq": 1}
    assert made.after.created_at == made.after.updated_at == AT
    (inbound,) = made.inbox
    assert (inbound.kind, inbound.of, inbound.text, inbound.topic) == (
        InboundKind.MESSAGE,
        1,
        "hello",
        "faq/return_how",
    )
    assert inbound.message_id == "c:1:message"
    assert made.after.bot_pending == (1,)


@pytest.mark.parametrize("conversation", [queued(), assigned()], ids=["queued", "assigned"])
def test_i6_the_bot_hears_nothing_while_it_is_not_the_responder(conversation: Conversation) -> None:
    made = said(conversation)
    assert made.inbox == ()
    assert kinds(made) == ["message"]
    assert made.after.status is conversation.status


def test_a_message_opens_a_resolved_conversation_again() -> None:
    closed = decisions.resolve(
        assigned(), texts(), at=AT, by=AINO, outcome="helped", history=[], supervisor=False
    ).after
    made = said(closed)
    assert kinds(made) == ["reopened", "message"]
    assert made.after.status is Status.BOT
    assert made.after.last_agent is None and made.after.reasons == ()
    assert_numbered(made)


def test_the_bots_answer_is_written_with_its_understanding_language_and_buttons() -> None:
    outcome = Outcome(
        "c",
        "m",
        1,
        language="da",
        replies=(Reply("Hej", (Button("Retur", "faq/return_how"),)), Reply("Mere")),
        nlu={"topic": "greet", "confidence": 0.9, "decision": "answer", "entities": {"order_number": "1"}},
        slots={"x": 1},
    )
    made = answered(said().after, outcome)
    assert kinds(made) == ["nlu", "language", "notice", "message", "message"]
    assert made.after.language == "da"
    assert made.after.bot_pending == ()
    assert made.after.topics[0]["answered"] is True
    assert made.after.entities == {"order_number": "1"} and made.after.slots == {"x": 1}
    (button,) = made.entries[3].buttons
    assert made.buttons[button["id"]] == {"title": "Retur", "topic": "faq/return_how"}
    assert "topic" not in button, "the visitor gets an opaque id"
    assert made.entries[0].data["of"] == 1
    assert for_visitor(made.entries[0].for_agent()) == {"seq": 2, "kind": "hidden"}
    assert_numbered(made)


def test_i6_an_answer_that_comes_after_a_person_was_asked_for_is_dropped() -> None:
    late = Outcome("c", "m", 1, replies=(Reply("too late"),), nlu={"topic": "greet", "decision": "answer"})
    made = answered(queued(), late)
    assert kinds(made) == ["nlu"]
    assert made.after.topics[0]["answered"] is False
    silent = Outcome("c", "m", 1, replies=(Reply("too late"),))
    assert decisions.bot_answered(queued(), texts(), silent, at=AT, waits=OPEN, fallback=NOTHING) is None


def test_an_answer_to_nothing_that_is_owed_is_dropped() -> None:
    twice = Outcome("c", "m", 99, replies=(Reply("again"),))
    assert decisions.bot_answered(said().after, texts(), twice, at=AT, waits=OPEN, fallback=NOTHING) is None


def test_the_bots_wish_for_a_person_queues_with_reasons_priority_and_skill() -> None:
    wish = HandoffRequest(
        ({"code": "human_topic", "topic": "human/fraud", "evidence": ["my card"], "of": 1},), "urgent", "billing"
    )
    made = answered(said().after, Outcome("c", "m", 1, replies=(Reply("Block your card"),), handoff=wish))
    assert kinds(made) == ["notice", "message", "handoff"]
    after = made.after
    assert (after.status, after.priority, after.skill) == (Status.QUEUED, "urgent", "billing")
    assert after.reasons[0]["evidence"] == ["my card"]
    assert (after.waiting_since, after.requested_at, after.human_from) == (AT, AT, 4)
    shown = for_visitor(made.entries[2].for_agent())
    assert "reasons" not in shown and "priority" not in shown, "reasons are for agents"
    assert shown["text"] == texts().say("en", "queued")
    assert made.inbox == (), "Rasa has paused itself"


def test_a_wish_for_a_person_that_comes_too_late_is_granted_since_the_bot_has_paused_itself() -> None:
    told = decisions.bot_late(said().after, texts(), at=AT)
    assert told is not None
    wish = HandoffRequest(({"code": "human_topic", "topic": "human/fraud", "evidence": [], "of": 1},), "urgent")
    late = Outcome("c", "m", 1, replies=(Reply("dropped"),), handoff=wish)
    made = answered(told.after, late)
    assert kinds(made) == ["handoff"]
    assert (made.after.status, made.after.priority) == (Status.QUEUED, "urgent")
    again = decisions.bot_answered(queued(), texts(), late, at=AT, waits=OPEN, fallback=NOTHING)
    assert again is None, "a person was asked for already"


def test_a_wish_for_a_person_in_a_conversation_that_has_ended_only_wakes_the_bot() -> None:
    ended = decisions.resolve(said().after, texts(), at=AT, by=None, outcome=None, history=[]).after
    made = answered(ended, Outcome("c", "m", 1, replies=(Reply("dropped"),), handoff=NEEDED))
    assert kinds(made) == []
    assert made.after.status is Status.RESOLVED
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.RESUME]


def test_a_turn_that_brought_nothing_is_told_like_a_late_bot_and_the_bot_is_woken() -> None:
    made = answered(said().after, Outcome("c", "m", 1, nlu={"topic": "greet", "decision": "answer"}))
    assert kinds(made) == ["nlu", "message"]
    assert made.entries[1].text == texts().say("en", "bot_late")
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.RESUME]


def test_a_failed_handoff_action_still_brings_a_person() -> None:
    failed = Outcome("c", "m", 1, failure=Failure.ACTION, failed_action="action_request_handoff")
    made = answered(said().after, failed, NEEDED)
    assert made.after.status is Status.QUEUED
    assert made.entries[0].text == texts().say("en", "bot_failed_queued")
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.PAUSE]
    assert (made.after.priority, made.after.skill) == ("high", "orders")


def test_any_other_failure_is_told_like_a_late_bot() -> None:
    made = answered(said().after, Outcome("c", "m", 1, failure=Failure.POISON))
    assert made.after.status is Status.BOT
    assert made.entries[0].text == texts().say("en", "bot_late")


def test_r21_a_late_bot_is_told_once_with_a_button_for_a_person_and_its_answer_dropped() -> None:
    waiting = said(said().after, "again").after
    assert waiting.bot_pending == (1, 2)
    made = decisions.bot_late(waiting, texts(), at=AT)
    assert made is not None
    assert made.after.bot_pending == ()
    (button,) = made.entries[0].buttons
    assert made.buttons[button["id"]]["topic"] == decisions.HANDOFF_BUTTON
    assert decisions.bot_late(made.after, texts(), at=AT) is None
    assert decisions.bot_late(queued(), texts(), at=AT) is None


def test_who_asks_for_a_person_because_the_bot_was_late_has_that_as_a_reason_in_their_own_words() -> None:
    waiting = said(said().after, "where is my order?").after
    late = decisions.bot_late(waiting, texts(), at=AT)
    assert late is not None
    asked = decisions.hand_off(late.after, texts(), at=AT, waits=OPEN).after
    unavailable = {"code": "bot_unavailable", "topic": None, "evidence": ["where is my order?"], "of": 2}
    assert [reason["code"] for reason in asked.reasons] == ["asked", "bot_unavailable"]
    assert asked.reasons[1] == unavailable
    assert asked.late is None


def test_a_bot_that_has_answered_since_is_no_reason_any_more() -> None:
    late = decisions.bot_late(said().after, texts(), at=AT)
    assert late is not None
    again = said(late.after, "hello?").after
    made = answered(again, Outcome("c", "m", again.bot_pending[-1], replies=(Reply("here"),)))
    assert made is not None
    asked = decisions.hand_off(made.after, texts(), at=AT, waits=OPEN).after
    assert [reason["code"] for reason in asked.reasons] == ["asked"]


def test_asking_for_a_person_queues_at_once_and_says_so() -> None:
    made = decisions.hand_off(said().after, texts(), at=AT, waits=OPEN)
    assert kinds(made) == ["handoff"]
    assert made.after.reasons[0]["code"] == "asked"
    assert made.after.bot_pending == ()
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.PAUSE]
    assert made.answer == {"status": "queued"}


def test_asking_out_of_hours_names_the_hours() -> None:
    made = decisions.hand_off(NEW, texts(), at=AT, waits=Waits(open=False))
    assert made.entries[0].text == texts().say("en", "queued_closed")


def test_asking_twice_changes_nothing_but_says_that_the_place_is_kept() -> None:
    made = decisions.hand_off(queued(), texts(), at="2026-11-21T11:00:00.000Z", waits=OPEN)
    assert made.entries[0].text == texts().say("en", "queued_again")
    assert len(made.after.reasons) == 1
    assert made.after.waiting_since == AT
    assert made.inbox == ()


def test_a_pressed_button_for_a_person_keeps_the_visitors_words_as_evidence() -> None:
    made = decisions.hand_off(said().after, texts(), at=AT, waits=OPEN, text="Talk to a person", client_id="b")
    assert kinds(made) == ["message", "handoff"]
    assert made.answer["seq"] == 2
    assert made.after.reasons[0]["evidence"] == ["Talk to a person"]


def test_a_second_wish_of_the_bot_adds_reasons_and_only_raises_the_priority() -> None:
    waiting = replace(queued(), bot_pending=(), priority="high", skill="orders")
    with pytest.raises(InvalidTransition):
        decisions.hand_off(assigned(), texts(), at=AT, waits=OPEN)
    again = decisions.hand_off(waiting, texts(), at=AT, waits=OPEN)
    assert (again.after.priority, again.after.skill) == ("high", "orders")


def test_leaving_the_queue_returns_to_the_bot_kindly() -> None:
    made = decisions.cancel_handoff(queued(), texts(), at=AT, history=[Line("visitor", "hm")])
    assert kinds(made) == ["returned_to_bot"]
    assert made.entries[0].text == texts().say("en", "cancelled")
    (inbound,) = made.inbox
    assert inbound.kind is InboundKind.RESUME and inbound.history == (Line("visitor", "hm"),)
    assert made.after.human_from == 0
    with pytest.raises(InvalidTransition):
        decisions.cancel_handoff(assigned(), texts(), at=AT, history=[])


def test_a_claim_tells_the_visitor_who_has_joined() -> None:
    made = decisions.claim(queued(), texts(), at=AT, agent=AINO)
    assert kinds(made) == ["assigned"]
    assert "Aino" in (made.entries[0].text or "")
    assert made.inbox == ()


def test_stepping_in_silences_the_bot_and_gives_the_reason() -> None:
    made = decisions.claim(said().after, texts(), at=AT, agent=AINO)
    assert made.after.reasons[0]["code"] == "agent_stepped_in"
    assert made.after.bot_pending == ()
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.PAUSE]


def test_i4_only_the_assignee_or_a_supervisor_may_write() -> None:
    made = decisions.agent_wrote(assigned(), at=AT, agent=AINO, text="Hi", client_id="x")
    assert made.entries[0].author.name == "Aino"
    with pytest.raises(Forbidden) as refused:
        decisions.agent_wrote(assigned(), at=AT, agent=MIKKEL, text="Hi", client_id="x")
    assert refused.value.extra["assignee"] == {"id": "a1", "name": "Aino"}
    with pytest.raises(Forbidden):
        decisions.agent_wrote(queued(), at=AT, agent=AINO, text="Hi", client_id="x")
    with pytest.raises(Forbidden):
        decisions.agent_wrote(assigned(), at=AT, agent=MIKKEL, text="Hi", client_id="x", supervisor=True)
    joined = replace(assigned(), helpers=(MIKKEL.id,))
    stepped = decisions.agent_wrote(joined, at=AT, agent=MIKKEL, text="Hi", client_id="x", supervisor=True)
    assert stepped.entries[0].author.name == "Mikkel"


def test_a_note_is_for_agents_only() -> None:
    made = decisions.note(queued(), at=AT, agent=MIKKEL, text="calm", client_id="n")
    assert for_visitor(made.entries[0].for_agent()) == {"seq": made.after.last, "kind": "hidden"}


def test_a_transfer_to_a_skill_queues_and_to_an_agent_assigns() -> None:
    to_skill = decisions.transfer(assigned(), texts(), at=AT, by=AINO, note="why", skill="billing")
    assert (to_skill.after.status, to_skill.after.skill) == (Status.QUEUED, "billing")
    assert "note" not in for_visitor(to_skill.entries[0].for_agent())
    to_agent = decisions.transfer(assigned(), texts(), at=AT, by=AINO, note=None, to=MIKKEL)
    assert kinds(to_agent) == ["transferred", "assigned"]
    assert to_agent.after.assignee == MIKKEL
    with pytest.raises(Forbidden):
        decisions.transfer(assigned(), texts(), at=AT, by=MIKKEL, note=None, skill="billing")
    waiting = decisions.transfer(queued(), texts(), at=AT, by=MIKKEL, note=None, skill="billing")
    assert waiting.after.status is Status.QUEUED


def test_who_passes_it_on_to_a_skill_and_who_had_it_are_noted_until_somebody_has_it() -> None:
    own = decisions.transfer(assigned(), texts(), at=AT, by=AINO, note="not mine", skill="general").after
    assert own.passed_by == ("a1",)
    led = decisions.transfer(assigned(), texts(), at=AT, by=MIKKEL, note=None, skill="billing", supervisor=True).after
    assert led.passed_by == ("a1", "a2")
    again = decisions.transfer(own, texts(), at=AT, by=MIKKEL, note=None, skill="billing").after
    assert again.passed_by == ("a1", "a2"), "out of the queue, too"
    assert decisions.claim(again, texts(), at=AT, agent=AINO).after.passed_by == ()
    assert decisions.cancel_handoff(again, texts(), at=AT, history=[]).after.passed_by == ()
    to_agent = decisions.transfer(assigned(), texts(), at=AT, by=AINO, note=None, to=MIKKEL).after
    assert to_agent.passed_by == ()
    assert decisions.agent_lost(to_agent, texts(), at=AT).after.passed_by == (), "who was lost has passed nothing on"


def test_the_bot_comes_back_with_the_human_stretch_and_says_so() -> None:
    history = [Line("visitor", "hi"), Line("agent", "hello")]
    made = decisions.return_to_bot(assigned(), texts(), at=AT, agent=AINO, note="done", history=history)
    assert kinds(made) == ["note", "returned_to_bot"]
    (inbound,) = made.inbox
    assert inbound.kind is InboundKind.RESUME and inbound.history == tuple(history)
    assert made.after.status is Status.BOT and made.after.bot_pending == ()
    plain = decisions.return_to_bot(assigned(), texts(), at=AT, agent=AINO, note=None, history=[])
    assert kinds(plain) == ["returned_to_bot"]
    with pytest.raises(Forbidden):
        decisions.return_to_bot(assigned(), texts(), at=AT, agent=MIKKEL, note=None, history=[])


def test_resolving_ends_the_human_stretch_for_the_tracker_too() -> None:
    made = decisions.resolve(assigned(), texts(), at=AT, by=AINO, outcome="helped", history=[Line("agent", "bye")])
    assert (made.after.status, made.after.outcome) == (Status.RESOLVED, "helped")
    assert [inbound.kind for inbound in made.inbox] == [InboundKind.RESUME]
    with pytest.raises(Forbidden):
        decisions.resolve(assigned(), texts(), at=AT, by=MIKKEL, outcome=None, history=[])


def test_what_is_closed_stays_as_it_was_closed_whoever_ends_it_again() -> None:
    closed = decisions.resolve(assigned(), texts(), at=AT, by=AINO, outcome="refunded", history=[]).after
    for by, outcome in ((None, "ended_by_visitor"), (MIKKEL, "solved"), (AINO, None)):
        made = decisions.resolve(closed, texts(), at=LATER, by=by, outcome=outcome, history=[])
        assert made.answer == {"status": "resolved"}, "who asks is told that it is so"
        assert made.entries == () and made.inbox == ()
        assert (made.after.status, made.after.outcome, made.after.last) == (Status.RESOLVED, "refunded", closed.last)
        assert_numbered(made)


def test_the_visitor_may_end_at_any_time_and_the_bot_is_not_asked_again() -> None:
    made = decisions.resolve(said().after, texts(), at=AT, by=None, outcome=None, history=[])
    assert made.after.status is Status.RESOLVED
    assert made.after.bot_pending == () and made.inbox == ()
    assert made.entries[0].author.role.value == "visitor"


def test_bot_and_agent_are_rated_apart() -> None:
    bot = decisions.rate(said().after, texts(), at=AT, score=4, comment=None)
    agent = decisions.rate(assigned(), texts(), at=AT, score=2, comment="slow")
    assert bot.entries[0].data["rated"] == "bot"
    assert (agent.entries[0].data["rated"], agent.entries[0].data["agent"]) == ("agent", "a1")


def test_the_bot_is_rated_by_name_also_after_an_agent_answered() -> None:
    bot = decisions.rate(assigned(), texts(), at=AT, score=5, comment=None, of="bot")
    assert bot.entries[0].data["rated"] == "bot" and "agent" not in bot.entries[0].data


def test_an_agents_stars_are_the_agents_also_when_the_bot_has_gone_on_since() -> None:
    closed = decisions.resolve(assigned(), texts(), at=AT, by=AINO, outcome="helped", history=[]).after
    again = said(closed).after
    assert again.last_agent is None, "opened again"
    later = answered(again, Outcome("c", "m", again.bot_pending[-1], replies=(Reply("Hi again"),))).after
    for state in (again, later):
        data = decisions.rate(state, texts(), at=LATER, score=5, comment=None, of="agent").entries[0].data
        assert (data["rated"], data.get("agent")) == ("agent", "a1")
    old = replace(later, had_by=())
    assert decisions.rate(old, texts(), at=LATER, score=5, comment=None, of="agent").entries[0].data["agent"] == "a1"


def test_stars_without_a_name_are_for_who_answered_last() -> None:
    def rated(state: Conversation) -> str:
        return str(decisions.rate(state, texts(), at=LATER, score=3, comment=None).entries[0].data["rated"])

    back = decisions.return_to_bot(assigned(), texts(), at=AT, agent=AINO, note=None, history=[]).after
    assert rated(back) == "bot"
    closed = decisions.resolve(assigned(), texts(), at=AT, by=AINO, outcome=None, history=[]).after
    assert rated(closed) == "agent"
    assert rated(queued()) == "bot", "nobody has come yet"


def test_an_agent_who_was_never_there_is_not_rated_and_neither_is_the_bot_instead() -> None:
    with pytest.raises(BadRequest) as refused:
        decisions.rate(said().after, texts(), at=AT, score=1, comment=None, of="agent")
    assert refused.value.extra == {"field": "of"}


def test_r16_a_lost_agents_conversation_goes_back_first_in_line_and_the_visitor_is_told() -> None:
    made = decisions.agent_lost(assigned(), texts(), at="2026-11-21T11:00:00.000Z")
    assert made.after.status is Status.QUEUED and made.after.lost
    assert made.after.waiting_since == AT
    assert made.entries[0].text == texts().say("en", "agent_lost")
    with pytest.raises(InvalidTransition):
        decisions.agent_lost(queued(), texts(), at=AT)


def test_the_visitors_choice_of_language_holds_for_every_text_after() -> None:
    made = decisions.set_language(said().after, at=AT, language="fi")
    assert made.answer == {"language": "fi"}
    late = decisions.bot_late(made.after, texts(), at=AT)
    assert late is not None and late.entries[0].text == texts().say("fi", "bot_late")


def test_the_answer_that_was_under_way_does_not_undo_the_visitors_choice_of_language() -> None:
    asked = said(NEW, "Missä pakettini on?").after
    chosen = decisions.set_language(asked, at=AT, language="da").after
    finnish = Outcome("c", "m", 1, language="fi", replies=(Reply("Vastaus"),))
    made = answered(chosen, finnish)
    assert made.after.language == "da"
    assert kinds(made) == ["notice", "message"], "no event turns the page back"
    assert [entry.language for entry in made.entries] == ["da", "fi"], "the answer itself is in its own language"
    failed = answered(chosen, Outcome("c", "m", 1, language="fi", failure=Failure.POISON))
    assert failed.entries[0].text == texts().say("da", "bot_late")


def test_what_the_visitor_writes_after_choosing_a_language_may_change_it_again() -> None:
    chosen = decisions.set_language(said().after, at=AT, language="da").after
    again = said(chosen, "Missä pakettini on?").after
    of = again.bot_pending[-1]
    made = answered(again, Outcome("c", "m", of, language="fi", replies=(Reply("Vastaus"),)))
    assert made.after.language == "fi" and "language" in kinds(made)


def test_turns_that_were_not_understood_are_counted_and_an_answer_ends_the_count() -> None:
    state = said().after
    for count in (1, 2):
        outcome = Outcome("c", "m", state.bot_pending[0], replies=(Reply("?"),), nlu={"decision": "clarify"})
        state = answered(state, outcome).after
        assert state.failed_turns == count
        state = said(state).after
    understood = Outcome("c", "m", state.bot_pending[0], replies=(Reply("!"),), nlu={"decision": "answer"})
    assert answered(state, understood).after.failed_turns == 0


def test_the_packet_keeps_the_latest_topics_only() -> None:
    state = replace(said().after, topics=tuple({"topic": str(n)} for n in range(decisions.TOPICS_KEPT)))
    made = answered(state, Outcome("c", "m", 1, nlu={"topic": "last"}))
    assert len(made.after.topics) == decisions.TOPICS_KEPT
    assert made.after.topics[-1]["topic"] == "last"


@pytest.mark.parametrize(
    ("replies", "additions", "told"),
    [
        (("Mon–Fri",), (), ["Mon–Fri"]),
        (("Mon–Fri",), ("Open now.",), ["Mon–Fri\n\nOpen now."]),
        (("I see.", "Mon–Fri"), ("Open now.",), ["I see.", "Mon–Fri\n\nOpen now."]),
        (("Mon–Fri", "30 days"), ("Open now.", ""), ["Mon–Fri\n\nOpen now.", "30 days"]),
        (("I see.", "Mon–Fri", "30 days"), ("Open now.", ""), ["I see.", "Mon–Fri", "30 days"]),
        (("Mon–Fri", "A person?"), ("Open now.",), ["Mon–Fri\n\nOpen now.", "A person?"]),
        (("Mon–Fri", "30 days", "A person?"), ("Open now.", ""), ["Mon–Fri\n\nOpen now.", "30 days", "A person?"]),
        (("A person?",), ("Open now.",), ["A person?"]),
    ],
)
def test_what_holds_right_now_stands_behind_the_answer_it_belongs_to(
    replies: tuple[str, ...], additions: tuple[str, ...], told: list[str]
) -> None:
    offer = (Button("Ask for a person", decisions.HANDOFF_BUTTON),)
    outcome_replies = tuple(Reply(text, offer if text == "A person?" else ()) for text in replies)
    outcome = Outcome("c", "m", 1, replies=outcome_replies)
    made = decisions.bot_answered(
        said().after, texts(), outcome, at=AT, waits=OPEN, fallback=NOTHING, additions=additions, first=[("a", "Late!")]
    )
    assert made is not None
    assert [entry.text for entry in made.entries if entry.kind.value == "message"] == ["Late!", *told]
    assert made.after.announced == ("a",)
