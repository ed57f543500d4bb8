"""What is wrong with the owner's files, as the hub reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from handoff.errors import SettingsError
from handoff.owner.canned import load_canned
from handoff.owner.files import read_owner
from handoff.owner.macros import load_macros
from handoff.owner.manners import read_manners
from handoff.owner.texts import load_texts
from handoff.privacy.notice import read_notices
from handoff.privacy.rules import read_privacy
from handoff.queue.routing import read_routing

__all__ = ["examined"]


def examined(folder: Path) -> tuple[list[str], list[str]]:
    """Everything that is wrong, and what may be (no mistake by itself): one line each, with file and place."""
    problems: list[str] = []
    doubts: list[str] = []
    reads: list[Callable[[], object]] = [
        lambda: load_texts(folder),
        lambda: doubts.extend(read_owner(folder).doubts),
        lambda: read_routing(folder / "handoff.yml"),
        lambda: read_manners(folder / "manners.yml"),
        lambda: load_macros(folder, load_canned(folder)),
        lambda: read_notices(folder, read_privacy(folder / "privacy.yml").values()),
    ]
    for read in reads:
        try:
            read()
        except SettingsError as error:
            problems += error.problems
    # Several read company.yml: what is wrong with it is said once.
    return list(dict.fromkeys(problems)), doubts
