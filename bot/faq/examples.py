"""The files of examples, ``data/nlu/LANG/*.yml``: read with their places, changed line by line.

A file is changed as text, so that remarks, order and everything that is not touched stay as they were.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.texts import QuickLoader

__all__ = ["BadExamples", "Block", "ExampleFile", "read_examples"]

_INTENT = re.compile(r"\s*- intent:\s*(\S+)\s*$")
_OPENED = re.compile(r"\s*examples:\s*\|-?\s*$")
_EXAMPLE = re.compile(r"(\s+)- ?(.*?)\s*$")


class BadExamples(ValueError):
    """A file of examples that cannot be read; the text names it and says why."""

    code = "faq.bad_examples"

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{self.code}: {file}: {what}")


@dataclass
class Block:
    """The examples of one topic in one file: (line, text), lines counted from 1, from ``start`` to ``end``."""

    topic: str
    start: int
    end: int
    indent: str = "    "
    examples: list[tuple[int, str]] = field(default_factory=list)


class ExampleFile:
    """One file, parsed.

    Raises:
        BadExamples: it is missing, no YAML, or written in another form than ``- intent`` with ``examples: |``.
    """

    def __init__(self, path: Path, language: str) -> None:
        self.path = path
        self.language = language
        try:
            self._lines = path.read_text(encoding="utf-8").split("\n")
            raw = yaml.load("\n".join(self._lines), QuickLoader)  # noqa: S506 - a safe one
        except (OSError, UnicodeDecodeError) as error:
            raise BadExamples(path, "cannot be read") from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise BadExamples(path, f"line {mark.line + 1} is no YAML" if mark else "is no YAML") from error
        self.blocks = _parsed(self._lines)
        known = raw.get("nlu") if isinstance(raw, dict) else None
        told = sum(_count(block) for block in known or ())
        if told != sum(len(block.examples) for block in self.blocks):
            raise BadExamples(path, 'is not written as "- intent: TOPIC" with "examples: |" below')

    def changed(self, removed: Collection[tuple[str, str]], added: Iterable[tuple[str, Sequence[str]]]) -> str:
        """The file's text without the ``removed`` (topic, example) and with the ``added`` examples of topics, at the
        end of the topic's block, or of the file where it has none."""
        new = {topic: texts for topic, texts in added if texts}
        dropped: set[int] = set()
        for block in self.blocks:
            gone = {line for line, text in block.examples if (block.topic, text) in removed}
            emptied = len(gone) == len(block.examples) and block.topic not in new
            dropped |= set(range(block.start, block.end + 1)) if gone and emptied else gone
        after: dict[int, list[str]] = {}
        end = len(self._lines) - (not self._lines[-1])
        indent = self.blocks[0].indent if self.blocks else "    "
        for topic, texts in new.items():
            own = next((block for block in self.blocks if block.topic == topic), None)
            if own:
                after.setdefault(own.end, []).extend(f"{own.indent}- {text}" for text in texts)
                continue
            outer = indent[: max(0, len(indent) - 4)]
            after.setdefault(end, []).extend([f"{outer}- intent: {topic}", f"{outer}  examples: |"])
            after[end].extend(f"{indent}- {text}" for text in texts)
        result = []
        for number, line in enumerate(self._lines, start=1):
            if number not in dropped:
                result.append(line)
            result.extend(after.get(number, ()))
        return "\n".join(result)


def read_examples(folder: Path, languages: Iterable[str]) -> list[ExampleFile]:
    """All files below ``folder``/LANG, in order.

    Raises:
        BadExamples: see :class:`ExampleFile`.
    """
    return [ExampleFile(path, language) for language in languages for path in sorted((folder / language).glob("*.yml"))]


def _parsed(lines: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    within = False
    for number, line in enumerate(lines, start=1):
        if intent := _INTENT.match(line):
            blocks.append(Block(intent.group(1), number, number))
            within = False
        elif blocks and _OPENED.match(line):
            within, blocks[-1].end = True, number
        elif within and (example := _EXAMPLE.match(line)):
            blocks[-1].end, blocks[-1].indent = number, example.group(1)
            if example.group(2):
                blocks[-1].examples.append((number, example.group(2)))
    return blocks


def _count(block: object) -> int:
    examples = block.get("examples") if isinstance(block, dict) else None
    if not isinstance(examples, str):
        return -1
    return sum(bool(line.strip().removeprefix("-").strip()) for line in examples.split("\n"))
