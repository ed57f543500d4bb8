"""How well a labelled file is understood: accuracy, macro-F1, calibration, and what the decisions are worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.nlu.decision import Decision, offered_as
from bot.nlu.understanding import Understood

__all__ = ["BadFile", "Row", "Score", "calibration_error", "macro_f1", "read_rows", "score"]

_BINS = 10


class BadFile(ValueError):
    """A labelled file that is not one; the text says where."""

    code = "evaluate.bad_file"

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{self.code}: {path}, line {line}: {what}")


@dataclass(frozen=True)
class Row:
    """A message with its language and true topic."""

    language: str
    topic: str
    text: str


@dataclass(frozen=True)
class Score:
    """The figures of one language. All but ``messages`` are shares between 0 and 1.

    ``answered`` are the messages that got an answer or a person, ``right_answers`` the right ones among them,
    ``right_alone`` the right ones among those that got an answer (a person who was called for another reason than the
    right one is no wrong answer), ``in_reach`` those whose topic was acted on or offered when asking back.
    """

    messages: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    answered: float
    right_answers: float
    right_alone: float
    in_reach: float
    language: float

    def as_dict(self) -> dict[str, Any]:
        """Rounded, for JSON."""
        return {name: round(value, 4) for name, value in vars(self).items()}


def read_rows(path: Path) -> list[Row]:
    """Read ``language<TAB>topic<TAB>text`` lines; empty lines and lines that begin with ``#`` are skipped.

    Raises:
        BadFile: a line has another form, or there is none.
    """
    rows = []
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, 0, f"cannot be read ({type(error).__name__})") from error
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.rstrip("\r").split("\t")
        if len(parts) != 3 or not all(part.strip() for part in parts):
            raise BadFile(path, number, "wants language, topic and text with a tab between")
        rows.append(Row(*parts))
    if not rows:
        raise BadFile(path, 0, "holds no message")
    return rows


def score(
    rows: Sequence[Row], understand: Callable[[str], Understood]
) -> tuple[dict[str, Score], Counter[tuple[str, str]]]:
    """Run all rows; returns a score for each language and for ``all``, and the confusions (true, taken for)."""
    results: dict[str, list[tuple[Row, Understood]]] = defaultdict(list)
    confusions: Counter[tuple[str, str]] = Counter()
    for row in rows:
        understood = understand(row.text)
        results[row.language].append((row, understood))
        if understood.topic != row.topic:
            confusions[(row.topic, understood.topic)] += 1
    by_language = {language: _score(pairs) for language, pairs in sorted(results.items())}
    if len(by_language) > 1:
        by_language["all"] = _score([pair for pairs in results.values() for pair in pairs])
    return by_language, confusions


def _score(pairs: Sequence[tuple[Row, Understood]]) -> Score:
    right = [row.topic == understood.topic for row, understood in pairs]
    acted = [understood.decision is not Decision.CLARIFY for _, understood in pairs]
    told = [understood.decision is Decision.ANSWER for _, understood in pairs]
    reached = [
        hit if act else offered_as(row.topic) in understood.choices
        for (row, understood), hit, act in zip(pairs, right, acted, strict=True)
    ]
    return Score(
        messages=len(pairs),
        accuracy=_mean(right),
        macro_f1=macro_f1([row.topic for row, _ in pairs], [understood.topic for _, understood in pairs]),
        calibration_error=calibration_error([understood.confidence for _, understood in pairs], right),
        answered=_mean(acted),
        right_answers=_mean([hit for hit, act in zip(right, acted, strict=True) if act]),
        right_alone=_mean([hit for hit, answer in zip(right, told, strict=True) if answer]),
        in_reach=_mean(reached),
        language=_mean([row.language == understood.language for row, understood in pairs]),
    )


def _mean(values: Iterable[bool | float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def macro_f1(truth: Sequence[str], taken: Sequence[str]) -> float:
    """The mean F1 over the topics that occur in ``truth``."""
    hits: Counter[str] = Counter()
    for true, found in zip(truth, taken, strict=True):
        hits[true] += true == found
    wanted, given = Counter(truth), Counter(taken)
    return _mean([2 * hits[topic] / (wanted[topic] + given[topic]) for topic in wanted])


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """How far confidence and accuracy lie apart: the mean over ten equal steps of confidence, weighed by messages."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, hit in zip(confidences, right, strict=True):
        bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, hit))
    total = len(confidences)
    return sum(
        len(items) / total * abs(_mean([c for c, _ in items]) - _mean([hit for _, hit in items]))
        for items in bins.values()
    )
