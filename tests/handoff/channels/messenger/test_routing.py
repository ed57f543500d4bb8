from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.events import parse
from handoff.channels.messenger.routing import Turn, is_ours, turn_of
from handoff.channels.messenger.settings import INBOX_APP

APP = "2002"


def turn(body: dict[str, Any], *, standby: bool = False, app: str = APP) -> Turn:
    event = {"sender": {"id": "3"}, "recipient": {"id": "1"}, "timestamp": 5, **body}
    (read,) = parse({"entry": [{"id": "1", "standby" if standby else "messaging": [event]}]}, now_ms=5)
    return turn_of(read, app)


@pytest.mark.parametrize("us", [2002, "2002"])
@pytest.mark.parametrize("inbox", [int(INBOX_APP), INBOX_APP])
def test_thread_control_moves_with_ids_as_numbers_and_as_text(us: Any, inbox: Any) -> None:
    assert turn({"pass_thread_control": {"new_owner_app_id": us, "previous_owner_app_id": inbox}}) is Turn.BACK
    assert turn({"pass_thread_control": {"new_owner_app_id": inbox, "previous_owner_app_id": us}}) is Turn.LEFT
    assert turn({"take_thread_control": {"previous_owner_app_id": us, "metadata": None}}) is Turn.LEFT
    assert turn({"take_thread_control": {"previous_owner_app_id": inbox, "new_owner_app_id": us}}) is Turn.BACK
    assert turn({"request_thread_control": {"requested_owner_app_id": inbox}}) is Turn.ASKED


def test_what_comes_on_standby_is_anothers_thread() -> None:
    assert turn({"message": {"mid": "m", "text": "hei"}}, standby=True) is Turn.LEFT
    assert turn({"postback": {"title": "hei"}}, standby=True) is Turn.LEFT
    assert turn({"read": {"watermark": 1}}, standby=True) is Turn.NONE
    assert turn({"message": {"mid": "m", "text": "hei"}}) is Turn.NONE


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ({"app_id": 2002}, True),
        ({"app_id": "2002", "metadata": None}, True),
        ({"app_id": INBOX_APP, "metadata": "silta:c:7:0"}, True),
        ({"app_id": INBOX_APP, "metadata": None}, False),
        ({"app_id": int(INBOX_APP)}, False),
        ({"metadata": "other"}, False),
        ({}, False),
    ],
)
def test_an_echo_is_ours_by_its_app_or_its_metadata(message: dict[str, Any], ours: bool) -> None:
    body = {"sender": {"id": "1"}, "recipient": {"id": "3"}, "message": {"mid": "m", "is_echo": True, **message}}
    (event,) = parse({"entry": [{"id": "1", "messaging": [body]}]}, now_ms=5)
    assert is_ours(event, APP) is ours
    assert turn_of(event, APP) is (Turn.NONE if ours else Turn.LEFT)


def test_without_an_app_id_a_pass_that_reaches_us_is_to_us() -> None:
    assert turn({"pass_thread_control": {"new_owner_app_id": "2002"}}, app="") is Turn.BACK
