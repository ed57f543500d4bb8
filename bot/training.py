"""Training the Rasa model, and knowing when it must be trained again.

Whether a model is current is judged by content: a hash over everything the model is made from. Times of files tell
nothing after a fresh clone.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot import places
from bot.texts import Texts, owner_directory

__all__ = ["TrainingFailed", "current_model", "fingerprint", "needs_training", "train"]

Report = Callable[[str], None]
_KEPT = 2
"""Models that stay on disk: the current one and the one before it."""


class TrainingFailed(RuntimeError):
    """Rasa gave no model; the text says why."""

    code = "train.failed"

    def __init__(self, what: str) -> None:
        super().__init__(f"{self.code}: {what}")


def _sources() -> Iterator[Path]:
    yield places.CONFIG
    yield places.DOMAIN
    yield from sorted(places.NLU.rglob("*.yml"))
    yield from sorted(places.RULES.rglob("*.yml"))
    yield from sorted(path for path in places.EMOTION.glob("*") if path.suffix in (".tsv", ".yml"))
    owner = owner_directory()
    yield owner / "company.yml"
    yield from sorted((owner / "texts").glob("*.yml"))
    package = places.ROOT / "bot"
    yield from sorted((package / "nlu").glob("*.py"))
    yield from sorted((package / "judgement").glob("*.py"))
    yield from sorted((package / "encoder").glob("*.py"))
    yield package / "importer.py"
    yield package / "texts.py"


def fingerprint() -> str:
    """A hash over all that the model is made from: settings, domain, examples, rules, owner's texts, code, encoder."""
    digest = hashlib.sha256(os.environ.get("SILTA_ENCODER", "").encode())
    for path in _sources():
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"-")
    return digest.hexdigest()


def _note() -> Path:
    return places.MODELS / "fingerprint.json"


def _noted() -> dict[str, Any]:
    try:
        raw = json.loads(_note().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def current_model() -> Path | None:
    """The model that was trained last, current or not; None when there is none."""
    name = _noted().get("model")
    path = places.MODELS / str(name)
    return path if name and path.is_file() else None


def needs_training() -> str | None:
    """Why the model must be trained, in one line, or None when it is current."""
    if current_model() is None:
        return "there is no model"
    if _noted().get("fingerprint") != fingerprint():
        return "the model is older than its data"
    return None


def train(report: Report | None = None) -> Path:
    """Train the whole Rasa model into ``models/`` and note its fingerprint. One training runs at a time; a second one
    waits. What Rasa has trained before from the same data and code comes from its cache.

    Args:
        report: gets one line for each step.

    Raises:
        BadTexts: the owner's texts have a gap.
        TrainingFailed: Rasa could not train.
    """
    say = report or (lambda _: None)
    started = time.monotonic()
    Texts()  # Fails early, with file, language and key; Rasa would only say it much later.
    mark = fingerprint()
    say("loading Rasa")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rasa.model_training import train as rasa_train
        from rasa.shared.exceptions import RasaException
    _quieten()
    places.MODELS.mkdir(exist_ok=True)
    with _only_one(say):
        model = _rasa(rasa_train, RasaException)
        _write_note({"model": model.name, "fingerprint": mark})
        _tidy(model)
    say(f"trained {model.name} in {time.monotonic() - started:.0f} s")
    return model


@contextlib.contextmanager
def _only_one(say: Report) -> Iterator[None]:
    with (places.MODELS / ".training.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another training")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in places.MODELS.glob(".training-*"):
            shutil.rmtree(left_over, ignore_errors=True)  # of a training that was killed
        yield


def _rasa(rasa_train: Callable[..., Any], failure: type[Exception]) -> Path:
    """Run Rasa's training and put its archive in place."""
    work = Path(tempfile.mkdtemp(prefix=".training-", dir=places.MODELS))
    previous = os.getcwd()
    try:
        os.chdir(places.ROOT)
        # Rasa also prints to standard output; that is the caller's.
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                result = rasa_train(
                    domain=str(places.DOMAIN),
                    config=str(places.CONFIG),
                    training_files=[str(places.NLU), str(places.RULES)],
                    output=str(work),
                    fixed_model_name=f"silta-{time.strftime('%Y%m%d-%H%M%S')}",
                )
        except failure as error:
            raise TrainingFailed(_reason(error)) from error
        if result.code != 0 or not result.model:
            raise TrainingFailed("Rasa made no model; its own messages say why")
        model = places.MODELS / Path(result.model).name
        os.replace(result.model, model)
    finally:
        os.chdir(previous)
        shutil.rmtree(work, ignore_errors=True)
    return model


def _quieten() -> None:
    """Errors alone: left to itself, Rasa's structured log writes a line for every step of every rule."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(logging.ERROR, warn_only_once=True, filter_repeated_logs=True)
    configure_structlog(logging.ERROR)
    # What these warn of is ours to know, not the owner's: libraries that will change, no stock ResponseSelector.
    warnings.simplefilter("ignore")
    for name in ("tensorflow", "absl", "matplotlib"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _reason(error: BaseException) -> str:
    """The innermost cause, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:500] or type(error).__name__


def _write_note(note: dict[str, Any]) -> None:
    fresh = _note().with_suffix(".new")
    fresh.write_text(json.dumps(note) + "\n", encoding="utf-8")
    os.replace(fresh, _note())


def _tidy(current: Path) -> None:
    models = sorted(places.MODELS.glob("silta-*.tar.gz"), key=lambda path: path.name, reverse=True)
    others = [path for path in models if path != current]
    for path in others[_KEPT - 1 :]:
        path.unlink(missing_ok=True)
