from __future__ import annotations

import json

from handoff.entry import AGENTS_FIELDS, AGENTS_ONLY, Author, Entry, Kind, Role, for_visitor

AT = "2026-11-21T10:15:30.123Z"


def test_an_event_has_the_fields_of_the_contract_and_no_empty_ones() -> None:
    bare = Entry(7, AT, Kind.RESOLVED, Author(Role.SYSTEM))
    assert bare.for_agent() == {
        "seq": 7,
        "at": AT,
        "kind": "resolved",
        "author": {"role": "system", "id": "", "name": ""},
    }
    full = Entry(
        8, AT, Kind.MESSAGE, Author(Role.BOT), "hei", "fi", ({"title": "Kyllä", "id": "8.0"},), "m1", {"of": 7}
    )
    assert json.loads(full.to_json()) == full.for_agent()
    assert full.for_agent()["buttons"] == [{"title": "Kyllä", "id": "8.0"}]
    assert (full.for_agent()["client_id"], full.for_agent()["of"]) == ("m1", 7)


def test_i9_every_kind_reaches_the_visitor_without_what_is_for_agents() -> None:
    data = dict.fromkeys(AGENTS_FIELDS, "secret")
    for kind in Kind:
        seen = for_visitor(Entry(3, AT, kind, Author(Role.AGENT, "a", "Aino"), "text", data=data).for_agent())
        assert seen["seq"] == 3, "I3: the number is always there"
        assert "secret" not in seen.values()
        assert (seen["kind"] == "hidden") == (kind in AGENTS_ONLY)
