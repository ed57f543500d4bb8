from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import redis

from handoff.clock import now_ms, parse_ms
from handoff.conversation import Status
from handoff.errors import StoreUnavailable
from handoff.events import InboundKind
from handoff.fanout import Fanout
from handoff.gateway.agent import AgentSocket
from handoff.wire import agent as wire
from handoff.wire import visitor as visitor_wire
from tests.handoff.clients import Door
from tests.handoff.fake_bot import FakeBot
from tests.handoff.gateway.peers import RecordingPeer, hello, queue_notice
from tests.handoff.hub_process import HubProcess
from tests.handoff.parts import AINO, Parts
from tests.handoff.texts_for_tests import texts
from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.frames import Frame, Refusal
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until


async def refused(agent: Agent, code: str, type: str, **fields: Any) -> Frame:
    with pytest.raises(Refusal) as answer:
        await agent.ask(type, **fields)
    assert answer.value.code == code, answer.value
    return dict(answer.value.frame)


async def waiting(door: Door, **fields: Any) -> Visitor:
    """A visitor who waits for a person."""
    visitor = await door.visitor(**fields)
    await visitor.ask("request_handoff")
    await visitor.reaches("queued")
    return visitor


async def together(door: Door, name: str = "Aino") -> tuple[Visitor, Agent]:
    """A visitor and the agent who has just taken and opened the conversation."""
    visitor, agent = await waiting(door), await door.agent(name)
    await agent.claim(visitor.conversation)
    await agent.open(visitor.conversation)
    await visitor.reaches("assigned")
    return visitor, agent


# -- hello


async def test_an_agent_is_welcomed_with_itself_the_queue_and_its_conversations(door: Door) -> None:
    visitor = await waiting(door, language="fi")
    mine, _ = await together(door, "Mikkel")
    agent = await door.agent("Mikkel")
    welcome = agent.welcome
    more = {"now", "callbacks", "announcements", "agents", "skills", "may"}
    assert set(welcome) == {"type", "agent", "presence", "queue", "mine"} | more
    assert welcome["may"] == {"clear": False}, "as the owner has it"
    assert abs(parse_ms(welcome["now"]) - now_ms()) < 60_000
    who = welcome["agent"]
    assert {"id", "name", "role", "languages", "skills", "capacity"} <= set(who)
    assert (who["name"], who["role"], who["languages"]) == ("Mikkel", "agent", ["fi", "da", "en"])
    assert "password" not in who
    assert welcome["presence"] == "online"
    (line,) = [line for line in welcome["queue"] if line["conversation"] == visitor.conversation]
    assert (line["language"], line["status"], line["channel"], line["priority"]) == ("fi", "queued", "web", "normal")
    assert line["waiting_since"].endswith("Z")
    assert line["reason"]["code"] == "asked"
    assert line["reason"]["explanation"] == texts().explain("fi", {"code": "asked"}), "in the agent's language"
    (own,) = [line for line in welcome["mine"] if line["conversation"] == mine.conversation]
    assert (own["status"], own["last"]) == ("assigned", 2)


async def test_reasons_are_explained_in_the_language_that_the_console_asks_for(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("person: human/bereavement")
    await visitor.reaches("queued")
    client = await door.raw("/ws/agent")
    async with httpx.AsyncClient(base_url=door.address, trust_env=False) as http:
        await http.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
        token = (await http.post("/api/socket-token")).json()["token"]
    await client.send("hello", token=token, language="da")
    (line,) = [
        line for line in (await client.expect("welcome"))["queue"] if line["conversation"] == visitor.conversation
    ]
    reason = line["reason"]
    assert reason["explanation"] == texts().explain("da", reason)
    assert reason["evidence"] == ["person: human/bereavement"]
    ack = await client.ask("open", conversation=visitor.conversation)
    assert ack["handoff"]["reasons"][0]["explanation"] == reason["explanation"]
    handoff = await client.expect("event", kind="handoff")
    assert handoff["reasons"][0]["explanation"] == reason["explanation"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"type":"hello","token":"made up","id":"h"}', "unauthorized"),
        ('{"type":"hello","id":"h"}', "bad_request"),
        ('{"type":"presence","id":"h","value":"online"}', "bad_request"),
        ("not JSON", "bad_request"),
        ('{"type":"hello","token":"x","cursors":[1],"id":"h"}', "bad_request"),
    ],
)
async def test_s4_without_a_good_token_the_socket_is_closed(door: Door, first: str, code: str) -> None:
    client = await door.raw("/ws/agent")
    await client.send_raw(first)
    error = await client.expect("error")
    assert error["code"] == code
    assert error["id"] == ("h" if '"h"' in first else None)
    assert await client.closed() == 1008


async def test_a_binary_first_frame_closes_the_socket(door: Door) -> None:
    client = await door.raw("/ws/agent")
    await client.send_raw(b"\x00")
    assert await client.closed() == 1008


async def test_s4_a_socket_token_opens_one_socket(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.address, trust_env=False) as http:
        await http.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
        token = (await http.post("/api/socket-token")).json()["token"]
    first, second, visitor = await door.raw("/ws/agent"), await door.raw("/ws/agent"), await door.raw()
    await first.send("hello", token=token)
    await first.expect("welcome")
    await second.send("hello", token=token)
    await second.expect("error", code="unauthorized")
    assert await second.closed() == 1008
    await visitor.send("hello", token=token)
    await visitor.expect("error", code="unauthorized")


async def test_a_second_hello_is_refused_and_the_socket_stays(door: Door) -> None:
    agent = await door.agent()
    await agent.send("hello", token="x", id="again")
    assert (await agent.expect("error", id="again"))["code"] == "unauthorized"
    await agent.send("ping", id="p")
    assert await agent.expect("pong") == {"type": "pong", "id": "p"}
    await agent.send("ping")
    assert await agent.expect("pong") == {"type": "pong"}


async def test_missed_events_come_by_the_cursors_and_own_conversations_go_on(door: Door) -> None:
    visitor, agent = await together(door)
    last = max(agent.logs[visitor.conversation])
    other = await waiting(door)
    await agent.close()
    await visitor.say("while you were away")
    await other.say("and here")
    back = await door.agent(cursors={visitor.conversation: last, other.conversation: 0, "unknown": 0})
    await back.expect("event", conversation=visitor.conversation, text="while you were away")
    assert min(back.logs[visitor.conversation]) == last + 1
    await back.expect("event", conversation=other.conversation, text="and here")
    assert sorted(back.logs[other.conversation]) == [1, 2]
    await back.close()
    again = await door.agent()
    await visitor.say("followed without any cursor")
    await again.expect("event", conversation=visitor.conversation, text="followed without any cursor")


async def test_r23_a_cursor_that_the_log_does_not_hold_is_answered_by_a_resync(door: Door) -> None:
    visitor, _ = await together(door)
    back = await door.agent(cursors={visitor.conversation: 99})
    assert (await back.expect("resync"))["from"] == 1
    for seq in (1, 2):
        await back.expect("event", conversation=visitor.conversation, seq=seq)
    await back.ask("open", conversation=visitor.conversation, after=77)
    assert (await back.expect("resync"))["conversation"] == visitor.conversation
    await back.expect("event", conversation=visitor.conversation, seq=1)


# -- the queue


async def test_the_queue_is_pushed_line_by_line(door: Door) -> None:
    agent = await door.agent()
    visitor = await waiting(door)
    line = await agent.sees_queued(visitor.conversation)
    assert line["visitor"] == {"name": None} and line["reason"]["explanation"]
    await visitor.say("I have a question about my order")
    await agent.expect(
        "queue",
        conversation=visitor.conversation,
        where=lambda frame: frame["entry"]["last_text"] == "I have a question about my order",
    )
    await agent.claim(visitor.conversation)
    taken = await agent.expect(
        "queue", conversation=visitor.conversation, where=lambda frame: frame["entry"]["status"] == "assigned"
    )
    assert taken["entry"]["assignee"]["name"] == "Aino"
    assert taken["entry"]["assigned_at"]
    await agent.ask("resolve", conversation=visitor.conversation, outcome="helped")
    gone = await agent.expect("queue", conversation=visitor.conversation, entry=None)
    assert gone == {"type": "queue", "conversation": visitor.conversation, "entry": None}


async def test_a_conversation_with_the_bot_is_not_in_the_queue(door: Door, bot: FakeBot) -> None:
    agent, visitor = await door.agent(), await door.visitor()
    await visitor.say("hello")
    await visitor.hear("bot")
    await waiting(door)
    await agent.expect("queue")
    assert visitor.conversation not in agent.queue


async def test_i4_of_two_who_claim_at_once_one_wins_and_the_other_hears_who(door: Door) -> None:
    visitor, agents = await waiting(door), [await door.agent("Aino"), await door.agent("Mikkel")]
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]

    async def claim(agent: Agent, id: str) -> Frame:
        try:
            return await agent.ask("claim", id=id, conversation=visitor.conversation)
        except Refusal as refusal:
            return dict(refusal.frame)

    answers = await asyncio.gather(*map(claim, agents, ids))
    assert sorted(answer["type"] for answer in answers) == ["ack", "error"]
    winner = next(n for n, answer in enumerate(answers) if answer["type"] == "ack")
    assert answers[winner]["status"] == "assigned"
    name = agents[winner].welcome["agent"]["name"]
    conflict = answers[1 - winner]
    assert (conflict["code"], conflict["assignee"]["name"]) == ("conflict", name)
    assigned = await visitor.hear_event("assigned")
    assert assigned["author"]["name"] == name and name in assigned["text"]
    for n, name in enumerate(("Aino", "Mikkel")):  # the same ids again, over new sockets
        assert await claim(await door.agent(name), ids[n]) == answers[n]


async def test_what_is_not_there_or_closed_cannot_be_claimed(door: Door, bot: FakeBot) -> None:
    agent, visitor = await door.agent(), await door.visitor()
    await refused(agent, "not_found", "claim", conversation="nobody")
    await refused(agent, "not_found", "open", conversation="nobody")
    await visitor.say("hello")
    await visitor.ask("end")
    assert (await refused(agent, "conflict", "claim", conversation=visitor.conversation))["assignee"] is None


async def test_a_person_may_step_in_unasked_and_the_bot_is_silent_then(door: Door, bot: FakeBot) -> None:
    visitor, agent = await door.visitor(), await door.agent()
    await visitor.say("silence")
    await agent.claim(visitor.conversation)
    opened = await agent.open(visitor.conversation)
    assert opened["handoff"]["reasons"][0]["code"] == "agent_stepped_in"
    assert "Aino" in opened["handoff"]["reasons"][0]["explanation"]
    await visitor.say("hello?")
    await agent.hear(visitor.conversation, "visitor")
    assert bot.texts(visitor.conversation) == ["silence"], "I6"


# -- opening


async def test_opening_gives_the_packet_and_the_whole_history_with_the_bots_part(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("hello")
    await visitor.hear("bot")
    await visitor.say("person: human/bereavement")
    await visitor.reaches("queued")
    agent = await door.agent()
    await agent.claim(visitor.conversation)
    ack = await agent.open(visitor.conversation)
    log = agent.logs[visitor.conversation]
    assert [log[seq]["kind"] for seq in sorted(log)] == [
        "message", "nlu", "notice", "message", "message", "nlu", "message", "handoff", "assigned",
    ]  # fmt: skip
    assert {"topic", "confidence", "runners_up", "entities", "language", "emotion", "of"} <= set(log[2])
    assert (log[2]["of"], log[2]["topic"], log[2]["runners_up"]) == (1, "greet", [["goodbye", 0.02]])
    assert log[8]["reasons"][0]["code"] == "human_topic" and log[8]["priority"] == "high"
    packet = ack["handoff"]
    assert set(packet) >= {
        "conversation", "channel", "language", "requested_at", "waiting_since", "priority", "skill", "reasons",
        "topics", "failed_turns", "entities", "slots", "visitor", "summary", "masked",
    }  # fmt: skip
    assert (packet["priority"], packet["language"]) == ("high", "en")
    assert [topic["of"] for topic in packet["topics"]] == [1, 5]
    assert packet["summary"]
    assert (ack["status"], ack["assignee"]["name"], ack["last"]) == ("assigned", "Aino", 9)


async def test_opening_after_a_number_gives_the_rest(door: Door) -> None:
    visitor, agent = await together(door)
    await agent.say(visitor.conversation, "one")
    other = await door.agent("Mikkel")
    ack = await other.open(visitor.conversation, after=2)
    assert ack["last"] == 3
    assert sorted(other.logs[visitor.conversation]) == [3]
    await agent.say(visitor.conversation, "two")
    await other.expect("event", conversation=visitor.conversation, text="two")


async def test_a_conversation_that_was_never_opened_sends_nothing(door: Door) -> None:
    visitor, agent = await together(door)
    other = await door.agent("Mikkel")
    await agent.say(visitor.conversation, "for those who follow")
    await agent.expect("event", conversation=visitor.conversation, text="for those who follow")
    await other.ask("presence", value="online")
    assert not [frame for frame in other.frames if frame["type"] == "event"]


# -- talking


async def test_agent_and_visitor_hear_each_other_and_the_bot_nothing(door: Door, bot: FakeBot) -> None:
    visitor, agent = await together(door)
    sent = await agent.say(visitor.conversation, "Good morning!")
    heard = await visitor.hear("agent")
    assert heard["seq"] == sent["seq"]
    assert (heard["author"]["role"], heard["author"]["name"], heard["text"]) == ("agent", "Aino", "Good morning!")
    await visitor.say("Hello Aino")
    assert (await agent.hear(visitor.conversation, "visitor"))["text"] == "Hello Aino"
    assert bot.kinds(visitor.conversation) == [InboundKind.PAUSE]
    visitor.assert_no_gap()


async def test_i2_an_agents_message_sent_again_after_a_reconnect_is_one_message(door: Door) -> None:
    visitor, agent = await together(door)
    ack = await agent.ask("message", id="m1", conversation=visitor.conversation, text="once")
    await agent.close()
    back = await door.agent()
    assert await back.ask("message", id="m1", conversation=visitor.conversation, text="once") == ack
    await back.say(visitor.conversation, "last")
    await visitor.expect("event", text="last")
    assert visitor.texts("agent") == ["once", "last"]


async def test_i4_only_who_has_the_conversation_may_write_or_a_supervisor_who_steps_in(door: Door) -> None:
    visitor, agent = await together(door, "Aino")
    other, supervisor = await door.agent("Mikkel"), await door.agent("Sanna")
    conversation = visitor.conversation
    frames: dict[str, dict[str, Any]] = {
        "message": {"text": "x"},
        "return_to_bot": {},
        "resolve": {},
        "transfer": {"to": {"skill": "billing"}},
    }
    for type, fields in frames.items():
        error = await refused(other, "forbidden", type, conversation=conversation, **fields)
        assert error["assignee"]["name"] == "Aino"
    await refused(supervisor, "forbidden", "message", conversation=conversation, text="meant as a note")
    await supervisor.ask("join", conversation=conversation, seen=True)
    await supervisor.say(conversation, "Sanna here")
    heard = await visitor.hear("agent")
    assert (heard["author"]["name"], heard["text"]) == ("Sanna", "Sanna here")
    await agent.open(conversation)
    await refused(supervisor, "conflict", "claim", conversation=conversation)


async def test_nobody_writes_into_a_conversation_that_waits(door: Door) -> None:
    visitor, agent = await waiting(door), await door.agent()
    error = await refused(agent, "forbidden", "message", conversation=visitor.conversation, text="x")
    assert error["assignee"] is None
    await refused(agent, "not_found", "message", conversation="nobody", text="x")


async def test_a_note_is_seen_by_agents_and_is_a_number_for_the_visitor(door: Door) -> None:
    visitor, agent = await together(door)
    other = await door.agent("Mikkel")
    await other.open(visitor.conversation)
    ack = await other.ask("note", conversation=visitor.conversation, text="she called twice")
    note = await agent.expect("event", conversation=visitor.conversation, kind="note")
    assert (note["text"], note["author"]["name"], note["seq"]) == ("she called twice", "Mikkel", ack["seq"])
    hidden = await visitor.expect("event", seq=ack["seq"])
    assert hidden == {"type": "event", "seq": ack["seq"], "kind": "hidden"}


async def test_i9_nobody_is_shown_typing_in_a_conversation_that_is_not_open_there(door: Door) -> None:
    visitor, agent = await door.visitor(), await door.agent()
    await visitor.ask("request_handoff")
    await agent.sees_queued(visitor.conversation)
    await agent.send("typing", conversation=visitor.conversation, on=True)
    assert (await agent.expect("error"))["code"] == "forbidden"
    await visitor.ask("cancel_handoff")
    assert not [frame for frame in visitor.frames if frame["type"] == "typing" and frame["role"] == "agent"]


async def test_typing_is_shown_to_the_other_side_and_to_those_who_look_on(door: Door) -> None:
    visitor, agent = await together(door)
    other = await door.agent("Mikkel")
    await other.open(visitor.conversation)
    await agent.send("typing", conversation=visitor.conversation, on=True)
    shown = await visitor.expect("typing", role="agent")
    assert shown == {"type": "typing", "role": "agent", "name": "Aino", "on": True}
    assert (await other.expect("typing"))["name"] == "Aino"
    await visitor.send("typing", on=True)
    typed = await agent.expect("typing", role="visitor")
    assert typed == {"type": "typing", "conversation": visitor.conversation, "role": "visitor", "on": True}
    assert not [f for f in agent.frames if f["type"] == "typing" and f["role"] == "agent"], "not to oneself"


async def test_a_supervisor_who_looks_on_unseen_is_not_shown_typing_to_the_visitor(door: Door) -> None:
    visitor, agent = await together(door)
    supervisor = await door.agent("Sanna")
    await supervisor.open(visitor.conversation)
    await supervisor.ask("join", conversation=visitor.conversation, seen=False)
    await supervisor.send("typing", conversation=visitor.conversation, on=True)
    shown = await agent.expect("typing", role="agent")
    assert (shown["name"], "unseen" in shown) == ("Sanna", False), "the colleague may see it"
    await supervisor.ask("join", conversation=visitor.conversation, seen=True)
    await supervisor.send("typing", conversation=visitor.conversation, on=True)
    await visitor.expect("typing", role="agent")
    typed = [frame["name"] for frame in visitor.frames if frame["type"] == "typing" and frame["role"] == "agent"]
    assert typed == ["Sanna"], "of the two only the second"


async def test_who_looks_at_a_conversation_is_shown_to_colleagues_and_never_to_the_visitor(door: Door) -> None:
    visitor, agent = await together(door)
    other = await door.agent("Mikkel")
    await other.open(visitor.conversation)
    await other.send("viewing", conversation=visitor.conversation)
    seen = await agent.expect("viewing")
    assert (seen["conversation"], seen["name"], seen["on"]) == (visitor.conversation, "Mikkel", True)
    await other.send("viewing", conversation=None)
    assert (await agent.expect("viewing"))["on"] is False
    await agent.send("typing", conversation=visitor.conversation, on=True)
    await visitor.expect("typing", role="agent")
    assert not [frame for frame in visitor.frames if frame["type"] == "viewing"]


async def test_suggestions_are_answered_and_need_a_conversation(door: Door) -> None:
    visitor, agent = await together(door)
    answers = (await agent.ask("suggest", conversation=visitor.conversation))["answers"]
    assert {"kind", "key", "title", "text", "own"} <= answers[0].keys()
    await refused(agent, "not_found", "suggest", conversation="none")


# -- passing on


async def test_a_transfer_to_a_skill_waits_again_and_keeps_its_waiting_time(door: Door) -> None:
    visitor, agent = await together(door)
    before = agent.queue[visitor.conversation]["waiting_since"]
    to = {"skill": "billing"}
    ack = await agent.ask("transfer", conversation=visitor.conversation, to=to, note="wants money back")
    assert ack["status"] == "queued"
    await visitor.reaches("queued")
    event = await visitor.hear_event("transferred")
    assert event["text"] == texts().say("en", "transferred") and "note" not in event
    other = await door.agent("Mikkel")
    line = await other.sees_queued(visitor.conversation)
    assert (line["skill"], line["waiting_since"]) == ("billing", before)
    await other.claim(visitor.conversation)
    await other.open(visitor.conversation)
    assert other.logs[visitor.conversation][3]["note"] == "wants money back"


async def test_a_transfer_to_an_agent_assigns_at_once_if_that_agent_is_there(door: Door) -> None:
    visitor, agent = await together(door)
    other = await door.agent("Mikkel")
    to = {"agent": other.welcome["agent"]["id"]}
    await other.ask("presence", value="offline")
    await refused(agent, "bad_request", "transfer", conversation=visitor.conversation, to=to)
    await refused(agent, "not_found", "transfer", conversation=visitor.conversation, to={"agent": "nobody"})
    await refused(agent, "bad_request", "transfer", conversation=visitor.conversation, to={"supervisor": False})
    await other.ask("presence", value="online")
    ack = await agent.ask("transfer", conversation=visitor.conversation, to=to)
    assert ack["status"] == "assigned"
    assert (await visitor.hear_event("assigned", where=lambda f: f["author"]["name"] == "Mikkel"))["text"]
    await refused(agent, "forbidden", "message", conversation=visitor.conversation, text="x")
    await other.say(visitor.conversation, "Mikkel here")
    assert (await visitor.hear("agent"))["author"]["name"] == "Mikkel"


async def test_after_the_return_the_bot_answers_only_what_comes_after(door: Door, bot: FakeBot) -> None:
    visitor, agent = await together(door)
    await visitor.say("to the agent")
    await agent.hear(visitor.conversation, "visitor")
    await agent.say(visitor.conversation, "from the agent")
    ack = await agent.ask("return_to_bot", conversation=visitor.conversation, note="all clear")
    assert ack["status"] == "bot"
    back = await visitor.hear_event("returned_to_bot")
    assert back["text"] == texts().say("en", "returned_to_bot")
    await visitor.reaches("bot")
    await visitor.say("to the bot")
    assert (await visitor.hear("bot"))["text"] == "echo: to the bot"
    assert bot.texts(visitor.conversation) == ["to the bot"]
    (resume,) = [i for i in bot.heard if i.conversation == visitor.conversation and i.kind is InboundKind.RESUME]
    assert [(line.role, line.text) for line in resume.history] == [
        ("visitor", "to the agent"),
        ("agent", "from the agent"),
    ]
    await agent.expect("queue", conversation=visitor.conversation, entry=None)
    note = await agent.expect("event", conversation=visitor.conversation, kind="note")
    assert note["text"] == "all clear"
    await refused(agent, "forbidden", "message", conversation=visitor.conversation, text="x")


async def test_a_resolved_conversation_opens_again_with_the_bot(door: Door, bot: FakeBot) -> None:
    visitor, agent = await together(door)
    ack = await agent.ask("resolve", conversation=visitor.conversation, outcome="helped")
    assert ack["status"] == "resolved"
    resolved = await visitor.hear_event("resolved")
    assert resolved["text"] == texts().say("en", "resolved")
    await visitor.ask("rating", score=5)
    assert (await visitor.hear_event("rating"))["rated"] == "agent"
    await visitor.say("one more thing")
    assert (await visitor.hear("bot"))["text"] == "echo: one more thing"


async def test_the_visitor_may_end_while_an_agent_has_it(door: Door) -> None:
    visitor, agent = await together(door)
    await visitor.ask("end")
    event = await agent.expect("event", conversation=visitor.conversation, kind="resolved")
    assert event["author"]["role"] == "visitor"
    await agent.expect("queue", conversation=visitor.conversation, entry=None)


async def test_presence_is_kept_and_shown_to_the_others(door: Door) -> None:
    agent, other = await door.agent("Aino"), await door.agent("Mikkel")
    assert (await agent.ask("presence", value="away"))["value"] == "away"
    told = await other.expect("presence", value="away")
    assert (told["agent"], told["name"]) == (agent.welcome["agent"]["id"], "Aino")
    assert (await door.agent("Aino")).welcome["presence"] == "away"
    await agent.ask("presence", value="online")
    for value in ("busy", "", None, 1):
        await refused(agent, "bad_request", "presence", value=value)


# -- bad input


@pytest.mark.parametrize(
    ("raw", "code", "id"),
    [
        ("not JSON", "bad_request", None),
        ('{"type":"dance","id":"b1"}', "bad_request", "b1"),
        ('{"type":"accept","id":"b2","conversation":"c"}', "not_found", "b2"),
        ('{"type":"decline","id":"b3","conversation":"c"}', "not_found", "b3"),
        ('{"type":"suggested","id":"b4","conversation":"c"}', "bad_request", "b4"),
        ('{"type":"claim","id":"b5"}', "bad_request", "b5"),
        ('{"type":"claim","id":"b6","conversation":"with space"}', "bad_request", "b6"),
        ('{"type":"message","id":"b7","conversation":"c","text":" "}', "bad_request", "b7"),
        ('{"type":"message","id":"b8","conversation":"c","text":"' + "x" * 4001 + '"}', "too_large", "b8"),
        ('{"type":"resolve","id":"b9","conversation":"c","outcome":"' + "x" * 201 + '"}', "too_large", "b9"),
        (b"\x00\xff", "bad_request", None),
    ],
)
async def test_bad_input_gets_its_error_and_the_socket_stays(
    door: Door, raw: str | bytes, code: str, id: str | None
) -> None:
    agent = await door.agent()
    await agent.send_raw(raw)
    error = await agent.expect("error")
    assert (error["code"], error["id"]) == (code, id)
    await agent.ask("presence", value="online")


@pytest.mark.parametrize("type", sorted(set(visitor_wire.FRAMES) - set(wire.FRAMES)))
async def test_s6_an_agent_may_nothing_that_is_for_visitors(door: Door, type: str) -> None:
    agent = await door.agent()
    await refused(agent, "bad_request", type)


async def test_what_cannot_be_read_is_tried_again_later(door: Door, running_hub: HubProcess) -> None:
    visitor, agent = await waiting(door), await door.agent()
    with redis.Redis.from_url(running_hub.redis_url) as client:
        key = f"{{silta}}:c:{visitor.conversation}"
        kept: Any = client.hget(key, "state")
        client.hset(key, "state", "damaged")
        await refused(agent, "try_later", "open", conversation=visitor.conversation)
        client.hset(key, "state", kept)
    await agent.open(visitor.conversation)


async def test_a_hello_that_fails_asks_to_come_back_later(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, peer = socket
    said = wire.Hello("token", {}, None, "h")
    codes: list[int] = []

    async def fails(_: Any) -> None:
        raise ValueError("a mistake of ours")

    async def first(_: float) -> str:
        return json.dumps({"type": "hello", **asdict(said)})

    monkeypatch.setattr(agent, "hello", fails)
    monkeypatch.setattr(peer, "close", lambda code, reason="": codes.append(code))
    assert not await agent._admitted(SimpleNamespace(hello=first), 1.0)  # type: ignore[arg-type]
    assert [(frame["id"], frame["code"]) for frame in peer.of("error")] == [("h", "try_later")]
    assert codes == [1013]


async def test_a_conversation_that_cannot_be_read_costs_its_visitor_and_not_the_agents(
    door: Door, running_hub: HubProcess
) -> None:
    visitor, agent = await together(door)
    other = await waiting(door)
    with redis.Redis.from_url(running_hub.redis_url) as client:
        key = f"{{silta}}:c:{visitor.conversation}"
        kept: Any = client.hget(key, "state")
        client.hset(key, "state", "damaged")
        try:
            async with httpx.AsyncClient(base_url=door.address, trust_env=False) as http:
                await http.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
                token = (await http.post("/api/socket-token")).json()["token"]
            # Not before: a sign-in on a busy machine may take longer than a socket's hello is waited for.
            socket = await door.raw("/ws/visitor")
            await socket.send("hello", token=visitor.token, id="h")
            assert (await socket.expect("error", id="h"))["code"] == "try_later"
            assert await socket.closed() == 1013
            console = await door.raw("/ws/agent")
            cursors = {visitor.conversation: 3, other.conversation: 0}
            await console.send("hello", token=token, id="h", cursors=cursors)
            welcome = await console.expect("welcome")
            shown = {line["conversation"] for line in (*welcome["queue"], *welcome["mine"])}
            assert other.conversation in shown and visitor.conversation not in shown
            await console.expect("event", conversation=other.conversation, seq=1)
        finally:
            client.hset(key, "state", kept)
    await agent.ask("resolve", conversation=visitor.conversation)


async def test_when_notices_may_have_been_lost_the_queue_is_told_anew(door: Door, running_hub: HubProcess) -> None:
    agent = await door.agent()
    visitor = await waiting(door)
    await agent.sees_queued(visitor.conversation)
    before = len(agent.frames)
    with redis.Redis.from_url(running_hub.redis_url) as client:
        client.client_kill_filter(_type="pubsub")

    async def told() -> bool:
        return any(
            frame["type"] == "queue" and frame["conversation"] == visitor.conversation
            for frame in agent.frames[before:]
        )

    await until(told, "the line is told again")
    assert agent.queue[visitor.conversation]["status"] == "queued"


# -- alone, with a hub's parts and a peer that only records


async def test_what_moves_while_an_agent_arrives_is_told_after_the_welcome(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console takes the welcome for the whole queue: what was told before it would be forgotten."""
    agent, peer = socket
    waiting = await parts.queued()
    read = parts.hub.lists.queue

    async def overtaken() -> list[dict[str, Any]]:
        lines = await read()
        agent.noticed(queue_notice("late", {**lines[0], "conversation": "late"}))
        agent.noticed({"presence": {"agent": "x", "name": "X", "value": "away"}})
        return lines

    monkeypatch.setattr(parts.hub.lists, "queue", overtaken)
    await hello(parts, agent)
    assert [frame["type"] for frame in peer.frames[:3]] == ["welcome", "queue", "presence"]
    assert [line["conversation"] for line in peer.frames[0]["queue"]] == [waiting.id]
    assert peer.frames[1]["conversation"] == "late"
    agent.close()


async def test_an_agent_whose_hello_failed_half_way_does_not_count_as_there(
    parts: Parts, socket: tuple[AgentSocket, RecordingPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, _ = socket

    async def away() -> Any:
        raise StoreUnavailable

    monkeypatch.setattr(parts.hub.lists, "queue", away)
    with pytest.raises(StoreUnavailable):
        await hello(parts, agent)
    monkeypatch.setattr(parts.presence, "set", lambda *_: away())
    with pytest.raises(StoreUnavailable):
        await hello(parts, AgentSocket(agent._gateway, RecordingPeer()))  # type: ignore[arg-type]
    agent.close()
    assert parts.presence._here == {AINO.id: 1}, "the second socket is not closed yet"
    assert agent.noticed not in parts.fanout.watchers


async def test_nothing_is_done_for_a_socket_without_a_hello() -> None:
    board = SimpleNamespace(listeners=set())
    gateway: Any = SimpleNamespace(hub=SimpleNamespace(fanout=Fanout(None, None), board=board), limits=None)  # type: ignore[arg-type]
    gateway.accounts = gateway.suggestions = gateway.desk = None
    agent = AgentSocket(gateway, RecordingPeer())  # type: ignore[arg-type]
    with pytest.raises(Exception, match="first frame is hello"):
        _ = agent.console.account
    agent.close()


def test_the_account_of_these_tests_leads() -> None:
    assert AINO.leads and not replace(AINO, role="agent").leads
    assert Status.ASSIGNED.value == "assigned"
