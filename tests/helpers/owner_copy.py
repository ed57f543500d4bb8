"""A copy of the owner's folder with changes, for a Silta that shall behave otherwise."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.stack import ROOT

__all__ = ["owner_copy"]

_ALWAYS = "{" + ", ".join(f'{day}: "00:00-24:00"' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")) + "}"


def owner_copy(folder: Path, rules: Mapping[str, str] | None = None, *, always_open: bool = False) -> Path:
    """Copy ``data/owner`` into ``folder`` and change ``routing.yml``: each key of ``rules`` becomes its value."""
    copy = folder / "owner"
    shutil.copytree(ROOT / "data" / "owner", copy)
    routing = copy / "routing.yml"
    text = routing.read_text("utf-8")
    for old, new in (rules or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    routing.write_text(text, "utf-8")
    if always_open:
        hours = copy / "hours.yml"
        kept = re.sub(r"week: \{[^}]*\}", f"week: {_ALWAYS}", hours.read_text("utf-8"))
        kept = re.sub(r"  holidays: \[FI\]\n", "", kept)
        kept = re.sub(r"holidays: \[DK\], ", "", kept)
        kept = re.sub(r'"12-(24|31)": [^,}\n]+', '"02-29": closed', kept)
        hours.write_text(kept, "utf-8")
    return copy
