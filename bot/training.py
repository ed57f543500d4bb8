"""Training the Rasa model, and knowing when it must be trained again.

Whether a model is current is judged by content: a hash over everything the model is made from. Times of files tell
nothing after a fresh clone.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import hashlib
import io
import json
import logging
import os
import shutil
import tarfile
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot import places
from bot.deep import kept
from bot.deep.encoder import DeepEncoder, identity_in
from bot.deep.tune import tune
from bot.disk import put
from bot.encoder.build import prepare
from bot.encoder.choice import NOTE, PLAIN, TUNED, encoder_in_use, identity_in_use, noted_as, using
from bot.encoder.manifest import checksum
from bot.nlu.parts import parts
from bot.packing import packed_quickly
from bot.texts import Texts, owner_directory

__all__ = ["TrainingFailed", "current_model", "examples", "fingerprint", "needs_training", "train"]

Report = Callable[[str], None]
_DEEP_AGAIN = " (for a deeply trained one: silta train --deep)"
_CHECKSUM = "checksum"
"""Of the archive, in the note beside it."""
_RASAS_CACHE = ".rasa/cache"
_MADE = 100_000
"""Objects made between two looks for garbage while a training lasts (elsewhere 700)."""
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
    yield package / "reading.py"
    yield package / "texts.py"


def fingerprint(tuned: str = "") -> str:
    """A hash over all that the model is made from: settings, domain, examples, rules, owner's texts, code; of the
    encoder only what it is called, for whether it is still the same is noted by itself. ``tuned`` is the identity of
    the encoder that a deep training made for it, if one did."""
    digest = hashlib.sha256((tuned or os.environ.get("SILTA_ENCODER", "")).encode())
    deep = sorted((places.ROOT / "bot" / "deep").glob("*.py")) if tuned else []
    for path in [*_sources(), *deep]:
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
    """Why the model must be trained, in one line, or None when it is current. Reads the whole model and the whole
    encoder, a tenth of a second each: a file that a power cut has left half-written has the size and the time that it
    should have.

    Raises:
        BadEncoder: the directory that ``SILTA_ENCODER`` names cannot be read.
    """
    model, noted = current_model(), _noted()
    if model is None:
        return "there is no model"
    tuned = str(noted.get(TUNED) or "")
    again = _DEEP_AGAIN if tuned else ""
    # Models of earlier versions note neither checksum nor encoder; their fingerprint, over the code too, is another.
    if _CHECKSUM in noted and checksum(model) != noted[_CHECKSUM]:
        return f"the model is damaged{again}"
    if tuned and identity_in(kept.folder_of(places.DEEP, tuned)) != tuned:
        return "the encoder that was tuned for the model is gone"
    # One that has still to be built will be what it was; if it is not, loading the model says so.
    now = "" if tuned else identity_in_use()
    if now and noted.get(PLAIN, now) != now:
        return "the encoder is not the one that the model was trained with"
    if noted.get("fingerprint") != fingerprint(tuned):
        return f"the model is older than its data{again}"
    return None


def train(report: Report | None = None, *, deep: bool = False, anew: bool = False) -> Path:
    """Train the whole Rasa model into ``models/`` and note its fingerprint. One training runs at a time; a second one
    waits. What Rasa has trained before from the same data and code comes from its cache.

    Args:
        report: gets one line for each step.
        deep: tune the encoder on the examples first (:mod:`bot.deep`): minutes to hours, and somewhat better.
        anew: as in a fresh clone, but for the encoder: what was encoded and trained before is thrown away.

    Raises:
        BadTexts: the owner's texts have a gap.
        DeepFailed: the encoder could not be tuned; the model in use is untouched.
        BadEncoder, BadWeights: the encoder cannot be had.
        TrainingFailed: Rasa could not train.
    """
    say = report or (lambda _: None)
    started = time.monotonic()
    Texts()  # Fails early, with file, language and key; Rasa would only say it much later.
    if deep and os.environ.get("SILTA_ENCODER"):
        raise TrainingFailed("deep training tunes the built-in encoder: take SILTA_ENCODER out of the settings")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    places.MODELS.mkdir(exist_ok=True)
    with _only_one(say), _seldom_tidied(), contextlib.ExitStack() as while_it_lasts:
        parts.start()
        if anew:
            _forget()
        if not deep:
            from bot.ahead import encoding_begun

            with parts.part("the encoder, and what is to be encoded"):
                while_it_lasts.enter_context(encoding_begun(say))
        say("loading Rasa")
        with parts.part("loading Rasa"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from rasa.model_training import train as rasa_train
            from rasa.shared.exceptions import RasaException
        _quieten()
        mark = fingerprint()
        # One encoder from beginning to end, whatever becomes of its files meanwhile.
        encoder = _tuned(say) if deep else encoder_in_use(say)
        while_it_lasts.enter_context(using(encoder))
        if deep and fingerprint() != mark:
            raise TrainingFailed("the data was changed while the encoder was tuned on it: start again")
        note = {"fingerprint": fingerprint(encoder.identity) if deep else mark, **noted_as(encoder)}
        model, content = _rasa(rasa_train, RasaException)
        _write_note({"model": model.name, _CHECKSUM: content, **note})
        _tidy(model)
        if deep:
            _tidy_tuned()
    for line in parts.lines():
        say(line)
    say(f"trained {model.name} in {time.monotonic() - started:.0f} s")
    return model


def _forget() -> None:
    shutil.rmtree(places.ENCODED, ignore_errors=True)
    shutil.rmtree(places.ROOT / os.environ.get("RASA_CACHE_DIRECTORY", _RASAS_CACHE), ignore_errors=True)


def examples() -> list[tuple[str, str]]:
    """Every example with its topic, as Rasa hands them to the components."""
    from rasa.shared.importers.importer import TrainingDataImporter
    from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT

    importer = TrainingDataImporter.load_from_config(
        str(places.CONFIG), str(places.DOMAIN), [str(places.NLU), str(places.RULES)]
    )
    return [
        (example.get(TEXT), example.get(INTENT_RESPONSE_KEY) or example.get(INTENT))
        for example in importer.get_nlu_data().intent_examples
        if example.get(TEXT) and example.get(INTENT)
    ]


def _tuned(say: Report) -> DeepEncoder:
    texts, topics = zip(*examples(), strict=True)
    plain = prepare(places.ENCODER, report=say)
    return tune(plain, texts, topics, places.DEEP, store=places.ENCODED, report=say)


@contextlib.contextmanager
def _seldom_tidied() -> Iterator[None]:
    """Python looks for cycles of garbage far less often: a training makes millions of objects that stay, and a library
    that Rasa loads takes its time at every look."""
    before = gc.get_threshold()
    gc.set_threshold(_MADE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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


def _rasa(rasa_train: Callable[..., Any], failure: type[Exception]) -> tuple[Path, str]:
    """Run Rasa's training and put its archive in place; returns it with its checksum."""
    work = Path(tempfile.mkdtemp(prefix=".training-", dir=places.MODELS))
    previous = os.getcwd()
    try:
        os.chdir(places.ROOT)
        # Rasa also prints to standard output; that is the caller's.
        try:
            with contextlib.redirect_stdout(io.StringIO()), packed_quickly():
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
        content = checksum(Path(result.model))
        put(Path(result.model), model)
    finally:
        os.chdir(previous)
        shutil.rmtree(work, ignore_errors=True)
    return model, content


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
    put(fresh, _note())


def _models() -> list[Path]:
    """All that are there, the newest first."""
    return sorted(places.MODELS.glob("silta-*.tar.gz"), key=lambda path: path.name, reverse=True)


def _tidy(current: Path) -> None:
    others = [path for path in _models() if path != current]
    for path in others[_KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _tidy_tuned() -> None:
    """Only after a deep training: until then the last tuned encoder stays, so that the examples that it was tuned on
    need not be tuned on again."""
    kept.tidy(places.DEEP, {_tuned_for(model) for model in _models()} - {""})


def _tuned_for(model: Path) -> str:
    """The identity of the tuned encoder that a model needs, from its own files; empty when it needs none."""
    try:
        with tarfile.open(model, "r:gz") as archive:
            for member in archive:
                stored = archive.extractfile(member) if Path(member.name).name == NOTE else None
                if stored is not None:
                    return str(json.loads(stored.read()).get(TUNED) or "")
    except (OSError, EOFError, ValueError, AttributeError, zlib.error, tarfile.TarError):
        pass  # A damaged model needs nothing any more.
    return ""
