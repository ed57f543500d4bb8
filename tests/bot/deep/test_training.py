"""``silta train --deep`` from Rasa's side, with the small trainer; the ordinary training beside it."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot import cli, places, training
from bot.deep import side
from bot.deep.encoder import DeepEncoder
from bot.deep.tune import tune
from bot.encoder.choice import encoder_in_use, untuned
from bot.encoder.encoder import Encoder
from bot.encoder.manifest import BadEncoder, checksum
from bot.parser import Parser
from tests.bot.conftest import EXAMPLES
from tests.bot.deep.conftest import NUMBERS
from tests.bot.deep.tiny import fit_head
from tests.bot.small_emotions import small_folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Path]:
    """A project of eight topics, deeply trained; returns the model's archive."""
    root = tmp_path_factory.mktemp("project")
    (root / "nlu").mkdir()
    blocks = [
        {"intent": topic, "examples": "".join(f"- {text}\n" for text in texts.split("|"))}
        for topic, texts in EXAMPLES.items()
    ]
    (root / "nlu" / "examples.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "NLU", root / "nlu")
        patch.setattr(places, "MODELS", root / "models")
        patch.setattr(places, "ENCODED", root / "models" / "encoded")
        patch.setattr(places, "DEEP", root / "models" / "deep")
        patch.setattr(places, "TUNED", root / "models" / "deep" / "encoder")
        patch.setattr(places, "EMOTION", small_folder(root / "emotion"))
        patch.setenv("RASA_CACHE_DIRECTORY", str(root / "cache"))
        patch.setattr(training, "tune", functools.partial(tune, numbers=NUMBERS))
        patch.setattr(side, "python", lambda report: Path("python"))
        patch.setattr(side, "run", lambda interpreter, folder, report: fit_head(folder))
        yield training.train(deep=True)


def test_the_model_is_current_and_understands_with_the_tuned_encoder(project: Path) -> None:
    assert training.needs_training() is None and training.current_model() == project
    parser = Parser(project)
    assert isinstance(parser.topical.encoder, DeepEncoder)
    assert parser.understand("where is my order").topic == "faq/track_order"
    # Only the model's own training was done on it: everybody else's encoder is the built-in one.
    assert not isinstance(encoder_in_use(), DeepEncoder)
    assert not isinstance(untuned(parser.topical.encoder), DeepEncoder)


def test_without_its_encoder_the_model_is_refused_and_trained_again(project: Path, tmp_path: Path) -> None:
    shutil.move(places.TUNED, tmp_path / "away")
    try:
        assert training.needs_training() == "the encoder that was tuned for the model is gone"
        with pytest.raises(BadEncoder):
            Parser(project)
    finally:
        shutil.move(tmp_path / "away", places.TUNED)
    assert training.needs_training() is None


def test_an_encoder_that_was_tuned_since_on_other_examples_is_not_mistaken_for_its_own(
    project: Path, tmp_path: Path
) -> None:
    topics, manifest = places.TUNED / "topics.json", places.TUNED / "manifest.json"
    before = topics.read_bytes(), manifest.read_bytes()
    topics.write_text(json.dumps([f"{topic}_" for topic in json.loads(before[0])]))
    described = json.loads(before[1])
    described["files"]["topics.json"] = checksum(topics)
    manifest.write_text(json.dumps(described))
    try:
        with pytest.raises(BadEncoder, match="not the one that the model was trained with: run silta train"):
            Parser(project)
    finally:
        topics.write_bytes(before[0])
        manifest.write_bytes(before[1])


def test_changed_examples_ask_for_a_training_and_say_that_it_will_be_an_ordinary_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DOMAIN", places.NLU / "examples.yml")
    assert (
        training.needs_training() == "the model is older than its data (for a deeply trained one: silta train --deep)"
    )


def test_a_failed_deep_training_is_one_line_and_leaves_the_model_in_use(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(report: object) -> Path:
        raise side.DeepFailed("no environment")

    shutil.copytree(places.TUNED, kept := places.DEEP / "kept")
    shutil.rmtree(places.TUNED)
    monkeypatch.setattr(side, "python", missing)
    try:
        assert cli.main(["train", "--deep"]) == 1
    finally:
        kept.rename(places.TUNED)
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1] == "silta: deep.failed: no environment"
    assert training.current_model() == project and training.needs_training() is None


def test_another_encoder_cannot_be_tuned(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILTA_ENCODER", "somewhere/else")
    assert cli.main(["train", "--deep"]) == 1
    assert "deep training tunes the built-in encoder" in capsys.readouterr().err
