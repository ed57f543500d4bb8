"""Row S14: each service's user in Redis may do its work and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis
from redis.exceptions import NoPermissionError

from handoff.redis_users import USERS, acl_file, make_passwords, user_name, with_user
from handoff.supervisor import redis_server
from tests.helpers.redis_server import RedisServer
from tests.helpers.redis_users import as_user
from tests.helpers.waiting import until_sync

EVERYBODY = [user.name for user in USERS]

FORBIDDEN = (
    *("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG SET appendonly no", "CONFIG REWRITE", "SHUTDOWN NOSAVE", "MONITOR"),
    *("REPLICAOF NO ONE", "ACL SETUSER x on", "ACL LIST", "CLIENT LIST", "CLIENT KILL TYPE normal", "MODULE LIST"),
    *("EVAL return(1) 0", "FUNCTION FLUSH", "SCRIPT FLUSH", "SCRIPT KILL", "SAVE", "BGSAVE", "SWAPDB 0 1"),
    *("MIGRATE h 1 {silta}:x 0 1", "RESTORE {silta}:x 0 y", "SORT {silta}:x", "CLUSTER RESET", "FAILOVER", "DBSIZE"),
)


@pytest.fixture
def server(lasting_redis: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(lasting_redis.url, decode_responses=True)


def may(server: redis.Redis, user: str, command: str) -> bool:
    return server.acl_dryrun(user_name(user), *command.split()) == "OK"


@pytest.mark.parametrize("user", EVERYBODY)
@pytest.mark.parametrize("command", FORBIDDEN)
def test_s14_no_service_may_do_what_harms_the_server_or_others(server: redis.Redis, user: str, command: str) -> None:
    assert not may(server, user, command)


@pytest.mark.parametrize("user", ["hub", "bot"])
def test_s14_the_services_may_not_read_the_servers_settings(lasting_redis: RedisServer, user: str) -> None:
    with redis.Redis.from_url(as_user(lasting_redis.url, user)) as client, pytest.raises(NoPermissionError):
        client.config_get("*")


@pytest.mark.parametrize("user", EVERYBODY)
def test_s14_a_script_gives_no_more_than_its_caller_has(lasting_redis: RedisServer, user: str) -> None:
    with redis.Redis.from_url(as_user(lasting_redis.url, user)) as client:
        sha = client.script_load("return redis.call('GET', KEYS[1])")
        with pytest.raises(redis.ResponseError, match=r"[Nn]o permission|can't access|NOPERM"):
            client.evalsha(sha, 1, "{other}:secret")
        sha = client.script_load("return redis.call('FLUSHALL')")
        with pytest.raises(redis.ResponseError, match=r"[Nn]o permission|can't run|NOPERM"):
            client.evalsha(sha, 0)


@pytest.mark.parametrize(
    ("user", "command", "allowed"),
    [
        ("hub", "SET {silta}:c:1 x", True),
        ("hub", "SET {silta-dk}:c:1 x", False),
        ("hub", "GET other", False),
        ("hub", "PUBLISH {silta}:notices x", True),
        ("hub", "PUBLISH elsewhere x", False),
        ("hub", "BGREWRITEAOF", True),
        ("hub", "SCAN 0", True),
        ("bot", "XREADGROUP GROUP rasa me STREAMS {silta}:bot:inbox >", True),
        ("bot", "RPUSH {silta}:tracker:1 x", True),
        ("bot", "HGETALL {silta}:agents", False),
        ("bot", "GET {silta}:c:1", False),
        ("bot", "GET {silta}:session:1", False),
        ("hub", "ROLE", True),
        ("hub", "CLUSTER SLOTS", True),
        ("bot", "ROLE", True),
        ("bot", "CLUSTER SLOTS", True),
        ("bot", "SCAN 0", False),
        ("bot", "PUBLISH {silta}:notices x", False),
        ("bot", "BGREWRITEAOF", False),
        ("admin", "CONFIG GET appendfsync", True),
        ("admin", "GET {other}:x", False),
    ],
)
def test_s14_each_reaches_its_own_keys(server: redis.Redis, user: str, command: str, allowed: bool) -> None:
    assert may(server, user, command) is allowed


def test_s14_without_a_name_nobody_gets_in(tmp_path: Path) -> None:
    passwords = make_passwords()
    server = RedisServer()
    acl = server.folder / "own.acl"
    acl.write_text(acl_file(passwords), "ascii")
    assert not any(secret in acl.read_text("ascii") for secret in passwords.values())
    process = subprocess.Popen(
        redis_server.command(redis_server.binary(), server.folder, server.socket, acl=acl), stdout=subprocess.DEVNULL
    )
    try:
        hub = redis.Redis.from_url(with_user(server.url, "hub", passwords["hub"]))

        def answers() -> bool:
            try:
                return bool(hub.ping())
            except redis.ConnectionError:
                return False

        until_sync(answers, "Redis answers")
        with redis.Redis.from_url(server.url) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("{silta}:agents")
        with (
            redis.Redis.from_url(with_user(server.url, "hub", passwords["bot"])) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        hub.close()
    finally:
        process.kill()
        process.wait()
        server.close()


def test_s14_the_lines_for_an_outside_redis_are_printed_with_their_addresses() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "handoff.cli", "redis-acl", "--host", "redis.shop.example:6379"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = said.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("user ")] == [
        *("default", "silta-hub", "silta-bot", "silta-admin")
    ]
    assert any(line.startswith("# SILTA_REDIS_URL=redis://silta-hub:") for line in lines)
    assert all(line.startswith(("#", "user ")) for line in lines)


def test_each_house_on_a_shared_redis_has_users_of_its_own() -> None:
    lines = acl_file(make_passwords(), tenant="shop-dk").splitlines()
    hub = next(line for line in lines if line.startswith("user shop-dk-hub "))
    assert "~{shop-dk}:*" in hub
    assert "{silta}" not in hub
