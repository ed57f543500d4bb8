from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.seam import watch
from bot.seam.turn import Turn, running
from handoff.events import Inbound

LOGGER = logging.getLogger(watch.LOGGER)


@pytest.fixture(autouse=True)
def watching() -> Iterator[None]:
    watch.install()
    yield
    watch.remove()


def fail(name: str) -> None:
    try:
        raise ValueError("told so")
    except ValueError:
        LOGGER.exception("Encountered an exception while running action '%s'.Bot will continue", name)


def test_a_failed_action_is_noted_in_its_own_turn() -> None:
    one, other = Turn(Inbound("c", "m1", 1), "1-1"), Turn(Inbound("d", "m2", 1), "1-2")
    with running(one):
        fail("action_request_handoff")
    with running(other):
        LOGGER.error("while running action 'x'")
    fail("outside")
    assert one.failed_actions == ["action_request_handoff"]
    assert other.failed_actions == []


def test_installing_twice_notes_once() -> None:
    watch.install()
    turn = Turn(Inbound("c", "m1", 1), "1-1")
    with running(turn):
        fail("a")
    assert turn.failed_actions == ["a"]


def test_a_silenced_logger_is_refused() -> None:
    LOGGER.setLevel(logging.CRITICAL)
    try:
        with pytest.raises(RuntimeError, match="silenced"):
            watch.install()
    finally:
        LOGGER.setLevel(logging.NOTSET)


def test_rasa_still_words_the_record_as_the_watch_expects() -> None:
    import inspect

    from rasa.core.processor import MessageProcessor

    source = inspect.getsource(MessageProcessor._run_action)
    assert "while running action '{action.name()}'" in source
    assert "logger.exception(" in source
