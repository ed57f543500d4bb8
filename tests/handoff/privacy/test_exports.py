"""A person's data out (P2): whatever stands in any place is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handoff.errors import NotFound, Unauthorized
from handoff.privacy.audit import COMMAND_LINE, VISITOR
from handoff.privacy.clear import Clear
from handoff.privacy.erasure import Erasure
from handoff.privacy.exports import Exports
from handoff.privacy.masking import mask
from handoff.privacy.vault import Vault, new_key, parse_keys
from handoff.requests.desk import Duties
from handoff.wire.desk import AskHelp, RequestApproval
from tests.handoff.parts import MIKKEL, Parts, new_conversation, uid
from tests.handoff.privacy.test_erasure import CANARY, dump, fill


async def test_p2_a_canary_in_every_place_is_in_the_export(parts: Parts, tmp_path: Path) -> None:
    one, other = new_conversation(), new_conversation()
    await parts.say(one, f"{CANARY}-said")
    await parts.say(other, "somebody else")
    await fill(parts, one.id, "100:20020020020", CANARY)
    await fill(parts, other.id, "100:30030030030", "somebody else")
    for folder in ("messenger", "uploads"):
        (tmp_path / folder / one.id).mkdir(parents=True)
        (tmp_path / folder / one.id / "a").write_text("x")
    exports = Exports(parts.store, Erasure(parts.store, parts.hub.audit, tmp_path), parts.hub.audit)
    found = await exports.collect(one.id, COMMAND_LINE)
    text = json.dumps(found)
    assert "somebody else" not in text and "30030030030" not in text and other.id not in text
    prefix = parts.keys.prefix
    for name, value in (await dump(parts)).items():
        if CANARY in value:
            short = name.removeprefix(prefix)
            told = {**found["kept"], **found["lists"], **found["streams"]}
            assert short in told or name in (parts.keys.state(one.id), parts.keys.log(one.id)), name
            assert short not in told or CANARY in json.dumps(told[short]), name
    assert [file["folder"] for file in found["files"]] == ["messenger", "uploads"]
    assert found["events"][-1]["text"] == f"{CANARY}-said"
    (line,) = [json.loads(line) async for line in parts.hub.audit.lines()]
    assert line["action"] == "transcript.exported" and line["conversation"] == one.id


async def test_what_is_sealed_is_opened_for_the_person_and_a_missing_key_is_no_obstacle(parts: Parts) -> None:
    conversation = new_conversation()
    await parts.say(conversation)
    vault = Vault(parse_keys([new_key()], "test"))
    state = json.loads(await parts.redis.hget(parts.keys.state(conversation.id), "state"))
    state["callback"] = {"phone": vault.seal("+358401234567", f"{conversation.id}:phone"), "email": "v1.gone.AAAA"}
    await parts.redis.hset(parts.keys.state(conversation.id), "state", json.dumps(state))
    exports = Exports(parts.store, parts.hub.erasure, parts.hub.audit, vault)
    callback = (await exports.collect(conversation.id, COMMAND_LINE))["state"]["state"]["callback"]
    assert callback == {"phone": "+358401234567", "email": "v1.gone.AAAA"}


@pytest.mark.parametrize("own", [True, False])
async def test_p2_covered_numbers_that_are_kept_are_in_the_export_in_clear(parts: Parts, own: bool) -> None:
    conversation = new_conversation()
    await parts.say(conversation)
    vault = Vault(parse_keys([new_key()], "test"))
    keeper = Clear(parts.store, parts.hub.audit, vault, keeps=True)
    await keeper.keep(conversation.id, 1, mask("my card is 4111 1111 1111 1111"))
    lost = Vault(parse_keys([new_key()], "test")).seal("[]", f"{conversation.id}:clear:2")
    await parts.redis.hset(parts.keys.clear(conversation.id), "2", lost)
    exports = Exports(parts.store, parts.hub.erasure, parts.hub.audit, vault)
    found = await exports.collect(conversation.id, VISITOR if own else COMMAND_LINE, own=own)
    shown = found["kept"][parts.keys.clear(conversation.id).removeprefix(parts.keys.prefix)]
    assert shown == {"1": [{"kind": "CARD", "value": "4111 1111 1111 1111"}], "2": lost}
    lines = [json.loads(line) async for line in parts.hub.audit.lines()]
    assert [(line["action"], line["facts"]) for line in lines] == [
        ("transcript.exported", {"own": own}),
        ("clear.shown", {"of": 1, "kinds": ["CARD"]}),
    ]
    unopened = Exports(parts.store, parts.hub.erasure, parts.hub.audit)
    assert "4111" not in json.dumps(await unopened.collect(conversation.id, COMMAND_LINE))


async def test_the_visitors_own_export_has_no_word_that_agents_said_among_themselves(parts: Parts) -> None:
    mine = await parts.queued()
    await parts.hub.agents.claim(MIKKEL, mine.id, id=uid())
    words = ["rude-beware", "among-us", "ten-euros", "help-me"]
    await parts.hub.agents.note(MIKKEL, mine.id, id=uid(), text=words[1])
    desk = Duties(parts.hub)
    await desk.request(MIKKEL, RequestApproval(uid(), mine.id, "voucher", words[2], "10 €"))
    await desk.request(MIKKEL, AskHelp(uid(), mine.id, words[3]))
    await parts.hub.agents.transfer(MIKKEL, mine.id, id=uid(), to=None, skill="orders", note=words[0])
    whole = json.dumps(await parts.hub.exports.collect(mine.id, COMMAND_LINE))
    own = await parts.hub.exports.collect(mine.id, COMMAND_LINE, own=True)
    for word in words:
        assert word in whole and word not in json.dumps(own), word
    moved = next(event for event in own["events"] if event["kind"] == "transferred")
    assert moved["skill"] == "orders" and not {"note", "cause", "why"} & set(moved)


async def test_a_ticket_is_good_once_and_nobody_exports_what_is_not_there(parts: Parts) -> None:
    exports = parts.hub.exports
    ticket = (await exports.address("c1")).partition("ticket=")[2]
    assert await exports.redeem(ticket) == "c1"
    for spent in (ticket, "", "x"):
        with pytest.raises(Unauthorized):
            await exports.redeem(spent)
    with pytest.raises(NotFound):
        await exports.collect(uid(), COMMAND_LINE)
    assert not [line async for line in parts.hub.audit.lines()]
