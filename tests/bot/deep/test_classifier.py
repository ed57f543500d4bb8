"""The head of a tuned encoder and the words together."""

from __future__ import annotations

import numpy as np
import pytest

from bot.deep.classifier import KNOWN, Unfit, _share, train_with_head
from bot.deep.encoder import DeepEncoder
from bot.deep.job import Recipe
from bot.nlu.classifier import Example, Settings
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
    encoder = tuned(beside=())
    texts, topics = zip(*PAIRS, strict=True)
    examples = featurise_all(encoder, texts)
    held_out = np.array([encoder.held_out(written_form(text)) for text in texts])
    trained = train_with_head(encoder, examples, topics, held_out, held_out, SETTINGS)
    model, example = trained.classifier, examples[3]
    columns, values = model.sparse.row(example.counts)
    head = example.pools[-1] @ encoder.weights + encoder.intercept
    words = values @ model.weights[columns] + (model.intercept - encoder.intercept)
    assert np.allclose(model.decisions(example), head + words, atol=1e-4)
    assert set(trained.fold[~held_out].tolist()) == {KNOWN}
    assert not trained.decisions[~held_out].any() and trained.decisions[held_out].any()


@pytest.mark.parametrize("frozen", [0, 1])
def test_the_untuned_layer_is_seen_beside_the_words(tuned: Tune, frozen: int) -> None:
    encoder = tuned(recipe=Recipe(frozen=frozen))
    assert encoder.layers == (1, 2) and encoder.untouched == 1
    # Texts without a single feature in common: the words alone would tell nothing.
    texts, topics = zip(*PAIRS, strict=True)
    examples = [Example((), example.pools) for example in featurise_all(encoder, texts)]
    held_out = np.array([encoder.held_out(written_form(text)) for text in texts])
    model = train_with_head(encoder, examples, topics, held_out, held_out, SETTINGS).classifier
    head = np.stack([example.pools[-1] @ encoder.weights + encoder.intercept for example in examples])
    told = np.stack([model.decisions(example) for example in examples])
    beside = told - head
    lower = np.stack([example.pools[0] for example in examples])
    again = Example((), np.stack([lower[0], examples[5].pools[1]]))
    other = model.decisions(again) - (again.pools[-1] @ encoder.weights + encoder.intercept)
    assert np.allclose(other, beside[0], atol=1e-4), "what stands beside the head depends on the untuned layer alone"
    assert beside.std(axis=0).max() > 0.01


def test_svms_that_cannot_be_told_from_the_network_count_and_worse_ones_do_not() -> None:
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 5, 600)
    right = 4 * np.eye(5)[truth] + chance.normal(0, 2, (600, 5))
    alike = (4 * np.eye(5)[truth] + chance.normal(0, 2, (600, 5))) / 3
    assert _share(right, alike, truth) >= 3.0
    assert _share(right, chance.normal(0, 2, (600, 5)), truth) <= 0.5


def test_how_sure_the_whole_may_be_is_told_by_the_strange_ones(tuned: Tune) -> None:
    encoder = tuned()
    texts, topics = zip(*PAIRS, strict=True)
    examples = featurise_all(encoder, texts)
    held_out = np.zeros(len(texts), bool)
    held_out[::3] = True
    names = sorted(set(topics))
    told = np.stack([example.pools[-1] @ encoder.weights + encoder.intercept for example in examples])
    truth = np.array([names.index(topic) for topic in topics])
    wrong = held_out & (told.argmax(axis=1) != truth)
    right = held_out & ~wrong
    assert wrong.any() and right.any()
    surer, less_sure = (
        train_with_head(encoder, examples, topics, held_out, strange, SETTINGS).classifier.temperature
        for strange in (right, wrong)
    )
    assert surer < less_sure


def test_other_topics_than_the_encoder_was_tuned_on_are_refused(tuned: Tune) -> None:
    encoder: DeepEncoder = tuned()
    texts = ["moi", "hej", "hello there", "thanks"]
    examples = featurise_all(encoder, texts)
    with pytest.raises(Unfit, match=r"deep\.other_topics: .*faq/track_order"):
        train_with_head(
            encoder, examples, ["greet", "greet", "new", "thanks"], *[np.array([True, False, False, True])] * 2
        )
