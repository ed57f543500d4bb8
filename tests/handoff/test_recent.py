from __future__ import annotations

from dataclasses import replace

from handoff.conversation import Conversation
from handoff.recent import Recent


def test_the_latest_state_is_kept_and_the_one_used_longest_ago_goes_first() -> None:
    recent = Recent(most=2)
    a, b, c = Conversation("a"), Conversation("b"), Conversation("c")
    recent.keep(a)
    recent.keep(b)
    assert recent.get("a") == a
    recent.keep(c)
    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c")) == (a, c)


def test_a_newer_state_replaces_the_older_and_a_doubtful_one_is_forgotten() -> None:
    recent = Recent()
    recent.keep(Conversation("a"))
    newer = replace(Conversation("a"), version=1)
    recent.keep(newer)
    assert recent.get("a") == newer
    recent.forget("a")
    recent.forget("a")
    assert recent.get("a") is None
