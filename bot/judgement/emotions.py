"""Emotion in one message: which, how sure, and in which of the visitor's words.

A logistic regression over what the topics' classifier has computed already (the encoder's layers, pieces of words) and
the signs of :mod:`bot.judgement.cues`. ``none`` is a label like the others; whatever else it is needs a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement.cues import SURFACE, Cue, Lexicon
from bot.nlu.classifier import Example
from bot.nlu.cleaning import words
from bot.nlu.sparse import SparseFeatures, counts
from bot.reasons import sentences

__all__ = ["FAINT", "LABELS", "NONE", "Emotion", "EmotionModel"]

Floats = npt.NDArray[np.float32]
NONE = "none"
LABELS = ("hot_anger", "cold_anger", "sadness", "fear", "despair")
"""The emotions that need a person."""

FAINT = 0.15
"""An emotion at least this likely is kept with the message: alone it says nothing, in a row it may."""

SHOWN = ("capitals", "exclamations")
"""Signs that are named to the agent, for no word says them."""

_QUOTED = 160
"""Characters of one quotation: a clause, not a story."""
_WHOLE_WORD = 40
"""Characters by which a quotation may grow at either end so that it cuts no word."""
_QUOTES = 2


@dataclass(frozen=True)
class Emotion:
    """``score`` is the probability that the message shows any emotion, ``label`` the likeliest. ``evidence`` are
    parts of the very text, ``signs`` those of :data:`SHOWN` in it."""

    label: str
    score: float
    evidence: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    def as_property(self) -> dict[str, Any]:
        """The form in which it travels with the message."""
        return {
            "label": self.label,
            "score": round(self.score, 4),
            "evidence": list(self.evidence),
            "signs": list(self.signs),
        }


@dataclass
class EmotionModel:
    """A trained model: ``weights`` (sparse + dense + signs, labels), ``intercept`` (labels,), already divided by the
    temperature that makes the probabilities honest."""

    labels: list[str]
    sparse: SparseFeatures
    mean: Floats
    deviation: Floats
    weights: Floats
    intercept: Floats
    lexicon: Lexicon

    def chances(self, text: str, example: Example, cues: list[Cue] | None = None) -> dict[str, float]:
        """The probability of each label. ``text`` is the message as written, ``example`` its features."""
        found = self.lexicon.find(text) if cues is None else cues
        columns, values = self.sparse.row(example.counts)
        width = len(self.sparse.idf)
        flat = example.pools.reshape(-1)
        dense = (flat - self.mean) / self.deviation / np.sqrt(np.float32(flat.shape[0]))
        rest = np.concatenate([dense, self.lexicon.features(text, found)])
        scores = self.intercept + rest @ self.weights[width:]
        if len(columns):
            scores = scores + values @ self.weights[columns]
        powers = np.exp(scores - scores.max())
        return dict(zip(self.labels, (powers / powers.sum()).tolist(), strict=True))

    def judge(self, text: str, example: Example, at_least: float) -> Emotion | None:
        """The emotion of a message, where it is at least this likely; a text without words shows none."""
        if not words(text):
            return None
        cues = self.lexicon.find(text)
        chances = self.chances(text, example, cues)
        score = 1.0 - chances[NONE]
        if score < at_least:
            return None
        label = max(LABELS, key=lambda name: chances.get(name, 0.0))
        signs = tuple(name for name in SHOWN if any(cue.name == name for cue in cues))
        return Emotion(label, score, self._evidence(text, label, cues), signs)

    def _evidence(self, text: str, label: str, cues: list[Cue]) -> tuple[str, ...]:
        """The sentences that speak most for ``label``, in the order of the text; long ones cut to a clause."""
        pieces = sentences(text)
        if not pieces:
            return ()
        leaning = self.weights[:, self.labels.index(label)] - self.weights[:, self.labels.index(NONE)]
        scored: list[tuple[float, int, str]] = []
        place = 0
        for piece in pieces:
            start = text.index(piece, place)
            place = start + len(piece)
            inside = [cue for cue in cues if start <= cue.start and cue.end <= place]
            quote = self._clause(text, start, place, inside, leaning)
            scored.append((self._lean(piece, inside, leaning), start, quote))
        best = sorted(scored, reverse=True)[:_QUOTES]
        kept = [one for number, one in enumerate(best) if number == 0 or one[0] > best[0][0] / 2 > 0]
        return tuple(quote for _, _, quote in sorted(kept, key=lambda one: one[1]))

    def _lean(self, piece: str, cues: list[Cue], leaning: Floats) -> float:
        columns, values = self.sparse.row(counts(piece, ()))
        sparse = float(values @ leaning[columns]) if len(columns) else 0.0
        return sparse + sum(self._cue_lean(cue, leaning) for cue in cues)

    def _cue_lean(self, cue: Cue, leaning: Floats) -> float:
        names = (*self.lexicon.names, *SURFACE)
        return float(leaning[len(leaning) - len(names) + names.index(cue.name)]) / 3

    def _clause(self, text: str, start: int, end: int, cues: list[Cue], leaning: Floats) -> str:
        """A sentence, or where it is long, what stands around its strongest sign."""
        if end - start <= _QUOTED:
            return text[start:end]
        middle = start + _QUOTED // 2
        if cues:
            strongest = max(cues, key=lambda cue: self._cue_lean(cue, leaning))
            middle = (strongest.start + strongest.end) // 2
        left = max(start, min(middle - _QUOTED // 2, end - _QUOTED))
        right = min(end, left + _QUOTED)
        begin = next((at for at in range(left, max(start, left - _WHOLE_WORD) - 1, -1) if _edge(text, at)), left)
        stop = next((at for at in range(right, min(end, right + _WHOLE_WORD) + 1) if _edge(text, at)), right)
        return text[begin:stop].strip()

    def save(self, directory: Path) -> None:
        """Write the model as plain arrays and JSON."""
        features = sorted(self.sparse.columns, key=self.sparse.columns.__getitem__)
        described = {"labels": self.labels, "features": features, "words": self.lexicon.words}
        (directory / "emotions.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        np.savez(directory / "emotions.npz", idf=self.sparse.idf, **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, directory: Path) -> EmotionModel:
        """Read what :meth:`save` wrote."""
        described: Mapping[str, Any] = json.loads((directory / "emotions.json").read_text(encoding="utf-8"))
        with np.load(directory / "emotions.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
            idf = stored["idf"]
        columns = {feature: column for column, feature in enumerate(described["features"])}
        return cls(
            labels=list(described["labels"]),
            sparse=SparseFeatures(columns, idf),
            lexicon=Lexicon(described["words"]),
            **arrays,
        )


def _edge(text: str, at: int) -> bool:
    """Whether no word goes on over this place."""
    return at in (0, len(text)) or text[at - 1].isspace() or text[at].isspace()


_ARRAYS = ("mean", "deviation", "weights", "intercept")
