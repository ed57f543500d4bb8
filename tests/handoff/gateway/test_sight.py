"""Who sees which conversation, over the agents' socket and HTTP (S5, S6, I9): in one process, with a peer that
records."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.access import permissions
from handoff.access.accounts import Account, Accounts
from handoff.access.permissions import frame_action, may
from handoff.conversation import Conversation, Status
from handoff.edge.http import make_http
from handoff.errors import Forbidden
from handoff.gateway.agent import AgentGateway, AgentSocket
from handoff.gateway.console import Console
from handoff.settings import Settings
from handoff.wire import agent as wire
from tests.handoff.frames_for_tests import frame_of
from tests.handoff.gateway.peers import RecordingPeer
from tests.handoff.parts import AINO, Parts, new_conversation, uid
from tests.handoff.texts_for_tests import OWNER
from tests.helpers.waiting import until

IIDA = Account("iida", "iida@test.example", "Iida", languages=("fi",), skills=("general", "orders"), capacity=100)
ORIGIN = "http://hub.test"
SECRET = "maksukortti"


@dataclass
class Desk:
    """An agent's socket without the line."""

    socket: AgentSocket
    peer: RecordingPeer

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """The answer to a frame; without an id in it, what was pushed last."""
        before = len(self.peer.frames)
        await self.socket.handle(json.dumps(frame))
        answers = [one for one in self.peer.frames[before:] if one["type"] in ("ack", "error")]
        return answers[-1] if answers else {}

    def knows(self, conversation: str) -> bool:
        return conversation in json.dumps(self.peer.frames)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(redis_url="", var=tmp_path, owner_dir=OWNER, web_dir=tmp_path, origins=frozenset({ORIGIN}))


@pytest.fixture
async def desks(parts: Parts, settings: Settings) -> AsyncIterator[Any]:
    accounts = Accounts(parts.redis, parts.keys)
    opened: list[AgentSocket] = []

    async def arrive(account: Account = IIDA, **cursors: int) -> Desk:
        await accounts._save(account)
        peer: Any = RecordingPeer()
        socket = AgentSocket(AgentGateway(parts.hub, accounts, settings), peer)
        opened.append(socket)
        await socket.hello(wire.Hello(await accounts.socket_token(account), cursors, None, None))
        return Desk(socket, peer)

    yield arrive
    for socket in opened:
        socket.close()


async def waiting(parts: Parts, language: str = "da", skill: str = "general") -> Conversation:
    """A conversation that waits, in which something was said that others need not know."""
    new = new_conversation(language)
    await parts.say(new, SECRET)
    await parts.hub.visitors.request_handoff(new, id=uid())
    if skill != "general":
        await parts.hub.agents.transfer(AINO, new.id, id=uid(), to=None, skill=skill, note=None)
    return await parts.state(new.id)


async def test_s5_absent_and_forbidden_are_answered_alike_by_every_frame(
    parts: Parts, desks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    theirs, absent = await waiting(parts), "no-such-conversation"
    await parts.redis.delete(*[key for key in await parts.redis.keys("*ack*")])
    desk = await desks()
    before = await parts.state(theirs.id)
    for type, (_, fields) in wire.FRAMES.items():
        for name, mark in (("conversation", ""), ("callback", ".1")):
            if name not in fields:
                continue
            answers = []
            for id in (absent, theirs.id):
                frame = frame_of(wire.FRAMES, type, **{name: id + mark})
                answer = await desk.ask(frame)
                answers.append({**answer, "id": answer.get("id") == frame.get("id")})
            assert answers[0] == answers[1], type
            assert answers[0].get("type") != "ack", type
    assert await parts.state(theirs.id) == before
    assert not desk.knows(theirs.id) and not desk.knows(SECRET)
    assert f"agent iida was refused conversation {theirs.id}" in caplog.text


async def test_s5_an_agent_who_asks_for_a_thousand_ids_gets_no_event(parts: Parts, desks: Any) -> None:
    theirs = [(await waiting(parts)).id for _ in range(10)]
    desk = await desks()
    told = set()
    for n in range(1000):
        answer = await desk.ask({"type": "open", "id": f"o{n}", "conversation": theirs[n // 100] if n % 2 else f"x{n}"})
        told.add((answer["type"], answer["code"], answer["message"]))
    assert len(told) == 1
    assert desk.peer.of("event") == []


@pytest.mark.parametrize("role", permissions.ROLES)
async def test_s6_every_pair_of_role_and_frame_goes_by_the_table(
    parts: Parts, desks: Any, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = (await waiting(parts, "fi")).id
    desk = await desks()
    monkeypatch.setattr(Console, "account", property(lambda _: replace(IIDA, role=role)))
    for type in wire.FRAMES.keys() - {"ping"}:  # a ping is answered to whoever the hello has let in
        answer = await desk.ask(frame_of(wire.FRAMES, type, conversation=conversation, callback=conversation + ".1"))
        refused = answer.get("message") == "Your role may not do this."
        assert refused is not may(role, frame_action("agent", type)), type
        if refused:
            assert answer["code"] == "forbidden"


@pytest.mark.parametrize("role", sorted({"anyone", "visitor", "key"}))
async def test_s6_a_role_that_is_no_agents_is_not_let_in(desks: Any, role: str) -> None:
    with pytest.raises(Forbidden):
        await desks(replace(IIDA, role=role))


async def test_s6_a_frame_without_a_line_is_nobodys(parts: Parts, desks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = (await waiting(parts, "fi")).id
    desk = await desks(AINO)
    without = {action: roles for action, roles in permissions.ACTIONS.items() if action != "agent:claim"}
    monkeypatch.setattr(permissions, "ACTIONS", without)
    answer = await desk.ask({"type": "claim", "id": "c", "conversation": conversation})
    assert answer["code"] == "forbidden"
    assert (await parts.state(conversation)).status is Status.QUEUED


TAKES_NOTHING = {
    "claim", "accept", "message", "transfer", "return_to_bot", "resolve", "snooze", "snooze_end", "request_approval",
}  # fmt: skip
"""What would act for the agent who has a conversation."""


async def test_s19_what_a_colleague_has_is_answered_passed_on_closed_and_taken_by_nobody_else(
    parts: Parts, desks: Any
) -> None:
    owner, other = await desks(replace(IIDA, id="olga")), await desks()
    conversation = (await waiting(parts, "fi")).id
    claim = frame_of(wire.FRAMES, "claim", conversation=conversation)
    assert (await owner.ask(claim))["type"] == "ack"
    before, log = await parts.state(conversation), await parts.store.events(conversation)
    for type in sorted(TAKES_NOTHING):
        for to in ({"supervisor": True}, {"agent": "iida"}) if type == "transfer" else ({},):
            answer = await other.ask(frame_of(wire.FRAMES, type, conversation=conversation, to=to))
            assert answer["type"] == "error" and answer["code"] in ("forbidden", "conflict"), (type, answer)
    again = frame_of(wire.FRAMES, "claim", conversation=conversation)
    assert (await owner.ask(again))["type"] == "error", "who has it does not take it twice"
    assert await parts.state(conversation) == before and await parts.store.events(conversation) == log
    assert before.assignee is not None and before.assignee.id == "olga"


async def test_i9_the_welcome_has_own_lines_and_call_backs_only(parts: Parts, desks: Any) -> None:
    mine, danish, billing = (
        await waiting(parts, "fi"),
        await waiting(parts, "da"),
        await waiting(parts, "fi", "billing"),
    )
    welcome = (await desks()).peer.frames[0]
    assert [line["conversation"] for line in welcome["queue"]] == [mine.id]
    led = (await desks(AINO)).peer.frames[0]
    assert {line["conversation"] for line in led["queue"]} == {mine.id, danish.id, billing.id}


async def test_i9_notices_of_others_conversations_reach_nobody_else(parts: Parts, desks: Any, listening: None) -> None:
    desk, lead = await desks(), await desks(AINO)
    theirs = await waiting(parts)
    await parts.hub.visitors.end(theirs.id, id=uid())
    mine = await waiting(parts, "fi")

    async def told() -> bool:
        return desk.knows(mine.id) and lead.knows(theirs.id)

    await until(told, "both have heard")
    assert not desk.knows(theirs.id)


async def test_i9_who_passes_a_conversation_on_sees_it_still_and_an_onlooker_no_more(
    parts: Parts, desks: Any, listening: None
) -> None:
    giver, onlooker = await desks(), await desks(replace(IIDA, id="olga"))
    conversation = (await waiting(parts, "fi")).id
    for desk in (giver, onlooker):
        assert (await desk.ask({"type": "open", "id": uid(), "conversation": conversation}))["type"] == "ack"
    assert (await giver.ask({"type": "claim", "id": uid(), "conversation": conversation}))["type"] == "ack"
    passed = {"type": "transfer", "id": uid(), "conversation": conversation, "to": {"skill": "billing"}}
    assert (await giver.ask(passed))["type"] == "ack"

    async def let_go() -> bool:
        return conversation not in onlooker.socket.follows

    await until(let_go, "the onlooker follows it no more")
    assert onlooker.peer.of("queue")[-1] == {"type": "queue", "conversation": conversation, "entry": None}
    await parts.say(await parts.state(conversation), "vain laskutukselle")

    async def heard() -> bool:
        return "vain laskutukselle" in json.dumps(giver.peer.frames, ensure_ascii=False)

    await until(heard, "the giver hears on")
    assert "vain laskutukselle" not in json.dumps(onlooker.peer.frames, ensure_ascii=False)
    assert (await onlooker.ask({"type": "open", "id": uid(), "conversation": conversation}))["code"] == "not_found"
    assert (await giver.ask({"type": "open", "id": uid(), "conversation": conversation}))["type"] == "ack"


async def test_s6_who_leads_no_more_is_shown_no_more_of_what_was_open(
    parts: Parts, desks: Any, listening: None
) -> None:
    lead = await desks(replace(IIDA, role="supervisor"))
    socket, theirs, mine = lead.socket, await waiting(parts), await waiting(parts, "fi")
    for id in (theirs.id, mine.id):
        assert (await lead.ask({"type": "open", "id": uid(), "conversation": id}))["type"] == "ack"
    socket._gateway.sockets.add(socket)
    await socket._gateway.look_at_sessions()
    assert {*socket.follows} == {theirs.id, mine.id}, "nothing has changed yet"
    await Accounts(parts.redis, parts.keys)._save(IIDA)
    await parts.hub.room.look()
    await socket._gateway.look_at_sessions()

    async def let_go() -> bool:
        return {*socket.follows} == {mine.id}

    await until(let_go, "what is others' is let go")
    assert {"type": "queue", "conversation": theirs.id, "entry": None} in lead.peer.frames
    note = {"type": "note", "id": uid(), "conversation": theirs.id, "text": "still here"}
    assert (await lead.ask(note))["code"] == "not_found"
    await parts.say(theirs, "ei enää sinulle")
    await parts.say(mine, "yhä sinulle")

    async def heard() -> bool:
        return "yhä sinulle" in json.dumps(lead.peer.frames, ensure_ascii=False)

    await until(heard, "one's own is heard on")
    assert "ei enää sinulle" not in json.dumps(lead.peer.frames, ensure_ascii=False)


async def test_s5_cursors_bring_nothing_of_others_conversations(parts: Parts, desks: Any) -> None:
    theirs, mine = await waiting(parts), await waiting(parts, "fi")
    desk = await desks(IIDA, **{theirs.id: 1, mine.id: 1, "absent": 1})
    assert {frame["conversation"] for frame in desk.peer.of("event")} == {mine.id}
    assert {frame["conversation"] for frame in desk.peer.of("resync")} == {theirs.id, "absent"}


async def test_a_look_at_what_is_not_seen_is_shown_to_nobody(parts: Parts, desks: Any, listening: None) -> None:
    desk, lead = await desks(), await desks(AINO)
    theirs, mine = await waiting(parts), await waiting(parts, "fi")
    for id in (theirs.id, mine.id):
        await lead.ask({"type": "open", "id": uid(), "conversation": id})
        await desk.ask({"type": "viewing", "conversation": id})

    async def shown() -> bool:
        return any(frame["conversation"] == mine.id for frame in lead.peer.of("viewing"))

    await until(shown, "the look at what is seen is shown")
    assert {frame["conversation"] for frame in lead.peer.of("viewing")} == {mine.id}


async def test_s5_over_http_absent_and_forbidden_are_answered_alike(
    parts: Parts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, mine = await waiting(parts), await waiting(parts, "fi")
    accounts = Accounts(parts.redis, parts.keys)

    async def iida(_: str) -> Account:
        return IIDA

    monkeypatch.setattr(accounts, "signed_in", iida)
    transport = httpx.ASGITransport(make_http(parts.hub, accounts, settings))
    cookies = {"silta_session": "x"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as client:
        for method, path, body in (
            ("GET", "/api/conversations/{}", None),
            ("PUT", "/api/drafts/{}", {"text": "x"}),
            ("GET", "/api/drafts/{}", None),
        ):
            replies = [await client.request(method, path.format(id), json=body) for id in ("absent", theirs.id)]
            assert replies[0].status_code == replies[1].status_code, path
            assert replies[0].content == replies[1].content, path
            assert (await client.request(method, path.format(mine.id), json=body)).status_code == 200
        found = (await client.get("/api/search", params={"q": SECRET})).json()["conversations"]
        assert [one["conversation"] for one in found] == [mine.id]
        assert (await client.get("/api/search", params={"q": theirs.id})).json()["conversations"] == []
