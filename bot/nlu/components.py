"""The Rasa components of ``config.yml``: thin shells around :mod:`bot.nlu.language` and :mod:`bot.nlu.understanding`.

What they put on a message:

* ``entities``: ``language``, from which the slot of that name is filled: the message's own, else that of the
  conversation so far; none where neither is known.
* ``intent`` and ``intent_ranking``: the topic; for a retrieval topic (``faq/…``, ``human/…``) the part before the
  stroke.
* ``response_selector``: the whole topic in the form that Rasa's own ResponseSelector gives it, so that the stock
  actions ``utter_faq`` and ``utter_human`` answer.
* ``silta``: everything the hub shows and logs (:meth:`bot.nlu.understanding.Understood.as_property`).

What they read: the message's metadata ``{"silta": {"language": the conversation's so far, "topic": a button's, "at":
when it was written, in seconds since the epoch}}``.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, INTENT_RESPONSE_KEY, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import places
from bot.encoder.choice import encoder_in_use, encoder_of, identity_in_use, note_encoder
from bot.nlu.classifier import Classifier, Settings
from bot.nlu.language import SPOKEN, Detector, Heard, load_words, save_words, typical_words
from bot.nlu.letters import Letters
from bot.nlu.owner import OwnerSettings
from bot.nlu.parts import parts, progress
from bot.nlu.scope import Scope
from bot.nlu.training import train_topical
from bot.nlu.understanding import FALLBACK, SEVERAL, Topical, Understood, pressed

__all__ = ["EXAMPLE", "PROPERTY", "LanguageDetector", "TopicClassifier"]

PROPERTY = "silta"
"""The name of Silta's part, in a message's metadata and among its properties."""
EXAMPLE = "silta_example"
"""The message's features, for the components that follow; they do not leave the pipeline."""
_LANGUAGE = "language"
_SO_FAR = "so_far"  # where it is newer than what the hub said (`bot.seam.language`)
_FOREIGN = "foreign"
_RANKED = 5


def _ours(message: Message) -> dict[str, Any]:
    metadata = message.get(METADATA)
    part = metadata.get(PROPERTY) if isinstance(metadata, dict) else None
    return part if isinstance(part, dict) else {}


def _written_at(message: Message) -> float | None:
    """A message may wait for the bot, over midnight too: "yesterday" is before the day on which it was written."""
    at = _ours(message).get("at")
    return at if isinstance(at, (int, float)) else None


def _code_fingerprint() -> str:
    """Changes with the code that trains and predicts, and with the encoder: Rasa's cache looks at one class only."""
    digest = hashlib.sha256(identity_in_use().encode())
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *(here.parent / "encoder").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageDetector(GraphComponent, EntityExtractorMixin):
    """Tells the language of a message. Training finds the words that are typical of each language."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, detector: Detector | None = None) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._detector = detector or Detector(OwnerSettings.read().swedish)

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages that must be there (those whose name is also that of their distribution, as Rasa wants)."""
        return ["eldc"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Makes Rasa train again when this package's code has changed."""
        return _code_fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        """Called by Rasa before training."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageDetector:
        """Called by Rasa for a trained model."""
        with model_storage.read_from(resource) as directory:
            return cls(model_storage, resource, Detector(OwnerSettings.read().swedish, load_words(directory)))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the texts of all examples."""
        texts = [example.get(TEXT) for example in training_data.intent_examples if example.get(TEXT)]
        with self._model_storage.write_to(self._resource) as directory:
            with parts.part("words typical of a language"):
                save_words(typical_words(texts, self._detector), directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entity ``language``: the message's own, or the conversation's where it does not tell."""
        for message in messages:
            ours = _ours(message)
            so_far = next((code for key in (_SO_FAR, _LANGUAGE) if (code := ours.get(key)) in SPOKEN), None)
            if ours.get("topic"):
                heard = Heard(None, None)
            else:
                heard = self._detector.detect(message.get(TEXT) or "", so_far)
            language = heard.language or so_far
            message.set(PROPERTY, {_LANGUAGE: language, _FOREIGN: heard.foreign})
            if language is None:
                continue
            entity = {"entity": _LANGUAGE, "value": language, "start": 0, "end": 0, "confidence_entity": 1.0}
            found = [*message.get(ENTITIES, []), *self.add_extractor_name([entity])]
            message.set(ENTITIES, found, add_to_output=True)
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Encodes a message once, ranks all topics and decides what follows.

    Config: the fields of :class:`bot.nlu.classifier.Settings`. When to answer is the owner's choice
    (:class:`bot.nlu.owner.OwnerSettings`).
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, topical: Topical | None = None
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._topical = topical

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return dataclasses.asdict(Settings())

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages that must be there."""
        return ["sklearn", "onnxruntime", "transformers", "sentencepiece"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Makes Rasa train again when this package's code has changed."""
        return _code_fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        """Called by Rasa before training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        """Called by Rasa for a trained model. A damaged encoder is built again."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._topical = Topical(
                encoder=encoder_of(directory, progress.info),
                classifier=Classifier.load(directory),
                scope=Scope.load(directory),
                limits=OwnerSettings.read().limits,
                letters=Letters.load(directory),
            )
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Train on all examples with an intent, and write the model."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT) and example.get(INTENT)]
        names = {field.name for field in dataclasses.fields(Settings)}
        self._topical = train_topical(
            encoder_in_use(progress.info),
            [example.get(TEXT) for example in examples],
            [example.get(INTENT_RESPONSE_KEY) or example.get(INTENT) for example in examples],
            settings=Settings(**{name: self._config[name] for name in names}),
            store=places.ENCODED,
        )
        with self._model_storage.write_to(self._resource) as directory:
            self._topical.classifier.save(directory)
            self._topical.scope.save(directory)
            self._topical.letters.save(directory)
            note_encoder(self._topical.encoder, directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Rank and decide; see the module for what a message gets."""
        if self._topical is None:
            raise RuntimeError("nlu.untrained: the topic classifier was neither trained nor loaded")
        for message in messages:
            topic = _ours(message).get("topic")
            heard = message.get(PROPERTY) or {}
            language = heard.get(_LANGUAGE)
            if topic:
                understood = pressed(topic, self._topical.classifier.topics, language)
            else:
                understood = self._topical.understand(message.get(TEXT) or "", language, _written_at(message))
            _write(message, understood, foreign=bool(heard.get(_FOREIGN)))
        return messages


def _write(message: Message, understood: Understood, foreign: bool) -> None:
    ranking = [(understood.topic, understood.confidence), *understood.runners_up]
    chosen = understood.intent(foreign)
    intents: dict[str, float] = {}
    for topic, chance in ranking:
        name = topic.partition("/")[0]
        intents[name] = intents.get(name, 0.0) + chance
    family = understood.topic.partition("/")[0] if chosen == SEVERAL else chosen
    first = {"name": chosen, "confidence": intents.pop(family, 1.0 - understood.confidence)}
    others = [{"name": name, "confidence": chance} for name, chance in intents.items()]
    others.sort(key=lambda intent: -float(str(intent["confidence"])))
    message.set(INTENT, first, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [first, *others][:_RANKED], add_to_output=True)
    if "/" in understood.topic and chosen != FALLBACK:
        message.set("response_selector", _selected(understood.topic, ranking), add_to_output=True)
    message.set(PROPERTY, understood.as_property(), add_to_output=True)
    message.set(EXAMPLE, understood.example)


def _selected(topic: str, ranking: list[tuple[str, float]]) -> dict[str, Any]:
    """The topic as Rasa's ResponseSelector would give it out."""
    family = topic.partition("/")[0]
    near = [
        {"intent_response_key": name, "confidence": chance} for name, chance in ranking if name.startswith(f"{family}/")
    ]
    response = {
        "responses": [],
        "confidence": ranking[0][1],
        "intent_response_key": topic,
        "utter_action": f"utter_{topic}",
    }
    return {"all_retrieval_intents": ["faq", "human"], family: {"response": response, "ranking": near}}
