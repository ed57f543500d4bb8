"""The owner's texts, as patterns that spoken answers are held against."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from handoff.events import LANGUAGES

__all__ = ["LANGUAGES", "assert_says", "examples", "human_topics", "pattern", "shown", "texts"]

PLACEHOLDER = re.compile(r"\{\w+\}")
DATA = Path(__file__).resolve().parents[2] / "data"


@cache
def texts(language: str) -> dict[str, Any]:
    """One language's file of texts."""
    loaded: dict[str, Any] = yaml.safe_load((DATA / "owner" / "texts" / f"{language}.yml").read_text("utf-8"))
    return loaded


def human_topics() -> list[str]:
    """All topics for a person, without their prefix."""
    return sorted(texts("en")["human"])


def _template(language: str, key: str) -> str:
    kind, _, name = key.rpartition("/")
    room = {"faq": "answers", "human": "human"}.get(kind)
    if room is None:
        room = "small_talk" if name in texts(language)["small_talk"] else "system"
    found = texts(language)[room][name]
    template: str = found if isinstance(found, str) else found["text"]
    return template.strip()


def pattern(language: str, key: str) -> re.Pattern[str]:
    """The text of ``faq/…``, ``human/…``, a small talk intent or a system key, with anything for its placeholders."""
    return re.compile(".+".join(map(re.escape, PLACEHOLDER.split(_template(language, key)))), re.DOTALL)


def shown(language: str, key: str) -> re.Pattern[str]:
    """As :func:`pattern`, for a page: line breaks and the dashes of lists are its layout, no letters."""
    lines = [line.removeprefix("- ") for line in _template(language, key).splitlines()]
    return re.compile(r"\s*".join(".+".join(map(re.escape, PLACEHOLDER.split(line.strip()))) for line in lines))


def assert_says(event: dict[str, Any], language: str, key: str) -> None:
    """The event's text is the owner's text for ``key`` in this language."""
    text = event["text"].strip()
    if key in ("faq/opening_hours", "faq/response_time"):
        text, _, now = text.rpartition("\n\n")
        assert now, "what holds right now belongs to this answer"
    assert pattern(language, key).fullmatch(text), (
        f"expected {key} in {language}, got {event.get('language')}: {event['text']!r}"
    )


@cache
def examples(language: str, room: str) -> dict[str, list[str]]:
    """The written examples of ``data/nlu/LANGUAGE/ROOM.yml`` by intent."""
    loaded = yaml.safe_load((DATA / "nlu" / language / f"{room}.yml").read_text("utf-8"))
    return {
        block["intent"]: [line.removeprefix("- ").strip() for line in block["examples"].strip().splitlines()]
        for block in loaded["nlu"]
    }
