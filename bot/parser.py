"""The understanding part of a trained model, without Rasa: what ``silta parse`` and ``silta evaluate`` run.

It reads the same files and settings out of the model's archive that Rasa loads, and calls the same code, so it gives
the same result; leaving Rasa out makes it start in a second or two instead of ten.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from bot import places
from bot.encoder.build import prepare
from bot.nlu.classifier import Classifier
from bot.nlu.decision import Decision, Thresholds
from bot.nlu.language import Detector
from bot.nlu.scope import Scope
from bot.nlu.understanding import FALLBACK, Topical, Understood
from bot.reasons import explained, human_topic
from bot.texts import Texts

__all__ = ["DEFAULT_LANGUAGE", "BadModel", "Parser"]

DEFAULT_LANGUAGE = "en"
"""What is answered in while nothing tells the language: the last variant of every response."""
_DETECTOR = "bot.nlu.components.LanguageDetector"
_CLASSIFIER = "bot.nlu.components.TopicClassifier"


class BadModel(RuntimeError):
    """A model that cannot be used; the text says which and why."""

    code = "model.bad"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{self.code}: {path}: {what}")


class Parser:
    """Understands single messages with a trained model.

    Args:
        model: the archive that training wrote.

    Raises:
        BadModel: the archive is damaged or was trained with other components.
        BadTexts: the owner's texts have a gap.
    """

    def __init__(self, model: Path) -> None:
        self.texts = Texts()
        with tempfile.TemporaryDirectory(prefix="silta-model-") as work:
            settings = _unpack(model, Path(work))
            known = {field.name for field in fields(Thresholds)}
            given = settings[_CLASSIFIER].get("thresholds", {})
            files = Path(work)
            self.topical = Topical(
                encoder=prepare(places.ENCODER),
                classifier=Classifier.load(files),
                scope=Scope.load(files),
                thresholds=Thresholds(**{name: value for name, value in given.items() if name in known}),
            )
        self._detector = Detector(settings[_DETECTOR].get("swedish", DEFAULT_LANGUAGE))

    def understand(self, text: str, so_far: str | None = None) -> Understood:
        """What the bot's components make of one typed message in a conversation that speaks ``so_far``."""
        heard = self._detector.detect(text, so_far)
        return self.topical.understand(text, heard.language)

    def parse(self, text: str) -> dict[str, Any]:
        """One message as ``silta parse`` prints it."""
        understood = self.understand(text)
        language = understood.language or DEFAULT_LANGUAGE
        handed = understood.decision is Decision.HANDOFF
        return {
            "text": text,
            "language": language,
            "topic": None if understood.topic == FALLBACK else understood.topic,
            "confidence": round(understood.confidence, 4),
            "runners_up": [[topic, round(chance, 4)] for topic, chance in understood.runners_up],
            "decision": understood.decision.value,
            "choices": list(understood.choices),
            "in_domain": round(understood.in_domain, 4),
            "reasons": [self._reason(understood)] if handed else [],
            "answer": self._answer(understood, language),
        }

    def _reason(self, understood: Understood) -> dict[str, Any]:
        reason = human_topic(understood.topic, understood.evidence)
        return explained(reason, topic=self.texts.title(understood.topic, DEFAULT_LANGUAGE))

    def _answer(self, understood: Understood, language: str) -> str | None:
        """What the bot says to it: the answer, or the words with which it passes on; none where it asks back."""
        if understood.decision is Decision.CLARIFY:
            return None
        if understood.topic in self.texts.topics:
            return self.texts.entry(understood.topic, language).text
        return self.texts.system(understood.topic, language)


def _unpack(model: Path, work: Path) -> Mapping[str, Mapping[str, Any]]:
    """Put the classifier's files into ``work``; returns the settings of the two components."""
    settings: dict[str, Mapping[str, Any]] = {}
    folder = ""
    try:
        with tarfile.open(model, "r:gz") as archive:
            for member in archive:
                name = member.name.lstrip("./")
                stored = archive.extractfile(member) if member.isfile() else None
                if stored is None:
                    continue
                if name == "metadata.json":
                    settings = _settings(json.load(stored))
                elif _CLASSIFIER in name:
                    folder = name.rpartition("/")[0]
                    (work / Path(name).name).write_bytes(stored.read())
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BadModel(model, f"cannot be read ({type(error).__name__})") from error
    if not folder or _CLASSIFIER not in settings or _DETECTOR not in settings:
        raise BadModel(model, "holds no part that understands topics; train again")
    return settings


def _settings(metadata: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    schema = metadata["predict_schema"]
    nodes = (schema if isinstance(schema, dict) else json.loads(schema))["nodes"]
    return {node["uses"]: node["config"] for node in nodes.values() if node["uses"] in (_DETECTOR, _CLASSIFIER)}
