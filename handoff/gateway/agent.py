"""The agent's socket (protocol §4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError

from handoff.access import permissions
from handoff.access.accounts import Account, Accounts
from handoff.access.permissions import Facts, frame_action, sees
from handoff.access.sessions import Left
from handoff.callbacks import is_open
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.desk import mentions
from handoff.desk.suggestions import Suggestions
from handoff.edge.limits import Flooded, Limits, SocketLimit
from handoff.errors import BadRequest, Forbidden, NotFound, Refused, StoreUnavailable, TryLater, Unauthorized
from handoff.fanout import Subscription
from handoff.gateway.gate import Gone, Reader, Receive, Send, allowed_origin, come_later, refuse_upgrade
from handoff.gateway.peer import AGENT_OUTBOX_MAX_BYTES, Peer
from handoff.hub import Hub
from handoff.owner.announcements import Announcement
from handoff.queue import order as queue
from handoff.queue.room import SUPERVISOR
from handoff.requests.desk import Duties
from handoff.settings import Settings
from handoff.watch import metrics
from handoff.watch.alerts import worded
from handoff.wire import agent as wire
from handoff.wire import codec
from handoff.wire.desk import Accept, CallbackTake, DeskFrame, Join, Uncover

__all__ = ["AgentGateway", "AgentSocket"]

log = logging.getLogger("silta.agent")
access = logging.getLogger("silta.access")

OPEN_MAX = 100
"""Conversations one socket follows at once; the one opened longest ago is dropped first."""

REPLAYS_AT_ONCE = 4
"""Long histories that one socket is sent side by side; each holds a page of events in this process."""


NO_CONVERSATION = "There is no such conversation."
NO_CALLBACK = "There is no such call-back."
"""Also what is said of one that the agent may not see: the two must not be told apart (S5)."""

MOVES_SIGHT = frozenset({"language", "handoff", "transferred", "returned_to_bot", "agent_lost"})
"""Events after which a conversation may be others' than before."""

SESSIONS_EVERY_S = 2.0
"""How often the sign-ins behind the sockets are looked at: with a notice that was lost, a socket outlives its sign-in
by no more (S13 allows 5 s)."""

WARN_MS = 120_000
"""So long before a sign-in ends for want of anything done, the page is told."""

ACTIVE_EVERY_S = 5.0
"""What an agent does is noted at most so often: idleness is counted in minutes."""

Request = (
    wire.Claim
    | wire.Message
    | wire.Note
    | wire.Transfer
    | wire.ReturnToBot
    | wire.Resolve
    | wire.Presence
    | DeskFrame
    | wire.Suggest
)
"""Frames that are answered with what they brought."""


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
        left = await _guard(self.accounts.sessions.left(digests))
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
            await socket.run(Reader(receive))
        except Gone:
            pass
        finally:
            peer.lost()
            self.peers.discard(peer)
            self.sockets.discard(socket)
            socket.close()


class AgentSocket:
    """One console's socket. A listener of the conversations it has open, and a watcher of the queue. ``let_in`` is
    called when it has said whose it is."""

    def __init__(self, gateway: AgentGateway, peer: Peer, let_in: Callable[[], object] = bool) -> None:
        self._gateway = gateway
        self._let_in = let_in
        self._hub = gateway.hub
        self._peer = peer
        self._account: Account | None = None
        self._judged_by: Account | None = None
        """The account as it was when it was last asked what this socket may see."""
        self.session: str | None = None
        """The digest of the sign-in that this socket lives by."""
        self._limit: SocketLimit | None = None
        self._ended = False
        self._left = False
        self._warned_ms = 0
        self._language = "en"
        self._open: dict[str, Subscription] = {}
        self._looks_at: str | None = None
        self._lines: set[str] = set()
        """Conversations that this console believes to need a person."""
        self._offered: set[str] = set()
        """Conversations that are offered to this agent."""
        self._acted = -ACTIVE_EVERY_S
        self._refresh: asyncio.Task[None] | None = None
        self._checks: set[asyncio.Task[None]] = set()
        self._replaying = asyncio.Semaphore(REPLAYS_AT_ONCE)
        self._replays: set[asyncio.Task[None]] = set()
        self._held: list[Mapping[str, Any]] | None = []
        """Notices that came before the welcome, which they must follow: the queue in it may be older than they are."""

    @property
    def account(self) -> Account:
        if self._account is None:
            raise Unauthorized("The first frame is hello.")
        # As it is now: role, languages and skills may have changed since the hello.
        return self._hub.room.accounts.get(self._account.id, self._account)

    # -- who may see what

    def _sees_line(self, line: Mapping[str, Any]) -> bool:
        return self.account.leads or sees(self.account, Facts.of_line(line))

    async def _must_see(self, conversation: str, missing: str = NO_CONVERSATION) -> None:
        """Refuse what is not there and what the agent may not see, alike.

        Raises:
            NotFound: one of the two.
        """
        if conversation in self._open:
            return
        state = await self._hub.store.load(conversation)
        if state is None or not sees(self.account, state):
            self._turned_away(conversation, state)
            raise NotFound(missing)

    def look_at_account(self) -> None:
        """Role, languages or skills may have been changed meanwhile: what is this agent's no more is let go."""
        if self._account is None or self._ended or (now := self.account) == self._judged_by:
            return
        self._judged_by = now
        for conversation in {*self._open, *self._lines}:
            self._check_soon(conversation)

    def _check_soon(self, conversation: str) -> None:
        check = asyncio.create_task(self._check_sight(conversation), name="sight")
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    def _turned_away(self, conversation: str, state: Conversation | None) -> None:
        if state is not None:
            access.warning("agent %s was refused conversation %s", self.account.id, conversation)

    async def _check_sight(self, conversation: str) -> None:
        """Stop following a conversation that has become others'."""
        try:
            state = await self._hub.store.load(conversation)
        except StoreUnavailable:
            return  # asked again with the next event that moves it
        if state is None or sees(self.account, state):
            return
        subscription = self._open.pop(conversation, None)
        if subscription is not None:
            subscription.close()
        if conversation in self._lines:
            self._push_line(conversation, None)

    # -- listener and watcher

    def deliver(self, conversation: str, event: Mapping[str, Any]) -> None:
        self._peer.push({"type": "event", "conversation": conversation, **self._explained(event)})
        if event["kind"] in MOVES_SIGHT and not self.account.leads:
            self._check_soon(conversation)

    def resync(self, conversation: str, start: int) -> None:
        self._peer.push({"type": "resync", "conversation": conversation, "from": start})

    def typing(self, conversation: str, who: Mapping[str, Any]) -> None:
        if "read" not in who and who.get("id") != self.account.id:
            kind = "viewing" if who["role"] == "colleague" else "typing"
            told = {name: value for name, value in who.items() if name != "unseen"}
            self._peer.push({"type": kind, "conversation": conversation, **told})

    def _task(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call-back as this agent is shown it: who makes the call learns where to, and the windows it can be moved
        to."""
        mine = self._makes(task)
        task = self._hub.clear.task(task, mine=mine)
        if task["kind"] != "phone" or not is_open(task) or not mine:
            return task
        found = self._hub.room.windows(task["language"], datetime.now(UTC))
        return {**task, "windows": [window.frame() for window in found]}

    def _makes(self, task: Mapping[str, Any]) -> bool:
        return task["assignee"] is not None and task["assignee"]["id"] == self.account.id

    async def _note_contact(self, conversation: str) -> None:
        """Write down that this agent is shown where to call, before they are."""
        await self._hub.audit.write(self.account, "clear.shown", conversation, of="callback")

    @property
    def crowded(self) -> bool:
        return self._peer.crowded

    def erased(self, conversation: str) -> None:
        self._open.pop(conversation, None)

    async def flushed(self) -> None:
        await self._peer.flushed()

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
            self._noticed_line(notice["conversation"], notice["queue"])
        if notice.get("erased"):
            self._peer.push({"type": "erased", "conversation": notice["conversation"]})
        if "callback" in notice and notice["callback"] is not None and self._sees_line(notice["callback"]):
            self._peer.push({"type": "callback", "task": self._task(notice["callback"])})
        self._noticed_change(notice)
        if "presence" in notice:
            self._peer.push({"type": "presence", **notice["presence"]})
        elif "reconnected" in notice and (self._refresh is None or self._refresh.done()):
            self._refresh = asyncio.create_task(self._refresh_queue(), name="queue")

    def _noticed_change(self, notice: Mapping[str, Any]) -> None:
        if "offer" in notice:
            self._push_offer(notice["offer"])
        elif "offer_gone" in notice:
            self._offer_gone(notice["offer_gone"]["conversation"])
        elif "alert" in notice:
            self._push_alert(notice["alert"])
        elif "alarm" in notice:
            self._push_alarm(notice["alarm"])

    def sign_out(self) -> None:
        """Close: the sign-in has ended. Nothing is sent or done from here on."""
        self._ended = True
        self.close()
        self._peer.close(1008, "signed_out")

    def session_lasts(self, left: Left | None) -> None:
        """How long the sign-in lasts if nothing is done; None when it has ended."""
        if left is None:
            self.sign_out()
        elif left.ms > WARN_MS:
            self._warned_ms = 0
        elif not self._warned_ms:
            self._warned_ms = now_ms() + left.ms
            self._peer.push({"type": "session", "ends_at": stamp(self._warned_ms), "idle": left.idle})

    def _noticed_line(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        if line is not None and not self._sees_line(line):
            line = None
        # Who does not know of a conversation does not hear that it has gone either.
        if line is not None or conversation in self._lines:
            self._push_line(conversation, line)

    def _push_offer(self, offer: Mapping[str, Any]) -> None:
        conversation = offer["conversation"]
        line = self._hub.room.lines.get(conversation)
        if line is None:
            return
        if offer["agent"] == self.account.id:
            self._offered.add(conversation)
            self._peer.push(
                {
                    "type": "offer",
                    "conversation": conversation,
                    "expires_at": stamp(offer["until_ms"]),
                    "entry": self._shown(line),
                    "why": list(offer["why"]),
                }
            )
        self._noticed_line(conversation, line)

    def _offer_gone(self, conversation: str) -> None:
        if conversation in self._offered:
            self._offered.discard(conversation)
            self._peer.push({"type": "offer.gone", "conversation": conversation})
        line = self._hub.room.lines.get(conversation)
        if line is not None:
            self._noticed_line(conversation, line)

    def _push_alert(self, alert: Mapping[str, Any]) -> None:
        meant = alert.get("for_agent") == self.account.id
        # Who is called in a note is called alone.
        if meant or (self.account.leads and alert["kind"] != mentions.KIND):
            self._peer.push({"type": "alert", **worded(alert, self._hub.owner.now, self._language)})

    def _announced(self, announcement: Announcement, holds: bool) -> None:
        frame = announcement.whole() if holds else {"id": announcement.id, "ended": True}
        self._peer.push({"type": "announcement", **frame})

    def _shown(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """A line of the queue in the agent's language, and to whom it is offered."""
        shown = queue.localised(line, self._hub.texts, self._language)
        offer = self._hub.room.offers.get(shown.get("conversation", ""))
        if offer is not None and offer["until_ms"] > self._hub.room.now_ms:
            account = self._hub.room.accounts.get(offer["agent"])
            shown["offered_to"] = {"id": offer["agent"], "name": account.name if account is not None else ""}
        return shown

    def _explained(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        texts = self._hub.texts
        if event["kind"] == "nlu" and event.get("topic"):
            return {**event, "title": texts.title(self._language, str(event["topic"]))}
        if event["kind"] == "channel":
            return {**event, "text": texts.channel_said(self._language, str(event["code"]))}
        if event["kind"] != "handoff":
            return event
        reasons = [{**reason, "explanation": texts.explain(self._language, reason)} for reason in event["reasons"]]
        return {**event, "reasons": reasons}

    def _push_alarm(self, alarm: Mapping[str, Any]) -> None:
        code = "working_again" if alarm["ended"] else alarm["code"]
        text = self._hub.texts.channel_said(self._language, code)
        self._peer.push({"type": "alert", "id": "messenger", "kind": "token", "text": text, **alarm})

    def _push_line(self, conversation: str, line: Mapping[str, Any] | None) -> None:
        if line is not None:
            self._lines.add(conversation)
        else:
            self._lines.discard(conversation)
        if conversation in self._offered and (line is None or line["status"] != Status.QUEUED.value):
            self._offered.discard(conversation)
            self._peer.push({"type": "offer.gone", "conversation": conversation})
        shown = self._shown(line) if line is not None else None
        self._peer.push({"type": "queue", "conversation": conversation, "entry": shown})

    async def _refresh_queue(self) -> None:
        try:
            lines: dict[str, Any] = {line["conversation"]: line for line in await self._hub.lists.queue()}
            lines.update(await self._hub.lists.lines(self._lines - lines.keys()))
        except StoreUnavailable:
            return  # comes again with the next reconnection
        for conversation, line in lines.items():
            self._noticed_line(conversation, line)
            await self._peer.flushed()

    # -- life

    async def run(self, reader: Reader) -> None:
        """Talk until the socket closes.

        Raises:
            Gone: the agent closed it.
        """
        raw = await reader.hello(self._gateway.settings.hello_timeout_s)
        if raw is None:
            self._peer.close(1008)
            await self._peer.flushed()
            return
        frame: wire.Frame | None = None
        try:
            frame = wire.decode(raw)
            await self._hello(_hello(frame))
        except codec.Malformed as malformed:
            await self._refuse(malformed.id, malformed.refused, 1008)
            return
        except Refused as refused:
            code = 1013 if isinstance(refused, StoreUnavailable) else 1008
            await self._refuse(getattr(frame, "id", None), refused, code)
            return
        except Exception:
            log.exception("a hello failed")
            await self._refuse(getattr(frame, "id", None), TryLater("This did not work; come back in a moment."), 1013)
            return
        self._let_in()
        while not self._peer.closed:
            frame_text = await reader.next()
            if self._ended:
                continue
            try:
                if self._limit is not None:
                    self._limit.frame()
            except Flooded:
                metrics.dropped.labels("flood").inc()
                self._peer.close(1008, "rate_limited")
                await self._peer.flushed()
                return
            await self._handle(frame_text)

    def close(self) -> None:
        """Stop listening; the agent's grace begins when this was the last socket."""
        self._hub.fanout.watchers.discard(self.noticed)
        self._hub.board.listeners.discard(self._announced)
        for subscription in self._open.values():
            subscription.close()
        if self._refresh is not None:
            self._refresh.cancel()
        for task in (*self._checks, *self._replays):
            task.cancel()
        if self._account is not None and not self._left:
            self._left = True
            self._hub.presence.left(self._account.id)

    async def _refuse(self, id: str | None, refused: Refused, code: int) -> None:
        self._peer.push(codec.error(id, refused))
        self._peer.close(code)
        await self._peer.flushed()

    async def _hello(self, hello: wire.Hello) -> None:
        hub = self._hub
        account, self.session = await _guard(self._gateway.accounts.admit(hello.token))
        if not permissions.may(account.role, frame_action("agent", "hello")):
            raise Forbidden("Your role may not do this.")
        self._limit = self._gateway.limits.agent() if self._gateway.limits is not None else None
        self._language = hello.language or account.languages[0]
        # From here on close() notes the agent's going, also when the rest of this hello fails.
        self._account = account
        presence = await hub.presence.arrived(account.id)
        hub.fanout.watchers.add(self.noticed)
        hub.board.listeners.add(self._announced)
        await hub.room.refresh(listening=hub.fanout.listening.is_set())
        self._judged_by = self.account
        waiting = [line for line in await hub.lists.queue() if self._sees_line(line)]
        own = await hub.lists.mine(account.id)
        tasks = [task for task in await hub.lists.tasks() if self._sees_line(task)]
        alerts = await hub.lists.alerts()
        self._lines = {line["conversation"] for line in waiting} | {state.id for state in own}
        for task in filter(self._makes, tasks):
            await self._note_contact(task["conversation"])
        self._peer.push(
            {
                "type": "welcome",
                "agent": account.public(),
                "presence": presence,
                "queue": [self._shown(line) for line in waiting],
                "callbacks": [self._task(one) for one in tasks],
                "announcements": [one.whole() for one in hub.board.current()],
                "agents": self._colleagues(),
                "skills": sorted({skill for one in hub.room.accounts.values() for skill in one.skills}),
                # What the owner's settings allow: a console offers nothing that would be refused.
                "may": {"clear": hub.clear.keeps},
                "mine": [
                    {**(queue.localised(queue.entry(state) or {}, hub.texts, self._language)), "last": state.last}
                    for state in own
                ],
            }
        )
        for offer in hub.room.offers.values():
            if offer["agent"] == account.id and offer["until_ms"] > hub.room.now_ms:
                self._push_offer(offer)
        for alert in alerts:
            self._push_alert(alert)
        held, self._held = self._held or [], None
        for notice in held:
            self.noticed(notice)
        for conversation, cursor in hello.cursors.items():
            await self._resume(conversation, cursor)
        for state in own:
            if state.id not in self._open:
                self._replay(self._follow(state.id, state.last))
        await self._tell_presence(presence)
        await self._tell_trouble()

    async def _tell_trouble(self) -> None:
        """Who signs in while a channel cannot send is told so, like those who were there when it began."""
        found = await self._hub.trouble() if self._hub.trouble is not None else {}
        if found:
            self._push_alarm({"code": found["code"], "at": found.get("at", ""), "ended": False})

    def _colleagues(self) -> list[dict[str, Any]]:
        """Everybody with an account, for a transfer."""
        room = self._hub.room
        loads = {agent.id: agent.busy for agent in room.agents()}
        return [
            {
                "id": one.id,
                "name": one.name,
                "role": one.role,
                "presence": room.values.get(one.id, "offline"),
                "languages": list(one.languages),
                "skills": list(one.skills),
                "load": loads.get(one.id, 0),
                "capacity": one.capacity,
            }
            for one in sorted(room.accounts.values(), key=lambda one: one.name)
        ]

    async def _resume(self, conversation: str, cursor: int) -> None:
        state = await self._hub.store.load(conversation)
        seen = state is not None and sees(self.account, state)
        if state is None or not seen or cursor > state.last:
            if cursor:
                self._peer.push({"type": "resync", "conversation": conversation, "from": 1})
            cursor = 0
        if not seen:
            self._turned_away(conversation, state)
            return
        await self._hub.audit.write(self.account, "transcript.read", conversation, over="cursor", after=cursor)
        self._replay(self._follow(conversation, cursor))

    def _replay(self, subscription: Subscription) -> None:
        """Send what the log holds, beside what else the agent asks for: a long history over a slow line must not hold
        up what is written meanwhile."""
        task = asyncio.create_task(self._catch_up(subscription), name="replay")
        self._replays.add(task)
        task.add_done_callback(self._replays.discard)

    async def _catch_up(self, subscription: Subscription) -> None:
        async with self._replaying:
            try:
                await subscription.catch_up()
            except StoreUnavailable:
                pass  # the check after the reconnection reads the rest
            except Exception:
                log.exception("a replay of conversation %s failed", subscription.conversation)

    def _follow(self, conversation: str, sent: int) -> Subscription:
        earlier = self._open.pop(conversation, None)
        if earlier is not None:
            earlier.close()
        while len(self._open) >= OPEN_MAX:
            self._open.pop(next(iter(self._open))).close()
        subscription = self._hub.fanout.subscribe(conversation, sent, self)
        self._open[conversation] = subscription
        return subscription

    # -- frames

    async def _handle(self, text: str | None) -> None:
        reply_to: str | None = None
        try:
            if text is None:
                raise BadRequest("Frames are text.")
            frame = wire.decode(text)
            reply_to = getattr(frame, "id", None)
            await self._answer(frame)
        except codec.Malformed as malformed:
            self._peer.push(codec.error(malformed.id, malformed.refused))
        except Refused as refused:
            self._peer.push(codec.error(reply_to, refused))
        except Exception:
            log.exception("a frame of agent %s failed", self._account.id if self._account else "?")
            self._peer.push(codec.error(reply_to, TryLater("This did not work; send the same again in a moment.")))

    async def _note_activity(self) -> None:
        """The agent is at work, in this window."""
        now = asyncio.get_running_loop().time()
        if now - self._acted >= ACTIVE_EVERY_S:
            self._acted = now
            if self.session is not None:
                await _guard(self._gateway.accounts.sessions.account_of(self.session, lengthen=True))
            if await self._hub.presence.did_something(self.account.id):
                await self._tell_presence("online")

    async def _must_be_allowed(self, frame: wire.Frame) -> None:
        """Refuse what is not for the agent's role, and what is about a conversation that the agent does not see.

        Raises:
            Forbidden: the role may not.
            NotFound: there is no such conversation, for this agent.
        """
        account, kind = self.account, wire.KINDS[type(frame)]
        if not permissions.may(account.role, frame_action("agent", kind)):
            access.warning("agent %s, %s, was refused %s", account.id, account.role, kind)
            raise Forbidden("Your role may not do this.")
        conversation, callback = getattr(frame, "conversation", None), getattr(frame, "callback", None)
        # These two have no answer; they look for themselves.
        if conversation is not None and not isinstance(frame, (wire.Typing, wire.Viewing)):
            await self._must_see(conversation)
        elif callback is not None:
            await self._must_see(callback.rpartition(".")[0], NO_CALLBACK)

    async def _answer(self, frame: wire.Frame) -> None:
        if isinstance(frame, wire.Ping):
            # For whoever was let in by the hello; it is nothing done, so it keeps no sign-in alive.
            self._peer.push({"type": "pong"} if frame.id is None else {"type": "pong", "id": frame.id})
            return
        await self._note_activity()
        await self._must_be_allowed(frame)
        match frame:
            case wire.Hello():
                raise Unauthorized("This socket has said hello already.")
            case wire.Open():
                await self._show(frame)
            case wire.Typing() if frame.conversation not in self._open:
                raise Forbidden("Open the conversation first.")
            case wire.Typing():
                await self._type(frame)
            case wire.Read():
                await self._read(frame)
            case wire.Viewing():
                await self._look(frame.conversation)
            case _:
                self._peer.push(codec.ack(frame.id, await self._request(frame)))

    async def _request(self, frame: Request) -> Mapping[str, Any]:
        hub, account = self._hub, self.account
        match frame:
            case wire.Suggest():
                return await self._suggest(frame.conversation)
            case wire.Claim():
                answer = await hub.agents.claim(account, frame.conversation, id=frame.id)
                await hub.audit.write(account, "conversation.taken", frame.conversation, by="claim")
                if frame.conversation not in self._open:
                    self._replay(self._follow(frame.conversation, int(answer["last"])))
                return answer
            case wire.Message():
                return await hub.agents.message(
                    account, frame.conversation, id=frame.id, text=frame.text or "", attachments=frame.attachments
                )
            case wire.Note():
                return await hub.agents.note(account, frame.conversation, id=frame.id, text=frame.text)
            case wire.Transfer():
                to = await self._target(frame.to.agent)
                return await hub.agents.transfer(
                    account,
                    frame.conversation,
                    id=frame.id,
                    to=to,
                    skill=SUPERVISOR if frame.to.supervisor else frame.to.skill,
                    note=frame.note,
                )
            case wire.ReturnToBot():
                return await hub.agents.return_to_bot(account, frame.conversation, id=frame.id, note=frame.note)
            case wire.Resolve():
                return await hub.agents.resolve(account, frame.conversation, id=frame.id, outcome=frame.outcome)
            case wire.Presence():
                await hub.presence.set(account.id, frame.value)
                await self._tell_presence(frame.value)
                return {"value": frame.value}
            case _:
                return await self._at_the_desk(frame)

    async def _at_the_desk(self, frame: DeskFrame) -> Mapping[str, Any]:
        if isinstance(frame, Uncover):
            return await self._hub.clear.show(self.account, frame.conversation, frame.of)
        if isinstance(frame, CallbackTake):
            # The push that shows it may overtake the answer.
            await self._note_contact(frame.callback.rpartition(".")[0])
        answer = await self._gateway.desk.request(self.account, frame)
        if isinstance(frame, Accept):
            await self._hub.audit.write(self.account, "conversation.taken", frame.conversation, by="offer")
        elif isinstance(frame, Join):
            await self._hub.audit.write(self.account, "conversation.joined", frame.conversation, seen=frame.seen)
        if isinstance(frame, (Accept, Join)) and frame.conversation not in self._open:
            self._replay(self._follow(frame.conversation, int(answer["last"])))
        return answer

    async def _tell_presence(self, value: str) -> None:
        who = {"agent": self.account.id, "name": self.account.name, "value": value}
        await self._hub.fanout.publish({"presence": who})

    async def _type(self, frame: wire.Typing) -> None:
        """Show who types: to colleagues, and to the visitor only if it is somebody who may write to them. A supervisor
        who looks on unseen types a note."""
        state = await self._hub.store.load(frame.conversation)
        who = {"role": "agent", "id": self.account.id, "name": self.account.name, "on": frame.on}
        if state is None or not state.is_with(self.account.id):
            who["unseen"] = True
        await self._hub.fanout.publish({"conversation": frame.conversation, "typing": who})

    async def _read(self, frame: wire.Read) -> None:
        """Tell the visitor that their agent has read it; that somebody else looks on is nothing they are told."""
        state = self._hub.store.lately(frame.conversation) or await self._hub.store.load(frame.conversation)
        if state is None or state.assignee is None or state.assignee.id != self.account.id:
            return
        who = {"role": "agent", "read": min(frame.of, state.last)}
        await self._hub.fanout.publish({"conversation": frame.conversation, "typing": who})

    async def _look(self, conversation: str | None) -> None:
        """Tell agents who follow a conversation that this one looks at it, and those of the last that no more."""
        if conversation is not None:
            try:
                await self._must_see(conversation)
            except NotFound:
                conversation = None  # the frame has no answer, and colleagues hear nothing of a look that failed
        before, self._looks_at = self._looks_at, conversation
        for seen, on in ((before, False), (conversation, True)):
            if seen is not None and (on or seen != conversation):
                who = {"role": "colleague", "id": self.account.id, "name": self.account.name, "on": on}
                await self._hub.fanout.publish({"conversation": seen, "typing": who})

    async def _suggest(self, conversation: str) -> Mapping[str, Any]:
        state = await self._hub.store.load(conversation)
        if state is None:
            raise NotFound(NO_CONVERSATION)
        return {"answers": self._gateway.suggestions.of(state, self._language)}

    async def _show(self, frame: wire.Open) -> None:
        opened = await self._hub.agents.opened(frame.conversation, self._language)
        await self._hub.audit.write(
            self.account, "transcript.read", frame.conversation, over="socket", after=frame.after
        )
        await mentions.seen(self._hub.store, self._hub.fanout, frame.conversation, self.account.id)
        # From the answer to the replay without a pause: what is said meanwhile must not come before it.
        self._peer.push(codec.ack(frame.id, opened))
        after = frame.after
        if after > opened["last"]:
            self._peer.push({"type": "resync", "conversation": frame.conversation, "from": 1})
            after = 0
        self._replay(self._follow(frame.conversation, after))

    async def _target(self, agent: str | None) -> Any:
        if agent is None:
            return None
        account = await _guard(self._gateway.accounts.get(agent))
        if account is None or account.disabled:
            raise NotFound("There is no such agent.")
        return account


def _hello(frame: wire.Frame) -> wire.Hello:
    if not isinstance(frame, wire.Hello):
        raise BadRequest("The first frame is hello.")
    return frame


async def _guard(call: Any) -> Any:
    """Errors of Redis outside the store, as the store words them."""
    try:
        return await call
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(type(error).__name__) from error
