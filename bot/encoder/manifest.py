"""The list of checksums beside a built encoder: what must lie in its directory, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["FORMAT", "NAME", "BadEncoder", "Manifest", "checksum"]

FORMAT = 2
"""Raised whenever a build would turn out otherwise than before: older builds are then made anew."""
NAME = "manifest.json"


class BadEncoder(RuntimeError):
    """An encoder directory that cannot be used; the text says which file and why."""

    code = "encoder.damaged"

    def __init__(self, directory: Path, what: str) -> None:
        super().__init__(f"{self.code}: {directory}: {what}")


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True)
class Manifest:
    """What an encoder directory holds.

    ``layers`` are the layers whose mean the graph gives out, ``similarity`` the smallest cosine to the reference
    engine that the build was accepted with, ``files`` name → SHA-256.
    """

    name: str
    precision: str
    layers: tuple[int, ...]
    hidden: int
    prefix: str
    source: str
    similarity: float
    files: dict[str, str]
    format: int = FORMAT

    def write(self, directory: Path) -> None:
        """Write it into ``directory``; it must be the last file to be written there."""
        (directory / NAME).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, directory: Path, formats: Container[int] = (FORMAT,)) -> Manifest:
        """Read a directory's manifest, of one of the ``formats``, and check every file against it.

        Raises:
            BadEncoder: no manifest, another format, or a file that is missing or differs.
        """
        try:
            raw = json.loads((directory / NAME).read_text(encoding="utf-8"))
            raw["layers"] = tuple(raw["layers"])
            manifest = cls(**raw)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadEncoder(directory, f"no readable {NAME} ({type(error).__name__})") from error
        if manifest.format not in formats:
            raise BadEncoder(directory, f"built as format {manifest.format}, this version wants {FORMAT}")
        for name, expected in manifest.files.items():
            path = directory / name
            if not path.is_file():
                raise BadEncoder(directory, f"{name} is missing")
            if checksum(path) != expected:
                raise BadEncoder(directory, f"{name} does not match its checksum")
        return manifest
