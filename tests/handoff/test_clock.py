from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.clock import now_ms, parse_ms, stamp


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_a_stamp_is_read_back_to_the_millisecond(ms: int) -> None:
    assert parse_ms(stamp(ms)) == ms


def test_a_stamp_is_rfc_3339_in_utc() -> None:
    assert stamp(1_795_256_130_123) == "2026-11-21T10:15:30.123Z"


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        parse_ms("yesterday")


def test_now_is_after_this_was_written() -> None:
    assert now_ms() > 1_700_000_000_000
