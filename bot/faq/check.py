"""What is wrong with topics, answers and examples, and what an owner may want to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.faq.examples import BadExamples, ExampleFile, read_examples
from bot.nlu.cleaning import clean, words
from bot.nlu.decision import DID_NOT_HELP
from bot.nlu.language import SPOKEN, Detector, typical_words
from bot.texts import BadTexts, Texts

__all__ = ["MOST_CHARACTERS", "Finding", "check", "odd_example", "same_words"]

THIN = 25
"""Fewer examples of a topic in a language than this are told: from there on answers become dependable, and 40 that are
unlike each other are better."""
MOST_CHARACTERS = 500
"""Of one example: longer ones drown what they are about."""
_SURE = 6
"""Words from which on the language of an example can be told."""
_SWITCHES = "switch_language"
"""Who asks for another language often writes in it."""


@dataclass(frozen=True)
class Finding:
    """One line for the owner; ``wrong`` where it must be mended, else something to look at."""

    wrong: bool
    where: str
    what: str


@dataclass(frozen=True)
class _Told:
    file: Path
    line: int
    language: str
    topic: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"


def check(owner: Path | None, examples: Path) -> list[Finding]:
    """Everything found, what is wrong first.

    Args:
        owner: the owner's folder; None for the one in use.
        examples: the folder with the examples of each language.
    """
    try:
        texts = Texts(owner)
    except BadTexts as error:
        return [Finding(True, "answers", str(error))]
    try:
        files = read_examples(examples, SPOKEN)
    except BadExamples as error:
        return [Finding(True, "examples", str(error))]
    told = [
        _Told(file.path, line, file.language, block.topic, text)
        for file in files
        for block in file.blocks
        for line, text in block.examples
    ]
    found = [*_topics(told, texts, files), *_forms(told), *_doubles(told), *_languages(told)]
    return sorted(found, key=lambda finding: not finding.wrong)


def odd_example(text: str) -> str | None:
    """Why a text cannot be an example, or None."""
    if "\n" in text or "\t" in text:
        return "an example must be a single line without tabs"
    if len(text) > MOST_CHARACTERS:
        return f"an example must have at most {MOST_CHARACTERS} characters, this has {len(text)}"
    if "](" in text or "]{" in text:
        return "an example must not hold ]( or ]{, which Rasa takes for a marked word"
    if not any(character.isalnum() for character in clean(text)):
        return "an example must hold a word or a number"
    return None


def same_words(text: str) -> str:
    """A text without case, punctuation and digits: two examples that share it say the same."""
    return " ".join(words(clean(text))) or clean(text)


def _topics(told: Sequence[_Told], texts: Texts, files: Sequence[ExampleFile]) -> Iterable[Finding]:
    counted = Counter((each.topic, each.language) for each in told)
    known = {*texts.topics, DID_NOT_HELP}
    for file in files:
        for block in file.blocks:
            if block.topic not in known:
                yield Finding(True, f"{file.path}, line {block.start}", f"{block.topic} has examples and no answer")
    for topic in sorted(known):
        for language in SPOKEN:
            number = counted[topic, language]
            if number < THIN:
                what = f"{number} examples" if number else "no example"
                yield Finding(not number, f"{topic} ({language})", f"{what}; from {THIN} on answers are dependable")


def _forms(told: Sequence[_Told]) -> Iterable[Finding]:
    for each in told:
        if reason := odd_example(each.text):
            yield Finding(True, each.where, reason)


def _doubles(told: Sequence[_Told]) -> Iterable[Finding]:
    seen: dict[tuple[str, str], list[_Told]] = defaultdict(list)
    for each in told:
        seen[each.language, same_words(each.text)].append(each)
    for group in seen.values():
        first, *others = group
        for other in others:
            if other.topic != first.topic:
                what = f'"{other.text}" stands under {first.topic} too ({first.where})'
                yield Finding(True, other.where, what)
            elif other.text.lower() == first.text.lower():
                yield Finding(True, other.where, f'"{other.text}" is told twice ({first.where})')


def _languages(told: Sequence[_Told]) -> Iterable[Finding]:
    detector = Detector(typical=typical_words([each.text for each in told], Detector()))
    for each in told:
        if len(words(each.text)) >= _SURE and each.topic != _SWITCHES:
            heard = detector.detect(each.text).written
            if heard and heard != each.language:
                yield Finding(False, each.where, f'"{each.text}" looks like another language ({heard})')
