"""The real trainer on a tiny network. Skipped where the environment with torch has not been made (ops/setup --deep)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from bot import places
from bot.deep import side
from bot.deep.job import RESULT, Batch, Job, Recipe, read_folder
from bot.deep.numbers import Tuned, tensors
from bot.encoder.graph import encoder_graph
from bot.encoder.watch import ranges
from tests.bot.deep.conftest import NUMBERS
from tests.bot.deep.tiny import pooled

PYTHON = Path(os.environ.get("SILTA_DEEP_PYTHON") or places.ROOT / ".venv" / "deep" / "bin" / "python")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="no environment with torch: ops/setup --deep makes it"),
]


def job(cut: bool = False, **changes: float) -> Job:
    """Texts of three topics, told apart by one token; where they are ``cut``, from the second epoch on by another."""
    chance = np.random.default_rng(0)
    labels = np.arange(60, dtype=np.int32) % 3
    texts = [[3, *chance.integers(6, 40, chance.integers(1, 6)), label, 4] for label in labels]
    others = [[*text[:-2], 3 + text[-2], 4] for text in texts] * 2
    usual = {"epochs": 3, "batch": 8, "rate": 2e-3, "head_rate": 2e-2, "frozen": 0, "smoothing": 0.0}
    return Job(
        recipe=Recipe(**{**usual, **changes}),  # type: ignore[arg-type]
        heads=NUMBERS.shape.heads,
        epsilon=NUMBERS.shape.epsilon,
        topics=3,
        examples=Batch(
            ids=np.concatenate(texts).astype(np.int32),
            ends=np.cumsum([0, *map(len, texts)]).astype(np.int64),
            labels=labels,
            held_out=np.arange(60) % 10 == 9,
            cuts=np.concatenate([*texts, *others]).astype(np.int32)[: None if cut else 0],
            cut_ends=np.cumsum([0, *map(len, [*texts, *others])]).astype(np.int64)[: None if cut else 1],
        ),
        tensors=tensors(NUMBERS, np.arange(40), 64),
    )


def test_it_learns_and_its_scores_are_those_of_the_tensors_it_leaves(tmp_path: Path) -> None:
    wanted = job(epochs=12, dropout=0.0)
    folder = wanted.write(tmp_path)
    said: list[str] = []
    side.run(PYTHON, folder, said.append)
    _, arrays = read_folder(folder / RESULT)
    scores, network = arrays["scores"], arrays["network"]
    held_out = np.flatnonzero(wanted.examples.held_out)
    assert scores["examples"].tolist() == held_out.tolist()
    assert scores["decisions"].argmax(axis=1).tolist() == wanted.examples.labels[held_out].tolist()
    ends = wanted.examples.ends
    for row, example in enumerate(held_out):
        ids = wanted.examples.ids[ends[example] : ends[example + 1]]
        mean = pooled({**wanted.tensors, **network}, wanted.heads, wanted.epsilon, ids)
        assert np.allclose(mean @ network["head.w"].T + network["head.b"], scores["decisions"][row], atol=0.05)
    assert said[-1].startswith("epoch 12 of 12") and list(folder.glob("epoch-*")) == []


def test_broken_off_it_goes_on_where_it_was_with_the_same_numbers(tmp_path: Path) -> None:
    def until(line: str) -> None:
        if line.startswith("epoch 2 of 3"):
            raise KeyboardInterrupt

    whole = job().write(tmp_path / "whole")
    side.run(PYTHON, whole, lambda _: None)
    folder = job().write(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        side.run(PYTHON, folder, until)
    said: list[str] = []
    side.run(PYTHON, folder, said.append)
    assert said[0].startswith("going on after epoch")
    for name, value in read_folder(whole / RESULT)[1]["network"].items():
        assert np.allclose(value, read_folder(folder / RESULT)[1]["network"][name], atol=1e-5), name


def test_layers_that_are_frozen_stay_as_they_are(tmp_path: Path) -> None:
    wanted = job(frozen=1, epochs=1)
    folder = wanted.write(tmp_path)
    side.run(PYTHON, folder, lambda _: None)
    network = read_folder(folder / RESULT)[1]["network"]
    assert np.array_equal(network["l0.fi.w"], wanted.tensors["l0.fi.w"])
    assert not np.array_equal(network["l1.fi.w"], wanted.tensors["l1.fi.w"])


def test_its_scores_are_those_that_the_int8_encoder_will_give(tmp_path: Path) -> None:
    wanted = job(frozen=1)
    folder = wanted.write(tmp_path)
    side.run(PYTHON, folder, lambda _: None)
    _, arrays = read_folder(folder / RESULT)
    network, scores, ends = arrays["network"], arrays["scores"], wanted.examples.ends
    exported, rows = Tuned(NUMBERS, network), range(len(ends) - 1)
    texts = [wanted.examples.ids[ends[row] : ends[row + 1]] for row in rows]
    graph = encoder_graph(exported, (2,), "int8", ranges(exported, texts)).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    means = [session.run(None, {"input_ids": texts[row][None].astype(np.int64)})[0] for row in scores["examples"]]
    given = np.concatenate(means) @ network["head.w"].T + network["head.b"]
    assert float(np.abs(given - scores["decisions"]).mean()) < 0.02 * float(scores["decisions"].std())


@pytest.mark.parametrize("frozen", [0, 1])
def test_each_epoch_learns_from_its_own_cuts_and_tries_the_usual_ones(tmp_path: Path, frozen: int) -> None:
    networks = []
    for cut in (False, True):
        wanted = job(cut=cut, frozen=frozen)
        folder = wanted.write(tmp_path)
        side.run(PYTHON, folder, lambda _: None)
        _, arrays = read_folder(folder / RESULT)
        networks.append(arrays["network"])
        example = int(arrays["scores"]["examples"][0])
        ids = wanted.examples.ids[wanted.examples.ends[example] : wanted.examples.ends[example + 1]]
        mean = pooled({**wanted.tensors, **arrays["network"]}, wanted.heads, wanted.epsilon, ids)
        given = mean @ arrays["network"]["head.w"].T + arrays["network"]["head.b"]
        assert np.allclose(given, arrays["scores"]["decisions"][0], atol=0.05)
    assert not np.allclose(networks[0]["head.w"], networks[1]["head.w"], atol=1e-3)


def test_cuttings_that_are_to_agree_come_nearer_to_each_other(tmp_path: Path) -> None:
    """How far a text cut as usual and otherwise are apart, as probabilities, with weight and without."""
    apart = []
    for agreement in (1e-9, 4.0):
        wanted = job(cut=True, agreement=agreement, dropout=0.0)
        folder = wanted.write(tmp_path)
        side.run(PYTHON, folder, lambda _: None)
        network = read_folder(folder / RESULT)[1]["network"]
        told = [
            [
                told_by({**wanted.tensors, **network}, wanted, ids[ends[row] : ends[row + 1]])
                for row in np.flatnonzero(wanted.examples.held_out)
            ]
            for ids, ends in (wanted.examples.of(0), wanted.examples.of(1))
        ]
        apart.append(float(np.abs(np.subtract(*told)).sum(axis=1).mean()))
    assert apart[1] < 0.6 * apart[0], apart


def told_by(network: dict[str, np.ndarray], wanted: Job, ids: np.ndarray) -> np.ndarray:
    """The probabilities of the topics for one text."""
    values = pooled(network, wanted.heads, wanted.epsilon, ids) @ network["head.w"].T + network["head.b"]
    shares = np.exp(values - values.max())
    return shares / shares.sum()


def test_a_damaged_job_is_one_line(tmp_path: Path) -> None:
    folder = job().write(tmp_path)
    (folder / "network.npz").write_bytes(b"PK")
    with pytest.raises(side.DeepFailed, match=r"status 1: deep\.damaged: .*network\.npz"):
        side.run(PYTHON, folder, lambda _: None)
