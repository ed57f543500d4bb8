"""Training the understanding of topics: examples in, a :class:`~bot.nlu.understanding.Topical` out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bot.encoder.encoder import Encoder, unit
from bot.nlu.classifier import Example, Settings, train
from bot.nlu.decision import Thresholds
from bot.nlu.groups import near_copies
from bot.nlu.scope import Scope
from bot.nlu.understanding import Topical, featurise

__all__ = ["progress", "train_topical"]

progress = logging.getLogger("silta.progress")
"""Gets one line for each step of a training; the command line shows them."""

Report = Callable[[str], None]
_EACH = 1000
"""Examples between two lines of progress."""


def train_topical(
    encoder: Encoder,
    texts: Sequence[str],
    topics: Sequence[str],
    *,
    settings: Settings | None = None,
    thresholds: Thresholds | None = None,
    report: Report = progress.info,
) -> Topical:
    """Train on texts with their topics; takes about a minute for 10,000 of them on two cores."""
    examples = _encoded(encoder, texts, report)
    vectors = unit(np.stack([example.pools[-1] for example in examples]))
    groups = near_copies(vectors, topics)
    trained = train(examples, topics, groups, settings, report)
    scope = Scope.fit(vectors, trained.truth, trained.decisions, trained.fold)
    return Topical(encoder, trained.classifier, scope, thresholds or Thresholds())


def _encoded(encoder: Encoder, texts: Sequence[str], report: Report) -> list[Example]:
    examples = []
    # The encoder computes outside the interpreter's lock: two threads use two cores.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for number, example in enumerate(pool.map(lambda text: featurise(encoder, text), texts), start=1):
            examples.append(example)
            if number % _EACH == 0 or number == len(texts):
                report(f"encoded {number} of {len(texts)} examples")
    return examples
