"""What surrounds a training."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from bot import places, training
from bot.nlu.parts import Parts


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
