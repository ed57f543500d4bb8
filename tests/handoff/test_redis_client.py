from __future__ import annotations

import pytest

from handoff.errors import StoreUnavailable
from handoff.redis_client import guarded


async def test_errors_of_redis_are_told_as_try_later_without_a_word_of_it() -> None:
    async def away() -> None:
        raise ConnectionError("no Redis here")

    with pytest.raises(StoreUnavailable) as refused:
        await guarded(away())
    assert "Redis" not in refused.value.message
