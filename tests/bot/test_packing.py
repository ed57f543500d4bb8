"""Models packed quickly: read by everything as before."""

from __future__ import annotations

import tarfile
from pathlib import Path

from rasa.engine.storage import local_model_storage

from bot.packing import packed_quickly


def pack(archive: Path, folder: Path) -> int:
    with local_model_storage.TarSafe.open(archive, "w:gz") as tar:
        tar.add(folder, arcname="")
    return archive.read_bytes()[8]  # gzip notes there how hard it tried: 2 the most, 4 the least, else 0


def test_a_model_is_packed_quickly_and_rasas_way_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "numbers").write_bytes(bytes(range(256)) * 4)
    before = local_model_storage.TarSafe
    with packed_quickly():
        pack(tmp_path / "quick.tar.gz", folder)
    assert local_model_storage.TarSafe is before
    with tarfile.open(tmp_path / "quick.tar.gz", "r:gz") as tar:
        stored = tar.extractfile("numbers")
        assert stored is not None and stored.read() == (folder / "numbers").read_bytes()


def test_it_is_not_gzips_strongest_level(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    levels = [pack(tmp_path / "rasas.tar.gz", folder)]
    with packed_quickly():
        levels.append(pack(tmp_path / "quick.tar.gz", folder))
    assert levels == [2, 0]
