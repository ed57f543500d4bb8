"""What is kept in clear rests sealed, and is shown to one agent at a time, written down."""

from __future__ import annotations

import json

import pytest

from handoff.errors import NotFound
from handoff.privacy.clear import Clear
from handoff.privacy.masking import mask
from handoff.privacy.vault import Vault, new_key, parse_keys
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
    task = {"id": "c1.abcd", "kind": "phone", "phone": box.contact("c1", "phone", "+358401234567"), "name": "Liisa"}
    assert "+358" not in str(task)
    assert box.task(task) == {**task, "phone": "+358401234567"}
    assert box.task({**task, "id": "c2.abcd"})["phone"] == "", "moved elsewhere"
    assert clear(parts, keeps=False).task(task)["phone"] == "", "its key is gone"
    bare = Clear(parts.store, parts.hub.audit)
    assert bare.contact("c1", "phone", "1") == "1" and bare.task({"id": "c1.a", "phone": "1"})["phone"] == "1"


def test_what_was_covered_is_in_no_print_of_it() -> None:
    masked = mask(f"Hetu {HETU}.")
    assert masked.values == (HETU,) and HETU not in repr(masked)
