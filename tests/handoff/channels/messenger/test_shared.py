"""What was shared is words: said once, and never an address that is none."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.channels.messenger.shared import URL_MAX, apart, with_links

HAVU = "https://www.havu.example/o/1"


def is_file(url: str) -> bool:
    return "fbcdn" in url


@pytest.mark.parametrize(
    ("attachment", "link"),
    [
        ({"type": "fallback", "title": "Havu", "url": HAVU}, ("Havu", HAVU)),
        ({"type": "fallback", "payload": {"url": HAVU, "title": "Havu"}}, ("Havu", HAVU)),
        ({"type": "share", "payload": {"url": HAVU}}, ("", HAVU)),
        ({"type": "post", "title": "Havu", "payload": None}, ("Havu", "")),
        ({"type": "reel", "title": "x", "url": "javascript:alert(1)"}, ("x", "")),
        ({"type": "reel", "title": "x", "url": "https://a b"}, ("x", "")),
        ({"type": "reel", "title": "x", "url": "https://[" + HAVU}, ("x", "")),
        ({"type": "reel", "title": "x", "url": HAVU + "a" * URL_MAX}, ("x", "")),
        (
            {"type": "share", "title": "x", "url": "https://l.facebook.com/l.php?u=https%3A%2F%2Fhavu.example%2F&h=A"},
            ("x", "https://havu.example/"),
        ),
        (
            {"type": "fallback", "title": "x", "url": "https://l.facebook.com/l.php?u=javascript%3A1"},
            ("x", "https://l.facebook.com/l.php?u=javascript%3A1"),
        ),
    ],
)
def test_title_and_address_are_found_where_meta_puts_them(attachment: dict[str, Any], link: tuple[str, str]) -> None:
    assert apart([attachment], is_file) == ([], [link])


@pytest.mark.parametrize(
    "attachment",
    [
        {"type": "image", "payload": {"url": HAVU}},
        {"type": "share", "payload": {"url": "https://scontent.fbcdn.net/a"}},
        {"type": "share", "payload": None},
        {"type": "fallback", "title": 7, "url": ["x"]},
        {"type": "location", "title": "Here"},
        "nonsense",
        None,
    ],
)
def test_files_stay_files_and_what_says_nothing_is_one_that_is_lost(attachment: Any) -> None:
    assert apart([attachment], is_file) == ([attachment], [])


def test_what_the_text_says_is_not_said_again() -> None:
    links = [("Havu", HAVU)]
    assert with_links("Where is it? havu.example/o/1", links) == "Where is it? havu.example/o/1"
    assert with_links("Do you have this?", links) == f"Do you have this? Havu {HAVU}"
    assert with_links("Havu", links) == f"Havu {HAVU}"
    assert with_links("", links) == f"Havu {HAVU}"
    assert with_links("", [("", HAVU), ("Only a title", "")]) == f"{HAVU} Only a title"
    assert with_links("hei", []) == "hei"
