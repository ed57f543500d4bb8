"""The Rasa component behind the topics' classifier: emotion in a message, from the features that one has computed.

It writes ``emotion`` (``label``, ``score``, ``evidence``, ``signs``) into the message's property ``silta``, or leaves
it None; ``feeling`` is the same, and there for a faint emotion too, which may count in the course of a conversation. A
message with an emotion is for a person: where its topic alone would not call one, its intent becomes
``emotion``.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.encoder.choice import encoder_in_use
from bot.judgement.emotions import FAINT, EmotionModel
from bot.judgement.judging import EMOTION, needed
from bot.judgement.owner import emotion_at_least
from bot.judgement.training import fingerprint, ordinary, tempting, train_emotions
from bot.nlu.components import EXAMPLE, PROPERTY, TopicClassifier
from bot.nlu.decision import Decision
from bot.nlu.training import progress
from bot.nlu.understanding import FOREIGN, FOREIGN_FAQ

__all__ = ["EmotionClassifier"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EmotionClassifier(GraphComponent):
    """See the module. Stands behind :class:`bot.nlu.components.TopicClassifier` in the pipeline."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, model: EmotionModel | None = None) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._at_least = emotion_at_least()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Makes Rasa train again when the examples, the lexicon or this package's code have changed, or whatever makes
        the features: they are the topics', and so is the encoder."""
        return fingerprint() + TopicClassifier.fingerprint_addon(config)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EmotionClassifier:
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
    ) -> EmotionClassifier:
        """Called by Rasa for a trained model."""
        with model_storage.read_from(resource) as directory:
            return cls(model_storage, resource, EmotionModel.load(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Train on ``data/emotion``, and on the topics' examples as messages without emotion."""
        topics = [
            (example.get(INTENT_RESPONSE_KEY) or example.get(INTENT), example.get(TEXT))
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        encoder = encoder_in_use(progress.info)
        self._model = train_emotions(encoder, progress.info, ordinary(topics, always=tempting()))
        with self._model_storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Judge each message that was typed in a language that is spoken here."""
        if self._model is None:
            raise RuntimeError("judgement.untrained: the emotion classifier was neither trained nor loaded")
        for message in messages:
            example = message.get(EXAMPLE)
            name = (message.get(INTENT) or {}).get("name")
            if example is None or name in (FOREIGN, FOREIGN_FAQ):
                continue
            known = message.get(PROPERTY) or {}
            owners = self._at_least.of(known.get("language"))
            feeling = self._model.judge(message.get(TEXT) or "", example, min(FAINT, owners))
            if feeling is not None:
                at_least = needed(owners, str(known.get("decision")), float(known.get("confidence") or 0.0))
                _write(message, feeling.as_property(), plain=feeling.score >= at_least)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing to add."""
        return training_data


def _write(message: Message, emotion: dict[str, Any], plain: bool) -> None:
    known = {**(message.get(PROPERTY) or {}), "feeling": emotion}
    if not plain:
        message.set(PROPERTY, known, add_to_output=True)
        return
    by_topic = known.get("decision") == Decision.HANDOFF.value
    known |= {"emotion": emotion, "decision": Decision.HANDOFF.value, "choices": []}
    message.set(PROPERTY, known, add_to_output=True)
    if by_topic:
        return
    first = {"name": EMOTION, "confidence": emotion["score"]}
    message.set(INTENT, first, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [first, *(message.get(INTENT_RANKING_KEY) or [])], add_to_output=True)
