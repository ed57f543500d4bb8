"""Answers that an agent can take as they are: vetted ones of the topics at hand, then ready replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handoff.conversation import Conversation
from handoff.events import LANGUAGES
from handoff.owner.canned import Reply
from handoff.owner.facts import fact, read_facts
from handoff.owner.placeholders import names_in
from handoff.owner.yamlfile import load, refusing

__all__ = ["Suggestions", "load_suggestions"]

VETTED_SHOWN = 4
"""Answers of topics: the latest message and its runners-up are the likeliest; more would have to be read."""

SHOWN = 7
"""All in all: what fits above the composer."""


@dataclass(frozen=True)
class Suggestions:
    """Vetted answers as (title, text) by topic and language, and the owner's ready replies."""

    vetted: Mapping[str, Mapping[str, tuple[str, str]]]
    canned: Sequence[Reply] = ()

    def of(self, conversation: Conversation, own: str) -> list[dict[str, str]]:
        """What fits ``conversation``: in its language, titles and ``own`` in the agent's."""
        language = conversation.language
        found = [
            {
                "kind": "vetted",
                "key": topic,
                "title": self.vetted[topic][own][0],
                "text": self.vetted[topic][language][1],
                "own": self.vetted[topic][own][1],
            }
            for topic in self._topics(conversation)[:VETTED_SHOWN]
        ]
        found += [
            {
                "kind": "canned",
                "key": reply.key,
                "title": reply.title[own],
                "text": reply.text[language],
                "own": reply.text[own],
            }
            for reply in self.canned
        ]
        return found[:SHOWN]

    def _topics(self, conversation: Conversation) -> list[str]:
        """Topics with a vetted answer, the latest message's first, each message's runners-up after it."""
        near: list[str] = []
        for tried in reversed(conversation.topics):
            near.append(str(tried.get("topic") or ""))
            near += [str(pair[0]) for pair in tried.get("runners_up") or ()]
        return [topic for topic in dict.fromkeys(near) if topic in self.vetted]


@refusing
def load_suggestions(folder: Path, canned: Sequence[Reply] = ()) -> Suggestions:
    """Read the vetted answers of the owner's folder. A topic that is not whole in every language is left out: the bot's
    own check names it.

    Raises:
        SettingsError: a file cannot be read.
    """
    facts = read_facts(folder / "company.yml")
    raw = {language: load(folder / "texts" / f"{language}.yml") for language in LANGUAGES}
    vetted: dict[str, dict[str, tuple[str, str]]] = {}
    for name in _answers(raw["en"]):
        by_language = {language: _answer(raw[language], name, facts, language) for language in LANGUAGES}
        whole = {language: answer for language, answer in by_language.items() if answer is not None}
        if len(whole) == len(LANGUAGES):
            vetted[f"faq/{name}"] = whole
    return Suggestions(vetted, canned)


def _answers(raw: Any) -> Mapping[str, Any]:
    answers = raw.get("answers") if isinstance(raw, dict) else None
    return answers if isinstance(answers, dict) else {}


def _answer(raw: Any, name: str, facts: Mapping[str, Any], language: str) -> tuple[str, str] | None:
    item = _answers(raw).get(name)
    if not isinstance(item, dict) or not isinstance(text := item.get("text"), str):
        return None
    try:
        names = names_in(text)
    except ValueError:
        return None
    if not names <= facts.keys():
        return None
    values = {field: fact(facts, field, language) for field in names}
    return str(item.get("title") or name), text.strip().format_map(values)
