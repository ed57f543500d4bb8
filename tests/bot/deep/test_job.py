"""The folders that the two environments exchange."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.deep.job import FORMAT, BadFolder, BadRecipe, Batch, Job, Recipe, read_folder, write_folder


def job() -> Job:
    return Job(
        recipe=Recipe(epochs=2),
        heads=4,
        epsilon=1e-12,
        topics=3,
        examples=Batch(
            ids=np.array([4, 1, 2, 0, 3], np.int32),
            ends=np.array([0, 2, 5], np.int64),
            labels=np.array([2, 0], np.int32),
            held_out=np.array([False, True]),
            cuts=np.array([1, 4, 2, 3, 4, 1, 2, 0, 3], np.int32),
            cut_ends=np.array([0, 2, 4, 6, 9], np.int64),
        ),
        tensors={"emb.word": np.ones((5, 2), np.float32)},
    )


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = Job.read(job().write(tmp_path))
    assert (found.recipe, found.heads, found.epsilon, found.topics) == (Recipe(epochs=2), 4, 1e-12, 3)
    assert found.examples.ids.tolist() == [4, 1, 2, 0, 3] and found.examples.held_out.tolist() == [False, True]
    assert found.tensors["emb.word"].dtype == np.float32


def test_each_epoch_has_its_own_cuts_where_there_are_any() -> None:
    examples = job().examples
    for epoch, expected in enumerate(([1, 4, 2, 3], [4, 1, 2, 0, 3])):
        ids, ends = examples.of(epoch)
        assert ids.tolist() == expected and ends.tolist() == [0, 2, len(expected)]
    plain = replace(examples, cuts=examples.cuts[:0], cut_ends=examples.cut_ends[:1])
    assert plain.of(1) == (plain.ids, plain.ends)


def test_the_same_examples_find_the_same_folder_and_others_another(tmp_path: Path) -> None:
    first = job().write(tmp_path)
    (first / "epoch-001.pt").write_bytes(b"an hour's work")
    assert job().write(tmp_path) == first
    assert (first / "epoch-001.pt").read_bytes() == b"an hour's work"
    assert replace(job(), recipe=Recipe(epochs=3)).write(tmp_path) != first
    labels = replace(job().examples, labels=np.array([1, 0], np.int32))
    assert replace(job(), examples=labels).write(tmp_path) != first


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "no manifest", "other format"])
def test_a_damaged_folder_is_refused_and_says_which_file(tmp_path: Path, damage: str) -> None:
    folder = job().write(tmp_path)
    path = folder / "examples.npz"
    content = bytearray(path.read_bytes())
    manifest = folder / "manifest.json"
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[:-9])
    elif damage == "gone":
        path.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    with pytest.raises(BadFolder, match=r"deep\.damaged.*(examples\.npz|manifest\.json|format 99)"):
        Job.read(folder)


def test_a_folder_that_holds_something_else_is_no_job(tmp_path: Path) -> None:
    write_folder(tmp_path / "result", {"epochs": 1}, {"scores": {"decisions": np.zeros(2)}})
    assert read_folder(tmp_path / "result")[0] == {"epochs": 1}
    with pytest.raises(BadFolder, match="holds no job"):
        Job.read(tmp_path / "result")


def test_writing_that_breaks_off_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "result", {"epochs": 1}, {})

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        write_folder(tmp_path / "result", {"epochs": 2}, {"network": {"a": np.zeros(2)}})
    assert read_folder(tmp_path / "result")[0] == {"epochs": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_a_recipe_takes_changes_by_name() -> None:
    assert Recipe.read(["epochs=2", "rate=1e-4"]) == replace(Recipe(), epochs=2, rate=1e-4)
    for wrong in ("epoch=2", "epochs=two", "epochs"):
        with pytest.raises(BadRecipe, match=r"deep\.bad_recipe.*epochs=8"):
            Recipe.read([wrong])
