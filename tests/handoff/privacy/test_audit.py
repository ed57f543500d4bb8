"""The audit log in Redis: one order for several processes, nothing lost, retention."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from handoff.clock import now_ms
from handoff.errors import StoreUnavailable
from handoff.privacy.audit import HUB, Audit
from tests.handoff.parts import AINO, MIKKEL, Parts


async def lines(audit: Audit) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in audit.lines()]


async def test_p8_a_line_says_who_did_what_and_when(parts: Parts) -> None:
    audit = parts.hub.audit
    await audit.write(AINO, "transcript.read", "c1", over="http")
    (line,) = await lines(audit)
    assert line["actor"] == {"id": "aino", "role": "supervisor"} and line["action"] == "transcript.read"
    assert line["conversation"] == "c1" and line["facts"] == {"over": "http"} and line["at"].endswith("Z")


async def test_several_processes_write_one_chain_and_none_of_their_lines_is_lost(parts: Parts, tmp_path: Path) -> None:
    audits = [Audit(parts.store, f"hub-{n}", tmp_path) for n in range(3)]
    await asyncio.gather(*(audit.write(MIKKEL, "transcript.read", str(n)) for n in range(40) for audit in audits))
    verdict = await audits[0].verify(tmp_path)
    assert verdict.whole and verdict.lines == 120, verdict
    assert len(list(tmp_path.glob("*.json"))) == 3


async def test_a_writer_who_is_cancelled_takes_nobody_elses_line_along(parts: Parts) -> None:
    audit = parts.hub.audit
    tasks = [asyncio.create_task(audit.write(MIKKEL, "login.ok", n=n)) for n in range(10)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {line["facts"]["n"] for line in await lines(audit)} >= set(range(1, 10))
    assert (await audit.verify()).whole


async def test_s17_a_line_dropped_and_a_tail_cut_off_in_redis_are_named(parts: Parts, tmp_path: Path) -> None:
    audit = Audit(parts.store, "hub-1", tmp_path)
    for _ in range(5):
        await audit.write(AINO, "transcript.read", "c1")
    key = parts.keys.audit
    kept = await parts.redis.xrange(key)
    await parts.redis.xdel(key, "5-0")
    assert (await audit.verify()).bad == 5
    await Audit(parts.store).write(AINO, "login.ok")  # goes on, and the gap stays
    assert (await audit.verify()).bad == 5
    await parts.redis.delete(key)
    for id, fields in kept[:3]:
        await parts.redis.xadd(key, fields, id=id)
    assert (await audit.verify()).whole  # nobody in Redis remembers
    assert (await audit.verify(tmp_path)).bad == 4
    (tmp_path / "hub-1.json").write_text("{")
    assert (await audit.verify(tmp_path)).bad == 1


async def test_p4_retention_lets_go_of_old_lines_and_the_rest_is_whole(parts: Parts) -> None:
    audit = parts.hub.audit
    for _ in range(4):
        await audit.write(AINO, "transcript.read", "c1")
    assert await audit.trim(now_ms() - 86_400_000) == 0
    assert await audit.trim(now_ms() + 1000) == 4
    left = await lines(audit)
    assert [line["action"] for line in left] == ["audit.trimmed"] and left[0]["actor"]["id"] == HUB.id
    await audit.write(AINO, "transcript.read", "c1")
    assert (await audit.verify()).whole


async def test_a_line_that_cannot_be_written_is_told_to_who_wanted_it(parts: Parts) -> None:
    await parts.writer.stop()
    with pytest.raises(StoreUnavailable):
        await parts.hub.audit.write(AINO, "transcript.read", "c1")
