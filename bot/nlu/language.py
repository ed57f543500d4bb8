"""Which of the languages spoken here a message is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.nlu.cleaning import clean, words

__all__ = ["SPOKEN", "Detector", "Heard"]

SPOKEN = ("fi", "da", "en")
_KNOWN = ("fi", "da", "en", "sv", "no", "et", "de")

PLAIN: Mapping[str, frozenset[str]] = {
    "fi": frozenset(
        "moi moikka hei heippa terve tere huomenta päivää iltaa kiitos kiitti kiitoksia joo juu kyllä ei eikä en "
        "ihan mitä missä milloin koska miten miksi kuka onko voiko saako mä sä minä sinä se tämä tuo ja tai mutta "
        "olen oon on ovat ei ole selvä hyvä okei anteeksi näkemiin moido suomeksi suomi palautus tilaus toimitus".split()
    ),
    "da": frozenset(
        "hej hejsa goddag godaften godmorgen davs tak mange nej ja jo jeg du det den hvad hvor hvornår hvordan "
        "hvorfor hvem kan må skal vil er ikke og eller men også på dansk farvel undskyld okay fint godt".split()
    )
    - frozenset({"er", "den", "men", "vil", "okay", "kan"}),
    "en": frozenset(
        "hello hi hey thanks thank yes no yeah please what where when how why who can could is are do does the my "
        "you your i'm and or but not good bye goodbye english sorry morning evening".split()
    )
    - frozenset({"hi", "no", "hey", "do", "or"}),
}
"""Words that tell a language even when they stand alone, and belong to one of the three only."""


@dataclass(frozen=True)
class Heard:
    """``language`` is the one to answer in, or None when the message does not tell; ``written`` the language it is
    written in as far as known (also one that is not spoken here)."""

    language: str | None
    written: str | None


class Detector:
    """Tells the language of single messages. Holds about 1 MB until a doubtful message needs the second opinion.

    Args:
        swedish: the language in which a Swedish message is answered: ``fi``, ``en`` or ``da``.
    """

    def __init__(self, swedish: str = "en") -> None:
        import eldc

        eldc.init()
        self._first = eldc.instance()
        self._first.set_languages(list(_KNOWN))
        self._first.set_scores(len(_KNOWN))
        self._second: Any = None
        self._answered_in = {"fi": "fi", "da": "da", "en": "en", "no": "da", "sv": swedish}

    def detect(self, text: str, so_far: str | None = None) -> Heard:
        """The language of a message, given the conversation's language so far."""
        text = clean(text)
        said = words(text)
        if not said:
            return Heard(None, None)
        plain = self._plain(said)
        if plain is not None and len(said) <= 3:
            return Heard(plain, plain)
        if len(said) <= 2:
            return self._short(text, said, so_far)
        scores = dict(self._first.detect_details(text).scores)
        if not scores:
            return Heard(None, None)
        best = max(scores, key=lambda code: scores[code])
        if best in ("fi", "en", "da", "no"):
            return Heard(self._answered_in[best], best)
        return self._foreign(text, best, scores, plain)

    def _plain(self, said: list[str]) -> str | None:
        """The only language whose plain words occur, if there is just one."""
        hits = {code: sum(word in PLAIN[code] for word in said) for code in SPOKEN}
        found = [code for code in SPOKEN if hits[code]]
        return found[0] if len(found) == 1 else None

    def _short(self, text: str, said: list[str], so_far: str | None) -> Heard:
        """One or two words without a plain one: the conversation's language stays; at its start, the likeliest."""
        if so_far in SPOKEN:
            return Heard(None, None)
        best = self._opinion(text)[0]
        return Heard(best, best)

    def _foreign(self, text: str, best: str, scores: dict[str, float], plain: str | None) -> Heard:
        """Swedish, Estonian or German by the first detector: believed unless the message looks like one of ours."""
        if plain is not None:
            return Heard(plain, plain)
        ours = max(SPOKEN, key=lambda code: scores.get(code, 0.0))
        if scores.get(ours, 0.0) >= scores[best] - _NEAR:
            opinion, _ = self._opinion(text)
            return Heard(opinion, opinion)
        return Heard(self._answered_in.get(best), best)

    def _opinion(self, text: str) -> tuple[str, float]:
        """The second detector, which knows the three languages only: the likeliest and how likely."""
        if self._second is None:
            from lingua import Language, LanguageDetectorBuilder

            known = (Language.FINNISH, Language.DANISH, Language.ENGLISH)
            self._second = LanguageDetectorBuilder.from_languages(*known).build()
        first = self._second.compute_language_confidence_values(text)[0]
        return str(first.language.iso_code_639_1.name).lower(), float(first.value)


_NEAR = 0.05
"""How far below a foreign language's score one of ours may lie and still be asked about again."""
