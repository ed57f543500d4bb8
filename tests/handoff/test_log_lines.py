"""The one form of all logs (S11, P7)."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from handoff import log_lines
from handoff.errors import StoreUnavailable
from handoff.log_lines import JsonLines


def line(message: str, *arguments: Any, error: BaseException | None = None) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("silta.hub", logging.WARNING, "x.py", 1, message, arguments, info)  # type: ignore[arg-type]
    told = JsonLines().format(record)
    assert told.isascii() and told.isprintable()
    return dict(json.loads(told))


@pytest.mark.parametrize("text", ["two\r\nlines", "\x1b[31mred", '{"level":"critical"}', "\u2028", "ä" * 10, "\ud83d"])
def test_s11_whatever_is_logged_is_one_line_of_json(text: str) -> None:
    assert line("conversation %s: odd", text)["message"] == f"conversation {text}: odd"


def test_s11_a_line_has_an_end() -> None:
    assert len(line("x" * 1_000_000)["message"]) == 2000
    try:
        raise OSError("y" * 1_000_000)
    except OSError as error:
        assert len(line("failed", error=error)["error"]) == 4000


def test_s11_an_error_is_told_by_kind_code_and_place_and_never_by_what_somebody_wrote() -> None:
    try:
        try:
            float("my very private words")
        except ValueError as error:
            raise StoreUnavailable("timeout") from error
    except StoreUnavailable as error:
        told = line("failed", error=error)["error"]
    assert told.startswith("StoreUnavailable [try_later]") and "from ValueError" in told
    assert "test_log_lines.py:" in told and "private" not in told
    assert "No such file" in line("x", error=FileNotFoundError(2, "No such file"))["error"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("from 203.0.113.77:5000", "from 203.0.113.0:5000"),
        ("peer 127.0.0.1 left", "peer 127.0.0.1 left"),
        ("from 2001:db8:85a3:8d3:1319:8a2e:370:7348", "from 2001:db8:85a3::"),
        ("from [2001:db8::1]:443", "from [2001:db8::]:443"),
        ("at 10:15:30 version 1.2.3", "at 10:15:30 version 1.2.3"),
        ("::1 and a::b", "::1 and a::"),
        ("from ::ffff:203.0.113.77", "from ::ffff:203.0.113.0"),
    ],
)
def test_p7_no_whole_address_is_logged(said: str, kept: str) -> None:
    assert line(said)["message"] == kept


def test_arguments_that_do_not_fit_are_no_error() -> None:
    assert line("%d of %s", "x")["message"] == "%d of %s"


def test_a_process_begins_to_log_so() -> None:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        log_lines.begin(stream=stream)
        logging.getLogger("silta.x").info("hello")
        assert json.loads(stream.getvalue())["message"] == "hello"
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
