"""A Messenger conversation of the whole running Silta, seen from all sides: the person's screen, console, log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

import httpx
from redis.asyncio import Redis

from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.outbox import part_of
from handoff.channels.messenger.render import outgoing
from handoff.desk.transcripts import Transcripts
from handoff.errors import NotFound
from handoff.keys import HubKeys
from tests.helpers.agent import Agent
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.frames import Refusal
from tests.helpers.messenger import Customer, Inbox, Meta
from tests.helpers.stack import Stack
from tests.helpers.waiting import until

__all__ = ["Story"]

Event = Mapping[str, Any]
Line = tuple[str, str]
"""Who (``person``, ``app``, ``inbox``) and what, spaces made one: parts of a split text have their own ends."""

SAME_TIMEOUT_S = 40.0
"""Until the log and the screen agree: a message that may have been sent waits for its echo, and the machine is busy."""


def _line(who: str, text: str | None) -> Line:
    return who, re.sub(r"\s+", "", text or "")


class Story:
    """An async context manager around one story. People and agents of it are closed with it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._room = AsyncExitStack()
        self.meta = Meta.of(stack.out)
        self.inbox = Inbox(self.meta)
        self._redis: Redis = Redis.from_url(stack.redis_url)
        self._keys = MessengerKeys(HubKeys())

    async def __aenter__(self) -> Self:
        await self._room.enter_async_context(self.meta)
        self._room.push_async_callback(self._redis.aclose)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._room.aclose()

    async def agent(self, name: str = "Aino") -> Agent:
        """An agent at the console."""
        agent = await Agent.arrive(self._stack.address, AGENTS[name], PASSWORD)
        return await self._room.enter_async_context(agent)

    async def claims(self, agent: Agent, conversation: str) -> None:
        """An agent takes a conversation; with the story it is resolved, for a channel has room for a few at a time."""
        await agent.claim(conversation)
        self._room.push_async_callback(_resolved, agent, conversation)

    async def conversation(self, customer: Customer) -> str:
        """The conversation that the person's thread is."""
        page = (await self.meta.state())["page_id"]
        name = self._keys.person(f"{page}:{customer.psid}")

        async def known() -> str:
            found: Any = await self._redis.get(name)
            return str((found or b"").decode())

        return await until(known, "the person has a conversation")

    async def log(self, customer: Customer) -> list[Event]:
        """Every event of the conversation; none before the first is written."""
        try:
            return list(await Transcripts(self._redis).show(await self.conversation(customer)))
        except NotFound:
            return []

    async def logged(self, customer: Customer, kind: str, **fields: Any) -> Event:
        """Wait for an event of a kind with these fields."""

        async def look() -> list[Event]:
            wanted = {"kind": kind, **fields}.items()
            return [event for event in await self.log(customer) if wanted <= {**event}.items()]

        return (await until(look, f"{kind} {fields} is in the log", timeout_s=SAME_TIMEOUT_S))[0]

    async def trouble(self, code: str) -> None:
        """Wait until ``/readyz`` says this of Messenger."""
        async with httpx.AsyncClient(base_url=self._stack.address, trust_env=False) as http:

            async def told() -> bool:
                return bool((await http.get("/readyz")).json().get("messenger") == code)

            await until(told, f"/readyz says {code}", timeout_s=SAME_TIMEOUT_S)

    async def same(self, customer: Customer, *, in_order: bool = True) -> None:
        """The log and the person's screen tell the same: nothing is missing, nothing is there twice.

        ``in_order`` also for what the person wrote against each other; the page's own words always are.
        """
        await self.meta.quiet(timeout_s=SAME_TIMEOUT_S)
        differs = ""

        async def agree() -> bool:
            nonlocal differs
            differs = difference(await self.log(customer), await customer.screen(), in_order=in_order)
            return not differs

        try:
            await until(agree, "log and screen agree", timeout_s=SAME_TIMEOUT_S)
        except AssertionError:
            raise AssertionError(differs) from None


async def _resolved(agent: Agent, conversation: str) -> None:
    with suppress(Refusal):  # somebody else has it by now, or nobody
        await agent.ask("resolve", conversation=conversation, outcome="done")


def difference(log: list[Event], screen: list[Any], *, in_order: bool = True) -> str:
    """What the log and the screen tell differently; empty when nothing."""
    wrote, inbox, page = _of_log(log)
    theirs = [_line("person", message["text"]) for message in screen if message["by"] == "person"]
    if theirs != wrote if in_order else sorted(theirs) != sorted(wrote):
        return f"the person wrote {theirs}, the log has {wrote}"
    answered = [_line("inbox", message["text"]) for message in screen if message["by"] == "inbox"]
    if answered != inbox:
        return f"the inbox wrote {answered}, the log has {inbox}"
    return _of_page([message for message in screen if message["by"] == "app"], page)


def _of_log(log: list[Event]) -> tuple[list[Line], list[Line], dict[int, Line]]:
    """What the person wrote, what the inbox wrote, and what the page said by its number, as it must be on a screen."""
    refused = {event["of"] for event in log if event["kind"] == "channel" and event.get("of")}
    edits = {event["of"]: event["text"] for event in log if event["kind"] == "edited"}
    hidden = {event["of"] for event in log if event["kind"] == "unsent"}
    hidden |= {event["seq"] for event in log if event.get("attachments")}  # said in words in the log alone
    wrote, inbox, page = [], [], {}
    for event in log:
        seq, text = event["seq"], outgoing(event)
        if event["kind"] == "message" and event["author"]["role"] == "visitor":
            wrote.append(_line("person", "" if seq in hidden else edits.get(seq, event["text"])))
        elif event.get("via"):
            inbox.append(_line("inbox", event["text"]))
        elif text is not None and seq not in refused:
            page[seq] = _line("app", text)
    return wrote, inbox, page


def _of_page(screen: list[Any], page: dict[int, Line]) -> str:
    """Whether the page's words are there once, whole, and in the order of the log."""
    parts: list[tuple[int, int]] = []
    seen: dict[int, str] = {}
    for message in screen:
        known = part_of(message["sent"]["metadata"] or "")
        if known is None:
            return f"a message of nobody's: {message}"
        seq, part = (int(number) for number in known[1].split(":"))
        parts.append((seq, part))
        seen[seq] = seen.get(seq, "") + (message["text"] or "")
    if parts != sorted(set(parts)):
        return f"sent twice or out of order: {parts}"
    if set(seen) != set(page):
        lost = [page[seq] for seq in page if seq not in seen]
        return f"in the log alone: {lost}, on the screen alone: {set(seen) - set(page)}"
    for seq, (who, text) in page.items():
        if not _line(who, seen[seq])[1].startswith(text):  # a list of choices may follow
            return f"{seq} is {text!r} in the log and {seen[seq]!r} on the screen"
    return ""
