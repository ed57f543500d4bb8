"""What sockets ask for, done: each method takes a request, decides it in the pure core and writes it.

Every text that anybody typed is masked here, before anything else sees it (I11): what is written, sent on, logged or
given to the bot holds no identity code, card or account number.

One :class:`Hub` for each process. Methods raise :class:`~handoff.errors.Refused` for what cannot be done and
:class:`~handoff.errors.StoreUnavailable` when the outcome is unknown; the same id may then be sent again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from handoff import callbacks, decisions, packet, promises
from handoff.access.accounts import Account
from handoff.access.permissions import sees
from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Assignee, Conversation, Status, changed
from handoff.decisions import HANDOFF_BUTTON, Decision, Room, Waits
from handoff.desk import mentions
from handoff.desk.transcripts import render
from handoff.entry import for_visitor
from handoff.errors import BadRequest, Forbidden, NotFound
from handoff.events import PRIORITIES, Line
from handoff.fanout import Fanout
from handoff.holds import Holds
from handoff.mail import TranscriptMail
from handoff.owner.announcements import Board
from handoff.owner.files import LiveOwner
from handoff.owner.manners import Manners
from handoff.owner.texts import Texts
from handoff.pause import AT_ONCE
from handoff.privacy.audit import VISITOR, Audit
from handoff.privacy.clear import Clear
from handoff.privacy.erasure import Erasure
from handoff.privacy.exports import Exports
from handoff.privacy.masking import mask
from handoff.queue import order as queue
from handoff.queue.eta import MEASURED_MIN
from handoff.queue.presence import Presence
from handoff.queue.room import WaitingRoom
from handoff.store import Store
from handoff.uploads.said import agent_sent, visitor_sent
from handoff.uploads.shelf import Uploads

__all__ = ["Hub"]

QUEUE_SHOWN = 500
"""Lines of the queue that a console gets at once; the rest moves up as it empties."""

MOMENT_TOPICS = frozenset({"faq/opening_hours", "faq/response_time"})
"""Answers that are complete only with what holds right now."""

RESPONSE_SHARE = 0.8
"""So many of the latest waits were no longer than what is told as usual."""

HISTORY_LINES = 50
"""Lines of the human stretch that the bot's tracker gets: enough context, bounded cost."""


@dataclass
class Hub:
    """Requests of visitors and agents on this process."""

    store: Store
    fanout: Fanout
    presence: Presence
    texts: Texts
    owner: LiveOwner
    process: str = "hub-1"
    manners: Manners = field(default_factory=lambda: Manners(AT_ONCE))
    """Without them, no message waits for another."""
    trouble: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    """What keeps a channel from sending (``code``, ``at``), empty when nothing does; set by the channel."""
    uploads: Uploads | None = None
    """Where files are kept; without it no message has any."""
    mail: TranscriptMail | None = None
    """Sends transcripts, where the owner has a mail server."""
    holds: Holds = field(init=False)

    def __post_init__(self) -> None:
        self._greetings: dict[str, tuple[tuple[object, ...], dict[str, Any]]] = {}
        self.audit = Audit(self.store, self.process)
        self.erasure = Erasure(self.store, self.audit)
        self.exports = Exports(self.store, self.erasure, self.audit)
        self.clear = Clear(self.store, self.audit)
        self.holds = Holds(self.store, self.manners.pause)
        self.room = WaitingRoom(self.store, self.owner)
        self.board = Board(self.store, self.fanout)
        self.store.plans.target_s = lambda skill: self.owner.now.rules.target(skill)

    def open_now(self, language: str, skill: str | None = None) -> bool:
        """Whether people answer in this language now."""
        return self.owner.now.hours.of("chat").of(language, skill).open_at(datetime.now(UTC))

    def opening(self, language: str) -> dict[str, Any]:
        """What a visitor is told of the hours: whether people answer (``open``), when next (``opens_at``), and the same
        as a sentence (``opening``)."""
        settings, now = self.owner.now, datetime.now(UTC)
        hours = settings.hours.of("chat").of(language)
        opens = hours.next_open(now)
        return {
            "open": hours.open_at(now),
            "opens_at": stamp(round(opens.timestamp() * 1000)) if opens is not None and opens > now else None,
            "opening": settings.teller.open_text(language, hours, now),
        }

    def greeting(self, language: str) -> dict[str, Any]:
        """What a visitor is told who comes in: as :meth:`opening`, and how soon somebody answers (``response``). Made
        once a second, for thousands may come in it."""
        as_of = (now_ms() // 1000, self.owner.now, len(self.room.waits))
        made = self._greetings.get(language)
        if made is None or made[0] != as_of:
            made = self._greetings[language] = (
                as_of, {**self.opening(language), "response": self.response(language)}
            )
        return made[1]

    def response(self, language: str) -> str:
        """How soon somebody answers, as far as that was measured or follows from the hours; it may be empty."""
        settings, now = self.owner.now, datetime.now(UTC)
        if settings.hours.of("chat").of(language).open_at(now):
            waits = self.room.waits
            if len(waits) < MEASURED_MIN:
                return ""
            usual = sorted(waits)[int(len(waits) * RESPONSE_SHARE)]
            return settings.texts.say(language, "hours.answers_in", minutes=max(1, -(-round(usual) // 60)))
        return settings.teller.email_text(language, now)

    def additions(self, language: str, nlu: Mapping[str, Any] | None) -> tuple[str, ...]:
        """What holds at this moment and belongs to each of the bot's answers, most often nothing: answers about hours
        or response times are complete only with it."""
        if nlu is None or nlu.get("decision") != "answer":
            return ()
        return tuple(self._addition(language, str(topic)) for topic in (nlu.get("topic"), *(nlu.get("also") or ())))

    def _addition(self, language: str, topic: str) -> str:
        if topic not in MOMENT_TOPICS:
            return ""
        settings, now = self.owner.now, datetime.now(UTC)
        parts = [settings.teller.open_text(language, settings.hours.of("chat").of(language), now)]
        if topic == "faq/response_time":
            parts = [*parts, self.response(language), settings.teller.email_text(language, now)]
        return " ".join(dict.fromkeys(part for part in parts if part))

    def announced(self, state: Conversation, nlu: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        """What the bot has to tell before its answer, as id and text."""
        topic = (nlu or {}).get("topic")
        found = self.board.matching(topic, state.channel, state.announced)
        return [(one.id, one.texts[state.language]) for one in found]

    def waits(self, state: Conversation) -> Waits:
        """What somebody who begins to wait is told."""
        settings, now = self.owner.now, datetime.now(UTC)
        hours = settings.hours.of("chat").of(state.language)
        if hours.open_at(now):
            if not self.room.filled or self.room.answers(state.language):
                return Waits(open=True)
            spoken = settings.texts.say(state.language, f"names.{state.language}")
            return Waits(open=True, text=settings.texts.say(state.language, "queue.nobody", language=spoken))
        opens = hours.next_open(now)
        if opens is None:
            return Waits(open=False, text=settings.texts.say(state.language, "queue.closed"))
        told = settings.teller.when(state.language, opens, now)
        return Waits(open=False, text=settings.texts.say(state.language, "queue.closed_until", opens=told))

    # -- visitors

    async def visitor_message(
        self,
        new: Conversation,
        *,
        id: str,
        text: str | None,
        button: str | None,
        topic: str | None = None,
        attachments: Sequence[str] = (),
    ) -> Mapping[str, Any]:
        """Write a visitor's message; ``new`` is the conversation to begin with. Answer: ``seq``.

        ``attachments`` are ids of files that were uploaded for this conversation before. ``topic`` is what the text
        stands for where the channel itself has offered it (Messenger's menu). Who waits for a person and says that none
        is needed any more is taken out of the queue; whose need is urgent stays in it.

        Raises:
            NotFound: the button was never offered in this conversation, or a file is none of its own.
        """
        files = await self._files(new.id, attachments)
        if button is not None:
            offered = await self.store.button(new.id, button)
            if offered is None:
                raise NotFound("This button was not offered in this conversation.")
            text, topic = offered["title"], offered["topic"]
        covered = mask(text or "")
        said = covered.text

        async def decide(conversation: Conversation) -> Decision:
            at = stamp(now_ms())
            if files:
                return visitor_sent(
                    conversation,
                    self.texts,
                    at=at,
                    text=said,
                    files=files,
                    client_id=id,
                    masked=covered.count,
                    pause=self.manners.pause,
                )
            if topic is None and self._never_minds(conversation, said):
                history = await self.human_stretch(conversation)
                return decisions.cancel_handoff(
                    conversation, self.texts, at=at, history=history, text=said, client_id=id
                )
            if topic == HANDOFF_BUTTON and conversation.status in (Status.BOT, Status.QUEUED, Status.RESOLVED):
                waits = self.waits(conversation)
                return decisions.hand_off(conversation, self.texts, at=at, waits=waits, text=said, client_id=id)
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
            if covered.count and "seq" in commit.answer:
                await self.clear.keep(new.id, int(commit.answer["seq"]), covered)
        return commit.answer

    async def _files(self, conversation: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        if self.uploads is None:
            raise BadRequest("attachments: no files are taken here")
        return await self.uploads.send(conversation, ids)

    def _never_minds(self, conversation: Conversation, said: str) -> bool:
        waits = conversation.status is Status.QUEUED and conversation.priority != PRIORITIES[0]
        return waits and self.manners.never_mind.said_in(said)

    async def request_handoff(self, new: Conversation, *, id: str) -> Mapping[str, Any]:
        """The visitor asks for a person. Answer: ``status``."""

        def decide(conversation: Conversation) -> Decision:
            return decisions.hand_off(conversation, self.texts, at=stamp(now_ms()), waits=self.waits(conversation))

        return (await self.store.request(new.id, decide, client_id=id, new=new)).answer

    async def cancel_handoff(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor leaves the queue. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            history = await self.human_stretch(state)
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

    def visitor_may(self) -> dict[str, bool]:
        """What this house lets a visitor do besides writing."""
        return {
            "erase": True,
            "upload": self.uploads is not None and self.owner.now.widget.uploads.allowed,
            "email_transcript": self.mail is not None,
        }

    async def email_transcript(self, conversation: str, *, id: str, to: str) -> Mapping[str, Any]:
        """Send the conversation to an address that the visitor names. Answer: ``sent``."""
        if self.mail is None:
            raise BadRequest("No e-mail is sent from here.")
        state = await self.store.load(conversation)
        await self.mail.send(state, await self.transcript(conversation), to=to, id=id)
        return {"sent": True}

    async def erase_own(self, conversation: str) -> Mapping[str, Any]:
        """The visitor's wish to be forgotten. Answer: ``erased``."""
        try:
            await self.erasure.erase(conversation, VISITOR, "asked")
        except NotFound:
            await self.erasure.forget_new(conversation)
        return {"erased": True}

    async def transcript(self, conversation: str) -> str:
        """The conversation as the visitor may read it: in its language, by the clocks of that language."""
        state = await self.store.load(conversation)
        if state is None:
            return ""
        owner, language = self.owner.now, state.language
        return render(
            (for_visitor(event) for event in await self.store.events(conversation)),
            stamp=lambda at: owner.teller.stamp(language, datetime.fromisoformat(at)),
            speakers={role: owner.texts.say(language, f"transcript.{role}") for role in ("visitor", "bot", "system")},
        )

    async def visitor_status(self, conversation: str, state: Conversation | None = None) -> dict[str, Any]:
        """The ``status`` frame: where the conversation is, and the place in the queue. ``state`` saves the look at it
        where it was just looked at."""
        state = state or await self.store.load(conversation)
        frame: dict[str, Any] = {"type": "status", "status": (state.status if state else Status.BOT).value}
        if state is not None and state.status is Status.QUEUED:
            if not self.fanout.listening.is_set() or conversation not in self.room.lines:
                await self.room.fill()
            frame.update(self.room.statuses([conversation]).get(conversation, {}))
        return frame

    # -- agents

    async def claim(self, account: Account, conversation: str, *, id: str) -> Mapping[str, Any]:
        """Take a conversation: exactly one of many wins. Answer: ``status``, ``last``."""

        def decide(state: Conversation) -> Decision:
            self._may_claim(account, state)
            return self.claimed(state, account, why=["claimed"])

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    def claimed(self, state: Conversation, account: Account, *, why: Sequence[str]) -> Decision:
        """The agent takes it, if there is room; why it is this agent stands in the log."""
        made = decisions.claim(state, self.texts, at=stamp(now_ms()), agent=account.assignee, why=why)
        return replace(made, room=self.room_of(account, state.channel))

    def room_of(self, account: Account, channel: str) -> Room:
        """How many conversations the agent may have (I8)."""
        return Room(account.capacity, self.owner.now.rules.channels.get(channel))

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
        left_s = math.ceil(self.owner.now.rules.other_language_after_s - waited_s)
        if left_s > 0:
            raise Forbidden(
                "You do not speak the visitor's language. Another will do, too, but it is not time for that yet.",
                retry_after=left_s,
            )

    async def agent_message(
        self, account: Account, conversation: str, *, id: str, text: str, attachments: Sequence[str] = ()
    ) -> Mapping[str, Any]:
        """The assignee's message to the visitor, with files that were uploaded for it before. Answer: ``seq``, and
        ``masked`` where numbers were covered."""
        covered = mask(text)
        files = await self._files(conversation, attachments)

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
            # What was promised is kept with this.
            return replace(made, after=changed(made.after, snooze=None))

        return (await self.store.request(conversation, decide, scope=account.id, client_id=id)).answer

    async def note(self, account: Account, conversation: str, *, id: str, text: str) -> Mapping[str, Any]:
        """A line for agents only; who is called in it by ``@name`` is told. Answer: ``seq``, and ``masked`` where
        numbers were covered."""
        covered = mask(text)
        called: list[str] = []
        now = await self.store.load(conversation)
        if now is not None:
            # Who may not see the conversation is not called to it, either.
            seeing = [one for one in self.room.accounts.values() if sees(one, now)]
            called = mentions.called(covered.text, seeing, by=account.id)

        def decide(state: Conversation) -> Decision:
            return decisions.note(
                state,
                at=stamp(now_ms()),
                agent=account.assignee,
                text=covered.text,
                client_id=id,
                masked=covered.count,
                mentions=called,
            )

        commit = await self.store.request(conversation, decide, scope=account.id, client_id=id)
        if not commit.repeated:
            for agent in called:
                await mentions.tell(self.store, self.fanout, conversation, agent, account.name)
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
            BadRequest: the agent is not there to take it.
        """

        async def decide(state: Conversation) -> Decision:
            # Asked here and not before: a transfer that was done is answered the same when its target has left since.
            if to is not None and not await self.presence.is_there(to.id):
                raise BadRequest(f"to: {to.name} is not online")
            made = decisions.transfer(
                state,
                self.texts,
                at=stamp(now_ms()),
                by=account.assignee,
                note=_covered(note),
                to=to.assignee if to is not None else None,
                skill=skill,
                supervisor=account.leads,
            )
            return replace(made, room=self.room_of(to, state.channel)) if to is not None else made

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
                history=await self.human_stretch(state),
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
        handoff = packet.build(state, self.texts, language)
        if handoff is not None:
            handoff["visitor"]["name"] = self.clear.name_of(state)
        return {
            "conversation": conversation,
            "handoff": handoff,
            "status": state.status.value,
            "language": state.language,
            "last": state.last,
            "assignee": {"id": assignee.id, "name": assignee.name} if assignee else None,
        }

    async def queue(self) -> list[dict[str, Any]]:
        """The first lines of the queue, in the order of dispatch, reasons not yet in words."""
        redis, keys = self.store.redis, self.store.keys
        waiting = await self.store.call(redis.zrange(keys.queue, 0, QUEUE_SHOWN - 1))
        return [line for line in map(queue.entry, await self.states(waiting)) if line is not None]

    async def lines(self, conversations: Collection[str]) -> dict[str, dict[str, Any] | None]:
        """The lines of these conversations; None for one that needs no person now."""
        states = await self.states([conversation.encode() for conversation in conversations])
        found = {state.id: queue.entry(state) for state in states}
        return {conversation: found.get(conversation) for conversation in conversations}

    async def tasks(self) -> list[dict[str, Any]]:
        """Call-backs to make and e-mails to answer, soonest first."""
        redis, keys, remind = self.store.redis, self.store.keys, self.owner.now.rules.callbacks.remind_min
        pipe = redis.pipeline(transaction=False)
        pipe.zrange(keys.callbacks, 0, -1)
        pipe.zrange(keys.replies, 0, -1)
        calls, mails = await self.store.call(pipe.execute())
        found = (callbacks.task(state, remind_min=remind) for state in await self.states([*calls, *mails]))
        return sorted((task for task in found if task is not None), key=lambda task: task["from"] or task["by"])

    async def alerts(self) -> list[dict[str, Any]]:
        """The alerts that stand, not yet in words."""
        rows = await self.store.call(self.store.redis.hvals(self.store.keys.alerts))
        return sorted((json.loads(row) for row in rows), key=lambda alert: str(alert["at"]))

    async def consent(self, conversation: str, *, id: str, language: str) -> Mapping[str, Any]:
        """The visitor will do with an agent of another language. Answer: ``language``."""

        def decide(state: Conversation) -> Decision:
            return promises.consent(state, self.owner.now.teller, at=stamp(now_ms()), language=language)

        return (await self.store.request(conversation, decide, client_id=id)).answer

    async def agree(self, new: Conversation, *, id: str) -> Mapping[str, Any]:
        """The visitor ticks the owner's box. Answer: ``agreed``."""

        def decide(state: Conversation) -> Decision:
            return promises.agree(state, at=stamp(now_ms()))

        return (await self.store.request(new.id, decide, client_id=id, new=new)).answer

    async def cancel_callback(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor needs no call or e-mail any more. Answer: ``callback``."""

        def decide(state: Conversation) -> Decision:
            return promises.cancel_callback(state, self.owner.now.teller, at=stamp(now_ms()))

        return (await self.store.request(conversation, decide, client_id=id)).answer

    async def mine(self, agent: str) -> list[Conversation]:
        """The conversations that an agent has."""
        assigned = await self.store.call(self.store.redis.hgetall(self.store.keys.assigned))
        own = [conversation for conversation, holder in assigned.items() if holder == agent.encode()]
        states = await self.states(own)
        return [state for state in states if state.assignee is not None and state.assignee.id == agent]

    async def states(self, conversations: Sequence[bytes]) -> list[Conversation]:
        """Conversations as they are; those that do not exist are left out."""
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
                history=await self.human_stretch(state),
                supervisor=leads,
            )

        return (await self.store.request(conversation, decide, scope=scope, client_id=id)).answer

    async def human_stretch(self, state: Conversation) -> list[Line]:
        """What people said to each other since a person was asked for, for the bot's tracker."""
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
