from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from handoff.conversation import Conversation
from handoff.events import InboundKind
from handoff.gateway.visitor import VisitorSocket
from handoff.wire import agent as agent_wire
from handoff.wire import visitor as wire
from tests.handoff.clients import Door
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.handoff.texts_for_tests import texts
from tests.helpers.frames import Frame, Refusal
from tests.helpers.visitor import Visitor

STRANGER = "a-token-nobody-issued"


async def refused(visitor: Visitor, code: str, type: str, **fields: Any) -> Frame:
    """The error frame that answers a request."""
    with pytest.raises(Refusal) as answer:
        await visitor.ask(type, **fields)
    assert answer.value.code == code, answer.value
    assert answer.value.frame["message"]
    return dict(answer.value.frame)


# -- hello


async def test_a_new_visitor_is_welcomed_with_all_that_the_contract_names(door: Door) -> None:
    visitor = await door.visitor("da-DK")
    welcome = visitor.welcome
    assert set(welcome) == {
        "type", "token", "conversation", "status", "language", "last", "notice", "open", "announcements",
        "opens_at", "opening", "response", "zones", "may", "consent",
    }  # fmt: skip
    assert (welcome["status"], welcome["language"], welcome["last"]) == ("bot", "da", 0)
    assert welcome["notice"] == texts().say("da", "bot_notice"), "I12"
    assert isinstance(welcome["open"], bool) and welcome["opening"] and welcome["announcements"] == []
    assert len(welcome["conversation"]) >= 22, "128 random bits at least"


@pytest.mark.parametrize(
    ("hint", "browser", "language"),
    [
        ("fi-FI", "da", "fi"),
        (None, "da,en;q=0.5", "da"),
        ("sv", "da", "da"),
        (None, "sv-SE, *;q=0.5, fi;q=0.3", "fi"),
        (None, None, "en"),
        (None, "tlh, " * 20 + "fi", "en"),
        (None, "x" * 200 + ", ;, fi", "fi"),
    ],
)
async def test_the_language_is_that_of_the_page_else_of_the_browser_else_english(
    door: Door, hint: str | None, browser: str | None, language: str
) -> None:
    client = await door.raw(headers={"accept-language": browser} if browser is not None else {})
    await client.send("hello", language=hint)
    assert (await client.expect("welcome"))["language"] == language


async def test_each_newcomer_gets_a_conversation_of_its_own_whatever_the_address_says(door: Door, bot: FakeBot) -> None:
    """S2, S4: neither token nor conversation is taken from the URL or from the client."""
    first = await door.visitor()
    await first.say("private")
    client = await door.raw(f"/ws/visitor?token={first.token}&conversation={first.conversation}")
    await client.send("hello")
    welcome = await client.expect("welcome")
    assert welcome["conversation"] != first.conversation and welcome["last"] == 0
    client = await door.raw()
    await client.send("hello", conversation=first.conversation)
    await client.expect("error", code="bad_request")


async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("one")
    await visitor.hear("bot")
    await visitor.close()
    elsewhere = await door.visitor(token=visitor.token)
    assert elsewhere.welcome["last"] == 4
    await elsewhere.say("two")
    await elsewhere.hear("bot")
    back = await door.again(visitor)
    assert back.welcome["token"] == visitor.token and back.conversation == visitor.conversation
    assert await back.hear("bot", timeout_s=5)
    back.assert_no_gap()
    assert back.texts("bot") == ["echo: one", "echo: two"]
    assert back.log.keys() == elsewhere.log.keys()


async def test_who_comes_back_is_told_the_status_after_the_events(door: Door) -> None:
    visitor = await door.visitor()
    await visitor.ask("request_handoff")
    await visitor.reaches("queued")
    back = await door.again(visitor)
    assert back.welcome["status"] == "queued"
    status = await back.reaches("queued")
    assert status["ahead"] == status["position"] - 1 >= 0
    assert status["eta_s"] is None and isinstance(status["agents"], int)


async def test_r23_a_cursor_that_the_log_does_not_hold_is_answered_by_a_resync(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("one")
    await visitor.hear("bot")
    client = await door.raw()
    await client.send("hello", token=visitor.token, after=99)
    assert (await client.expect("welcome"))["last"] == 4
    assert (await client.expect("resync"))["from"] == 1
    for seq in (1, 2, 3, 4):
        await client.expect("event", seq=seq)
    types = [frame["type"] for frame in client.frames]
    assert types.index("resync") < types.index("event")


async def test_a_token_of_a_conversation_without_a_message_is_good(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor("fi")
    back = await door.visitor("da", token=visitor.token)
    assert back.conversation == visitor.conversation
    assert (await back.say("hei"))["seq"] == 1


@pytest.mark.parametrize("token", [STRANGER, "", "ä", "x" * 600, 7, ["x"]])
async def test_s4_a_token_that_was_not_issued_closes_the_socket(door: Door, token: Any) -> None:
    client = await door.raw()
    await client.send("hello", token=token, id="h1")
    error = await client.expect("error")
    assert error["id"] == "h1"
    expected = "unauthorized" if token in (STRANGER, "ä") else "too_large" if token == "x" * 600 else "bad_request"
    assert error["code"] == expected
    assert await client.closed() == 1008


async def test_s4_neither_kind_of_token_opens_the_other_kind_of_socket(door: Door) -> None:
    visitor = await door.visitor()
    client = await door.raw("/ws/agent")
    await client.send("hello", token=visitor.token)
    await client.expect("error", code="unauthorized")
    assert await client.closed() == 1008


@pytest.mark.parametrize(
    "first",
    [
        '{"type":"message","id":"x","text":"hello"}',
        '{"type":"ping"}',
        "not JSON",
        '{"type":"hello","after":-1}',
        '{"type":"hello","page":"' + "x" * 3000 + '"}',
    ],
)
async def test_a_first_frame_that_is_no_hello_is_refused_and_the_socket_closed(door: Door, first: str) -> None:
    client = await door.raw()
    await client.send_raw(first)
    error = await client.expect("error")
    assert error["code"] in ("bad_request", "too_large")
    assert await client.closed() == 1008


@pytest.mark.parametrize("first", [b"\x00\x01", '{"type":"hello","page":"' + "x" * 5000 + '"}'])
async def test_a_first_frame_that_is_binary_or_too_big_closes_the_socket(door: Door, first: str | bytes) -> None:
    client = await door.raw()
    await client.send_raw(first)
    assert await client.closed() == 1008


async def test_a_second_hello_is_refused_and_the_socket_stays(door: Door) -> None:
    visitor = await door.visitor()
    await visitor.send("hello", id="again")
    assert (await visitor.expect("error", id="again"))["code"] == "unauthorized"
    await refused(visitor, "not_found", "end")


# -- messages


async def test_a_message_is_acknowledged_with_its_number_and_answered_by_the_bot(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    id = str(uuid.uuid4())
    assert await visitor.say("hello", id=id) == {"type": "ack", "id": id, "seq": 1}
    answer = await visitor.hear("bot")
    own, hidden = visitor.log[1], visitor.log[2]
    assert (own["kind"], own["text"], own["client_id"]) == ("message", "hello", id)
    assert own["author"]["role"] == "visitor" and own["at"].endswith("Z")
    assert hidden == {"type": "event", "seq": 2, "kind": "hidden"}, "what the bot understood is for agents"
    assert (answer["seq"], answer["text"], answer["author"]["role"]) == (4, "echo: hello", "bot")
    assert answer["language"] == "en"


async def test_the_bot_is_seen_to_type_until_it_answers(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("hello")
    await visitor.hear("bot")
    assert (await visitor.expect("typing"))["on"] is True
    assert (await visitor.expect("typing", role="bot"))["on"] is False


async def test_s10_what_looks_like_a_command_is_text(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    odd = ["/restart", '/faq{"x": 1}', "\u200b/restart", "／restart", "human/fraud"]
    for text in odd:
        await visitor.say(text)
        assert (await visitor.hear("bot"))["text"] == f"echo: {text}"
    assert bot.texts(visitor.conversation) == odd
    assert all(inbound.topic is None for inbound in bot.heard if inbound.conversation == visitor.conversation)


async def test_r22_quick_messages_are_answered_in_order(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    ids = [str(uuid.uuid4()) for _ in range(5)]
    for n, id in enumerate(ids):
        await visitor.send("message", id=id, text=str(n))
    for n, id in enumerate(ids):
        assert (await visitor.answer_to(id))["seq"] >= n + 1
    for n in range(5):
        assert (await visitor.hear("bot"))["text"] == f"echo: {n}"
    visitor.assert_no_gap()


async def test_i2_r13_the_same_id_over_two_sockets_and_after_a_reconnect_is_one_message(
    door: Door, bot: FakeBot
) -> None:
    """R13."""
    visitor = await door.visitor()
    await visitor.say("first")
    other = await door.visitor(token=visitor.token)
    id = str(uuid.uuid4())
    acks = await asyncio.gather(*(socket.say("once", id=id) for socket in (visitor, other)))
    assert acks[0] == acks[1]
    await visitor.close()
    back = await door.again(visitor)
    assert await back.say("once", id=id) == acks[0]
    await back.say("last")
    await back.expect("event", text="echo: last")
    assert back.texts("visitor").count("once") == 1
    assert bot.texts(visitor.conversation) == ["first", "once", "last"]


async def test_a_refused_id_is_refused_the_same_after_a_reconnect(door: Door) -> None:
    visitor = await door.visitor()
    await visitor.ask("request_handoff")
    await visitor.ask("cancel_handoff")
    first = await refused(visitor, "conflict", "cancel_handoff", id="late")
    await visitor.ask("request_handoff")
    back = await door.again(visitor)
    assert await refused(back, "conflict", "cancel_handoff", id="late") == first
    assert (await back.ask("cancel_handoff"))["status"] == "bot", "a new id is a new request"


async def test_r14_two_tabs_see_the_same_order(door: Door, bot: FakeBot) -> None:
    one = await door.visitor()
    await one.say("first")
    two = await door.visitor(token=one.token)

    async def talk(tab: Visitor, name: str) -> None:
        for n in range(10):
            await tab.say(f"{name}{n}")

    await asyncio.gather(talk(one, "a"), talk(two, "b"))
    for tab in (one, two):
        await tab.expect("event", where=lambda frame: frame["seq"] == 64)  # each: message, nlu, answer; once the notice
        tab.assert_no_gap()
    assert one.log == two.log


async def test_a_button_that_was_offered_is_said_and_understood(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("buttons")
    buttons = (await visitor.hear("bot"))["buttons"]
    assert [button["title"] for button in buttons] == ["Returns", "A person"]
    assert all(set(button) == {"title", "id"} for button in buttons), "topics are for the hub alone"
    await visitor.press(buttons[0]["id"])
    assert (await visitor.hear("bot"))["text"] == "topic: faq/return_how"
    assert visitor.texts("visitor") == ["buttons", "Returns"]
    await refused(visitor, "not_found", "message", button="9.9")
    pressed = await visitor.press(buttons[1]["id"])
    assert pressed["status"] == "queued"
    await visitor.reaches("queued")


async def test_the_bot_changes_the_language_of_what_follows(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor("en")
    await visitor.say("suomeksi")
    assert (await visitor.hear_event("language"))["language"] == "fi"
    greeting = await visitor.expect("greeting")
    assert (greeting["language"], greeting["notice"]) == ("fi", texts().say("fi", "bot_notice"))
    await visitor.ask("request_handoff")
    handoff = await visitor.hear_event("handoff")
    assert handoff["language"] == "fi"
    assert handoff["text"].startswith("Olet jonossa")


# -- the other frames


async def test_asking_for_a_person_queues_and_tells_the_place_but_not_the_reasons(door: Door) -> None:
    visitor = await door.visitor()
    assert (await visitor.ask("request_handoff"))["status"] == "queued"
    handoff = await visitor.hear_event("handoff")
    assert not {"reasons", "priority", "skill"} & set(handoff)
    status = await visitor.reaches("queued")
    names = {"type", "status", "position", "ahead", "eta_s", "agents", "open", "opens_at", "choices"}
    assert set(status) == names
    again = await visitor.ask("request_handoff")
    assert again["status"] == "queued"
    assert (await visitor.hear_event("handoff"))["text"] == texts().say("en", "queued_again")


async def test_the_bots_wish_for_a_person_queues_too(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor("fi")
    await visitor.say("person: human/bereavement")
    assert (await visitor.hear("bot"))["text"] == "I am sorry to hear that."
    assert (await visitor.reaches("queued"))["position"] >= 1
    await visitor.say("are you there?")
    assert visitor.texts("bot") == ["I am sorry to hear that."], "I6: the bot is silent now"
    assert bot.texts(visitor.conversation) == ["person: human/bereavement"]


async def test_leaving_the_queue_goes_back_to_the_bot(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.ask("request_handoff")
    await visitor.reaches("queued")
    await visitor.say("while waiting")
    assert (await visitor.ask("cancel_handoff"))["status"] == "bot"
    back = await visitor.hear_event("returned_to_bot")
    assert back["text"] == texts().say("en", "cancelled")
    await visitor.reaches("bot")
    await visitor.say("hello bot")
    assert (await visitor.hear("bot"))["text"] == "echo: hello bot", "and nothing to the older message"
    resume = [inbound for inbound in bot.heard if inbound.conversation == visitor.conversation][1]
    assert resume.kind is InboundKind.RESUME
    assert [(line.role, line.text) for line in resume.history] == [("visitor", "while waiting")]
    await refused(visitor, "conflict", "cancel_handoff")


async def test_a_place_in_the_queue_is_told_again_when_it_has_moved(door: Door) -> None:
    first, second = await door.visitor(), await door.visitor()
    await first.ask("request_handoff")
    before = await first.reaches("queued")
    await second.ask("request_handoff")
    status = await second.reaches("queued")
    assert status["ahead"] == before["ahead"] + 1
    await first.ask("cancel_handoff")
    # Agents of other tests may go meanwhile, and with them those of other languages who stood before.
    moved = await second.expect("status", where=lambda f: f["ahead"] < status["ahead"], timeout_s=5)
    assert moved["position"] == moved["ahead"] + 1


async def test_the_chosen_language_holds_from_then_on(door: Door) -> None:
    visitor = await door.visitor("en")
    assert (await visitor.ask("language", value="da"))["language"] == "da"
    assert (await visitor.hear_event("language"))["language"] == "da"
    # What stands on the page all the time is told in it, too: as to somebody who comes in now.
    greeting = await visitor.expect("greeting")
    newcomer = (await door.visitor("da")).welcome
    told = {"notice", "open", "opens_at", "opening", "response", "zones", "announcements"}
    assert greeting == {"type": "greeting", "language": "da"} | {name: newcomer[name] for name in told}
    await visitor.ask("request_handoff")
    assert (await visitor.hear_event("handoff"))["language"] == "da"
    again = await door.again(visitor)
    assert again.welcome["language"] == "da"
    await refused(visitor, "bad_request", "language", value="sv")


async def test_who_comes_back_is_greeted_once_whatever_languages_the_conversation_has_seen(door: Door) -> None:
    visitor = await door.visitor("en")
    for language in ("da", "fi", "da"):
        await visitor.ask("language", value=language)
    back = await door.raw()
    await back.send("hello", token=visitor.token, after=0)
    assert (await back.expect("welcome"))["language"] == "da"
    await back.expect("event", where=lambda f: f["seq"] == 3)
    await back.send("ping", id="p")
    await back.expect("pong")
    assert [frame for frame in back.frames if frame["type"] == "greeting"] == []


async def test_a_rating_is_taken_once_there_is_something_to_rate(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await refused(visitor, "not_found", "rating", score=5)
    await visitor.say("hello")
    await visitor.ask("rating", score=4, comment="quick")
    rating = await visitor.hear_event("rating")
    assert (rating["score"], rating["comment"], rating["rated"]) == (4, "quick", "bot")
    for score in (0, 6, "5", None, True, 4.5):
        await refused(visitor, "bad_request", "rating", score=score)


async def test_a_transcript_is_what_the_visitor_has_seen(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    assert (await visitor.ask("transcript"))["text"] == ""
    await visitor.say("hello")
    await visitor.hear("bot")
    lines = (await visitor.ask("transcript"))["text"].splitlines()
    assert [line.partition(" time ")[2] for line in lines] == [
        "You: hello", f"Service: {texts().say('en', 'bot_notice')}", "Bot: echo: hello",
    ]  # fmt: skip


async def test_an_ended_conversation_opens_again_with_the_next_message(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await refused(visitor, "not_found", "end")
    await visitor.say("hello")
    await visitor.hear("bot")
    assert (await visitor.ask("end"))["status"] == "resolved"
    await visitor.hear_event("resolved")
    await visitor.reaches("resolved")
    await visitor.say("one more thing")
    await visitor.hear_event("reopened")
    await visitor.reaches("bot")
    assert (await visitor.hear("bot"))["text"] == "echo: one more thing"
    visitor.assert_no_gap()


async def test_typing_is_not_answered_and_not_shown_to_oneself(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    for on in (True, False):
        await visitor.send("typing", on=on)
    await visitor.say("hello")
    await visitor.hear("bot")
    assert all(frame["role"] == "bot" for frame in visitor.frames if frame["type"] == "typing")


async def test_a_ping_is_answered(door: Door) -> None:
    visitor = await door.visitor()
    await visitor.send("ping")
    assert await visitor.expect("pong") == {"type": "pong"}
    await visitor.send("ping", id="p1")
    assert await visitor.expect("pong") == {"type": "pong", "id": "p1"}


# -- bad input


BAD: list[tuple[str | bytes, str, str | None]] = [
    ("not JSON", "bad_request", None),
    ("", "bad_request", None),
    ("[]", "bad_request", None),
    ('"text"', "bad_request", None),
    ("[" * 5000, "bad_request", None),
    ('{"id":"b1"}', "bad_request", "b1"),
    ('{"type":"dance","id":"b2"}', "bad_request", "b2"),
    ('{"type":7,"id":"b3"}', "bad_request", "b3"),
    ('{"type":"callback","id":"b4","email":"x@y"}', "bad_request", "b4"),
    ('{"type":"callback","id":"b6","phone":"12","window":"1"}', "bad_request", "b6"),
    ('{"type":"callback","id":"b7","phone":"+358401234567"}', "bad_request", "b7"),
    ('{"type":"callback","id":"b8","phone":"+358401234567","window":"1"}', "bad_request", "b8"),
    ('{"type":"callback","id":"b9"}', "bad_request", "b9"),
    ('{"type":"consent","id":"ba","language":"sv"}', "bad_request", "ba"),
    ('{"type":"message","id":"b5","text":"x","colour":"red"}', "bad_request", "b5"),
    ('{"type":"message","text":"no id"}', "bad_request", None),
    ('{"type":"message","id":"","text":"x"}', "bad_request", None),
    ('{"type":"message","id":"b6"}', "bad_request", "b6"),
    ('{"type":"message","id":"b7","text":""}', "bad_request", "b7"),
    ('{"type":"message","id":"b8","text":" \\n\\t "}', "bad_request", "b8"),
    ('{"type":"message","id":"b9","text":"x","button":"1.0"}', "bad_request", "b9"),
    ('{"type":"message","id":"b10","text":"\\ud83d"}', "bad_request", "b10"),
    ('{"type":"message","id":"b11","text":"' + "x" * 5000 + '"}', "too_large", "b11"),
    ('{"type":"message","id":"b12","text":null}', "bad_request", "b12"),
    ('{"type":"typing","on":"yes"}', "bad_request", None),
    (b"\x00\xff", "bad_request", None),
]


@pytest.mark.parametrize(("raw", "code", "id"), BAD, ids=[str(raw[:40]) for raw, _, _ in BAD])
async def test_bad_input_gets_its_error_and_neither_this_socket_nor_another_is_disturbed(
    door: Door, bot: FakeBot, raw: str | bytes, code: str, id: str | None
) -> None:
    visitor, other = await door.visitor(), await door.visitor()
    await visitor.send_raw(raw)
    error = await visitor.expect("error")
    assert (error["code"], error["id"]) == (code, id)
    assert error["message"]
    assert (await visitor.say("still here"))["seq"] == 1
    assert (await other.say("undisturbed"))["seq"] == 1
    assert [frame["type"] for frame in other.frames if frame["type"] == "error"] == []


async def test_a_text_of_4000_characters_is_taken_and_one_more_names_the_limit(door: Door, bot: FakeBot) -> None:
    visitor = await door.visitor()
    await visitor.say("ä" * 4000)
    assert (await refused(visitor, "too_large", "message", text="x" * 4001))["limit"] == 4000


@pytest.mark.parametrize("type", [*sorted(set(agent_wire.FRAMES) - set(wire.FRAMES)), "accept", "decline"])
async def test_s6_a_visitor_may_nothing_that_is_for_agents(door: Door, type: str) -> None:
    visitor = await door.visitor()
    await refused(visitor, "bad_request", type, conversation=visitor.conversation)


async def test_s5_no_frame_of_a_visitor_names_a_conversation(door: Door, bot: FakeBot) -> None:
    victim, visitor = await door.visitor(), await door.visitor()
    await victim.say("private")
    frames: dict[str, dict[str, Any]] = {"message": {"text": "x"}, "transcript": {}, "end": {}, "request_handoff": {}}
    for type, fields in frames.items():
        await refused(visitor, "bad_request", type, conversation=victim.conversation, **fields)
    assert "conversation" not in {name for _, fields in wire.FRAMES.values() for name in fields}


async def test_s2_neither_tokens_nor_words_of_visitors_reach_the_hubs_log(
    door: Door, bot: FakeBot, running_hub: HubProcess
) -> None:
    visitor = await door.visitor()
    await visitor.say("a secret that only Redis may know")
    await visitor.send_raw("{ a broken secret")
    await visitor.expect("error")
    assert visitor.token not in running_hub.log
    assert "secret" not in running_hub.log


async def test_s2_a_token_in_an_address_opens_nothing_and_is_kept_nowhere(
    door: Door, bot: FakeBot, running_hub: HubProcess
) -> None:
    visitor = await door.visitor()
    await visitor.say("hello")
    stranger = await door.raw(f"/ws/visitor?token={visitor.token}&session_id={visitor.conversation}")
    await stranger.send("hello")
    welcome = await stranger.expect("welcome")
    assert welcome["conversation"] != visitor.conversation
    assert welcome["last"] == 0
    assert visitor.token not in running_hub.log
    with redis.Redis.from_url(running_hub.redis_url) as client:
        kept = client.config_get("dir")
    folder = Path(kept["dir"])
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(visitor.conversation.encode() in path.read_bytes() for path in files), "this is where Redis writes"
    for path in (*files, *(path for path in running_hub.folder.rglob("*") if path.is_file())):
        assert visitor.token.encode() not in path.read_bytes(), path


async def test_what_only_redis_could_answer_is_tried_again_later(door: Door, running_hub: HubProcess) -> None:
    """An answer that cannot be read: the peer is told to try later, the log says why, the socket lives."""
    visitor = await door.visitor()
    await visitor.ask("request_handoff")
    with redis.Redis.from_url(running_hub.redis_url) as client:
        key = f"{{silta}}:c:{visitor.conversation}"
        kept: Any = client.hget(key, "state")
        version: Any = client.hget(key, "version")
        client.hset(key, mapping={"state": "damaged", "version": 99})
        await refused(visitor, "try_later", "end")
        client.hset(key, mapping={"state": kept, "version": version})
    assert (await visitor.ask("end"))["status"] == "resolved"
    assert visitor.conversation in running_hub.log


# -- alone


async def test_a_bot_that_answered_before_the_ack_is_not_seen_to_type() -> None:
    """On a busy hub the answer may overtake what follows the ack."""
    pushed: list[Any] = []
    lately = replace(Conversation("c"), bot_pending=(7,))
    gateway: Any = SimpleNamespace(
        files=None, hub=SimpleNamespace(store=SimpleNamespace(lately=lambda _: lately))
    )
    peer: Any = SimpleNamespace(push=pushed.append)
    socket = VisitorSocket(gateway, peer)
    socket.deliver("c", {"seq": 9, "kind": "message", "author": {"role": "bot"}, "text": "Hi", "of": 7})
    socket._maybe_bot_types()
    assert [frame["type"] for frame in pushed] == ["event"]
    lately = replace(lately, bot_pending=(7, 10))
    socket._maybe_bot_types()
    assert pushed[-1] == {"type": "typing", "role": "bot", "on": True}, "it still owes the second answer"


async def test_the_last_status_is_always_told_however_fast_it_changes(door: Door) -> None:
    agent = await door.agent()
    for _ in range(10):
        visitor = await door.visitor()
        await visitor.ask("request_handoff")
        await agent.ask("claim", conversation=visitor.conversation)
        await visitor.reaches("assigned")


# -- who is speaking (AI Act, article 50)


@pytest.mark.parametrize("language", ["fi", "da", "en"])
async def test_p5_a_visitor_is_told_of_the_bot_before_its_first_word_and_of_who_speaks_at_each_change(
    door: Door, bot: FakeBot, language: str
) -> None:
    visitor, agent = await door.visitor(language), await door.agent("Aino")
    assert visitor.welcome["notice"] == texts().say(language, "bot_notice"), "before anything is said"
    await visitor.say("hello")
    await visitor.hear("bot")
    kinds = [event["kind"] for _, event in sorted(visitor.log.items())]
    assert kinds.index("notice") < kinds.index("message", 1), "and in the log, before its first message"
    told = next(event for event in visitor.log.values() if event["kind"] == "notice")
    assert told["text"] == texts().say(language, "bot_notice")
    await visitor.ask("request_handoff")
    await agent.claim(visitor.conversation)
    joined = await visitor.hear_event("assigned")
    assert "Aino" in joined["text"], "a person has come, and says so"
    await agent.say(visitor.conversation, "hi")
    author = (await visitor.hear("agent"))["author"]
    assert (author["role"], author["name"]) == ("agent", "Aino")
    await agent.ask("return_to_bot", conversation=visitor.conversation)
    back = await visitor.hear_event("returned_to_bot")
    await visitor.say("and now?")
    answer = await visitor.hear("bot")
    between = [event for seq, event in sorted(visitor.log.items()) if back["seq"] <= seq < answer["seq"]]
    assert texts().say(language, "returned_to_bot") in [event.get("text") for event in between]
