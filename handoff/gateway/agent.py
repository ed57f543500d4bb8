"""The agent's socket (protocol §4): its life, and what reaches it without being asked for.

What its frames do is in :mod:`handoff.gateway.agent_frames`, the conversations it has open in
:mod:`handoff.gateway.follows`, the queue as it was told it in :mod:`handoff.gateway.queue_view`, what else stands in
:mod:`handoff.gateway.standing`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from handoff.access import permissions
from handoff.access.accounts import Account, Accounts
from handoff.access.permissions import frame_action, sees
from handoff.access.sessions import Left
from handoff.clock import now_ms, stamp
from handoff.desk.suggestions import Suggestions
from handoff.edge.limits import Limits
from handoff.errors import Forbidden, StoreUnavailable
from handoff.gateway.agent_frames import AgentFrames
from handoff.gateway.console import Console
from handoff.gateway.follows import Follows
from handoff.gateway.frame_socket import FrameSocket
from handoff.gateway.gate import Gone, Reader, Receive, Send, allowed_origin, come_later, refuse_upgrade
from handoff.gateway.peer import AGENT_OUTBOX_MAX_BYTES, Peer
from handoff.gateway.queue_view import QueueView
from handoff.gateway.standing import Standing
from handoff.hub import Hub
from handoff.owner.announcements import Announcement
from handoff.redis_client import guarded
from handoff.requests.desk import Duties
from handoff.settings import Settings
from handoff.watch import metrics
from handoff.wire import agent as wire

__all__ = ["AgentGateway", "AgentSocket"]

log = logging.getLogger("silta.agent")

MOVES_SIGHT = frozenset({"language", "handoff", "transferred", "returned_to_bot", "agent_lost"})
"""Events after which a conversation may be others' than before."""

SESSIONS_EVERY_S = 2.0
"""How often the sign-ins behind the sockets are looked at: with a notice that was lost, a socket outlives its sign-in
by no more (S13 allows 5 s)."""

ANEW_S = 1.0
"""Pause before consoles are told anew what stands, when Redis went away again meanwhile."""

WARN_MS = 120_000
"""So long before a sign-in ends for want of anything done, the page is told."""


class AgentGateway:
    """The ASGI endpoint of ``/ws/agent``."""

    def __init__(
        self,
        hub: Hub,
        accounts: Accounts,
        settings: Settings,
        suggestions: Suggestions | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.hub = hub
        self.limits = limits
        self.accounts = accounts
        self.settings = settings
        self.suggestions = suggestions or Suggestions({})
        self.peers: set[Peer] = set()
        self.sockets: set[AgentSocket] = set()
        self.desk = Duties(hub)
        self._filling = asyncio.Lock()

    async def fill_room(self) -> None:
        """Fill the waiting room anew, once for all consoles that need it.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        async with self._filling:
            if not self.hub.room.filled:
                await self.hub.room.fill()

    async def keep_sessions(self) -> None:
        """Run for ever: close sockets whose sign-in has ended, warn those whose sign-in is about to."""
        while True:
            await asyncio.sleep(SESSIONS_EVERY_S)
            try:
                await self.look_at_sessions()
            except StoreUnavailable:
                pass  # nobody is signed out because Redis is away

    async def look_at_sessions(self) -> None:
        """Look once.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        digests = {socket.session for socket in self.sockets if socket.session is not None}
        left = await guarded(self.accounts.sessions.left(digests))
        for socket in tuple(self.sockets):
            if socket.session in digests:
                socket.session_lasts(left.get(socket.session))
            socket.look_at_account()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if not allowed_origin(scope["headers"], self.settings.origins):
            await refuse_upgrade(receive, send)
            return
        with ExitStack() as stranger:
            if self.limits is not None and not stranger.enter_context(self.limits.stranger(scope)):
                metrics.dropped.labels("address").inc()
                await come_later(receive, send)
                return
            await receive()
            await send({"type": "websocket.accept"})
            await self._serve(scope, receive, send, stranger.close)

    async def _serve(
        self, scope: Mapping[str, Any], receive: Receive, send: Send, let_in: Callable[[], object]
    ) -> None:
        engine = scope["extensions"]["silta.abort"]
        peer = Peer(
            send,
            engine["abort"],
            send_timeout_s=self.settings.send_timeout_s,
            outbox_max_bytes=AGENT_OUTBOX_MAX_BYTES,
            write=engine.get("write"),
        )
        self.peers.add(peer)
        socket = AgentSocket(self, peer, let_in)
        self.sockets.add(socket)
        try:
            await socket.run(Reader(receive), self.settings.hello_timeout_s)
        except Gone:
            pass
        finally:
            peer.lost()
            self.peers.discard(peer)
            self.sockets.discard(socket)
            socket.close()


class AgentSocket(FrameSocket):
    """One console's socket. A listener of the conversations it has open, and a watcher of the queue. ``let_in`` is
    called when it has said whose it is."""

    log = log
    first = wire.Hello

    def __init__(self, gateway: AgentGateway, peer: Peer, let_in: Callable[[], object] = bool) -> None:
        super().__init__(peer)
        self._let_in = let_in
        self._gateway = gateway
        self._hub = gateway.hub
        self.console = Console(gateway.hub, peer)
        self.follows = Follows(self.console, self)
        self.queue = QueueView(self.console)
        self.standing = Standing(self.console)
        self.frames = AgentFrames(self.console, self.follows, gateway.desk, gateway.accounts, gateway.suggestions)
        self._judged_by: Account | None = None
        """The account as it was when it was last asked what this socket may see."""
        self._ended = False
        self._left = False
        self._warned_ms = 0
        self._refresh: asyncio.Task[None] | None = None
        self._untold = False
        """Whether notices were lost since this console was told what stands."""
        self._checks: set[asyncio.Task[None]] = set()
        self._held: list[Mapping[str, Any]] | None = []
        """Notices that came before the welcome, which they must follow: the queue in it may be older than they are."""

    @property
    def name(self) -> str:
        return f"agent {self.console.agent or '?'}"

    @property
    def session(self) -> str | None:
        """The digest of the sign-in that this socket lives by."""
        return self.console.session

    # -- listener of the conversations it has open

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        self._peer.push({"type": "event", "conversation": conversation, **self.console.event(event)})
        if event["kind"] in MOVES_SIGHT and not self.console.account.leads:
            self._check_soon(conversation)

    def look_at_account(self) -> None:
        """Role, languages or skills may have been changed meanwhile: what is this agent's no more is let go."""
        if self.console.agent is None or self._ended or (now := self.console.account) == self._judged_by:
            return
        self._judged_by = now
        for conversation in {*self.follows, *self.queue}:
            self._check_soon(conversation)

    def _check_soon(self, conversation: str) -> None:
        check = asyncio.create_task(self._check_sight(conversation), name="sight")
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    async def _check_sight(self, conversation: str) -> None:
        """Stop following a conversation that has become others'."""
        try:
            state = await self._hub.store.load(conversation)
        except StoreUnavailable:
            return  # asked again with the next event that moves it
        if state is not None and not sees(self.console.account, state):
            self.follows.drop(conversation)
            self.queue.hide(conversation)

    def resync(self, conversation: str, start: int) -> None:
        self._peer.push({"type": "resync", "conversation": conversation, "from": start})

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None:
        if "read" not in who and who.get("id") != self.console.account.id:
            kind = "viewing" if who["role"] == "colleague" else "typing"
            told = {name: value for name, value in who.items() if name != "unseen"}
            self._peer.push({"type": kind, "conversation": conversation, **told})

    def erased(self, conversation: str) -> None:
        self.follows.drop(conversation)

    # -- watcher of the queue and the board

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """Something moved in the queue, an agent's presence changed, or notices may have been lost."""
        if "signed_out" in notice:
            if self.session in notice["signed_out"]:
                self.sign_out()
            return
        if self._held is not None:
            self._held.append(notice)
            return
        if "queue" in notice:
            self.queue.moved(notice["conversation"], notice["queue"])
        if notice.get("erased"):
            self.standing.erased(notice["conversation"])
        if notice.get("callback") is not None:
            self.standing.task(notice["callback"])
        for alert in notice.get("alerts", ()):
            self.standing.alert(alert)
        self._noticed_change(notice)
        if "presence" in notice:
            self._peer.push({"type": "presence", **notice["presence"]})
        elif "reconnected" in notice:
            self._tell_anew_soon()

    def _tell_anew_soon(self) -> None:
        self._untold = True
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._tell_anew(), name="anew")

    async def _tell_anew(self) -> None:
        """Tell what has changed while notices were lost; again when more were lost meanwhile."""
        while self._untold:
            self._untold = False
            try:
                await self._gateway.fill_room()
                told = await self.queue.refresh()
                await self.standing.refresh()
            except StoreUnavailable:
                told = False
            if not told:
                self._untold = True
                await asyncio.sleep(ANEW_S)

    def _noticed_change(self, notice: Mapping[str, Any]) -> None:
        if "offer" in notice:
            self.queue.offered(notice["offer"])
        elif "offer_gone" in notice:
            self.queue.offer_gone(notice["offer_gone"]["conversation"])
        elif "alert" in notice:
            self.standing.alert(notice["alert"])
        elif "alarm" in notice:
            self.standing.alarm(notice["alarm"])

    def _announced(self, announcement: Announcement, holds: bool) -> None:
        frame = announcement.whole() if holds else {"id": announcement.id, "ended": True}
        self._peer.push({"type": "announcement", **frame})

    # -- life

    def decode(self, text: str) -> wire.Frame:
        return wire.decode(text)

    async def handle(self, text: str | None) -> None:
        if not self._ended:
            await super().handle(text)

    async def answer(self, frame: wire.Frame) -> None:
        await self.frames.answer(frame)

    async def hello(self, hello: wire.Hello) -> None:
        hub, console = self._hub, self.console
        account, console.session = await guarded(self._gateway.accounts.admit(hello.token))
        if not permissions.may(account.role, frame_action("agent", "hello")):
            raise Forbidden("Your role may not do this.")
        self._limit = self._gateway.limits.agent() if self._gateway.limits is not None else None
        # From here on close() notes the agent's going, also when the rest of this hello fails.
        console.arrived(account, hello.language or account.languages[0])
        presence = await hub.presence.arrived(account.id)
        hub.fanout.watchers.add(self.noticed)
        hub.board.listeners.add(self._announced)
        await hub.room.refresh(listening=hub.fanout.listening.is_set())
        self._judged_by = console.account
        waiting = [line for line in await hub.lists.queue() if console.sees_line(line)]
        own = await hub.lists.mine(account.id)
        tasks = [task for task in await hub.lists.tasks() if console.sees_line(task)]
        alerts = await hub.lists.alerts()
        self.queue.told({line["conversation"] for line in waiting} | {state.id for state in own})
        for task in filter(console.makes, tasks):
            await console.note_contact(task["conversation"])
        self._peer.push(
            {
                "type": "welcome",
                "now": stamp(now_ms()),
                "agent": account.public(),
                "presence": presence,
                "queue": [console.line(line) for line in waiting],
                "callbacks": [console.task(one) for one in tasks],
                "announcements": [one.whole() for one in hub.board.current()],
                "agents": console.colleagues(),
                "skills": sorted({skill for one in hub.room.accounts.values() for skill in one.skills}),
                # What the owner's settings allow: a console offers nothing that would be refused.
                "may": {"clear": hub.clear.keeps},
                "mine": [console.own(state) for state in own],
            }
        )
        self.standing.welcomed(tasks)
        self.queue.offered_now()
        for alert in alerts:
            self.standing.alert(alert)
        held, self._held = self._held or [], None
        for notice in held:
            self.noticed(notice)
        for conversation, cursor in hello.cursors.items():
            await self.follows.resume(conversation, cursor)
        for state in own:
            if state.id not in self.follows:
                self.follows.follow(state.id, state.last)
        await self.frames.tell_presence(presence)
        await self._tell_trouble()
        self._let_in()

    async def _tell_trouble(self) -> None:
        """Who signs in while a channel cannot send is told so, like those who were there when it began."""
        found = await self._hub.trouble() if self._hub.trouble is not None else {}
        if found:
            self.standing.alarm({"code": found["code"], "at": found.get("at", ""), "ended": False})

    def session_lasts(self, left: Left | None) -> None:
        """How long the sign-in lasts if nothing is done; None when it has ended."""
        if left is None:
            self.sign_out()
        elif left.ms > WARN_MS:
            self._warned_ms = 0
        elif not self._warned_ms:
            self._warned_ms = now_ms() + left.ms
            self._peer.push({"type": "session", "ends_at": stamp(self._warned_ms), "idle": left.idle})

    def sign_out(self) -> None:
        """Close: the sign-in has ended. Nothing is sent or done from here on."""
        self._ended = True
        self.close()
        self._peer.close(1008, "signed_out")

    def close(self) -> None:
        """Stop listening; the agent's grace begins when this was the last socket."""
        self._hub.fanout.watchers.discard(self.noticed)
        self._hub.board.listeners.discard(self._announced)
        self.follows.close()
        if self._refresh is not None:
            self._refresh.cancel()
        for task in self._checks:
            task.cancel()
        if self.console.agent is not None and not self._left:
            self._left = True
            self._hub.presence.left(self.console.agent)
