"""Brings the owner's texts into Rasa: every topic's text becomes a response with one variant a language.

Named in ``config.yml`` under ``importers``, so that ``rasa train`` and ``rasa shell`` work as in any Rasa project.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter

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
        response["buttons"] = [
            {"title": texts.title(button, language), "payload": button} for button in entry.buttons
        ]
    return response


class OwnerTextsImporter(RasaFileImporter):
    """Reads the project's files as Rasa does and adds :func:`responses` to the domain.

    Raises (from ``get_domain``):
        BadTexts: the owner's files have a gap; training stops there.
    """

    def get_domain(self) -> Domain:
        """The domain of ``domain.yml`` with the owner's texts as responses."""
        return super().get_domain().merge(Domain.from_dict({"responses": responses(Texts())}))
