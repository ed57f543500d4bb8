"""The classifier of ``config.yml`` trained on any labelled file, measured beside TF-IDF with a linear SVM.

A labelled file has ``language<TAB>label<TAB>text`` lines, or ``label<TAB>text`` where the language is told besides. In
a test file the label ``oos`` (out of scope) stands for messages that belong to none; in a training file such are left
out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from threadpoolctl import threadpool_limits

from bot import places
from bot.deep.encoder import DeepEncoder
from bot.deep.job import Recipe
from bot.deep.kept import tidy
from bot.deep.tune import tune
from bot.encoder.build import prepare
from bot.encoder.choice import AnyEncoder, encoder_in_use
from bot.encoder.encoder import unit
from bot.evaluation import BadFile, Row, calibration_error, macro_f1
from bot.nlu.classifier import Settings
from bot.nlu.training import train_topical
from bot.nlu.understanding import Topical

__all__ = ["BadFile", "BadLabels", "measure", "read_labelled", "show", "tuned"]

OUT_OF_SCOPE = "oos"
REFUSED = 0.05
"""Share of in-scope messages that may be refused when out-of-scope ones are looked for."""
_HEADINGS = frozenset({"language", "lang", "locale", "label", "intent", "topic", "text", "utterance", "message"})
_NAMED = 5  # labels in one line


class BadLabels(ValueError):
    """The labels of a file leave nothing to learn or to try; the text says why."""

    code = "labels.bad"


def read_labelled(path: Path, language: str | None = None) -> list[Row]:
    """Read a labelled file (see the module). Empty lines, lines that begin with ``#`` and a first line of headings are
    skipped.

    Args:
        path: the file, UTF-8.
        language: that of all lines, for a file without a column for it.

    Raises:
        BadFile: it cannot be read, a line has another form, or there is none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, 0, f"cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})") from error
    rows: list[Row] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.rstrip("\r").split("\t")]
        if not rows and len(parts) > 1 and {part.lower() for part in parts} <= _HEADINGS:
            continue
        if len(parts) == 2 and language:
            parts = [language, *parts]
        if len(parts) != 3 or not all(parts):
            wanted = "wants language, label and text with a tab between"
            if len(parts) == 2:
                wanted += "; a file with label and text alone needs --language"
            raise BadFile(path, number, wanted)
        rows.append(Row(*parts))
    if not rows:
        raise BadFile(path, 0, "holds no message")
    return rows


def settings() -> Settings:
    """The settings of the classifier in ``config.yml``."""
    config = yaml.safe_load(places.CONFIG.read_text(encoding="utf-8"))
    (component,) = [part for part in config["pipeline"] if part["name"].endswith(".TopicClassifier")]
    names = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in component.items() if name in names})


def tuned(known: Sequence[Row], rows: Sequence[Row], store: Path | None, recipe: Recipe) -> DeepEncoder:
    """An encoder tuned on ``known``, for :func:`measure`. It is kept in ``store``, else in ``models/bench``, until
    another is made there.

    Raises:
        BadLabels: nothing can be learnt, or nothing tried.
        DeepFailed: it could not be tuned.
    """
    known = [row for row in known if row.topic != OUT_OF_SCOPE]
    _check(known, [row for row in rows if row.topic != OUT_OF_SCOPE])
    store = store or places.MODELS / "bench"
    began = time.monotonic()
    texts, topics = [row.text for row in known], [row.topic for row in known]
    encoder = tune(prepare(places.ENCODER), texts, topics, store / "deep", recipe=recipe, store=store, report=_say)
    tidy(store / "deep", {encoder.identity})
    _say(f"tuned in {time.monotonic() - began:.0f} s")
    return encoder


def measure(
    known: Sequence[Row], rows: Sequence[Row], store: Path | None = None, encoder: AnyEncoder | None = None
) -> dict[str, Any]:
    """Train on ``known``, try on ``rows``; returns the figures.

    Args:
        known: labelled messages to learn from, of two labels at least; :data:`OUT_OF_SCOPE` is left out.
        rows: labelled messages to try; those of :data:`OUT_OF_SCOPE` only measure what is refused.
        store: see :func:`bot.nlu.features.featurise_all`.
        encoder: the one in use unless another is given.

    Raises:
        BadLabels: nothing can be learnt, or nothing tried.
    """
    known = [row for row in known if row.topic != OUT_OF_SCOPE]
    inside = [row for row in rows if row.topic != OUT_OF_SCOPE]
    outside = [row for row in rows if row.topic == OUT_OF_SCOPE]
    _check(known, inside)
    began, cpu = time.monotonic(), time.process_time()
    topical = train_topical(
        encoder or encoder_in_use(_say),
        [row.text for row in known],
        [row.topic for row in known],
        settings=settings(),
        store=store,
        report=_say,
    )
    trained = {"train_s": time.monotonic() - began, "train_cpu_s": time.process_time() - cpu}
    # As the bot runs: with more threads the linear algebra's would only wait for each other, and that is counted.
    with threadpool_limits(1, user_api="blas"):
        tried = [_tried(topical, row) for row in inside]
    taken = [each.topic for each in tried]
    figures = {**_figures(inside, taken), "calibration_error": {}}
    figures["baseline"] = _figures(inside, baseline(known, inside))
    for language in sorted({row.language for row in inside}):
        chosen = [number for number, row in enumerate(inside) if row.language == language]
        right = [taken[number] == inside[number].topic for number in chosen]
        figures["calibration_error"][language] = round(
            calibration_error([tried[number].confidence for number in chosen], right), 4
        )
    figures |= {name: round(value, 1) for name, value in trained.items()}
    figures["ms_per_message"] = round(float(np.median([each.spent for each in tried])), 2)
    figures["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if outside:
        limit = np.quantile([each.home for each in tried], REFUSED)
        figures["oos_recall"] = round(float(np.mean([_tried(topical, row).home < limit for row in outside])), 4)
    return figures


def _check(known: Sequence[Row], inside: Sequence[Row]) -> None:
    """Refuse what cannot be learnt or tried, and tell what will look odd in the figures."""
    labels = Counter(row.topic for row in known)
    if len(labels) < 2:
        raise BadLabels(f"the training file has {len(labels)} label(s) beside {OUT_OF_SCOPE!r}; two are needed")
    if not inside:
        raise BadLabels(f"the test file has no message of a label other than {OUT_OF_SCOPE!r}")
    once = [label for label, number in labels.items() if number == 1]
    if once:
        _say(f"labels with a single example, of which little can be learnt: {_listed(once)}")
    unknown = sorted({row.topic for row in inside} - labels.keys())
    if unknown:
        _say(f"labels of the test file that the training file does not have, never to be right: {_listed(unknown)}")
    strange = sorted({row.language for row in inside} - {row.language for row in known})
    if strange:
        _say(f"no training example in: {', '.join(strange)} (the baseline, a model a language, has nothing there)")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class _Tried:
    """One message tried. ``home`` is how much it looks like one of the known ones, ``spent`` milliseconds of processor
    time until its topic was known."""

    topic: str
    confidence: float
    home: float
    spent: float


def _tried(topical: Topical, row: Row) -> _Tried:
    before = time.process_time()
    example = topical.features(row.text, row.language)
    ranking = topical.classifier.rank(example)
    spent = (time.process_time() - before) * 1000
    home = float(topical.scope.raw(unit(example.pools[-1])[None], ranking.decisions[None])[0])
    return _Tried(ranking.topics[0], ranking.probabilities[0], home, spent)


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
