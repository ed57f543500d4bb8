"""Brings the owner's texts into Rasa: every topic's text becomes a response with one variant a language.

Named in ``config.yml`` under ``importers``, so that ``rasa train`` and ``rasa shell`` work as in any Rasa project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.data import get_data_files, is_likely_yaml_file, is_nlu_file
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data import loading
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.reading import YamlFile
from bot.texts import LANGUAGES, Texts

__all__ = ["SPOKEN_BY_BOT", "OwnerTextsImporter", "responses"]

SPOKEN_BY_BOT = (
    "not_understood",
    "not_understood_again",
    "clarify",
    "answer_did_not_help",
    "spoken_languages",
    "ack_sadness",
    "ack_fear",
    "ack_despair",
)
"""The ``system`` texts that the bot speaks; the hub speaks the others."""

_LAST = "en"
"""The variant without a condition, spoken while no language is known: the one most visitors can read."""


def responses(texts: Texts) -> dict[str, list[dict[str, Any]]]:
    """Rasa's ``responses``: ``utter_TOPIC`` for every topic and ``utter_KEY`` for what the bot itself says.

    Each has a variant on the condition that the slot ``language`` is set for every language, and last one without a
    condition, which Rasa takes when none of the others fits.
    """
    result = {}
    for topic in texts.topics:
        result[f"utter_{topic}"] = _variants(lambda language, topic=topic: _of_topic(texts, topic, language))
    for key in SPOKEN_BY_BOT:
        result[f"utter_{key}"] = _variants(lambda language, key=key: {"text": texts.system(key, language)})
    result["utter_offer_person"] = _variants(lambda language: _offer(texts, language))
    return result


def _offer(texts: Texts, language: str) -> dict[str, Any]:
    button = {"title": texts.system("button_person", language), "payload": "handoff"}
    return {"text": texts.system("offer_person", language), "buttons": [button]}


def _variants(make: Any) -> list[dict[str, Any]]:
    conditional = [
        {**make(language), "condition": [{"type": "slot", "name": "language", "value": language}]}
        for language in LANGUAGES
    ]
    return [*conditional, make(_LAST)]


def _of_topic(texts: Texts, topic: str, language: str) -> dict[str, Any]:
    entry = texts.entry(topic, language)
    response: dict[str, Any] = {"text": entry.text}
    if entry.buttons:
        response["buttons"] = [{"title": texts.title(button, language), "payload": button} for button in entry.buttons]
    return response


class OwnerTextsImporter(RasaFileImporter):
    """Reads the project's files as Rasa does, each of them once, and adds :func:`responses` to the domain.

    Raises (from ``get_domain``):
        BadTexts: the owner's files have a gap; training stops there.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        # Not Rasa's own start, which reads every file three times to find out what it holds.
        self.config_file = config_file
        self._domain_path = domain_path
        self._domain: Domain | None = None
        self._files: dict[str, YamlFile] = {}
        self._read: dict[str | None, TrainingData] = {}
        self._nlu_files = get_data_files(training_data_paths, self._holds_examples)
        self._story_files = get_data_files(training_data_paths, self._holds_stories)
        self._conversation_test_files = get_data_files(training_data_paths, YAMLStoryReader.is_test_stories_file)

    def get_domain(self) -> Domain:
        """The domain of ``domain.yml`` with the owner's texts as responses."""
        if self._domain is None:
            self._domain = super().get_domain().merge(Domain.from_dict({"responses": responses(Texts())}))
        return self._domain

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples of all files."""
        if language not in self._read:  # Rasa asks twice, and copies what it gets.
            read = []
            for path in self._nlu_files:
                examples = self._file(path).examples()
                read.append(loading.load_data(path, language) if examples is None else TrainingData(examples))
            self._read[language] = TrainingData().merge(*read)
        return self._read[language]

    def _file(self, path: str) -> YamlFile:
        if path not in self._files:
            self._files[path] = YamlFile(Path(path))
        return self._files[path]

    def _holds_examples(self, path: str) -> bool:
        keys = self._file(path).keys if is_likely_yaml_file(path) else None
        return is_nlu_file(path) if keys is None else bool(keys & {"nlu", "responses"})

    def _holds_stories(self, path: str) -> bool:
        keys = self._file(path).keys if is_likely_yaml_file(path) else None
        return bool(YAMLStoryReader.is_stories_file(path) if keys is None else keys & {"stories", "rules"})
