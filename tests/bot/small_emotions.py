"""A few of the project's own examples of emotion: enough for a model that behaves, quick to train."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.judgement.training import Row, read_rows

__all__ = ["FOLDER", "small_folder", "small_rows"]

FOLDER = Path(__file__).resolve().parents[2] / "data" / "emotion"
OF_EACH = 20


def small_rows(of_each: int = OF_EACH) -> list[Row]:
    """The first examples of each label and language; three times as many without emotion."""
    rows: list[Row] = []
    for file in sorted(FOLDER.glob("*.tsv")):
        counts: dict[str, int] = {}
        for row in read_rows(file):
            counts[row.label] = counts.get(row.label, 0) + 1
            if counts[row.label] <= of_each * (3 if row.label == "none" else 1):
                rows.append(row)
    return rows


def small_folder(folder: Path) -> Path:
    """A folder like ``data/emotion`` with :func:`small_rows`."""
    folder.mkdir(parents=True)
    shutil.copy(FOLDER / "cues.yml", folder)
    lines = [f"{row.language}\t{row.label}\t{row.text}\n" for row in small_rows(12)]
    (folder / "some.tsv").write_text("".join(lines), encoding="utf-8")
    return folder
