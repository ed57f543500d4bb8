"""The head of a tuned encoder and the words together."""

from __future__ import annotations

import numpy as np
import pytest

from bot.deep.classifier import KNOWN, Unfit, train_with_head
from bot.deep.encoder import DeepEncoder
from bot.nlu.classifier import Settings
from bot.nlu.features import featurise_all, written_form
from bot.nlu.training import train_topical
from tests.bot.deep.conftest import PAIRS, Tune

SETTINGS = Settings(least_documents=1)


def test_a_tuned_encoder_and_the_words_tell_the_topics(tuned: Tune) -> None:
    encoder = tuned()
    texts, topics = zip(*PAIRS, strict=True)
    topical = train_topical(encoder, texts, topics, settings=SETTINGS)
    right = [topical.understand(text, None).topic == topic for text, topic in PAIRS if topic.startswith("faq/")]
    assert np.mean(right) > 0.9
    chances = topical.classifier.rank(topical.features("where is my order")).probabilities
    assert sum(chances) == pytest.approx(1.0, abs=1e-4)
    assert 0 <= topical.understand("where is my order", "en").in_domain <= 1


def test_decision_values_are_those_of_the_head_and_the_words_added_up(tuned: Tune) -> None:
    encoder = tuned()
    texts, topics = zip(*PAIRS, strict=True)
    examples = featurise_all(encoder, texts)
    held_out = np.array([encoder.held_out(written_form(text)) for text in texts])
    trained = train_with_head(encoder, examples, topics, held_out, SETTINGS)
    model, example = trained.classifier, examples[3]
    columns, values = model.sparse.row(example.counts)
    head = example.pools[-1] @ encoder.weights + encoder.intercept
    words = values @ model.weights[columns] + (model.intercept - encoder.intercept)
    assert np.allclose(model.decisions(example), head + words, atol=1e-4)
    assert set(trained.fold[~held_out].tolist()) == {KNOWN}
    assert not trained.decisions[~held_out].any() and trained.decisions[held_out].any()


def test_other_topics_than_the_encoder_was_tuned_on_are_refused(tuned: Tune) -> None:
    encoder: DeepEncoder = tuned()
    texts = ["moi", "hej", "hello there", "thanks"]
    examples = featurise_all(encoder, texts)
    with pytest.raises(Unfit, match=r"deep\.other_topics: .*faq/track_order"):
        train_with_head(encoder, examples, ["greet", "greet", "new", "thanks"], np.array([True, False, False, True]))
