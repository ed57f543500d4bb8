"""What a call to ``/messages`` may hold: every limit of the platform, checked before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from handoff.demo.messenger.faults import invalid

__all__ = ["Send", "attachment_of", "fields_of", "list_of", "parse_send", "string_of"]

TEXT_MAX = 1999
"""\"Must be under 2,000 characters\"."""

METADATA_MAX = 999
PAYLOAD_MAX = 1000
TITLE_MAX = 20
"""Meta cuts longer ones in silence; here they are refused, since nobody wants half a word on a button."""

QUICK_REPLIES_MAX = 13
BUTTONS_MAX = 3
BUTTON_TEXT_MAX = 640
ELEMENTS_MAX = 10
ELEMENT_TEXT_MAX = 80

TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
TAGS = ("HUMAN_AGENT",)
ACTIONS = ("mark_seen", "typing_on", "typing_off", "react", "unreact")
MEDIA = ("image", "video", "audio", "file")

TOP = {"recipient", "message", "messaging_type", "tag", "sender_action", "payload", "notification_type", "persona_id",
       "reply_to", "access_token", "appsecret_proof"}  # fmt: skip
MESSAGE = {"text", "attachment", "quick_replies", "metadata"}


@dataclass(frozen=True)
class Send:
    """A call that is in order by itself; windows and owners are another matter."""

    recipient: str
    action: str | None = None
    target_mid: str | None = None
    """Of ``react`` and ``unreact``."""
    reaction: str | None = None
    messaging_type: str | None = None
    tag: str | None = None
    text: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    quick_replies: list[dict[str, Any]] = field(default_factory=list)
    buttons: list[dict[str, Any]] = field(default_factory=list)
    elements: list[dict[str, Any]] = field(default_factory=list)
    metadata: str | None = None
    reply_to: str | None = None
    persona: str | None = None


def fields_of(value: Any, name: str, allowed: set[str], required: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """An object with no fields but the allowed ones.

    Raises:
        GraphError: 100.
    """
    if not isinstance(value, dict):
        raise invalid(f"Param {name} must be an object")
    if unknown := sorted(set(value) - allowed):
        raise invalid(f"Invalid keys {', '.join(map(repr, unknown))} were found in param {name!r}")
    for one in required:
        if one not in value:
            raise invalid(f"The parameter {name}[{one}] is required")
    return value


def string_of(value: Any, name: str, most: int, least: int = 1) -> str:
    """A text of ``least`` to ``most`` characters.

    Raises:
        GraphError: 100.
    """
    if not isinstance(value, str):
        raise invalid(f"Param {name} must be a string")
    if len(value) < least or (least > 0 and not value.strip()):
        raise invalid(f"Param {name} must be a non-empty UTF-8 encoded string")
    if len(value) > most:
        raise invalid(f"Length of param {name} must be less than or equal to {most}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid(f"Param {name} must be a non-empty UTF-8 encoded string") from None
    return value


def list_of(value: Any, name: str, most: int, least: int = 1) -> list[Any]:
    """A list of ``least`` to ``most`` entries.

    Raises:
        GraphError: 100.
    """
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise invalid(f"Param {name} must have between {least} and {most} entries")
    return value


def parse_send(body: Any) -> Send:
    """The body of POST ``/messages``.

    Raises:
        GraphError: 100, what is wrong with it.
    """
    given = fields_of(body, "body", TOP, ("recipient",))
    recipient = fields_of(given["recipient"], "recipient", {"id"}, ("id",))
    psid = string_of(recipient["id"], "recipient[id]", 64)
    if "sender_action" in given:
        return _action(psid, given)
    kind = given.get("messaging_type")
    if kind is None:
        raise invalid("The parameter messaging_type is required")
    if kind not in TYPES:
        raise invalid(f"Param messaging_type must be one of {{{', '.join(TYPES)}}}")
    if kind == "UTILITY":
        raise invalid("The message template is not approved")
    content = _content(fields_of(given.get("message"), "message", MESSAGE))
    if "reply_to" in given:
        reply = fields_of(given["reply_to"], "reply_to", {"mid"}, ("mid",))
        content["reply_to"] = string_of(reply["mid"], "reply_to[mid]", 200)
    return Send(psid, messaging_type=kind, tag=_tag(given), persona=given.get("persona_id"), **content)


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    if ("text" in message) == ("attachment" in message):
        raise invalid("The message must have exactly one of text and attachment")
    content: dict[str, Any] = {}
    if "text" in message:
        content["text"] = string_of(message["text"], "message[text]", TEXT_MAX)
    else:
        content.update(attachment_of(message["attachment"]))
    if "quick_replies" in message:
        if content.get("buttons"):  # Meta accepts this and shows neither well
            raise invalid("quick_replies cannot be used with this template")
        content["quick_replies"] = _quick_replies(message["quick_replies"])
    if message.get("metadata") is not None:
        content["metadata"] = string_of(message["metadata"], "message[metadata]", METADATA_MAX, 0)
    return content


def _tag(given: Mapping[str, Any]) -> str | None:
    tag = given.get("tag")
    if given["messaging_type"] == "MESSAGE_TAG":
        if tag not in TAGS:
            raise invalid(f"Param tag must be one of {{{', '.join(TAGS)}}}")
        return str(tag)
    if tag is not None:
        raise invalid("The parameter tag needs messaging_type MESSAGE_TAG")
    return None


def _action(psid: str, given: Mapping[str, Any]) -> Send:
    action = given["sender_action"]
    if action not in ACTIONS:
        raise invalid(f"Param sender_action must be one of {{{', '.join(ACTIONS)}}}")
    fields_of(given, "body", {"recipient", "sender_action", "payload", "access_token", "appsecret_proof", "persona_id"})
    if not action.endswith("react"):
        if "payload" in given:
            raise invalid("Param payload needs sender_action react")
        return Send(psid, action=action)
    payload = fields_of(given.get("payload"), "payload", {"message_id", "reaction"}, ("message_id",))
    reaction = string_of(payload.get("reaction"), "payload[reaction]", 20) if action == "react" else None
    return Send(psid, action=action, target_mid=str(payload["message_id"]), reaction=reaction)


def _quick_replies(value: Any) -> list[dict[str, Any]]:
    replies = []
    for number, one in enumerate(list_of(value, "message[quick_replies]", QUICK_REPLIES_MAX)):
        name = f"message[quick_replies][{number}]"
        reply = fields_of(one, name, {"content_type", "title", "payload", "image_url"}, ("content_type",))
        if reply["content_type"] in ("user_phone_number", "user_email"):
            replies.append({"content_type": reply["content_type"]})
            continue
        if reply["content_type"] != "text":
            raise invalid(f"Param {name}[content_type] must be one of {{TEXT, USER_PHONE_NUMBER, USER_EMAIL}}")
        title = string_of(reply.get("title"), f"{name}[title]", TITLE_MAX)
        payload = string_of(reply.get("payload"), f"{name}[payload]", PAYLOAD_MAX)
        replies.append({"content_type": "text", "title": title, "payload": payload})
    return replies


def attachment_of(value: Any) -> dict[str, Any]:
    """What an attachment becomes in a :class:`Send`: attachments, or the text, buttons and elements of a template.

    Raises:
        GraphError: 100.
    """
    attachment = fields_of(value, "message[attachment]", {"type", "payload"}, ("type", "payload"))
    kind, payload = attachment["type"], attachment["payload"]
    if kind in MEDIA:
        media = fields_of(payload, "payload", {"url", "attachment_id", "is_reusable"})
        if ("url" in media) == ("attachment_id" in media):
            raise invalid("Param payload must have exactly one of url and attachment_id")
        if "url" in media:
            _url(media["url"], "payload[url]")
        return {"attachments": [{"type": kind, "payload": {k: media[k] for k in media if k != "is_reusable"}}]}
    if kind != "template":
        raise invalid("Param message[attachment][type] must be one of {IMAGE, VIDEO, AUDIO, FILE, TEMPLATE}")
    if not isinstance(payload, dict):
        raise invalid("Param payload must be an object")
    if payload.get("template_type") == "button":
        payload = fields_of(payload, "payload", {"template_type", "text", "buttons"}, ("text", "buttons"))
        text = string_of(payload["text"], "payload[text]", BUTTON_TEXT_MAX)
        return {"text": text, "buttons": _buttons(payload["buttons"], "payload[buttons]")}
    if payload.get("template_type") == "generic":
        payload = fields_of(
            payload, "payload", {"template_type", "elements", "image_aspect_ratio", "sharable"}, ("elements",)
        )
        elements = list_of(payload["elements"], "payload[elements]", ELEMENTS_MAX)
        return {"elements": [_element(one, f"payload[elements][{n}]") for n, one in enumerate(elements)]}
    raise invalid("Param payload[template_type] must be one of {BUTTON, GENERIC}")


def _element(value: Any, name: str) -> dict[str, Any]:
    element = fields_of(value, name, {"title", "subtitle", "image_url", "default_action", "buttons"}, ("title",))
    made: dict[str, Any] = {"title": string_of(element["title"], f"{name}[title]", ELEMENT_TEXT_MAX)}
    if "subtitle" in element:
        made["subtitle"] = string_of(element["subtitle"], f"{name}[subtitle]", ELEMENT_TEXT_MAX)
    if "image_url" in element:
        made["image_url"] = _url(element["image_url"], f"{name}[image_url]")
    if "buttons" in element:
        made["buttons"] = _buttons(element["buttons"], f"{name}[buttons]")
    if len(made) == 1:
        raise invalid(f"Param {name} must have a title and at least one more property")
    return made


def _buttons(value: Any, name: str) -> list[dict[str, Any]]:
    return [_button(one, f"{name}[{n}]") for n, one in enumerate(list_of(value, name, BUTTONS_MAX))]


def _button(value: Any, name: str) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "web_url":
        button = fields_of(value, name, {"type", "title", "url", "webview_height_ratio"}, ("title", "url"))
        more = {"url": _url(button["url"], f"{name}[url]")}
    elif kind in ("postback", "phone_number"):
        button = fields_of(value, name, {"type", "title", "payload"}, ("title", "payload"))
        more = {"payload": string_of(button["payload"], f"{name}[payload]", PAYLOAD_MAX)}
        if kind == "phone_number" and not button["payload"].startswith("+"):
            raise invalid(f"Param {name}[payload] must be a phone number with + and country code")
    else:
        raise invalid(f"Param {name}[type] must be one of {{WEB_URL, POSTBACK, PHONE_NUMBER}}")
    return {"type": kind, "title": string_of(button["title"], f"{name}[title]", TITLE_MAX), **more}


def _url(value: Any, name: str) -> str:
    text = string_of(value, name, 2000)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(f"Param {name} should represent a valid URL", 2018008)
    return text
