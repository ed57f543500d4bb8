"""What visitors and agents are told of hours, offers, call-backs, help and announcements, over their sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from handoff.keys import HubKeys
from tests.handoff.clients import Door
from tests.handoff.hub_process import HubProcess, hub_with_redis
from tests.helpers.frames import Refusal
from tests.helpers.owner_copy import owner_copy

pytestmark = pytest.mark.usefixtures("offering_hub")

TEXTS = {"fi": "Toimituksissa on viivettä.", "da": "Der er forsinkelser.", "en": "Deliveries are late."}


@pytest.fixture(scope="module")
def offering_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that offers, with quick rules and people who are always there."""
    folder = owner_copy(
        tmp_path_factory.mktemp("owner"),
        {"mode: claim": "mode: offer", "choices_after_s: 180": "choices_after_s: 0", "lease_s: 20": "lease_s: 5"},
        always_open=True,
    )
    with hub_with_redis(SILTA_OWNER_DIR=str(folder)) as (hub, _):
        yield hub


@pytest.fixture
async def door(offering_hub: HubProcess) -> AsyncIterator[Door]:
    async with Door(offering_hub.address) as made:
        yield made


async def test_a_conversation_is_offered_accepted_and_the_others_are_told_in_time(door: Door) -> None:
    agent, other = await door.agent("Aino"), await door.agent("Aino")
    visitor = await door.visitor("en")
    await visitor.ask("request_handoff")
    offer = await agent.expect("offer", conversation=visitor.conversation)
    assert offer["entry"]["visitor"] is not None and offer["why"][0] == "language" and offer["expires_at"].endswith("Z")
    assert 0 < offer["left_s"] <= 5, "the lease, of which a part may be over"
    await other.expect("offer", conversation=visitor.conversation)
    entry = (await other.expect("queue", where=lambda f: bool((f["entry"] or {}).get("offered_to"))))["entry"]
    assert entry["offered_to"]["name"] == "Aino"
    # In a tenth of a second on a machine that does nothing else, and far before the offer would lapse by itself.
    assert (await agent.ask("accept", conversation=visitor.conversation))["status"] == "assigned"
    await other.expect("offer.gone", conversation=visitor.conversation, timeout_s=10)
    with pytest.raises(Refusal, match="conflict"):
        await other.ask("accept", conversation=visitor.conversation)
    assert (await visitor.hear_event("assigned")).get("why") is None, "that is for agents"
    await agent.say(visitor.conversation, "Hello")
    assert (await visitor.hear("agent"))["text"] == "Hello"
    await agent.ask("resolve", conversation=visitor.conversation)
    await agent.ask("presence", value="offline")


async def test_with_nobody_there_the_visitor_is_told_at_once_and_picks_a_window(door: Door) -> None:
    visitor = await door.visitor("da")
    await visitor.ask("request_handoff")
    status = await visitor.reaches("queued")
    assert status["agents"] == 0 and status["eta_s"] is None and status["open"] is True
    choices = {choice["kind"]: choice for choice in status["choices"]}
    assert {"wait", "callback", "email"} <= choices.keys()
    window = choices["callback"]["windows"][0]
    with pytest.raises(Refusal) as refused:
        await visitor.ask("callback", phone="12", window=window["id"])
    assert refused.value.frame["field"] == "phone"
    booked = await visitor.ask("callback", phone="20 12 34 56", name="Freja", window=window["id"])
    assert (booked["callback"]["from"], booked["callback"]["to"]) == (window["from"], window["to"])
    assert (await visitor.hear_event("callback"))["text"].startswith("Vi ringer til dig ")
    await visitor.reaches("bot")

    agent = await door.agent("Mikkel")
    (task,) = [task for task in agent.welcome["callbacks"] if task["conversation"] == visitor.conversation]
    assert (task["name"], task["language"], task["state"]) == ("Freja", "da", "booked") and "phone" not in task
    await agent.ask("callback_take", callback=task["id"])
    pushed = await agent.expect("callback", where=lambda f: f["task"]["assignee"] is not None)
    assert (pushed["task"]["assignee"]["name"], pushed["task"]["phone"]) == ("Mikkel", "+4520123456")
    later = next(one for one in pushed["task"]["windows"] if one["from"] > window["from"])
    await agent.ask("callback_move", callback=task["id"], window=later["id"])
    moved = await visitor.hear_event("callback")
    assert (moved["callback"]["state"], moved["callback"]["from"]) == ("moved", later["from"])
    await agent.ask("callback_done", callback=task["id"], outcome="reached", note="alt i orden")
    assert (await visitor.hear_event("callback"))["callback"]["state"] == "done"
    transcript = (await visitor.ask("transcript"))["text"]
    assert "Vi ringer til dig" in transcript and "Vi har ringet" in transcript and "i orden" not in transcript


async def test_p7_p8_where_to_call_is_shown_to_who_calls_alone_and_each_look_is_written_down(
    door: Door, offering_hub: HubProcess
) -> None:
    lead, caller, visitor = await door.agent("Sanna"), await door.agent("Mikkel"), await door.visitor("da")
    await visitor.ask("request_handoff")
    status = await visitor.expect("status", where=lambda f: bool(f.get("choices")))
    window = next(one for one in status["choices"] if one["kind"] == "callback")["windows"][0]["id"]
    booked = (await visitor.ask("callback", phone="20 12 34 57", window=window))["callback"]["id"]
    told = [await agent.expect("callback", where=lambda f: f["task"]["id"] == booked) for agent in (lead, caller)]
    await caller.ask("callback_take", callback=booked)
    taken = [
        await agent.expect("callback", where=lambda f: f["task"]["id"] == booked and f["task"]["assignee"] is not None)
        for agent in (lead, caller)
    ]
    assert [frame["task"].get("phone") for frame in (*told, *taken)] == [None, None, None, "+4520123457"]
    back = await door.agent("Mikkel")
    shown = {task["id"]: task.get("phone") for task in back.welcome["callbacks"]}
    assert shown[booked] == "+4520123457"
    await lead.ask("callback_take", callback=booked)
    over = [
        await agent.expect("callback", where=lambda f: f["task"]["assignee"]["name"] == "Sanna")
        for agent in (lead, caller)
    ]
    assert [frame["task"].get("phone") for frame in over] == ["+4520123457", None], "who leads has taken it over"
    await lead.ask("callback_release", callback=booked)
    free = [await agent.expect("callback", where=lambda f: f["task"]["assignee"] is None) for agent in (lead, caller)]
    assert [frame["task"].get("phone") for frame in free] == [None, None]
    async with redis.asyncio.Redis.from_url(offering_hub.redis_url) as client:
        lines = [json.loads(fields[b"l"]) for _, fields in await client.xrange(HubKeys().audit)]
    looks = [
        (line["action"], line["actor"]["id"], line["facts"])
        for line in lines
        if line["conversation"] == visitor.conversation
    ]
    looked = [caller.welcome["agent"]["id"]] * 2 + [lead.welcome["agent"]["id"]]
    assert looks == [("clear.shown", agent, {"of": "callback"}) for agent in looked]


async def test_an_announcement_reaches_open_widgets_within_seconds_and_goes_again(door: Door) -> None:
    visitor, lead = await door.visitor("fi"), await door.agent("Sanna")
    made = await lead.ask("announce", texts=TEXTS, to="2099-01-01T00:00:00Z", topics=["faq/track_order"])
    shown = await visitor.expect("announcement", id=made["announcement"])
    assert shown["text"] == TEXTS["fi"]
    late = await door.visitor("da")
    assert [one["text"] for one in late.welcome["announcements"]] == [TEXTS["da"]]
    await lead.ask("announce_end", announcement=made["announcement"])
    assert (await visitor.expect("announcement", id=made["announcement"]))["ended"] is True
    with pytest.raises(Refusal, match="forbidden"):
        await (await door.agent("Mikkel")).ask("announce", texts=TEXTS, to="2099-01-01T00:00:00Z")


async def test_an_alert_is_a_supervisors_in_the_language_of_the_console(door: Door) -> None:
    lead = await door.agent("Sanna")
    visitor = await door.visitor("en")
    await visitor.ask("request_handoff")
    await lead.claim(visitor.conversation)
    await lead.ask("transfer", conversation=visitor.conversation, to={"supervisor": True}, note="mine")
    passed_on = await lead.expect("queue", where=lambda f: (f["entry"] or {}).get("skill") == "supervisor")
    assert passed_on["conversation"] == visitor.conversation
    again = await door.agent("Aino")
    await lead.claim(visitor.conversation)
    await lead.ask("transfer", conversation=visitor.conversation, to={"agent": again.welcome["agent"]["id"]})
    await again.ask("ask_help", conversation=visitor.conversation, note="please")
    alert = await lead.expect("alert", kind="help")
    assert alert["text"] == "Aino pyytää apua." and alert["conversation"] == visitor.conversation
    joined = await lead.ask("join", conversation=visitor.conversation, seen=True)
    assert joined["seen"] is True
    assert (await lead.expect("alert", kind="help", ended=True))["conversation"] == visitor.conversation
    await lead.say(visitor.conversation, "I am here too")
    assert (await visitor.hear("agent"))["author"]["name"] == "Sanna"
    asked = await again.ask("request_approval", conversation=visitor.conversation, kind="voucher", text="10 €")
    decided = await lead.ask("decide", conversation=visitor.conversation, approval=asked["approval"], approved=True)
    assert decided["state"] == "approved"
    seen = [event for event in visitor.log.values() if event["kind"] == "approval"]
    assert seen == [], "I9"


async def test_consent_lets_another_language_answer(door: Door) -> None:
    visitor = await door.visitor("fi")
    await visitor.ask("request_handoff")
    assert (await visitor.ask("consent", language="en"))["language"] == "en"
    agent = await door.agent("Mikkel")
    entry = (await agent.expect("offer", conversation=visitor.conversation))["entry"]
    assert entry["consents"] == ["en"]
    await agent.ask("decline", conversation=visitor.conversation)
    await agent.expect("offer.gone", conversation=visitor.conversation)


async def test_a_change_of_the_owners_rules_is_in_force_without_a_restart(door: Door, offering_hub: HubProcess) -> None:
    visitor = await door.visitor("en")
    await visitor.ask("request_handoff")
    assert (await visitor.reaches("queued"))["choices"]
    folder = Path(offering_hub.environ["SILTA_OWNER_DIR"])
    rules = (folder / "routing.yml").read_text("utf-8")
    (folder / "routing.yml").write_text(rules.replace("per_window: 4", "per_window: 0"), "utf-8")
    try:
        changed = await visitor.expect(
            "status", where=lambda f: "callback" not in [choice["kind"] for choice in f["choices"]], timeout_s=15
        )
        assert [choice["kind"] for choice in changed["choices"]][:1] == ["wait"]
    finally:
        (folder / "routing.yml").write_text(rules, "utf-8")
