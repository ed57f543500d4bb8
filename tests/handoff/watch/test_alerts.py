from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handoff.clock import now_ms, stamp
from handoff.requests.desk import Duties
from handoff.watch.alerts import FILES_SAID_EVERY_MS, FILES_SILENT_MS, Watch, worded
from handoff.wire.desk import AskHelp, Decide, RequestApproval, Snooze
from tests.handoff.parts import AINO, MIKKEL, Parts, uid


def soon(minutes: float) -> str:
    return stamp(now_ms() + round(minutes * 60_000))


async def alerts(parts: Parts) -> dict[str, dict[str, Any]]:
    await parts.hub.room.fill()
    await Watch(parts.hub).once()
    return {alert["id"]: alert for alert in await parts.hub.lists.alerts()}


@pytest.mark.parametrize(
    ("language", "promised", "reminded"),
    [
        ("fi", "Asiakkaalle on luvattu vastaus viimeistään ", "Palaa tähän keskusteluun viimeistään "),
        ("da", "En kunde er lovet svar senest ", "Vend tilbage til samtalen senest "),
        ("en", "A visitor was promised an answer by ", "Come back to this conversation by "),
    ],
)
async def test_a_reminder_speaks_of_a_promise_only_where_one_was_given(
    parts: Parts, language: str, promised: str, reminded: str
) -> None:
    desk, teller = Duties(parts.hub), parts.hub.owner.now.teller
    for promise, begin in (("", promised), ("Tomorrow you’ll know.", promised), (None, reminded)):
        mine = await parts.assigned(MIKKEL)
        await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(3), promise))
        (alert,) = [one for one in (await alerts(parts)).values() if one["conversation"] == mine.id]
        assert (alert["kind"], alert["for_agent"]) == ("promise" if promise is not None else "snooze", "mikkel")
        text = worded(alert, parts.hub.owner.now, language)["text"]
        state = await parts.state(mine.id)
        until = datetime.fromisoformat((state.snooze or {})["until"])
        assert text == f"{begin}{teller.when(language, until, datetime.now(UTC), by=True)}."


async def test_a_call_for_help_ends_when_nobody_has_the_conversation_any_more(parts: Parts) -> None:
    desk, mine, other = Duties(parts.hub), await parts.assigned(MIKKEL), await parts.assigned(MIKKEL)
    for one in (mine, other):
        await desk.request(MIKKEL, AskHelp(uid(), one.id, "What now?"))
    assert set(await alerts(parts)) == {f"help:{mine.id}", f"help:{other.id}"}, "it lasts"
    await parts.hub.agents.resolve(MIKKEL, mine.id, id=uid(), outcome=None)
    assert set(await alerts(parts)) == {f"help:{other.id}"}
    await parts.hub.agents.transfer(MIKKEL, other.id, id=uid(), to=None, skill="orders", note=None)
    assert f"help:{other.id}" not in await alerts(parts)


async def test_a_call_for_help_whose_conversation_was_erased_ends(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    await Duties(parts.hub).request(MIKKEL, AskHelp(uid(), mine.id, None))
    await parts.redis.delete(parts.keys.state(mine.id))
    assert await alerts(parts) == {}


async def test_what_a_supervisor_has_still_to_decide_stays_until_it_is_decided(parts: Parts) -> None:
    desk, mine, id = Duties(parts.hub), await parts.assigned(MIKKEL), uid()
    await desk.request(MIKKEL, RequestApproval(id, mine.id, "voucher", "10 € for the delay", "10 €"))
    await parts.hub.agents.resolve(MIKKEL, mine.id, id=uid(), outcome=None)
    assert set(await alerts(parts)) == {f"help:{mine.id}"}
    await desk.request(AINO, Decide(uid(), mine.id, id, True, None))
    assert await alerts(parts) == {}


async def test_each_hub_says_and_takes_back_itself_that_its_files_are_refused(parts: Parts) -> None:
    assert await alerts(parts) == {}, "this hub keeps the watch"
    hub = replace(parts.hub, process="hub-2")
    hub.owner = type(hub.owner)(hub.owner.now)
    other = Watch(hub)
    hub.owner.problems = ("hours.yml:3: wrong",)
    await other.once()
    assert (await alerts(parts))["settings:hub-2"]["values"]["text"] == "hours.yml:3: wrong"
    hub.owner.problems = ("hours.yml:4: wrong",)
    await other.once()
    assert (await alerts(parts))["settings:hub-2"]["values"]["text"] == "hours.yml:4: wrong"
    hub.owner.problems = ()
    await other.once()
    assert await alerts(parts) == {}


async def test_what_a_hub_that_has_gone_said_of_its_files_ends_after_a_while(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.hub.owner.problems = ("hours.yml:3: wrong",)
    assert set(await alerts(parts)) == {"settings:hub-1"}
    row = json.loads(await parts.redis.hget(parts.keys.alerts, "settings:hub-1") or b"")
    gone = {**row, "id": "settings:hub-9", "said": stamp(now_ms() - FILES_SILENT_MS + 5000)}
    await parts.redis.hset(parts.keys.alerts, "settings:hub-9", json.dumps(gone))
    assert set(await alerts(parts)) == {"settings:hub-1", "settings:hub-9"}, "it may be back"
    later = now_ms() + FILES_SAID_EVERY_MS
    monkeypatch.setattr("handoff.watch.alerts.now_ms", lambda: later)
    assert set(await alerts(parts)) == {"settings:hub-1"}, "this one has said it again"
    assert json.loads(await parts.redis.hget(parts.keys.alerts, "settings:hub-1") or b"")["said"] == stamp(later)
