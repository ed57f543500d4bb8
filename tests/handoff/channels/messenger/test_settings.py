from __future__ import annotations

import pytest

from handoff.channels.messenger.settings import GRAPH_URL, GRAPH_VERSION, MEDIA_HOSTS, OWN_CONSOLE, MessengerSettings

NEEDED = {
    "SILTA_MESSENGER_APP_SECRET": "new, old",
    "SILTA_MESSENGER_VERIFY_TOKEN": "verify",
    "SILTA_MESSENGER_PAGE_TOKEN": "token-of-the-page",
}


def read(**env: str) -> tuple[MessengerSettings | None, list[str]]:
    problems: list[str] = []
    given = {f"SILTA_MESSENGER_{name}": value for name, value in env.items()}
    return MessengerSettings.from_environment({**NEEDED, **given}, problems), problems


def test_without_a_page_there_are_no_settings_and_no_complaint() -> None:
    problems: list[str] = []
    assert MessengerSettings.from_environment({"SILTA_MESSENGER_GRAPH_VERSION": "v26.0"}, problems) is None
    assert problems == []


@pytest.mark.parametrize("given", [",", " , ,"])
def test_a_secret_of_commas_is_none(given: str) -> None:
    _, problems = read(APP_SECRET=given)
    assert problems == ["SILTA_MESSENGER_APP_SECRET: there is no secret in it, only commas"]


def test_defaults_and_a_rotation_of_secrets() -> None:
    settings, problems = read()
    assert problems == []
    assert settings is not None
    assert settings.app_secrets == ("new", "old")
    assert (settings.graph_url, settings.graph_version) == (GRAPH_URL, GRAPH_VERSION)
    assert (settings.handoff, settings.human_agent, settings.media_hosts) == (OWN_CONSOLE, False, MEDIA_HOSTS)


def test_what_is_missing_is_named() -> None:
    problems: list[str] = []
    MessengerSettings.from_environment({"SILTA_MESSENGER_APP_SECRET": "x"}, problems)
    assert [problem.split(":")[0] for problem in problems] == [
        "SILTA_MESSENGER_VERIFY_TOKEN",
        "SILTA_MESSENGER_PAGE_TOKEN",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAGE_ID", "my-page"),
        ("APP_ID", "12x"),
        ("GRAPH_URL", "graph.facebook.com"),
        ("GRAPH_URL", "https://graph.facebook.com/v26.0"),
        ("GRAPH_VERSION", "26"),
        ("HANDOFF", "both"),
        ("HUMAN_AGENT", "yes"),
        ("MEDIA_HOSTS", "https://fbcdn.net"),
        ("LANGUAGE", "sv"),
    ],
)
def test_a_mistake_is_named_by_its_setting(name: str, value: str) -> None:
    _, problems = read(**{name: value})
    assert len(problems) == 1
    assert problems[0].startswith(f"SILTA_MESSENGER_{name}: ")


def test_secrets_are_in_no_representation() -> None:
    settings, _ = read()
    for secret in ("new", "old", "verify", "token-of-the-page"):
        assert secret not in repr(settings)
