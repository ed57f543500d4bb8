from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.settings import ROOT, Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 -- written, not bound
REDIS = {"SILTA_REDIS_URL": "unix:///tmp/redis.sock"}


def read(**env: str) -> Settings:
    return Settings.from_environment(REDIS | env)


def problems(**env: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read(**env)
    return refused.value.problems


def test_the_address_of_redis_is_all_that_must_be_given() -> None:
    made = read()
    assert (made.host, made.port, made.process) == ("127.0.0.1", 8080, "hub-1")
    assert made.origins == {"http://127.0.0.1:8080", "http://localhost:8080"}
    assert made.var == (ROOT / "var").resolve()
    assert made.owner_dir == ROOT / "data" / "owner"
    assert (made.bot_timeout_s, made.hello_timeout_s, made.actions_url, made.secrets) == (5.0, 5.0, None, ())


def test_everything_can_be_set(tmp_path: Path) -> None:
    made = read(
        SILTA_PORT="9000",
        SILTA_HOST=EVERYWHERE,
        SILTA_VAR=str(tmp_path / "var"),
        SILTA_OWNER_DIR=str(tmp_path),
        SILTA_ORIGINS=" https://shop.example , http://localhost:5173",
        SILTA_SECRETS=f"{'a' * 32}, {'b' * 32}",
        SILTA_ACTIONS_URL="http://127.0.0.1:5055/webhook",
        SILTA_BOT_TIMEOUT_S="2.5",
        SILTA_PROCESS="hub-2",
    )
    assert (made.host, made.port, made.process, made.bot_timeout_s) == (EVERYWHERE, 9000, "hub-2", 2.5)
    assert (made.var, made.owner_dir) == (tmp_path / "var", tmp_path)
    assert made.origins == {"https://shop.example", "http://localhost:5173"}
    assert made.secrets == ("a" * 32, "b" * 32)
    assert made.actions_url == "http://127.0.0.1:5055/webhook"


def test_all_problems_are_listed_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(
            {
                "SILTA_PORT": "http",
                "SILTA_ORIGINS": "shop.example, https://good.example, *",
                "SILTA_SECRETS": "short",
                "SILTA_BOT_TIMEOUT_S": "soon",
            }
        )
    named = [problem.partition(":")[0] for problem in refused.value.problems]
    assert named == [
        "SILTA_REDIS_URL",
        "SILTA_PORT",
        "SILTA_ORIGINS",
        "SILTA_ORIGINS",
        "SILTA_SECRETS",
        "SILTA_BOT_TIMEOUT_S",
    ]
    assert "short" not in str(refused.value), "a secret is not repeated"


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "80.5", "٨٠", "²"])
def test_what_is_no_port_is_refused(port: str) -> None:
    assert problems(SILTA_PORT=port) == (f"SILTA_PORT: {port!r} is no port",)


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://shop.example/",
        "https://shop.example/chat",
        "https://shop.example?x",
        "https://shop.example#x",
        "ftp://shop.example",
        "https://",
        "HTTPS://shop.example",
        "https://Shop.example",
        "https://käsityö.example",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://[bad",
        "https://shop.example:443",
        "http://shop.example:80",
        "null",
        "https://a.example,",
    ],
)
def test_an_origin_that_no_browser_would_send_is_refused(origin: str) -> None:
    (problem,) = problems(SILTA_ORIGINS=origin)
    assert problem.startswith("SILTA_ORIGINS: ")


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "http://127.0.0.1:3000", "https://xn--ksity-iua2l.example", "http://[::1]:8080"]
)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert read(SILTA_ORIGINS=origin).origins == {origin}


@pytest.mark.parametrize(
    ("host", "port", "origins"),
    [
        ("chat.example", "8080", {"http://chat.example:8080"}),
        ("127.0.0.1", "80", {"http://127.0.0.1", "http://localhost"}),
        ("::1", "8080", {"http://[::1]:8080"}),
        (EVERYWHERE, "1", {"http://0.0.0.0:1", "http://127.0.0.1:1", "http://localhost:1"}),
    ],
)
def test_without_a_list_the_own_address_is_allowed(host: str, port: str, origins: set[str]) -> None:
    assert read(SILTA_HOST=host, SILTA_PORT=port).origins == origins


@pytest.mark.parametrize("seconds", ["0.1", "61", "nan", "inf", "-5", "5s"])
def test_a_limit_of_the_bot_that_makes_no_sense_is_refused(seconds: str) -> None:
    assert problems(SILTA_BOT_TIMEOUT_S=seconds)[0].startswith("SILTA_BOT_TIMEOUT_S: ")


def test_a_blank_limit_is_the_usual_one() -> None:
    assert read(SILTA_BOT_TIMEOUT_S=" ").bot_timeout_s == 5.0


def test_what_redis_must_promise_is_set_and_checked() -> None:
    made = read(SILTA_FSYNC="everysec", SILTA_REDIS_REPLICAS="1", SILTA_REUSE_PORT="1", SILTA_HEALTH_PORT="9001")
    assert (made.fsync, made.redis_replicas, made.reuse_port, made.health_port) == ("everysec", 1, True, 9001)
    wrong = problems(
        SILTA_REDIS_URL="cluster://",
        SILTA_FSYNC="never",
        SILTA_REDIS_REPLICAS="many",
        SILTA_HEALTH_PORT="x",
        SILTA_TENANT="A",
    )
    assert {problem.split()[0].rstrip(":") for problem in wrong} == {
        "SILTA_REDIS_URL",
        "SILTA_FSYNC",
        "SILTA_REDIS_REPLICAS",
        "SILTA_HEALTH_PORT",
        "SILTA_TENANT",
    }


def test_proxies_and_hsts_are_read_and_wrong_ones_are_named() -> None:
    given = {"SILTA_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1", "SILTA_HSTS_S": "600"}
    made = Settings.from_environment({**REDIS, **given})
    assert [str(network) for network in made.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert made.hsts_s == 600
    plain = Settings.from_environment(REDIS)
    assert (plain.trusted_proxies, plain.hsts_s) == ((), 0)
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({**REDIS, "SILTA_TRUSTED_PROXIES": "10.0.0.0/8, proxy", "SILTA_HSTS_S": "-1"})
    named = [problem.partition(":")[0] for problem in refused.value.problems]
    assert named == ["SILTA_TRUSTED_PROXIES", "SILTA_HSTS_S"]
