"""The owner's settings for understanding: ``understanding.yml``, read when the bot starts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from bot.judgement.owner import pressing_topics
from bot.nlu.decision import Limits, Thresholds
from bot.nlu.language import SPOKEN
from bot.texts import owner_directory

__all__ = ["BadSettings", "OwnerSettings"]

_MOST_CHOICES = 5


class BadSettings(ValueError):
    """A value in ``understanding.yml`` that cannot be; the text names the file, the key and what it may be."""

    code = "understanding.bad"

    def __init__(self, file: Path, key: str, what: str) -> None:
        super().__init__(f"{self.code}: {file}: {key}: {what}")


@dataclass(frozen=True)
class OwnerSettings:
    """``swedish`` is the language in which Swedish is answered."""

    limits: Limits = field(default_factory=Limits)
    swedish: str = "en"

    @classmethod
    def read(cls, directory: Path | None = None) -> OwnerSettings:
        """Read the owner's file; what it does not name keeps its default, and so does all without a file. Which topics
        press stands in ``handoff.yml``.

        Raises:
            BadSettings: the file is no YAML, or a value is out of its range.
        """
        pressing = pressing_topics(directory)
        file = (directory or owner_directory()) / "understanding.yml"
        if not file.is_file():
            return cls(Limits(pressing=pressing))
        try:
            raw = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise BadSettings(file, "file", "is not valid YAML") from error
        if not isinstance(raw, dict):
            raise BadSettings(file, "file", "must be a list of settings with their values")
        swedish = raw.pop("swedish", cls.swedish)
        if swedish not in SPOKEN:
            raise BadSettings(file, "swedish", f"must be one of {', '.join(SPOKEN)}")
        return cls(replace(_limits(file, raw), pressing=pressing), swedish)


def _limits(file: Path, raw: dict[str, Any]) -> Limits:
    """One number is for every language; a list of languages with a number each is for these."""
    known = {item.name for item in fields(Thresholds)}
    given = Limits()
    general, languages = given.general, dict(given.languages)
    for key, value in raw.items():
        if key not in known:
            raise BadSettings(file, str(key), f"is not a setting; there are {', '.join(sorted(known))} and swedish")
        if isinstance(value, dict):
            for language, number in value.items():
                if language not in SPOKEN:
                    raise BadSettings(file, f"{key}: {language}", f"must be one of {', '.join(SPOKEN)}")
                _check(file, key, number)
                languages[language] = replace(languages.get(language, general), **{key: number})
            continue
        _check(file, key, value)
        general = replace(general, **{key: value})
        languages = {language: replace(own, **{key: value}) for language, own in languages.items()}
    return Limits(general, languages)


def _check(file: Path, key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadSettings(file, key, "must be a number, or one for each of fi, da and en")
    if key == "choices":
        if not isinstance(value, int) or not 1 <= value <= _MOST_CHOICES:
            raise BadSettings(file, key, f"must be a whole number from 1 to {_MOST_CHOICES}")
    elif not 0 <= value <= 1:
        raise BadSettings(file, key, "must be between 0 and 1")
