"""Deep training from the bot's side: examples in, a tuned encoder in ``models/deep`` out.

The examples go to the trainer as a job (:mod:`bot.deep.job`); what comes back is exported as the built-in encoder is,
with the untuned layers beside it where all were tuned (:mod:`bot.deep.beside`), checked against what the trainer itself
gave on the examples held out, and put in place by one rename, beside those that were there (:mod:`bot.deep.kept`). One
part in twenty, near-copies and translations together, is held out: what the network does on what it knows by heart, in
whichever language, tells nothing about how sure it may be.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.deep import kept, side
from bot.deep.beside import side_by_side
from bot.deep.encoder import HEAD, TOPICS, DeepEncoder, key
from bot.deep.job import RESULT, BadFolder, Batch, Job, Recipe, read_folder
from bot.deep.numbers import Tuned, tensors
from bot.deep.side import DeepFailed
from bot.encoder.build import LAYERS, put_in_place
from bot.encoder.encoder import Encoder, unit
from bot.encoder.graph import Numbers
from bot.encoder.manifest import BadEncoder, Manifest, checksum
from bot.encoder.samples import SAMPLES
from bot.encoder.tokenizer import PIECES, shortened
from bot.encoder.watch import fitted_graph
from bot.encoder.weights import Weights, source_path
from bot.nlu.features import featurise_all, written_form
from bot.nlu.groups import folds, near_copies
from bot.nlu.language import Detector
from bot.nlu.letters import Letters

__all__ = ["MOST_TOKENS", "PARTS", "tune"]

Report = Callable[[str], None]
Array = npt.NDArray[Any]
MOST_TOKENS = 64
"""Longer examples keep their ends, as longer messages do: training time grows with the longest of a batch."""
PARTS = 20
"""One part of so many is held out."""
LEAST_AGREEMENT = 0.93
"""Share of held-out examples (about :data:`_CHECKED`) on which the exported encoder must choose the trainer's topic.
int8 changes about one in a hundred; broken arithmetic changes most."""
_CHECKED = 200
_WATCHED = 200
"""About so many of the examples held out show, beside the samples, how large the tuned encoder's numbers get."""
_AT_ONCE = 200
"""Examples compared with all others at a time: with 30,000 of these that is 24 MB."""
_PREFIX = ""  # The untuned encoder wants "query: "; a tuned one learns to do without, and is a fifth quicker.
_OUTER = ("<s>", "</s>")


def tune(
    plain: Encoder,
    texts: Sequence[str],
    topics: Sequence[str],
    home: Path,
    *,
    recipe: Recipe | None = None,
    numbers: Numbers | None = None,
    beside: Sequence[int] = LAYERS,
    store: Path | None = None,
    report: Report = lambda _: None,
) -> DeepEncoder:
    """Tune the encoder on texts with their topics, unless ``home`` holds the one that comes of just these.

    Args:
        plain: the built-in encoder, for its tokens and to tell near-copies.
        texts: the examples; ``topics`` the topic of each.
        home: the directory of the result (:mod:`bot.deep.kept`) and of what is on the way to it. Encoders that lie
            there already stay: whoever knows which are needed no more calls :func:`bot.deep.kept.tidy`.
        recipe: see :class:`bot.deep.job.Recipe`.
        numbers: where training begins; the wheel's weights by default.
        beside: where all layers are tuned, those of the untuned encoder that are pooled as well. A message then costs
            about twice as much; where the lowest layers are not tuned (``frozen`` of the recipe), the last of these is
            pooled instead and costs nothing.
        store: where pooled layers of the built-in encoder are kept (:func:`bot.nlu.features.featurise_all`).
        report: gets a line for each step.

    Raises:
        DeepFailed: the trainer's environment or the training failed, or the export disagrees with it.
    """
    letters = Letters.learn(texts)
    restored = [letters.restore(text) for text in texts]
    forms = [written_form(text) for text in restored]
    vectors = unit(np.stack([example.pools[-1] for example in featurise_all(plain, restored, store, report)]))
    detector = Detector()
    languages = [detector.detect(text).language for text in texts]
    held_out = folds(near_copies(vectors, topics, languages=languages), topics, PARTS) == 0
    numbers, recipe = numbers or Weights(source_path()), recipe or Recipe()
    names = sorted(set(topics))
    job = _job(plain, forms, [names.index(topic) for topic in topics], held_out, numbers, recipe)
    folder = job.write(home)
    found = _tuned_before(home, folder.name)
    if found is not None:
        report("the encoder has been tuned on just these examples: it is taken as it is")
        shutil.rmtree(folder, ignore_errors=True)
        return found
    network, scores = _trained(folder, len(texts), report)
    unseen = [form for form, chosen in zip(forms, held_out, strict=True) if chosen]
    report("exporting the tuned encoder")
    export = _Export(plain, numbers, network, recipe.frozen, () if recipe.frozen else tuple(beside))
    encoder = _export(export, home, folder.name, names, unseen, _strange(vectors, held_out), scores)
    for other in home.glob("job-*"):
        shutil.rmtree(other, ignore_errors=True)
    return encoder


def _tuned_before(home: Path, source: str) -> DeepEncoder | None:
    """The whole encoder in ``home`` that came of this job."""
    for directory in kept.all_in(home):
        with contextlib.suppress(BadEncoder):
            found = DeepEncoder(directory)
            if found.manifest.source == source:
                return found
    return None


def _strange(vectors: Array, held_out: Array) -> Array:
    """Which of the examples held out belong to the half that is least like any that was learnt from: (held out,)."""
    known, others = vectors[~held_out], vectors[held_out]
    rows = range(0, len(others), _AT_ONCE)
    nearest = np.concatenate([(others[row : row + _AT_ONCE] @ known.T).max(axis=1) for row in rows])
    return np.asarray(nearest <= np.median(nearest))


def _job(
    plain: Encoder, forms: Sequence[str], labels: Sequence[int], held_out: Array, numbers: Numbers, recipe: Recipe
) -> Job:
    usual = [plain.tokens(form, prefix=_PREFIX) for form in forms]
    cuts = [
        ids
        for epoch in range(recipe.epochs if recipe.cut else 0)
        for ids in plain.tokenizer.cut(forms, recipe.cut, recipe.seed * 1000 + epoch)
    ]
    tokens = [shortened(ids, MOST_TOKENS) for ids in (*usual, *cuts)]
    rows, ids = np.unique(np.concatenate(tokens), return_inverse=True)
    ends = np.cumsum([0, *map(len, tokens)]).astype(np.int64)
    first = ends[len(usual)]
    return Job(
        recipe=recipe,
        heads=numbers.shape.heads,
        epsilon=numbers.shape.epsilon,
        topics=max(labels) + 1,
        examples=Batch(
            ids=ids[:first].astype(np.int32),
            ends=ends[: len(usual) + 1],
            labels=np.array(labels, np.int32),
            held_out=np.asarray(held_out, bool),
            cuts=ids[first:].astype(np.int32),
            cut_ends=ends[len(usual) :] - first,
        ),
        tensors=tensors(numbers, rows, min(MOST_TOKENS, numbers.shape.positions)),
    )


def _trained(folder: Path, examples: int, report: Report) -> tuple[dict[str, Array], dict[str, Array]]:
    """The trainer's result: its tensors, and its decision values on the examples held out."""
    try:
        _, arrays = read_folder(folder / RESULT)
    except BadFolder:
        interpreter = side.python(report)
        report(f"deep training on {examples} examples: minutes to hours; broken off, it goes on where it was")
        side.run(interpreter, folder, report)
        try:
            _, arrays = read_folder(folder / RESULT)
        except BadFolder as error:
            raise DeepFailed(f"the trainer left no result ({error})") from error
    return arrays["network"], arrays["scores"]


@dataclass(frozen=True)
class _Export:
    """What becomes a graph: the ``network`` that was trained from ``numbers``, its ``frozen`` lowest layers left as
    they were, and the layers of these that are run ``beside`` it. ``plain`` tells the tokens."""

    plain: Encoder
    numbers: Numbers
    network: dict[str, Array]
    frozen: int
    beside: tuple[int, ...]

    @property
    def layers(self) -> tuple[int, ...]:
        """Those of the trained network that are pooled."""
        last = self.numbers.shape.layers
        return (self.frozen, last) if 0 < self.frozen < last else (last,)

    @property
    def untouched(self) -> int:
        """So many of all pooled layers are as they were."""
        return len(self.beside) + len(self.layers) - 1

    def graph(self, precision: str, held_out: Sequence[str]) -> bytes:
        """The whole as a file's content; its scales fit the texts held out, and the samples."""
        shown = (*held_out[:: max(1, len(held_out) // _WATCHED)], *SAMPLES)
        texts = [self.plain.tokens(text, prefix=_PREFIX) for text in shown]
        tuned = fitted_graph(Tuned(self.numbers, self.network), self.layers, precision, texts)
        if not self.beside:
            return tuned
        # Just as the built-in encoder is built.
        samples = [self.plain.tokens(text) for text in SAMPLES]
        return side_by_side(tuned, fitted_graph(self.numbers, self.beside, precision, samples))


def _export(
    export: _Export,
    home: Path,
    source: str,
    topics: Sequence[str],
    held_out: Sequence[str],
    strange: Array,
    scores: dict[str, Array],
) -> DeepEncoder:
    """Write graph, head and manifest beside their place, check them, and put them there. Where int8 fails the check,
    as on a processor without the arithmetic for it, single precision is taken."""
    why, plain = "", export.plain
    for precision in ("int8", "fp32"):
        work = Path(tempfile.mkdtemp(prefix=".encoder-", dir=home))
        try:
            (work / TOPICS).write_text(json.dumps(topics, ensure_ascii=False), encoding="utf-8")
            keys = np.frombuffer(b"".join(key(form) for form in held_out), np.uint8).reshape(len(held_out), -1)
            np.savez(
                work / HEAD,
                weights=export.network["head.w"].T,
                intercept=export.network["head.b"],
                held_out=keys,
                strange=strange,
                untouched=export.untouched,
                beside=np.array(export.beside, np.int64),
                beside_prefix=plain.manifest.prefix,
            )
            shutil.copyfile(plain.directory / PIECES, work / PIECES)
            (work / "model.onnx").write_bytes(export.graph(precision, held_out))
            files = {path.name: checksum(path) for path in sorted(work.iterdir())}
            manifest = Manifest(
                name=f"{plain.manifest.name}, deep training",
                precision=precision,
                layers=export.layers,
                hidden=export.numbers.shape.hidden,
                prefix=_PREFIX,
                source=source,
                similarity=0.0,
                files=files,
            )
            manifest.write(work)
            made = DeepEncoder(work)
            agreement = _agreement(made, held_out, scores["decisions"])
            if agreement >= LEAST_AGREEMENT:
                directory = kept.place_of(home, made.identity)
                put_in_place(work, directory)
                return DeepEncoder(directory)
            why = f"{precision} chooses the trainer's topic for {100 * agreement:.1f} % of the examples held out"
        finally:
            shutil.rmtree(work, ignore_errors=True)
    raise DeepFailed(f"the exported encoder disagrees with the training: {why}")


def _agreement(encoder: DeepEncoder, held_out: Sequence[str], decisions: Array) -> float:
    """The share of held-out examples for which the exported encoder chooses the topic that the trainer chose."""
    if not held_out:
        return 1.0
    step = max(1, len(held_out) // _CHECKED)
    pools = np.stack([encoder.pools(form)[-1] for form in held_out[::step]])
    chosen = (pools @ encoder.weights + encoder.intercept).argmax(axis=1)
    return float(np.mean(chosen == decisions[::step].argmax(axis=1)))
