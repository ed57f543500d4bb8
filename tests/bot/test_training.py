"""What surrounds a training."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import places, training
from bot.encoder.choice import identity_in_use
from bot.encoder.manifest import checksum
from bot.nlu.parts import Parts

Note = Callable[..., None]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for a model; nothing is read out of it here."""
    monkeypatch.setattr(places, "MODELS", tmp_path)
    path = tmp_path / "silta-20260101-000000.tar.gz"
    path.write_bytes(b"a model " * 1000)
    return path


@pytest.fixture
def note(archive: Path) -> Note:
    """Writes the note of a training that has just ended, with some of it changed; None takes an entry out."""

    def write(**changes: Any) -> None:
        whole = {
            "model": archive.name,
            "checksum": checksum(archive),
            "fingerprint": training.fingerprint(),
            "encoder": identity_in_use(),
            **changes,
        }
        training._write_note({name: value for name, value in whole.items() if value is not None})

    return write


def test_a_training_anew_forgets_what_was_encoded_and_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("encoded", "cache", "encoder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    monkeypatch.setattr(places, "ENCODED", tmp_path / "encoded")
    monkeypatch.setenv("RASA_CACHE_DIRECTORY", str(tmp_path / "cache"))
    training._forget()
    training._forget()  # nothing there is nothing to complain of
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]


def test_garbage_is_looked_for_as_before_when_a_training_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError), training._seldom_tidied():
        assert gc.get_threshold() != before
        raise ValueError
    assert gc.get_threshold() == before


def test_the_parts_of_a_training_add_up_to_the_whole() -> None:
    parts = Parts()
    with parts.part("one"):
        pass
    with pytest.raises(ValueError), parts.part("two"):
        raise ValueError
    with parts.part("one"):
        sum(range(100_000))
    lines = parts.lines()
    assert [line.split("  ")[-1] for line in lines] == ["one", "two", "Rasa itself", "in all"]
    seconds = [float(line.split()[0]) for line in lines]
    assert sum(seconds[:-1]) == pytest.approx(seconds[-1], abs=0.2)
    parts.start()
    assert len(parts.lines()) == 2


def test_a_model_whose_file_is_as_it_was_written_is_current(note: Note, archive: Path) -> None:
    note()
    assert training.needs_training() is None
    archive.unlink()
    assert training.needs_training() == "there is no model"


@pytest.mark.parametrize("damage", ["emptied", "cut", "zeroed"])
def test_a_model_that_a_power_cut_has_damaged_is_trained_again(note: Note, archive: Path, damage: str) -> None:
    note()
    before, content = archive.stat(), bytearray(archive.read_bytes())
    if damage == "zeroed":  # as a file system leaves it that had the size on the disk, and not yet all blocks
        content[3000:3064] = bytes(64)
    archive.write_bytes({"emptied": b"", "cut": bytes(content[:-100]), "zeroed": bytes(content)}[damage])
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert training.needs_training() == "the model is damaged"


def test_a_damaged_deep_model_says_how_to_have_one_again(note: Note, archive: Path) -> None:
    note(encoder=None, tuned="an identity", checksum="of another file")
    assert training.needs_training() == "the model is damaged (for a deeply trained one: silta train --deep)"


def test_another_encoder_than_the_models_asks_for_a_training(note: Note) -> None:
    note(encoder="of another")
    assert training.needs_training() == "the encoder is not the one that the model was trained with"


def test_a_change_in_a_local_encoder_asks_for_a_training(
    note: Note, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "local"
    folder.mkdir()
    (folder / "weights.h5").write_bytes(b"one")
    monkeypatch.setenv("SILTA_ENCODER", str(folder))
    note()
    assert training.needs_training() is None
    (folder / "weights.h5").write_bytes(b"two")
    assert training.needs_training() == "the encoder is not the one that the model was trained with"


def test_an_encoder_that_has_still_to_be_built_asks_for_no_training(
    note: Note, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note()
    monkeypatch.setattr(places, "ENCODER", tmp_path / "nowhere")
    assert training.needs_training() is None


def test_the_note_of_an_earlier_version_is_taken_for_what_it_says(note: Note) -> None:
    note(checksum=None, encoder=None)
    assert training.needs_training() is None
    note(checksum=None, encoder=None, fingerprint="of another code")
    assert training.needs_training() == "the model is older than its data"


def test_a_note_that_is_cut_off_is_no_note(note: Note, archive: Path) -> None:
    note()
    path = archive.parent / "fingerprint.json"
    path.write_text(path.read_text(encoding="utf-8")[:30], encoding="utf-8")
    assert training.needs_training() == "there is no model"
    note(extra=1)
    assert json.loads(path.read_text(encoding="utf-8"))["extra"] == 1


def test_archive_and_note_are_on_the_disk_before_they_get_their_names(
    archive: Path, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Made:
        code = 0

        def __init__(self, model: Path) -> None:
            self.model = str(model)

    def trains(output: str, fixed_model_name: str, **_: object) -> Made:
        model = Path(output) / f"{fixed_model_name}.tar.gz"
        model.write_bytes(b"trained")
        return Made(model)

    settled: list[str] = []
    fsync = os.fsync

    def settles(number: int) -> None:
        settled.append(os.readlink(f"/proc/self/fd/{number}"))
        fsync(number)

    monkeypatch.setattr(os, "fsync", settles)
    model, content = training._rasa(trains, ValueError)
    assert model.read_bytes() == b"trained" and content == checksum(model)
    assert Path(settled[0]).name == model.name and settled[1:] == [str(archive.parent)]
    settled.clear()
    note()
    assert [Path(path).name for path in settled] == ["fingerprint.new", archive.parent.name]
