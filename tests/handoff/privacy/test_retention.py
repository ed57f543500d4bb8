"""Nothing is kept for ever (P4), and what is left of an erasure is done without being asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import SettingsError
from handoff.privacy.retention import DAY_MS, Retention, lightened
from handoff.privacy.rules import KeepDays, PrivacyRules, read_privacy
from handoff.tasks import end
from tests.handoff.parts import AINO, Parts, new_conversation
from tests.handoff.texts_for_tests import OWNER


def booked(state: str) -> dict[str, Any]:
    return {
        "id": "x", "kind": "phone", "phone": "sealed", "name": "Liisa", "from": stamp(0), "to": stamp(1), "by": None,
        "state": state, "outcome": None, "assignee": None, "asked_at": stamp(0),
    }  # fmt: skip


async def write(parts: Parts, **fields: Any) -> Conversation:
    new = new_conversation()
    await parts.say(new, "hello")

    def decide(state: Conversation) -> Decision:
        return Decision(state, replace(state, version=state.version + 1, **fields))

    commit = await parts.store.request(new.id, decide)
    assert commit.decision is not None
    return commit.decision.after


async def test_p4_91_days_on_the_transcripts_are_gone_and_the_day_before_they_are_there(parts: Parts) -> None:
    retention = Retention(parts.hub, PrivacyRules(), process="hub-1")
    old = [(await write(parts)).id for _ in range(3)]
    now = now_ms()
    assert await retention.sweep(now + 89 * DAY_MS) == 0
    assert all([await parts.store.load(id) for id in old])
    assert await retention.sweep(now + 91 * DAY_MS) == 3
    assert not any([await parts.store.load(id) for id in old])
    assert not await parts.redis.zcard(parts.keys.index)
    actions = [line async for line in parts.hub.audit.lines()]
    assert sum('"reason":"retention"' in line for line in actions) == 3


async def test_p4_each_kind_has_a_limit_of_its_own(parts: Parts) -> None:
    keep = KeepDays(transcripts=90, packets=10, callbacks=30, audit=5)
    retention = Retention(parts.hub, PrivacyRules(keep), process="hub-1")
    await parts.hub.audit.write(AINO, "transcript.read", "c")
    reasons = ({"code": "asked", "evidence": ["her very words"]},)
    called = {"callback": booked("done"), "visitor_name": "Liisa"}
    state = await write(parts, reasons=reasons, last_text="her very words", **called)
    score = await parts.redis.zscore(parts.keys.index, state.id)
    now = now_ms()
    await retention.sweep(now + 11 * DAY_MS)
    after = await parts.store.load(state.id)
    assert after is not None and (after.reasons, after.last_text) == ((), "") and after.callback is not None
    assert after.callback["phone"] == "sealed" and after.visitor_name == "Liisa"
    await retention.sweep(now + 31 * DAY_MS)
    after = await parts.store.load(state.id)
    assert after is not None and after.callback is not None and "phone" not in after.callback
    assert after.visitor_name is None and after.callback["state"] == "done"
    assert await parts.redis.zscore(parts.keys.index, state.id) == score, "the transcript's time runs on"
    assert "transcript.read" not in str([line async for line in parts.hub.audit.lines()])
    assert (await parts.hub.audit.verify()).whole
    assert await retention.sweep(now + 91 * DAY_MS) == 1


@pytest.mark.parametrize("state", ["booked", "moved"])
def test_who_still_waits_keeps_what_is_needed_for_it(state: str) -> None:
    waiting = Conversation(id="c", status=Status.QUEUED, reasons=({"code": "asked"},), callback=booked(state))
    assert lightened(waiting, packets=True, calls=True) is None
    assert lightened(Conversation(id="c"), packets=True, calls=True) is None


async def test_the_rest_of_an_erasure_is_done_without_being_asked(parts: Parts) -> None:
    new = new_conversation()
    await parts.say(new)
    parts.hub.erasure.again_s = 0
    retention = Retention(parts.hub, PrivacyRules(), process="hub-1", look_every_s=0.02)
    task = asyncio.create_task(retention.keep_forgetting())
    try:
        await parts.hub.erasure.erase(new.id, AINO, "asked")
        async with asyncio.timeout(30):
            while await parts.redis.exists(parts.keys.erasures) or not await parts.redis.exists(parts.keys.swept):
                await asyncio.sleep(0.02)
    finally:
        await end(task)


def test_the_repositorys_own_file_is_read_and_every_kind_has_a_limit(tmp_path: Path) -> None:
    assert read_privacy(OWNER / "privacy.yml") == PrivacyRules() == read_privacy(tmp_path / "none.yml")
    (tmp_path / "privacy.yml").write_text("keep_days: {transcripts: 30}\nkeep_covered_numbers: true\n")
    rules = read_privacy(tmp_path / "privacy.yml")
    assert (rules.keep.transcripts, rules.keep.audit, rules.keep_covered_numbers) == (30, 400, True)
    assert rules.values()["transcripts_days"] == 30


@pytest.mark.parametrize(
    "text", ["keep_days: {transcripts: 0}", "keep_days: {audit: null}", "keep_days: {chats: 3}", "for_ever: true",
             "keep_days: {packets: true}", "keep_covered_numbers: maybe", "keep_days: {transcripts: 1.5}"],
)  # fmt: skip
def test_p4_no_limit_is_no_setting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "privacy.yml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        read_privacy(path)
    assert str(path) in str(error.value)
