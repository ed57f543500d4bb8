"""Visitors and agents over real sockets who behave as widget and console do, and note what they asked and were told.

A request keeps its id until it is answered, over any number of sockets and hubs; a socket that is lost is opened again
with what was seen last. What a client can see is wrong (a gap, an event twice) it notes at once; the rest is the
checker's.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Origin

from tests.faults.history import Delivery, History, Op
from tests.helpers.fixtures import PASSWORD

__all__ = ["AgentClient", "Client", "NotServed", "VisitorClient"]

Frame = dict[str, Any]

ANSWER_S = 4.0
"""Patience for one answer before the line is thought dead: more than the hub's own limit for Redis."""

OPEN_S = 5.0
BACK_OFF_S = (0.05, 2.0)
"""First and longest pause between tries; the product's clients wait longer, a run has less time."""

LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError, EOFError, httpx.HTTPError)


class NotServed(Exception):
    """Somebody waited for what was promised, in vain."""


class Client:
    """What visitors and agents share: one line at a time, answers by id, requests repeated until they are answered."""

    path = "/ws/visitor"

    def __init__(self, name: str, history: History, addresses: Sequence[str], *, seed: int) -> None:
        self.name = name
        self.history = history
        self.addresses = list(addresses)
        self.random = random.Random(seed)
        self.closing = asyncio.Event()
        """Begin nothing new."""
        self.stopping = asyncio.Event()
        """Stop waiting, too."""
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._fails = 0
        self._lost_at: float | None = None

    # -- line

    async def line(self) -> ClientConnection:
        """The open socket, or a new one on any of the addresses."""
        if self._socket is not None and self._reader is not None and not self._reader.done():
            return self._socket
        await self.drop()
        address = self.random.choice(self.addresses)
        async with asyncio.timeout(OPEN_S):
            hello = await self._hello(address)
            socket = await connect(
                address.replace("http", "ws", 1) + self.path,
                origin=Origin(address),
                proxy=None,
                compression=None,
                open_timeout=OPEN_S,
                max_size=2**24,
            )
            self._socket = socket
            await socket.send(json.dumps(hello))
            while True:
                frame = json.loads(await socket.recv())
                if frame["type"] == "welcome":
                    break
                if frame["type"] == "error" and frame["code"] != "try_later":
                    self.history.seen.append(f"{self.name}: a hello was refused: {frame}")
                    raise OSError("refused")
            self._welcome(frame)
        self._fails = 0
        if self._lost_at is not None:
            self.history.resumed_s.append(time.monotonic() - self._lost_at)
            self._lost_at = None
        self._reader = asyncio.create_task(self._read(socket), name=f"{self.name} reads")
        return socket

    async def drop(self) -> None:
        """Lose the line, as lines are lost: without a word."""
        socket, self._socket = self._socket, None
        reader, self._reader = self._reader, None
        if socket is not None:
            socket.transport.abort()
            await socket.wait_closed()
        if reader is not None:
            await reader
        for answer in self._answers.values():
            answer.cancel()
        self._answers.clear()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for raw in socket:
                frame = json.loads(raw)
                waiting = self._answers.pop(frame.get("id", ""), None)
                if waiting is not None and not waiting.done():
                    self._answered(frame)
                    waiting.set_result(frame)
                else:
                    self._frame(frame)
        except ConnectionClosed:
            pass

    async def _pause(self) -> None:
        low, high = BACK_OFF_S
        self._fails += 1
        await asyncio.sleep(self.random.uniform(0, min(high, low * 2**self._fails)))

    # -- requests

    async def request(self, op: Op, **fields: Any) -> Op:
        """Send until there is an answer for good, or until the client stops waiting: then the op stays ``info``."""
        frame = {"type": op.what, "id": op.id, **fields}
        while not self.stopping.is_set():
            try:
                answer = await self._ask(op, frame)
            except (*LOST, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and _cancelled():
                    raise
                self._lost_at = self._lost_at or time.monotonic()
                self.history.reconnections += 1
                await self.drop()
                await self._pause()
                continue
            if answer["type"] == "ack":
                self.history.ok(op, {name: answer[name] for name in answer if name not in ("type", "id")})
                return op
            if answer["code"] == "try_later":
                await self._pause()
                continue
            self.history.fail(op, answer)
            return op
        return op

    async def _ask(self, op: Op, frame: Frame) -> Frame:
        socket = await self.line()
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[op.id] = answer
        op.sent += 1
        async with asyncio.timeout(ANSWER_S):
            await socket.send(json.dumps(frame))
            waited: list[asyncio.Future[Any]] = [answer, self._alive()]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise OSError("the line is gone")
            return answer.result()

    def _alive(self) -> asyncio.Task[None]:
        assert self._reader is not None
        return self._reader

    async def come_back(self, *, patience_s: float = 30.0) -> None:
        """Have a line, however long it takes."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                await self.line()
                return
            except LOST:
                if time.monotonic() > deadline:
                    raise NotServed(f"{self.name} could not come back within {patience_s:g} s") from None
                await self._pause()

    # -- for subclasses

    async def _hello(self, address: str) -> Frame:
        raise NotImplementedError

    def _welcome(self, frame: Frame) -> None:
        raise NotImplementedError

    def _frame(self, frame: Frame) -> None:
        raise NotImplementedError

    def _answered(self, frame: Frame) -> None:
        """An answer, in its place among the other frames."""

    def _take(self, delivery: Delivery, event: Frame, after: int) -> int:
        """Note an event that must follow ``after``; the new number."""
        seq = int(event["seq"])
        if seq != after + 1:
            self.history.seen.append(
                f"I3: {self.name} was shown {seq} after {after} of {delivery.conversation} without a resync"
            )
        known = delivery.events.get(seq)
        if known is not None and known != event:
            self.history.seen.append(f"I3: {self.name} was shown two different events {seq}: {known} and {event}")
        delivery.events[seq] = event
        return seq


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class VisitorClient(Client):
    """A visitor of one conversation."""

    def __init__(self, name: str, history: History, addresses: Sequence[str], *, seed: int) -> None:
        super().__init__(name, history, addresses, seed=seed)
        self.conversation = ""
        self.token: str | None = None
        self.after = 0
        self.status = "bot"
        self._said = 0

    async def _hello(self, address: str) -> Frame:
        hello: Frame = {"type": "hello", "after": self.after, "language": "en"}
        return hello if self.token is None else {**hello, "token": self.token}

    def _welcome(self, frame: Frame) -> None:
        self.token, self.conversation = frame["token"], frame["conversation"]
        self.status = frame["status"]

    def _frame(self, frame: Frame) -> None:
        if frame["type"] == "event":
            delivery = self.history.delivery(self.name, "visitor", self.conversation)
            event = {name: value for name, value in frame.items() if name != "type"}
            self.after = self._take(delivery, event, self.after)
        elif frame["type"] == "resync":
            self.history.delivery(self.name, "visitor", self.conversation).resyncs += 1
            self.after = int(frame["from"]) - 1
        elif frame["type"] == "status":
            self.status = frame["status"]

    async def say(self, text: str | None = None) -> Op:
        """One message, until it is answered."""
        self._said += 1
        words = text or f"{self.name} {self._said}"
        await self._known()
        op = self.history.invoke(self.name, "message", self.conversation, str(uuid.uuid4()), words)
        return await self.request(op, text=words)

    async def do(self, what: str, **fields: Any) -> Op:
        """Any other request."""
        await self._known()
        return await self.request(self.history.invoke(self.name, what, self.conversation, str(uuid.uuid4())), **fields)

    async def _known(self) -> None:
        while not self.conversation and not self.stopping.is_set():
            try:
                await self.line()
            except LOST:
                await self._pause()

    async def live(self, *, pause_s: float) -> None:
        """Talk, ask for people, change one's mind, lose the line, until told to stop."""
        while not self.closing.is_set():
            dice = self.random.random()
            if dice < 0.78:
                await self.say()
            elif dice < 0.86:
                await self.do("request_handoff")
            elif dice < 0.89:
                await self.do("cancel_handoff")
            elif dice < 0.91:
                await self.do("end")
            elif dice < 0.95:
                await self.again()
            else:
                await self.drop()
            await asyncio.sleep(self.random.uniform(0, 2 * pause_s))

    async def again(self) -> None:
        """R13: what was answered long ago is sent once more under its id, and must be answered the same."""
        done = [op for op in self.history.ops if op.who == self.name and op.what == "message" and op.result == "ok"]
        if done:
            op = self.random.choice(done[-20:])
            await self.request(op, text=op.text)

    async def catch_up(self, last: int, *, patience_s: float = 30.0) -> None:
        """Come back and read until the event of this number."""
        await self.drop()
        await _until(lambda: self.after >= last, self, patience_s)


class AgentClient(Client):
    """An agent who takes what waits, answers, and gives it back, closes it or passes it on."""

    path = "/ws/agent"

    def __init__(
        self, name: str, email: str, history: History, addresses: Sequence[str], *, seed: int, holds: int = 4
    ) -> None:
        """``holds``: with so many it claims no more of its own accord; more than its capacity tries the hub."""
        super().__init__(name, history, addresses, seed=seed)
        self.email = email
        self.holds = holds
        self.id = ""
        self.capacity: int | None = None
        self.queue: dict[str, Frame] = {}
        self.cursors: dict[str, int] = {}
        self.mine: set[str] = set()
        self.offers: set[str] = set()
        """Conversations on offer to this agent, as far as was told."""
        self._cookies: httpx.Cookies | None = None
        self._said = 0
        self._opening: dict[str, tuple[str, int]] = {}

    async def _hello(self, address: str) -> Frame:
        async with httpx.AsyncClient(
            base_url=address, headers={"origin": address}, trust_env=False, timeout=OPEN_S, cookies=self._cookies
        ) as http:
            if self._cookies is None:
                signed_in = await http.post("/api/login", json={"email": self.email, "password": PASSWORD})
                if signed_in.status_code != 200:
                    raise OSError(f"sign-in: {signed_in.status_code}")
                self._cookies = http.cookies
            made = await http.post("/api/socket-token")
            if made.status_code != 200:
                raise OSError(f"socket token: {made.status_code}")
        return {"type": "hello", "token": made.json()["token"], "cursors": self.cursors}

    def _welcome(self, frame: Frame) -> None:
        self.id = frame["agent"]["id"]
        self.capacity = frame["agent"].get("capacity")
        self.queue = {line["conversation"]: line for line in frame["queue"]}
        self.mine = {line["conversation"] for line in frame["mine"]}
        self.offers = set()  # what stands is told again after the welcome
        for line in frame["mine"]:
            self.cursors.setdefault(line["conversation"], int(line["last"]))

    def _answered(self, frame: Frame) -> None:
        if frame["type"] == "ack" and frame["id"] in self._opening:
            # What follows is the replay that was asked for; a refusal is asked again under the same id.
            conversation, after = self._opening.pop(frame["id"])
            self.cursors[conversation] = after

    def _frame(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "queue":
            if frame["entry"] is None:
                self.queue.pop(frame["conversation"], None)
            else:
                self.queue[frame["conversation"]] = frame["entry"]
        elif kind == "offer":
            self.offers.add(frame["conversation"])
        elif kind == "offer.gone":
            self.offers.discard(frame["conversation"])
        elif kind == "resync":
            conversation = frame["conversation"]
            self.history.delivery(self.name, "agent", conversation).resyncs += 1
            self.cursors[conversation] = int(frame["from"]) - 1
        elif kind == "event":
            self._event(frame)

    def _event(self, frame: Frame) -> None:
        conversation = frame["conversation"]
        event = {name: value for name, value in frame.items() if name not in ("type", "conversation")}
        delivery = self.history.delivery(self.name, "agent", conversation)
        # A conversation that was just taken is followed from the taking on.
        after = self.cursors.get(conversation, event["seq"] - 1)
        self.cursors[conversation] = self._take(delivery, event, after)
        author = event.get("author", {}).get("id")
        if event["kind"] in ("agent_lost", "resolved", "returned_to_bot", "transferred"):
            self.mine.discard(conversation)
        if event["kind"] == "assigned":
            (self.mine.add if author == self.id else self.mine.discard)(conversation)

    async def do(self, what: str, conversation: str, *, text: str | None = None, **fields: Any) -> Op:
        """One request about a conversation, until it is answered."""
        op = self.history.invoke(self.name, what, conversation, str(uuid.uuid4()), text)
        if what == "open":
            self._opening[op.id] = (conversation, int(fields.get("after", 0)))
        if text is not None:
            fields["text"] = text
        return await self.request(op, conversation=conversation, **fields)

    async def live(self, *, pause_s: float) -> None:
        """Take, answer, pass on, close, lose the line, until told to stop."""
        while not self.closing.is_set():
            try:
                await self.line()
            except LOST:
                await self._pause()
                continue
            await self._one_thing()
            await asyncio.sleep(self.random.uniform(0, 2 * pause_s))

    async def _one_thing(self) -> None:
        if self.offers and self.random.random() < 0.8:
            await self.answer_offer(self.random.choice(sorted(self.offers)))
            return
        waiting = [name for name, line in self.queue.items() if line["status"] == "queued"]
        if waiting and len(self.mine) < self.holds and self.random.random() < 0.7:
            # Mostly the first in line, so that agents run into each other.
            await self.take(waiting[0] if self.random.random() < 0.7 else self.random.choice(waiting))
        elif self.mine:
            await self._serve(self.random.choice(sorted(self.mine)))
        elif self.random.random() < 0.1:
            await self.drop()

    async def answer_offer(self, conversation: str) -> None:
        """Accept mostly, decline at times, and at times say nothing until the offer lapses."""
        dice = self.random.random()
        if dice < 0.7:
            await self.take(conversation, "accept")
        elif dice < 0.85:
            await self.do("decline", conversation)
        self.offers.discard(conversation)

    async def take(self, conversation: str, how: str = "claim") -> Op:
        """Claim or accept, and open it when it was won."""
        op = await self.do(how, conversation)
        if op.result == "ok":
            self.mine.add(conversation)
            await self.do("open", conversation, after=self.random.choice([0, self.cursors.get(conversation, 0)]))
        else:
            line = op.answer.get("assignee")
            if op.result == "fail" and line is None:
                self.queue.pop(conversation, None)
        return op

    async def _serve(self, conversation: str) -> None:
        dice = self.random.random()
        self._said += 1
        if dice < 0.6:
            op = await self.do("message", conversation, text=f"{self.name} answers {self._said}")
        elif dice < 0.68:
            op = await self.do("note", conversation, text=f"{self.name} notes {self._said}")
        elif dice < 0.78:
            op = await self.do("resolve", conversation, outcome="done")
        elif dice < 0.88:
            op = await self.do("return_to_bot", conversation, note="over to you")
        elif dice < 0.94:
            op = await self.do("transfer", conversation, to={"skill": "billing"}, note="for billing")
        else:
            await self.drop()
            return
        if op.result == "fail" or op.what in ("resolve", "return_to_bot", "transfer"):
            self.mine.discard(conversation)

    async def catch_up(self, lasts: dict[str, int], *, patience_s: float = 30.0) -> None:
        """Come back and read until the last event of every conversation that is followed."""
        await self.drop()
        await _until(
            lambda: all(self.cursors[name] >= lasts.get(name, 0) for name in self.cursors), self, patience_s
        )


async def _until(done: Callable[[], bool], client: Client, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        await client.come_back(patience_s=patience_s)
        if done():
            return
        if time.monotonic() > deadline:
            raise NotServed(f"{client.name} does not hear the rest within {patience_s:g} s")
        await asyncio.sleep(0.05)
