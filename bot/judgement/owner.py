"""How sure the bot must be of an emotion to call a person: ``emotion.at_least`` of the owner's ``handoff.yml``."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.texts import owner_directory

__all__ = ["AT_LEAST", "BadThreshold", "emotion_at_least"]

AT_LEAST = 0.65
"""Without a line in the file."""


class BadThreshold(ValueError):
    """``handoff.yml`` names no probability; the text says where."""

    code = "handoff.bad_threshold"

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{self.code}: {file}: emotion.at_least: {what}")


def emotion_at_least(directory: Path | None = None) -> float:
    """The probability of an emotion from which on a person is called.

    Raises:
        BadThreshold: it is no number above 0 and at most 1.
    """
    file = (directory or owner_directory()) / "handoff.yml"
    if not file.is_file():
        return AT_LEAST
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadThreshold(file, "the file is not valid YAML") from error
    part = raw.get("emotion") if isinstance(raw, dict) else None
    value = part.get("at_least", AT_LEAST) if isinstance(part, dict) else AT_LEAST
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise BadThreshold(file, "must be a number above 0 and at most 1")
    return float(value)
