"""A bot for tests of the hub: reads the inbox as a Rasa process does and settles with the bot's own script, but what it
says is decided by a function of the test. Rasa itself takes seconds to start and tens of milliseconds to think."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

from redis.exceptions import RedisError, ResponseError

from handoff.events import Button, HandoffRequest, Inbound, InboundKind, Keys, Outcome, Reply, decode_inbound, encode
from handoff.redis_client import connect
from handoff.settings import ROOT
from handoff.tasks import end

__all__ = ["Answer", "FakeBot", "answer", "outcome_for"]

Answer = Callable[[Inbound], Outcome | None]

_COMMIT = (ROOT / "bot" / "seam" / "lua" / "commit.lua").read_text("utf-8")


def outcome_for(inbound: Inbound, *texts: str, **fields: Any) -> Outcome:
    """The outcome of a message: these replies, and whatever else is given."""
    nlu = {
        "topic": "greet",
        "confidence": 0.93,
        "runners_up": [["goodbye", 0.02]],
        "decision": "answer",
        "language": inbound.language,
        "entities": {},
        "emotion": None,
    }
    return Outcome(
        conversation=inbound.conversation,
        message_id=inbound.message_id,
        of=inbound.of,
        kind=inbound.kind,
        **{"replies": tuple(Reply(text) for text in texts), "nlu": nlu, **fields},
    )


def answer(inbound: Inbound) -> Outcome | None:
    """Echoes; ``person: …`` wants a person, ``buttons`` offers some, ``suomeksi`` and ``på dansk`` change the
    language, ``silence`` gets no result at all."""
    if inbound.kind is not InboundKind.MESSAGE:
        return Outcome(inbound.conversation, inbound.message_id, inbound.of, inbound.kind)
    if inbound.text == "silence":
        return None
    if inbound.topic is not None:
        return outcome_for(inbound, f"topic: {inbound.topic}")
    if inbound.text.startswith("person"):
        topic = inbound.text.partition(": ")[2] or "human/talk_to_human"
        reason = {"code": "human_topic", "topic": topic, "evidence": [inbound.text], "of": inbound.of}
        return outcome_for(inbound, "I am sorry to hear that.", handoff=HandoffRequest((reason,), "high", "general"))
    if inbound.text == "buttons":
        offer = (Button("Returns", "faq/return_how"), Button("A person", "handoff"))
        return outcome_for(inbound, replies=(Reply("Choose", offer),))
    languages = {"suomeksi": "fi", "på dansk": "da"}
    return outcome_for(inbound, f"echo: {inbound.text}", language=languages.get(inbound.text))


class FakeBot:
    """Runs from ``async with`` on. ``heard`` has everything it was told, in order."""

    def __init__(self, redis_url: str, answer: Answer = answer, *, name: str = "fake") -> None:
        self.heard: list[Inbound] = []
        self.answer = answer
        self.keys = Keys()
        self._name = name
        self._redis = connect(redis_url, timeout_s=5.0, blocking_s=1.0)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._join()
        self._task = asyncio.create_task(self._run(), name="fake-bot")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._redis.aclose()

    async def stop(self) -> None:
        """As if killed: what it had taken stays pending."""
        if self._task is not None:
            task, self._task = self._task, None
            if task.done():
                task.result()  # a bot that died of an error of its own fails the test
            await end(task)

    def texts(self, conversation: str) -> list[str]:
        """The visitor's messages that it was told."""
        return [
            inbound.text
            for inbound in self.heard
            if inbound.conversation == conversation and inbound.kind is InboundKind.MESSAGE
        ]

    def kinds(self, conversation: str) -> list[InboundKind]:
        return [inbound.kind for inbound in self.heard if inbound.conversation == conversation]

    async def settle(self, entry: str, outcome: Outcome) -> None:
        """Publish, acknowledge and let the conversation's next message in, as the bot's commit does."""
        keys, conversation = self.keys, outcome.conversation
        names = [
            keys.inbox,
            keys.events,
            keys.tracker(conversation),
            keys.checkpoint(conversation),
            keys.busy(conversation),
            keys.wait(conversation),
        ]
        done: Any = await self._redis.eval(
            _COMMIT, len(names), *names, Keys.GROUP, self._name, entry, -1, "", encode(outcome)
        )
        assert done in (b"done", b"gone"), done

    async def _join(self) -> None:
        try:
            await self._redis.xgroup_create(self.keys.inbox, Keys.GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _run(self) -> None:
        while True:
            try:
                await self._work("0")  # what an error left undone
                while True:
                    await self._work(">")
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(0.05)

    async def _work(self, start: str) -> None:
        await self._redis.set(self.keys.alive(self._name), "{}", ex=5)
        found: Any = await self._redis.xreadgroup(
            Keys.GROUP, self._name, {self.keys.inbox: start}, count=16, block=500
        )
        for entry, fields in _entries(found):
            inbound = decode_inbound(fields[b"data"])
            self.heard.append(inbound)
            outcome = self.answer(inbound)
            if outcome is not None:
                await self.settle(entry.decode(), outcome)


def _entries(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Entries of the one stream, in the shapes of either protocol version."""
    if not found:
        return []
    (rows,) = found.values() if isinstance(found, dict) else [rows for _, rows in found]
    if rows and isinstance(rows[0], list) and rows[0] and isinstance(rows[0][0], (list, tuple)):
        (rows,) = rows
    return [(row[0], row[1]) for row in rows]
