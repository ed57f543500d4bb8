"""Which language a message is written in, and which of ours it is answered in.

Two detectors give their scores and are added up; words that are typical of one of our languages (learnt from the
examples) add to it. A message of one or two words changes the language of a conversation only when it is plain.
"""

from __future__ import annotations

import heapq
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.nlu.cleaning import clean, words

__all__ = ["OTHER", "PLAIN", "SPOKEN", "Detector", "Heard", "load_words", "save_words", "typical_words"]

SPOKEN = ("fi", "da", "en")
OTHER = "other"
"""A language that is none of those the detectors tell apart, or a script that none of them uses."""

_KNOWN = ("fi", "da", "en", "sv", "no", "et", "de")
_SECOND_WEIGHT = 0.15
"""Weight of the second detector's probability beside the first one's score (chosen on public sentences and word
pairs: more of it costs Danish, none of it costs pairs of words)."""
_TYPICAL_WEIGHT = 0.4
"""What a message gains for a language when all its words are typical of it."""
_ROUNDING = 1e-6
_OURS_FIRST = 0.1
"""By so much a language that is not spoken here must be ahead to be believed: most visitors write one of ours."""
_TOLD_APART = {1: 0.4, 2: 0.2}
"""By so much the best of ours must be ahead, in a message of so many words, to change a conversation's language."""
_DOUBTFUL = 0.03
"""A longer message whose two best languages lie nearer than this stays in the conversation's language."""
_SURE = 0.2
"""So far from it must a message of few words be that has none typical of its language: it may be a product's name."""
_FAR = 0.12
_LONG = 4
"""A language of the wide world is believed from so many words on, when it is so far ahead of all that we know."""
_NOT_DANISH = re.compile(r"\b[a-zåäö]*[äö][a-zåäö]*\b")
"""A word with a letter that Danish does not write and Swedish does; one with a capital may be a name."""
_SWEDISH = 0.2
"""What such a word takes from Danish."""
_LATIN = re.compile("[^ªµº\u0250-\U0010ffff]*")
"""Words in which every letter is a Latin one; others are looked at letter by letter."""
_NAMED = re.compile(r"(?<=[\w,] )[A-ZÅÄÖÆØ][^\W_]*(?:-[^\W_]+)*")
"""A word with a capital inside a sentence."""
_RARE, _PURE = 3, 0.95
"""A word is typical of a language when it occurs in so many of its examples, and this share of all that hold it."""

PLAIN: Mapping[str, frozenset[str]] = {
    "fi": frozenset(
        "moi moikka hei heippa terve huomenta päivää iltaa kiitos kiitti kiitoksia joo juu kyllä ei eikä "
        "ihan mitä missä milloin koska miten miksi kuka onko voiko saako mä sä minä sinä tämä tai mutta "
        "olen oon ovat ole selvä hyvä okei anteeksi näkemiin moido suomeksi suomi "
        "moro morjens morjesta morjensta heissan heihei moikku tsau huhuu".split()
    ),
    "da": frozenset(
        "hej hejsa goddag godaften godmorgen davs tak mange nej jeg du det hvad hvor hvornår hvordan "
        "hvorfor hvem må skal ikke og eller også på dansk farvel undskyld fint godt".split()
    ),
    "en": frozenset(
        "hello hi thanks thank what where when how why who could are does the my "
        "you your i'm and but not goodbye english morning evening".split()
    ),
}
"""Greetings and small words that tell a language even when they stand alone."""

_NEAR: Mapping[str, frozenset[str]] = {
    "sv": frozenset(
        "jag inte och är att från när vad vart hur mycket också någon något några vill måste tack "
        "varför vilken vilket ännu redan".split()
    ),
}
"""Small words of a language that is not spoken here and easily taken for one that is."""

_NOTHING = ""
"""What a word that visitors use in several of our languages tells."""
_SHARED = frozenset(
    "ja jo en on se me yes yeah nope bye hey ciao adios okay ok sorry please nice super cool top stop info status faq "
    "chat mobilepay visa mastercard klarna paypal apple google pay iphone instagram facebook dhl gls ups "
    "postnord fedex".split()
)
"""Such words, beside those that the examples show: also those that mean one thing in one of our languages and another
in the next (Danish *ja*, *en* and Finnish *ja*, *en*)."""


@dataclass(frozen=True)
class Heard:
    """``language`` is the one to answer in, or None when the message does not tell; ``written`` the language it is
    written in as far as known (also one that is not spoken here, or :data:`OTHER`)."""

    language: str | None
    written: str | None

    @property
    def foreign(self) -> bool:
        """Whether it is written in a language that is neither spoken here nor answered in a near one."""
        return self.written is not None and self.written not in (*SPOKEN, "no", "sv")


class Detector:
    """Tells the language of single messages, in about 0.1 ms; holds about 20 MB.

    Args:
        swedish: the language in which a Swedish message is answered: ``fi``, ``en`` or ``da``.
        typical: word → language (empty: it tells nothing), as :func:`typical_words` finds them.
    """

    def __init__(self, swedish: str = "en", typical: Mapping[str, str] | None = None) -> None:
        import eldc

        if swedish not in SPOKEN:
            raise ValueError(f"Swedish can be answered in {', '.join(SPOKEN)}, not in {swedish!r}")
        eldc.init()
        self._first = eldc.instance()
        self._first.set_languages(list(_KNOWN))
        self._first.set_scores(len(_KNOWN))
        self._wide = eldc.instance()
        self._wide.set_languages([])
        self._wide.set_scores(1)
        self._second = _second()
        self._answered_in = {"fi": "fi", "da": "da", "en": "en", "no": "da", "sv": swedish}
        self.typical = dict(typical or {})
        for language, plain in PLAIN.items():
            self.typical.update(dict.fromkeys(plain, language))
        for language, plain in _NEAR.items():
            self.typical.update(dict.fromkeys(plain, language))
        self.typical.update(dict.fromkeys(_SHARED, _NOTHING))

    def detect(self, text: str, so_far: str | None = None) -> Heard:
        """The language of a message, given the conversation's language so far."""
        text = clean(text)
        said = words(text)
        if not said:
            return Heard(None, None)
        if _foreign_script(said):
            return Heard("en", OTHER)
        if so_far in SPOKEN and self._tells_nothing(text, said):
            return Heard(None, None)
        scores = self._scores(text, said)
        if len(said) not in _TOLD_APART and self._beyond_doubt(text, said, scores):
            best = max(scores, key=lambda code: scores[code])
            return Heard(best, best) if best in SPOKEN else Heard(self._answered_in.get(best, "en"), best)
        self._add_second(text, scores)
        ours = max(SPOKEN, key=lambda code: scores[code])
        if len(said) in _TOLD_APART:
            return self._short(said, scores, ours, so_far)
        return self._longer(text, said, scores, ours, so_far)

    def _longer(self, text: str, said: list[str], scores: dict[str, float], ours: str, so_far: str | None) -> Heard:
        """Three words or more: the likeliest language, where it is far enough from the conversation's."""
        best = max(scores, key=lambda code: scores[code])
        if scores[best] <= scores[ours] + _OURS_FIRST:
            best = ours
        if self._from_afar(text, said, scores[best]):
            return Heard("en", OTHER)
        ahead = scores[best] - scores[so_far] if so_far in SPOKEN and so_far != best else 1.0
        if ahead < _SURE and self._untypical(best, said):
            return Heard(None, None)
        if best not in SPOKEN:
            return Heard(self._answered_in.get(best, "en"), best)
        if ahead < _DOUBTFUL:
            return Heard(so_far, so_far)
        return Heard(best, best)

    def _untypical(self, language: str, said: list[str]) -> bool:
        """Whether it is a few words none of which is typical of the language."""
        return len(said) <= _LONG and all(self.typical.get(word) != language for word in said)

    def _tells_nothing(self, text: str, said: list[str]) -> bool:
        """Whether all of it is what people of all our languages write: shared words, or a name in capitals as brands
        and products have it ("iPhone 15 Pro Max")."""
        told = {self.typical.get(word) for word in said}
        if told == {_NOTHING}:
            return True
        in_capitals = all(any(letter.isupper() or letter.isdigit() for letter in word) for word in text.split())
        return in_capitals and len(said) > 1 and not text.isupper() and told <= {None, _NOTHING}

    def _scores(self, text: str, said: list[str]) -> dict[str, float]:
        """A score for each language that is told apart, by the first detector and the words; Norwegian counts as
        Danish."""
        scores = dict.fromkeys(_KNOWN, 0.0)
        scores.update(self._first.detect_details(text).scores)
        scores["da"] = max(scores["da"], scores.pop("no"))
        if _NOT_DANISH.search(text):
            scores["da"] -= _SWEDISH
        hits = Counter(language for word in said if (language := self.typical.get(word)))
        for code, number in hits.items():
            scores[code] += _TYPICAL_WEIGHT * number / len(said)
        return scores

    def _beyond_doubt(self, text: str, said: list[str], scores: Mapping[str, float]) -> bool:
        """Whether the second detector, which takes most of the time, could change nothing: all that it has to give to
        another language would not bring that one near enough."""
        best, next_best = heapq.nlargest(2, scores.values())
        sure = _SURE if len(said) <= _LONG else _OURS_FIRST
        return best - next_best > _SECOND_WEIGHT + sure + _ROUNDING and not self._from_afar(text, said, best)

    def _add_second(self, text: str, scores: dict[str, float]) -> None:
        for value in self._second.compute_language_confidence_values(text):
            code = str(value.language.iso_code_639_1.name).lower()
            scores["da" if code == "nb" else code] += _SECOND_WEIGHT * float(value.value)

    def _short(self, said: list[str], scores: dict[str, float], ours: str, so_far: str | None) -> Heard:
        """One or two words: plain ones tell, others must be far ahead; at the start of a conversation any does."""
        told = {language for word in said if (language := self.typical.get(word))}
        if len(told) == 1:
            language = told.pop()
            return Heard(self._answered_in[language], language)
        if so_far not in SPOKEN:
            return Heard(ours, ours)
        telling = sum(self.typical.get(word) != _NOTHING for word in said)
        ahead = min(scores[ours] - scores[code] for code in scores if code != ours)
        if telling and ahead >= _TOLD_APART[telling]:
            return Heard(ours, ours)
        return Heard(None, None)

    def _from_afar(self, text: str, said: list[str], known: float) -> bool:
        """Whether a language outside those told apart fits much better."""
        if len(said) < _LONG:
            return False
        found = self._wide.detect_details(text)
        plain = found.scores.get(found.language, 0.0)
        return found.language not in (*_KNOWN, "und") and plain > known + _FAR


def _second() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    known = (
        Language.FINNISH,
        Language.DANISH,
        Language.ENGLISH,
        Language.SWEDISH,
        Language.BOKMAL,
        Language.ESTONIAN,
        Language.GERMAN,
    )
    # Its smaller models: beside the first detector they are as good, and save 200 MB.
    return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()


def _foreign_script(said: Iterable[str]) -> bool:
    """Whether most letters are of another script than ours."""
    if _LATIN.fullmatch("".join(said)):
        return False
    letters = [letter for word in said for letter in word if letter.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return latin * 2 < len(letters)


def typical_words(texts: Iterable[str], detector: Detector) -> dict[str, str]:
    """Words that occur in examples of one of our languages and hardly in the others: word → language. A word that is
    common in several of them, and one that is written with a capital as names are, is there too, and tells nothing.

    The language of each example is the one that ``detector`` hears; a word's examples outvote its mistakes.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    named: Counter[str] = Counter()
    for text in texts:
        text = clean(text)
        said = words(text)
        if len(said) < _LONG:
            continue  # Too short to be sure of: its words are learnt from longer ones.
        language = detector.detect(text).written
        if language in SPOKEN:
            for word in set(said):
                seen[word][language] += 1
            named.update(set() if text.isupper() else set(words(" ".join(_NAMED.findall(text)))))
    typical = {}
    for word, counted in seen.items():
        language, number = counted.most_common(1)[0]
        if named[word] > 1 and 2 * named[word] >= sum(counted.values()) and "'" not in word and "’" not in word:
            typical[word] = _NOTHING
        elif number >= _RARE and number >= _PURE * sum(counted.values()):
            typical[word] = language
        elif sum(times >= _RARE for times in counted.values()) > 1:
            typical[word] = _NOTHING
    return typical


def save_words(typical: Mapping[str, str], directory: Path) -> None:
    """Write a word table."""
    content = json.dumps(dict(sorted(typical.items())), ensure_ascii=False)
    (directory / "words.json").write_text(content, encoding="utf-8")


def load_words(directory: Path) -> dict[str, str]:
    """Read what :func:`save_words` wrote."""
    loaded: dict[str, str] = json.loads((directory / "words.json").read_text(encoding="utf-8"))
    return loaded
