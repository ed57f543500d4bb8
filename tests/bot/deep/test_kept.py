"""Where tuned encoders lie, and which of them stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.deep.encoder import identity_in
from bot.deep.kept import all_in, folder_of, place_of, tidy
from bot.encoder.manifest import Manifest, checksum


def lay(folder: Path, content: str) -> str:
    """Put a folder that looks like an encoder; returns its identity."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_text(content)
    Manifest("tiny", "int8", (1,), 4, "", "", 1.0, {"model.onnx": checksum(folder / "model.onnx")}).write(folder)
    found = identity_in(folder)
    assert found
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "deep"


def test_each_has_a_folder_of_its_own(home: Path) -> None:
    first, second = lay(home / "one", "one"), lay(home / "two", "two")
    assert place_of(home, first) != place_of(home, second)
    assert folder_of(home, first) == place_of(home, first)


def test_one_of_an_earlier_version_is_found_where_it_lies(home: Path) -> None:
    old = lay(home / "encoder", "one")
    assert folder_of(home, old) == home / "encoder"
    new = lay(home / "new", "two")
    (home / "new").rename(place_of(home, new))
    assert (folder_of(home, old), folder_of(home, new)) == (home / "encoder", place_of(home, new))


def test_what_no_model_needs_is_tidied_away_the_half_made_and_the_damaged_too(home: Path) -> None:
    old = lay(home / "encoder", "one")
    needed, other, damaged = (lay(home / f"encoder-{name}", name) for name in ("needed", "other", "damaged"))
    (home / "encoder-damaged" / "model.onnx").write_text("cut")
    (home / ".encoder-half").mkdir()
    (home / "job-0123").mkdir()
    tidy(home, {old, needed, damaged})
    assert sorted(path.name for path in home.iterdir()) == ["encoder", "encoder-needed", "job-0123"]
    assert other and [path.name for path in all_in(home)] == ["encoder", "encoder-needed"]
    tidy(home, {needed})
    assert [path.name for path in all_in(home)] == ["encoder-needed"]


def test_where_nothing_was_tuned_there_is_nothing_to_tidy(home: Path) -> None:
    tidy(home, set())
    assert not home.exists() and all_in(home) == []
