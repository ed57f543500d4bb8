"""The visitor's socket (protocol §3)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from handoff.access.permissions import VISITOR, frame_action, may
from handoff.access.tokens import VisitorTokens, new_id
from handoff.conversation import Conversation
from handoff.edge.limits import Limits
from handoff.entry import for_visitor
from handoff.errors import BadRequest, Forbidden, StoreUnavailable, Unauthorized
from handoff.fanout import Subscription
from handoff.gateway.frame_socket import FrameSocket
from handoff.gateway.gate import Gone, Reader, Receive, Send, allowed_origin, come_later, refuse_upgrade
from handoff.gateway.greetings import Greetings
from handoff.gateway.line import WaitingLine
from handoff.gateway.peer import Peer
from handoff.hub import Hub
from handoff.owner.announcements import Announcement
from handoff.privacy.masking import mask
from handoff.requests.desk import book_callback
from handoff.settings import Settings
from handoff.uploads.shelf import FileKeys
from handoff.watch import metrics
from handoff.wire import codec, visitor

__all__ = ["VisitorGateway", "VisitorSocket"]

log = logging.getLogger("silta.visitor")

STATUS_KINDS = frozenset(
    {"handoff", "assigned", "transferred", "returned_to_bot", "resolved", "reopened", "agent_lost"}
)
"""Events after which the visitor is told the status anew."""

ERASED = "erased"
"""The reason with which the sockets of an erased conversation are closed."""

FALLBACK_LANGUAGE = "en"
"""For a visitor whose page and browser name none of the three."""


Request = (
    visitor.RequestHandoff
    | visitor.CancelHandoff
    | visitor.Agree
    | visitor.Callback
    | visitor.CallbackCancel
    | visitor.Consent
    | visitor.Language
    | visitor.Rating
    | visitor.EmailTranscript
    | visitor.Transcript
    | visitor.End
    | visitor.Export
)
"""Frames that are answered with what they brought."""


class VisitorGateway:
    """The ASGI endpoint of ``/ws/visitor``."""

    def __init__(
        self,
        hub: Hub,
        tokens: VisitorTokens,
        settings: Settings,
        line: WaitingLine,
        greetings: Greetings,
        files: FileKeys | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.hub = hub
        self.limits = limits
        self.tokens = tokens
        self.settings = settings
        self.line = line
        self.greetings = greetings
        self.files = files
        self.peers: set[Peer] = set()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if not allowed_origin(scope["headers"], self.settings.origins):
            await refuse_upgrade(receive, send)
            return
        if self.limits is None:
            await self._serve(scope, receive, send)
            return
        with self.limits.connection(scope) as allowed:
            if allowed:
                await self._serve(scope, receive, send)
            else:
                metrics.dropped.labels("address").inc()
                await come_later(receive, send)

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        language = _browser_language(scope["headers"])  # they are gone when the socket is accepted
        await receive()
        await send({"type": "websocket.accept"})
        engine = scope["extensions"]["silta.abort"]
        peer = Peer(send, engine["abort"], send_timeout_s=self.settings.send_timeout_s, write=engine.get("write"))
        self.peers.add(peer)
        socket = VisitorSocket(self, peer, scope, language)
        try:
            await socket.run(Reader(receive), self.settings.hello_timeout_s)
        except Gone:
            pass
        finally:
            peer.lost()
            self.peers.discard(peer)
            socket.close()


def _browser_language(headers: list[tuple[bytes, bytes]]) -> str:
    """The first language of Accept-Language that is spoken here."""
    for name, value in headers:
        if name == b"accept-language":
            for part in value.decode("latin-1").split(",")[:10]:
                tag = part.split(";")[0].strip()
                hint = codec.language_hint("accept-language", tag) if 0 < len(tag) <= 35 else None
                if hint is not None:
                    return str(hint)
    return FALLBACK_LANGUAGE


class VisitorSocket(FrameSocket):
    """One visitor's socket. A listener of its conversation's events."""

    __slots__ = (
        *("_answered", "_erasing", "_gateway", "_hub", "_page", "_scope", "_status", "_subscription"),
        *("_typing", "_untold", "_welcomed", "conversation", "language"),
    )
    log = log
    first = visitor.Hello

    def __init__(
        self,
        gateway: VisitorGateway,
        peer: Peer,
        scope: Mapping[str, Any] | None = None,
        language: str = FALLBACK_LANGUAGE,
    ) -> None:
        super().__init__(peer)
        self._gateway = gateway
        self._scope = scope or {}
        self._hub = gateway.hub
        self._subscription: Subscription | None = None
        self._status: asyncio.Task[None] | None = None
        self._untold = False
        self._typing = False
        self._answered = 0
        """The highest number of a message that the bot has answered, as far as this socket was told."""
        self._welcomed = 0
        """The last number of which the welcome knew."""
        self.conversation = ""
        self.language = language
        """The browser's, until the conversation or its page says another."""
        self._page: str | None = None
        """Where a conversation began that has no message yet."""
        self._erasing = False
        """Whether this very socket has asked for it: its answer goes out before the close."""

    @property
    def name(self) -> str:
        return f"conversation {self.conversation}"

    # -- listener

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        self._peer.push({"type": "event", **self._with_files(for_visitor(event))})
        self._answered = max(self._answered, int(event.get("of") or 0))
        if event["kind"] == "message" and event["author"]["role"] != "visitor":
            self._bot_types(False)
        if event["kind"] in STATUS_KINDS:
            self._bot_types(False)
            self.tell_status()
        if event["kind"] == "language" and event["seq"] > self._welcomed:
            self.language = event["language"]
            self.greet()

    def _with_files(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with addresses of files that this visitor's page can open."""
        keys = self._gateway.files
        if keys is None or not event.get("attachments"):
            return event
        shown = [
            {**file, "url": keys.address(self.conversation, file["id"])}
            for file in event["attachments"]
            if "id" in file
        ]
        return {**event, "attachments": shown}

    def resync(self, conversation: str, start: int) -> None:
        self._peer.push({"type": "resync", "from": start})

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None:
        if "read" in who:
            self._peer.push({"type": "read", "of": who["read"]})
        elif who["role"] == "agent" and not who.get("unseen"):
            self._peer.push({"type": "typing", "role": "agent", "name": who.get("name", ""), "on": who["on"]})

    def erased(self, conversation: str) -> None:
        if not self._erasing:
            self._peer.close(1000, ERASED)

    def _announced(self, announcement: Announcement, holds: bool) -> None:
        frame = announcement.frame(self.language) if holds else {"id": announcement.id, "ended": True}
        self._peer.push({"type": "announcement", **frame})

    # -- life

    def decode(self, text: str) -> visitor.Frame:
        return visitor.decode(text)

    def close(self) -> None:
        """Stop listening; the conversation goes on."""
        self._gateway.line.leave(self)
        self._gateway.greetings.leave(self)
        self._hub.board.listeners.discard(self._announced)
        if self._subscription is not None:
            self._subscription.close()
        if self._status is not None:
            self._status.cancel()
        if self._limit is not None:
            self._limit.close()

    async def hello(self, hello: visitor.Hello) -> None:
        hub, tokens = self._hub, self._gateway.tokens
        conversation = self.conversation = tokens.conversation(hello.token) if hello.token is not None else new_id()
        # Subscribed first, then looked up: what is written in between comes by notice.
        self._subscription = hub.fanout.subscribe(conversation, 0, self, held=True)
        # Under a new name there is nothing; but while Redis is away nobody is let in who could not be served.
        state, erased = await hub.store.met(conversation)
        if state is None and erased:
            raise Unauthorized("The conversation was erased.")
        if state is None:
            state = Conversation(id=conversation, language=hello.language or self.language, page=_page(hello.page))
        self.language, self._page = state.language, state.page if state.version == 0 else None
        known, self._welcomed = hello.after <= state.last, state.last
        self._peer.push(
            {
                "type": "welcome",
                "token": tokens.issue(conversation) if hello.token is None else hello.token,
                "conversation": conversation,
                "status": state.status.value,
                "language": state.language,
                "last": state.last,
                **self._greeting(),
                "may": hub.visitors.may(),
                "consent": hub.visitors.asks(state),
            }
        )
        if self._gateway.limits is not None:
            self._limit = self._gateway.limits.visitor(self._scope, conversation)
        hub.board.listeners.add(self._announced)
        sent = hello.after
        if not known:
            self._peer.push({"type": "resync", "from": 1})
            sent = 0
        await self._subscription.release(sent, state.last)
        # What a hub that died has held back must not wait for the deadline.
        hub.holds.look(state)
        if state.version:
            await self._push_status(state)

    def greet(self) -> None:
        """Tell anew, in the language of now, what the welcome told."""
        self._peer.push({"type": "greeting", "language": self.language, **self._greeting()})

    def _greeting(self) -> dict[str, Any]:
        """What a visitor is told who comes in."""
        return {
            "notice": self._hub.texts.say(self.language, "bot_notice"),
            **self._gateway.greetings.greeting(self),
            "announcements": [one.frame(self.language) for one in self._hub.board.current()],
        }

    @property
    def _new(self) -> Conversation:
        """The conversation to begin with, where there is none."""
        return Conversation(id=self.conversation, language=self.language, page=self._page)

    # -- frames

    async def answer(self, frame: visitor.Frame) -> None:
        if self._limit is not None and not isinstance(frame, (visitor.Ping, visitor.Typing)):
            self._limit.request()
        if not may(VISITOR, frame_action("visitor", visitor.KINDS[type(frame)])):
            raise Forbidden("This is not for visitors.")
        match frame:
            case visitor.Hello():
                raise Unauthorized("This socket has said hello already.")
            case visitor.Typing():
                self._hub.holds.typing(self.conversation, frame.on)
                who = {"role": "visitor", "on": frame.on}
                await self._hub.fanout.publish({"conversation": self.conversation, "typing": who})
            case visitor.Ping():
                self._peer.push(codec.pong(frame.id))
            case visitor.Erase():
                await self._erase(frame.id)
            case visitor.Message():
                answer = await self._hub.visitors.message(
                    self._new, id=frame.id, text=frame.text, button=frame.button, attachments=frame.attachments
                )
                self._peer.push(codec.ack(frame.id, answer))
                self._maybe_bot_types()
            case _:
                self._peer.push(codec.ack(frame.id, await self._request(frame)))

    async def _erase(self, id: str) -> None:
        self._erasing = True
        try:
            self._peer.push(codec.ack(id, await self._hub.visitors.erase_own(self.conversation)))
            self._peer.close(1000, ERASED)
        finally:
            self._erasing = False

    async def _request(self, frame: Request) -> Mapping[str, Any]:
        hub, id = self._hub, self.conversation
        match frame:
            case visitor.RequestHandoff():
                return await hub.visitors.request_handoff(self._new, id=frame.id)
            case visitor.CancelHandoff():
                return await hub.visitors.cancel_handoff(id, id=frame.id)
            case visitor.Language():
                return await hub.visitors.set_language(self._new, id=frame.id, language=frame.value)
            case visitor.Rating():
                return await hub.visitors.rate(id, id=frame.id, score=frame.score, comment=frame.comment, of=frame.of)
            case visitor.End():
                return await hub.visitors.end(id, id=frame.id)
            case _:
                return await self._beside(frame)

    async def _beside(self, frame: Request) -> Mapping[str, Any]:
        """Requests about other than the course of the conversation."""
        hub, id = self._hub, self.conversation
        match frame:
            case visitor.Callback():
                await hub.visitors.must_have_agreed(self._new)
                return await book_callback(hub, self._new, frame)
            case visitor.CallbackCancel():
                return await hub.visitors.cancel_callback(id, id=frame.id)
            case visitor.Agree():
                return await hub.visitors.agree(self._new, id=frame.id)
            case visitor.Consent():
                return await hub.visitors.consent(id, id=frame.id, language=frame.language)
            case visitor.EmailTranscript():
                return await hub.visitors.email_transcript(id, id=frame.id, to=frame.email)
            case visitor.Transcript():
                return {"text": await hub.visitors.transcript(id)}
            case visitor.Export():
                return {"url": await hub.exports.address(id)}
            case _:
                raise BadRequest("The type of the frame is not known.")

    # -- what the visitor sees besides events

    def _maybe_bot_types(self) -> None:
        state = self._hub.store.lately(self.conversation)
        # The answer may have overtaken this look at the state; then nobody types any more.
        if state is not None and state.bot_pending and state.bot_pending[-1] > self._answered:
            self._bot_types(True)

    def _bot_types(self, on: bool) -> None:
        if on != self._typing:
            self._typing = on
            self._peer.push({"type": "typing", "role": "bot", "on": on})

    def tell_status(self) -> None:
        """Push the status, soon; several changes at once are told once, and the last one always."""
        self._untold = True
        if self._status is None or self._status.done():
            self._status = asyncio.create_task(self._tell_until_told(), name="status")

    async def _tell_until_told(self) -> None:
        while self._untold:
            # A change that comes while this one is looked up is looked up again.
            self._untold = False
            await self._push_status()

    async def _push_status(self, state: Conversation | None = None) -> None:
        try:
            frame = await self._hub.visitors.status(self.conversation, state)
        except StoreUnavailable:
            return
        if frame["status"] == "queued":
            self._gateway.line.join(self)
        else:
            self._gateway.line.leave(self)
        self.push_status(frame)

    def push_status(self, frame: Mapping[str, Any]) -> None:
        self._peer.push(frame)


def _page(address: str | None) -> str | None:
    """The page's address as it may be kept: it can carry a number, too."""
    return mask(address).text if address is not None else None
