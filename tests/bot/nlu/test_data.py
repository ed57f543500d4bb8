"""The examples that the bot learns from: enough of each topic, in their own language, and each told once."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bot import places
from bot.nlu.cleaning import clean, words
from bot.nlu.language import SPOKEN, Detector, typical_words
from bot.nlu.owner import OwnerSettings
from bot.texts import Texts

LEAST = 25
"""Examples a topic and language; the aim is 40."""
SURE = 6
"""From so many words on, the detector's word is taken for a line's language."""
MISHEARD = 3
"""Lines that the detector may mistake: names of banks and places are of any language."""
COPIED = 10
"""Two hands may both think of a sentence of fewer words than this."""
NOT_OURS = {"answer_did_not_help"}
"""Topics with examples and without a text of their own."""


@dataclass(frozen=True)
class Line:
    language: str
    topic: str
    text: str
    file: Path


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    found = []
    for file in sorted(places.NLU.rglob("*.yml")):
        for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                text = line.strip().removeprefix("-").strip()
                if text:
                    found.append(Line(file.parent.name, block["intent"], text, file))
    return found


def bare(text: str) -> str:
    """A text without case, punctuation and spaces at its ends: what makes two examples the same."""
    return " ".join(words(unicodedata.normalize("NFC", clean(text))))


def test_every_topic_has_enough_examples_in_every_language(lines: list[Line]) -> None:
    counted = Counter((line.topic, line.language) for line in lines)
    wanted = {*Texts().topics, *NOT_OURS}
    numbers = {(topic, language): counted[topic, language] for topic in wanted for language in SPOKEN}
    assert {key: number for key, number in numbers.items() if number < LEAST} == {}


def test_every_topic_of_the_examples_has_a_text(lines: list[Line]) -> None:
    assert {line.topic for line in lines} - {*Texts().topics, *NOT_OURS} == set()


def test_no_example_stands_under_two_topics(lines: list[Line]) -> None:
    topics = defaultdict(set)
    for line in lines:
        topics[line.language, bare(line.text) or line.text].add(line.topic)
    assert {text: found for (_, text), found in topics.items() if len(found) > 1} == {}


def test_no_example_is_told_twice_in_a_topic(lines: list[Line]) -> None:
    told = Counter((line.language, line.topic, line.text.lower()) for line in lines)
    assert [key for key, number in told.items() if number > 1] == []


def test_every_longer_line_is_in_the_language_of_its_file(lines: list[Line]) -> None:
    first = Detector()
    detector = Detector(OwnerSettings.read().swedish, typical_words([line.text for line in lines], first))
    wrong = []
    for line in lines:
        if len(words(line.text)) < SURE or line.topic == "switch_language":
            continue  # who asks for another language often writes in it
        heard = detector.detect(line.text)
        if heard.written != line.language:
            wrong.append(f"{line.file.parent.name}/{line.file.name} {line.topic}: {line.text} ({heard.written})")
    assert len(wrong) <= MISHEARD, wrong


def test_examples_are_clean_text(lines: list[Line]) -> None:
    assert [line.text for line in lines if unicodedata.normalize("NFC", line.text) != line.text] == []
    assert [line.text for line in lines if len(line.text) > 500 or "\t" in line.text] == []
    # Rasa would read these as marked entities.
    assert [line.text for line in lines if "](" in line.text or "]{" in line.text] == []


def test_nothing_of_the_unseen_set_is_learnt(lines: list[Line]) -> None:
    unseen = set()
    for file in sorted((places.ROOT / "tests" / "unseen").rglob("*.tsv")):
        for row in file.read_text(encoding="utf-8").splitlines():
            if row and not row.startswith("#"):
                unseen.add(bare(row.split("\t")[2]))
    copied = [line.text for line in lines if len(words(line.text)) >= COPIED and bare(line.text) in unseen]
    assert copied == []
