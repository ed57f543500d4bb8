"""Tuned encoders on the disk: each in a folder that is named after its identity.

A new one never takes the place of another, so a model goes on working until the next one is there, however the training
of that one ends. What no model needs any more is tidied away afterwards.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from bot.deep.encoder import identity_in

__all__ = ["all_in", "folder_of", "place_of", "tidy"]

_ONLY = "encoder"
"""Where earlier versions put the only one they kept. It stays there and goes on working: it cost hours."""
_DIGITS = 16
"""Of an identity in the name of a folder."""


def place_of(home: Path, identity: str) -> Path:
    """The folder in ``home`` where this encoder is put."""
    return home / f"{_ONLY}-{identity[:_DIGITS]}"


def folder_of(home: Path, identity: str) -> Path:
    """The folder in which this encoder is to be looked for; whoever loads it makes sure that it is the one."""
    place, only = place_of(home, identity), home / _ONLY
    return only if only.is_dir() and not place.is_dir() else place


def all_in(home: Path) -> list[Path]:
    """The folders of all encoders in ``home``, whole or not."""
    return sorted(path for path in (home / _ONLY, *home.glob(f"{_ONLY}-*")) if path.is_dir())


def tidy(home: Path, needed: Collection[str]) -> None:
    """Remove all encoders but those of the ``needed`` identities, and what a killed process left half-made. To be
    called by one that trains, while no other does."""
    for directory in all_in(home):
        if identity_in(directory) not in needed:
            shutil.rmtree(directory, ignore_errors=True)
    for left_over in home.glob(f".{_ONLY}-*"):
        shutil.rmtree(left_over, ignore_errors=True)
