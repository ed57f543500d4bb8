"""What is kept in clear rests sealed, and is shown to one agent at a time, written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handoff.desk.search import Search
from handoff.errors import NotFound
from handoff.privacy.clear import Clear
from handoff.privacy.masking import mask
from handoff.privacy.vault import Vault, new_key, parse_keys
from handoff.requests.desk import book_callback
from handoff.wire.visitor import Callback
from tests.handoff.parts import AINO, Parts, new_conversation
from tests.helpers.redis_contents import contents

HETU = "131052-308T"


def clear(parts: Parts, *, keeps: bool) -> Clear:
    return Clear(parts.store, parts.hub.audit, Vault(parse_keys([new_key()], "test")), keeps)


async def test_i11_by_default_a_covered_number_is_gone_for_good(parts: Parts) -> None:
    parts.hub.clear = clear(parts, keeps=False)
    new = new_conversation()
    seq = await parts.say(new, f"my number is {HETU}")
    assert not await parts.redis.exists(parts.keys.clear(new.id))
    with pytest.raises(NotFound):
        await parts.hub.clear.show(AINO, new.id, seq)
    assert HETU not in str(await contents(parts.redis))


async def test_where_the_owner_keeps_it_an_agent_is_shown_it_and_that_is_written_down(parts: Parts) -> None:
    parts.hub.clear = clear(parts, keeps=True)
    new = new_conversation()
    seq = await parts.say(new, f"my number is {HETU}, and 4111 1111 1111 1111")
    assert HETU not in str(await contents(parts.redis)), "sealed"
    shown = await parts.hub.clear.show(AINO, new.id, seq)
    assert shown["values"] == [{"kind": "HETU", "value": HETU}, {"kind": "CARD", "value": "4111 1111 1111 1111"}]
    (line,) = [json.loads(line) async for line in parts.hub.audit.lines()]
    assert (line["action"], line["conversation"], line["facts"]["kinds"]) == ("clear.shown", new.id, ["CARD", "HETU"])
    assert HETU not in str(line)
    with pytest.raises(NotFound):
        await parts.hub.clear.show(AINO, new.id, seq + 1)
    parts.hub.clear = clear(parts, keeps=True)
    with pytest.raises(NotFound):
        await parts.hub.clear.show(AINO, new.id, seq)  # its key is gone
    await parts.hub.erasure.erase(new.id, AINO, "asked")
    assert not await parts.redis.exists(parts.keys.clear(new.id))


def test_a_contact_rests_sealed_and_opens_in_the_task_alone(parts: Parts) -> None:
    box = clear(parts, keeps=False)
    sealed = {name: box.contact("c1", name, value) for name, value in (("phone", "+358401234567"), ("name", "Liisa"))}
    task = {"id": "c1.abcd", "kind": "phone", **sealed}
    assert "+358" not in str(task) and "Liisa" not in str(task)
    assert box.task(task, mine=True) == {**task, "phone": "+358401234567", "name": "Liisa"}
    assert box.task(task, mine=False) == {"id": "c1.abcd", "kind": "phone", "name": "Liisa"}, "P7: not for them"
    assert box.task({"id": "c1.abcd", "name": None}, mine=False)["name"] is None
    assert box.task({**task, "id": "c2.abcd"}, mine=True)["phone"] == "", "moved elsewhere"
    assert clear(parts, keeps=False).task(task, mine=True)["phone"] == "", "its key is gone"
    bare = Clear(parts.store, parts.hub.audit)
    assert bare.contact("c1", "phone", "1") == "1"
    assert bare.task({"id": "c1.a", "phone": "1"}, mine=True)["phone"] == "1"


async def test_the_name_of_a_call_back_rests_sealed_and_agents_find_it(parts: Parts) -> None:
    parts.hub.clear = clear(parts, keeps=False)
    new = new_conversation()
    window = parts.hub.room.windows("en", datetime.now(UTC))[0]
    await book_callback(parts.hub, new, Callback("b", "+358401234567", None, "Liisa Zweig", window.id))
    held = str(await contents(parts.redis))
    assert "Zweig" not in held and "401234567" not in held
    (task,) = await parts.hub.lists.tasks()
    assert parts.hub.clear.task(task, mine=False)["name"] == "Liisa Zweig"
    state = await parts.state(new.id)
    assert state.visitor_name is None, "given for the call alone"
    assert parts.hub.clear.name_of(state) == "Liisa Zweig"
    assert parts.hub.clear.name_of(replace(state, visitor_name="Meta says")) == "Meta says"
    (found,) = await Search(parts.store, parts.hub.clear.name_of).find("zweig", lambda _: True)
    assert (found["conversation"], found["visitor"]) == (new.id, "Liisa Zweig")


def test_what_was_covered_is_in_no_print_of_it() -> None:
    masked = mask(f"Hetu {HETU}.")
    assert masked.values == (HETU,) and HETU not in repr(masked)
