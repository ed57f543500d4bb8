"""The action server as a process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.actions.harness import call, user

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(port: int, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "actions", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(port: int, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, data)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    chosen = free_port()
    process = start(chosen)
    deadline = time.monotonic() + 30
    while True:
        try:
            if ask(chosen, "/health")[0] == 200:
                break
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield chosen
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "secret" not in log


def test_it_says_that_it_is_well_and_what_it_can_do(port: int) -> None:
    status, body = ask(port, "/health")
    assert status == 200
    assert body == {
        "status": "ok",
        "actions": [
            "action_answer_did_not_help",
            "action_answer_several",
            "action_course",
            "action_not_understood",
            "action_request_handoff",
        ],
    }


def test_it_runs_an_action(port: int) -> None:
    status, body = ask(port, "/webhook", call("action_request_handoff", user("x", "human/fraud")))
    assert status == 200
    assert body["events"][-1]["event"] == "pause"


def test_it_answers_on_loopback_only(port: int) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.2", 0))
        one.settimeout(2)
        with pytest.raises(OSError):  # it is not on every address
            one.connect(("127.0.0.3", port))


@pytest.mark.parametrize("body", [b"secret no json", b"[]", b"7"])
def test_what_is_no_call_is_refused(port: int, body: bytes) -> None:
    status, answer = ask(port, "/webhook", body)
    assert status == 400
    assert "secret" not in json.dumps(answer)


def test_an_unknown_action_is_named(port: int) -> None:
    status, body = ask(port, "/webhook", call("action_dance", user("x", "greet")))
    assert (status, body["action_name"]) == (404, "action_dance")


def test_a_failed_action_repeats_nothing_of_the_conversation(port: int) -> None:
    broken = call("action_request_handoff", user("my secret", "human/fraud"))
    broken["tracker"]["latest_message"]["silta"]["evidence"] = 7
    status, body = ask(port, "/webhook", broken)
    assert status == 500
    assert body == {"error": "TypeError", "action_name": "action_request_handoff"}


def test_an_unknown_path_is_not_found(port: int) -> None:
    assert ask(port, "/nothing")[0] == 404


def test_a_port_in_use_is_said_in_one_line(port: int) -> None:
    process = start(port)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 1
    assert log.splitlines()[-1].startswith(f"actions.port: 127.0.0.1:{port}: ")


def test_a_mistake_of_the_owners_stops_the_start(tmp_path: Path) -> None:
    process = start(free_port(), SILTA_OWNER_DIR=str(tmp_path))
    _, log = process.communicate(timeout=20)
    assert process.returncode == 1
    assert log.splitlines()[-1].startswith("owner.bad_file: ")
