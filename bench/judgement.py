"""``python -m bench.judgement`` (in .venv/bot): how surely the need for a person is seen, on messages by other hands.

Reads ``tests/unseen/topics.*.tsv`` and ``emotion.*.tsv`` and runs each message through the trained model exactly as the
bot does. What counts as seen is the decision ``handoff``: a question back that offers the right topic among its buttons
is none. Printed for each language and for all:

* recall over topics of priority high and urgent, over all ``human/…`` topics, over emotional messages (whatever their
  topic), over cold anger alone;
* false alarms on ordinary messages (``faq/…``) and small talk, and on the hard negatives: messages made to tempt, with
  strong words in harmless use or mild impatience;
* ``self_harm.*.tsv``: who is in danger gets the crisis lines, who only rages does not;
* the processor time that judgement adds to a message: masking, the emotion, the course of a conversation, and looking
  at sentences one by one, for danger, a wish beside a question, and the words that are quoted to the agent.

``--unseen tests/unseen/second`` measures on a second set, written later than all examples but the newest; several
folders are measured as one set: of 30 messages a language one is three points.

The unseen sets are for measuring. Nothing is trained on them and nothing tuned to them line by line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from handoff.events import LANGUAGES

if TYPE_CHECKING:
    from bot.parser import Parser

__all__ = ["Figure", "Judged", "figures", "main"]

ROOT = Path(__file__).resolve().parents[1]
UNSEEN = ROOT / "tests" / "unseen"

SPREAD = 0.05
"""No language may lie further than this behind the best."""


@dataclass(frozen=True)
class Judged:
    """A message, its true label, and whether the bot calls a person for it. ``kind`` is the file's: topics, emotion,
    self_harm."""

    kind: str
    language: str
    label: str
    text: str
    handed: bool
    why: str
    topic: str = ""
    """The topic whose words the visitor is told at the handoff."""


@dataclass(frozen=True)
class Figure:
    """A share that must be reached (``recall``) or not be passed (a false alarm)."""

    name: str
    limit: float
    recall: bool
    chosen: Callable[[Judged], bool]
    seen: Callable[[Judged], bool] = attrgetter("handed")
    """What counts."""

    def met(self, share: float) -> bool:
        return share >= self.limit if self.recall else share <= self.limit


def figures(urgent: frozenset[str]) -> tuple[Figure, ...]:
    """What is measured; ``urgent`` are the topics of priority high and urgent."""

    def topics(one: Judged) -> bool:
        return one.kind == "topics" and one.label != "answer_did_not_help"

    return (
        Figure("high and urgent", 0.95, True, lambda one: topics(one) and one.label in urgent),
        Figure("all human topics", 0.90, True, lambda one: topics(one) and one.label.startswith("human/")),
        Figure("emotion alone", 0.85, True, lambda one: one.kind == "emotion" and one.label != "none"),
        Figure("cold anger", 0.75, True, lambda one: one.label == "cold_anger"),
        Figure("alarms: ordinary", 0.04, False, lambda one: topics(one) and not one.label.startswith("human/")),
        Figure("alarms: tempting", 0.08, False, lambda one: one.kind == "emotion" and one.label == "none"),
        Figure("in danger: lines", 0.90, True, lambda one: one.label == "self_harm", gets_lines),
        Figure("rage: lines", 0.15, False, lambda one: one.label == "anger", gets_lines),
    )


def gets_lines(one: Judged) -> bool:
    """Whether the visitor is told whom to call when in danger."""
    return one.handed and one.topic == "human/self_harm"


def read(kind: str, *folders: Path) -> list[tuple[str, str, str]]:
    """(language, label, text) of every line of the sets' files."""
    rows = []
    for file in [file for folder in folders or (UNSEEN,) for file in sorted(folder.glob(f"{kind}.*.tsv"))]:
        for line in file.read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                language, label, text = line.split("\t")
                rows.append((language, label, text))
    return rows


def judge(model: Path, *folders: Path) -> tuple[list[Judged], dict[str, float]]:
    """Run every message; also returns the milliseconds of processor time that one took, in all and for what judgement
    adds to it: masking, emotion, the course of a conversation of five turns, sentences one by one."""
    from bot.nlu.decision import Decision
    from bot.parser import Parser

    parser = Parser(model)
    parser.understand("hei")
    judged = []
    begun = time.process_time()
    for kind in ("topics", "emotion", "self_harm"):
        for language, label, text in read(kind, *folders):
            understood = parser.understand(text)
            handed = understood.decision is Decision.HANDOFF
            by = [understood.topic if understood.evidence else "", (understood.emotion or {}).get("label", "")]
            why = "+".join(part for part in by if part) if handed else f"({understood.decision.value})"
            topic = understood.topic if understood.evidence else ""
            judged.append(Judged(kind, language, label, text, handed, f"{why} {understood.confidence:.2f}", topic))
    each = {"all": 1000 * (time.process_time() - begun) / max(len(judged), 1)}
    return judged, each | _added(parser, [one.text for one in judged[::5]])


def _added(parser: Parser, texts: Sequence[str]) -> dict[str, float]:
    from bot.judgement import course
    from bot.nlu.features import featurise
    from handoff.privacy.masking import mask

    def timed(work: Callable[[int], object]) -> float:
        begun = time.process_time()
        for number in range(len(texts)):
            work(number)
        return 1000 * (time.process_time() - begun) / len(texts)

    examples = [featurise(parser.topical.encoder, text) for text in texts]
    sentences = _one_by_one(parser, texts)
    turns = [course.Turn(text, "faq/track_order", False, True, 0.1) for text in texts[: course.LOOK_BACK + 1]]
    course.judge(turns)  # Its words are read from their file once, when the bot starts to work.
    return {
        "masking": timed(lambda number: mask(texts[number])),
        "emotion": timed(lambda number: parser._emotions.judge(texts[number], examples[number], 0.5)),
        "course": timed(lambda _: course.judge(turns)),
        "sentences": sentences,
    }


def _one_by_one(parser: Parser, texts: Sequence[str]) -> float:
    """Milliseconds a message spends in what looks at its sentences: the mean over all, most of which have one."""
    spent = 0.0

    def timed(work: Callable[..., object]) -> Callable[..., object]:
        def inner(*given: object) -> object:
            nonlocal spent
            begun = time.process_time()
            found = work(*given)
            spent += time.process_time() - begun
            return found

        return inner

    watched = copy(parser.topical)
    for name in ("_in_danger", "_wishes_person", "_evidence"):
        setattr(watched, name, timed(getattr(watched, name)))
    for text in texts:
        watched.understand(text, parser.understand(text).language)
    return 1000 * spent / len(texts)


def share(judged: Iterable[Judged], seen: Callable[[Judged], bool]) -> tuple[float, int]:
    """The share of which ``seen`` is true, and of how many."""
    found = [seen(one) for one in judged]
    return (sum(found) / len(found) if found else 0.0), len(found)


def table(judged: Sequence[Judged], wanted: Sequence[Figure]) -> tuple[list[str], dict[str, dict[str, float]], bool]:
    """Lines to print, the figures by name and language, and whether all are met."""
    lines = [f"{'':>18}" + "".join(f"{language:>9}" for language in (*LANGUAGES, "all")) + "   wanted  spread"]
    found: dict[str, dict[str, float]] = {}
    good = True
    for figure in wanted:
        chosen = [one for one in judged if figure.chosen(one)]
        if not chosen:
            continue
        by = {lang: share((one for one in chosen if one.language == lang), figure.seen)[0] for lang in LANGUAGES}
        spread = round(max(by.values()) - min(by.values()), 9)  # 1 - 0.95 is not more than 0.05
        found[figure.name] = {**by, "all": share(chosen, figure.seen)[0]}
        met = all(map(figure.met, by.values())) and spread <= SPREAD
        good = good and met
        cells = "".join(f"{100 * value:>8.1f}%" for value in found[figure.name].values())
        sign = "≥" if figure.recall else "≤"
        verdict = "met" if met else "NOT MET"
        lines.append(
            f"{figure.name:>18}{cells}{sign:>4}{100 * figure.limit:>4.0f}%{100 * spread:>7.1f}"
            f"  {verdict} ({len(chosen)})"
        )
    return lines, found, good


def main(given: Sequence[str] | None = None) -> int:
    """Measure and print. Exit status 1 when a figure is not met and ``--check`` is given."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    parser = argparse.ArgumentParser(prog="python -m bench.judgement", description="How surely a person is called.")
    parser.add_argument("--model", type=Path, help="the trained model; default the newest")
    parser.add_argument(
        "--unseen",
        type=Path,
        nargs="+",
        default=[UNSEEN],
        metavar="FOLDER",
        help="with topics.*.tsv and emotion.*.tsv; several are one set",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure is not met")
    parser.add_argument("--errors", action="store_true", help="count misses and false alarms by label")
    arguments = parser.parse_args(given)
    from actions.owner import owner
    from bot.training import current_model

    model = arguments.model or current_model()
    if model is None:
        print("bench.judgement: there is no model; ./silta train makes one", file=sys.stderr)
        return 2
    judged, milliseconds = judge(model, *arguments.unseen)
    urgent = frozenset(topic for topic, route in owner().topics.items() if route.priority != "normal")
    lines, found, good = table(judged, figures(urgent))
    if arguments.json:
        print(json.dumps({**found, "ms": {name: round(cost, 3) for name, cost in milliseconds.items()}}))
    else:
        print("\n".join(lines))
        added = sum(cost for name, cost in milliseconds.items() if name != "all")
        parts = ", ".join(f"{name} {cost:.2f}" for name, cost in milliseconds.items() if name != "all")
        print(f"processor time a message: {milliseconds['all']:.1f} ms, of which judgement {added:.2f} ms ({parts})")
    if arguments.errors:
        _show_errors(judged)
    return int(arguments.check and not good)


def _show_errors(judged: Sequence[Judged]) -> None:
    missed: dict[str, int] = {}
    for one in judged:
        needed = one.label.startswith("human/") or (one.kind != "topics" and one.label != "none")
        if needed != one.handed and one.label != "answer_did_not_help":
            what = "missed" if needed else f"alarm by {one.why.split()[0]}"
            key = f"{one.language} {one.label}: {what}"
            missed[key] = missed.get(key, 0) + 1
    for key, number in sorted(missed.items(), key=lambda item: (-item[1], item[0])):
        print(f"{number:>4}  {key}")


if __name__ == "__main__":
    sys.exit(main())
