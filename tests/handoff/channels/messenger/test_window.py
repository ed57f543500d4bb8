from __future__ import annotations

import pytest

from handoff.channels.messenger.window import Closed, Open, standing

HOUR = 3600 * 1000
NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("hours", "human", "permitted", "wanted"),
    [
        (0, False, False, Open("RESPONSE")),
        (23, False, False, Open("RESPONSE")),
        (23, True, True, Open("RESPONSE")),
        (24, False, True, Open("RESPONSE")),
        (25, False, True, Closed("window_bot")),
        (25, True, True, Open("MESSAGE_TAG", "HUMAN_AGENT")),
        (25, True, False, Closed("window_no_permission")),
        (7 * 24, True, True, Open("MESSAGE_TAG", "HUMAN_AGENT")),
        (8 * 24, True, True, Closed("window_over")),
        (8 * 24, True, False, Closed("window_over")),
        (8 * 24, False, True, Closed("window_bot")),
    ],
)
def test_who_may_write_when(hours: int, human: bool, permitted: bool, wanted: Open | Closed) -> None:
    assert standing(now_ms=NOW, last_ms=NOW - hours * HOUR, human=human, permitted=permitted) == wanted


def test_to_who_never_wrote_nothing_may_go() -> None:
    assert isinstance(standing(now_ms=NOW, last_ms=0, human=True, permitted=True), Closed)


def test_the_humans_tag_is_never_on_anything_else() -> None:
    assert Open("RESPONSE").fields() == {"messaging_type": "RESPONSE"}
    for hours in range(0, 200, 7):
        rule = standing(now_ms=NOW, last_ms=NOW - hours * HOUR, human=False, permitted=True)
        assert rule in (Open("RESPONSE"), Closed("window_bot"))
