from __future__ import annotations

from handoff.queue.hearing import Hearing, put


def test_a_reading_keeps_what_is_told_while_it_is_under_way_and_nothing_else() -> None:
    hearing = Hearing()
    hearing.line("before", None)
    with hearing.reading() as first:
        hearing.line("a", {"status": "queued"})
        with hearing.reading() as second:
            hearing.line("a", None)
            hearing.offer("b", {"id": "1"})
            hearing.passed("b", "mikkel", 7)
            hearing.reconnected()
        hearing.passed("b", "aino", 9)
    hearing.line("after", None)
    assert (first.lines, second.lines) == ({"a": None}, {"a": None})
    assert first.offers == second.offers == {"b": {"id": "1"}}
    assert (first.passed, second.passed) == ({"b": {"mikkel": 7, "aino": 9}}, {"b": {"mikkel": 7}})
    assert first.reconnected and second.reconnected


def test_a_reading_that_fails_hears_no_more() -> None:
    hearing = Hearing()
    try:
        with hearing.reading() as heard:
            raise TimeoutError
    except TimeoutError:
        hearing.line("a", None)
    assert heard.lines == {}


def test_what_was_told_stands_before_what_was_read() -> None:
    kept = {"stays": 1, "goes": 2, "moves": 3}
    put(kept, {"goes": None, "moves": 4, "comes": 5, "unknown": None})
    assert kept == {"stays": 1, "moves": 4, "comes": 5}
