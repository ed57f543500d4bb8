"""``silta messenger``: the page's profile, and what keeps it from working."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from handoff.channels.messenger import menu
from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.doctor import State, examine
from handoff.channels.messenger.settings import MessengerSettings
from handoff.errors import SettingsError, StartRefused
from handoff.owner.texts import load_texts
from handoff.settings import ROOT

__all__ = ["apply_profile", "doctor"]


def _settings() -> MessengerSettings:
    problems: list[str] = []
    settings = MessengerSettings.from_environment(os.environ, problems)
    if settings is None:
        problems.append("SILTA_MESSENGER_APP_SECRET, …_VERIFY_TOKEN and …_PAGE_TOKEN: not set, so there is no page")
    if problems or settings is None:
        raise SettingsError(problems)
    return settings


def _profile() -> dict[str, object]:
    return menu.profile(load_texts(Path(os.environ.get("SILTA_OWNER_DIR", ROOT / "data" / "owner"))))


def _ask(settings: MessengerSettings, work: Callable[[Graph], Awaitable[int]]) -> int:
    async def run() -> int:
        graph = Graph(settings)
        try:
            return await work(graph)
        except GraphError as error:
            raise StartRefused(f"Messenger refused: {error}") from None
        finally:
            await graph.close()

    return asyncio.run(run())


def apply_profile(given: argparse.Namespace) -> int:
    """Set greeting, get started, ice breakers and menu in every language. Doing it again changes nothing."""
    profile = _profile()
    if given.show:
        print(json.dumps(profile, ensure_ascii=False, indent=2))
        return 0

    async def work(graph: Graph) -> int:
        # The menu needs get_started to be there, so it goes first.
        await graph.set_profile({"get_started": profile["get_started"]})
        await graph.set_profile({name: value for name, value in profile.items() if name != "get_started"})
        return 0

    status = _ask(_settings(), work)
    print("The page greets, offers questions and shows its menu in " + ", ".join(menu.LOCALES) + ".")
    return status


def doctor(given: argparse.Namespace) -> int:
    """Say what is missing; 1 when something is without which the channel does not work."""
    settings = _settings()

    async def work(graph: Graph) -> int:
        today = datetime.now(UTC).date()
        found = await examine(graph, settings, _profile(), today=today, now_s=int(time.time()))
        for finding in found:
            if given.json:
                print(json.dumps({"state": finding.state.value, "what": finding.what, "said": finding.said}))
            else:
                print(f"{finding.state.value:<8} {finding.what:<22} {finding.said}")
        return int(any(finding.state is State.BAD for finding in found))

    return _ask(settings, work)
