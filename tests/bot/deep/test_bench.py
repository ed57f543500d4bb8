"""``bench/nlu.py --deep``."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.nlu import main
from bot.deep import side
from bot.deep.job import Job
from tests.bot.deep.conftest import PAIRS


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    rows = [f"xx\t{topic}\t{text}" for text, topic in PAIRS]
    for name in ("train", "test"):
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows), encoding="utf-8")
    store = ["--store", str(tmp_path / "store")]
    return ["--train", str(tmp_path / "train.tsv"), "--test", str(tmp_path / "test.tsv"), *store, "--deep"]


def test_a_recipe_that_is_none_is_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "epoch=2"]) == 2
    assert capsys.readouterr().err.startswith("bench: deep.bad_recipe: 'epoch=2'")


def test_the_trainer_gets_the_real_network_and_its_failure_has_status_1(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs: list[Job] = []

    def run(interpreter: Path, folder: Path, report: object) -> None:
        jobs.append(Job.read(folder))
        raise side.DeepFailed("out of memory")

    monkeypatch.setattr(side, "python", lambda report: Path("python"))
    monkeypatch.setattr(side, "run", run)
    assert main([*arguments, "epochs=2", "frozen=6"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "bench: deep.failed: out of memory"
    (job,) = jobs
    assert (job.recipe.epochs, job.recipe.frozen, job.heads, job.topics) == (2, 6, 12, 8)
    assert job.tensors["l11.fi.w"].shape == (1536, 384) and job.tensors["emb.pos"].shape == (64, 384)
