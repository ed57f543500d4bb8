"""What visitors ask for, on any channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handoff import bookings, decisions, promises
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import HANDOFF_BUTTON, Decision
from handoff.desk.transcripts import render
from handoff.entry import for_visitor
from handoff.errors import BadRequest, Forbidden, NotFound
from handoff.events import PRIORITIES
from handoff.privacy.audit import VISITOR
from handoff.privacy.masking import mask
from handoff.requests.parts import cover, files_of, human_stretch
from handoff.uploads.said import visitor_sent

if TYPE_CHECKING:
    from handoff.hub import Hub

__all__ = ["VisitorRequests"]


class VisitorRequests:
    """Requests of visitors on this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def message(
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
            Forbidden: as :meth:`must_have_agreed`.
            NotFound: the button was never offered in this conversation, or a file is none of its own.
        """
        await self.must_have_agreed(new)
        files = await files_of(self._hub.uploads, new.id, attachments)
        if button is not None:
            offered = await self._hub.store.button(new.id, button)
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
                    self._hub.texts,
                    at=at,
                    text=said,
                    files=files,
                    client_id=id,
                    masked=covered.count,
                    pause=self._hub.manners.pause,
                )
            if topic is None and self._never_minds(conversation, said):
                history = await human_stretch(self._hub.store, conversation)
                return decisions.cancel_handoff(
                    conversation, self._hub.texts, at=at, history=history, text=said, client_id=id
                )
            if topic == HANDOFF_BUTTON and conversation.status in (Status.BOT, Status.QUEUED, Status.RESOLVED):
                waits = self._hub.moment.waits(conversation)
                return decisions.hand_off(conversation, self._hub.texts, at=at, waits=waits, text=said, client_id=id)
            return decisions.visitor_wrote(
                conversation,
                self._hub.texts,
                at=at,
                text=said,
                client_id=id,
                topic=topic,
                masked=covered.count,
                pause=self._hub.manners.pause,
            )

        commit = await self._hub.store.request(new.id, decide, client_id=id, new=new)
        if commit.decision is not None:
            self._hub.holds.look(commit.decision.after)
            if covered.count and "seq" in commit.answer:
                await self._hub.clear.keep(new.id, int(commit.answer["seq"]), covered)
        return commit.answer

    def _never_minds(self, conversation: Conversation, said: str) -> bool:
        waits = conversation.status is Status.QUEUED and conversation.priority != PRIORITIES[0]
        return waits and self._hub.manners.never_mind.said_in(said)

    async def request_handoff(self, new: Conversation, *, id: str) -> Mapping[str, Any]:
        """The visitor asks for a person. Answer: ``status``.

        Raises:
            Forbidden: as :meth:`must_have_agreed`.
        """
        await self.must_have_agreed(new)

        def decide(conversation: Conversation) -> Decision:
            waits = self._hub.moment.waits(conversation)
            return decisions.hand_off(conversation, self._hub.texts, at=stamp(now_ms()), waits=waits)

        return (await self._hub.store.request(new.id, decide, client_id=id, new=new)).answer

    async def cancel_handoff(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor leaves the queue. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            history = await human_stretch(self._hub.store, state)
            return decisions.cancel_handoff(state, self._hub.texts, at=stamp(now_ms()), history=history)

        return (await self._hub.store.request(conversation, decide, client_id=id)).answer

    async def set_language(self, new: Conversation, *, id: str, language: str) -> Mapping[str, Any]:
        """The visitor chose a language. Answer: ``language``."""

        def decide(conversation: Conversation) -> Decision:
            return decisions.set_language(conversation, at=stamp(now_ms()), language=language)

        return (await self._hub.store.request(new.id, decide, client_id=id, new=new)).answer

    async def rate(
        self, conversation: str, *, id: str, score: int, comment: str | None, of: str | None = None
    ) -> Mapping[str, Any]:
        """The visitor's rating, of ``agent`` or ``bot``.

        Raises:
            Forbidden: as :meth:`must_have_agreed`.
        """
        await self.must_have_agreed(Conversation(id=conversation))

        def decide(state: Conversation) -> Decision:
            return decisions.rate(
                state, self._hub.texts, at=stamp(now_ms()), score=score, comment=cover(comment), of=of
            )

        return (await self._hub.store.request(conversation, decide, client_id=id)).answer

    async def end(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor closes the conversation. Answer: ``status``."""

        async def decide(state: Conversation) -> Decision:
            history = await human_stretch(self._hub.store, state)
            return decisions.resolve(
                state, self._hub.texts, at=stamp(now_ms()), by=None, outcome="ended_by_visitor", history=history
            )

        return (await self._hub.store.request(conversation, decide, client_id=id)).answer

    def asks(self, conversation: Conversation) -> bool:
        """Whether the owner's box is still to be ticked in it."""
        return self._hub.owner.now.widget.consent and promises.must_agree(conversation)

    async def must_have_agreed(self, new: Conversation) -> None:
        """Refuse what a visitor says, sends or asks for before the owner's box is ticked. Not remembered: the same
        request is done when it comes again after the tick.

        Raises:
            Forbidden: so it is; the field ``reason`` is ``agree``, the frame that ticks it.
        """
        store = self._hub.store
        # What was agreed to or begun stays so: an old state may let in, and only the true one refuses.
        if self.asks(store.lately(new.id) or new) and self.asks(await store.load(new.id) or new):
            raise Forbidden("The visitor has not agreed yet to what the page asks for first.", reason="agree")

    async def agree(self, new: Conversation, *, id: str) -> Mapping[str, Any]:
        """The visitor ticks the owner's box. Answer: ``agreed``."""

        def decide(state: Conversation) -> Decision:
            return promises.agree(state, at=stamp(now_ms()))

        return (await self._hub.store.request(new.id, decide, client_id=id, new=new)).answer

    async def consent(self, conversation: str, *, id: str, language: str) -> Mapping[str, Any]:
        """The visitor will do with an agent of another language. Answer: ``language``."""

        def decide(state: Conversation) -> Decision:
            return promises.consent(state, self._hub.owner.now.teller, at=stamp(now_ms()), language=language)

        return (await self._hub.store.request(conversation, decide, client_id=id)).answer

    async def cancel_callback(self, conversation: str, *, id: str) -> Mapping[str, Any]:
        """The visitor needs no call or e-mail any more. Answer: ``callback``."""

        def decide(state: Conversation) -> Decision:
            return bookings.cancel(state, self._hub.owner.now.teller, at=stamp(now_ms()))

        return (await self._hub.store.request(conversation, decide, client_id=id)).answer

    def may(self) -> dict[str, bool]:
        """What this house lets a visitor do besides writing."""
        return {
            "erase": True,
            "upload": self._hub.uploads is not None and self._hub.owner.now.widget.uploads.allowed,
            "email_transcript": self._hub.mail is not None,
        }

    async def email_transcript(self, conversation: str, *, id: str, to: str) -> Mapping[str, Any]:
        """Send the conversation to an address that the visitor names. Answer: ``sent``."""
        if self._hub.mail is None:
            raise BadRequest("No e-mail is sent from here.")
        state = await self._hub.store.load(conversation)
        await self._hub.mail.send(state, await self.transcript(conversation), to=to, id=id)
        return {"sent": True}

    async def erase_own(self, conversation: str) -> Mapping[str, Any]:
        """The visitor's wish to be forgotten. Answer: ``erased``."""
        try:
            await self._hub.erasure.erase(conversation, VISITOR, "asked")
        except NotFound:
            await self._hub.erasure.forget_new(conversation)
        return {"erased": True}

    async def transcript(self, conversation: str) -> str:
        """The conversation as the visitor may read it: in its language, by the clocks of that language."""
        state = await self._hub.store.load(conversation)
        if state is None:
            return ""
        owner, language = self._hub.owner.now, state.language
        return render(
            (for_visitor(event) for event in await self._hub.store.events(conversation)),
            stamp=lambda at: owner.teller.stamp(language, datetime.fromisoformat(at)),
            speakers={role: owner.texts.say(language, f"transcript.{role}") for role in ("visitor", "bot", "system")},
        )

    async def status(self, conversation: str, state: Conversation | None = None) -> dict[str, Any]:
        """The ``status`` frame: where the conversation is, and the place in the queue. ``state`` saves the look at it
        where it was just looked at."""
        state = state or await self._hub.store.load(conversation)
        frame: dict[str, Any] = {"type": "status", "status": (state.status if state else Status.BOT).value}
        if state is not None and state.status is Status.QUEUED:
            if not self._hub.fanout.listening.is_set() or conversation not in self._hub.room.lines:
                await self._hub.room.fill()
            frame.update(self._hub.room.statuses([conversation]).get(conversation, {}))
        return frame
