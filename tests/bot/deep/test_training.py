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
from bot.deep.kept import all_in, place_of
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
        patch.setattr(places, "EMOTION", small_folder(root / "emotion"))
        patch.setenv("RASA_CACHE_DIRECTORY", str(root / "cache"))
        patch.setattr(training, "tune", functools.partial(tune, numbers=NUMBERS, beside=(1,)))
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
    (directory,) = all_in(places.DEEP)
    shutil.move(directory, tmp_path / "away")
    try:
        assert training.needs_training() == "the encoder that was tuned for the model is gone"
        with pytest.raises(BadEncoder):
            Parser(project)
    finally:
        shutil.move(tmp_path / "away", directory)
    assert training.needs_training() is None


def test_an_encoder_that_was_tuned_since_on_other_examples_is_not_mistaken_for_its_own(project: Path) -> None:
    (directory,) = all_in(places.DEEP)
    topics, manifest = directory / "topics.json", directory / "manifest.json"
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

    (directory,) = all_in(places.DEEP)
    directory.rename(away := places.DEEP / "away")
    monkeypatch.setattr(side, "python", missing)
    try:
        assert cli.main(["train", "--deep"]) == 1
    finally:
        away.rename(directory)
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1] == "silta: deep.failed: no environment"
    assert training.current_model() == project and training.needs_training() is None


def test_another_encoder_cannot_be_tuned(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILTA_ENCODER", "somewhere/else")
    assert cli.main(["train", "--deep"]) == 1
    assert "deep training tunes the built-in encoder" in capsys.readouterr().err


@pytest.fixture
def copy(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models in a place of their own, to train more beside them; returns the archive of the deep one there."""
    models = tmp_path / "models"
    shutil.copytree(places.MODELS, models)
    monkeypatch.setattr(places, "MODELS", models)
    monkeypatch.setattr(places, "ENCODED", models / "encoded")
    monkeypatch.setattr(places, "DEEP", models / "deep")
    return models / project.name


@pytest.fixture
def changed(copy: Path, tmp_path: Path) -> Path:
    """The examples with one left out."""
    blocks = yaml.safe_load((places.NLU / "examples.yml").read_text(encoding="utf-8"))
    blocks["nlu"][0]["examples"] = "".join(blocks["nlu"][0]["examples"].splitlines(keepends=True)[:-1])
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "examples.yml").write_text(yaml.safe_dump(blocks), encoding="utf-8")
    return tmp_path / "nlu"


def works(model: Path) -> bool:
    return Parser(model).understand("where is my order").topic == "faq/track_order"


@pytest.mark.parametrize("end", [KeyboardInterrupt(), training.TrainingFailed("no model"), OSError("disk full")])
def test_a_second_deep_training_that_ends_early_leaves_the_model_in_use(
    copy: Path, changed: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    def ends(*_: object) -> None:
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(places, "NLU", changed)
        patch.setattr(training, "_rasa", ends)
        with pytest.raises(type(end)):
            training.train(deep=True)
    assert len(all_in(places.DEEP)) == 2  # the new one has been tuned
    assert training.current_model() == copy and training.needs_training() is None
    assert works(copy)


def test_data_changed_while_the_encoder_is_tuned_leaves_the_model_in_use(
    copy: Path, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(interpreter: Path, folder: Path, report: object) -> None:
        with (changed / "examples.yml").open("a", encoding="utf-8") as file:
            file.write("# later\n")
        fit_head(folder)

    with monkeypatch.context() as patch:
        patch.setattr(places, "NLU", changed)
        patch.setattr(side, "run", run)
        with pytest.raises(training.TrainingFailed, match="the data was changed while the encoder was tuned"):
            training.train(deep=True)
    assert training.needs_training() is None and works(copy)


def test_a_crash_between_model_and_note_leaves_two_that_work_and_the_next_training_tidies(
    copy: Path, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(note: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(places, "NLU", changed)
        patch.setattr(training, "_write_note", crashes)
        with pytest.raises(SystemExit):
            training.train(deep=True)
    (new,) = set(places.MODELS.glob("silta-*.tar.gz")) - {copy}
    assert training.current_model() == copy and training.needs_training() is None
    assert works(copy) and works(new)
    (places.DEEP / ".encoder-half").mkdir()

    monkeypatch.setattr(places, "NLU", changed)
    monkeypatch.setattr(side, "run", lambda *_: pytest.fail("tuned again on the same examples"))
    new.unlink()  # else the third, of the same second perhaps, would take its name
    third = training.train(deep=True)
    assert training.current_model() == third and training.needs_training() is None and works(third) and works(copy)
    # The one before is still there, and so is its encoder; with it the encoder goes.
    needed = [training._tuned_for(model) for model in (copy, third)]
    assert sorted(path.name for path in places.DEEP.iterdir()) == sorted(
        place_of(places.DEEP, each).name for each in needed
    )
    copy.unlink()
    training._tidy_tuned()
    assert all_in(places.DEEP) == [place_of(places.DEEP, needed[1])] and works(third)


def test_an_installation_with_its_encoder_in_the_old_place_goes_on_working(copy: Path) -> None:
    (directory,) = all_in(places.DEEP)
    directory.rename(places.DEEP / "encoder")
    assert training.needs_training() is None and works(copy)


def test_an_ordinary_training_takes_nothing_from_the_deep_one_and_leaves_its_encoder_for_the_next(copy: Path) -> None:
    copy.rename(copy.with_name("silta-20200101-000000.tar.gz"))
    plain = training.train()
    assert training._tuned_for(plain) == "" and training.needs_training() is None
    # The emotions, too, are fitted to what this encoder gives: those in Rasa's cache are of no use with it.
    assert works(plain)
    assert len(all_in(places.DEEP)) == 1
