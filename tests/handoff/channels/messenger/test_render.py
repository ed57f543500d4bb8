from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from handoff.channels.messenger import limits
from handoff.channels.messenger.render import Choice, chosen, outgoing, payload_of, pressed, render
from handoff.events import LANGUAGES
from tests.handoff.texts_for_tests import OWNER, texts


def choices(*titles: str, url: str | None = None) -> list[Choice]:
    return [Choice(title, payload_of(f"7.{index}"), url) for index, title in enumerate(titles)]


def test_a_text_alone_is_a_message() -> None:
    assert render(" Hei. \n").messages == ({"text": "Hei."},)


def test_a_long_text_is_several_messages_and_the_last_has_the_choices() -> None:
    text = "Tämä on lause. " * 300
    rendered = render(text, choices("Kyllä", "Ei"))
    assert len(rendered.messages) == 3
    assert all("quick_replies" not in message for message in rendered.messages[:-1])
    assert [reply["title"] for reply in rendered.messages[-1]["quick_replies"]] == ["Kyllä", "Ei"]
    assert " ".join(message["text"] for message in rendered.messages) == text.strip()


def test_choices_that_fit_are_quick_replies_with_payloads_of_ours() -> None:
    (message,) = render("Kumpi?", choices("Palautus", "Reklamaatio")).messages
    assert message["quick_replies"] == [
        {"content_type": "text", "title": "Palautus", "payload": "silta:b:7.0"},
        {"content_type": "text", "title": "Reklamaatio", "payload": "silta:b:7.1"},
    ]


def test_choices_that_must_stay_are_buttons_below_a_text_that_fits_the_template() -> None:
    (message,) = render("Botti ei vastaa.", choices("Pyydä ihminen mukaan"), lasting=True).messages
    template = message["attachment"]["payload"]
    assert (template["template_type"], template["text"]) == ("button", "Botti ei vastaa.")
    assert template["buttons"] == [{"type": "postback", "title": "Pyydä ihminen mukaan", "payload": "silta:b:7.0"}]
    first, last = render("Näin se on. " * 60, choices("Kyllä"), lasting=True).messages
    assert limits.length(last["attachment"]["payload"]["text"]) <= limits.TEMPLATE_TEXT_MAX
    assert first["text"].startswith("Näin")


def test_an_address_is_a_button_and_beyond_three_a_line_of_text() -> None:
    (message,) = render("Katso.", choices("Tilaukset", url="https://havu.example")).messages
    assert message["attachment"]["payload"]["buttons"][0] == {
        "type": "web_url",
        "title": "Tilaukset",
        "url": "https://havu.example",
    }
    (message,) = render("Katso.", choices("a", "b", "c", "d", url="https://havu.example")).messages
    assert "4. d: https://havu.example" in message["text"]


@pytest.mark.parametrize("titles", [["Asiakaspalvelun aukioloajat"], [str(n) for n in range(14)]])
def test_what_fits_no_button_is_a_numbered_list_that_is_answered_by_a_number(titles: list[str]) -> None:
    rendered = render("Mitä näistä?", choices(*titles))
    (message,) = rendered.messages
    assert f"1. {titles[0]}" in message["text"]
    assert "quick_replies" not in message
    for typed in ("1", " 1. ", "1)"):
        assert chosen(typed, rendered.choices) == "silta:b:7.0"
    assert chosen("99", rendered.choices) is None


@pytest.mark.parametrize(
    ("payload", "button"),
    [("silta:b:12.0", "12.0"), ("silta:b:", None), ("12.0", None), ("/restart", None), ("silta:m:start", None)],
)
def test_only_payloads_that_we_issued_press_a_button(payload: str, button: str | None) -> None:
    assert pressed(payload) == button


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"kind": "message", "author": {"role": "bot"}, "text": "Hei"}, "Hei"),
        ({"kind": "assigned", "author": {"role": "agent"}, "text": "Aino on täällä"}, "Aino on täällä"),
        ({"kind": "assigned", "author": {"role": "agent"}}, None),
        ({"kind": "message", "author": {"role": "visitor"}, "text": "Hei"}, None),
        ({"kind": "message", "author": {"role": "agent"}, "text": "Hei", "via": "page-inbox"}, None),
        ({"kind": "note", "author": {"role": "agent"}, "text": "salaa"}, None),
        ({"kind": "channel", "author": {"role": "system"}, "code": "token", "text": "salaa"}, None),
        ({"kind": "nlu", "author": {"role": "bot"}}, None),
    ],
)
def test_the_person_gets_what_others_said_and_nothing_that_is_for_agents(
    event: dict[str, Any], text: str | None
) -> None:
    assert outgoing(event) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_that_can_become_a_button_fits_messenger(language: str) -> None:
    raw = yaml.safe_load(Path(OWNER / "texts" / f"{language}.yml").read_text("utf-8"))
    titles = {
        f"{section}.{name}": item["title"]
        for section in ("answers", "human", "small_talk")
        for name, item in raw[section].items()
        if isinstance(item, dict) and item.get("title")
    }
    buttons = {
        f"{section}.{name}.buttons": button["title"]
        for section in ("answers", "human", "small_talk")
        for name, item in raw[section].items()
        if isinstance(item, dict)
        for button in item.get("buttons") or ()
        if isinstance(button, dict) and button.get("title")
    }
    system = {
        f"system.{name}": text
        for name, text in raw["system"].items()
        if name.startswith("button_") or name == "clarify_none"
    }
    service = yaml.safe_load(Path(OWNER / "texts" / "service" / f"{language}.yml").read_text("utf-8"))
    waiting = {f"waiting.{name}": service["waiting"][name] for name in ("callback", "email")}
    waiting |= {
        f"waiting.language.{other}": service["waiting"]["language"].format(language=service["names"][other])
        for other in service["names"]
    }
    assert len(titles) > 50
    every = {**titles, **buttons, **system, **waiting}
    too_long = {k: v for k, v in every.items() if limits.length(v) > limits.TITLE_MAX}
    assert not too_long, f"Messenger cuts titles at {limits.TITLE_MAX} characters: {too_long}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_is_longer_than_one_message(language: str) -> None:
    for key, text in texts().system[language].items():
        assert limits.length(text) <= limits.TEXT_MAX, key
