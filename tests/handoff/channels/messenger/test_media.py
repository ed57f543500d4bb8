from __future__ import annotations

import os
import shutil
import time
from collections import namedtuple
from pathlib import Path
from typing import Any

import httpx
import pytest

from handoff.channels.messenger import media as module
from handoff.channels.messenger.media import DAY_S, DRAFT_KEPT_S, ENDINGS, Media, allowed, kind_of, sniff
from handoff.channels.messenger.settings import MEDIA_HOSTS
from handoff.uploads.shelf import FREE_MIN_BYTES
from tests.handoff.uploads.test_pixels import jpeg, png


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


@pytest.mark.parametrize(
    ("start", "mime"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x1cftypM4A \0", "audio/mp4"),
        (b"OggS\0\2", "audio/ogg"),
        (b"ID3\4\0", "audio/mpeg"),
        (b"\xff\xfb\x90\0", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"RIFF\0\0\0\0AVI LIST", "application/octet-stream"),
        (b"PK\3\4", "application/octet-stream"),
    ],
)
def test_what_people_send_is_told_by_its_first_bytes(start: bytes, mime: str) -> None:
    assert sniff(start) == mime
    assert sniff(start) in ENDINGS


def test_only_pictures_are_told_from_bytes() -> None:
    assert sniff(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert sniff(b"GIF89a..") == "image/gif"
    assert sniff(b"RIFF\x00\x00\x00\x00WEBP") == "image/webp"
    assert sniff(b"<svg xmlns=") == "application/octet-stream"
    assert sniff(b"") == "application/octet-stream"


GIVEN = [{"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/a"}}]


class Shelf:
    """Media whose servers answer with ``body``, and how often they were asked."""

    def __init__(self, folder: Path, body: bytes, **limits: Any) -> None:
        self.asked = 0
        self.folder = folder / "c"
        self.media = Media(folder, MEDIA_HOSTS, **limits)
        self.media._client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._body = body

    def _answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(200, content=self._body)

    async def keep(self, key: str = "e") -> module.Kept:
        (kept,) = await self.media.keep("c", key, GIVEN)
        return kept

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


async def test_what_is_kept_already_is_not_fetched_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, png(8, 8))
    first = await shelf.keep()
    assert await shelf.keep() == first
    assert shelf.asked == 1
    assert shelf.files == [first.name]
    assert shelf.media.path("c", first.name) == shelf.folder / first.name


async def test_a_folder_that_cannot_be_written_loses_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("in the way")
    assert (await Shelf(tmp_path, png(8, 8)).keep()).lost == "fetch"


@pytest.mark.parametrize("url", ["https://scontent.xx.fbcdn.net/" + "a" * 70_000, "https://scontent.xx.fbcdn.net/\x7f"])
async def test_an_address_that_is_none_loses_the_file_alone(tmp_path: Path, url: str) -> None:
    shelf = Shelf(tmp_path, png(8, 8))
    (kept,) = await shelf.media.keep("c", "e", [{"type": "image", "payload": {"url": url}}])
    assert (kept.lost, shelf.asked) == ("fetch", 0)


async def test_nothing_is_left_of_a_file_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(path: Path, chunk: bytes) -> None:
        path.write_bytes(chunk[:4])
        raise OSError("the disk is gone")

    monkeypatch.setattr(module, "_append", breaks)
    shelf = Shelf(tmp_path, png(8, 8))
    assert (await shelf.keep()).lost == "fetch"
    assert shelf.files == []


async def test_a_full_disk_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, FREE_MIN_BYTES + 999))
    shelf = Shelf(tmp_path, png(8, 8), most_bytes=1000)
    assert ((await shelf.keep()).lost, shelf.asked) == ("full", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, FREE_MIN_BYTES + 1000))
    assert (await shelf.keep()).name


async def test_nobody_fills_the_disk_within_a_day(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, png(8, 8) + bytes(900), most_bytes=1000, day_max_bytes=2500)
    kept = [await shelf.keep(f"e{n}") for n in range(4)]
    assert [bool(one.name) for one in kept] == [True, True, False, False]
    assert kept[3].lost == "too_many"
    yesterday = time.time() - DAY_S - 60
    for name in shelf.files:
        os.utime(shelf.folder / name, (yesterday, yesterday))
    assert (await shelf.keep("e4")).name


async def test_the_draft_of_a_process_that_has_died_is_removed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, png(8, 8))
    shelf.folder.mkdir()
    long_ago = time.time() - DRAFT_KEPT_S - 60
    for name, at in (("old.part", long_ago), ("new.part", time.time())):
        (shelf.folder / name).write_bytes(b"x")
        os.utime(shelf.folder / name, (at, at))
    kept = await shelf.keep()
    assert shelf.files == sorted([kept.name, "new.part"])
    assert shelf.media.path("c", "new.part") is None


@pytest.mark.parametrize("body", [png(30_000, 30_000), jpeg(65_500, 65_500), png(0, 0), b"\xff\xd8\xff\xe0"])
async def test_s8_a_picture_that_would_fill_the_agents_computer_is_only_bytes(tmp_path: Path, body: bytes) -> None:
    kept = await Shelf(tmp_path, body).keep()
    assert (kept.mime, kept.size) == ("application/octet-stream", len(body))
