from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.channels.messenger.limits import TEXT_MAX, length, split

PIECES = st.sampled_from(
    [
        "a",
        "hyvää ",
        "päivää. ",
        "\n\n",
        "\n",
        "👩‍👩‍👧‍👦",
        "e\u0301",
        "🇫🇮",
        "👍🏽",
        "Palautusoikeus? ",
        "x" * 30,
        "…",
        " ",
        "ø",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join), st.integers(12, 90))
def test_parts_joined_are_the_text_each_fits_and_none_begins_inside_a_grapheme(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(parts) == text
    assert all(length(part) <= limit for part in parts)
    seams = {match.end() for match in regex.finditer(r"\X", text)} | {0}
    longest = max((length(match.group()) for match in regex.finditer(r"\X", text)), default=0)
    place = 0
    for part in parts:
        assert place in seams or longest > limit
        place += len(part)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("One paragraph.\n\nAnother one.", 20, ["One paragraph.\n\n", "Another one."]),
        ("First is this. Then that.", 20, ["First is this. ", "Then that."]),
        ("Hän sanoi: ”Näin on.” Ja niin oli.", 25, ["Hän sanoi: ”Näin on.” ", "Ja niin oli."]),
        ("no sentence ends in here", 14, ["no sentence ", "ends in here"]),
        ("abcdefghijklmnopqrstuvwxyz", 10, ["abcdefghij", "klmnopqrst", "uvwxyz"]),
        ("👍👍👍👍👍👍", 5, ["👍👍", "👍👍", "👍👍"]),
    ],
)
def test_a_text_is_cut_at_the_coarsest_seam_that_fits(text: str, limit: int, parts: list[str]) -> None:
    assert split(text, limit) == parts


def test_a_grapheme_longer_than_a_message_is_cut_for_nothing_else_is_left() -> None:
    text = "e" + "\u0301" * 4000
    parts = split(text)
    assert "".join(parts) == text
    assert max(map(length, parts)) <= TEXT_MAX
