"""Through the real stack: numbers are covered on arrival, and an emotion calls a person with its reason."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.e2e.conftest import Arrive, SignIn
from tests.handoff.privacy import people
from tests.helpers.stack import Stack

RANDOM = random.Random(21)
NUMBERS = (people.hetu(RANDOM), people.cpr(RANDOM, "-"), people.card(RANDOM, " "), people.iban(RANDOM, "FI", " "))
QUESTIONS = (
    "mitkä ovat aukioloajat?",
    "paljonko toimitus maksaa?",
    "missä myymälänne ovat?",
    "miten palautan tuotteen?",
)
"""A question each: who asks the same again is passed to a person."""

EMOTIONAL = {
    "fi": ("MISSÄ HELVETISSÄ SE PAKETTI ON!!! En siedä tätä enää.", "hot_anger"),
    "da": ("Jeg forventer et skriftligt svar senest fredag. Det er sidste gang, jeg beder om det.", "cold_anger"),
    "en": ("I'm so scared I have lost all that money, I'm shaking and don't know if it's safe", "fear"),
}


def bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


async def test_p1_no_number_is_left_in_log_tracker_redis_or_files(silta: Stack, visitor: Arrive, agent: SignIn) -> None:
    guest = await visitor("fi")
    for number, question in zip(NUMBERS, QUESTIONS, strict=True):
        ack = await guest.say(f"Tunnukseni on {number}, {question}")
        assert ack["masked"] == 1
        await guest.hear("system")
        await guest.hear("bot")
    await guest.ask("request_handoff")
    colleague = await agent("Aino")
    await colleague.sees_queued(guest.conversation)
    await colleague.claim(guest.conversation)
    opened = await colleague.ask("open", conversation=guest.conversation, after=0)
    assert opened["handoff"]["masked"] == len(NUMBERS)
    assert all(bare(number) not in bare(text) for number in NUMBERS for text in guest.texts("visitor"))
    found = [(path, number) for path in files(silta) for number in NUMBERS if holds(path, number)]
    assert found == []
    assert any(holds(path, "mitkä ovat aukioloajat") for path in files(silta)), "the conversation itself is there"


def files(silta: Stack) -> list[Path]:
    return [path for path in silta.folder.rglob("*") if path.is_file()]


def holds(path: Path, number: str) -> bool:
    text = path.read_bytes().decode("utf-8", "replace")
    return number in text or bare(number) in text


@pytest.mark.parametrize("language", EMOTIONAL)
async def test_an_emotion_calls_a_person_who_sees_why(language: str, visitor: Arrive, agent: SignIn) -> None:
    text, label = EMOTIONAL[language]
    colleague = await agent("Aino")
    guest = await visitor(language)
    await guest.say(text)
    assert (await guest.hear("bot"))["text"], "the visitor is told that a person comes"
    await guest.reaches("queued")
    await colleague.sees_queued(guest.conversation)
    opened = await colleague.ask("open", conversation=guest.conversation, after=0)
    reasons = {reason["code"]: reason for reason in opened["handoff"]["reasons"]}
    reason = reasons["emotion"]
    assert reason["emotion"] == label
    assert reason["evidence"] and all(quote in text for quote in reason["evidence"])
    assert reason["explanation"] and label not in reason["explanation"]
    assert opened["handoff"]["priority"] != "normal"
