"""The whole of Silta and one person: what is never written anywhere, what logs do not say, and that an erasure leaves
nothing (P1, P3, S11, I10, I11). Every file under ``var`` is searched, byte by byte."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import redis.asyncio

from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.owner_copy import owner_copy
from tests.helpers.redis_contents import contents
from tests.helpers.stack import Stack
from tests.helpers.visitor import Visitor
from tests.helpers.waiting import until_sync

pytestmark = [pytest.mark.lasts(60), pytest.mark.timeout(900)]

WORDS = ("zanzibarilainen", "kummitusjuttu", "vaahteramaki", "ratingkanaria", "notekanaria", "luonnoskanaria",
         "tiedostokanaria")  # fmt: skip
"""Words that nobody else says: of messages, of a note, of a rating, of a draft, and within a picture."""
NAME = "Hilppaliisa"
PHONE = "401234567"
CONTACT = (NAME, PHONE)
FILE = "kuvakanaria"
HEAD = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5B", 13, b"IHDR", 8, 8, 8, 2, 0, 0, 0)
PICTURE = HEAD + WORDS[-1].encode() + bytes(64)
"""Eight by eight points by its head, and words of the person's where the points would be."""
NUMBERS = ("131052-308T", "070761-4285", "4111 1111 1111 1111", "FI21 1234 5600 0007 85")
"""A Finnish and a Danish identity code, a card and an account, none of them anybody's."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    rules = {"choices_after_s: 180": "choices_after_s: 0"}
    folder = owner_copy(tmp_path_factory.mktemp("owner"), rules, always_open=True)
    stack = Stack(environ={"SILTA_OWNER_DIR": str(folder)})
    try:
        stack.start()
        for name, email in AGENTS.items():
            known = ("--name", name, "--role", "supervisor", "--password-stdin")
            assert stack.silta("agent", "add", email, *known, given=PASSWORD).returncode == 0
        yield stack
    finally:
        stack.close()


@pytest_asyncio.fixture
async def room() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


def found(var: Path, needles: tuple[str, ...]) -> dict[str, list[str]]:
    """The files under ``var`` in which a needle stands, with the needles."""
    hits: dict[str, list[str]] = {}
    for path in var.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            here = [needle for needle in needles if needle.encode() in data]
            if here:
                hits[str(path.relative_to(var))] = here
    return hits


async def live(visitor: Visitor, first: Agent, second: Agent, address: str) -> None:
    """Write, send a picture, be passed on, be transferred, be called, be helped, and rate."""
    of = visitor.conversation
    await visitor.say(f"Missä tilaukseni on? {WORDS[0]}")
    await visitor.hear("bot")
    hetu, cpr, card, iban = NUMBERS
    await visitor.say(f"Hetuni on {hetu}, cpr-nummer {cpr}, kort {card}, tili {iban} {WORDS[1]}")
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        bearer = {"authorization": f"Bearer {visitor.token}"}
        sent = await client.post("/api/visitor/upload", params={"name": FILE}, content=PICTURE, headers=bearer)
        await visitor.ask("message", attachments=[sent.json()["attachment"]["id"]], text="tässä kuva")
    await visitor.ask("request_handoff")
    status = await visitor.expect("status", where=lambda f: bool(f.get("choices")))
    window = next(one for one in status["choices"] if one["kind"] == "callback")["windows"][0]["id"]
    booked = (await visitor.ask("callback", phone="+358" + PHONE, name=NAME, window=window))["callback"]["id"]
    await first.ask("callback_take", callback=booked)
    await first.ask("callback_done", callback=booked, outcome="reached", note=f"soitettu {WORDS[4]}")
    await first.ask("claim", conversation=of)
    await first.ask("open", conversation=of, after=0)
    await first.ask("note", conversation=of, text=f"note {WORDS[4]}")
    await first.ask("message", conversation=of, text=f"Hei {WORDS[2]}")
    to = {"agent": second.welcome["agent"]["id"]}
    await first.ask("transfer", conversation=of, to=to, note=f"toiselle {WORDS[4]}")
    await second.ask("message", conversation=of, text="Selvitin asian.")
    await second.ask("resolve", conversation=of, outcome="solved")
    await visitor.ask("rating", score=5, comment=f"kiitos {WORDS[3]}", of="agent")
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        await client.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
        draft = await client.put(f"/api/drafts/{of}", json={"text": WORDS[5]})
        assert draft.status_code == 200, draft.text


async def test_p1_p3_s11_a_person_leaves_no_numbers_no_log_lines_and_after_erasure_nothing(
    stack: Stack, room: AsyncExitStack, record: Callable[[str], None]
) -> None:
    first = await room.enter_async_context(await Agent.arrive(stack.address, AGENTS["Aino"], PASSWORD))
    second = await room.enter_async_context(await Agent.arrive(stack.address, AGENTS["Mikkel"], PASSWORD))
    for agent in (first, second):
        await agent.ask("presence", value="online")
    visitor = await room.enter_async_context(await Visitor.arrive(stack.address, language="fi"))
    other = await room.enter_async_context(await Visitor.arrive(stack.address, language="fi"))
    await other.say("toinen ihminen jää")
    await live(visitor, first, second, stack.address)
    person = (*WORDS, visitor.token)

    before = found(stack.var, person)
    assert {needle for needles in before.values() for needle in needles} >= {*WORDS}, "else nothing is proved"
    assert {name.partition("/")[0] for name in before} == {"redis", "uploads"}, f"S11: no log knows of it: {before}"
    assert not found(stack.var, CONTACT), "the number to call and the name given with it rest sealed"
    told = str(stack.silta("conversation", "export", visitor.conversation).stdout)
    assert [one for one in (*WORDS[:-1], *CONTACT, FILE) if one not in told] == [], "P2: all is in the person's export"
    tight = tuple(number.replace(" ", "") for number in NUMBERS)
    assert not found(stack.var, (*NUMBERS, *tight)), "P1, I11"
    for line in (stack.var / "log" / "hub-1.log").read_text().splitlines():
        assert line.startswith("--- ") or isinstance(json.loads(line), dict), "S11: one JSON object a line"

    await visitor.say(f"ja vielä yksi, johon botti vastaa myöhässä: {WORDS[0]}")  # on its way through the bot
    began = time.monotonic()
    assert (await visitor.ask("erase"))["erased"] is True
    until_sync(lambda: not found(stack.var, (*person, *CONTACT, FILE)), "no byte is left", timeout_s=60)
    took_s = time.monotonic() - began
    record(f"P3: no byte of the person under var {took_s:.2f} s after the wish")
    left = found(stack.var, (*person, *CONTACT, FILE))
    assert not left and took_s <= 60, left
    await asyncio.sleep(3)  # whatever was on its way has come by now
    assert not found(stack.var, (*person, *CONTACT, FILE))
    assert "toinen ihminen" in str(stack.silta("conversation", "show", other.conversation).stdout)
    async with redis.asyncio.Redis.from_url(stack.redis_url) as client:
        # Redis packs long strings in its file; here they are as they are.
        held = str(await contents(client))
        assert not [needle for needle in (*person, *CONTACT, FILE) if needle in held] and "toinen ihminen" in held
    assert stack.silta("audit", "verify").returncode == 0
    assert stack.silta("conversation", "export", visitor.conversation).returncode == 1
