"""From the log to Messenger: every entry that the person must get is sent in order, and none twice.

The log itself is the outbox. A thread's cursor says how far it is settled; before a call the attempt is written down,
so that whoever goes on after a crash or a timeout knows that the message may be there, and waits for its echo.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from handoff.channels.messenger import decisions
from handoff.channels.messenger.alarms import Alarms
from handoff.channels.messenger.client import Graph, GraphError
from handoff.channels.messenger.failures import Cure, Failure
from handoff.channels.messenger.keys import MessengerKeys
from handoff.channels.messenger.lanes import Lanes, Left
from handoff.channels.messenger.render import Choice, Rendered, outgoing, payload_of, render
from handoff.channels.messenger.routing import METADATA
from handoff.channels.messenger.settings import INBOX_APP, PAGE_INBOX, MessengerSettings
from handoff.channels.messenger.signs import Signs
from handoff.channels.messenger.threads import Attempt, Thread, Threads
from handoff.channels.messenger.usages import Usages
from handoff.channels.messenger.window import Closed, standing
from handoff.clock import now_ms, stamp
from handoff.conversation import Conversation
from handoff.decisions import Decision
from handoff.hub import Hub
from handoff.writer import Writer

__all__ = ["CONFIRM_S", "Outbox", "part_of"]

log = logging.getLogger("silta.messenger")

CONFIRM_S = 15.0
"""How long a message that may have been sent waits for its echo. Echoes come within seconds; later ones are rarer than
messages that were lost."""

BACK_OFF_S = (0.5, 30.0)
"""The first pause after a call that failed, doubled each time, and the longest."""

LOOK_AGAIN_S = 60.0
"""The longest pause at once when Meta's allowance is used up: it may be larger again sooner than was told."""

Keep = Callable[[], Awaitable[None]]


class _Later(Exception):
    """Go on with this lane after a while."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s


def part_of(metadata: str) -> tuple[str, str] | None:
    """Conversation and part (``SEQ:PART``) that a message's metadata name; None when it is not ours."""
    if not metadata.startswith(METADATA):
        return None
    conversation, _, part = metadata.removeprefix(METADATA).partition(":")
    seq, _, number = part.partition(":")
    return (conversation, part) if conversation and seq.isdigit() and number.isdigit() else None


class Outbox:
    """Sends what is due, in lanes. Run :meth:`run` for ever."""

    def __init__(
        self,
        hub: Hub,
        writer: Writer,
        keys: MessengerKeys,
        threads: Threads,
        graph: Graph,
        settings: MessengerSettings,
        alarms: Alarms,
        signs: Signs,
        clock: Callable[[], int],
        *,
        confirm_s: float = CONFIRM_S,
        back_off_s: tuple[float, float] = BACK_OFF_S,
    ) -> None:
        self._hub = hub
        self._threads = threads
        self._graph = graph
        self._settings = settings
        self._alarms = alarms
        self._signs = signs
        self._clock = clock
        self._usages = Usages(hub.store, keys)
        self._confirm_ms = round(confirm_s * 1000)
        self._back_off_s = back_off_s
        state = hub.store.keys.state
        self._lanes = Lanes(
            hub.store, writer, due=keys.due_out, held=keys.held_out, source=state, of_log=True, work=self._work
        )

    async def run(self) -> None:
        await self._lanes.run()

    def noticed(self, notice: Mapping[str, Any]) -> None:
        """A watcher of the hub's notices: something was written somewhere."""
        if "events" in notice or "reconnected" in notice:
            self._lanes.nudge()

    async def confirm(self, thread: Thread, part: str, mid: str, at: int) -> None:
        """The echo of a part: it is with the person."""
        if int(part.partition(":")[0]) > thread.cursor:
            await self._threads.sent(thread.conversation, part, mid, at)
            await self._lanes.wake(thread.conversation)
        else:
            await self._threads.name(thread.conversation, mid, int(part.partition(":")[0]))

    # -- one conversation

    async def _work(self, conversation: str, keep: Keep) -> Left:
        thread = await self._threads.load(conversation)
        if thread is None:
            log.error("conversation %s of Messenger has no thread: nothing can be sent", conversation)
            return Left(upto=await self._hub.store.last(conversation))
        cursor = thread.cursor
        try:
            for event in await self._hub.store.events(conversation, after=cursor):
                await self._entry(thread, event, keep)
                cursor = int(event["seq"])
        except _Later as later:
            await self._settle(thread, cursor)
            return Left(later.delay_s, upto=cursor)
        await self._settle(thread, cursor)
        return Left(upto=cursor)

    async def _settle(self, thread: Thread, cursor: int) -> None:
        if cursor > thread.cursor:
            fresh = await self._threads.load(thread.conversation)
            await self._threads.settle(thread.conversation, cursor, fresh.attempts if fresh else {})

    async def _entry(self, thread: Thread, event: Mapping[str, Any], keep: Keep) -> None:
        text = outgoing(event)
        seq = int(event["seq"])
        if text is not None:
            rendered = await self._rendered(thread.conversation, event, text)
            for number, message in enumerate(rendered.messages):
                if not await self._part(thread, event, f"{seq}:{number}", message, keep):
                    break  # what follows a part that will never go makes no sense
            if event["kind"] == "message" and (rendered.choices or thread.choices):
                await self._threads.keep_choices(thread.conversation, rendered.choices)
        if event["kind"] == "assigned" and not event.get("via") and text is not None:
            self._signs.seen(thread.person)
        if event["kind"] == "handoff" and self._settings.handoff == PAGE_INBOX:
            await self._pass_on(thread, seq, keep)

    async def _rendered(self, conversation: str, event: Mapping[str, Any], text: str) -> Rendered:
        choices = [Choice(button["title"], payload_of(button["id"])) for button in event.get("buttons") or ()]
        return render(text, choices, lasting=event["author"]["role"] == "system")

    async def _part(
        self, thread: Thread, event: Mapping[str, Any], part: str, message: Mapping[str, Any], keep: Keep
    ) -> bool:
        """Whether the part is there; False when it will never be."""
        await keep()
        attempt = await self._attempt(thread, part)
        if attempt is not None and attempt.mid is not None:
            return True
        if attempt is not None:
            self._wait_for_echo(attempt)
        await self._gate()
        await self._slower(keep)
        human = event["author"]["role"] == "agent" and event["kind"] == "message"
        current = await self._threads.load(thread.conversation) or thread
        rule = standing(
            now_ms=self._clock(), last_ms=current.last_in, human=human, permitted=self._settings.human_agent
        )
        if isinstance(rule, Closed):
            await self._refused(thread.conversation, rule.code, int(event["seq"]))
            return False
        started = self._clock()
        await self._threads.trying(thread.conversation, part, started)
        try:
            mid = await self._graph.send(
                thread.person, message, rule.fields(), f"{METADATA}{thread.conversation}:{part}"
            )
        except GraphError as error:
            return await self._failed(current, event, part, error.failure)
        await self._threads.sent(thread.conversation, part, mid, started)
        await self._alarms.over()
        await self._usages.tell(self._graph.usage)
        return True

    async def _attempt(self, thread: Thread, part: str) -> Attempt | None:
        known = thread.attempts.get(part)
        if known is None or known.mid is not None:
            return known
        fresh = await self._threads.load(thread.conversation)  # its echo may have come since
        return fresh.attempts.get(part) if fresh is not None else known

    def _wait_for_echo(self, attempt: Attempt) -> None:
        left = attempt.at + self._confirm_ms - self._clock()
        if 0 < left <= self._confirm_ms:
            raise _Later(left / 1000)

    async def _gate(self) -> None:
        pause = await self._alarms.pause_s()
        if pause > 0:
            raise _Later(pause)

    async def _slower(self, keep: Keep) -> None:
        """Use the rest of Meta's allowance slowly, and none of it when there is no rest."""
        usage = self._graph.usage
        if usage.wait_s:
            raise _Later(min(usage.wait_s, LOOK_AGAIN_S))
        if usage.pause_s:
            await asyncio.sleep(usage.pause_s)
            await keep()

    async def _failed(self, thread: Thread, event: Mapping[str, Any], part: str, failure: Failure) -> bool:
        conversation, seq = thread.conversation, int(event["seq"])
        log.warning("conversation %s: entry %d was not sent: %s %s", conversation, seq, failure.code, failure.detail)
        if failure.cure is Cure.UNKNOWN:
            fresh = await self._threads.load(conversation)
            known = fresh.attempts.get(part) if fresh is not None else None
            if known is not None and known.mid is not None:
                return True  # the echo was quicker than the answer
            raise _Later(self._confirm_ms / 1000)
        await self._threads.not_sent(conversation, part)
        if failure.cure in (Cure.TOKEN, Cure.PAUSED):
            raise _Later(await self._alarms.raised(failure))
        if failure.cure in (Cure.AGAIN, Cure.SLOWER):
            raise _Later(await self._back_off(thread, 4 if failure.cure is Cure.SLOWER else 1))
        if failure.cure is Cure.NOT_OURS and await self._not_ours(thread, event):
            raise _Later(0.0)
        await self._refused(conversation, failure.code, seq)
        return False

    async def _back_off(self, thread: Thread, factor: float) -> float:
        await self._threads.note(thread.conversation, tries=thread.tries + 1)
        first, longest = self._back_off_s
        pause: float = min(longest, first * factor * 2 ** min(thread.tries, 10))
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads attempts, hides nothing

    async def _not_ours(self, thread: Thread, event: Mapping[str, Any]) -> bool:
        """Another app has the thread. For what a person of ours wrote it is taken back, once; whether it was."""
        if event["author"]["role"] == "agent" and event["kind"] == "message" and thread.inbox != "taken":
            try:
                await self._graph.take_thread(thread.person)
            except GraphError as error:
                log.warning("conversation %s: the thread cannot be taken: %s", thread.conversation, error)
            else:
                await self._threads.note(thread.conversation, inbox="taken")
                return True
        await self.left_us(thread, self._clock())
        return False

    async def left_us(self, thread: Thread, at: int) -> None:
        """Another app has the thread: a human in the page inbox is the responder now."""
        await self._threads.note(thread.conversation, inbox="control", inbox_at=at)

        def decide(state: Conversation) -> Decision | None:
            return decisions.inbox_took(state, self._hub.texts, at=stamp(now_ms()))

        await self._hub.store.request(thread.conversation, decide)

    async def _refused(self, conversation: str, code: str, of: int) -> None:
        def decide(state: Conversation) -> Decision:
            return decisions.trouble(state, at=stamp(now_ms()), code=code, of=of)

        await self._hub.store.request(
            conversation, decide, scope=f"messenger:{conversation}", client_id=f"refused:{of}"
        )

    async def _pass_on(self, thread: Thread, seq: int, keep: Keep) -> None:
        """People answer in the page inbox: give it the thread, with what a human there must know."""
        part = f"{seq}:99"
        known = await self._attempt(thread, part)
        if known is not None and known.mid is not None:
            return
        await keep()
        await self._gate()
        state = await self._hub.store.load(thread.conversation)
        if state is None or state.responder.value == "bot":
            return  # changed their mind
        opened = await self._hub.agents.opened(thread.conversation, state.language)
        summary = str((opened["handoff"] or {}).get("summary", ""))[:900]
        try:
            await self._graph.pass_thread(thread.person, INBOX_APP, summary)
        except GraphError as error:
            if error.failure.cure in (Cure.TOKEN, Cure.PAUSED):
                raise _Later(await self._alarms.raised(error.failure)) from None
            if error.failure.cure not in (Cure.NEVER, Cure.NOT_OURS):
                raise _Later(await self._back_off(thread, 1)) from None
            await self._refused(thread.conversation, "pass_failed", seq)
            return
        await self._threads.sent(thread.conversation, part, "", self._clock())
        await self.left_us(thread, self._clock())
