"""What a training will encode, begun before Rasa is loaded and has read the files.

Both take a while on one core; the encoder works on the others meanwhile.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from bot import places
from bot.encoder.choice import encoder_in_use, identity_in_use
from bot.judgement.training import BadExamples, read_rows
from bot.nlu.features import encoded_ahead, written_form
from bot.nlu.letters import Letters
from bot.reading import YamlFile

__all__ = ["encoding_begun"]


@contextlib.contextmanager
def encoding_begun(report: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, the examples are encoded in the background. What is overlooked here (a file in a form that only
    Rasa reads, a mistake in one) is encoded, or complained of, when its turn comes.

    Raises:
        BadEncoder, BadWeights: the encoder cannot be had.
    """
    if identity_in_use() or os.environ.get("SILTA_ENCODER"):
        # Tuned ones have encoded the examples already, and others want the framework that Rasa loads.
        yield
        return
    with encoded_ahead(encoder_in_use(report), places.ENCODED) as want:
        want([written_form(text) for text in _emotional()])
        texts = _texts()
        letters = Letters.learn(texts)
        want([written_form(letters.restore(text)) for text in texts])
        yield


def _texts() -> list[str]:
    found: list[str] = []
    for path in sorted(places.NLU.rglob("*.yml")):
        found += [str(example.get("text")) for example in YamlFile(path).examples() or ()]
    return found


def _emotional() -> list[str]:
    found: list[str] = []
    for path in sorted(places.EMOTION.glob("*.tsv")):
        with contextlib.suppress(BadExamples):
            found += [row.text for row in read_rows(path)]
    return found
