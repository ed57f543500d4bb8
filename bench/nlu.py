"""``python bench/nlu.py --train TSV --test TSV [--json FILE]``: the classifier of ``config.yml`` on any labelled file.

Runs in the bot's environment. Trains the very pipeline of the bot (encoder, features, SVMs, stack, temperature, scope)
with the settings of ``config.yml`` on ``language<TAB>label<TAB>text`` lines, and beside it, in the same run, the usual
baseline: TF-IDF of words with a linear SVM, one model a language. Prints accuracy and macro-F1 of each language, the
calibration error, time and memory; where the test file has the label ``oos``, also how much of it the in-domain share
finds while 5 % of the rest are refused. Public data lies in ``SILTA_BENCH_DATA`` and is never part of what ships.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
if str(Path(__file__).resolve().parent) in sys.path:
    # Started by its path: Python would look beside it first, and take bench/queue.py for the library's queue.
    sys.path.remove(str(Path(__file__).resolve().parent))

import numpy as np
import yaml

from bot import places
from bot.encoder.choice import encoder_in_use
from bot.encoder.encoder import unit
from bot.evaluation import BadFile, Row, calibration_error, macro_f1, read_rows
from bot.nlu.classifier import Settings
from bot.nlu.training import train_topical
from bot.nlu.understanding import Topical

__all__ = ["main"]

OUT_OF_SCOPE = "oos"
REFUSED = 0.05
"""Share of in-scope messages that may be refused when out-of-scope ones are looked for."""


def main(given: Sequence[str] | None = None) -> int:
    """Run; exit status 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, metavar="TSV")
    parser.add_argument("--test", type=Path, required=True, metavar="TSV")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--store", type=Path, metavar="DIR", help="keep what was encoded for the next run")
    arguments = parser.parse_args(given)
    for path in (arguments.train, arguments.test):
        if not path.is_file():
            print(f"bench: {path} is not there (public data is not part of the repository): skipped")
            return 0
    try:
        known = [row for row in read_rows(arguments.train) if row.topic != OUT_OF_SCOPE]
        rows = read_rows(arguments.test)
    except BadFile as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    figures = measure(known, rows, arguments.store)
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def settings() -> Settings:
    """The settings of the classifier in ``config.yml``."""
    config = yaml.safe_load(places.CONFIG.read_text(encoding="utf-8"))
    (component,) = [part for part in config["pipeline"] if part["name"].endswith(".TopicClassifier")]
    names = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in component.items() if name in names})


def measure(known: Sequence[Row], rows: Sequence[Row], store: Path | None) -> dict[str, Any]:
    """Train on ``known``, try on ``rows``; returns the figures."""
    began, cpu = time.monotonic(), time.process_time()
    topical = train_topical(
        encoder_in_use(),
        [row.text for row in known],
        [row.topic for row in known],
        settings=settings(),
        store=store,
        report=lambda line: print(line, file=sys.stderr),
    )
    trained = {"train_s": time.monotonic() - began, "train_cpu_s": time.process_time() - cpu}
    inside = [row for row in rows if row.topic != OUT_OF_SCOPE]
    taken, confidence, spent = _predict(topical, inside)
    figures = {**_figures(inside, taken), "calibration_error": {}}
    figures["baseline"] = _figures(inside, baseline(known, inside))
    for language in sorted({row.language for row in inside}):
        chosen = [number for number, row in enumerate(inside) if row.language == language]
        right = [taken[number] == inside[number].topic for number in chosen]
        figures["calibration_error"][language] = round(
            calibration_error([confidence[number] for number in chosen], right), 4
        )
    figures |= {name: round(value, 1) for name, value in trained.items()}
    figures["ms_per_message"] = round(float(np.median(spent)), 2)
    figures["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    outside = [row for row in rows if row.topic == OUT_OF_SCOPE]
    if outside:
        figures["oos_recall"] = round(_found(topical, inside, outside), 4)
    return figures


def _predict(topical: Topical, rows: Sequence[Row]) -> tuple[list[str], list[float], list[float]]:
    """Topic, confidence and milliseconds of processor time of each message."""
    taken, confidence, spent = [], [], []
    for row in rows:
        before = time.process_time()
        ranking = topical.classifier.rank(topical.features(row.text, row.language))
        spent.append((time.process_time() - before) * 1000)
        taken.append(ranking.topics[0])
        confidence.append(ranking.probabilities[0])
    return taken, confidence, spent


def _found(topical: Topical, inside: Sequence[Row], outside: Sequence[Row]) -> float:
    """The share of out-of-scope messages below the in-domain share that refuses :data:`REFUSED` of the others."""

    def raw(row: Row) -> float:
        example = topical.features(row.text, row.language)
        decisions = topical.classifier.decisions(example)
        return float(topical.scope.raw(unit(example.pools[-1])[None], decisions[None])[0])

    limit = np.quantile([raw(row) for row in inside], REFUSED)
    return float(np.mean([raw(row) < limit for row in outside]))


def baseline(known: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """TF-IDF of words and pairs of words with a linear SVM, one model a language."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    taken = [""] * len(rows)
    for language in sorted({row.language for row in rows}):
        mine = [row for row in known if row.language == language]
        if len({row.topic for row in mine}) < 2:
            continue
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC(C=1.0, random_state=0))
        model.fit([row.text for row in mine], [row.topic for row in mine])
        chosen = [number for number, row in enumerate(rows) if row.language == language]
        for number, topic in zip(chosen, model.predict([rows[number].text for number in chosen]), strict=True):
            taken[number] = str(topic)
    return taken


def _figures(rows: Sequence[Row], taken: Sequence[str]) -> dict[str, Any]:
    figures: dict[str, Any] = {"accuracy": {}, "macro_f1": {}}
    for language in sorted({row.language for row in rows}):
        pairs = [(row.topic, topic) for row, topic in zip(rows, taken, strict=True) if row.language == language]
        figures["accuracy"][language] = round(sum(true == topic for true, topic in pairs) / len(pairs), 4)
        figures["macro_f1"][language] = round(macro_f1([true for true, _ in pairs], [topic for _, topic in pairs]), 4)
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a small table."""
    print(f"{'':>9}{'accuracy':>10}{'macro-F1':>10}{'calibr.':>9}{'| baseline':>12}{'macro-F1':>10}")
    for language, accuracy in figures["accuracy"].items():
        base = figures["baseline"]
        print(
            f"{language:>9}{100 * accuracy:>10.1f}{100 * figures['macro_f1'][language]:>10.1f}"
            f"{100 * figures['calibration_error'][language]:>9.1f}{100 * base['accuracy'][language]:>12.1f}"
            f"{100 * base['macro_f1'][language]:>10.1f}"
        )
    print(
        f"trained in {figures['train_s']} s ({figures['train_cpu_s']} s of processor time), "
        f"{figures['ms_per_message']} ms a message, {figures['rss_mb']} MB"
    )
    if "oos_recall" in figures:
        print(f"out of scope found with {100 * REFUSED:.0f} % refused: {100 * figures['oos_recall']:.1f} %")


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
