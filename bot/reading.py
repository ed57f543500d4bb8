"""Reads files of examples as Rasa does, in a small part of the time.

Rasa reads each file five times (twice to tell what it holds, once more before it is read, once to check its form), and
takes the fingerprint of every example anew whenever lists of examples are joined. Files in the plain form, topics with
lines of text, are read once here; what is written in any other form (entities, synonyms, tables, mistakes) is
left to Rasa, with Rasa's own warnings.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.nlu.training_data.message import Message

from bot.texts import QuickLoader

__all__ = ["Example", "YamlFile"]

_PLAIN = frozenset(("version", "nlu"))
_VERSIONS = ("3.0", "3.1")
_TOPIC = re.compile(r"^ *- intent: ", re.MULTILINE)
_EXAMPLES = re.compile(r"^ *examples: *\|-? *$", re.MULTILINE)
_ODD = re.compile("[\x85\u2028\u2029\\[]")
"""Lines that YAML's versions end in different places, and where an entity may begin."""
_STRIPPED = "\n\r "


class Example(Message):
    """A message whose fingerprint and copies cost next to nothing while it says the same."""

    _told: tuple[tuple[tuple[str, Any], ...], str] | None = None

    def fingerprint(self) -> str:
        """Rasa's own fingerprint. Rasa forgets it whenever a value is set, be it to what it was."""
        said = tuple(self.data.items())
        if self._told is not None and self._told[0] == said and not self.features:
            return self._told[1]
        if self.features or not _texts(self.data):
            return str(super().fingerprint())
        self._told = said, _fingerprint(self.data)
        return self._told[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        """Texts need no copies of their own."""
        twin = Example.__new__(Example)
        twin.__dict__.update(self.__dict__)
        twin.data = dict(self.data) if _texts(self.data) else copy.deepcopy(self.data, memo)
        twin.features = copy.deepcopy(self.features, memo) if self.features else []
        twin.output_properties = set(self.output_properties)
        return twin


def _fingerprint(data: dict[str, str]) -> str:
    """What Rasa's own gives for an example of texts alone, without its detours."""
    pairs = sorted((_hashed(key), _hashed(value)) for key, value in data.items())
    told = _md5("{" + ", ".join(f'"{key}": "{value}"' for key, value in pairs) + "}")
    return _md5(f'["{told}", "{_md5("[]")}"]')  # the second: no features


@functools.lru_cache(maxsize=10_000)
def _hashed(text: str) -> str:
    return _md5(text)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _texts(data: dict[str, Any]) -> bool:
    return all(type(value) is str for value in data.values())


class YamlFile:
    """One YAML file, parsed once.

    ``keys`` are those at its top; None where it is none that can be read here.
    """

    def __init__(self, path: Path) -> None:
        self.keys: frozenset[str] | None = None
        self._raw: Any = None
        self._text = ""
        try:
            self._text = path.read_text(encoding="utf-8")
            self._raw = yaml.load(self._text, QuickLoader)  # noqa: S506 - a safe one
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return
        if isinstance(self._raw, dict) and not self._text.lstrip().startswith("{"):  # that would be JSON
            self.keys = frozenset(map(str, self._raw))

    def examples(self) -> list[Example] | None:
        """The examples of a file in the plain form, in its order; None for any other file."""
        if self.keys != _PLAIN or self._raw["version"] not in _VERSIONS or _ODD.search(self._text):
            return None
        if self._text.isascii() and "\\" in self._text:
            return None  # Rasa would read them as escapes.
        blocks = self._raw["nlu"]
        if not isinstance(blocks, list) or not all(map(_plain, blocks)):
            return None
        # A key that stands twice is an error to Rasa, and nothing to a quick reader.
        written = self._text.count("\nnlu:"), len(_TOPIC.findall(self._text)), len(_EXAMPLES.findall(self._text))
        if written != (1, len(blocks), len(blocks)):
            return None
        return [Example.build(text, block["intent"]) for block in blocks for text in _lines(block["examples"])]


def _plain(block: Any) -> bool:
    if not isinstance(block, dict) or block.keys() != {"intent", "examples"}:
        return False
    topic, examples = block["intent"], block["examples"]
    if not isinstance(topic, str) or not topic or not isinstance(examples, str):
        return False
    lines = examples.splitlines()
    return bool(lines) and all(line.startswith("-") for line in lines)


def _lines(examples: str) -> Iterator[str]:
    for line in examples.splitlines():
        yield line[1:].strip(_STRIPPED)
