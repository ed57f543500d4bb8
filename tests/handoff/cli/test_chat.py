from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handoff.cli import chat
from handoff.cli.chat import Screen, frame_of
from handoff.errors import StartRefused
from handoff.tasks import end
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess, free_port
from tests.helpers.waiting import until


def message(role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "event", "kind": "message", "author": {"role": role, "name": ""}, "text": text, **more}


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def screen(lines: list[str]) -> Screen:
    return Screen(lines.append)


def test_who_says_what_is_shown(screen: Screen, lines: list[str]) -> None:
    screen.show({"type": "welcome", "notice": "I am a bot", "status": "bot"})
    screen.show(message("bot", "hi"))
    screen.show(message("agent", "hello") | {"author": {"role": "agent", "name": "Aino"}})
    screen.show({"type": "status", "status": "queued", "ahead": 2})
    screen.show({"type": "error", "code": "try_later", "message": "in a moment"})
    assert lines == ["-- I am a bot", "bot: hi", "Aino: hello", "-- queued, 2 ahead", "-- try_later: in a moment"]
    assert screen.status == "queued"


def test_what_says_nothing_to_a_person_is_left_out(screen: Screen, lines: list[str]) -> None:
    screen.show(message("visitor", "my own words"))
    screen.show({"type": "event", "seq": 3, "kind": "hidden"})
    screen.show({"type": "typing", "role": "bot", "on": True})
    screen.show({"type": "ack", "id": "x", "seq": 1})
    assert lines == []


def test_the_buttons_of_the_last_answer_can_be_pressed_by_number(screen: Screen, lines: list[str]) -> None:
    screen.show(message("bot", "which?", buttons=[{"title": "One", "id": "4.0"}, {"title": "Two", "id": "4.1"}]))
    assert lines[1:] == ["   [1] One", "   [2] Two"]
    pressed = frame_of("2", screen.buttons)
    assert pressed is not None
    assert (pressed["type"], pressed["button"]) == ("message", "4.1")
    assert (frame_of("3", screen.buttons) or {})["text"] == "3"
    screen.show(message("bot", "fine"))
    assert (frame_of("2", screen.buttons) or {})["text"] == "2"


@pytest.mark.parametrize(
    ("line", "kind"),
    [(":person", "request_handoff"), (":cancel", "cancel_handoff"), (":agree", "agree"), (":end", "end")],
)
def test_lines_with_a_colon_are_requests(line: str, kind: str) -> None:
    frame = frame_of(f" {line} ", [])
    assert frame is not None
    assert set(frame) == {"type", "id"}
    assert frame["type"] == kind


def test_the_wish_to_leave_is_no_frame_and_slashes_are_words() -> None:
    assert frame_of(":quit", []) is None
    assert (frame_of("/restart", []) or {})["text"] == "/restart"


async def test_a_hub_that_dies_and_comes_back_costs_no_words(
    mortal_hub: HubProcess, screen: Screen, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "BACK_OFF_S", 0.1)
    talk = chat._Talk(mortal_hub.address, "en")
    talk._screen = screen
    async with FakeBot(mortal_hub.redis_url):
        socket, _ = await talk._open()
        reading = asyncio.create_task(talk._read(socket))
        try:
            await talk._send(frame_of("hello", []) or {})

            async def said(text: str) -> bool:
                return f"bot: echo: {text}" in lines

            await until(lambda: said("hello"), "an answer")
            mortal_hub.kill()
            await talk._send(frame_of("are you there?", []) or {})
            await asyncio.to_thread(mortal_hub.start)
            await until(lambda: said("are you there?"), "an answer from the new hub")
            assert [line for line in lines if line.startswith("bot")] == [
                "bot: echo: hello",
                "bot: echo: are you there?",
            ]
            assert talk._unanswered == {}
        finally:
            await end(reading)
            if talk._socket is not None:
                await talk._socket.close()


async def test_a_hub_that_never_was_is_said_at_once() -> None:
    with pytest.raises(StartRefused, match="silta up"):
        await chat._Talk(f"http://127.0.0.1:{free_port()}", "en").run()
