"""Meta's allowance of calls: read from its replies, spent slowly near the end, and told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.channels.messenger.doctor import State, of_usage
from handoff.channels.messenger.usage import FULL, HEADERS, PAUSE_S, SLOW_FROM, WAIT_S, Usage, read
from handoff.watch import figures, metrics
from tests.handoff.channels.messenger.page import Page

APP = '{"call_count":28,"total_time":41,"total_cputime":12}'


def business(**figures: Any) -> str:
    return json.dumps({"1001": [{"type": "messenger", "call_count": 3, **figures}], "1002": [{"call_count": 7}]})


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({"x-app-usage": APP}, Usage(41)),
        ({"x-business-use-case-usage": business(total_time=80)}, Usage(80)),
        ({"x-business-use-case-usage": business(estimated_time_to_regain_access=2)}, Usage(7, 120)),
        ({"x-app-usage": APP, "x-business-use-case-usage": business(total_cputime="99")}, Usage(99)),
        ({"x-app-usage": "{}"}, None),
        ({"x-app-usage": "["}, None),
        ({}, None),
    ],
)
def test_the_worst_figure_of_all_headers_counts(headers: dict[str, str], usage: Usage | None) -> None:
    assert read(headers) == usage


@given(
    st.dictionaries(
        st.sampled_from(HEADERS),
        st.text()
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(json.dumps),
    )
)
def test_whatever_stands_in_the_headers_is_read_without_an_error(headers: dict[str, str]) -> None:
    usage = read(headers)
    assert usage is None or (usage.percent >= 0 and usage.pause_s <= PAUSE_S and usage.wait_s >= 0)


def test_messages_slow_down_before_the_limit_and_stop_at_it() -> None:
    assert Usage(SLOW_FROM - 1).pause_s == 0
    assert not Usage(SLOW_FROM - 1).high
    assert 0 < Usage(SLOW_FROM + 5).pause_s < Usage(FULL - 1).pause_s < PAUSE_S
    assert Usage(FULL - 1).wait_s == 0
    assert Usage(FULL).wait_s == WAIT_S
    assert Usage(10, regain_s=600).wait_s == 600


def test_doctor_tells_of_it() -> None:
    assert of_usage(Usage()).state is State.GOOD
    found = of_usage(Usage(96, 300))
    assert found.state is State.WARNING
    assert "96 %" in found.said
    assert "5 min" in found.said


async def test_near_the_limit_messages_go_and_marks_do_not(page: Page) -> None:
    page.graph.headers["x-app-usage"] = json.dumps({"call_count": SLOW_FROM + 0.5})
    await page.say("one")
    await page.receives(page.says("bot_notice"), "echo: one")
    page.graph.actions.clear()
    await page.say("two")
    await page.receives(page.says("bot_notice"), "echo: one", "echo: two")
    assert page.graph.actions == []
    await figures.look(page.parts.hub)
    assert metrics.REGISTRY.get_sample_value("silta_messenger_usage_percent") == SLOW_FROM + 0.5


async def test_what_is_due_waits_when_the_allowance_is_used_up(page: Page) -> None:
    page.graph.headers["x-app-usage"] = json.dumps({"call_count": 100})
    await page.messenger.graph.person("7")  # any call tells it
    await page.say("one")
    await page.logged(lambda log: any(event.get("text") == "echo: one" for event in log), "the bot has answered")
    redis, keys, conversation = page.parts.redis, page.messenger.keys, await page.conversation()
    assert await redis.zscore(keys.due_out, conversation) is not None
    assert page.graph.texts == []
    page.graph.headers.clear()
    page.messenger.graph._usage = Usage()  # the time is over
    await page.messenger.outbox._lanes.wake(conversation)
    await page.receives(page.says("bot_notice"), "echo: one")
