"""What agents ask for in a conversation. What else they do at their desk is in :mod:`handoff.requests.desk`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handoff import decisions, packet, promises
from handoff.access.accounts import Account
from handoff.access.permissions import sees
from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision, Room
from handoff.desk import mentions
from handoff.errors import BadRequest, Forbidden, NotFound
from handoff.privacy.masking import mask
from handoff.requests.parts import cover, files_of, human_stretch
from handoff.uploads.said import agent_sent
from handoff.watch.alert import tell_again

if TYPE_CHECKING:
    from handoff.hub import Hub

__all__ = ["AgentRequests"]


class AgentRequests:
    """Requests of agents on this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def claim(self, account: Account, conversation: str, *, id: str) -> Mapping[str, Any]:
        """Take a conversation: exactly one of many wins. Answer: ``status``, ``last``."""

        def decide(state: Conversation) -> Decision:
            self._may_claim(account, state)
            return self.claimed(state, account, why=["claimed"])

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    def claimed(self, state: Conversation, account: Account, *, why: Sequence[str]) -> Decision:
        """The agent takes it, if there is room; why it is this agent stands in the log."""
        made = decisions.claim(state, self._hub.texts, at=stamp(now_ms()), agent=account.assignee, why=why)
        return replace(made, room=self.room_of(account, state.channel))

    def room_of(self, account: Account, channel: str) -> Room:
        """How many conversations the agent may have (I8)."""
        return Room(account.capacity, self._hub.owner.now.rules.channels.get(channel))

    def _may_claim(self, account: Account, state: Conversation) -> None:
        """Who waits gets nobody who does not speak their language, before the owner's time and their consent. Those
        who lead decide for themselves.

        Raises:
            Forbidden: so it is.
        """
        if state.status is not Status.QUEUED or account.leads or state.language in account.languages:
            return
        if not set(state.consents) & set(account.languages):
            raise Forbidden("You do not speak the visitor's language, and the visitor has not agreed to another yet.")
        waited_s = (now_ms() - parse_ms(state.waiting_since or stamp(now_ms()))) / 1000
        left_s = math.ceil(self._hub.owner.now.rules.other_language_after_s - waited_s)
        if left_s > 0:
            raise Forbidden(
                "You do not speak the visitor's language. Another will do, too, but it is not time for that yet.",
                retry_after=left_s,
            )

    async def message(
        self, account: Account, conversation: str, *, id: str, text: str, attachments: Sequence[str] = ()
    ) -> Mapping[str, Any]:
        """The assignee's message to the visitor, with files that were uploaded for it before. Answer: ``seq``, and
        ``masked`` where numbers were covered."""
        covered = mask(text)
        files = await files_of(self._hub.uploads, conversation, attachments)

        def decide(state: Conversation) -> Decision:
            said: dict[str, Any] = {
                "at": stamp(now_ms()),
                "agent": account.assignee,
                "text": covered.text,
                "client_id": id,
                "supervisor": account.leads,
                "masked": covered.count,
            }
            made = agent_sent(state, files=files, **said) if files else decisions.agent_wrote(state, **said)
            return replace(made, after=promises.answered(made.after, at=said["at"]))

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def note(self, account: Account, conversation: str, *, id: str, text: str) -> Mapping[str, Any]:
        """A line for agents only; who is called in it by ``@name`` is told. Answer: ``seq``, and ``masked`` where
        numbers were covered."""
        covered = mask(text)
        called: list[str] = []
        now = await self._hub.store.load(conversation)
        if now is not None:
            # Who may not see the conversation is not called to it, either.
            seeing = [one for one in self._hub.room.accounts.values() if sees(one, now)]
            called = mentions.called(covered.text, seeing, by=account.id)

        def raised(at: str) -> Mapping[str, Mapping[str, Any]]:
            return mentions.alerts(conversation, called, at=at, by=account.name)

        def decide(state: Conversation) -> Decision:
            at = stamp(now_ms())
            made = decisions.note(
                state,
                at=at,
                agent=account.assignee,
                text=covered.text,
                client_id=id,
                masked=covered.count,
                mentions=called,
            )
            return replace(made, alerts=raised(at))

        commit = await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)
        await tell_again(self._hub.store, self._hub.fanout, commit, raised(stamp(now_ms())))
        return commit.answer

    async def transfer(
        self,
        account: Account,
        conversation: str,
        *,
        id: str,
        to: Account | None,
        skill: str | None,
        note: str | None,
    ) -> Mapping[str, Any]:
        """Pass it to another agent, or to a skill's queue. Answer: ``status``.

        Raises:
            BadRequest: the agent is not there to take it; ``field`` is ``to``.
        """

        async def decide(state: Conversation) -> Decision:
            # Asked here and not before: a transfer that was done is answered the same when its target has left since.
            if to is not None and not await self._hub.presence.is_there(to.id):
                raise BadRequest(f"to: {to.name} is not online", field="to")
            made = decisions.transfer(
                state,
                self._hub.texts,
                at=stamp(now_ms()),
                by=account.assignee,
                note=cover(note),
                to=to.assignee if to is not None else None,
                skill=skill,
                supervisor=account.leads,
            )
            return replace(made, room=self.room_of(to, state.channel)) if to is not None else made

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def return_to_bot(
        self, account: Account, conversation: str, *, id: str, note: str | None
    ) -> Mapping[str, Any]:
        """Give it back to the bot. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            return decisions.return_to_bot(
                state,
                self._hub.texts,
                at=stamp(now_ms()),
                agent=account.assignee,
                note=cover(note),
                history=await human_stretch(self._hub.store, state),
                supervisor=account.leads,
            )

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def resolve(self, account: Account, conversation: str, *, id: str, outcome: str | None) -> Mapping[str, Any]:
        """Close it. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            return decisions.resolve(
                state,
                self._hub.texts,
                at=stamp(now_ms()),
                by=account.assignee,
                outcome=cover(outcome),
                history=await human_stretch(self._hub.store, state),
                supervisor=account.leads,
            )

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def opened(self, conversation: str, language: str) -> dict[str, Any]:
        """What an agent who opens a conversation gets before the events.

        Raises:
            NotFound: there is no such conversation.
        """
        state = await self._hub.store.load(conversation)
        if state is None:
            raise NotFound("There is no such conversation.")
        assignee = state.assignee
        handoff = packet.build(state, self._hub.texts, language)
        if handoff is not None:
            handoff["visitor"]["name"] = self._hub.clear.name_of(state)
        return {
            "conversation": conversation,
            "handoff": handoff,
            "status": state.status.value,
            "language": state.language,
            "last": state.last,
            "assignee": {"id": assignee.id, "name": assignee.name} if assignee else None,
        }
