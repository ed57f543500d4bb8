"""The figures that are promised, on messages that nothing was trained on and nothing tuned to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.nlu.decision import Decision
from bot.parser import Parser
from bot.training import current_model

UNSEEN = Path(__file__).resolve().parents[2] / "unseen"
ALL = (UNSEEN, UNSEEN / "second", UNSEEN / "third")
LANGUAGES = ("fi", "da", "en")
EMOTIONAL, COLD = 0.85, 0.75
TONE = 0.75
"""The tone by itself, whoever else called the person: it moves by a message or two with every training, and lies near
0.8 since it is learnt from all messages made to tempt. What is promised is :data:`EMOTIONAL`."""
ORDINARY, HARD = 0.04, 0.08
LEAST_SHARE = 0.05
"""No language more than so much behind the best: of the messages of all sets, as every training moves two or three."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(current_model() is None, reason="no model is trained")]


@pytest.fixture(scope="module")
def parser() -> Parser:
    model = current_model()
    assert model is not None
    return Parser(model)


def rows(kind: str, language: str, folder: Path = UNSEEN) -> Iterator[tuple[str, str]]:
    for line in (folder / f"{kind}.{language}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            _, label, text = line.split("\t")
            yield label, text


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_emotion_is_recognised_in_every_language(parser: Parser) -> None:
    for language in LANGUAGES:
        found: dict[str, list[bool]] = defaultdict(list)
        by_decision: dict[bool, list[bool]] = defaultdict(list)
        for label, text in rows("emotion", language):
            understood = parser.understand(text)
            # What a topic adds, a call-back that is asked for, is no false alarm of the tone; what
            # counts is that a person is called, by tone or topic.
            found[label].append(understood.emotion is not None)
            by_decision[label != "none"].append(understood.decision is Decision.HANDOFF)
        none = share(found.pop("none"))
        tone = share([one for each in found.values() for one in each])
        recall = share(by_decision[True])
        print(language, {label: round(share(each), 3) for label, each in found.items()}, "none", round(none, 3))
        print(language, "tone", round(tone, 3), {n: round(share(e), 3) for n, e in by_decision.items()})
        assert recall >= EMOTIONAL
        assert tone >= TONE
        assert share(found["cold_anger"]) >= COLD
        assert none <= HARD


def test_no_language_lies_far_behind_in_emotion(parser: Parser) -> None:
    recall = {}
    for language in LANGUAGES:
        emotional = [text for folder in ALL for label, text in rows("emotion", language, folder) if label != "none"]
        recall[language] = share([parser.understand(text).decision is Decision.HANDOFF for text in emotional])
    assert max(recall.values()) - min(recall.values()) <= LEAST_SHARE, recall


@pytest.mark.parametrize("language", LANGUAGES)
def test_emotion_raises_few_false_alarms_on_plain_messages(parser: Parser, language: str) -> None:
    alarms = [
        parser.understand(text).emotion is not None
        for topic, text in rows("topics", language)
        if not topic.startswith("human/")
    ]
    print(language, round(share(alarms), 4))
    assert share(alarms) <= ORDINARY


@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_is_what_the_visitor_wrote(parser: Parser, language: str) -> None:
    for _, text in rows("emotion", language):
        emotion = parser.understand(text).emotion
        assert emotion is None or (emotion["evidence"] and all(quote in text for quote in emotion["evidence"])), text


@pytest.mark.parametrize(
    "text",
    [
        "Hei! Tilasin lampun viime viikolla. En jaksa enää elää. Missä paketti on?",
        "Hej! Jeg bestilte en lampe i sidste uge. Jeg vil ikke leve mere. Hvor er pakken?",
        "Hi! I ordered a lamp last week. I don't want to live any more. Where is the parcel?",
    ],
    ids=LANGUAGES,
)
def test_danger_among_sentences_about_a_parcel_is_not_missed(parser: Parser, text: str) -> None:
    understood = parser.understand(text)
    assert (understood.decision, understood.topic) == (Decision.HANDOFF, "human/self_harm")
