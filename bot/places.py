"""Where things lie: the project's root and what is built below it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CONFIG", "DEEP", "DOMAIN", "EMOTION", "ENCODED", "ENCODER", "MODELS", "NLU", "ROOT", "RULES"]

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
ENCODER = MODELS / "encoder"
ENCODED = MODELS / "encoded"
DEEP = MODELS / "deep"
CONFIG = ROOT / "config.yml"
DOMAIN = ROOT / "domain.yml"
NLU = ROOT / "data" / "nlu"
EMOTION = ROOT / "data" / "emotion"
RULES = ROOT / "data" / "rules"
