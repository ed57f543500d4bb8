"""From examples to a tuned encoder, with a small trainer in the place of the real one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bot.deep import tune as tuning
from bot.deep.encoder import DeepEncoder, identity_in
from bot.deep.job import RESULT, Job, Recipe, read_folder, write_folder
from bot.deep.kept import all_in, place_of
from bot.deep.numbers import Tuned, tensors
from bot.deep.side import DeepFailed
from bot.encoder.encoder import Encoder
from bot.encoder.manifest import BadEncoder, checksum
from tests.bot.deep.conftest import PAIRS, Tune
from tests.bot.deep.tiny import TinyNumbers, fit_head, pooled


def test_what_is_exported_is_what_was_trained(tuned: Tune, encoder: Encoder) -> None:
    found = tuned()
    assert found.topics == sorted({topic for _, topic in PAIRS})
    numbers = TinyNumbers()
    for text in ("missä tilaukseni on", "hvor er min pakke", "where is my order"):
        ids = encoder.tokens(text, prefix="")
        assert found.tokens(text) == ids  # no prefix: a tuned encoder needs none
        expected = pooled(tensors(numbers, np.array(ids), 64), 4, 1e-12, np.arange(len(ids)))
        pools = found.pools(text)
        assert pools.shape == (2, 32)
        assert _cosine(pools[-1], expected) > 0.98, text


def test_the_untuned_layers_are_run_beside_with_the_prefix_they_were_taught(tuned: Tune, encoder: Encoder) -> None:
    found = tuned()
    assert found.layers == (1, 2) and found.untouched == 1
    texts = ["missä tilaukseni on", "hvor er min pakke", "where is my order", "moi", "hej", "a long story " * 15]
    for text in texts:
        expected = _first_layer(encoder.tokens(text))
        assert _cosine(found.pools(text)[0], expected) > 0.98, text
    # Together each gets what it gets alone, however it is cut.
    assert np.array_equal(found.pools_of(texts), np.stack([found.pools(text) for text in texts]))
    alone = tuned(beside=(), pairs=PAIRS[:-1])
    assert alone.layers == (2,) and alone.untouched == 0 and alone.pools("moi").shape == (1, 32)


def test_the_last_frozen_layer_is_pooled_as_the_untuned_encoder_has_it(tuned: Tune, encoder: Encoder) -> None:
    found = tuned(recipe=Recipe(frozen=1))
    assert found.layers == (1, 2) and found.untouched == 1
    text = "missä tilaukseni on"
    assert _cosine(found.pools(text)[0], _first_layer(encoder.tokens(text, prefix=""))) > 0.98
    assert found.pools(text).shape == (2, 32)


def _first_layer(ids: list[int]) -> npt.NDArray[np.float32]:
    """The mean of the untuned first layer."""
    lower = {name: value for name, value in tensors(TinyNumbers(), np.array(ids), 256).items() if name[:2] != "l1"}
    return pooled(lower, 4, 1e-12, np.arange(len(ids)))


def _cosine(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_one_in_twenty_is_held_out_and_known_again(tuned: Tune, tmp_path: Path) -> None:
    jobs: list[Job] = []

    def run(folder: Path) -> None:
        jobs.append(Job.read(folder))
        fit_head(folder)

    found = tuned(run)
    (job,) = jobs
    kept = [text.lower() for (text, _), out in zip(PAIRS, job.examples.held_out, strict=True) if out]
    assert 1 <= len(kept) <= len(PAIRS) / 10
    assert all(found.held_out(text) for text in kept)
    assert sum(found.held_out(text.lower()) for text, _ in PAIRS) == len(kept)
    strange = [form for form in kept if found.strange(form)]
    assert 0 < len(strange) <= (len(kept) + 1) / 2 + 1
    assert len(job.tensors["emb.word"]) < 1000  # of 250,037
    assert list(tmp_path.glob("deep/job-*")) == []


def test_strange_is_what_is_least_like_anything_learnt_from() -> None:
    known = np.eye(4, dtype=np.float32)[[0, 1, 2]]
    others = np.array([[0.9, 0.1, 0, 0], [0, 0, 0, 1], [0.5, 0.5, 0.1, 0.7], [0, 1, 0, 0]], np.float32)
    vectors = np.concatenate([known, others])
    found = tuning._strange(vectors, np.array([False] * 3 + [True] * 4))
    assert found.tolist() == [False, True, True, False]


def test_the_same_examples_are_not_trained_twice(tuned: Tune) -> None:
    first = tuned()

    def never(folder: Path) -> None:
        raise AssertionError("trained again")

    again = tuned(never)
    assert again.identity == first.identity == identity_in(first.directory)
    with pytest.raises(AssertionError, match="trained again"):
        tuned(never, PAIRS[:-1])
    assert identity_in(first.directory) == first.identity


def test_a_new_one_lies_beside_the_one_before_and_each_is_known_again(tuned: Tune, tmp_path: Path) -> None:
    def never(folder: Path) -> None:
        raise AssertionError("trained again")

    first, second = tuned(), tuned(pairs=PAIRS[:-1])
    home = tmp_path / "deep"
    assert {first.directory, second.directory} == {place_of(home, each.identity) for each in (first, second)}
    assert DeepEncoder(first.directory).identity == first.identity != second.identity
    assert tuned(never).identity == first.identity and tuned(never, PAIRS[:-1]).identity == second.identity
    assert list(home.glob("job-*")) == []  # what it was looked up by is not needed either
    # Where earlier versions put theirs it is found, too.
    first.directory.rename(home / "encoder")
    assert tuned(never).directory == home / "encoder"


def test_a_damaged_one_is_tuned_again_in_its_place(tuned: Tune) -> None:
    first = tuned()
    (first.directory / "model.onnx").write_bytes(b"cut")
    again = tuned()
    assert (again.directory, again.identity) == (first.directory, first.identity)
    assert identity_in(first.directory) == first.identity


def test_a_broken_training_leaves_its_job_to_go_on_with(tuned: Tune, tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        (folder / "epoch-001.pt").write_bytes(b"half of it")
        raise DeepFailed("the machine went down")

    with pytest.raises(DeepFailed, match="went down"):
        tuned(broken)
    seen: list[Path] = []

    def goes_on(folder: Path) -> None:
        seen.extend(folder.glob("epoch-*.pt"))
        fit_head(folder)

    tuned(goes_on)
    assert [path.name for path in seen] == ["epoch-001.pt"]


@pytest.mark.parametrize("fault", ["no result", "damaged result"])
def test_a_trainer_that_leaves_no_whole_result_is_told(tuned: Tune, tmp_path: Path, fault: str) -> None:
    def run(folder: Path) -> None:
        if fault == "damaged result":
            fit_head(folder)
            (folder / RESULT / "network.npz").write_bytes(b"PK")

    with pytest.raises(DeepFailed, match=r"deep\.failed.*no result"):
        tuned(run)
    assert all_in(tmp_path / "deep") == []


def test_an_export_that_disagrees_with_the_training_is_refused(tuned: Tune, tmp_path: Path) -> None:
    def run(folder: Path) -> None:
        fit_head(folder)
        about, arrays = read_folder(folder / RESULT)
        arrays["scores"]["decisions"] = -arrays["scores"]["decisions"]
        write_folder(folder / RESULT, about, arrays)

    with pytest.raises(DeepFailed, match="disagrees"):
        tuned(run)
    assert [path.name[:4] for path in (tmp_path / "deep").iterdir()] == ["job-"]


def test_where_int8_disagrees_single_precision_is_taken(tuned: Tune, monkeypatch: pytest.MonkeyPatch) -> None:
    true = tuning._agreement

    def agreement(encoder: DeepEncoder, *rest: object) -> float:
        return 0.5 if encoder.manifest.precision == "int8" else true(encoder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(tuning, "_agreement", agreement)
    assert tuned().manifest.precision == "fp32"


def test_a_damaged_tuned_encoder_is_refused(tuned: Tune) -> None:
    directory = tuned().directory
    for name in ("model.onnx", "head.npz", "topics.json", "sentencepiece.bpe.model"):
        path = directory / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-7])
        with pytest.raises(BadEncoder, match=name):
            DeepEncoder(directory)
        assert identity_in(directory) is None
        path.write_bytes(whole)


def test_an_encoder_that_was_tuned_by_an_earlier_version_goes_on_working(tuned: Tune) -> None:
    directory = tuned(recipe=Recipe(frozen=1)).directory
    with np.load(directory / "head.npz") as stored:
        np.savez(
            directory / "head.npz", **{name: stored[name] for name in stored if name not in ("untouched", "strange")}
        )
    described = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    described["files"]["head.npz"] = checksum(directory / "head.npz")
    described["format"] = 1
    (directory / "manifest.json").write_text(json.dumps(described), encoding="utf-8")
    found = DeepEncoder(directory)
    assert found.untouched == 0 and found.pools("moi").shape == (2, 32)


def test_an_untuned_encoder_is_no_tuned_one(encoder: Encoder) -> None:
    with pytest.raises(BadEncoder, match="no tuned encoder"):
        DeepEncoder(encoder.directory)


def test_trained_tensors_stand_for_the_first_ones() -> None:
    first = TinyNumbers()
    numbers = Tuned(first, {"l0.q.w": np.zeros((32, 32), np.float32), "emb.word": np.zeros(1, np.float32)})
    assert numbers.values("l0.q.w").shape == (1024,) and not numbers.values("l0.q.w").any()
    assert np.array_equal(numbers.values("l1.q.w"), first.values("l1.q.w"))
    with pytest.raises(ValueError, match="no longer in blocks"):
        numbers.blocks("emb.word")
