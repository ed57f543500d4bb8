from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import httpx
import pytest
import redis.asyncio

from handoff.errors import BadRequest, Conflict, NotFound, TooLarge, TryLater, Unauthorized
from handoff.keys import HubKeys
from handoff.owner.widget_rules import UploadRules
from handoff.uploads.shelf import FREE_MIN_BYTES, UNSENT_KEPT_S, FileKeys, Stored, Uploads
from handoff.uploads.types import type_of
from tests.handoff.clients import Door
from tests.handoff.hub_process import HubProcess
from tests.helpers.fixtures import AGENTS, PASSWORD
from tests.helpers.frames import Refusal

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1" + bytes(8)
PDF = b"%PDF-1.7\n"
RULES = UploadRules(allowed=True, most_mb=1, files_most=3)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads")


@pytest.mark.parametrize(
    ("start", "type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\0", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (PDF, "application/pdf"),
        (b"<!doctype html><script>alert(1)</script>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", None),
        (b"MZ\x90\0", None),
        (b"", None),
    ],
)
def test_s9_a_file_is_what_its_content_says_and_nothing_that_runs_is_taken(start: bytes, type: str | None) -> None:
    assert type_of(start) == type


async def test_a_file_is_kept_under_a_random_name_with_the_ending_of_its_true_type(uploads: Uploads) -> None:
    stored = await uploads.keep("c", "../../etc/lamp\u202e.html", PNG, RULES)
    assert stored.name == "lamp.png"
    assert uploads.path("c", stored.id).read_bytes() == PNG
    assert uploads.path("c", stored.id).parent.name == "c"
    assert uploads.path("c", stored.id).stat().st_mode & 0o077 == 0


async def test_i11_a_number_in_a_files_name_is_covered(uploads: Uploads) -> None:
    assert "131052-308T" not in (await uploads.keep("c", "131052-308T.png", PNG, RULES)).name


async def test_what_is_too_large_unknown_or_too_many_is_refused_and_leaves_nothing(uploads: Uploads) -> None:
    with pytest.raises(TooLarge):
        await uploads.keep("c", "a.png", PNG + b"\0" * RULES.most_bytes, RULES)
    with pytest.raises(BadRequest):
        await uploads.keep("c", "a.png", b"<html>", RULES)
    assert uploads.all_of("c") == []
    for _ in range(RULES.files_most):
        await uploads.keep("c", "a.png", PNG, RULES)
    with pytest.raises(Conflict):
        await uploads.keep("c", "a.png", PNG, RULES)


@pytest.mark.parametrize(("status", "error"), [(1, BadRequest), (2, TryLater)])
async def test_the_scanner_decides_and_one_that_does_not_work_lets_nothing_in(
    tmp_path: Path, status: int, error: type[Exception]
) -> None:
    scan = (sys.executable, "-c", f"import sys; sys.exit({status} if open(sys.argv[1], 'rb').read() else 3)")
    uploads = Uploads(tmp_path / "uploads", scan)
    with pytest.raises(error):
        await uploads.keep("c", "a.png", PNG, RULES)
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == []
    with pytest.raises(TryLater):
        await Uploads(tmp_path / "uploads", ("no-such-scanner",)).keep("c", "a.png", PNG, RULES)


async def test_files_leave_room_on_the_disk_for_what_matters_more(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_free", lambda: FREE_MIN_BYTES + len(PNG) - 1)
    with pytest.raises(TryLater):
        await uploads.keep("c1", "x.png", PNG, RULES)
    monkeypatch.setattr(uploads, "_free", lambda: FREE_MIN_BYTES + len(PNG))
    await uploads.keep("c1", "x.png", PNG, RULES)


async def test_a_file_of_another_conversation_cannot_be_sent(uploads: Uploads) -> None:
    stored = await uploads.keep("mine", "a.png", PNG, RULES)
    with pytest.raises(NotFound):
        await uploads.send("other", [stored.id])
    for id in ("..", "../mine/" + stored.id, stored.id + ".json", ""):
        with pytest.raises(NotFound):
            uploads.path("mine", id)


async def test_what_was_never_sent_goes_after_a_day_and_what_was_sent_stays(uploads: Uploads) -> None:
    sent, unsent = [await uploads.keep("c", "a.png", PNG, RULES) for _ in range(2)]
    await uploads.send("c", [sent.id])
    assert uploads.sweep(time.time()) == 0
    assert uploads.sweep(time.time() + UNSENT_KEPT_S + 60) == 1
    assert [one.id for one in uploads.all_of("c")] == [sent.id]
    with pytest.raises(NotFound):
        uploads.find("c", unsent.id)


async def test_an_erasure_in_the_midst_of_a_sweep_is_no_matter(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "uploads"
    for conversation in ("a", "b", "c"):
        await uploads.keep(conversation, "a.png", PNG, RULES)
    look = uploads.find

    def erases_the_others(conversation: str, id: str) -> Stored:
        for path in folder.iterdir():
            if path.name != conversation:
                shutil.rmtree(path)
        return look(conversation, id)

    monkeypatch.setattr(uploads, "find", erases_the_others)
    assert uploads.sweep(time.time() + UNSENT_KEPT_S + 60) == 1
    assert list(folder.iterdir()) == [], "nor is an empty folder left"
    assert Uploads(tmp_path / "none").sweep(time.time()) == 0


async def test_a_sweep_leaves_no_folder_and_no_facts_of_what_has_gone(uploads: Uploads, tmp_path: Path) -> None:
    """Of conversations in which nothing was ever sent nobody else would find them."""
    folder, later = tmp_path / "uploads", time.time() + UNSENT_KEPT_S + 60
    await uploads.keep("unsent", "a.png", PNG, RULES)
    sent = await uploads.keep("sent", "a.png", PNG, RULES)
    await uploads.send("sent", [sent.id])
    (folder / "empty").mkdir()
    (folder / "sent" / "gone.json").write_text("{}")
    odd = await uploads.keep("odd", "a.png", PNG, RULES)
    (folder / "odd" / f"{odd.id}.json").write_text("[]")
    assert uploads.sweep(later) == 2
    assert [path.name for path in folder.iterdir()] == ["sent"]
    assert {path.name for path in (folder / "sent").iterdir()} == {sent.id, f"{sent.id}.json"}


async def test_a_folder_swept_away_before_its_first_file_is_made_again(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes
    swept: list[Path] = []

    def late(path: Path, body: bytes) -> int:
        if not swept:
            path.parent.rmdir()
            swept.append(path)
        return write(path, body)

    monkeypatch.setattr(Path, "write_bytes", late)
    stored = await uploads.keep("c", "a.png", PNG, RULES)
    assert swept and uploads.path("c", stored.id).read_bytes() == PNG


async def test_i10_erasing_a_conversation_takes_every_file_with_it(uploads: Uploads, tmp_path: Path) -> None:
    await uploads.keep("c", "a.png", PNG, RULES)
    await uploads.erase("c")
    await uploads.erase("c")
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_address_is_good_for_its_own_file_alone() -> None:
    keys = FileKeys(["k" * 32])
    key = keys.address("c", "f").partition("key=")[2]
    keys.check("c", "f", key)
    for conversation, id, given in (("c", "g", key), ("d", "f", key), ("c", "f", key[:-2]), ("c", "f", "")):
        with pytest.raises(Unauthorized):
            keys.check(conversation, id, given)


async def opened_by(hub: HubProcess, conversation: str) -> list[tuple[str, str]]:
    """Who has opened which file, as the audit log has it."""
    async with redis.asyncio.Redis.from_url(hub.redis_url) as client:
        lines = [json.loads(fields[b"l"]) for _, fields in await client.xrange(HubKeys().audit)]
    opened = [line for line in lines if (line["action"], line["conversation"]) == ("attachment.opened", conversation)]
    return [(line["actor"]["role"], line["facts"]["file"]) for line in opened]


async def test_p8_a_picture_goes_from_the_visitor_to_the_agent_and_back(running_hub: HubProcess, door: Door) -> None:
    visitor = await door.visitor()
    assert visitor.welcome["may"]["upload"] is True
    async with httpx.AsyncClient(base_url=door.address, headers={"origin": door.address}, trust_env=False) as http:
        bearer = {"authorization": f"Bearer {visitor.token}"}
        refused = await http.post("/api/visitor/upload?name=x.png", content=b"<html>", headers=bearer)
        assert (refused.status_code, refused.json()["field"]) == (400, "file")
        # The widget on a shop of another origin reads why.
        assert refused.headers["access-control-allow-origin"] == door.address
        assert (await http.post("/api/visitor/upload", content=PNG)).status_code == 401
        foreign = {**bearer, "origin": "https://evil.example"}
        assert (await http.post("/api/visitor/upload", content=PNG, headers=foreign)).status_code == 403

        taken = await http.post("/api/visitor/upload?name=lamp.html", content=PNG, headers=bearer)
        attachment = taken.json()["attachment"]
        assert attachment | {"id": ""} == {"id": "", "name": "lamp.png", "type": "image/png", "size": len(PNG)}
        with pytest.raises(Refusal, match="not_found"):
            await visitor.ask("message", attachments=["nothing"])
        await visitor.ask("message", attachments=[attachment["id"]], text="It arrived broken")
        own = await visitor.expect("event", kind="message", where=lambda event: "attachments" in event)
        told = await visitor.hear("system")
        assert told["buttons"], "the bot cannot see pictures, and offers a person"

        shown = await http.get(own["attachments"][0]["url"])
        assert shown.content == PNG
        assert shown.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert (await http.get(own["attachments"][0]["url"].partition("?")[0])).status_code == 401

        await visitor.ask("request_handoff")
        agent = await door.agent()
        opened = await agent.ask("open", conversation=visitor.conversation)
        assert opened["last"] >= 2
        event = await agent.expect("event", where=lambda event: "attachments" in event)
        url = event["attachments"][0]["url"]
        assert (await http.get(url)).status_code == 401
        await http.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
        assert (await http.get(url)).content == PNG
        assert (await http.get(url + "x")).status_code == 404
        assert await opened_by(running_hub, visitor.conversation) == [("agent", attachment["id"])], "P8"

        away = await http.post(f"/api/conversations/{visitor.conversation}/upload?name=r.pdf", content=PDF)
        assert away.status_code == 403, "the agent has not taken it"
        await agent.ask("claim", conversation=visitor.conversation)
        given = await http.post(f"/api/conversations/{visitor.conversation}/upload?name=r.pdf", content=PDF)
        await agent.ask(
            "message", conversation=visitor.conversation, attachments=[given.json()["attachment"]["id"]]
        )
        receipt = await visitor.hear("agent")
        assert (await http.get(receipt["attachments"][0]["url"])).content == PDF
        text = (await visitor.ask("transcript"))["text"]
        assert "It arrived broken [lamp.png]" in text
        assert "[r.pdf]" in text
    folder = Path(running_hub.environ["SILTA_VAR"]) / "uploads" / visitor.conversation
    facts = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    assert all(one["sent"] for one in facts)
    assert len(facts) == 2
    assert os.stat(folder).st_mode & 0o077 == 0
