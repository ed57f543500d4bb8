from __future__ import annotations

import math
from dataclasses import replace

from prometheus_client import REGISTRY as DEFAULT

from handoff import decisions
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.watch import figures, metrics
from tests.handoff.parts import AINO, MIKKEL, Parts, parts_on, uid
from tests.handoff.texts_for_tests import texts
from tests.helpers.redis_server import RedisServer


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


async def test_the_queue_the_assigned_and_the_longest_wait_are_told(parts: Parts) -> None:
    await parts.queued()
    await parts.queued()
    taken = await parts.assigned()
    await figures.look(parts.hub)
    assert (value("silta_queue_waiting"), value("silta_assigned"), value("silta_redis_up")) == (2, 1, 1)
    assert 0 <= value("silta_queue_oldest_seconds") < 60
    await parts.hub.agents.resolve(AINO, taken.id, id=uid(), outcome=None)
    await figures.look(parts.hub)
    assert value("silta_assigned") == 0


async def test_moves_waits_and_writes_are_counted(parts: Parts) -> None:
    names = ("silta_wait_seconds_count", "silta_redis_seconds_count")
    before = [value(names[0]), value(names[1], what="write"), value("silta_moves_total", status="assigned")]
    await parts.assigned()
    after = [value(names[0]), value(names[1], what="write"), value("silta_moves_total", status="assigned")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2, 1]


async def test_figures_of_a_redis_that_is_away_are_no_numbers(redis_server: RedisServer) -> None:
    async with parts_on(redis_server.url, timeout_s=0.3) as parts:
        await parts.queued()
        redis_server.kill()
        await figures.look(parts.hub)
    assert value("silta_redis_up") == 0
    assert math.isnan(value("silta_queue_waiting"))


def test_the_page_is_what_prometheus_reads_and_holds_our_figures_alone() -> None:
    text = metrics.render().decode()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert names and all(name.startswith("silta_") for name in names)
    assert not any(name.startswith("silta_") for name in DEFAULT._names_to_collectors)


async def test_a_wait_after_a_transfer_is_not_the_time_since_the_first_wish(parts: Parts) -> None:
    waiting = await parts.queued()

    def an_hour_ago(state: Conversation) -> Decision:
        at = stamp(now_ms() - 3_600_000)
        return decisions.claim(replace(state, waiting_since=at, queued_at=at), texts(), at=at, agent=AINO.assignee)

    await parts.store.request(waiting.id, an_hour_ago)
    await parts.hub.agents.transfer(AINO, waiting.id, id=uid(), to=None, skill="general", note=None)
    await figures.look(parts.hub)
    assert value("silta_queue_oldest_seconds") < 60
    before = value("silta_wait_seconds_sum"), value("silta_wait_seconds_count")
    await parts.hub.agents.claim(MIKKEL, waiting.id, id=uid())
    after = value("silta_wait_seconds_sum"), value("silta_wait_seconds_count")
    assert after[1] - before[1] == 1
    assert after[0] - before[0] < 60
