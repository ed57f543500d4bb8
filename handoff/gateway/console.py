"""The console at the other end of an agent's socket: who sits at it, what they may see, and in which words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handoff.access.accounts import Account
from handoff.access.permissions import Facts, sees
from handoff.callbacks import is_open
from handoff.conversation import Conversation
from handoff.errors import NotFound, Unauthorized
from handoff.gateway.peer import Peer
from handoff.hub import Hub
from handoff.queue import order as queue

__all__ = ["NO_CALLBACK", "NO_CONVERSATION", "Console"]

access = logging.getLogger("silta.access")

NO_CONVERSATION = "There is no such conversation."
NO_CALLBACK = "There is no such call-back."
"""Also what is said of one that the agent may not see: the two must not be told apart (S5)."""


class Console:
    """What the parts of an agent's socket share. ``peer`` takes the frames that it is sent."""

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self.hub = hub
        self.peer = peer
        self.language = "en"
        self.session: str | None = None
        """The digest of the sign-in that this console lives by."""
        self._arrived: Account | None = None

    def arrived(self, account: Account, language: str) -> None:
        """The hello has said who it is."""
        self._arrived, self.language = account, language

    @property
    def agent(self) -> str | None:
        """The agent's id; None before the hello."""
        return self._arrived.id if self._arrived is not None else None

    @property
    def account(self) -> Account:
        """The agent's account as it is now: role, languages and skills may have changed since the hello.

        Raises:
            Unauthorized: there was no hello yet.
        """
        if self._arrived is None:
            raise Unauthorized("The first frame is hello.")
        return self.hub.room.accounts.get(self._arrived.id, self._arrived)

    # -- who may see what

    def sees_line(self, line: Mapping[str, Any]) -> bool:
        """Whether the agent may see the conversation of a line of the queue, or of a call-back."""
        return self.account.leads or sees(self.account, Facts.of_line(line))

    async def must_see(self, conversation: str, missing: str = NO_CONVERSATION) -> None:
        """Refuse what is not there and what the agent may not see, alike.

        Raises:
            NotFound: one of the two.
        """
        state = await self.hub.store.load(conversation)
        if state is None or not sees(self.account, state):
            self.turned_away(conversation, state)
            raise NotFound(missing)

    def makes(self, task: Mapping[str, Any]) -> bool:
        """Whether it is this agent who makes the call, or writes the e-mail."""
        return task["assignee"] is not None and task["assignee"]["id"] == self.account.id

    async def note_contact(self, conversation: str) -> None:
        """Write down that this agent is shown where to call, before they are."""
        await self.hub.audit.write(self.account, "clear.shown", conversation, of="callback")

    def turned_away(self, conversation: str, state: Conversation | None) -> None:
        """Note an attempt to see what the agent may not; what is not there may be asked for."""
        if state is not None:
            access.warning("agent %s was refused conversation %s", self.account.id, conversation)

    # -- in words

    def line(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """A line of the queue in the agent's language, and to whom it is offered."""
        room = self.hub.room
        shown = queue.localised(line, self.hub.texts, self.language)
        offer = room.offers.get(shown.get("conversation", ""))
        if offer is not None and offer["until_ms"] > room.now_ms:
            account = room.accounts.get(offer["agent"])
            shown["offered_to"] = {"id": offer["agent"], "name": account.name if account is not None else ""}
        return shown

    def own(self, state: Conversation) -> dict[str, Any]:
        """A conversation that the agent has, as a line with the last number of its log."""
        return {**(queue.localised(queue.entry(state) or {}, self.hub.texts, self.language)), "last": state.last}

    def task(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call-back as this agent is shown it: who makes the call learns where to, and the windows it can be moved
        to."""
        mine = self.makes(task)
        task = self.hub.clear.task(task, mine=mine)
        if task["kind"] != "phone" or not is_open(task) or not mine:
            return task
        found = self.hub.room.windows(task["language"], datetime.now(UTC))
        return {**task, "windows": [window.frame() for window in found]}

    def event(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """An event of a log with the words for what is a code in it."""
        texts = self.hub.texts
        if event["kind"] == "nlu" and event.get("topic"):
            return {**event, "title": texts.title(self.language, str(event["topic"]))}
        if event["kind"] == "channel":
            return {**event, "text": texts.channel_said(self.language, str(event["code"]))}
        if event["kind"] != "handoff":
            return event
        reasons = [{**reason, "explanation": texts.explain(self.language, reason)} for reason in event["reasons"]]
        return {**event, "reasons": reasons}

    def colleagues(self) -> list[dict[str, Any]]:
        """Everybody with an account, for a transfer."""
        room = self.hub.room
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
