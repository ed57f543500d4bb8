"""I11: whatever anybody types, no personal number reaches Redis, its files, the bot or the log."""

from __future__ import annotations

import json
import random

import pytest

from handoff import decisions
from handoff.conversation import Conversation
from handoff.privacy.masking import MASK, Kind
from handoff.settings import ROOT
from tests.handoff.hub_process import HubProcess
from tests.handoff.parts import AINO, Parts, new_conversation, uid
from tests.handoff.privacy import people
from tests.handoff.texts_for_tests import texts
from tests.helpers.redis_server import RedisServer
from tests.helpers.visitor import Visitor

RANDOM = random.Random(11)
NUMBERS = (
    people.hetu(RANDOM),
    people.cpr(RANDOM, "-"),
    people.card(RANDOM, " "),
    people.iban(RANDOM, "FI", " "),
)
AT = "2026-11-21T10:15:30.123Z"


def clear(numbers: tuple[str, ...], text: str | bytes) -> list[str]:
    """Those of ``numbers`` that stand in a text in clear, however they are separated."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    bare = "".join(character for character in plain if character.isalnum())
    return [n for n in numbers if n in plain or "".join(c for c in n if c.isalnum()) in bare]


@pytest.mark.parametrize("language", ["fi", "da", "en"])
def test_the_visitor_is_told_why_once_for_each_message(language: str) -> None:
    new = Conversation("c", language=language)
    made = decisions.visitor_wrote(new, texts(), at=AT, text=MASK[Kind.HETU], client_id="m", masked=2)
    message, told = made.entries
    assert (told.author.role.value, told.text) == ("system", texts().say(language, "masked"))
    assert told.data == {"cause": "masked", "of": message.seq}
    assert made.answer == {"seq": 1, "masked": 2}
    assert made.after.masked == 2
    again = decisions.visitor_wrote(made.after, texts(), at=AT, text="hello", client_id="n")
    assert len(again.entries) == 1 and again.after.masked == 2


async def test_i11_nothing_that_is_typed_is_kept_in_clear(parts: Parts) -> None:
    hetu, cpr, card, iban = NUMBERS
    new = new_conversation()
    await parts.say(new, f"hetuni on {hetu}, cpr {cpr}, kortti {card}")
    (inbound,) = await parts.inbox()
    assert inbound.text == f"hetuni on {MASK[Kind.HETU]}, cpr {MASK[Kind.CPR]}, kortti {MASK[Kind.CARD]}"
    await parts.hub.visitors.request_handoff(new, id=uid())
    await parts.say(new, f"{iban}")
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    answer = await parts.hub.agents.message(AINO, new.id, id=uid(), text=f"Onko tunnuksenne {hetu}?")
    assert answer["masked"] == 1
    await parts.hub.agents.note(AINO, new.id, id=uid(), text=f"{hetu} soittaa")
    await parts.hub.agents.transfer(AINO, new.id, id=uid(), to=None, skill="billing", note=f"kortti {card}")
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    await parts.hub.agents.return_to_bot(AINO, new.id, id=uid(), note=f"cpr {cpr}")
    await parts.hub.visitors.rate(new.id, id=uid(), score=1, comment=f"miksi kysyitte {hetu}")
    await parts.hub.agents.claim(AINO, new.id, id=uid())
    await parts.hub.agents.resolve(AINO, new.id, id=uid(), outcome=f"maksettu {iban}")
    state = await parts.state(new.id)
    assert state.masked == 6
    opened = await parts.hub.agents.opened(new.id, "fi")
    assert opened["handoff"]["masked"] == 6
    for event in await parts.store.events(new.id):
        assert clear(NUMBERS, json.dumps(event, ensure_ascii=False)) == []
    for key, value in (await parts.everything()).items():
        assert clear(NUMBERS, value or b"") == [], key


async def test_what_the_visitor_is_told_is_no_part_of_the_bots_history(parts: Parts) -> None:
    waiting = await parts.queued()
    await parts.say(waiting, f"hetu {NUMBERS[0]}")
    await parts.hub.visitors.cancel_handoff(waiting.id, id=uid())
    resumed = (await parts.behind(waiting.id))[-1]
    assert [line.text for line in resumed.history] == [f"hetu {MASK[Kind.HETU]}"]


async def test_p1_after_a_run_no_file_of_redis_and_no_log_holds_a_number() -> None:
    server, random_ = RedisServer(), random.Random(12)
    numbers = tuple(make(random_) for _ in range(10) for make in (people.hetu, people.cpr, people.card, people.iban))
    server.start()
    hub = HubProcess(server.url)
    try:
        hub.start()
        page = f"https://shop.example/?id={numbers[0]}"
        socket = hub.address.replace("http", "ws", 1) + "/ws/visitor"
        async with await Visitor.dial(socket, origin=hub.address) as visitor:
            await visitor.send("hello", language="fi", page=page)
            await visitor.expect("welcome")
            for number in numbers:
                await visitor.say(f"cpr tai muu tunnus {number}, kiitos")
        hub.kill()
        server.kill()
        files = [path for folder in (server.folder, hub.folder) for path in folder.rglob("*") if path.is_file()]
        assert any("aof" in path.name for path in files), "the append-only file is among them"
        assert any(b"HETU" in path.read_bytes() for path in files), "the conversation is among them"
        for path in files:
            assert clear(numbers, path.read_bytes()) == [], path
        assert clear(numbers, hub.log) == []
    finally:
        hub.close()
        server.close()


def test_what_both_sides_import_stands_on_the_standard_library() -> None:
    shared = ("privacy/__init__", "privacy/masking", "privacy/numbers", "privacy/surroundings", "log_lines")
    for path in (ROOT / "handoff" / f"{name}.py" for name in shared):
        imports = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
        others = [line for line in imports if "handoff." in line and "handoff.privacy." not in line]
        assert others == [], path
