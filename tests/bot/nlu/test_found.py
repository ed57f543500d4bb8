"""A value in its place."""

from __future__ import annotations

from bot.nlu.found import Found, blanked, head


def test_what_was_found_is_blanked_and_all_else_keeps_its_place() -> None:
    assert blanked("abc def ghi", [Found(0, 3, "x"), Found(8, 11, "y")]) == "    def    "


def test_the_head_is_what_stands_right_before() -> None:
    assert head("ordre 77120", 6) == "ordre " and head("x" * 500 + "nr. 5", 504).endswith("x" * 20 + "nr. ")
