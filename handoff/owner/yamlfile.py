"""An owner's YAML file, read so that every problem can be said with the line it stands on. Pure but for the reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

__all__ = ["OwnerFile", "read_file"]

Place = tuple[str, ...]


class OwnerFile:
    """What a file says, the line of each key, and the problems found so far."""

    def __init__(self, path: Path, raw: dict[str, Any], lines: dict[Place, int], problems: list[str]) -> None:
        self.path = path
        self.raw = raw
        self.problems = problems
        self._lines = lines

    def wrong(self, where: Place, why: str) -> None:
        """Note a problem at a key, or at the nearest one above it that stands in the file."""
        known = where
        while known and known not in self._lines:
            known = known[:-1]
        place = ".".join(where)
        self.problems.append(f"{self.path}:{self._lines.get(known, 1)}: {place + ': ' if place else ''}{why}")

    def mapping(self, where: Place, value: Any) -> dict[str, Any]:
        """``value`` as a mapping with keys as texts; empty, and noted, when it is anything else."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(where, "names and values are expected")
            return {}
        return {str(key): item for key, item in value.items()}

    def known(self, where: Place, value: dict[str, Any], names: tuple[str, ...]) -> None:
        """Note every key that is none of ``names``."""
        for name in value:
            if name not in names:
                self.wrong((*where, name), f"not known here; choose from {', '.join(names)}")

    def number(self, where: Place, value: Any, low: float, high: float, default: float) -> float:
        """``value`` as a number within the limits; the default, and noted, when it is none. None is the default."""
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            self.wrong(where, f"{value!r} is no number from {low:g} to {high:g}")
            return default
        return float(value)


def read_file(path: Path) -> OwnerFile:
    """Read a file; what is wrong with it as a whole is in its ``problems``, and ``raw`` is empty then."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        return OwnerFile(path, {}, {}, [f"{path}: {reason}"])
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        return OwnerFile(path, {}, {}, [f"{path}:{line}: not valid YAML: {getattr(error, 'problem', error)}"])
    except ValueError as error:  # a date such as 30 February
        return OwnerFile(path, {}, {}, [f"{path}:{_impossible(node)}: not valid YAML: {error}"])
    lines: dict[Place, int] = {}
    problems: list[str] = []
    if not isinstance(raw, dict):
        return OwnerFile(path, {}, {}, [f"{path}:1: names and values are expected"])
    for place, line, again in _places(node, ()):
        if again:
            problems.append(f"{path}:{line}: {'.'.join(place)}: stands here twice")
        lines[place] = line
    return OwnerFile(path, raw, lines, problems)


def _impossible(node: Any) -> int:
    """The line of the first value that looks like a date and is none: YAML knows dates, and names no line of them."""
    if isinstance(node, yaml.ScalarNode):
        try:
            yaml.SafeLoader("").construct_object(node)
        except ValueError:
            return int(node.start_mark.line) + 1
        return 0
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return next((line for line in map(_impossible, parts) if line), 0)


def _places(node: Any, above: Place) -> Iterator[tuple[Place, int, bool]]:
    """Every key below ``node`` with its line, and whether it stood there before."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*above, str(index)), item.start_mark.line + 1, False
            yield from _places(item, (*above, str(index)))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        yield (*above, name), key.start_mark.line + 1, name in seen
        seen.add(name)
        yield from _places(value, (*above, name))
