"""What a training will encode: begun before Rasa is loaded and has read the files, or long before, at set-up.

Loading and reading take a while on one core; the encoder works on the others meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from bot import places
from bot.encoder.choice import built_in, encoder_in_use, using
from bot.judgement.training import BadExamples, read_rows
from bot.nlu.features import encoded_ahead, keep_encoded, written_form
from bot.nlu.letters import Letters
from bot.reading import YamlFile

__all__ = ["encode_examples", "encoding_begun"]


@contextlib.contextmanager
def encoding_begun(report: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, the examples are encoded in the background. What is overlooked here (a file in a form that only
    Rasa reads, a mistake in one) is encoded, or complained of, when its turn comes.

    Raises:
        BadEncoder, BadWeights: the encoder cannot be had.
    """
    if not _can_begin():
        yield
        return
    encoder = encoder_in_use(report)
    with using(encoder), encoded_ahead(encoder, places.ENCODED) as want:
        for forms in _wanted():
            want(forms)
        yield


def encode_examples(report: Callable[[str], None]) -> None:
    """Encode the examples of topics and emotions, so that the next training need not. Takes about two minutes for
    24,000 on two cores; what is done is kept when it is broken off.

    Raises:
        BadEncoder, BadWeights: the encoder cannot be had.
    """
    if not _can_begin():
        report("the examples are encoded by the next training: it brings its own encoder")
        return
    keep_encoded(encoder_in_use(report), [form for forms in _wanted() for form in forms], places.ENCODED, report)


def _can_begin() -> bool:
    """Tuned encoders have encoded the examples already, and others want the framework that Rasa loads."""
    return built_in()


def _wanted() -> Iterator[list[str]]:
    """In the order in which a training needs them."""
    yield [written_form(text) for text in _emotional()]
    texts = _texts()
    letters = Letters.learn(texts)
    yield [written_form(letters.restore(text)) for text in texts]


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
