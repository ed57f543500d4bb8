"""The sentences of one message: glanced at, and encoded only where that leaves it open."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.nlu.classifier import Example
from bot.nlu.features import count
from bot.nlu.pieces import Pieces
from bot.nlu.understanding import Topical

TALE, QUESTION = "Nogen har misbrugt mit kort.", "Hvor er min pakke?"


@pytest.fixture
def encoded() -> Counter[str]:
    """How often each piece was encoded."""
    return Counter()


@pytest.fixture
def pieces(topical: Topical, encoded: Counter[str]) -> Pieces:
    def encode(piece: str) -> Example:
        encoded[piece] += 1
        return topical.features(piece, "da")

    whole = topical.features(f"{QUESTION} {TALE}", "da")
    return Pieces(topical.classifier, lambda piece: count(topical.encoder, piece), encode, whole)


def test_a_glance_encodes_nothing(pieces: Pieces, encoded: Counter[str]) -> None:
    glance = pieces.glance(TALE)
    assert glance.chances.sum() == pytest.approx(1.0, abs=1e-4)
    pieces.may_need_person(TALE), pieces.may_ask_for_person(TALE), pieces.may_be_answered(QUESTION)
    pieces.may_be_about(TALE, "human/fraud")
    assert not encoded


def test_a_piece_is_encoded_once(pieces: Pieces, encoded: Counter[str]) -> None:
    assert pieces.rank(TALE).topics[0] == "human/fraud"
    assert pieces.needs_person(TALE) >= pieces.chance(TALE, "human/fraud") > pieces.asks_for_person(TALE)
    assert encoded == {TALE: 1}


def test_a_glance_tells_what_a_piece_may_be_about(pieces: Pieces) -> None:
    assert pieces.may_be_about(TALE, "human/fraud") and pieces.may_need_person(TALE)
    assert pieces.glance(TALE).words[pieces.classifier.topics.index("human/fraud")] > 0
    assert pieces.may_be_answered(QUESTION)


def test_a_topic_that_the_model_does_not_know_is_nowhere(pieces: Pieces) -> None:
    assert not pieces.may_be_about(TALE, "human/of_another_shop")


def test_the_best_piece_is_found_by_words_where_they_tell(pieces: Pieces, encoded: Counter[str]) -> None:
    assert pieces.best([QUESTION, TALE, "Det regner."], "human/fraud") == 1
    assert not encoded


def test_pieces_as_good_by_their_words_are_compared_by_all(pieces: Pieces, encoded: Counter[str]) -> None:
    said = ["Nogen har misbrugt mit kort!", TALE, QUESTION]
    assert pieces.best(said, "human/fraud") in (0, 1)
    assert set(encoded) == {said[0], TALE}


def test_a_message_and_its_words_and_sense_make_the_same_decision(topical: Topical) -> None:
    example = topical.features(TALE, "da")
    together = topical.classifier.words(example.counts) + topical.classifier.sense(example.pools)
    assert together == pytest.approx(topical.classifier.decisions(example))
