"""Commands beside a Redis, without the rest of Silta. What needs all of it is in tests/e2e/test_command_line.py."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path

import pytest

from handoff.cli.__main__ import main
from handoff.cli.store import running_store
from handoff.conversation import Conversation
from handoff.privacy.audit import COMMAND_LINE, Audit
from tests.helpers.redis_server import RedisServer


@pytest.fixture
def redis_url(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SILTA_REDIS_URL", redis_server.url)
    return redis_server.url


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_account_is_added_with_all_that_was_said(
    redis_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "correct horse battery\n")
    words = "agent add Liisa@Shop.example --name Liisa --role supervisor --languages fi,da --skills orders,billing"
    assert main([*words.split(), "--capacity", "3", "--password-stdin"]) == 0
    assert "password" not in capsys.readouterr().out
    assert main(["agent", "list", "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    assert account.pop("id")
    assert account == {
        "email": "liisa@shop.example",
        "name": "Liisa",
        "role": "supervisor",
        "languages": ["fi", "da"],
        "skills": ["orders", "billing"],
        "capacity": 3,
        "disabled": False,
        "levels": {"fi": 3, "da": 3},
    }


def test_a_password_is_made_and_shown_once(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "add", "a@shop.example"]) == 0
    first = capsys.readouterr().out.split("only now: ")[1]
    assert main(["agent", "password", "a@shop.example"]) == 0
    second = capsys.readouterr().out.split("only now: ")[1]
    assert len(first.strip()) >= 20
    assert first != second


def test_a_disabled_account_says_so(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["agent", "add", "a@shop.example"])
    assert main(["agent", "disable", "a@shop.example"]) == 0
    capsys.readouterr()
    main(["agent", "list"])
    assert capsys.readouterr().out.rstrip().endswith("disabled")


def test_a_role_is_changed_and_the_deed_written_down(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["agent", "add", "a@shop.example"])
    assert main(["agent", "role", "a@shop.example", "supervisor"]) == 0
    assert main(["agent", "second-factor-off", "a@shop.example"]) == 0
    said = capsys.readouterr().out
    assert "a@shop.example is supervisor now" in said and "had no second factor" in said
    main(["audit", "export"])
    told = capsys.readouterr().out
    assert "account.created" in told and "account.role" in told and "a@shop.example" not in told


def test_a_key_is_shown_once_listed_and_revoked(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "add", "reports", "--scopes", "conversations:read"]) == 0
    token = capsys.readouterr().out.split("only now: ")[1].strip()
    assert main(["key", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    key = json.loads(listed)
    assert (key["name"], key["scopes"]) == ("reports", ["conversations:read"])
    assert token not in listed and key["id"] in token
    main(["key", "list"])
    assert "reports" in capsys.readouterr().out
    assert main(["key", "revoke", key["id"]]) == 0
    capsys.readouterr()
    main(["key", "list"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["agent", "add", "nobody"], 2),
        (["agent", "add", "a@b.example", "--capacity", "0"], 2),
        (["agent", "disable", "a@b.example"], 1),
        (["agent", "password", "a@b.example"], 1),
        (["agent", "role", "a@b.example", "owner"], 1),
        (["agent", "second-factor-off", "a@b.example"], 1),
        (["key", "add", "reports", "--scopes", "everything"], 2),
        (["key", "revoke", "0123456789ab"], 1),
        (["conversation", "show", "none"], 1),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_status(
    redis_url: str, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert main(arguments) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_an_empty_password_is_refused(
    redis_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "")
    assert main(["agent", "add", "a@b.example", "--password-stdin"]) == 2
    assert "standard input is empty" in capsys.readouterr().err


def test_no_conversations_is_an_empty_list(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conversation", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_without_redis_the_way_to_start_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SILTA_REDIS_URL", raising=False)
    monkeypatch.setenv("SILTA_VAR", str(tmp_path))
    assert main(["agent", "list"]) == 1
    assert "silta up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("", "silta: "),
        ("dance", "silta: argument COMMAND: "),
        ("agent", "silta agent: "),
        ("agent add x@y.example --role boss", "silta agent add: argument --role: "),
        ("conversation list --limit 0", "silta conversation list: argument --limit: "),
        ("conversation list --limit many", "silta conversation list: argument --limit: 'many' is no number"),
        ("up -x", "silta: "),
    ],
)
def test_bad_usage_has_status_2_and_one_line_that_says_where(
    capsys: pytest.CaptureFixture[str], line: str, where: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(where) and "--help' tells more" in said


@pytest.mark.parametrize("line", ["up", "agent add", "conversation show", "audit verify", "chat"])
def test_each_command_says_what_it_does_in_its_own_help(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*line.split(), "--help"])
    assert ended.value.code == 0
    usage, description, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: silta {line} ")
    assert description.endswith(".")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for command in ("up", "train", "parse", "evaluate", "encode", "encoder", "agent", "conversation", "chat"):
        assert re.search(rf"^    {command}\s", text, re.MULTILINE), command


def test_s17_the_audit_log_is_verified_exported_and_an_export_that_was_changed_is_named(
    redis_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def write() -> None:
        async with running_store() as store:
            for _ in range(3):
                await Audit(store).write(COMMAND_LINE, "transcript.read", "c1")

    asyncio.run(write())
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("3 lines, ")
    assert main(["audit", "export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    file = tmp_path / "audit.jsonl"
    file.write_text("\n".join(lines))
    assert main(["audit", "verify", "--file", str(file)]) == 0
    file.write_text("\n".join([lines[0], lines[1].replace("c1", "c2"), lines[2]]))
    assert main(["audit", "verify", "--file", str(file)]) == 1
    assert "line 2:" in capsys.readouterr().err
    assert main(["audit", "verify", "--file", str(tmp_path / "none")]) == 2


def test_p2_p3_a_person_is_exported_and_erased_by_one_command_each(
    redis_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SILTA_VAR", str(tmp_path))

    async def write() -> None:
        async with running_store() as store:
            state = Conversation(id="c1", version=1, last=1)
            await store.redis.hset(store.keys.state("c1"), mapping={"version": 1, "last": 1, "state": state.to_json()})
            await store.redis.xadd(store.keys.log("c1"), {"e": '{"seq":1,"kind":"message","text":"canary"}'}, id="1-0")

    asyncio.run(write())
    assert main(["conversation", "export", "c1"]) == 0
    assert json.loads(capsys.readouterr().out)["events"][0]["text"] == "canary"
    typed(monkeypatch, "no\n")
    assert main(["conversation", "erase", "c1"]) == 2
    assert main(["conversation", "erase", "c1", "--yes"]) == 0
    assert "erased" in capsys.readouterr().out
    for action in ("export", "erase --yes", "show"):
        assert main(["conversation", *action.split()[:1], "c2", *action.split()[1:]]) == 1
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("2 lines")
