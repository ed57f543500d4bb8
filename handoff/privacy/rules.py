"""The owner's ``privacy.yml``: how long each kind is kept, and whether covered numbers are.
Pure but for the reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from handoff.errors import SettingsError
from handoff.owner.yamlfile import read_file, refusing

__all__ = ["KeepDays", "PrivacyRules", "read_privacy"]

DAYS_MOST = 3650
"""Ten years: what must be kept for longer belongs into the books, not into a chat."""


@dataclass(frozen=True)
class KeepDays:
    """Days since something last happened in the conversation; of the audit log, since the line was written."""

    transcripts: int = 90
    packets: int = 90
    callbacks: int = 30
    audit: int = 400


@dataclass(frozen=True)
class PrivacyRules:
    """The owner's choices."""

    keep: KeepDays = KeepDays()
    keep_covered_numbers: bool = False

    def values(self) -> dict[str, object]:
        """What the privacy notice may name: ``{transcripts_days}`` and the like."""
        return {f"{name}_days": days for name, days in asdict(self.keep).items()}


@refusing
def read_privacy(path: Path) -> PrivacyRules:
    """Read the owner's file; without one, or where it is silent, the defaults hold. There is no "for ever".

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    if not path.is_file():
        return PrivacyRules()
    file = read_file(path)
    file.known((), file.raw, ("keep_days", "keep_covered_numbers"))
    given = file.mapping(("keep_days",), file.raw.get("keep_days"))
    names = tuple(field.name for field in fields(KeepDays))
    file.known(("keep_days",), given, names)
    days = {}
    for name in names:
        value = given.get(name, getattr(KeepDays, name))
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= DAYS_MOST:
            file.wrong(("keep_days", name), f"a whole number of days from 1 to {DAYS_MOST} is expected")
            value = 1
        days[name] = value
    covered = file.raw.get("keep_covered_numbers", False)
    if not isinstance(covered, bool):
        file.wrong(("keep_covered_numbers",), "true or false is expected")
    if file.problems:
        raise SettingsError(file.problems)
    return PrivacyRules(KeepDays(**days), bool(covered))
