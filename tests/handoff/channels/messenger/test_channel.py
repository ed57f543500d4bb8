"""The channel as a whole, from the webhook to Graph, with a bot that echoes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.channels.messenger import inbox
from handoff.channels.messenger.decisions import INBOX
from handoff.channels.messenger.failures import Cure, Failure
from handoff.channels.messenger.settings import INBOX_APP, PAGE_INBOX
from handoff.conversation import Status
from handoff.desk.transcripts import render
from tests.handoff.channels.messenger.page import APP, PAGE, PERSON, Page, page_on
from tests.handoff.parts import AINO, Parts, uid
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until

HOUR = 3600


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The file that sets the windows' clock ahead."""
    return tmp_path / "clock"


async def to_aino(page: Page) -> None:
    """The person asks for a human, and Aino takes it."""
    await page.say("person: human/complaint")
    await page.kind("handoff")
    await page.parts.hub.agents.claim(AINO, await page.conversation(), id=uid())
    await page.settled()
    page.graph.sent.clear()


async def aino_says(page: Page, text: str) -> None:
    await page.parts.hub.agents.message(AINO, await page.conversation(), id=uid(), text=text)


# -- a conversation


async def test_i12_the_first_answer_comes_after_the_notice_that_a_bot_answers(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.say("again")
    await page.receives(page.says("bot_notice"), "echo: hello", "echo: again")
    assert [body["messaging_type"] for body in page.graph.sent] == ["RESPONSE"] * 3
    assert (await page.state()).channel == "messenger"


@pytest.mark.parametrize(("text", "language"), [("suomeksi", "fi"), ("på dansk", "da")])
async def test_the_notice_is_in_the_language_that_the_person_wrote(page: Page, text: str, language: str) -> None:
    await page.say(text)
    await page.receives(page.says("bot_notice", language), f"echo: {text}")


async def test_handoff_an_agents_answer_and_the_way_back_to_the_bot(page: Page) -> None:
    await page.say("person: human/complaint")
    await page.kind("handoff")
    conversation = await page.conversation()
    await page.parts.hub.agents.claim(AINO, conversation, id=uid())
    await aino_says(page, "Aino here. What happened?")
    await page.say("it broke")
    await page.kind("message", 5)
    await page.parts.hub.agents.return_to_bot(AINO, conversation, id=uid(), note=None)
    await page.say("and now?")
    await page.receives(
        page.says("bot_notice"),
        "I am sorry to hear that.",
        page.says("queued"),
        page.says("assigned", name="Aino"),
        "Aino here. What happened?",
        page.says("returned_to_bot"),
        "echo: and now?",
    )
    assert page.bot.texts(conversation) == ["person: human/complaint", "and now?"]


async def test_seen_and_typing_are_shown_when_somebody_has_the_message(page: Page) -> None:
    await page.say("silence")
    await page.logged(lambda log: bool(log), "written")
    await until(lambda: _true(page.graph.actions == ["mark_seen", "typing_on"]), "both marks")


async def test_while_nobody_has_it_nothing_is_marked_as_seen(page: Page) -> None:
    await page.say("person: human/complaint")
    await page.kind("handoff")
    await page.settled()
    page.graph.actions.clear()
    await page.say("is anybody there?")
    await page.kind("message", 4)
    await page.settled()
    assert page.graph.actions == []
    await page.parts.hub.agents.claim(AINO, await page.conversation(), id=uid())
    await until(lambda: _true("mark_seen" in page.graph.actions), "the agent has seen it")


async def test_an_agents_typing_is_shown_once(page: Page) -> None:
    await to_aino(page)
    page.graph.actions.clear()
    typing = {"role": "agent", "id": "aino", "name": "Aino", "on": True}
    for _ in range(3):
        await page.parts.fanout.publish({"conversation": await page.conversation(), "typing": typing})
    await until(lambda: _true(bool(page.graph.actions)), "a typing mark")
    await page.say("x")
    await page.kind("message", 4)
    assert page.graph.actions.count("typing_on") == 1


async def _true(value: bool) -> bool:
    return value


async def test_agents_see_the_name_that_meta_tells_which_is_asked_for_once(page: Page) -> None:
    await page.say("hello")

    async def named() -> bool:
        state = await page.parts.store.load(await page.conversation())
        return state is not None and state.visitor_name == "Maija Meikäläinen"

    await until(named, "a name")
    await page.say("again")
    await page.receives(page.says("bot_notice"), "echo: hello", "echo: again")
    assert page.graph.asked_names == 1


# -- payloads


async def test_a_tap_on_what_was_offered_is_the_button(page: Page) -> None:
    await page.say("buttons")
    await page.receives(page.says("bot_notice"), "Choose")
    replies = page.graph.sent[-1]["message"]["quick_replies"]
    assert [reply["title"] for reply in replies] == ["Returns", "A person"]
    await page.deliver(page.message("Returns", quick_reply={"payload": replies[0]["payload"]}))
    await page.receives(page.says("bot_notice"), "Choose", "topic: faq/return_how")
    await page.deliver(page.event(postback={"mid": "m_pb", "title": "A person", "payload": replies[1]["payload"]}))
    await page.kind("handoff")


async def test_s10_a_payload_that_we_did_not_issue_is_only_its_words(page: Page) -> None:
    payloads: list[Any] = ["silta:b:99.0", "/restart", "greet", "silta:m:nothing", "x" * 2000, "", 7, None]
    await page.deliver(*(page.message(f"tap {n}", quick_reply={"payload": p}) for n, p in enumerate(payloads)))
    await page.receives(page.says("bot_notice"), *(f"echo: tap {n}" for n in range(len(payloads))))
    assert {inbound.topic for inbound in page.bot.heard} == {None}


async def test_a_postback_without_a_payload_is_its_title(page: Page) -> None:
    await page.deliver(page.event(postback={"mid": "m_pb", "title": "Get started"}))
    await page.receives(page.says("bot_notice"), "echo: Get started")


async def test_the_menu_stands_for_its_topics(page: Page) -> None:
    for name in ("start", "track_order"):
        await page.deliver(page.event(postback={"mid": name, "title": "tapped", "payload": f"silta:m:{name}"}))
    await page.receives(page.says("bot_notice"), "topic: greet", "topic: faq/track_order")


async def test_the_menu_brings_a_person(page: Page) -> None:
    await page.deliver(page.event(postback={"mid": "m_pb", "title": "A person", "payload": "silta:m:person"}))
    await page.kind("handoff")


async def test_a_link_may_name_the_language_until_the_person_writes(page: Page) -> None:
    referral = {"ref": "da", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    postback = {"mid": "m_pb", "title": "Kom i gang", "payload": "silta:m:start", "referral": referral}
    await page.deliver(page.event(postback=postback))
    await page.receives(page.says("bot_notice", "da"), "topic: greet")


# -- delivery of events


async def test_a_batch_of_five_is_five_messages_in_their_order(page: Page) -> None:
    events = [page.message(f"part {n}") for n in range(1, 6)]
    await page.deliver(*reversed(events))
    await page.receives(page.says("bot_notice"), *(f"echo: part {n}" for n in range(1, 6)))


async def test_the_same_event_five_times_is_one(page: Page) -> None:
    event = page.message("once")
    await asyncio.gather(*(page.deliver(event) for _ in range(5)))
    await page.receives(page.says("bot_notice"), "echo: once")
    await page.deliver(event)
    await page.settled()
    assert page.bot.texts(await page.conversation()) == ["once"]


async def test_any_order_and_any_repetition_gives_the_same_transcript(page: Page, parts: Parts) -> None:
    chance = random.Random(7)
    transcripts = []
    for round in range(3):
        person = f"40{round}"
        events = [page.message(f"line {n}", person=person) for n in range(6)]
        events += [
            page.event(person, message_edit={"mid": events[1]["message"]["mid"], "text": "edited", "num_edit": 1})
        ]
        deliveries = [*events, *chance.sample(events, 4)]
        if round:
            chance.shuffle(deliveries)
        await asyncio.gather(*(page.deliver(event) for event in deliveries))
        conversation = (await page.messenger.threads.of(PAGE, person)).conversation
        await page.settled()
        log = await parts.store.events(conversation)
        visitors = [(e["kind"], e["text"], e.get("of")) for e in log if e["author"]["role"] == "visitor"]
        transcripts.append([entry[:2] for entry in visitors])
    assert transcripts[0] == transcripts[1] == transcripts[2]
    assert [text for _, text in transcripts[0]] == [*(f"line {n}" for n in range(6)), "edited"]


async def test_an_event_about_a_message_that_comes_later_waits_for_it(page: Page) -> None:
    message = page.message("silence")
    await page.deliver(page.event(reaction={"mid": message["message"]["mid"], "emoji": "❤", "action": "react"}))
    await asyncio.sleep(0.1)
    await page.deliver(message)
    (reaction,) = await page.kind("reaction")
    assert (reaction["of"], reaction["emoji"], reaction["on"]) == (1, "❤", True)


async def test_a_hub_that_ends_before_it_has_applied_an_event_leaves_it_to_the_next(
    parts: Parts, url: str, tmp_path: Path
) -> None:
    async with page_on(parts, url, tmp_path, settle_s=30) as first:
        await first.say("hello")
    async with page_on(parts, url, tmp_path) as second:
        await parts.redis.zadd(second.messenger.keys.due_in, {f"{PAGE}:{PERSON}": 0})
        await second.receives(second.says("bot_notice"), "echo: hello")


async def test_events_in_a_row_wait_for_each_other_and_not_for_ever(
    parts: Parts, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = f"{PAGE}:{PERSON}"
    async with page_on(parts, url, tmp_path, settle_s=30) as page:

        async def due_ms() -> float:
            due = await parts.redis.zscore(page.messenger.keys.due_in, lane)
            assert due is not None
            return float(due)

        async def more() -> float:
            await asyncio.sleep(0.02)
            await page.say("more")
            return await due_ms()

        monkeypatch.setattr(inbox, "SETTLE_MAX_S", 60)
        await page.say("first")
        first = await due_ms()
        second = await more()
        assert second > first, "one straggler, and another may be close behind"
        monkeypatch.setattr(inbox, "SETTLE_MAX_S", 1)
        assert await more() == second, "the row has been waited for long enough"
        monkeypatch.setattr(inbox, "SETTLE_MAX_S", 60)
        await parts.redis.hset(page.messenger.keys.held_in, lane, "somebody")
        assert await more() == second, "the lane is being worked on: its lease is left alone"


async def test_two_hubs_do_everything_once(parts: Parts, url: str, tmp_path: Path) -> None:
    async with page_on(parts, url, tmp_path) as one, page_on(parts, url, tmp_path) as other:
        for n in range(10):
            await (one, other)[n % 2].say(f"{n}") if n % 2 == 0 else await other.deliver(
                other.message(f"{n}", mid=f"o{n}")
            )
        await one.settled()

        async def all_there() -> bool:
            return len(one.graph.texts) + len(other.graph.texts) >= 11

        await until(all_there, "all answers")
        assert len(one.graph.texts) + len(other.graph.texts) == 11
        assert sorted(one.bot.texts(await one.conversation()) + other.bot.texts(await one.conversation())) == [
            str(n) for n in range(10)
        ]


async def test_r18_an_event_that_cannot_be_used_is_set_aside_and_the_next_ones_go_on(
    page: Page, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(page.messenger.inbox._applier), "_reaction", broken)
    await page.conversation()  # a reaction of who is not known waits for what they say
    await page.deliver(page.event(reaction={"mid": "m", "emoji": "x"}), page.message("hello"))
    await page.receives(page.says("bot_notice"), "echo: hello")
    assert await parts.redis.xlen(parts.keys.dead) == 1


async def test_kinds_that_nothing_is_done_about_are_kept_and_ignored(page: Page, parts: Parts) -> None:
    await page.deliver(page.event(optin={"ref": "x"}), page.event(response_feedback={"feedback": "Good"}), {"odd": 1})
    assert await parts.redis.xlen(page.messenger.keys.other) == 3
    assert not await parts.redis.zcard(page.messenger.keys.due_in)


# -- what happens to messages


async def test_an_edit_is_in_the_transcript_and_the_bot_is_left_alone_when_it_has_answered(page: Page) -> None:
    mid = await page.say("helo")
    await page.receives(page.says("bot_notice"), "echo: helo")
    await page.deliver(page.event(message_edit={"mid": mid, "text": "hello", "num_edit": 1}))
    (edited,) = await page.kind("edited")
    assert (edited["of"], edited["text"]) == (1, "hello")
    await page.settled()
    assert page.bot.texts(await page.conversation()) == ["helo"]


async def test_an_edit_that_the_bot_has_not_answered_is_answered_instead(page: Page) -> None:
    mid = await page.say("silence")
    await page.logged(lambda log: bool(log), "written")
    await page.bot.stop()
    await page.deliver(page.event(message_edit={"mid": mid, "text": "hello", "num_edit": 1}))
    (edited,) = await page.kind("edited")
    assert (await page.state()).bot_pending == (edited["seq"],)


async def test_i11_a_number_in_an_edit_is_covered(page: Page) -> None:
    mid = await page.say("silence")
    await page.deliver(page.event(message_edit={"mid": mid, "text": "131052-308T", "num_edit": 1}))
    (edited,) = await page.kind("edited")
    assert "308T" not in edited["text"]


async def test_i11_no_personal_number_rests_anywhere_and_the_person_is_told_why(
    page: Page, lasting_redis: RedisServer
) -> None:
    await page.deliver(page.message("my code 131052-308T"), page.event(optin={"ref": "131052-308T"}))
    await until(lambda: _true(page.says("masked") in page.graph.texts), "why")
    await page.deliver(page.echo("131052-308T"), page.event(referral={"ref": "131052-308T"}))
    await page.logged(lambda log: any(e.get("via") for e in log), "the page inbox")
    await page.settled()
    assert (await page.state()).masked == 2
    kept = b"".join(path.read_bytes() for path in lasting_redis.folder.rglob("*") if path.is_file())
    assert b"my code [HETU" in kept
    assert b"308T" not in kept


async def test_what_is_unsent_is_not_shown_any_more(page: Page) -> None:
    mid = await page.say("silence")
    await page.deliver(page.event(message={"mid": mid, "is_deleted": True}))
    (unsent,) = await page.kind("unsent")
    assert unsent["of"] == 1
    assert "silence" not in render(await page.log())


async def test_deliveries_and_reads_are_in_the_transcript_once(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.settled()
    page.at += 60_000
    last = (await page.state()).last
    await page.deliver(page.event(delivery={"watermark": str(page.at), "mids": ["m_out_2"]}))
    await page.deliver(page.event(read={"watermark": page.at}))
    await page.deliver(page.event(read={"watermark": page.at + 1}))
    (read,) = await page.kind("read")
    (delivered,) = await page.kind("delivered")
    assert read["of"] == delivered["of"] == last
    await page.settled()
    assert len(await page.kind("read")) == 1


async def test_a_watermark_that_is_none_does_no_harm(page: Page) -> None:
    watermarks: list[Any] = [None, "soon", [], -5, 1.5, True, float("1e300")]
    await page.deliver(*(page.event(read={"watermark": mark}) for mark in watermarks), page.message("hello"))
    await page.receives(page.says("bot_notice"), "echo: hello")


# -- the page inbox


async def test_a_human_in_the_page_inbox_silences_the_bot_and_the_console_shows_it(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.deliver(page.echo("Hi, this is Liisa from the page.", metadata=None))
    await page.logged(lambda log: any(e.get("via") == INBOX for e in log), "the human's words")
    state = await page.state()
    assert state.status is Status.ASSIGNED
    assert state.assignee is not None
    assert state.assignee.id == INBOX
    await page.say("thanks")
    await page.settled()
    await page.receives(page.says("bot_notice"), "echo: hello")
    said = [(e["author"]["role"], e["text"]) for e in await page.log() if e["kind"] == "message"]
    assert said[-2:] == [("agent", "Hi, this is Liisa from the page."), ("visitor", "thanks")]


async def test_when_the_page_inbox_is_done_the_bot_says_that_it_is_back(page: Page) -> None:
    await page.deliver(page.message("hello"))
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.deliver(page.event(take_thread_control={"previous_owner_app_id": int(APP)}))
    await page.deliver(page.echo("Liisa here", app_id=int(INBOX_APP)))
    await page.deliver(standby=[page.message("on standby")])
    await page.settled()
    passed = {"new_owner_app_id": APP, "previous_owner_app_id": INBOX_APP, "metadata": None}
    await page.deliver(page.event(pass_thread_control=passed))
    await page.kind("returned_to_bot")
    await page.say("are you there?")
    await page.receives(page.says("bot_notice"), "echo: hello", page.says("returned_to_bot"), "echo: are you there?")
    assert "on standby" in [e.get("text") for e in await page.log()]


async def test_the_first_that_is_heard_of_a_person_may_be_on_standby(page: Page) -> None:
    await page.deliver(standby=[page.message("to the page inbox")])
    await page.settled()
    assert page.graph.sent == []
    assert (await page.state()).status is Status.ASSIGNED


async def test_standby_and_messaging_in_one_entry_are_both_read(page: Page) -> None:
    heard, ours = page.message("heard"), page.message("ours")
    await page.deliver(ours, standby=[heard, ours])
    await page.receives(page.says("bot_notice"), "echo: ours")
    assert [e["text"] for e in await page.log() if e["author"]["role"] == "visitor"] == ["heard", "ours"]


async def test_without_conversation_routing_the_bot_answers_again_after_a_long_silence(page: Page) -> None:
    await page.deliver(page.echo("Liisa here"))
    await page.settled()
    await page.say("still you?")
    await page.settled()
    assert page.graph.sent == []
    page.at += 13 * HOUR * 1000
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    assert await page.kind("returned_to_bot")


async def test_in_the_mode_page_inbox_a_handoff_passes_the_thread_with_a_summary(
    parts: Parts, url: str, tmp_path: Path
) -> None:
    async with page_on(parts, url, tmp_path, handoff=PAGE_INBOX) as page:
        await page.say("person: human/complaint")
        await page.kind("channel")
        await page.settled()
        path, body = next(call for call in page.graph.calls if "pass_thread" in call[0])
        assert path.endswith(f"/{PAGE}/pass_thread_control")
        assert (body["recipient"], body["target_app_id"]) == ({"id": PERSON}, INBOX_APP)
        assert 0 < len(body["metadata"]) < 1000
        assert (await page.state()).status is Status.ASSIGNED
        await page.receives(page.says("bot_notice"), "I am sorry to hear that.", page.says("queued"))


async def test_another_app_that_asks_gets_the_thread_unless_an_agent_has_it(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.deliver(page.event(request_thread_control={"requested_owner_app_id": int(INBOX_APP)}))
    await page.logged(lambda log: log[-1].get("code") == "inbox_took", "passed")
    assert page.graph.calls[-1][1]["target_app_id"] == INBOX_APP


async def test_an_agent_keeps_the_thread_that_another_app_asks_for(page: Page) -> None:
    await to_aino(page)
    await page.deliver(page.event(request_thread_control={"requested_owner_app_id": INBOX_APP}))
    await page.logged(lambda log: log[-1].get("code") == "inbox_asks", "told")
    assert (await page.state()).assignee == AINO.assignee


# -- sending


async def test_an_echo_of_ours_is_no_message(page: Page) -> None:
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    for body in list(page.graph.sent):
        await page.deliver(page.echo("x", app_id=int(APP), metadata=body["message"]["metadata"]))
    await page.settled()
    assert (await page.state()).status is Status.BOT


async def test_graph_that_is_down_for_a_while_loses_and_doubles_nothing(page: Page) -> None:
    down = {"code": 2, "status": 503}
    page.graph.next += [down, httpx.ConnectError("refused"), {"code": 1, "status": 500}, {"code": 613}]
    await page.say("one")
    await page.say("two")
    await page.receives(page.says("bot_notice"), "echo: one", "echo: two")


async def test_a_timed_out_message_that_arrived_is_confirmed_by_its_echo_and_not_sent_again(page: Page) -> None:
    page.graph.next += ["lost answer"]
    await page.say("hello")
    await until(lambda: _true(len(page.graph.sent) == 1), "the lost one")
    metadata = page.graph.sent[0]["message"]["metadata"]
    await page.deliver(page.echo(page.says("bot_notice"), app_id=APP, metadata=metadata))
    await page.receives(page.says("bot_notice"), "echo: hello")
    await page.settled()
    assert len(page.graph.sent) == 2


async def test_a_timed_out_message_without_an_echo_is_sent_again(page: Page) -> None:
    page.graph.next += [httpx.ReadTimeout("no answer")]
    await page.say("hello")
    await page.receives(page.says("bot_notice"), "echo: hello")
    assert len(page.graph.calls) == 3


async def test_an_expired_token_is_an_alarm_and_what_waits_is_sent_when_it_is_renewed(page: Page) -> None:
    alarms: list[dict[str, Any]] = []
    page.parts.fanout.watchers.add(lambda notice: alarms.append(notice["alarm"]) if "alarm" in notice else None)
    page.messenger.alarms._probe_ms = 100
    page.graph.next += [{"code": 190, "error_subcode": 463}] * 2
    await page.say("hello")
    await until(lambda: _true(bool(alarms)), "an alarm")
    assert (await page.client.get("/readyz")).json()["messenger"] == "token"
    await page.say("again")
    await page.receives(page.says("bot_notice"), "echo: hello", "echo: again")
    await until(lambda: _true(len(alarms) == 2), "the end of the alarm")
    assert [(alarm["code"], alarm["ended"]) for alarm in alarms] == [("token", False), ("token", True)]
    assert (await page.client.get("/readyz")).json()["messenger"] == "up"


def enforced(page: Page, action: str | None) -> dict[str, Any]:
    page.at += 10
    about = {"action": action, "reason": "Too many people block the page."}
    return {"recipient": {"id": PAGE}, "timestamp": page.at, "policy_enforcement": about}


async def test_what_meta_says_of_its_policy_is_told_for_what_it_is(
    page: Page, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    alarms: list[tuple[str, bool]] = []

    def hear(notice: Mapping[str, Any]) -> None:
        if "alarm" in notice:
            alarms.append((notice["alarm"]["code"], notice["alarm"]["ended"]))

    parts.fanout.watchers.add(hear)
    ready = partial(page.client.get, "/readyz")
    await page.deliver(enforced(page, "warning"))
    await until(lambda: _true(alarms == [("warned", False)]), "the warning")
    assert (await ready()).json()["messenger"] == "up", "sending goes on"
    assert not await page.messenger.alarms.pause_s()
    assert "Too many people block the page." in caplog.text

    blocked = enforced(page, "block")
    await page.deliver(blocked)
    await until(lambda: _true(alarms[1:] == [("restricted", False)]), "the block")
    assert (await ready()).json()["messenger"] == "restricted"
    await page.deliver(enforced(page, "warning"))
    assert len(alarms) == 2, "a warning takes the place of nothing worse"
    assert "renew the page's token" not in caplog.text

    await page.deliver(enforced(page, "unblock"))
    await until(lambda: _true(alarms[2:] == [("restricted", True)]), "the end")
    assert (await ready()).json()["messenger"] == "up"
    assert not await page.messenger.alarms.pause_s()
    await page.deliver(blocked)
    await page.deliver(enforced(page, "unblock"), enforced(page, "something new"), enforced(page, None))
    assert len(alarms) == 3, "what comes again, or says nothing, changes nothing"
    assert (await ready()).json()["messenger"] == "up"


async def test_an_unblocked_page_still_needs_its_token(page: Page) -> None:
    await page.messenger.alarms.raised(Failure(Cure.TOKEN, "token"))
    await page.deliver(enforced(page, "unblock"))
    assert await page.messenger.state() == "token"


async def test_what_meta_finally_refuses_is_told_to_agents_and_the_next_message_goes(page: Page) -> None:
    page.graph.next += [None, {"code": 551, "error_subcode": 1545041}]
    await page.say("one")
    (told,) = await page.kind("channel")
    assert told["code"] == "person_away"
    await page.say("two")
    await page.receives(page.says("bot_notice"), "echo: two")


async def test_when_another_app_owns_the_thread_the_bot_falls_silent(page: Page) -> None:
    page.graph.next += [None, {"code": 10, "error_subcode": 2018300}]
    await page.say("hello")
    await page.logged(lambda log: any(e.get("code") == "not_ours" for e in log), "told")
    assert (await page.state()).assignee is not None
    await page.say("more")
    await page.settled()
    await page.receives(page.says("bot_notice"))


async def test_an_agents_message_takes_the_thread_back(page: Page) -> None:
    await to_aino(page)
    page.graph.next += [{"code": 10, "error_subcode": 2018300}]
    await aino_says(page, "hello")
    await page.receives("hello")
    assert [path.rpartition("/")[2] for path, _ in page.graph.calls[-3:]] == [
        "messages",
        "take_thread_control",
        "messages",
    ]


async def test_a_bot_outside_of_the_window_is_refused_before_the_call(
    parts: Parts, url: str, tmp_path: Path, clock: Path
) -> None:
    async with page_on(parts, url, tmp_path, clock=clock, human_agent=True) as page:
        await to_aino(page)
        calls = len(page.graph.calls)
        clock.write_text(str(25 * HOUR))
        await page.parts.hub.agents.return_to_bot(AINO, await page.conversation(), id=uid(), note=None)
        (told,) = await page.kind("channel")
        assert told["code"] == "window_bot"
        assert len(page.graph.calls) == calls


@pytest.mark.parametrize(
    ("hours", "permitted", "tag", "code"),
    [
        (23, False, None, None),
        (25, True, "HUMAN_AGENT", None),
        (25, False, None, "window_no_permission"),
        (8 * 24, True, None, "window_over"),
    ],
)
async def test_an_agents_answer_hours_and_days_later(
    parts: Parts, url: str, tmp_path: Path, clock: Path, hours: int, permitted: bool, tag: str | None, code: str | None
) -> None:
    async with page_on(parts, url, tmp_path, clock=clock, human_agent=permitted) as page:
        await to_aino(page)
        calls = len(page.graph.calls)
        clock.write_text(str(hours * HOUR))
        await aino_says(page, "here is your answer")
        if code is None:
            await page.receives("here is your answer")
            assert page.graph.sent[-1].get("tag") == tag
            assert page.graph.sent[-1]["messaging_type"] == ("MESSAGE_TAG" if tag else "RESPONSE")
        else:
            (told,) = await page.kind("channel")
            assert (told["code"], told["of"]) == (code, (await page.state()).last - 1)
            assert len(page.graph.calls) == calls


async def test_a_long_answer_goes_in_order_and_in_parts_that_fit(page: Page) -> None:
    await to_aino(page)
    text = "This is a sentence of an agent. " * 100
    page.graph.next += [None, {"code": 2, "status": 500}]
    await aino_says(page, text)
    await page.settled()
    assert " ".join(page.graph.texts) == text.strip()
    assert len(page.graph.texts) == 2
