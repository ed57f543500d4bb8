"""What sockets ask for, done: each method takes a request, decides it in the pure core and writes it.

Every text that anybody typed is masked here, before anything else sees it (I11): what is written, sent on, logged or
given to the bot holds no identity code, card or account number.

One :class:`Hub` for each process. Methods raise :class:`~handoff.errors.Refused` for what cannot be done and
:class:`~handoff.errors.StoreUnavailable` when the outcome is unknown; the same id may then be sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handoff import decisions, packet, queue
from handoff.accounts import Account
from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Assignee, Conversation, Status
from handoff.decisions import HANDOFF_BUTTON, Decision, Waits
from handoff.entry import for_visitor
from handoff.errors import BadRequest, NotFound
from handoff.events import PRIORITIES, Line
from handoff.fanout import Fanout
from handoff.holds import Holds
from handoff.hours import Hours
from handoff.manners import Manners
from handoff.pause import AT_ONCE
from handoff.presence import Presence
from handoff.privacy.masking import mask
from handoff.store import Store
from handoff.texts import Texts
from handoff.transcripts import render

__all__ = ["Hub"]

QUEUE_SHOWN = 500
"""Lines of the queue that a console gets at once; the rest moves up as it empties."""

HISTORY_LINES = 50
"""Lines of the human stretch that the bot's tracker gets: enough context, bounded cost."""


@dataclass
class Hub:
    """Requests of visitors and agents on this process."""

    store: Store
    fanout: Fanout
    presence: Presence
    texts: Texts
    hours: Hours
    manners: Manners = field(default_factory=lambda: Manners(AT_ONCE))
    """Without them, no message waits for another."""
    trouble: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    """What keeps a channel from sending (``code``, ``at``), empty when nothing does; set by the channel."""
    holds: Holds = field(init=False)

    def __post_init__(self) -> None:
        self.holds = Holds(self.store, self.manners.pause)

    def open_now(self) -> bool:
        """Whether people answer now."""
        return self.hours.open_at(datetime.now(UTC))

    def waits(self) -> Waits:
        return Waits(open=self.open_now())

    # -- visitors

    async def visitor_message(
        self, new: Conversation, *, id: str, text: str | None, button: str | None, topic: str | None = None
    ) -> Mapping[str, Any]:
        """Write a visitor's message; ``new`` is the conversation to begin with. Answer: ``seq``.

        ``topic`` is what the text stands for where the channel itself has offered it (Messenger's menu).
        Who waits for a person and says that none is needed any more is taken out of the queue; whose need is urgent
        stays in it.

        Raises:
            NotFound: the button was never offered in this conversation.
        """
        if button is not None:
            offered = await self.store.button(new.id, button)
            if offered is None:
                raise NotFound("This button was not offered in this conversation.")
            text, topic = offered["title"], offered["topic"]
        covered = mask(text or "")
        said = covered.text

        async def decide(conversation: Conversation) -> Decision:
            at = stamp(now_ms())
            if topic is None and self._never_minds(conversation, said):
                history = await self._human_stretch(conversation)
                return decisions.cancel_handoff(
                    conversation, self.texts, at=at, history=history, text=said, client_id=id
                )
            if topic == HANDOFF_BUTTON and conversation.status in (Status.BOT, Status.QUEUED, Status.RESOLVED):
                return decisions.hand_off(conversation, self.texts, at=at, waits=self.waits(), text=said, client_id=id)
            return decisions.visitor_wrote(
                conversation,
                self.texts,
                at=at,
                text=said,
                client_id=id,
                topic=topic,
                masked=covered.count,
                pause=self.manners.pause,
            )

        commit = await self.store.request(new.id, decide, client_id=id, new=new)
        if commit.decision is not None:
            self.holds.look(commit.decision.after)
        return commit.answer

    def _never_minds(self, conversation: Conversation, said: str) -> bool:
        waits = conversation.status is Status.QUEUED and conversation.priority != PRIORITIES[0]
        return waits and self.manners.never_mind.said_in(said)

    async def request_handoff(self, new: Conversation, *, id: str) -> Mapping[str, Any]:
        """The visitor asks for a person. Answer: ``status``."""

        def decide(conversation: Conversation) -> Decision:
            return decisions.hand_off(conversation, self.texts, at=stamp(now_ms()), waits=self.waits())

        return (await self.store.request(new.id, decide, client_id=id, new=new)).answer

    async def cancel_handoff(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor leaves the queue. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            history = await self._human_stretch(state)
            return decisions.cancel_handoff(state, self.texts, at=stamp(now_ms()), history=history)

        return (await self.store.request(conversation, decide, client_id=id)).answer

    async def set_language(self, new: Conversation, *, id: str, language: str) -> Mapping[str, Any]:
        """The visitor chose a language. Answer: ``language``."""

        def decide(conversation: Conversation) -> Decision:
            return decisions.set_language(conversation, at=stamp(now_ms()), language=language)

        return (await self.store.request(new.id, decide, client_id=id, new=new)).answer

    async def rate(
        self, conversation: str, *, id: str, score: int, comment: str | None, of: str | None = None
    ) -> Mapping[str, Any]:
        """The visitor's rating, of ``agent`` or ``bot``."""

        def decide(state: Conversation) -> Decision:
            return decisions.rate(state, self.texts, at=stamp(now_ms()), score=score, comment=_covered(comment), of=of)

        return (await self.store.request(conversation, decide, client_id=id)).answer

    async def end(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor closes the conversation. Answer: ``status``."""
        return await self._resolve(
            conversation, id=id, scope=conversation, by=None, outcome="ended_by_visitor", leads=False
        )

    async def transcript(self, conversation: str) -> str:
        """The conversation as the visitor may read it."""
        return render(for_visitor(event) for event in await self.store.events(conversation))

    async def visitor_status(self, conversation: str) -> dict[str, Any]:
        """The ``status`` frame: where the conversation is, and the place in the queue."""
        state = await self.store.load(conversation)
        frame: dict[str, Any] = {"type": "status", "status": (state.status if state else Status.BOT).value}
        if state is not None and state.status is Status.QUEUED:
            rank = await self.store.call(self.store.redis.zrank(self.store.keys.queue, conversation))
            if rank is not None:
                frame.update(position=rank + 1, ahead=rank, eta_s=None, agents=await self.presence.online())
        return frame

    # -- agents

    async def claim(self, account: Account, conversation: str, *, id: str) -> Mapping[str, Any]:
        """Take a conversation: exactly one of many wins. Answer: ``status``, ``last``."""

        def decide(state: Conversation) -> Decision:
            return decisions.claim(state, self.texts, at=stamp(now_ms()), agent=account.assignee)

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def agent_message(self, account: Account, conversation: str, *, id: str, text: str) -> Mapping[str, Any]:
        """The assignee's message to the visitor. Answer: ``seq``, and ``masked`` where numbers were covered."""
        covered = mask(text)

        def decide(state: Conversation) -> Decision:
            return decisions.agent_wrote(
                state,
                at=stamp(now_ms()),
                agent=account.assignee,
                text=covered.text,
                client_id=id,
                supervisor=account.leads,
                masked=covered.count,
            )

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def note(self, account: Account, conversation: str, *, id: str, text: str) -> Mapping[str, Any]:
        """A line for agents only. Answer: ``seq``, and ``masked`` where numbers were covered."""
        covered = mask(text)

        def decide(state: Conversation) -> Decision:
            return decisions.note(
                state,
                at=stamp(now_ms()),
                agent=account.assignee,
                text=covered.text,
                client_id=id,
                masked=covered.count,
            )

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def transfer(
        self, account: Account, conversation: str, *, id: str, to: Assignee | None, skill: str | None, note: str | None
    ) -> Mapping[str, Any]:
        """Pass it to another agent, or to a skill's queue. Answer: ``status``.

        Raises:
            BadRequest: the agent is not there to take it.
        """

        async def decide(state: Conversation) -> Decision:
            # Asked here and not before: a transfer that was done is answered the same when its target has left since.
            if to is not None and not await self.presence.is_there(to.id):
                raise BadRequest(f"to: {to.name} is not online")
            return decisions.transfer(
                state,
                self.texts,
                at=stamp(now_ms()),
                by=account.assignee,
                note=_covered(note),
                to=to,
                skill=skill,
                supervisor=account.leads,
            )

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def return_to_bot(
        self, account: Account, conversation: str, *, id: str, note: str | None
    ) -> Mapping[str, Any]:
        """Give it back to the bot. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            return decisions.return_to_bot(
                state,
                self.texts,
                at=stamp(now_ms()),
                agent=account.assignee,
                note=_covered(note),
                history=await self._human_stretch(state),
                supervisor=account.leads,
            )

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def resolve(self, account: Account, conversation: str, *, id: str, outcome: str | None) -> Mapping[str, Any]:
        """Close it. Answer: ``status``."""
        return await self._resolve(
            conversation, id=id, scope=account.id, by=account.assignee, outcome=outcome, leads=account.leads
        )

    async def opened(self, conversation: str, language: str) -> dict[str, Any]:
        """What an agent who opens a conversation gets before the events.

        Raises:
            NotFound: there is no such conversation.
        """
        state = await self.store.load(conversation)
        if state is None:
            raise NotFound("There is no such conversation.")
        assignee = state.assignee
        return {
            "conversation": conversation,
            "handoff": packet.build(state, self.texts, language),
            "status": state.status.value,
            "language": state.language,
            "last": state.last,
            "assignee": {"id": assignee.id, "name": assignee.name} if assignee else None,
        }

    async def queue(self) -> list[dict[str, Any]]:
        """The first lines of the queue, in the order of dispatch, reasons not yet in words."""
        redis, keys = self.store.redis, self.store.keys
        waiting = await self.store.call(redis.zrange(keys.queue, 0, QUEUE_SHOWN - 1))
        return [line for line in map(queue.entry, await self._states(waiting)) if line is not None]

    async def lines(self, conversations: Collection[str]) -> dict[str, dict[str, Any] | None]:
        """The lines of these conversations; None for one that needs no person now."""
        states = await self._states([conversation.encode() for conversation in conversations])
        found = {state.id: queue.entry(state) for state in states}
        return {conversation: found.get(conversation) for conversation in conversations}

    async def mine(self, agent: str) -> list[Conversation]:
        """The conversations that an agent has."""
        assigned = await self.store.call(self.store.redis.hgetall(self.store.keys.assigned))
        own = [conversation for conversation, holder in assigned.items() if holder == agent.encode()]
        states = await self._states(own)
        return [state for state in states if state.assignee is not None and state.assignee.id == agent]

    async def _states(self, conversations: list[bytes]) -> list[Conversation]:
        if not conversations:
            return []
        pipe = self.store.redis.pipeline(transaction=False)
        for conversation in conversations:
            pipe.hget(self.store.keys.state(conversation.decode()), "state")
        return [Conversation.from_json(row) for row in await self.store.call(pipe.execute()) if row is not None]

    async def _resolve(
        self, conversation: str, *, id: str, scope: str, by: Assignee | None, outcome: str | None, leads: bool
    ) -> Mapping[str, Any]:
        async def decide(state: Conversation) -> Decision:
            return decisions.resolve(
                state,
                self.texts,
                at=stamp(now_ms()),
                by=by,
                outcome=_covered(outcome),
                history=await self._human_stretch(state),
                supervisor=leads,
            )

        return (await self.store.request(conversation, decide, scope=scope, client_id=id)).answer

    async def human_stretch(self, state: Conversation) -> list[Line]:
        """What visitor and people have said since the bot fell silent, for its tracker."""
        return await self._human_stretch(state)

    async def _human_stretch(self, state: Conversation) -> list[Line]:
        if not state.human_from:
            return []
        events = await self.store.events(state.id, after=max(state.human_from - 1, 0))
        lines = [
            Line(role=event["author"]["role"], text=event["text"], at=parse_ms(event["at"]) / 1000)
            for event in events
            if event["kind"] == "message" and event["author"]["role"] in ("visitor", "agent")
        ]
        return lines[-HISTORY_LINES:]


def _covered(text: str | None) -> str | None:
    return mask(text).text if text is not None else None
