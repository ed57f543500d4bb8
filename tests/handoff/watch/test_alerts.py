from __future__ import annotations

import asyncio
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


async def test_the_target_is_of_this_wait_and_not_of_the_talk_before_a_transfer(parts: Parts) -> None:
    mine = await parts.assigned(MIKKEL)
    talked = replace(await parts.state(mine.id), waiting_since=stamp(now_ms() - 45 * 60_000))
    await parts.redis.hset(parts.keys.state(mine.id), "state", talked.to_json())
    await parts.hub.agents.transfer(AINO, mine.id, id=uid(), to=None, skill="general", note=None)
    assert f"wait:{mine.id}" not in await alerts(parts), "a second ago"
    waited = replace(await parts.state(mine.id), queued_at=stamp(now_ms() - 45 * 60_000))
    await parts.redis.hset(parts.keys.state(mine.id), "state", waited.to_json())
    assert (await alerts(parts))[f"wait:{mine.id}"]["values"]["minutes"] == 45


async def waits_since(parts: Parts, conversation: str, minutes: float) -> None:
    waited = replace(await parts.state(conversation), waiting_since=soon(-minutes), queued_at=soon(-minutes))
    await parts.redis.hset(parts.keys.state(conversation), "state", waited.to_json())


async def test_who_signs_in_later_hears_how_long_a_visitor_has_waited_by_then(parts: Parts) -> None:
    waiting = await parts.queued()
    id = f"wait:{waiting.id}"
    told, at = [], set()
    for minutes in (3, 4, 6, 9, 11 * 60):
        await waits_since(parts, waiting.id, minutes)
        alert = (await alerts(parts))[id]
        told.append(alert["values"]["minutes"])
        at.add(alert["at"])
    assert told == [3, 3, 6, 6, 660], "in steps, so that many who wait are no flood"
    assert len(at) == 1, "it is the same alert, for which nobody is called again"


async def test_figures_that_have_changed_are_told_to_the_consoles_that_are_open(parts: Parts) -> None:
    first = await parts.queued(language="da")
    assert (await alerts(parts))["nobody:da"]["values"]["count"] == 1
    async with parts.notices() as told:
        second = await parts.queued(language="da")
        stands = (await alerts(parts))["nobody:da"]
        assert stands["values"] == {"language": "da", "count": 2}
        assert [notice["alert"] for notice in await told() if "alert" in notice] == [stands]
        await alerts(parts)
        assert await told() == [], "once"
    for one in (first, second):
        await parts.hub.visitors.end(one.id, id=uid())
    assert "nobody:da" not in await alerts(parts)


async def test_what_is_promised_for_another_time_is_brought_up_anew(parts: Parts) -> None:
    desk, mine = Duties(parts.hub), await parts.assigned(MIKKEL)
    id = f"promise:{mine.id}:due"
    await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(3), ""))
    first = (await alerts(parts))[id]
    assert (await alerts(parts))[id] == first
    await asyncio.sleep(0.002)  # a moment of its own
    await desk.request(MIKKEL, Snooze(uid(), mine.id, soon(4), ""))
    second = (await alerts(parts))[id]
    assert second["values"]["by"] > first["values"]["by"]
    assert second["at"] > first["at"], "consoles ring for it"


async def test_an_alert_that_ends_while_its_figures_are_written_does_not_come_back(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await parts.queued()
    await waits_since(parts, waiting.id, 3)
    assert f"wait:{waiting.id}" in await alerts(parts)
    run = parts.store.run

    async def ended_first(*args: Any) -> Any:
        await parts.redis.hdel(parts.keys.alerts, f"wait:{waiting.id}")
        return await run(*args)

    monkeypatch.setattr(parts.store, "run", ended_first)
    await waits_since(parts, waiting.id, 30)
    async with parts.notices() as told:
        assert f"wait:{waiting.id}" not in await alerts(parts)
        assert await told() == []


async def test_a_call_for_help_that_is_raised_anew_while_the_old_one_ends_stands(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, mine = Duties(parts.hub), await parts.assigned(MIKKEL)
    await desk.request(MIKKEL, AskHelp(uid(), mine.id, None))
    await parts.hub.agents.transfer(MIKKEL, mine.id, id=uid(), to=None, skill="general", note=None)
    run = parts.store.run

    async def helped_first(*args: Any) -> Any:
        monkeypatch.setattr(parts.store, "run", run)
        await parts.hub.agents.claim(AINO, mine.id, id=uid())
        await desk.request(AINO, AskHelp(uid(), mine.id, None))
        return await run(*args)

    monkeypatch.setattr(parts.store, "run", helped_first)
    assert (await alerts(parts))[f"help:{mine.id}"]["values"] == {"name": "Aino"}
