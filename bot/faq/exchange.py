"""The table out, and a table back in: all of it or nothing.

What a table names takes the place of what was there: an answer, a title, or *all* examples of a topic in a language.
What it does not name stays. The new files are written beside the old ones first, checked as the bot would check them,
and only then put in place.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.faq.check import odd_example, same_words
from bot.faq.examples import ExampleFile, read_examples
from bot.faq.table import ANSWER, EXAMPLE, TITLE, BadTable, Line
from bot.nlu.decision import DID_NOT_HELP
from bot.texts import LANGUAGES, MAX_TITLE, BadTexts, QuickLoader, Texts, owner_directory

__all__ = ["Change", "Import", "exported", "prepare"]

_SECTIONS = {"faq": "answers", "human": "human", "": "small_talk"}
_FIELDS = {TITLE: "title", ANSWER: "text"}
_HOME = {"faq": "faq.yml", "human": "human.yml", "": "small_talk.yml"}
_NEW = re.compile(r"faq/[a-z][a-z0-9_]{1,49}")
_Key = tuple[str, str]
"""(topic, language)."""


@dataclass(frozen=True)
class Change:
    """What an import does to a topic in a language."""

    topic: str
    language: str
    added: int = 0
    removed: int = 0
    worded: tuple[str, ...] = ()
    """``answer``, ``title``: texts that are put anew."""


@dataclass
class Import:
    """A table that has been found good. :meth:`write` puts it in place."""

    changes: list[Change]
    files: dict[Path, str] = field(repr=False)

    def write(self) -> None:
        """Replace the files. Should the machine refuse one, those before it get their old content back.

        Raises:
            OSError: a file could not be written; nothing has changed.
        """
        before = {path: path.read_bytes() if path.exists() else None for path in self.files}
        fresh: dict[Path, Path] = {}
        try:
            for path, content in self.files.items():
                fresh[path] = path.with_name(f".{path.name}.{os.getpid()}.new")
                fresh[path].write_text(content, encoding="utf-8", newline="\n")
            done: list[Path] = []
            try:
                for path, new in fresh.items():
                    os.replace(new, path)
                    done.append(path)
            except OSError:
                for path in done:
                    _put_back(path, before[path])
                raise
        finally:
            for new in fresh.values():
                new.unlink(missing_ok=True)


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def exported(owner: Path | None, examples: Path) -> Iterator[Line]:
    """Every answer, title and example, topic by topic and language by language. Texts are as the owner wrote them, with
    their placeholders.

    Raises:
        BadTexts, BadExamples: a file cannot be read.
    """
    folder = owner or owner_directory()
    topics = [*Texts(folder).topics, DID_NOT_HELP]
    raw = {language: _plain(folder / "texts" / f"{language}.yml") for language in LANGUAGES}
    told = _told(read_examples(examples, LANGUAGES))
    for topic in topics:
        for language in LANGUAGES:
            for kind in _FIELDS:
                if text := _now(raw[language], topic, kind):
                    yield Line(0, topic, language, kind, text)
            for text in told.get((topic, language), ()):
                yield Line(0, topic, language, EXAMPLE, text)


def prepare(path: Path, lines: Sequence[Line], owner: Path | None, examples: Path) -> Import:
    """Check a table against what is there and make the new files, in memory.

    Args:
        path: the table's file, for what is said of it.
        lines: see :func:`bot.faq.table.read_table`.
        owner: the owner's folder; None for the one in use.
        examples: the folder with the examples of each language.

    Raises:
        BadTable: with every row that cannot be taken, or what the bot would refuse afterwards.
        BadTexts, BadExamples: what is there now cannot be read.
    """
    folder = owner or owner_directory()
    known = {*Texts(folder).topics, DID_NOT_HELP}
    files = read_examples(examples, LANGUAGES)
    old = _told(files)
    texts, wanted, problems = _sorted(path, lines, known)
    problems += _everywhere(path, texts, known)
    problems += _between_topics(path, lines, old, wanted)
    if problems:
        raise BadTable(problems)
    changes: dict[_Key, Change] = {}
    new = _new_texts(folder, texts, changes)
    new |= _new_examples(files, old, wanted, examples, changes)
    _try(path, folder, new)
    return Import([changes[key] for key in sorted(changes)], new)


def _sorted(
    path: Path, lines: Sequence[Line], known: set[str]
) -> tuple[dict[tuple[str, str, str], str], dict[_Key, list[str]], list[str]]:
    """Texts by (topic, language, kind), examples by topic and language, and what is wrong with single rows."""
    texts: dict[tuple[str, str, str], str] = {}
    wanted: dict[_Key, list[str]] = {}
    problems: list[str] = []
    rows: dict[tuple[str, ...], int] = {}
    for line in lines:
        if reason := _wrong(line, known):
            problems.append(f"{path}, row {line.row}: {reason}")
            continue
        key = (line.topic, line.language, line.kind, line.text.lower() if line.kind == EXAMPLE else "")
        if key in rows:
            problems.append(f"{path}, row {line.row}: says again what row {rows[key]} says")
            continue
        rows[key] = line.row
        if line.kind == EXAMPLE:
            wanted.setdefault((line.topic, line.language), []).append(line.text)
        else:
            texts[line.topic, line.language, line.kind] = line.text
    return texts, wanted, problems


def _wrong(line: Line, known: set[str]) -> str | None:
    if line.topic not in known and not _NEW.fullmatch(line.topic):
        return f"{line.topic} is no topic; a new one is called faq/ and small letters, digits and _"
    if line.kind == EXAMPLE:
        return odd_example(line.text)
    if line.topic == DID_NOT_HELP:
        return f"{line.topic} has examples only"
    if line.kind == TITLE and (len(line.text) > MAX_TITLE or "\n" in line.text):
        return f"a title must be one line of at most {MAX_TITLE} characters"
    return None


def _everywhere(path: Path, texts: Mapping[tuple[str, str, str], str], known: set[str]) -> list[str]:
    """New topics without an answer in some language."""
    problems = []
    for topic in sorted({topic for topic, _, _ in texts} - known):
        lacking = [language for language in LANGUAGES if (topic, language, ANSWER) not in texts]
        if lacking:
            problems.append(f"{path}: the new topic {topic} has no answer in {', '.join(lacking)}")
    return problems


def _between_topics(
    path: Path, lines: Sequence[Line], old: Mapping[_Key, Sequence[str]], wanted: Mapping[_Key, Sequence[str]]
) -> list[str]:
    """Examples that would stand under two topics of a language."""
    owners: dict[tuple[str, str], str] = {}
    for (topic, language), told in old.items():
        if (topic, language) not in wanted:
            owners |= {(language, same_words(text)): f"{topic} has already" for text in told}
    problems = []
    for line in lines:
        if line.kind != EXAMPLE:
            continue
        key = (line.language, same_words(line.text))
        other = owners.setdefault(key, f"{line.topic} has in row {line.row}")
        if not other.startswith(f"{line.topic} "):
            problems.append(f'{path}, row {line.row}: "{line.text}" is an example that {other}')
    return problems


def _new_texts(folder: Path, texts: Mapping[tuple[str, str, str], str], changes: dict[_Key, Change]) -> dict[Path, str]:
    from ruamel.yaml.scalarstring import LiteralScalarString

    new: dict[Path, str] = {}
    for language in LANGUAGES:
        path = folder / "texts" / f"{language}.yml"
        now = _plain(path)
        fresh = {
            (topic, kind): text
            for (topic, spoken, kind), text in texts.items()
            if spoken == language and _now(now, topic, kind) != text
        }
        if not fresh:
            continue
        yaml = _careful()
        raw = yaml.load(path.read_text(encoding="utf-8"))
        for (topic, kind), text in fresh.items():
            prefix, _, name = topic.rpartition("/")
            entry = raw[_SECTIONS[prefix]].setdefault(name, {})
            entry[_FIELDS[kind]] = text if kind == TITLE else LiteralScalarString(text)
            worded = changes[topic, language].worded if (topic, language) in changes else ()
            changes[topic, language] = Change(topic, language, worded=(*worded, kind))
        out = io.StringIO()
        yaml.dump(raw, out)
        new[path] = out.getvalue()
    return new


def _new_examples(
    files: Sequence[ExampleFile],
    old: Mapping[_Key, Sequence[str]],
    wanted: Mapping[_Key, Sequence[str]],
    examples: Path,
    changes: dict[_Key, Change],
) -> dict[Path, str]:
    removed: dict[str, set[tuple[str, str]]] = {language: set() for language in LANGUAGES}
    added: dict[Path, list[tuple[str, list[str]]]] = {}
    for (topic, language), told in wanted.items():
        before = old.get((topic, language), ())
        gone = set(before) - set(told)
        fresh = [text for text in told if text not in set(before)]
        if not gone and not fresh:
            continue
        worded = changes.get((topic, language), Change(topic, language)).worded
        changes[topic, language] = Change(topic, language, len(fresh), len(gone), worded)
        removed[language] |= {(topic, text) for text in gone}
        if fresh:
            added.setdefault(_home(files, examples, topic, language), []).append((topic, fresh))
    new = {}
    for file in files:
        mine = added.pop(file.path, [])
        touched = {topic for topic, _ in removed[file.language]} & {block.topic for block in file.blocks}
        if mine or touched:
            new[file.path] = file.changed(removed[file.language], mine)
    for path, pairs in added.items():  # a file that is not there yet
        blocks = [
            f"- intent: {topic}\n  examples: |\n" + "".join(f"    - {text}\n" for text in told) for topic, told in pairs
        ]
        new[path] = 'version: "3.1"\nnlu:\n' + "".join(blocks)
    return new


def _home(files: Sequence[ExampleFile], examples: Path, topic: str, language: str) -> Path:
    """The file that a topic's new examples go to."""
    for file in files:
        if file.language == language and any(block.topic == topic for block in file.blocks):
            return file.path
    return examples / language / _HOME[topic.rpartition("/")[0]]


def _try(path: Path, folder: Path, new: Mapping[Path, str]) -> None:
    """Read the changed files from a copy as the bot would read them."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        (copy / "texts").mkdir()
        shutil.copy(folder / "company.yml", copy)
        for language in LANGUAGES:
            file = folder / "texts" / f"{language}.yml"
            content = new.get(file)
            (copy / "texts" / file.name).write_text(content or file.read_text(encoding="utf-8"), encoding="utf-8")
        try:
            Texts(copy)
        except BadTexts as error:
            raise BadTable([f"{path}: the answers would be refused: {error}".replace(f"{copy}/", "")]) from error
        for number, (file, content) in enumerate(new.items()):
            if file.suffix == ".yml" and file.parent.name in LANGUAGES:
                trial = copy / f"{number}.yml"
                trial.write_text(content, encoding="utf-8")
                ExampleFile(trial, file.parent.name)


def _told(files: Sequence[ExampleFile]) -> dict[_Key, list[str]]:
    told: dict[_Key, list[str]] = {}
    for file in files:
        for block in file.blocks:
            told.setdefault((block.topic, file.language), []).extend(text for _, text in block.examples)
    return told


def _now(raw: Mapping[str, Any], topic: str, kind: str) -> str:
    """A topic's answer or title as the owner's file has it; empty where it has none."""
    prefix, _, name = topic.rpartition("/")
    entry = (raw.get(_SECTIONS[prefix]) or {}).get(name) or {}
    return str(entry.get(_FIELDS[kind]) or "").strip()


def _plain(path: Path) -> Mapping[str, Any]:
    import yaml

    found: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), QuickLoader)  # noqa: S506 - a safe one
    return found


def _careful() -> Any:
    """A reader and writer that keeps remarks, quotes and order."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 10_000
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
