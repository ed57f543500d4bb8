from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from handoff.channels.messenger import menu
from handoff.channels.messenger.client import Graph
from handoff.channels.messenger.doctor import (
    FIELDS,
    PROFILE_FIELDS,
    SCOPES,
    Finding,
    State,
    examine,
    of_fields,
    of_profile,
    of_token,
    of_version,
)
from handoff.channels.messenger.settings import GRAPH_VERSION, MessengerSettings
from tests.handoff.channels.messenger.page import SETTINGS
from tests.handoff.texts_for_tests import texts

TODAY = date(2026, 11, 21)
NOW = 1_795_000_000
GOOD_TOKEN = {"is_valid": True, "expires_at": 0, "scopes": [*SCOPES, "pages_show_list"]}


@pytest.mark.parametrize(
    ("version", "state"),
    [
        (GRAPH_VERSION, State.GOOD),
        ("v25.0", State.GOOD),
        ("v22.0", State.WARNING),
        ("v2.12", State.BAD),
        ("v30.0", State.WARNING),
    ],
)
def test_a_version_is_old_before_it_ends(version: str, state: State) -> None:
    assert of_version(version, TODAY).state is state


@pytest.mark.parametrize("odd", [5, True, {"a": 1}, "messages", None])
def test_a_list_that_is_none_is_a_finding(odd: Any) -> None:
    (found,) = of_fields([{"id": "1", "subscribed_fields": odd}], "1")
    assert found.state is State.BAD


def test_a_scope_that_is_none_grants_nothing() -> None:
    found = of_token({**GOOD_TOKEN, "scopes": [{}, ["x"], SCOPES[0]]}, NOW)
    assert {one.what: one.state for one in found if one.what in SCOPES} == {
        SCOPES[0]: State.GOOD,
        SCOPES[1]: State.BAD,
    }


def worst(found: list[Finding]) -> set[State]:
    return {finding.state for finding in found}


@pytest.mark.parametrize(
    ("token", "states"),
    [
        (GOOD_TOKEN, {State.GOOD}),
        ({**GOOD_TOKEN, "expires_at": NOW + 3 * 86_400}, {State.GOOD, State.WARNING}),
        ({**GOOD_TOKEN, "expires_at": NOW + 60 * 86_400}, {State.GOOD}),
        ({**GOOD_TOKEN, "scopes": ["pages_messaging"]}, {State.GOOD, State.BAD}),
        ({"is_valid": False, "error": {"message": "expired"}}, {State.BAD}),
        ({}, {State.BAD}),
    ],
)
def test_a_token_is_good_valid_for_long_and_for_what_we_need(token: dict[str, Any], states: set[State]) -> None:
    assert worst(of_token(token, NOW)) == states


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        (list(FIELDS), State.GOOD),
        ([{"name": name} for name in FIELDS], State.GOOD),
        ([name for name in FIELDS if name != "standby"], State.WARNING),
        ([name for name in FIELDS if name != "messages"], State.BAD),
        (None, State.BAD),
    ],
)
def test_the_subscription_names_what_does_not_come(fields: Any, state: State) -> None:
    assert worst(of_fields([{"id": "2002", "subscribed_fields": fields}], "2002")) == {state}


def test_another_apps_subscription_is_none_of_ours() -> None:
    assert worst(of_fields([{"id": "9", "subscribed_fields": list(FIELDS)}], "2002")) == {State.BAD}
    assert worst(of_fields([], "")) == {State.BAD}


def test_the_profile_is_compared_with_the_owners_texts() -> None:
    want = menu.profile(texts())
    assert of_profile(want, want).state is State.GOOD
    assert of_profile({**want, "greeting": list(reversed(want["greeting"]))}, want).state is State.GOOD
    assert of_profile({**want, "greeting": want["greeting"][:1]}, want).state is State.WARNING
    assert "get_started" in of_profile({}, want).said


def test_the_profile_has_every_locale_and_fits_metas_limits() -> None:
    profile = menu.profile(texts())
    assert set(profile) == set(PROFILE_FIELDS)
    for name in ("greeting", "ice_breakers", "persistent_menu"):
        assert [entry["locale"] for entry in profile[name]] == ["default", "fi_FI", "da_DK"]
    for language in menu.LOCALES.values():
        assert len(texts().say(language, "messenger_greeting")) <= menu.GREETING_MAX
    for entry in profile["ice_breakers"]:
        assert len(entry["call_to_actions"]) <= 4
        assert all(len(one["question"]) <= menu.QUESTION_MAX for one in entry["call_to_actions"])
        assert all(menu.topic_of(one["payload"]) for one in entry["call_to_actions"])
    for entry in profile["persistent_menu"]:
        assert all(len(one["title"]) <= menu.MENU_TITLE_MAX for one in entry["call_to_actions"])


def graph_that_says(settings: MessengerSettings, **answers: Any) -> Graph:
    async def answer(request: httpx.Request) -> httpx.Response:
        said = answers.get(request.url.path.rpartition("/")[2])
        if said is None:
            return httpx.Response(400, json={"error": {"code": 190, "error_subcode": 463}})
        return httpx.Response(200, json=said)

    return Graph(settings, transport=httpx.MockTransport(answer))


async def test_a_page_that_is_set_up_has_nothing_to_complain_about() -> None:
    settings = replace(SETTINGS, human_agent=True)
    profile = menu.profile(texts())
    graph = graph_that_says(
        settings,
        debug_token={"data": GOOD_TOKEN},
        subscribed_apps={"data": [{"id": settings.app_id, "subscribed_fields": list(FIELDS)}]},
        messenger_profile={"data": [profile]},
    )
    found = await examine(graph, settings, profile, today=TODAY, now_s=NOW)
    assert worst(found) == {State.GOOD}, found


async def test_a_page_without_anything_is_told_everything() -> None:
    settings = replace(SETTINGS, page_id="", app_id="")
    found = await examine(graph_that_says(settings), settings, {}, today=TODAY, now_s=NOW)
    said = {finding.what: finding.state for finding in found}
    assert said["page id"] is said["app id"] is said["human agent"] is State.WARNING
    assert said["token"] is State.BAD
