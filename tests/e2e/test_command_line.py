"""The ``silta`` command beside a running Silta."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Arrive
from tests.helpers.fixtures import AGENTS
from tests.helpers.owner import pattern
from tests.helpers.stack import Stack


def test_accounts_are_listed_added_and_disabled(silta: Stack) -> None:
    rows = [json.loads(line) for line in silta.silta("agent", "list", "--json").stdout.splitlines()]
    assert set(AGENTS.values()) <= {row["email"] for row in rows}
    assert not any("password" in row for row in rows)
    made = silta.silta("agent", "add", "kaisa@test.example", "--name", "Kaisa", "--languages", "fi,en")
    assert "password, shown only now: " in made.stdout
    again = silta.silta("agent", "add", "kaisa@test.example")
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
    assert silta.silta("agent", "disable", "kaisa@test.example").returncode == 0
    assert "disabled" in next(
        line for line in silta.silta("agent", "list").stdout.splitlines() if line.startswith("kaisa@")
    )


def test_wrong_values_are_said_in_one_line_with_status_2(silta: Stack) -> None:
    for arguments in (["agent", "add", "no-address"], ["agent", "add", "x@y.example", "--languages", "sv"]):
        answer = silta.silta(*arguments)
        assert (answer.returncode, len(answer.stderr.splitlines())) == (2, 1), answer.stderr
    short = silta.silta("agent", "password", AGENTS["Aino"], "--password-stdin", given="short\n")
    assert short.returncode == 2


async def test_transcripts_are_listed_and_shown(silta: Stack, visitor: Arrive) -> None:
    guest = await visitor("en")
    await guest.say("Where is my order?")
    answer = await guest.hear("bot")
    listed = [json.loads(line) for line in silta.silta("conversation", "list", "--json").stdout.splitlines()]
    assert guest.conversation in {row["conversation"] for row in listed}
    shown = silta.silta("conversation", "show", guest.conversation)
    assert "Where is my order?" in shown.stdout
    assert answer["text"].splitlines()[0] in shown.stdout
    rows = silta.silta("conversation", "show", guest.conversation, "--json").stdout.splitlines()
    events = [json.loads(row) for row in rows]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    missing = silta.silta("conversation", "show", "nobody")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    ("language", "question", "topic"),
    [
        ("fi", "Missä tilaukseni on?", "faq/track_order"),
        ("da", "Hvordan returnerer jeg en vare?", "faq/return_how"),
        ("en", "When is customer service open?", "faq/opening_hours"),
    ],
)
def test_chat_talks_to_the_bot(silta: Stack, language: str, question: str, topic: str) -> None:
    talk = silta.silta("chat", "--language", language, given=f"{question}\n:quit\n")
    assert talk.returncode == 0, talk.stderr
    assert f"> {question}" in talk.stdout
    assert pattern(language, topic).search(talk.stdout)


def test_without_a_running_silta_commands_say_so(tmp_path: Path, silta: Stack) -> None:
    environ = {**os.environ, "SILTA_VAR": str(tmp_path), "SILTA_PORT": "1"}
    environ.pop("SILTA_REDIS_URL", None)
    for arguments in (["agent", "list"], ["conversation", "list"], ["chat"]):
        answer = subprocess.run(
            [str(Path(__file__).resolve().parents[2] / "silta"), *arguments],
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert (answer.returncode, len(answer.stderr.splitlines())) == (1, 1), answer.stderr
        assert "silta up" in answer.stderr
