"""The understanding part of a trained model, without Rasa: what ``silta parse`` and ``silta evaluate`` run.

It reads the same files out of the model's archive that Rasa loads, and calls the same code, so it gives
the same result; leaving Rasa out makes it start in a second or two instead of ten.
"""

from __future__ import annotations

import contextlib
import gzip
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.encoder.choice import encoder_of
from bot.judgement.emotions import FAINT, Emotion, EmotionModel
from bot.judgement.judging import judged, needed
from bot.judgement.owner import emotion_at_least
from bot.nlu.classifier import Classifier
from bot.nlu.decision import TALK_TO_HUMAN, Decision
from bot.nlu.language import Detector, load_words
from bot.nlu.letters import Letters
from bot.nlu.owner import OwnerSettings
from bot.nlu.scope import Scope
from bot.nlu.understanding import FALLBACK, FOREIGN, FOREIGN_FAQ, Topical, Understood
from bot.reasons import ACKNOWLEDGED_AS, emotion, explained, human_topic
from bot.texts import Texts
from handoff.privacy.masking import mask

__all__ = ["DEFAULT_LANGUAGE", "BadModel", "Parser"]

DEFAULT_LANGUAGE = "en"
"""What is answered in while nothing tells the language: the last variant of every response."""
_COMPONENTS = (
    "bot.nlu.components.LanguageDetector",
    "bot.nlu.components.TopicClassifier",
    "bot.judgement.component.EmotionClassifier",
)


_SHOWN = 200
"""Characters of another library's complaint: a line, not a page."""
_AT_ONCE = 1 << 20


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
        BadEncoder, BadWeights: the encoder that it was trained with cannot be had.
        BadTexts, BadSettings, BadThreshold: the owner's files have a gap or a mistake.
    """

    def __init__(self, model: Path) -> None:
        self.texts = Texts()
        with tempfile.TemporaryDirectory(prefix="silta-model-") as work:
            files = Path(work)
            _unpack(model, files)
            settings = OwnerSettings.read()
            self._emotional = emotion_at_least()
            encoder = encoder_of(files)
            with _reading(model):
                self.topical = Topical(
                    encoder=encoder,
                    classifier=Classifier.load(files),
                    scope=Scope.load(files),
                    limits=settings.limits,
                    letters=Letters.load(files),
                )
                self._emotions = EmotionModel.load(files)
                self._detector = Detector(settings.swedish, load_words(files))

    def understand(self, text: str, so_far: str | None = None) -> Understood:
        """What the bot's components make of one typed message in a conversation that speaks ``so_far``."""
        return self._felt(text, so_far)[0]

    def _felt(self, text: str, so_far: str | None = None) -> tuple[Understood, Emotion | None, bool]:
        """The message understood, its emotion even where it is too faint to call a person by itself, and whether it is
        in a language that is not spoken here."""
        heard = self._detector.detect(text, so_far)
        understood = self.topical.understand(text, heard.language)
        if heard.foreign or understood.example is None:
            return understood, None, heard.foreign
        owners = self._emotional.of(heard.language)
        feeling = self._emotions.judge(text, understood.example, min(FAINT, owners))
        at_least = needed(owners, understood.decision.value, understood.confidence)
        return judged(understood, feeling if feeling and feeling.score >= at_least else None), feeling, False

    def parse(self, text: str) -> dict[str, Any]:
        """One message as ``silta parse`` prints it: masked as the hub masks it before the bot sees it."""
        text = mask(text).text
        understood, feeling, foreign = self._felt(text)
        intent = understood.intent(foreign)
        language = understood.language or DEFAULT_LANGUAGE
        handed = understood.decision is Decision.HANDOFF
        return {
            "text": text,
            "language": language,
            "topic": None if understood.topic == FALLBACK else understood.topic,
            "confidence": round(understood.confidence, 4),
            "runners_up": [[topic, round(chance, 4)] for topic, chance in understood.runners_up],
            "decision": understood.decision.value,
            "choices": [] if intent == FOREIGN else list(understood.choices),
            "also": list(understood.also),
            "in_domain": round(understood.in_domain, 4),
            "reasons": self._reasons(understood) if handed else [],
            "entities": understood.entities,
            "emotion": understood.emotion,
            "feeling": feeling.as_property() if feeling else None,
            "answer": self._answer(understood, language, intent),
        }

    def _reasons(self, understood: Understood) -> list[dict[str, Any]]:
        reasons = []
        if understood.evidence:
            reason = human_topic(understood.topic, understood.evidence)
            title = self.texts.title(understood.topic, DEFAULT_LANGUAGE)
            reasons.append(explained(reason, self._why(reason), topic=title))
        if understood.emotion is not None:
            reasons.append(explained(emotion(understood.emotion)))
        return reasons

    def _why(self, reason: dict[str, Any]) -> str:
        """What the owner's texts say of a topic for a person."""
        known = reason["code"] == "human_topic" and reason["topic"] in self.texts.topics
        return self.texts.entry(reason["topic"], DEFAULT_LANGUAGE).why if known else ""

    def _answer(self, understood: Understood, language: str, intent: str) -> str | None:
        """What the bot says to it: the answer, or the words with which it passes on; none where it asks back."""
        if intent in (FOREIGN, FOREIGN_FAQ):
            said = [self.texts.system("spoken_languages", language)]
            if intent == FOREIGN_FAQ:
                said.append(self.texts.entry(understood.topic, language).text)
            return "\n\n".join(said)
        if understood.decision is Decision.CLARIFY:
            return None
        if understood.emotion is not None and not understood.evidence:
            acknowledged = ACKNOWLEDGED_AS.get(understood.emotion["label"], TALK_TO_HUMAN)
            if "/" not in acknowledged:
                return self.texts.system(acknowledged, language)
            return self.texts.entry(acknowledged, language).text
        if understood.topic in self.texts.topics:
            spoken = (understood.topic, *understood.also)
            return "\n\n".join(self.texts.entry(topic, language).text for topic in spoken)
        return self.texts.system(understood.topic, language)


@contextlib.contextmanager
def _reading(model: Path) -> Iterator[None]:
    """While it lasts, a part that was written otherwise than this version reads it, or is damaged, is the model's."""
    try:
        yield
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        what = " ".join(str(error).split())[:_SHOWN]
        raise BadModel(model, f"a part cannot be read ({type(error).__name__}: {what}); train again") from error


def _unpack(model: Path, work: Path) -> None:
    """Put the files of the components into ``work``."""
    found = set()
    try:
        with gzip.open(model) as whole, tarfile.open(fileobj=whole, mode="r:") as archive:
            for member in archive:
                component = next((name for name in _COMPONENTS if name in member.name), None)
                stored = archive.extractfile(member) if component and member.isfile() else None
                if stored is not None:
                    (work / Path(member.name).name).write_bytes(stored.read())
                    found.add(component)
            # The archive's checksum stands behind its last file, where nobody looks who has all files already.
            while whole.read(_AT_ONCE):
                pass
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise BadModel(model, f"cannot be read ({type(error).__name__})") from error
    if len(found) < len(_COMPONENTS):
        raise BadModel(model, "holds no part that understands topics; train again")
