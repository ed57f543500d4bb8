"""Training the emotions from ``data/emotion``: what the owner may add to without a line of code.

The examples of the topics that the bot answers come in as messages without emotion: those in ``data/emotion`` are the
hard ones, and a model that knew only these would be alarmed by a plain question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from threadpoolctl import threadpool_limits

from bot import places
from bot.encoder.choice import AnyEncoder, untuned
from bot.encoder.encoder import unit
from bot.judgement.cues import Lexicon
from bot.judgement.emotions import LABELS, NONE, EmotionModel
from bot.nlu.classifier import THREADS, Example, fit_temperature
from bot.nlu.decision import needs_person
from bot.nlu.features import featurise_all
from bot.nlu.groups import folds, near_copies
from bot.nlu.logistic import fit_logistic
from bot.nlu.parts import parts
from bot.nlu.sparse import Counted

__all__ = [
    "BadExamples",
    "Row",
    "fingerprint",
    "ordinary",
    "read_rows",
    "sources",
    "tempting",
    "train_emotions",
    "train_on",
]

LEXICON = "cues.yml"
FOLDS = 3
TRIED = 1
"""So many of the folds tell the temperature, where nothing else is wanted of them: the others move it by 0.07 at most,
and a probability of 55 % with it by less than half a point."""
STEPS = 40
"""Of the optimiser: half as many again, or twice as many, are no better on examples held out."""
STRENGTH = 20.0
"""Inverse regularisation: chosen by grouped cross-validation over 3, 10, 20 and 30."""
LEAST_DOCUMENTS = 3
"""Examples that a word, or a part of one, must occur in: with 2 it is half as many features again, and no better."""
ORDINARY_OF_EACH = 40
"""Examples of one topic taken in as messages without emotion: enough of every matter, fewer than the emotional ones."""
TEMPTING = "tempting.yml"
"""Of the topics' files, those with strong words in harmless use: from them all are taken in. On examples held out it
spares half of the alarms that the tone raises at such messages."""
LEAST_OF_EACH = 10
"""Examples of a label below which training stops: it would learn the examples, not the emotion."""


class BadExamples(ValueError):
    """A file of examples has a mistake; the text names file and line."""

    code = "emotion.bad_examples"

    def __init__(self, file: Path, line: int | None, what: str) -> None:
        where = f"{file}:{line}" if line is not None else f"{file}"
        super().__init__(f"{self.code}: {where}: {what}")


@dataclass(frozen=True)
class Row:
    """One example."""

    language: str
    label: str
    text: str


def sources(folder: Path | None = None) -> list[Path]:
    """The files that the model is made from, ``data/emotion`` unless another folder is named."""
    folder = folder or places.EMOTION
    return [*sorted(folder.glob("*.tsv")), folder / LEXICON]


def fingerprint(folder: Path | None = None) -> str:
    """Changes with the examples, the lexicon and this package's code."""
    digest = hashlib.sha256()
    for path in (*sources(folder), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_rows(file: Path) -> list[Row]:
    """Examples ``language<TAB>label<TAB>text``; lines that begin with # are comments.

    Raises:
        BadExamples: a line of another form, or a label that is none.
    """
    rows = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadExamples(file, None, "cannot be read as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3 or not parts[2].strip():
            raise BadExamples(file, number, "expected language<TAB>label<TAB>text")
        if parts[1] not in (*LABELS, NONE):
            raise BadExamples(file, number, f"{parts[1]!r} is no label: {', '.join((*LABELS, NONE))}")
        rows.append(Row(*parts))
    return rows


def tempting(folder: Path | None = None) -> frozenset[str]:
    """The texts of the files :data:`TEMPTING` among the topics' examples; all of them, whatever their topic."""
    texts: set[str] = set()
    for file in sorted((folder or places.NLU).rglob(TEMPTING)):
        for part in yaml.safe_load(file.read_text(encoding="utf-8")).get("nlu", []):
            lines = map(str.strip, str(part.get("examples", "")).splitlines())
            texts.update(line[2:].strip() for line in lines if line.startswith("- "))
    return frozenset(texts)


def ordinary(
    examples: Iterable[tuple[str, str]], most: int = ORDINARY_OF_EACH, always: Collection[str] = ()
) -> list[Row]:
    """Rows without emotion from (topic, text) pairs: at most so many of each topic, always the same ones, and besides
    them the texts that are ``always`` taken.

    Topics for a person are left out, for some of their messages are emotional and some are not.
    """
    found: dict[str, list[str]] = {}
    for topic, text in examples:
        if not needs_person(topic):
            found.setdefault(topic, []).append(text)
    rows = []
    for topic in sorted(found):
        texts = sorted(set(found[topic]), key=lambda text: hashlib.sha256(text.encode()).digest())
        rows += [Row("", NONE, text) for number, text in enumerate(texts) if number < most or text in always]
    return rows


def train_emotions(
    encoder: AnyEncoder, report: Callable[[str], None], plain: Sequence[Row] = (), folder: Path | None = None
) -> EmotionModel:
    """Train on all examples of a folder, and ``plain`` ones; takes about two minutes for 6,000 on two cores.

    Raises:
        BadExamples, BadLexicon: the owner's files have a mistake, or there are too few examples.
    """
    folder = folder or places.EMOTION
    rows = [row for file in sorted(folder.glob("*.tsv")) for row in read_rows(file)] + list(plain)
    lexicon = Lexicon.read(folder / LEXICON)
    with parts.part("emotions: encoding and counting"):
        counted: list[Counted] = []
        examples = featurise_all(
            encoder,
            [row.text for row in rows],
            places.ENCODED,
            report,
            meanwhile=lambda counts: counted.append(Counted.of(counts, LEAST_DOCUMENTS)),
        )
    report(f"emotions: {len(rows)} examples")
    plain_encoder = untuned(encoder)
    alike = examples
    if plain_encoder is not encoder:
        alike = featurise_all(plain_encoder, [row.text for row in rows], places.ENCODED, report)
    with parts.part("emotions: fitting"):
        model, _ = train_on(rows, examples, lexicon, folder, alike, counted[0])
    return model


def train_on(
    rows: Sequence[Row],
    examples: Sequence[Example],
    lexicon: Lexicon,
    folder: Path | None = None,
    alike: Sequence[Example] | None = None,
    counted: Counted | None = None,
    tried: int = TRIED,
) -> tuple[EmotionModel, npt.NDArray[np.float32]]:
    """Train on examples with their features. Also returns the probabilities (rows, labels) that each row gets from a
    model that has not seen it nor its near copies: what the threshold is to be chosen on. ``alike`` are the features
    that tell near copies, where they are others than ``examples``; ``counted`` are the counts of these, where they have
    been put in order already. Of the :data:`FOLDS`, so many are ``tried``; rows of the others get no number (NaN)."""
    labels = [NONE, *LABELS]
    for label in labels:
        if sum(row.label == label for row in rows) < LEAST_OF_EACH:
            raise BadExamples(folder or places.EMOTION, None, f"fewer than {LEAST_OF_EACH} examples of {label}")
    truth = np.array([labels.index(row.label) for row in rows])
    counted = counted or Counted.of([example.counts for example in examples], LEAST_DOCUMENTS)
    flat = np.stack([example.pools for example in examples]).reshape(len(examples), -1)
    mean, deviation = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-6)
    dense = (flat - mean) / deviation / np.sqrt(np.float32(flat.shape[1]))
    signs = np.stack([lexicon.features(row.text, lexicon.find(row.text)) for row in rows])
    matrix = counted.matrix
    beside = np.concatenate([dense, signs], axis=1)
    vectors = unit(np.stack([example.pools[-1] for example in alike or examples]))
    names = [row.label for row in rows]
    fold = folds(near_copies(vectors, names), names, FOLDS)
    scores = np.zeros((len(rows), len(labels)), np.float32)
    width = matrix.shape[1]

    def part(held_out: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        chosen = fold != held_out
        return _fit(matrix[chosen], beside[chosen], truth[chosen], len(labels))

    # Each fit on one core: the linear algebra's own threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max_workers=THREADS) as pool:
        (weights, intercept), *held_out = pool.map(part, range(-1, tried))
    for number, (fitted, shift) in enumerate(held_out):
        chosen = fold == number
        scores[chosen] = matrix[chosen] @ fitted[:width] + beside[chosen] @ fitted[width:] + shift
    known = fold < tried
    temperature = np.float32(fit_temperature(scores[known], truth[known]))
    model = EmotionModel(
        labels=labels,
        sparse=counted.sparse,
        mean=mean.astype(np.float32),
        deviation=deviation.astype(np.float32),
        weights=weights / temperature,
        intercept=intercept / temperature,
        lexicon=lexicon,
    )
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    powers[~known] = np.nan
    return model, np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _fit(
    counted: Any, beside: npt.NDArray[np.float32], truth: npt.NDArray[np.int64], labels: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if len(np.unique(truth)) != labels:
        raise ValueError("a fold lacks a label")
    return fit_logistic(counted, beside, truth, labels, strength=STRENGTH, steps=STEPS)
