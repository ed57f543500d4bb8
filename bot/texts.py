"""The owner's texts and facts: what the bot says, in three languages, checked when it is read.

``texts/LANG.yml`` holds the texts, ``company.yml`` the facts that stand for ``{placeholders}`` in them. Whoever asks
for a text gets it finished: facts filled in and money written as the language writes it. A few texts of the ``system``
and ``reasons`` parts carry placeholders that are known only when they are spoken (:data:`SPOKEN`); those stay.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml
from babel.numbers import format_currency

__all__ = [
    "LANGUAGES",
    "MAX_TITLE",
    "SPOKEN",
    "BadTexts",
    "Entry",
    "QuickLoader",
    "Texts",
    "owner_directory",
    "plain_topic",
]

LANGUAGES = ("fi", "da", "en")
MAX_TITLE = 20
"""Longest title of a topic, in characters: what a button in every channel can show."""
SPOKEN: Mapping[str, frozenset[str]] = {
    "system.assigned": frozenset({"name"}),
    "system.too_long": frozenset({"limit"}),
    "reasons.human_topic": frozenset({"topic"}),
    "reasons.emotion": frozenset({"emotion"}),
    "reasons.not_understood": frozenset({"count"}),
    "reasons.agent_stepped_in": frozenset({"name"}),
    "reasons.asked_again": frozenset({"topic"}),
    "reasons.emotion_rising": frozenset({"emotion"}),
}
"""Placeholders that are filled when the text is spoken, by ``part.key``."""

QuickLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads YAML as ``safe_load`` does, ten times as fast where the library has its part in C."""


class _Written(QuickLoader):
    """Takes values as they are written: elsewhere YAML reads ``020333`` as 8411 and ``10:00`` as 600."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, form) for tag, form in forms if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_PARTS = ("answers", "small_talk", "human")
_PREFIX = {"answers": "faq/", "small_talk": "", "human": "human/"}
_LOCALES = {"fi": "fi_FI", "da": "da_DK", "en": "en_IE"}
_MONEY = re.compile(r"(\d+)(?:\.(\d{1,2}))? ([A-Z]{3})")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}(\.?)")  # with the full stop after it: "39 kr." has its own


class BadTexts(ValueError):
    """The owner's files have a gap or a mistake: one line with file, language and key."""

    code = "texts.bad"

    def __init__(self, file: Path, key: str, what: str) -> None:
        super().__init__(f"{self.code}: {file}: {key}: {what}")


@dataclass(frozen=True)
class Entry:
    """One topic's text in one language. ``buttons`` are topics offered below it."""

    text: str
    title: str = ""
    why: str = ""
    """What the topic says about the visitor, for agents."""
    buttons: tuple[str, ...] = ()


@dataclass
class _Language:
    name: str
    topics: dict[str, Entry] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)


def owner_directory() -> Path:
    """Where the owner's files lie: ``SILTA_OWNER_DIR``, else ``data/owner`` beside this package."""
    named = os.environ.get("SILTA_OWNER_DIR")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "data" / "owner"


def plain_topic(name: str) -> str:
    """The part of a topic after its prefix: ``faq/track_order`` → ``track_order``."""
    return name.rpartition("/")[2]


class Texts:
    """All texts, complete in every language.

    Raises (on construction):
        BadTexts: a file is missing or no YAML, a text is missing in a language, a placeholder is unknown, a title is
            longer than :data:`MAX_TITLE`, or a button names a topic that does not exist.
    """

    def __init__(self, directory: Path | None = None, languages: Iterable[str] = LANGUAGES) -> None:
        self.directory = directory or owner_directory()
        self.languages = tuple(languages)
        company = self.directory / "company.yml"
        raw = _read(company, _Written).get("facts")
        if not isinstance(raw, dict):
            raise BadTexts(company, "facts", "is missing")
        self._facts = {language: _facts_in(company, raw, language) for language in self.languages}
        self._texts = {language: self._load(language) for language in self.languages}
        self._check_gaps()

    def file(self, language: str) -> Path:
        """The file with a language's texts."""
        return self.directory / "texts" / f"{language}.yml"

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has an answer, with its prefix, in the order of the first language's file."""
        return tuple(self._texts[self.languages[0]].topics)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every ``system.…`` and ``reasons.…`` key."""
        return tuple(self._texts[self.languages[0]].plain)

    def entry(self, topic: str, language: str) -> Entry:
        """A topic's text, title and buttons. Raises KeyError for an unknown topic or language."""
        return self._texts[language].topics[topic]

    def title(self, topic: str, language: str) -> str:
        """What a button for the topic is called; the topic's plain name where the owner gave no title."""
        entry = self._texts[language].topics.get(topic)
        return entry.title if entry and entry.title else plain_topic(topic).replace("_", " ").capitalize()[:MAX_TITLE]

    def system(self, key: str, language: str) -> str:
        """A text of the ``system`` part."""
        return self._texts[language].plain[f"system.{key}"]

    def reason(self, code: str, language: str) -> str:
        """A text of the ``reasons`` part, its placeholders open."""
        return self._texts[language].plain[f"reasons.{code}"]

    def _load(self, language: str) -> _Language:
        file = self.file(language)
        raw = _read(file)
        if raw.get("language") != language:
            raise BadTexts(file, "language", f"is {raw.get('language')!r}, the file's name says {language!r}")
        loaded = _Language(name=str(raw.get("name", language)))
        for part in _PARTS:
            for key, value in _mapping(file, raw, part).items():
                loaded.topics[_PREFIX[part] + key] = self._entry(file, language, f"{part}.{key}", value)
        for part in ("system", "reasons"):
            for key, value in _mapping(file, raw, part).items():
                name = f"{part}.{key}"
                loaded.plain[name] = self._fill(file, language, name, value)
        return loaded

    def _entry(self, file: Path, language: str, key: str, raw: Any) -> Entry:
        if not isinstance(raw, dict):
            raise BadTexts(file, key, "has no text")
        title = raw.get("title", "")
        if not isinstance(title, str) or len(title) > MAX_TITLE:
            raise BadTexts(file, f"{key}.title", f"must be a text of at most {MAX_TITLE} characters")
        buttons = raw.get("buttons") or []
        if not isinstance(buttons, list) or not all(isinstance(button, str) for button in buttons):
            raise BadTexts(file, f"{key}.buttons", "must be a list of topics")
        text = self._fill(file, language, f"{key}.text", raw.get("text"))
        why = raw.get("why", "")
        if not isinstance(why, str):
            raise BadTexts(file, f"{key}.why", "must be a text")
        return Entry(text=text, title=title.strip(), why=why.strip(), buttons=tuple(buttons))

    def _fill(self, file: Path, language: str, key: str, text: Any) -> str:
        if not isinstance(text, str) or not text.strip():
            raise BadTexts(file, key, "has no text")
        open_ones = SPOKEN.get(key, frozenset())

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in open_ones:
                return match.group(0)
            if name not in self._facts[language]:
                raise BadTexts(file, key, f"unknown placeholder {{{name}}}")
            fact = self._facts[language][name]
            return fact if fact.endswith(".") else fact + match.group(2)

        return _PLACEHOLDER.sub(value, text).strip()

    def _check_gaps(self) -> None:
        for language, loaded in self._texts.items():
            for other in self._texts.values():
                for topic in other.topics:
                    if topic not in loaded.topics:
                        raise BadTexts(self.file(language), topic, "is missing in this language")
                for key in other.plain:
                    if key not in loaded.plain:
                        raise BadTexts(self.file(language), key, "is missing in this language")
            for topic, entry in loaded.topics.items():
                for button in entry.buttons:
                    if button not in loaded.topics:
                        raise BadTexts(self.file(language), topic, f"offers {button}, which is no topic")


def _read(file: Path, loader: Any = QuickLoader) -> dict[str, Any]:
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), loader)  # noqa: S506 - a safe one
    except OSError as error:
        raise BadTexts(file, "file", f"cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}" if where else "file"
        raise BadTexts(file, line, "is not valid YAML") from error
    if not isinstance(raw, dict):
        raise BadTexts(file, "file", "is empty")
    return raw


def _mapping(file: Path, raw: Mapping[str, Any], part: str) -> dict[str, Any]:
    value = raw.get(part)
    if not isinstance(value, dict):
        raise BadTexts(file, part, "is missing")
    return value


def _facts_in(file: Path, raw: Mapping[str, Any], language: str) -> dict[str, str]:
    facts = {}
    for key, value in raw.items():
        chosen = value.get(language) if isinstance(value, dict) else value
        if not isinstance(chosen, str):
            raise BadTexts(file, f"facts.{key}", f"has no value for {language}")
        facts[str(key)] = _money(chosen, language)
    return facts


def _money(value: str, language: str) -> str:
    """``4.90 EUR`` as the language writes it; anything else unchanged. Whole sums carry no decimals."""
    match = _MONEY.fullmatch(value)
    if match is None:
        return value
    whole, cents, currency = match.groups()
    amount = float(f"{whole}.{cents or 0}")
    locale = _LOCALES.get(language, language)
    if cents is None:
        text = format_currency(amount, currency, locale=locale, currency_digits=False, format=_whole_format(locale))
    else:
        text = format_currency(amount, currency, locale=locale)
    return str(text)


def _whole_format(locale: str) -> str:
    from babel import Locale

    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern
    return pattern.replace(".00", "")
