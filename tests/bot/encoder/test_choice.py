"""Which encoder is in use, and whether it is the one that a model was trained with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot import places
from bot.encoder import choice
from bot.encoder.choice import NOTE, built_in, encoder_of, identity_in_use, note_encoder, using
from bot.encoder.encoder import Encoder
from bot.encoder.manifest import BadEncoder, Manifest, checksum


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that ``SILTA_ENCODER`` names."""
    folder = tmp_path / "local"
    folder.mkdir()
    (folder / "weights.h5").write_bytes(b"one")
    monkeypatch.setenv("SILTA_ENCODER", str(folder))
    return folder


def built(folder: Path, graph: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(graph)
    files = {"model.onnx": checksum(folder / "model.onnx")}
    Manifest("tiny", "int8", (1,), 4, "", "", 1.0, files).write(folder)


def test_a_changed_file_of_a_local_encoder_is_another_encoder(local: Path) -> None:
    before = identity_in_use()
    assert identity_in_use() == before
    (local / "weights.h5").write_bytes(b"two")
    assert identity_in_use() != before and not built_in()


def test_a_name_stands_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILTA_ENCODER", "somebody/one")
    before = identity_in_use()
    monkeypatch.setenv("SILTA_ENCODER", "somebody/two")
    assert identity_in_use() != before


def test_a_local_encoder_that_cannot_be_read_is_named(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(directory: Path) -> str:
        raise PermissionError(13, "Permission denied", str(directory / "weights.h5"))

    monkeypatch.setattr("bot.encoder.other._content", denied)
    with pytest.raises(BadEncoder, match=r"local: cannot be read \(Permission denied: .*weights\.h5"):
        identity_in_use()


def test_the_built_in_encoder_built_otherwise_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SILTA_ENCODER", raising=False)
    monkeypatch.setattr(places, "ENCODER", tmp_path / "encoder")
    assert identity_in_use() == "" and built_in()  # still to be built
    built(tmp_path / "encoder", b"eight bits")
    before = identity_in_use()
    built(tmp_path / "encoder", b"four bits")
    assert identity_in_use() not in ("", before)


def test_it_is_known_without_loading_it_what_would_be_loaded(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SILTA_ENCODER", raising=False)
    assert identity_in_use() == encoder.identity
    with using(encoder):
        assert identity_in_use() == encoder.identity and built_in()


def test_a_model_takes_the_encoder_that_it_was_trained_with_and_no_other(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SILTA_ENCODER", raising=False)
    note_encoder(encoder, tmp_path)
    with using(encoder):
        assert encoder_of(tmp_path) is encoder
        (tmp_path / NOTE).write_text(json.dumps({"encoder": "another"}))
        with pytest.raises(BadEncoder, match="is not the one that the model was trained with: run silta train"):
            encoder_of(tmp_path)


def test_a_model_of_an_earlier_version_takes_what_there_is(encoder: Encoder, tmp_path: Path) -> None:
    with using(encoder):
        assert encoder_of(tmp_path) is encoder


def test_a_damaged_note_is_no_reason_to_guess(encoder: Encoder, tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text("[1")
    with using(encoder), pytest.raises(BadEncoder, match=r"encoder\.json .*run silta train"):
        encoder_of(tmp_path)


def test_another_precision_of_the_real_one_is_refused(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SILTA_ENCODER", raising=False)
    other = tmp_path / "encoder"
    shutil.copytree(encoder.directory, other)
    # As good as another precision: the same graph with a remark in it.
    graph = other / "model.onnx"
    import onnx

    model = onnx.load(graph)
    model.doc_string = "built otherwise"
    onnx.save(model, graph)
    manifest = Manifest.read(encoder.directory)
    replace(manifest, files={**manifest.files, "model.onnx": checksum(graph)}).write(other)
    note_encoder(encoder, tmp_path)
    monkeypatch.setattr(places, "ENCODER", other)
    assert choice.encoder_in_use().identity != encoder.identity
    with pytest.raises(BadEncoder, match="is not the one"):
        encoder_of(tmp_path)
