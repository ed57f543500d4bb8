"""An owner's YAML file, read so that every problem can be said with the line it stands on. Pure but for the reading."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import yaml

from handoff.errors import SettingsError

__all__ = ["OwnerFile", "load", "read_file", "refusing"]

log = logging.getLogger("silta.owner")

Place = tuple[str, ...]

P = ParamSpec("P")
T = TypeVar("T")

_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the YAML library raises besides its own errors where a value is not what it looks like, or what its tag says: 30
February, ``!!bool maybe``, brackets a thousand deep."""


class OwnerFile:
    """What a file says, the line of each key, and the problems found so far."""

    def __init__(self, path: Path, raw: dict[str, Any], lines: dict[Place, int], problems: list[str]) -> None:
        self.path = path
        self.raw = raw
        self.problems = problems
        self._lines = lines

    @property
    def read(self) -> bool:
        """Whether the file says anything, if only that it is empty; else its problems tell why it could not be read."""
        return bool(self.raw) or not self.problems

    def wrong(self, where: Place, why: str) -> None:
        """Note a problem at a key, or at the nearest one above it that stands in the file."""
        known = where
        while known and known not in self._lines:
            known = known[:-1]
        place = ".".join(map(str, where))
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

    def text(self, where: Place, value: Any) -> str:
        """``value`` as a text without blanks around it; empty, and noted, when it is none. None is empty."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(where, f"{value!r} is no text; put it between quotes")
            return ""
        return value.strip()

    def number(self, where: Place, value: Any, low: float, high: float, default: float) -> float:
        """``value`` as a number within the limits; the default, and noted, when it is none. None is the default."""
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            self.wrong(where, f"{value!r} is no number from {low:g} to {high:g}")
            return default
        return float(value)


def refusing(read: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
    """A reader whose every failure is a :class:`SettingsError`: what its checks did not foresee must end no hub that
    runs with good settings."""

    @functools.wraps(read)
    def careful(path: Path, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(path, *args, **kwargs)
        except SettingsError:
            raise
        except Exception as error:
            log.exception("%s cannot be read, for a reason that its reader does not know", path)
            raise SettingsError([f"{path}: cannot be understood ({type(error).__name__})"]) from error

    return careful


def load(path: Path) -> Any:
    """What a file says; names are texts, as they are written.

    Raises:
        SettingsError: it cannot be read; one line, with that of the file where it is known.
    """
    return _parsed(path)[1]


def read_file(path: Path, *, as_written: bool = False) -> OwnerFile:
    """Read a file; what is wrong with it as a whole is in its ``problems``, and ``raw`` is empty then. ``as_written``:
    its values are texts, too, as they stand there."""
    try:
        places, raw = _parsed(path, _Written if as_written else _Loader)
    except SettingsError as error:
        return OwnerFile(path, {}, {}, list(error.problems))
    if not isinstance(raw, dict):
        return OwnerFile(path, {}, {}, [f"{path}:1: names and values are expected"])
    problems = [f"{path}:{line}: {'.'.join(place)}: stands here twice" for place, line, again in places if again]
    return OwnerFile(path, raw, {place: line for place, line, _ in places}, problems)


class _Loader(yaml.SafeLoader):
    """Takes names as they are written: elsewhere YAML makes a date of ``2026-12-24`` and a truth of ``on``."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        found: dict[Any, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name is expected", key.start_mark)
            self.construct_object(key)  # whoever writes 30 February is told
            found[key.value] = self.construct_object(value, deep=deep)
        return found


class _Written(_Loader):
    """Takes values as they are written, too: elsewhere YAML reads ``020333`` as 8411 and ``10:00`` as 600. Only nothing
    is nothing, and ``<<`` takes another part in."""

    yaml_implicit_resolvers = {  # noqa: RUF012 -- the library declares it, and not as a ClassVar
        first: [(tag, form) for tag, form in forms if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _parsed(path: Path, loader: type[_Loader] = _Loader) -> tuple[list[tuple[Place, int, bool]], Any]:
    """The places of a file, see :func:`_places`, and what it says."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}"]) from error
    node = None
    try:
        node = yaml.compose(text, Loader=loader)
        places = list(_places(node, ()))  # first: reading takes the merged names into each mapping
        return places, loader("").construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        line, why = _told(error, text)
    except RecursionError:
        line, why = 1, "too many levels"
    except _ODD as error:
        line = _impossible(node) or 1
        why = str(error) if isinstance(error, ValueError) else "a value is not what its tag says"
    raise SettingsError([f"{path}:{line}: not valid YAML: {' '.join(why.split())}"])


def _told(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Where the library found an error, and what it is."""
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1, f"the character {error.character!r} may not stand here"
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1, str(getattr(error, "problem", error))


def _impossible(node: Any) -> int:
    """The line of the first value that is not what it looks like, such as a date; 0 for none. YAML knows dates, and
    names no line of them."""
    if isinstance(node, yaml.ScalarNode):
        try:
            yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, *_ODD):
            return int(node.start_mark.line) + 1
        return 0
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return next((line for line in map(_impossible, parts) if line), 0)


def _places(node: Any, above: Place, within: tuple[Any, ...] = ()) -> Iterator[tuple[Place, int, bool]]:
    """Every key below ``node`` with its line, and whether it stood there before."""
    if any(node is one for one in within):
        raise yaml.constructor.ConstructorError(None, None, "it refers to itself", node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*above, str(index)), item.start_mark.line + 1, False
            yield from _places(item, (*above, str(index)), (*within, node))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        yield (*above, name), key.start_mark.line + 1, name in seen
        seen.add(name)
        yield from _places(value, (*above, name), (*within, node))
