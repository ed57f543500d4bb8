"""What the owner may change while the hub runs: hours, routing, what the widget offers, the service's texts.

The files are looked at every few seconds. A change takes effect for the next request; a file with a mistake is refused
as a whole, the settings before it stay in force, and supervisors are told why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from handoff.errors import SettingsError
from handoff.owner.facts import company_file
from handoff.owner.hours_file import OpeningHours, read_hours
from handoff.owner.rules import Rules, read_rules
from handoff.owner.service_texts import ServiceTexts, read_service_texts
from handoff.owner.telling import Teller
from handoff.owner.weekly import out_of_step
from handoff.owner.widget_rules import WidgetRules, read_widget_rules
from handoff.owner.yamlfile import refusing

__all__ = ["LOOK_EVERY_S", "LiveOwner", "OwnerSettings", "read_owner"]

log = logging.getLogger("silta.owner")

LOOK_EVERY_S = 2.0
"""How often the files' times are looked at: a change is in force before the owner has the widget open to see it."""


@dataclass(frozen=True)
class OwnerSettings:
    """Hours, rules and texts that belong together."""

    hours: OpeningHours
    rules: Rules
    texts: ServiceTexts
    widget: WidgetRules = field(default_factory=WidgetRules)
    doubts: tuple[str, ...] = ()
    """What is no mistake by itself and yet cannot be meant, one line each."""

    @property
    def teller(self) -> Teller:
        return Teller(self.hours, self.texts)


@refusing
def read_owner(folder: Path) -> OwnerSettings:
    """Read ``hours.yml``, ``routing.yml``, ``widget.yml`` and ``texts/service/`` of the owner's folder.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    problems: list[str] = []
    hours, rules, texts, widget = OpeningHours.always(), Rules(), ServiceTexts({}), WidgetRules()
    try:
        hours = read_hours(folder / "hours.yml")
    except SettingsError as error:
        problems += error.problems
    try:
        rules = read_rules(folder / "routing.yml")
    except SettingsError as error:
        problems += error.problems
    try:
        texts = read_service_texts(folder / "texts" / "service")
    except SettingsError as error:
        problems += error.problems
    try:
        widget = read_widget_rules(folder / "widget.yml")
    except SettingsError as error:
        problems += error.problems
    if problems:
        raise SettingsError(problems)
    company = company_file(folder / "company.yml")  # what is wrong with it is said by who lives on it: the bot's texts
    facts = company.mapping(("facts",), company.raw.get("facts"))
    doubts = tuple(f"{company.path}: {line}" for line in out_of_step(facts, hours))
    return OwnerSettings(hours, rules, texts, widget, doubts)


class LiveOwner:
    """The settings in force. Run :meth:`keep_looking` for ever where they shall follow the files."""

    def __init__(self, settings: OwnerSettings, folder: Path | None = None) -> None:
        self.now = settings
        self.problems: tuple[str, ...] = ()
        """Why the files as they are now are not in force."""
        self._folder = folder
        self._seen = self._times()
        self._listeners: list[Callable[[], None]] = []
        self._say_doubts()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever the settings, or their problems, have changed."""
        self._listeners.append(listener)

    async def keep_looking(self, every_s: float = LOOK_EVERY_S) -> None:
        while True:
            await asyncio.sleep(every_s)
            if await asyncio.to_thread(self._read):
                self._tell()  # here, not in the thread: who listens wakes tasks of the loop

    def look(self) -> bool:
        """Read the files again when one has changed; whether that was so."""
        changed = self._read()
        if changed:
            self._tell()
        return changed

    def _read(self) -> bool:
        times = self._times()
        if self._folder is None or times == self._seen:
            return False
        self._seen = times
        try:
            self.now = read_owner(self._folder)
            self.problems = ()
            log.info("the owner's hours, rules and texts are read anew")
            self._say_doubts()
        except SettingsError as error:
            self.problems = error.problems
            log.error("the owner's files are refused, what was before stays in force: %s", "; ".join(error.problems))
        return True

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _say_doubts(self) -> None:
        for doubt in self.now.doubts:
            log.warning("the owner's files: %s", doubt)

    def _times(self) -> tuple[tuple[str, int, int], ...]:
        if self._folder is None:
            return ()
        return tuple(_stamps(self._folder))


def _stamps(folder: Path) -> Iterable[tuple[str, int, int]]:
    names = ("hours.yml", "routing.yml", "widget.yml")
    files = [*(folder / name for name in names), *sorted((folder / "texts" / "service").glob("*.yml"))]
    for path in files:
        try:
            found = path.stat()
        except OSError:
            yield str(path), 0, 0
        else:
            yield str(path), found.st_mtime_ns, found.st_size
