"""What happens on the platform when the page sends and when a person types, taps, edits, takes back or reacts.

Each deed changes the :class:`~handoff.demo.messenger.world.World` and hands its webhook events to ``emit``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handoff.demo.messenger import hooks, routing
from handoff.demo.messenger.faults import (
    invalid,
    no_permission,
    no_such_person,
    outside_window,
    page_restricted,
    person_unavailable,
)
from handoff.demo.messenger.rules import Send
from handoff.demo.messenger.world import HUMAN_WINDOW_MS, INBOX, STANDARD_WINDOW_MS, Author, Message, Person, World

__all__ = ["Deed", "Impossible", "Platform"]

EDITS_MAX = 5
EDIT_WITHIN_MS = 15 * 60 * 1000

MEDIA = {
    "picture": ("image", "picture.png", None),
    "sticker": ("sticker", "sticker.png", 126361884370471),
    "old_sticker": ("image", "sticker.png", 126361884370471),
    "thumb": ("image", "sticker.png", 369239263222822),
    "voice": ("audio", "voice.wav", None),
    "file": ("file", "receipt.pdf", None),
    "elsewhere": ("image", "elsewhere", None),
    "huge": ("image", "huge", None),
}
"""What a person can send: its type, the file under ``/media/``, and a sticker's number. ``elsewhere`` redirects to
another host and ``huge`` never ends: neither may be kept."""


class Impossible(Exception):
    """A person cannot do this: there is no such button, message or time left."""


Deed = Callable[..., Message | None]


class Platform:
    """The rules at work. ``emit`` takes each event; ``media`` is the address that pictures lie under."""

    def __init__(self, world: World, emit: Callable[[hooks.Event], None], *, media: str = "") -> None:
        self.world = world
        self.media = media
        self.reads_at_once = True
        """Whether people have their phone in the hand: what they get is read."""
        self.force_standby = False
        self._emit = emit

    def person(self, psid: str) -> Person:
        """Raises GraphError 100/2018001 for a stranger."""
        person = self.world.people.get(psid)
        if person is None:
            raise no_such_person()
        return person

    # -- the page

    def send(self, send: Send) -> dict[str, str]:
        """A checked call to ``/messages``; returns its answer.

        Raises:
            GraphError: the window is closed, another app owns the thread, the person cannot be reached.
        """
        person = self.person(send.recipient)
        thread = person.thread
        if self.world.restricted:
            raise page_restricted()
        if person.blocked:
            raise person_unavailable()
        self._check_window(person, send)
        routing.settle(self.world, person, self.world.app.id)
        if send.action is not None:
            self._act(person, send)
            return {"recipient_id": person.psid}
        if send.persona is not None:
            raise invalid("Param persona_id is not a persona of this page")
        if send.reply_to is not None and thread.find(send.reply_to) is None:
            raise invalid("Param reply_to[mid] is not a message of this thread")
        attachments = [self._stored(one) for one in send.attachments]
        message = self._append(person, "app", send.text, attachments=attachments, quick_replies=send.quick_replies,
            buttons=send.buttons, elements=send.elements, reply_to=send.reply_to, metadata=send.metadata,
            messaging_type=send.messaging_type, tag=send.tag)  # fmt: skip
        thread.typing = False
        thread.seen_by_page = True
        self._emit(hooks.echo(self.world, person, message, self.world.app.id))
        self._arrived(person, message)
        return {"recipient_id": person.psid, "message_id": message.mid}

    def _stored(self, attachment: dict[str, Any]) -> dict[str, Any]:
        number = attachment["payload"].get("attachment_id")
        if number is None:
            return attachment
        if number not in self.world.uploads:
            raise invalid("Param attachment_id is no attachment of this page", 2018074)
        return self.world.uploads[number]

    def _check_window(self, person: Person, send: Send) -> None:
        last = person.thread.last_action_ms
        if last is None:
            raise outside_window()  # a page may not write first
        age = self.world.clock.now_ms() - last
        if send.tag == "HUMAN_AGENT":
            if not self.world.app.human_agent:
                raise no_permission("The tag HUMAN_AGENT needs the Human Agent feature")
            if age > HUMAN_WINDOW_MS:
                raise outside_window(2018065)
        elif age > STANDARD_WINDOW_MS:
            raise outside_window()

    def _act(self, person: Person, send: Send) -> None:
        thread = person.thread
        if send.action in ("react", "unreact"):
            message = thread.find(send.target_mid or "")
            if message is None:
                raise invalid("Param message_id is not a message of this thread")
            return
        thread.signs.append(str(send.action))
        if send.action == "mark_seen":
            thread.seen_by_page = True
        else:
            thread.typing = send.action == "typing_on"

    def _arrived(self, person: Person, message: Message) -> None:
        watermark = message.at_ms
        self._tell(person, "message_deliveries", "delivery", {"mids": [message.mid], "watermark": watermark})
        if self.reads_at_once:
            self._tell(person, "message_reads", "read", {"watermark": watermark})

    # -- a person

    def type(self, person: Person, text: str, *, reply_to: str | None = None) -> Message:
        """Type and send."""
        message = self._append(person, "person", text, reply_to=reply_to)
        self._acted(person, hooks.incoming(self.world, person, message))
        return message

    def tap(self, person: Person, title: str) -> Message:
        """Tap a quick reply; it is gone afterwards."""
        reply = next((one for one in person.thread.offered() if one.get("title") == title), None)
        if reply is None:
            raise Impossible(f"no quick reply {title!r} can be tapped")
        message = self._append(person, "person", title)
        self._acted(person, hooks.incoming(self.world, person, message, payload=reply["payload"]))
        return message

    def press(self, person: Person, title: str) -> Message | None:
        """Press a button of a template, be it an old one. One that opens a page tells nobody."""
        for message in reversed(person.thread.messages):
            buttons = [*message.buttons, *(b for element in message.elements for b in element.get("buttons", ()))]
            for button in buttons:
                if button["title"] == title and not message.unsent:
                    return self._postback(person, title, button["payload"]) if button["type"] == "postback" else None
        raise Impossible(f"there is no button {title!r}")

    def start(self, person: Person) -> Message:
        """Press *Get started*."""
        given = self.world.profile.get("get_started")
        if given is None or person.thread.messages:
            raise Impossible("there is no Get started button")
        return self._postback(person, "Get Started", given["payload"])

    def pick(self, person: Person, question: str) -> Message:
        """Tap an ice breaker or an entry of the persistent menu."""
        for field, name in (("ice_breakers", "question"), ("persistent_menu", "title")):
            for entry in self._in_locale(person, field):
                if entry[name] == question and "payload" in entry:
                    return self._postback(person, question, entry["payload"])
        raise Impossible(f"there is no ice breaker or menu entry {question!r}")

    def menus(self, person: Person) -> dict[str, Any]:
        """What the person sees of the profile, in their locale."""
        greeting = self.world.profile.get("greeting", [])
        text = {one["locale"]: one["text"] for one in greeting}
        return {
            "greeting": text.get(person.locale, text.get("default")),
            "get_started": "get_started" in self.world.profile,
            "ice_breakers": [one["question"] for one in self._in_locale(person, "ice_breakers")],
            "menu": [one["title"] for one in self._in_locale(person, "persistent_menu")],
        }

    def _in_locale(self, person: Person, field: str) -> list[dict[str, Any]]:
        by_locale = {one["locale"]: one["call_to_actions"] for one in self.world.profile.get(field, [])}
        found: list[dict[str, Any]] = by_locale.get(person.locale, by_locale.get("default", []))
        return found

    def _postback(self, person: Person, title: str, payload: str) -> Message:
        message = self._append(person, "person", title)
        body = {"mid": message.mid, "title": title, "payload": payload}
        self._acted(person, hooks.event(self.world, person, "messaging_postbacks", "postback", body))
        return message

    def edit(self, person: Person, mid: str, text: str) -> Message:
        """Change one's own message: five times at most, within a quarter of an hour."""
        message = self._own(person, mid)
        if message.text is None or message.edits >= EDITS_MAX:
            raise Impossible("this message cannot be edited (any more)")
        if self.world.clock.now_ms() - message.at_ms > EDIT_WITHIN_MS:
            raise Impossible("it is too late to edit")
        message.text = text
        message.edits += 1
        body = {"mid": mid, "text": text, "num_edit": message.edits}
        self._tell(person, "message_edits", "message_edit", body)
        return message

    def unsend(self, person: Person, mid: str) -> Message:
        """Take one's own message back."""
        message = self._own(person, mid)
        message.unsent, message.text, message.attachments = True, None, []
        self._put(person, hooks.deleted(self.world, person, mid))
        return message

    def react(self, person: Person, mid: str, emoji: str | None) -> Message:
        """A reaction to any message; None takes it away."""
        message = person.thread.find(mid)
        if message is None:
            raise Impossible("there is no such message")
        message.reaction = emoji
        body: dict[str, Any] = {"mid": mid, "action": "react" if emoji else "unreact"}
        if emoji:
            body |= {"reaction": "love" if emoji == "❤" else "other", "emoji": emoji}
        self._tell(person, "message_reactions", "reaction", body)
        return message

    def show(self, person: Person, what: str) -> Message:
        """Send a picture, sticker, voice message or file, see :data:`MEDIA`; or a ``location``."""
        if what == "location":
            payload: dict[str, Any] = {"coordinates": {"lat": 60.1699, "long": 24.9384}}
            kind = "location"
        elif what in MEDIA:
            kind, name, sticker = MEDIA[what]
            payload = {"url": f"{self.media}/media/{name}"}
            if sticker is not None:
                payload["sticker_id"] = sticker
        else:
            raise Impossible(f"nobody can send a {what!r}")
        message = self._append(person, "person", None, attachments=[{"type": kind, "payload": payload}])
        self._acted(person, hooks.incoming(self.world, person, message))
        return message

    def refer(self, person: Person, ref: str) -> None:
        """Come by a link ``m.me/page?ref=…`` into a thread that is there already."""
        body = {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
        self._acted(person, hooks.event(self.world, person, "messaging_referrals", "referral", body))

    def _own(self, person: Person, mid: str) -> Message:
        message = person.thread.find(mid)
        if message is None or message.by != "person" or message.unsent:
            raise Impossible("this is no message of theirs")
        return message

    def _append(self, person: Person, by: Author, text: str | None, **more: Any) -> Message:
        message = Message(self.world.new_mid(), by, self.world.clock.now_ms(), text, **more)
        person.thread.messages.append(message)
        return message

    def _acted(self, person: Person, event: hooks.Event) -> None:
        """What opens the window: the person did something."""
        person.thread.last_action_ms = self.world.clock.now_ms()
        person.thread.seen_by_page = False
        self._put(person, event)

    def _tell(self, person: Person, field: str, name: str, body: Any) -> None:
        self._put(person, hooks.event(self.world, person, field, name, body))

    def _put(self, person: Person, event: hooks.Event) -> None:
        """To our app: on ``standby`` while another app owns the thread."""
        owner = routing.owner_of(self.world, person) if self.world.routing else None
        if self.force_standby or owner not in (None, self.world.app.id):
            content = {name: value for name, value in event.content.items()}
            if "postback" in content:
                content["postback"] = {k: v for k, v in content["postback"].items() if k != "payload"}
            event = hooks.Event(event.field, event.psid, content, "standby")
        self._emit(event)

    # -- the page inbox and other apps

    def inbox_says(self, person: Person, text: str) -> Message:
        """A human answers in the page inbox, which takes the thread."""
        self.inbox_takes(person)
        message = self._append(person, "inbox", text)
        person.thread.seen_by_page = True
        self._put(person, hooks.echo(self.world, person, message, INBOX))
        self._arrived(person, message)
        return message

    def inbox_takes(self, person: Person) -> None:
        """A human moves the thread to the inbox."""
        if self.world.routing:
            self._notify(person, routing.take(self.world, person, INBOX, ""))

    def inbox_asks(self, person: Person) -> None:
        """The inbox asks the owner for the thread."""
        self._notify(person, routing.request(self.world, person, INBOX, ""))

    def inbox_done(self, person: Person) -> None:
        """The human presses *Done*."""
        notice = routing.leave(self.world, person)
        if notice is None:
            raise Impossible("the thread is not in the inbox")
        self._notify(person, notice)

    def control(self, person: Person, verb: str, *, target: int | None, metadata: str) -> None:
        """Our app's ``pass_``, ``take_``, ``request_`` or ``release_thread_control``."""
        world, own = self.world, self.world.app.id
        if not world.routing:
            raise invalid("Conversation routing is not set up for this page")
        if verb == "pass":
            if target is None:
                raise invalid("The parameter target_app_id is required")
            self._notify(person, routing.pass_to(world, person, own, target, metadata))
        elif verb == "take":
            self._notify(person, routing.take(world, person, own, metadata))
        elif verb == "request":
            self._notify(person, routing.request(world, person, own, metadata))
        else:
            routing.release(world, person, own)

    def _notify(self, person: Person, notice: routing.Notice | None) -> None:
        if notice is not None:
            event = hooks.event(self.world, person, "messaging_handovers", notice.field, notice.body)
            self._emit(event)  # never on standby: it is about who stands by

    def policy(self, action: str, reason: str) -> None:
        """Meta warns or blocks the page."""
        self.world.restricted = action == "block"
        content = {
            "recipient": {"id": self.world.page_id},
            "timestamp": self.world.clock.now_ms(),
            "policy_enforcement": {"action": action, "reason": reason},
        }
        self._emit(hooks.Event("messaging_policy_enforcement", "", content))
