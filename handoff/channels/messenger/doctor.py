"""What keeps a page from working: settings, permissions, subscriptions, the token's end, the version's age.

:func:`examine` asks Graph; the judgements are pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.failures import Cure
from handoff.channels.messenger.settings import MessengerSettings
from handoff.channels.messenger.usage import Usage

__all__ = ["FIELDS", "SCOPES", "Finding", "State", "examine"]

FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_edits",
    "message_reactions",
    "messaging_referrals",
    "messaging_handovers",
    "standby",
    "messaging_policy_enforcement",
)
"""What the page's subscription must send us."""

VITAL = frozenset({"messages", "messaging_postbacks", "message_echoes"})
"""Without these the channel does not work; without the others it knows less."""

SCOPES = ("pages_messaging", "pages_manage_metadata")

RELEASED: Mapping[str, date] = {
    "v21.0": date(2024, 10, 2),
    "v22.0": date(2025, 1, 21),
    "v23.0": date(2025, 5, 29),
    "v24.0": date(2025, 10, 8),
    "v25.0": date(2026, 2, 18),
    "v26.0": date(2026, 8, 6),
}
"""When versions came out, as far as this release of Silta knows."""

OLD_DAYS = 20 * 30
"""A version lives about two years; then calls fall to the next one without a word. Four months are left to change."""

SOON_DAYS = 14
"""How long before its end a token is worth a word."""

PROFILE_FIELDS = ("get_started", "greeting", "ice_breakers", "persistent_menu")


class State(Enum):
    GOOD = "ok"
    WARNING = "warning"
    BAD = "missing"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``what`` is its name, ``said`` a sentence for the owner."""

    state: State
    what: str
    said: str


def of_version(version: str, today: date) -> Finding:
    """How old the version is."""
    released = RELEASED.get(version)
    if released is None:
        newer = _number(version) > max(map(_number, RELEASED))
        state = State.WARNING if newer else State.BAD
        said = (
            "newer than this release of Silta knows" if newer else "ended, or about to: Meta answers as another version"
        )
        return Finding(state, "version", f"{version} is {said}")
    days = (today - released).days
    if days > OLD_DAYS:
        return Finding(State.WARNING, "version", f"{version} is {days // 30} months old; versions end after about 24")
    return Finding(State.GOOD, "version", f"{version}, {max(days, 0) // 30} months old")


def of_token(data: Mapping[str, Any], now_s: int) -> list[Finding]:
    """Whether the page's token is good, until when, and for what."""
    found = []
    if not data.get("is_valid"):
        error = data.get("error")
        why = str(error.get("message", "")) if isinstance(error, Mapping) else ""
        return [Finding(State.BAD, "token", f"not valid; make a new page token. {why}".strip())]
    ends = data.get("expires_at")
    if isinstance(ends, int) and ends > 0:
        days = (ends - now_s) // 86_400
        state = State.WARNING if days <= SOON_DAYS else State.GOOD
        found.append(Finding(state, "token", f"valid for {days} more days; one of a system user never ends"))
    else:
        found.append(Finding(State.GOOD, "token", "valid, without an end"))
    scopes = data.get("scopes")
    granted = {scope for scope in scopes if isinstance(scope, str)} if isinstance(scopes, list) else set()
    for scope in SCOPES:
        known = scope in granted
        found.append(
            Finding(State.GOOD if known else State.BAD, scope, "granted" if known else "not granted to the token")
        )
    return found


def of_fields(apps: list[Any], app_id: str) -> list[Finding]:
    """Whether the page sends us what we need."""
    ours = [app for app in apps if isinstance(app, Mapping) and (not app_id or str(app.get("id")) == app_id)]
    if not ours:
        return [Finding(State.BAD, "subscription", "the page is not subscribed to this app")]
    given = ours[0].get("subscribed_fields")
    fields = given if isinstance(given, list) else []
    names = {str(one.get("name")) if isinstance(one, Mapping) else str(one) for one in fields}
    missing = [name for name in FIELDS if name not in names]
    if not missing:
        return [Finding(State.GOOD, "subscription", f"all {len(FIELDS)} fields")]
    bad = VITAL & set(missing)
    state = State.BAD if bad else State.WARNING
    return [Finding(state, "subscription", f"without {', '.join(missing)}")]


def of_profile(have: Mapping[str, Any], want: Mapping[str, Any]) -> Finding:
    """Whether the profile is the one that ``apply-profile`` sets."""
    missing = [name for name in PROFILE_FIELDS if not have.get(name)]
    if missing:
        return Finding(State.WARNING, "profile", f"without {', '.join(missing)}: run 'silta messenger apply-profile'")
    if any(not _holds(have[name], want[name]) for name in PROFILE_FIELDS):
        return Finding(State.WARNING, "profile", "differs from the owner's texts: run 'silta messenger apply-profile'")
    return Finding(State.GOOD, "profile", "as the owner's texts say")


async def examine(
    graph: Graph, settings: MessengerSettings, profile: Mapping[str, Any], *, today: date, now_s: int
) -> list[Finding]:
    """Look at everything that Graph tells. Nothing is changed."""
    found = [_set("page id", settings.page_id, "PAGE_ID"), _set("app id", settings.app_id, "APP_ID")]
    found.append(of_version(settings.graph_version, today))
    page = settings.page_id or "me"
    try:
        token = await graph.call("GET", "debug_token", query={"input_token": settings.page_token})
        found += of_token(_object(token.get("data")), now_s)
        if found[-1].state is State.BAD and found[-1].what == "token":
            return found
        apps = await graph.call("GET", f"{page}/subscribed_apps")
        found += of_fields(apps["data"] if isinstance(apps.get("data"), list) else [], settings.app_id)
        found.append(of_profile(await graph.profile(",".join(PROFILE_FIELDS)), profile))
    except GraphError as error:
        if error.failure.cure is Cure.TOKEN:
            found.append(Finding(State.BAD, "token", "not valid; make a new page token"))
        else:
            found.append(Finding(State.BAD, "Graph", f"{settings.graph_url} does not answer as it should ({error})"))
    found.append(of_usage(graph.usage))
    found.append(_of_human_agent(settings.human_agent))
    return found


def of_usage(usage: Usage) -> Finding:
    """How much of Meta's allowance of calls is used."""
    said = f"{usage.percent:g} % of the calls that Meta allows in an hour"
    if usage.regain_s:
        said += f"; it takes calls again in {usage.regain_s / 60:g} min"
    return Finding(State.WARNING if usage.high else State.GOOD, "usage", said)


def _of_human_agent(permitted: bool) -> Finding:
    if permitted:
        return Finding(State.GOOD, "human agent", "agents may answer for 7 days")
    said = "agents may answer for 24 hours; once Meta grants Human Agent, set SILTA_MESSENGER_HUMAN_AGENT=1 for 7 days"
    return Finding(State.WARNING, "human agent", said)


def _set(what: str, value: str, name: str) -> Finding:
    if value:
        return Finding(State.GOOD, what, value)
    return Finding(
        State.WARNING, what, f"SILTA_MESSENGER_{name} is not set: events of other pages and apps are not told apart"
    )


def _number(version: str) -> float:
    return float(version.removeprefix("v"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _holds(have: Any, want: Any) -> bool:
    """Whether ``have`` says all that ``want`` does; Graph adds fields of its own, and orders lists as it likes."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(_holds(have.get(name), value) for name, value in want.items())
    if isinstance(want, list):
        return isinstance(have, list) and all(any(_holds(one, wanted) for one in have) for wanted in want)
    return bool(have == want)
