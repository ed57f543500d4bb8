"""Erasure (I10, P3): every place, at once, and nothing comes back. Of the whole stack: tests/faults/test_privacy.py."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handoff.channels.messenger.keys import MessengerKeys
from handoff.errors import Erased, NotFound, StoreUnavailable
from handoff.keys import ERASED_TTL_S, HubKeys
from handoff.privacy import erasure as module
from handoff.privacy.audit import COMMAND_LINE, VISITOR
from handoff.privacy.erasure import Erasure
from handoff.privacy.places import FOLDERS, NOTHING_PERSONAL, Places, Subject
from tests.handoff.parts import AINO, Parts, new_conversation, uid
from tests.helpers.redis_contents import contents
from tests.helpers.waiting import until

CANARY = "kanarialintu-4711"


def named_keys() -> dict[str, str]:
    """Every key that the three modules of names can make, by the name it has there, with marks in place of ids."""
    hub = HubKeys()
    found: dict[str, str] = {}
    for keys in (hub, MessengerKeys(hub)):
        for name, value in inspect.getmembers(keys):
            if name.startswith("_") or name in ("prefix", "GROUP", "HUB_GROUP"):
                continue
            if callable(value):
                marks = {"conversation": "CONV", "scope": "CONV", "lane": "LANE", "name": "name:CONV"}
                value = value(*(marks.get(part, "X") for part in inspect.signature(value).parameters))
            found[f"{type(keys).__name__}.{name}"] = value
    return found


def test_i10_every_key_that_can_be_made_is_a_place_or_holds_nothing_of_a_person() -> None:
    places, subject = Places(HubKeys()), Subject("CONV", "LANE")
    covered = {*places.own(subject), *places.streams(), places.keys.passed, places.keys.alerts}
    covered |= {name for name, _ in (*places.sets(subject), *places.hashes(subject))}
    missing = {
        name
        for name, key in named_keys().items()
        if key not in covered and "CONV" not in key and name.partition(".")[2] not in NOTHING_PERSONAL
    }
    assert not missing, f"a place of erasure and export, or a reason in NOTHING_PERSONAL: {sorted(missing)}"


async def fill(parts: Parts, id: str, lane: str, word: str) -> None:
    """Something of the conversation in every place there is."""
    places, redis = Places(parts.keys), parts.redis
    subject = Subject(id, lane)
    thread = {"page": lane.partition(":")[0], "person": lane.partition(":")[2], "x": word}
    await redis.hset(places.messenger.thread(id), mapping=thread)
    await redis.set(places.messenger.person(lane), id)
    await redis.rpush(parts.keys.tracker(id), json.dumps({"text": word}))
    await redis.set(parts.keys.checkpoint(id), word)
    await redis.rpush(parts.keys.wait(id), word)
    await redis.hset(parts.keys.drafts(id), "aino", word)
    await redis.hset(parts.keys.clear(id), "1", word)
    await redis.set(parts.keys.answer(id, uid()), word)
    await redis.xadd(places.messenger.stream(lane), {"e": word})
    for name, member in places.sets(subject):
        await redis.zadd(name, {member: 1})
    for name, member in places.hashes(subject):
        await redis.hset(name, member, word)
    await redis.hset(parts.keys.passed, f"{id} aino", "1")
    await redis.hset(parts.keys.alerts, f"wait:{id}", json.dumps({"conversation": id, "values": {"text": word}}))
    for stream in places.streams():
        await redis.xadd(stream, {"data": json.dumps({"conversation": id, "text": word})})
    await redis.xadd(places.messenger.other, {"e": json.dumps({"person": lane.partition(":")[2], "text": word})})


async def dump(parts: Parts) -> dict[str, str]:
    return await contents(parts.redis)


async def test_i10_a_person_is_gone_from_every_place_and_the_others_stay(parts: Parts, tmp_path: Path) -> None:
    one, other = new_conversation(), new_conversation()
    await parts.say(one, CANARY)
    await parts.say(other, "somebody else")
    await fill(parts, one.id, "100:20020020020", CANARY)
    await fill(parts, other.id, "100:30030030030", "somebody else")
    for folder in ("messenger", "uploads"):
        for id in (one.id, other.id):
            (tmp_path / folder / id).mkdir(parents=True)
            (tmp_path / folder / id / "a").write_text("x")
    before = {name: value for name, value in (await dump(parts)).items() if one.id not in name}
    assert sum(CANARY in value for value in (await dump(parts)).values()) > 15
    erasure = Erasure(parts.store, parts.hub.audit, tmp_path, again_s=0)
    await erasure.erase(one.id, COMMAND_LINE, "asked")
    await erasure.finish()
    assert await erasure.finish() == 1
    after = await dump(parts)
    for name, value in after.items():
        assert CANARY not in value and "20020020020" not in name + value, name
        if one.id in name + value:
            assert name in (parts.keys.erased(one.id), parts.keys.audit), name
    places = Places(parts.keys)
    mine = {places.messenger.stream("100:20020020020"), places.messenger.person("100:20020020020")}
    assert not {name for name in before.keys() - mine if other.id in name} - after.keys()
    assert "somebody else" in after[parts.keys.inbox] and other.id in after[parts.keys.queue]
    assert [path.parent.name for path in tmp_path.glob("*/*/a")] == [other.id, other.id]
    assert 0 < await parts.redis.ttl(parts.keys.erased(one.id)) <= ERASED_TTL_S


@pytest.fixture
async def plain(parts: Parts) -> AsyncIterator[Parts]:
    """With dumps as Redis would write them without packing long strings, in which a word can be cut in two."""
    await parts.redis.config_set("rdbcompression", "no")
    yield parts
    await parts.redis.config_set("rdbcompression", "yes")


async def test_p3_neither_the_file_of_redis_nor_a_neighbours_entry_has_a_byte_left(plain: Parts) -> None:
    """Entries that were taken off a shared stream long ago lie beside living ones until somebody writes it anew."""
    parts, redis = plain, plain.redis
    one, other = new_conversation(), new_conversation()
    await parts.say(one, CANARY)
    await redis.xgroup_create(parts.keys.inbox, "rasa", id="0")
    (stream,) = await redis.xreadgroup("rasa", "bot-1", {parts.keys.inbox: ">"})
    taken = stream[1][0][0]
    await parts.say(other, "still waits")
    await redis.xreadgroup("rasa", "bot-1", {parts.keys.inbox: ">"})
    await redis.xack(parts.keys.inbox, "rasa", taken)
    await redis.xdel(parts.keys.inbox, taken)
    assert CANARY.encode() in await redis.dump(parts.keys.inbox)  # this is why
    pending = await redis.xpending_range(parts.keys.inbox, "rasa", "-", "+", 10)
    info = await redis.xinfo_stream(parts.keys.inbox)
    await parts.hub.erasure.erase(one.id, VISITOR, "asked")
    assert CANARY.encode() not in await redis.dump(parts.keys.inbox)
    after = await redis.xpending_range(parts.keys.inbox, "rasa", "-", "+", 10)
    same = ("message_id", "consumer", "times_delivered")
    assert [[row[name] for name in same] for row in after] == [[row[name] for name in same] for row in pending]
    assert (await redis.xinfo_stream(parts.keys.inbox))["last-generated-id"] == info["last-generated-id"]
    assert len(await redis.xinfo_consumers(parts.keys.inbox, "rasa")) == 1


async def test_i10_nothing_that_was_on_its_way_brings_anything_back(parts: Parts) -> None:
    conversation = new_conversation()
    await parts.say(conversation, CANARY)
    late = [parts.say(conversation, f"{CANARY} {n}") for n in range(20)]
    ended = await asyncio.gather(*late[:10], parts.hub.erasure.erase(conversation.id, VISITOR, "asked"), *late[10:],
                                 return_exceptions=True)  # fmt: skip
    assert all(isinstance(end, (int, NotFound, type(None))) for end in ended), ended
    with pytest.raises(Erased):
        await parts.say(conversation, CANARY)
    await parts.redis.hset(parts.keys.drafts(conversation.id), "aino", CANARY)  # somebody who did not ask
    erasure = Erasure(parts.store, parts.hub.audit, again_s=0, rewrite_every_s=0)
    await erasure.finish()
    for _ in range(4):
        await erasure.finish()
    assert not any(CANARY in value for value in (await dump(parts)).values())
    assert not await parts.redis.exists(parts.keys.erasures)
    assert parts.store.lately(conversation.id) is None


async def test_an_erasure_that_was_begun_by_a_process_that_died_is_finished(parts: Parts, tmp_path: Path) -> None:
    conversation = new_conversation()
    await parts.say(conversation, CANARY)
    (tmp_path / "uploads" / conversation.id).mkdir(parents=True)
    erasure = Erasure(parts.store, parts.hub.audit, tmp_path, again_s=0)
    await erasure._take_out(await erasure.subject(conversation.id))
    await parts.redis.set(parts.keys.answer(conversation.id, uid()), CANARY)
    record = {"stage": "begun", "at": 0, "lane": None}
    await parts.redis.hset(parts.keys.erasures, conversation.id, json.dumps(record))
    await erasure.finish()
    assert not any(CANARY in value for value in (await dump(parts)).values())
    assert not list((tmp_path / "uploads").iterdir())


async def test_what_never_was_cannot_be_erased_and_twice_is_as_good_as_once(parts: Parts) -> None:
    with pytest.raises(NotFound):
        await parts.hub.erasure.erase(uid(), AINO, "asked")
    conversation = new_conversation()
    await parts.say(conversation)
    for _ in range(2):
        await parts.hub.erasure.erase(conversation.id, AINO, "asked")
    lines = [json.loads(line) async for line in parts.hub.audit.lines()]
    assert {line["action"] for line in lines} == {"conversation.erased"} and lines[0]["facts"] == {"reason": "asked"}


async def test_s8_who_erases_again_and_again_has_redis_write_its_file_anew_only_so_often(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure = Erasure(parts.store, parts.hub.audit, again_s=3600, rewrite_every_s=3600)
    rewritten: list[int] = []

    async def rewrite() -> bool:
        rewritten.append(1)
        return True

    monkeypatch.setattr(erasure, "rewrite", rewrite)
    for _ in range(3):
        conversation = new_conversation()
        await parts.say(conversation, CANARY)
        await erasure.erase(conversation.id, VISITOR, "asked")
        await erasure.finish()
    assert len(rewritten) == 1, "the first at once"
    erasure.rewrite_every_s = 0
    await erasure.finish()
    assert len(rewritten) == 2, "and one for all that came since"
    stages = [json.loads(raw)["stage"] for raw in (await parts.redis.hgetall(parts.keys.erasures)).values()]
    assert stages == ["rewritten"] * 3


async def test_i10_files_go_from_a_machine_that_was_not_told_of_the_erasure(parts: Parts, tmp_path: Path) -> None:
    """Its notice was lost, or came while nothing ran here."""
    elsewhere, erasure = Erasure(parts.store, parts.hub.audit), parts.hub.erasure
    erasure.var = tmp_path
    gone, stays = new_conversation(), new_conversation()
    for new in (gone, stays):
        await parts.say(new)
        for name in FOLDERS:
            (tmp_path / name / new.id).mkdir(parents=True)
            (tmp_path / name / new.id / "file").write_text(CANARY)
    await elsewhere.erase(gone.id, COMMAND_LINE, "asked")
    erasure.noticed({"reconnected": True})

    async def tidied() -> bool:
        return not any((tmp_path / name / gone.id).exists() for name in FOLDERS)

    await until(tidied, "the files are gone")
    assert all((tmp_path / name / stays.id / "file").exists() for name in FOLDERS)


async def test_folders_are_looked_through_until_redis_answers_and_again_for_what_was_lost_meanwhile(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFT_AGAIN_S", 0.01)
    monkeypatch.setattr(module, "FOLDERS_AT_ONCE", 1)
    erasure, looks = parts.hub.erasure, 0
    erasure.var = tmp_path
    look = erasure.remove_left

    async def looked() -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise StoreUnavailable
        if looks == 2:
            erasure.noticed({"reconnected": True})
        return await look()

    monkeypatch.setattr(erasure, "remove_left", looked)
    for name in ("a", "b"):
        (tmp_path / "uploads" / name).mkdir(parents=True)
        await parts.redis.set(parts.keys.erased(name), "1")
    erasure.noticed({"reconnected": True})
    assert erasure._looking is not None
    await asyncio.wait_for(erasure._looking, 10)
    assert looks == 3 and not list((tmp_path / "uploads").iterdir())


async def test_where_no_files_are_kept_nothing_is_looked_through(parts: Parts) -> None:
    assert await parts.hub.erasure.remove_left() == 0
    parts.hub.erasure.noticed({"reconnected": True})
    assert parts.hub.erasure._looking is None
