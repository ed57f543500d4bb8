"""The table: ``topic, language, kind, text``, one row for each answer, title and example.

Read as spreadsheets write it: commas, semicolons or tabs between, with or without a byte order mark, UTF-8 or the
UTF-16 of "Unicode text". Texts of several lines stand in quotes.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.texts import LANGUAGES

__all__ = ["ANSWER", "COLUMNS", "EXAMPLE", "KINDS", "TITLE", "BadTable", "Line", "read_table", "written_table"]

COLUMNS = ("topic", "language", "kind", "text")
ANSWER, TITLE, EXAMPLE = "answer", "title", "example"
KINDS = (ANSWER, TITLE, EXAMPLE)
MOST_ROWS = 100_000
"""Rows of one table: five times what the bot knows; more is a file of another kind."""
_MOST_BYTES = 50_000_000
_SHOWN = 20


class BadTable(ValueError):
    """A table that cannot be taken; ``problems`` are lines with file, row and reason."""

    code = "faq.bad_table"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - _SHOWN
        rest = (f"… and {more} more",) if more > 0 else ()
        super().__init__("\n".join([*self.problems[:_SHOWN], *rest]))


@dataclass(frozen=True)
class Line:
    """A row; ``row`` is its number in the spreadsheet, the headings being row 1."""

    row: int
    topic: str
    language: str
    kind: str
    text: str


def read_table(path: Path) -> list[Line]:
    """Read a table. The columns may stand in any order, others are ignored; empty rows are skipped.

    Raises:
        BadTable: every row that is no topic, language, kind and text.
    """
    lines: list[Line] = []
    problems: list[str] = []
    places: list[int] | None = None
    for row, cells in enumerate(_rows(path), start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if places is None:
            named = [cell.strip().lower() for cell in cells]
            if missing := [name for name in COLUMNS if name not in named]:
                raise BadTable([f"{path}, row {row}: the headings lack {', '.join(missing)}"])
            places = [named.index(name) for name in COLUMNS]
            continue
        values = [cells[place].strip() if place < len(cells) else "" for place in places]
        topic, language, kind, text = (unicodedata.normalize("NFC", value) for value in values)
        line = Line(row, topic, language.lower(), kind.lower(), text.replace("\r\n", "\n").replace("\r", "\n"))
        if reason := _wrong(line):
            problems.append(f"{path}, row {row}: {reason}")
        lines.append(line)
        if len(lines) > MOST_ROWS:
            raise BadTable([f"{path}: has more than {MOST_ROWS} rows"])
    if not lines:
        problems.append(f"{path}: holds no row below its headings")
    if problems:
        raise BadTable(problems)
    return lines


def _wrong(line: Line) -> str | None:
    if not line.topic:
        return "names no topic"
    if line.language not in LANGUAGES:
        return f"language is {line.language!r}, must be one of {', '.join(LANGUAGES)}"
    if line.kind not in KINDS:
        return f"kind is {line.kind!r}, must be one of {', '.join(KINDS)}"
    return None if line.text else "has no text"


def _rows(path: Path) -> Iterable[list[str]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadTable([f"{path}: is larger than {_MOST_BYTES // 1_000_000} MB"])
        raw = path.read_bytes()
    except OSError as error:
        raise BadTable([f"{path}: cannot be read ({error.strerror})"]) from error
    try:
        content = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable([f'{path}: is not UTF-8; save it as "CSV UTF-8"']) from error
    if "\0" in content:
        raise BadTable([f"{path}: is no table but something else; save it as CSV"])
    first = content.lstrip("\r\n").partition("\n")[0]
    between = max("\t;,", key=first.count)
    try:
        yield from csv.reader(io.StringIO(content, newline=""), delimiter=between, strict=True)
    except csv.Error as error:
        raise BadTable([f"{path}: is no table: {error}"]) from error


def written_table(lines: Iterable[Line], tabs: bool = False, commas: bool = False) -> str:
    """The table as text, with headings: semicolons between, or tabs or commas.

    In Finland and Denmark the comma stands in numbers, and a spreadsheet there takes the semicolon for what separates:
    a table with commas opens as one column, cut wherever an answer has a semicolon.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t" if tabs else "," if commas else ";", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([line.topic, line.language, line.kind, line.text] for line in lines)
    return out.getvalue()
