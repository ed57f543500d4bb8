"""What Meta's events do to conversations. Each may be applied twice with the effect of once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from handoff.channels.messenger import decisions
from handoff.channels.messenger.alarms import Alarms
from handoff.channels.messenger.choices import Choices
from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.events import Event, Kind, text_of
from handoff.channels.messenger.inbox import NotYet
from handoff.channels.messenger.media import Kept, Media
from handoff.channels.messenger.menu import topic_of
from handoff.channels.messenger.outbox import Outbox, part_of
from handoff.channels.messenger.render import chosen, pressed
from handoff.channels.messenger.routing import Turn, is_ours, turn_of
from handoff.channels.messenger.settings import MessengerSettings
from handoff.channels.messenger.shared import apart, with_links
from handoff.channels.messenger.signs import Signs
from handoff.channels.messenger.threads import Thread, Threads
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation, Responder, Status
from handoff.decisions import Decision
from handoff.entry import Kind as Entry
from handoff.errors import Erased, NotFound
from handoff.events import LANGUAGES
from handoff.hub import Hub
from handoff.privacy.masking import mask
from handoff.requests.parts import human_stretch
from handoff.store import Commit, Decide

__all__ = ["INBOX_QUIET_MS", "Arrivals"]

log = logging.getLogger("silta.messenger")

INBOX_QUIET_MS = 12 * 3600 * 1000
"""A page without conversation routing never says that its human is done: after so long without a word from the page
inbox the bot answers again, and says so. (Less, and it would talk into a colleague's lunch or night.)"""

TEXT_MAX = 4000
"""As for a visitor's message on the web (protocol §3)."""

_THUMBS = {"369239263222822", "369239343222814", "369239383222810"}
"""Stickers that are Messenger's own thumb, small to large: an answer in one sign, so the bot reads it."""

_OPENS = frozenset({Kind.MESSAGE, Kind.POSTBACK, Kind.REACTION, Kind.REFERRAL})
"""What a person does that opens the window of 24 hours."""

_OF_ANOTHER = frozenset({Kind.EDIT, Kind.UNSENT, Kind.REACTION})
"""What a person does to a message."""


def _clean(value: Any) -> str:
    """Text that can be written anywhere: half characters replaced, no NUL."""
    return value.encode("utf-8", "replace").decode().replace("\x00", "")[:TEXT_MAX] if isinstance(value, str) else ""


class Arrivals:
    """Applies a person's events, one after the other."""

    def __init__(
        self,
        hub: Hub,
        threads: Threads,
        outbox: Outbox,
        graph: Graph,
        media: Media,
        signs: Signs,
        alarms: Alarms,
        settings: MessengerSettings,
        clock: Callable[[], int],
        choices: Choices,
    ) -> None:
        self._choices = choices
        self._hub = hub
        self._threads = threads
        self._outbox = outbox
        self._graph = graph
        self._media = media
        self._signs = signs
        self._alarms = alarms
        self._settings = settings
        self._clock = clock

    async def apply(self, event: Event) -> None:
        """Apply one event.

        Raises:
            NotYet: it is about a message that is not here (yet).
            Erased: its conversation was erased meanwhile.
            StoreUnavailable: Redis is away.
        """
        if event.kind is Kind.POLICY:
            policy = event.part(Kind.POLICY.value)
            await self._alarms.enforced(text_of(policy.get("action")), _clean(policy.get("reason")))
            return
        thread = await self._thread(event)
        if thread is None:
            return
        try:
            await self._apply(thread, event)
        except Erased:
            # Thirty pictures may take longer to fetch than the erasure to look twice.
            await self._hub.erasure.remove_files(thread.conversation)
            raise
        finally:
            if thread.new and await self._hub.store.load(thread.conversation) is not None:
                await self._threads.stay(thread)

    async def _thread(self, event: Event) -> Thread | None:
        """The thread of who it is from or to. Only what may begin a conversation begins one: who has opened the chat,
        or was erased and is told of by a late receipt, is not written down."""
        says = event.kind in (Kind.MESSAGE, Kind.POSTBACK)
        if says or turn_of(event, self._settings.app_id) in (Turn.LEFT, Turn.ASKED):
            return await self._threads.of(event.page, event.person)
        thread = await self._threads.known(event.page, event.person)
        if thread is None and event.kind in _OF_ANOTHER:
            raise NotYet
        return thread

    async def _apply(self, thread: Thread, event: Event) -> None:
        if event.kind in _OPENS and event.at > thread.last_in:
            await self._threads.note(thread.conversation, last_in=event.at)
        await self._turn(thread, event)
        match event.kind:
            case Kind.MESSAGE:
                await self._message(thread, event)
            case Kind.POSTBACK:
                await self._postback(thread, event)
            case Kind.ECHO:
                await self._echo(thread, event)
            case Kind.EDIT:
                await self._edit(thread, event)
            case Kind.UNSENT:
                await self._about(thread, event, Entry.UNSENT)
            case Kind.REACTION:
                await self._reaction(thread, event)
            case Kind.DELIVERED | Kind.READ:
                await self._mark(thread, event)

    # -- whose thread it is

    async def _turn(self, thread: Thread, event: Event) -> None:
        turn = turn_of(event, self._settings.app_id)
        if turn is Turn.ASKED:
            await self._asked(thread, event)
        elif turn is Turn.BACK:
            await self.back(thread, event.key)
        elif turn is Turn.LEFT and event.kind is not Kind.ECHO:
            await self._left(thread, event)
        elif event.kind in (Kind.MESSAGE, Kind.POSTBACK) and self._stale(thread, event):
            await self.back(thread, event.key)

    def _stale(self, thread: Thread, event: Event) -> bool:
        """Whether the page inbox had the thread and has it no more, by a message that came to us to answer."""
        if thread.inbox == "control":
            return event.at > thread.inbox_at
        return thread.inbox == "echo" and event.at - thread.inbox_at > INBOX_QUIET_MS

    async def _left(self, thread: Thread, event: Event) -> None:
        await self._threads.note(thread.conversation, inbox="control", inbox_at=event.at)

        def decide(state: Conversation) -> Decision | None:
            return decisions.inbox_took(state, self._hub.texts, at=stamp(now_ms()))

        await self._request(thread, decide, new=self._new(thread, event))

    async def back(self, thread: Thread, key: str) -> None:
        """The thread is ours again: the bot answers, and says so. Once for each ``key``."""

        async def decide(state: Conversation) -> Decision | None:
            history = await human_stretch(self._hub.store, state)
            return decisions.inbox_left(state, self._hub.texts, at=stamp(now_ms()), history=history)

        try:
            await self._request(thread, decide, id=f"back:{key}")
        except NotFound:
            pass  # nothing was ever said
        # Last: while the thread is the page inbox's, whatever stopped the write is made good by the next attempt.
        await self._threads.note(thread.conversation, inbox="")

    async def _asked(self, thread: Thread, event: Event) -> None:
        """Another app wants the thread: it gets it, unless one of our people has the conversation."""
        app = text_of(event.part(Kind.REQUESTED.value).get("requested_owner_app_id"))
        state = await self._hub.store.load(thread.conversation)
        if not app or app == self._settings.app_id:
            return
        if state is None or state.status is not Status.ASSIGNED:
            try:
                await self._graph.pass_thread(thread.person, app, "")
            except GraphError as error:
                log.warning("conversation %s: the thread was asked for and not passed: %s", thread.conversation, error)
            else:
                await self._left(thread, event)
                return
        await self._trouble(thread, event, "inbox_asks")

    async def _trouble(self, thread: Thread, event: Event, code: str) -> None:
        def decide(state: Conversation) -> Decision:
            return decisions.trouble(state, at=stamp(now_ms()), code=code)

        await self._request(thread, decide, id=f"{code}:{event.key}", new=self._new(thread, event))

    # -- what the person says

    async def _message(self, thread: Thread, event: Event) -> None:
        message = event.part("message")
        text = _clean(message.get("text"))
        attachments = message.get("attachments")
        attachments = attachments if isinstance(attachments, list) else []
        if _is_thumb(message, attachments):
            text, attachments = text or "👍", []
        attachments, links = apart(attachments, self._media.fetches)
        text = _clean(with_links(text, links))
        payload = text_of(_object(message.get("quick_reply")).get("payload")) or chosen(text, thread.choices)
        if attachments:
            await self._files(thread, event, text, attachments)
        elif text.strip() or payload:
            await self._say(thread, event, text, payload or "")
        else:
            return  # nothing in it that anybody could read
        if thread.choices and event.at >= thread.last_in:
            await self._threads.keep_choices(thread.conversation, {})

    async def _postback(self, thread: Thread, event: Event) -> None:
        postback = event.part("postback")
        await self._say(thread, event, _clean(postback.get("title")), text_of(postback.get("payload")))

    async def _say(self, thread: Thread, event: Event, text: str, payload: str) -> None:
        """What the person wrote or tapped. A payload counts only where it is one of ours; else the words alone do."""
        new, hub = self._new(thread, event), self._hub
        button, topic = pressed(payload), topic_of(payload)
        seq = await self._choices.heard(thread, event, new, text, button) if topic is None else None
        if seq is not None:
            await self._said(thread, event, seq)
            return
        try:
            answer = await hub.visitors.message(new, id=event.key, text=text, button=button, topic=topic)
        except NotFound:
            if not text.strip():
                return
            answer = await hub.visitors.message(new, id=f"{event.key}:words", text=text, button=None)
        await self._said(thread, event, int(answer.get("seq", 0)))

    async def _files(self, thread: Thread, event: Event, text: str, attachments: list[Any]) -> None:
        kept = await self._media.keep(thread.conversation, event.key, attachments)
        new = self._new(thread, event)
        covered = mask(text)

        def decide(state: Conversation) -> Decision:
            return decisions.sent_files(
                state,
                self._hub.texts,
                at=stamp(now_ms()),
                text=self._in_words(state.language, covered.text, kept, attachments),
                said=covered.text,
                files=[one.public(thread.conversation) for one in kept],
                client_id=event.key,
                pause=self._hub.manners.pause,
            )

        commit = await self._request(thread, decide, id=event.key, new=new)
        await self._said(thread, event, int(commit.answer.get("seq", 0)))

    def _in_words(self, language: str, text: str, kept: list[Kept], attachments: list[Any]) -> str:
        words = [f"[{self._hub.texts.say(language, 'file_' + one.kind)}]" for one in kept]
        shared = [_clean(attachment.get("title")) for attachment in attachments if isinstance(attachment, dict)]
        return " ".join(word for word in (text, *words, *(mask(title).text for title in shared)) if word)

    async def _said(self, thread: Thread, event: Event, seq: int) -> None:
        if event.masked and seq:
            await self._tell_masked(thread, event, seq)
        if event.mid and seq:
            await self._threads.name(thread.conversation, event.mid, seq)
        state = self._hub.store.lately(thread.conversation)
        if state is None:
            return
        if state.visitor_name is None:
            self._signs.learn(thread)
        if event.standby:
            return
        if state.responder is Responder.BOT:
            self._signs.seen(thread.person, typing=bool(state.bot_pending))
        elif state.assignee is not None and state.assignee.id != decisions.INBOX:
            self._signs.seen(thread.person)

    async def _tell_masked(self, thread: Thread, event: Event, seq: int) -> None:
        """Numbers were covered before the event was kept, so the hub has not seen them: count them, and say why."""

        def decide(state: Conversation) -> Decision:
            return decisions.masked(state, self._hub.texts, at=stamp(now_ms()), of=seq, count=event.masked)

        await self._request(thread, decide, id=f"{event.key}:masked")

    def _new(self, thread: Thread, event: Event) -> Conversation:
        """The conversation to begin with. What the person writes decides the language; until then the link they came
        by may name one."""
        referral = event.part("referral") or _object(event.part("postback").get("referral"))
        ref = text_of(referral.get("ref"))
        return Conversation(
            id=thread.conversation,
            channel="messenger",
            language=ref if ref in LANGUAGES else self._settings.language,
            page=mask(_clean(ref)[:200]).text or None,
        )

    # -- what happens to messages

    async def _echo(self, thread: Thread, event: Event) -> None:
        message = event.part("message")
        ours = part_of(text_of(message.get("metadata")))
        if ours is not None:
            if ours[0] == thread.conversation:
                await self._outbox.confirm(thread, ours[1], event.mid, event.at)
            return
        if is_ours(event, self._settings.app_id):
            return
        attachments = message.get("attachments")
        attachments, links = apart(attachments if isinstance(attachments, list) else [], self._media.fetches)
        text = _clean(with_links(_clean(message.get("text")), links))
        if not text.strip() and not attachments:
            return
        kept = await self._media.keep(thread.conversation, event.key, attachments)
        covered = mask(text)
        if thread.inbox != "control":
            at = max(event.at, thread.inbox_at)
            await self._threads.note(thread.conversation, inbox="echo", inbox_at=at)

        def decide(state: Conversation) -> Decision:
            return decisions.inbox_wrote(
                state,
                self._hub.texts,
                at=stamp(now_ms()),
                text=self._in_words(state.language, covered.text, kept, attachments),
                files=[one.public(thread.conversation) for one in kept],
                client_id=event.key,
                masked=event.masked + covered.count,
            )

        commit = await self._request(thread, decide, id=event.key, new=self._new(thread, event))
        if event.mid and commit.answer.get("seq"):
            await self._threads.name(thread.conversation, event.mid, int(commit.answer["seq"]))

    async def _edit(self, thread: Thread, event: Event) -> None:
        of = await self._number(thread, event)
        covered = mask(_clean(event.part("message_edit").get("text")))

        def decide(state: Conversation) -> Decision:
            return decisions.visitor_edited(
                state, at=stamp(now_ms()), of=of, text=covered.text, masked=event.masked + covered.count
            )

        await self._request(thread, decide, id=event.key)

    async def _about(self, thread: Thread, event: Event, kind: Entry, data: Mapping[str, Any] | None = None) -> None:
        of = await self._number(thread, event)

        def decide(state: Conversation) -> Decision:
            return decisions.said_of(state, at=stamp(now_ms()), kind=kind, of=of, data=data)

        await self._request(thread, decide, id=event.key)

    async def _reaction(self, thread: Thread, event: Event) -> None:
        reaction = event.part("reaction")
        emoji = _clean(reaction.get("emoji") or reaction.get("reaction"))[:16]
        taken_back = reaction.get("action") == "unreact"
        await self._about(thread, event, Entry.REACTION, {"emoji": emoji, "on": not taken_back})

    async def _mark(self, thread: Thread, event: Event) -> None:
        """Delivered or read up to a moment. Only news is written down."""
        reading = event.kind is Kind.READ
        before, kind = (thread.read, Entry.READ) if reading else (thread.delivered, Entry.DELIVERED)
        part = event.part(event.kind.value)
        try:
            watermark = int(part.get("watermark") or 0)
        except (TypeError, ValueError, OverflowError):
            watermark = 0
        upto = await self._threads.sent_by(thread.conversation, watermark) if watermark > 0 else 0
        mids = part.get("mids")
        for mid in mids if isinstance(mids, list) else ():
            upto = max(upto, await self._threads.number(thread.conversation, text_of(mid)) or 0)
        if upto <= before:
            return

        def decide(state: Conversation) -> Decision:
            return decisions.said_of(state, at=stamp(now_ms()), kind=kind, of=upto)

        await self._request(thread, decide, id=event.key)
        await self._threads.note(thread.conversation, **{kind.value: upto})

    async def _number(self, thread: Thread, event: Event) -> int:
        of = await self._threads.number(thread.conversation, event.mid) if event.mid else None
        if of is None:
            raise NotYet
        return of

    async def _request(
        self, thread: Thread, decide: Decide, *, id: str | None = None, new: Conversation | None = None
    ) -> Commit:
        return await self._hub.store.request(thread.conversation, decide, client_id=id, new=new)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_thumb(message: Mapping[str, Any], attachments: list[Any]) -> bool:
    known = {text_of(message.get("sticker_id"))}
    for attachment in attachments:
        payload = _object(_object(attachment).get("payload"))
        known.add(text_of(payload.get("sticker_id")))
    return bool(known & _THUMBS)
