"""Training the understanding of topics: examples in, a :class:`~bot.nlu.understanding.Topical` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bot.deep.classifier import train_with_head
from bot.deep.encoder import DeepEncoder
from bot.encoder.choice import AnyEncoder
from bot.encoder.encoder import unit
from bot.nlu.classifier import THREADS, Settings, train
from bot.nlu.decision import Limits
from bot.nlu.features import featurise_all, written_form
from bot.nlu.groups import near_copies
from bot.nlu.letters import Letters
from bot.nlu.parts import parts, progress
from bot.nlu.scope import Scope
from bot.nlu.sparse import Counted
from bot.nlu.understanding import Topical

__all__ = ["progress", "train_topical"]

Report = Callable[[str], None]


def train_topical(
    encoder: AnyEncoder,
    texts: Sequence[str],
    topics: Sequence[str],
    *,
    settings: Settings | None = None,
    limits: Limits | None = None,
    store: Path | None = None,
    report: Report = progress.info,
) -> Topical:
    """Train on texts with their topics; takes about a minute and a half for 10,000 of them on two cores, half a minute
    when most of them are in the ``store`` (:func:`bot.nlu.features.featurise_all`). With an encoder that was tuned on
    them, what it has learnt of the topics is used as well."""
    letters = Letters.learn(texts)
    restored = [letters.restore(text) for text in texts]
    settings = settings or Settings()
    counted: list[Counted] = []
    with parts.part("encoding and counting the examples"):
        examples = featurise_all(
            encoder,
            restored,
            store,
            report,
            meanwhile=lambda counts: counted.append(Counted.of(counts, settings.least_documents)),
        )
    vectors = unit(np.stack([example.pools[-1] for example in examples]))
    if isinstance(encoder, DeepEncoder):
        forms = [written_form(text) for text in restored]
        held_out = np.array([encoder.held_out(form) for form in forms])
        strange = np.array([encoder.strange(form) for form in forms])
        trained = train_with_head(encoder, examples, topics, held_out, strange, settings, report)
    else:
        with parts.part("near-copies"):
            groups = near_copies(vectors, topics)
        trained = train(examples, topics, groups, settings, report, counted[0])
    with parts.part("in-domain score"):
        scope = Scope.fit(vectors, trained.truth, trained.decisions, trained.fold, THREADS)
    return Topical(encoder, trained.classifier, scope, limits or Limits(), letters)
