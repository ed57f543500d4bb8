"""Which day it is where the visitors live: in the time zones of the owner's ``hours.yml``, read when the bot starts.

The hub checks that file and says what is wrong with it; here a zone that cannot be read is :data:`USUAL`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone, tzinfo
from pathlib import Path
from typing import Any

import yaml
from babel.dates import get_timezone

from bot.texts import owner_directory

__all__ = ["USUAL", "Zones"]

log = logging.getLogger(__name__)

USUAL = "Europe/Helsinki"
"""The zone where the owner names none: that of the company that is shipped."""


@dataclass(frozen=True)
class Zones:
    """``house`` is the zone of the chat's hours, ``languages`` those in which a language's readers are told times."""

    # Through Babel: it brings the zones along on a machine that has none of its own.
    house: tzinfo = field(default_factory=lambda: get_timezone(USUAL))
    languages: Mapping[str, tzinfo] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path | None = None) -> Zones:
        """Read the owner's file. Never fails: see the module."""
        file = (directory or owner_directory()) / "hours.yml"
        try:
            raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            log.warning("%s cannot be read: days are taken in %s", file, USUAL)
            return cls()
        house = _zone(file, _part(raw, "chat")) or get_timezone(USUAL)
        named = {str(name): _zone(file, part) for name, part in _part(raw, "shown").items()}
        return cls(house, {name: zone for name, zone in named.items() if zone is not None})

    def day(self, at: float | None, language: str | None) -> date:
        """The day of a moment (seconds since the epoch, now if None or 0) for who writes ``language``."""
        zone = self.languages.get(language or "", self.house)
        moment = datetime.fromtimestamp(at, timezone.utc) if at else datetime.now(timezone.utc)
        return moment.astimezone(zone).date()


def _part(raw: Any, name: str) -> dict[str, Any]:
    part = raw.get(name) if isinstance(raw, dict) else None
    return part if isinstance(part, dict) else {}


def _zone(file: Path, part: Any) -> tzinfo | None:
    name = part.get("zone") if isinstance(part, dict) else None
    if name is None:
        return None
    try:
        return get_timezone(str(name))
    except LookupError:
        log.warning("%s: %r is no time zone; days are taken in another", file, name)
        return None
