"""What agents ask for besides the conversation itself: offers, call-backs, help, approvals, announcements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handoff import bookings, callbacks, promises
from handoff.access.accounts import Account
from handoff.access.tokens import new_id
from handoff.answers import answered, refusal
from handoff.clock import now_ms, parse_ms, stamp
from handoff.conversation import Conversation, Status
from handoff.decisions import Decision
from handoff.errors import BadRequest, Forbidden, NotFound, Refused, StoreUnavailable
from handoff.events import Line
from handoff.hub import Hub
from handoff.keys import ANSWER_TTL_S
from handoff.owner.announcements import Announcement
from handoff.privacy.masking import mask
from handoff.queue.offers import Offers
from handoff.requests.parts import cover, human_stretch
from handoff.watch.alert import Alert, tell_again
from handoff.wire import desk as wire
from handoff.wire.visitor import Callback

__all__ = ["Duties", "book_callback"]

NAME_MAX_CHARS = 80


class Duties:
    """Requests of agents on this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._offers = Offers(hub.store)

    async def request(self, account: Account, frame: wire.DeskFrame) -> Mapping[str, Any]:
        """Do what a frame asks for; the fields of its ``ack``.

        Raises:
            Refused: it cannot be done.
        """
        match frame:
            case wire.Accept():
                return await self._accept(account, frame)
            case wire.Decline():
                return await self._once(account, frame.id, lambda key: self._decline(account, frame, key))
            case wire.CallbackTake() | wire.CallbackRelease() | wire.CallbackDone() | wire.CallbackMove():
                return await self._callback(account, frame)
            case wire.Announce() | wire.AnnounceEnd():
                return await self._once(account, frame.id, lambda key: self._announce(account, frame, key))
            case _:
                return await self._conversation(account, frame)

    async def _once(
        self, account: Account, id: str, do: Callable[[str], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """Do what belongs to no conversation's write; the same id gets the same answer. ``do`` is given the key where
        it remembers in its own write that it was done; a refusal is remembered here."""
        store, key = self._hub.store, self._hub.store.keys.answer(account.id, id)
        seen = await store.call(store.redis.get(key))
        if seen is not None:
            return answered(seen)
        try:
            return await do(key)
        except StoreUnavailable:
            raise
        except Refused as refused:
            if not await store.call(store.redis.set(key, refusal(refused), ex=ANSWER_TTL_S, nx=True)):
                # The same request came twice at once, and the other was first.
                return answered(await store.call(store.redis.get(key)) or refusal(refused).encode())
            raise

    async def _decline(self, account: Account, frame: wire.Decline, key: str) -> Mapping[str, Any]:
        pause_s = self._hub.owner.now.rules.accept_pause_s
        await self._offers.decline(frame.conversation, account.id, pause_s=pause_s, answer_key=key)
        return {}

    async def _accept(self, account: Account, frame: wire.Accept) -> Mapping[str, Any]:
        async def decide(state: Conversation) -> Decision:
            offer = await self._offers.of(state.id, account.id)
            made = self._hub.agents.claimed(state, account, why=offer["why"])
            return replace(made, offer=offer["id"])

        commit = await self._hub.store.request(frame.conversation, decide, scope=account.id, client_id=frame.id)
        return commit.answer

    # -- call-backs

    async def _callback(
        self,
        account: Account,
        frame: wire.CallbackTake | wire.CallbackRelease | wire.CallbackDone | wire.CallbackMove,
    ) -> Mapping[str, Any]:
        conversation = frame.callback.rpartition(".")[0]
        if not conversation:
            raise NotFound("There is no such call-back.")
        window = await self._window(conversation, frame.window) if isinstance(frame, wire.CallbackMove) else None

        def decide(state: Conversation) -> Decision:
            teller, at, agent = self._hub.owner.now.teller, stamp(now_ms()), account.assignee
            match frame:
                case wire.CallbackTake():
                    return bookings.take(state, at=at, agent=agent, id=frame.callback, supervisor=account.leads)
                case wire.CallbackRelease():
                    return bookings.release(state, at=at, agent=agent, id=frame.callback, supervisor=account.leads)
                case wire.CallbackDone():
                    note = cover(frame.note)
                    return bookings.finish(
                        state, teller, at=at, agent=agent, id=frame.callback, outcome=frame.outcome, note=note
                    )
                case _:
                    room = self._hub.owner.now.rules.callbacks.per_window
                    if window is None:
                        raise BadRequest("window: it was not offered, or is full", field="window")
                    return bookings.move(
                        state, teller, at=at, agent=agent, id=frame.callback, window=window, room=room
                    )

        return (await self._hub.store.request(conversation, decide, scope=account.id, client_id=frame.id)).answer

    async def _window(self, conversation: str, id: str) -> callbacks.Window | None:
        state = await self._hub.store.load(conversation)
        if state is None:
            raise NotFound("There is no such call-back.")
        await self._hub.room.look()
        found = self._hub.room.windows(state.language, datetime.now(UTC))
        return next((window for window in found if window.id == id), None)

    # -- conversations

    async def _conversation(self, account: Account, frame: Any) -> Mapping[str, Any]:
        _allowed(account, frame)

        async def do(state: Conversation) -> Decision:
            teller, at, agent = self._hub.owner.now.teller, stamp(now_ms()), account.assignee
            match frame:
                case wire.Snooze():
                    promise = cover(frame.promise)
                    said = await human_stretch(self._hub.store, state)
                    return promises.snooze(
                        state,
                        teller,
                        at=at,
                        agent=agent,
                        until=frame.until,
                        promise=promise,
                        promised=cover(frame.promised),
                        waits=bool(said) and said[-1].role == "visitor",
                        supervisor=account.leads,
                    )
                case wire.SnoozeEnd():
                    return promises.snooze_end(state, at=at, agent=agent, supervisor=account.leads)
                case wire.AskHelp():
                    return promises.ask_help(state, at=at, agent=agent, note=cover(frame.note))
                case wire.Join():
                    return promises.join(state, teller, at=at, agent=agent, seen=frame.seen)
                case wire.Leave():
                    return promises.leave(state, teller, at=at, agent=agent)
                case wire.RequestApproval():
                    return promises.request_approval(
                        state,
                        at=at,
                        agent=agent,
                        id=frame.id,
                        kind=frame.kind,
                        text=mask(frame.text).text,
                        amount=cover(frame.amount),
                    )
                case wire.Decide():
                    return promises.decide_approval(
                        state,
                        at=at,
                        agent=agent,
                        id=frame.approval,
                        approved=frame.approved,
                        note=cover(frame.note),
                    )
            raise BadRequest("The type of the frame is not known.")

        async def decide(state: Conversation) -> Decision:
            return replace(await do(state), alerts=_calls(account, frame))

        commit = await self._hub.store.request(frame.conversation, decide, scope=account.id, client_id=frame.id)
        await tell_again(self._hub.store, self._hub.fanout, commit, _calls(account, frame))
        return commit.answer

    # -- announcements

    async def _announce(
        self, account: Account, frame: wire.Announce | wire.AnnounceEnd, key: str
    ) -> Mapping[str, Any]:
        if not account.leads:
            raise Forbidden("Announcements are a supervisor's.")
        if isinstance(frame, wire.AnnounceEnd):
            if not await self._hub.board.end(frame.announcement, answer_key=key):
                raise NotFound("There is no such announcement.")
            return {"announcement": frame.announcement}
        start = frame.start or stamp(now_ms())
        if parse_ms(frame.end) <= max(parse_ms(start), now_ms()):
            raise BadRequest("to: must come after from, and after now", field="to")
        # The request's own id, so that the same request sent again announces once.
        announcement = Announcement(frame.id, frame.texts, start, frame.end, frame.topics, account.id)
        await self._hub.board.post(announcement, answer_key=key)
        return {"announcement": announcement.id}


def _calls(account: Account, frame: Any) -> dict[str, Mapping[str, Any] | None]:
    """The alerts that a frame raises or ends: those who lead are told that somebody asks for help, until one joins."""
    id = f"help:{frame.conversation}"
    if isinstance(frame, (wire.AskHelp, wire.RequestApproval)):
        alert = Alert(id, "help", frame.conversation, None, {"name": account.name})
        return {id: alert.kept(stamp(now_ms()))}
    return {id: None} if isinstance(frame, (wire.Join, wire.Decide)) else {}


def _allowed(account: Account, frame: Any) -> None:
    if isinstance(frame, (wire.Join, wire.Decide)) and not account.leads:
        raise Forbidden("Only a supervisor may do this.")


async def book_callback(hub: Hub, new: Conversation, frame: Callback) -> Mapping[str, Any]:
    """The visitor asks to be called, or answered by e-mail. Answer: ``callback``, ``status``.

    Raises:
        BadRequest: the number, the address or the window is none; ``field`` says which.
        Conflict: the window has just become full.
    """
    contact: dict[str, str] = {}
    window: callbacks.Window | None = None
    by: str | None = None
    now = datetime.now(UTC)
    state = await hub.store.load(new.id) or new
    if frame.phone is not None:
        phone = callbacks.checked_phone(frame.phone, state.language)
        contact["phone"] = hub.clear.contact(new.id, "phone", phone)
        await hub.room.look()
        found = hub.room.windows(state.language, now)
        found += callbacks.own_window(state.callback, now)
        window = next((one for one in found if one.id == frame.window), None)
    else:
        contact["email"] = hub.clear.contact(new.id, "email", callbacks.checked_email(frame.email or ""))
        due = hub.owner.now.teller.email_by(now, state.language)
        if due is None:
            raise BadRequest("email: nobody answers e-mail these days", field="by")
        by = stamp(round(due.timestamp() * 1000))
    name = mask(frame.name).text.strip()[:NAME_MAX_CHARS] if frame.name else ""
    if name:
        contact["name"] = hub.clear.contact(new.id, "name", name)

    await _note_contact(hub, state, "phone" if frame.phone is not None else "email")

    async def decide(conversation: Conversation) -> Decision:
        waits = conversation.status is Status.QUEUED
        history: list[Line] = await human_stretch(hub.store, conversation) if waits else []
        if window is None and frame.phone is not None:
            # Refused here and not before: this very request, sent again when its window is full, gets its answer.
            raise BadRequest("window: it was not offered, or is full", field="window")
        return bookings.book(
            conversation,
            hub.owner.now.teller,
            at=stamp(now_ms()),
            id=f"{conversation.id}.{new_id()[:8]}",
            contact=contact,
            window=window,
            by=by,
            room=hub.owner.now.rules.callbacks.per_window,
            history=history,
        )

    return (await hub.store.request(new.id, decide, client_id=frame.id, new=new)).answer


async def _note_contact(hub: Hub, state: Conversation, kind: str) -> None:
    """Who has taken the visitor's call-back is shown where to call from now on: that is written down before."""
    holder = state.callback["assignee"] if state.callback is not None and callbacks.is_open(state.callback) else None
    if state.callback is None or holder is None or state.callback["kind"] != kind:
        return
    account = hub.room.accounts.get(holder["id"])
    if account is not None and await hub.presence.is_there(account.id):
        await hub.audit.write(account, "clear.shown", state.id, of="callback")
