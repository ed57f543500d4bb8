"""Every limit of the platform refuses what is beyond it, with Meta's code, and takes what just fits."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.demo.messenger.faults import GraphError
from handoff.demo.messenger.rules import parse_send


def text_with(**more: Any) -> dict[str, Any]:
    return {"recipient": {"id": "1"}, "messaging_type": "RESPONSE", "message": {"text": "hei", **more}}


def template(payload: Any) -> dict[str, Any]:
    message = {"attachment": {"type": "template", "payload": payload}}
    return {"recipient": {"id": "1"}, "messaging_type": "RESPONSE", "message": message}


def reply(title: Any = "Kyllä", payload: Any = "p", kind: str = "text") -> dict[str, Any]:
    return {"content_type": kind, "title": title, "payload": payload}


def button(title: str = "Auki", payload: str = "p") -> dict[str, Any]:
    return {"type": "postback", "title": title, "payload": payload}


def buttons(text: str = "Mitä?", *some: Any) -> dict[str, Any]:
    return template({"template_type": "button", "text": text, "buttons": list(some)})


def generic(*elements: Any) -> dict[str, Any]:
    return template({"template_type": "generic", "elements": list(elements)})


TOO_MUCH = {
    "no recipient": {"messaging_type": "RESPONSE", "message": {"text": "hei"}},
    "no messaging type": {"recipient": {"id": "1"}, "message": {"text": "hei"}},
    "an unknown messaging type": {**text_with(), "messaging_type": "REPLY"},
    "a template that nobody approved": {**text_with(), "messaging_type": "UTILITY"},
    "a tag without its type": {**text_with(), "tag": "HUMAN_AGENT"},
    "its type without a tag": {**text_with(), "messaging_type": "MESSAGE_TAG"},
    "a tag that is no more": {**text_with(), "messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
    "an unknown field at the top": {**text_with(), "note": "x"},
    "an unknown field in the message": text_with(mood="x"),
    "an unknown field of the recipient": {**text_with(), "recipient": {"id": "1", "name": "x"}},
    "no message": {"recipient": {"id": "1"}, "messaging_type": "RESPONSE"},
    "neither text nor attachment": {**text_with(), "message": {"metadata": "x"}},
    "text and attachment": text_with(attachment={"type": "image", "payload": {"url": "https://a.example/b"}}),
    "an empty text": text_with(text=""),
    "a text of spaces": text_with(text="  \n "),
    "a text of 2,000 characters": text_with(text="ä" * 2000),
    "a text that is no string": text_with(text=7),
    "half a character": text_with(text="\ud83d"),
    "metadata of 1,000 characters": text_with(metadata="m" * 1000),
    "no quick replies in a list of them": text_with(quick_replies=[]),
    "14 quick replies": text_with(quick_replies=[reply()] * 14),
    "a title of 21 characters": text_with(quick_replies=[reply("k" * 21)]),
    "an empty title": text_with(quick_replies=[reply("")]),
    "a payload of 1,001 characters": text_with(quick_replies=[reply(payload="p" * 1001)]),
    "a quick reply without a payload": text_with(quick_replies=[reply(payload=None)]),
    "a location quick reply": text_with(quick_replies=[reply(kind="location")]),
    "quick replies below buttons": {
        **buttons("Mitä?", button()),
        "message": {**buttons("Mitä?", button())["message"], "quick_replies": [reply()]},
    },
    "a template without buttons": buttons("Mitä?"),
    "4 buttons": buttons("Mitä?", *[button()] * 4),
    "641 characters above buttons": buttons("M" * 641, button()),
    "a button's title of 21 characters": buttons("Mitä?", button("k" * 21)),
    "a button's payload of 1,001 characters": buttons("Mitä?", button(payload="p" * 1001)),
    "a button of an unknown kind": buttons("Mitä?", {"type": "nested", "title": "a", "payload": "p"}),
    "a button to nowhere": buttons("Mitä?", {"type": "web_url", "title": "a", "url": "kauppa"}),
    "a number without a plus": buttons("Mitä?", {"type": "phone_number", "title": "a", "payload": "09 123"}),
    "11 elements": generic(*[{"title": "a", "subtitle": "b"}] * 11),
    "an element with a title alone": generic({"title": "a"}),
    "an element's title of 81 characters": generic({"title": "a" * 81, "subtitle": "b"}),
    "a subtitle of 81 characters": generic({"title": "a", "subtitle": "b" * 81}),
    "an unknown template": template({"template_type": "list", "elements": []}),
    "an unknown attachment": {**text_with(), "message": {"attachment": {"type": "gif", "payload": {}}}},
    "a picture from nowhere": {**text_with(), "message": {"attachment": {"type": "image", "payload": {}}}},
    "an unknown action": {"recipient": {"id": "1"}, "sender_action": "wave"},
    "an action with a message": {**text_with(), "sender_action": "typing_on"},
    "a reaction to nothing": {"recipient": {"id": "1"}, "sender_action": "react", "payload": {"reaction": "love"}},
}

FITS = {
    "a text of 1,999 characters": text_with(text="ä" * 1999),
    "metadata of 999 characters": text_with(metadata="m" * 999),
    "13 quick replies of 20 characters": text_with(quick_replies=[reply("k" * 20, "p" * 1000)] * 13),
    "a question for an address": text_with(quick_replies=[{"content_type": "user_email"}]),
    "3 buttons below 640 characters": buttons("M" * 640, *[button("k" * 20)] * 3),
    "a link and a number": buttons(
        "Mitä?",
        {"type": "web_url", "title": "Kauppaan", "url": "https://havu.example/"},
        {"type": "phone_number", "title": "Soita", "payload": "+358942450110"},
    ),
    "10 elements": generic(*[{"title": "a" * 80, "subtitle": "b" * 80, "buttons": [button()]}] * 10),
    "a picture": {
        **text_with(),
        "message": {"attachment": {"type": "image", "payload": {"url": "https://havu.example/a.png"}}},
    },
    "an answer to a message": {**text_with(), "reply_to": {"mid": "m_1"}},
    "a human's tag": {**text_with(), "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
    "typing": {"recipient": {"id": "1"}, "sender_action": "typing_on"},
    "a heart": {
        "recipient": {"id": "1"},
        "sender_action": "react",
        "payload": {"message_id": "m_1", "reaction": "love"},
    },
}


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_beyond_a_limit_is_refused_with_code_100(body: Any) -> None:
    with pytest.raises(GraphError) as refused:
        parse_send(body)
    assert refused.value.code == 100
    assert refused.value.body()["error"]["fbtrace_id"]


@pytest.mark.parametrize("body", FITS.values(), ids=FITS)
def test_what_just_fits_is_taken(body: Any) -> None:
    assert parse_send(body).recipient == "1"
