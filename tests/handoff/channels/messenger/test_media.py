from __future__ import annotations

import pytest

from handoff.channels.messenger.media import allowed, kind_of, sniff
from handoff.channels.messenger.settings import MEDIA_HOSTS


@pytest.mark.parametrize(
    "url",
    [
        "https://scontent-hel3-1.xx.fbcdn.net/v/a.jpg?x=1",
        "https://cdn.fbcdn.net:443/a",
        "https://lookaside.fbsbx.com/a",
    ],
)
def test_metas_own_hosts_are_fetched_from(url: str) -> None:
    assert allowed(url, MEDIA_HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "http://scontent.xx.fbcdn.net/a",
        "https://fbcdn.net/a",
        "https://fbcdn.net.evil.example/a",
        "https://evilfbcdn.net/a",
        "https://evil.example/.fbcdn.net",
        "https://scontent.fbcdn.net@evil.example/a",
        "https://user:pw@scontent.fbcdn.net/a",
        "https://scontent.fbcdn.net:8443/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://2130706433/a",
        "file:///etc/passwd",
        "ftp://scontent.fbcdn.net/a",
        "//scontent.fbcdn.net/a",
        "https://scontent.fbcdn.net:99999/a",
        "",
        "nonsense",
    ],
)
def test_ssrf_nothing_else_is(url: str) -> None:
    assert not allowed(url, MEDIA_HOSTS)


def test_a_host_of_tests_is_named_on_purpose() -> None:
    assert allowed("http://127.0.0.1:5000/a", ["127.0.0.1"])
    assert allowed("http://127.0.0.1:5000/a", ["127.0.0.1:5000"])
    assert not allowed("http://127.0.0.1:5001/a", ["127.0.0.1:5000"])
    assert not allowed("http://127.0.0.2:5000/a", ["127.0.0.1"])


def test_kinds_old_and_new_and_unknown() -> None:
    assert kind_of({"type": "image", "payload": {"sticker_id": 1}}) == "sticker"
    assert kind_of({"type": "sticker", "payload": {}}) == "sticker"
    assert kind_of({"type": "image"}) == "image"
    assert kind_of({"type": "fallback"}) == "file"
    assert kind_of({}) == "file"


def test_only_pictures_are_told_from_bytes() -> None:
    assert sniff(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert sniff(b"GIF89a..") == "image/gif"
    assert sniff(b"RIFF\x00\x00\x00\x00WEBP") == "image/webp"
    assert sniff(b"<svg xmlns=") == "application/octet-stream"
    assert sniff(b"") == "application/octet-stream"
