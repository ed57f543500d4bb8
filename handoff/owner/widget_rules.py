"""The owner's ``widget.yml``: what visitors may do on the website besides writing. Pure but for the reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from handoff.errors import SettingsError
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["UploadRules", "WidgetRules", "read_widget_rules"]


@dataclass(frozen=True)
class UploadRules:
    """Files that visitors may send."""

    allowed: bool = False
    """Off until the owner decides: a file is one more thing about a person to look after."""
    most_mb: int = 10
    """The largest file: a photo of today's phones has 3 to 8 MB."""
    files_most: int = 20
    """Files in one conversation: nobody needs more to show what is broken, and a disk is finite."""

    @property
    def most_bytes(self) -> int:
        return self.most_mb * 1024 * 1024


@dataclass(frozen=True)
class WidgetRules:
    """What the widget offers and asks."""

    consent: bool = False
    """Whether the visitor ticks a box before the first message. Answering who asks needs no consent in most shops; some
    want it all the same."""
    uploads: UploadRules = field(default_factory=UploadRules)


@refusing
def read_widget_rules(path: Path) -> WidgetRules:
    """Read the owner's rules; a file that is not there leaves everything off.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    if not path.exists():
        return WidgetRules()
    file = read_file(path)
    file.known((), file.raw, ("consent", "uploads"))
    part = file.mapping(("uploads",), file.raw.get("uploads"))
    file.known(("uploads",), part, ("allowed", "most_mb", "files_most"))
    uploads = UploadRules(
        allowed=_truth(file, ("uploads", "allowed"), part.get("allowed")),
        most_mb=round(file.number(("uploads", "most_mb"), part.get("most_mb"), 1, 100, UploadRules.most_mb)),
        files_most=round(
            file.number(("uploads", "files_most"), part.get("files_most"), 1, 1000, UploadRules.files_most)
        ),
    )
    rules = WidgetRules(consent=_truth(file, ("consent",), file.raw.get("consent")), uploads=uploads)
    if file.problems:
        raise SettingsError(file.problems)
    return rules


def _truth(file: OwnerFile, where: tuple[str, ...], value: object) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        file.wrong(where, f"{value!r}: yes or no is expected")
        return False
    return value
