from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.desk.mentions import called
from tests.handoff.clients import Door
from tests.handoff.parts import AINO, MIKKEL

HOLM = replace(MIKKEL, id="holm", name="Mikkel Holm")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@Mikkel can you look?", ["mikkel"]),
        ("hey @mikkel, the parcel", ["mikkel"]),
        ("@Mikkeline", []),
        ("mail me at x@mikkel", []),
        ("@Aino note to self", []),
        ("no call", []),
    ],
)
def test_who_is_called_by_name_is_found(text: str, who: list[str]) -> None:
    assert called(text, [AINO, MIKKEL], by="aino") == who


def test_a_first_name_that_two_have_calls_whose_whole_name_it_is() -> None:
    assert called("@Mikkel", [AINO, MIKKEL, HOLM], by="aino") == ["mikkel"]
    assert set(called("@Mikkel Holm please", [AINO, MIKKEL, HOLM], by="aino")) >= {"holm"}


async def test_who_is_called_in_a_note_gets_an_alert_until_they_have_looked(door: Door) -> None:
    visitor = await door.visitor()
    await visitor.ask("request_handoff")
    mikkel, aino = await door.agent("Mikkel"), await door.agent()
    await aino.ask("note", conversation=visitor.conversation, text="@Mikkel ved du noget om den?")
    alert = await mikkel.expect("alert", kind="mention")
    assert alert["conversation"] == visitor.conversation
    assert "Aino" in alert["text"]
    again = await door.agent("Mikkel")
    await again.expect("alert", kind="mention")
    await again.ask("open", conversation=visitor.conversation)
    await mikkel.expect("alert", kind="mention", ended=True)
    assert not [frame for frame in aino.frames if frame["type"] == "alert" and frame["kind"] == "mention"]
