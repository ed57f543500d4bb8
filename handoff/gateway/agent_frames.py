"""What an agent's frames do, by their families: looking, signs of life to others, requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from handoff.access import permissions
from handoff.access.accounts import Account, Accounts
from handoff.access.permissions import frame_action
from handoff.desk import mentions
from handoff.desk.suggestions import Suggestions
from handoff.errors import Forbidden, NotFound, Unauthorized
from handoff.gateway.console import NO_CALLBACK, NO_CONVERSATION, Console
from handoff.gateway.follows import Follows
from handoff.queue.room import SUPERVISOR
from handoff.redis_client import guarded
from handoff.requests.desk import Duties
from handoff.wire import agent as wire
from handoff.wire import codec
from handoff.wire.desk import Accept, CallbackTake, DeskFrame, Join, Uncover

__all__ = ["AgentFrames"]

access = logging.getLogger("silta.access")

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


class AgentFrames:
    """Does what the frames of one console ask for, and answers them."""

    def __init__(
        self, console: Console, follows: Follows, duties: Duties, accounts: Accounts, suggestions: Suggestions
    ) -> None:
        self._console = console
        self._hub = console.hub
        self._follows = follows
        self._duties = duties
        self._accounts = accounts
        self._suggestions = suggestions
        self._looks_at: str | None = None
        self._acted = -ACTIVE_EVERY_S

    async def answer(self, frame: wire.Frame) -> None:
        """Do it, and push the answer, where the frame has one.

        Raises:
            Refused: it cannot be done, is not for the agent's role, or not about a conversation that the agent sees.
        """
        if isinstance(frame, wire.Ping):
            # For whoever was let in by the hello; it is nothing done, so it keeps no sign-in alive.
            self._console.peer.push(codec.pong(frame.id))
            return
        await self._note_activity()
        await self._must_be_allowed(frame)
        match frame:
            case wire.Hello():
                raise Unauthorized("This socket has said hello already.")
            case wire.Open():
                await self._show(frame)
            case wire.Typing() if frame.conversation not in self._follows:
                raise Forbidden("Open the conversation first.")
            case wire.Typing():
                await self._type(frame)
            case wire.Read():
                await self._read(frame)
            case wire.Viewing():
                await self._look(frame.conversation)
            case _:
                self._console.peer.push(codec.ack(frame.id, await self.request(frame)))

    async def _note_activity(self) -> None:
        """The agent is at work, in this window."""
        now, console = asyncio.get_running_loop().time(), self._console
        if now - self._acted >= ACTIVE_EVERY_S:
            self._acted = now
            if console.session is not None:
                await guarded(self._accounts.sessions.account_of(console.session, lengthen=True))
            if await self._hub.presence.did_something(console.account.id):
                await self.tell_presence("online")

    async def _must_be_allowed(self, frame: wire.Frame) -> None:
        """Refuse what is not for the agent's role, and what is about a conversation that the agent does not see.

        Raises:
            Forbidden: the role may not.
            NotFound: there is no such conversation, for this agent.
        """
        account, kind = self._console.account, wire.KINDS[type(frame)]
        if not permissions.may(account.role, frame_action("agent", kind)):
            access.warning("agent %s, %s, was refused %s", account.id, account.role, kind)
            raise Forbidden("Your role may not do this.")
        conversation, callback = getattr(frame, "conversation", None), getattr(frame, "callback", None)
        # These two have no answer; they look for themselves.
        if conversation is not None and not isinstance(frame, (wire.Typing, wire.Viewing)):
            await self._must_see(conversation)
        elif callback is not None:
            await self._must_see(callback.rpartition(".")[0], NO_CALLBACK)

    async def _must_see(self, conversation: str, missing: str = NO_CONVERSATION) -> None:
        if conversation not in self._follows:  # what is open was looked at, and goes when it has become others'
            await self._console.must_see(conversation, missing)

    # -- looking

    async def _show(self, frame: wire.Open) -> None:
        console, hub = self._console, self._hub
        opened = await hub.agents.opened(frame.conversation, console.language)
        await hub.audit.write(
            console.account, "transcript.read", frame.conversation, over="socket", after=frame.after
        )
        await mentions.seen(hub.store, hub.fanout, frame.conversation, console.account.id)
        # From the answer to the replay without a pause: what is said meanwhile must not come before it.
        console.peer.push(codec.ack(frame.id, opened))
        after = frame.after
        if after > opened["last"]:
            console.peer.push({"type": "resync", "conversation": frame.conversation, "from": 1})
            after = 0
        self._follows.follow(frame.conversation, after)

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
                account = self._console.account
                who = {"role": "colleague", "id": account.id, "name": account.name, "on": on}
                await self._hub.fanout.publish({"conversation": seen, "typing": who})

    # -- signs of life to others

    async def _type(self, frame: wire.Typing) -> None:
        """Show who types: to colleagues, and to the visitor only if it is somebody who may write to them. A supervisor
        who looks on unseen types a note."""
        account = self._console.account
        state = await self._hub.store.load(frame.conversation)
        who = {"role": "agent", "id": account.id, "name": account.name, "on": frame.on}
        if state is None or not state.is_with(account.id):
            who["unseen"] = True
        await self._hub.fanout.publish({"conversation": frame.conversation, "typing": who})

    async def _read(self, frame: wire.Read) -> None:
        """Tell the visitor that their agent has read it; that somebody else looks on is nothing they are told."""
        state = self._hub.store.lately(frame.conversation) or await self._hub.store.load(frame.conversation)
        if state is None or state.assignee is None or state.assignee.id != self._console.account.id:
            return
        who = {"role": "agent", "read": min(frame.of, state.last)}
        await self._hub.fanout.publish({"conversation": frame.conversation, "typing": who})

    async def tell_presence(self, value: str) -> None:
        """Show everybody who is signed in that this agent is there, away or gone."""
        account = self._console.account
        await self._hub.fanout.publish({"presence": {"agent": account.id, "name": account.name, "value": value}})

    # -- requests

    async def request(self, frame: Request) -> Mapping[str, Any]:
        """Do what a frame asks for; the fields of its ``ack``.

        Raises:
            Refused: it cannot be done.
        """
        hub, account = self._hub, self._console.account
        match frame:
            case wire.Suggest():
                return await self._suggest(frame.conversation)
            case wire.Claim():
                answer = await hub.agents.claim(account, frame.conversation, id=frame.id)
                await hub.audit.write(account, "conversation.taken", frame.conversation, by="claim")
                self._follow_taken(frame.conversation, answer)
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
                await self.tell_presence(frame.value)
                return {"value": frame.value}
            case _:
                return await self._at_the_desk(frame)

    async def _at_the_desk(self, frame: DeskFrame) -> Mapping[str, Any]:
        hub, account = self._hub, self._console.account
        if isinstance(frame, Uncover):
            return await hub.clear.show(account, frame.conversation, frame.of)
        if isinstance(frame, CallbackTake):
            # The push that shows it may overtake the answer.
            await self._console.note_contact(frame.callback.rpartition(".")[0])
        answer = await self._duties.request(account, frame)
        if isinstance(frame, Accept):
            await hub.audit.write(account, "conversation.taken", frame.conversation, by="offer")
        elif isinstance(frame, Join):
            await hub.audit.write(account, "conversation.joined", frame.conversation, seen=frame.seen)
        if isinstance(frame, (Accept, Join)):
            self._follow_taken(frame.conversation, answer)
        return answer

    def _follow_taken(self, conversation: str, answer: Mapping[str, Any]) -> None:
        if conversation not in self._follows:
            self._follows.follow(conversation, int(answer["last"]))

    async def _suggest(self, conversation: str) -> Mapping[str, Any]:
        state = await self._hub.store.load(conversation)
        if state is None:
            raise NotFound(NO_CONVERSATION)
        return {"answers": self._suggestions.of(state, self._console.language)}

    async def _target(self, agent: str | None) -> Account | None:
        if agent is None:
            return None
        account = await guarded(self._accounts.get(agent))
        if account is None or account.disabled:
            raise NotFound("There is no such agent.")
        return account
