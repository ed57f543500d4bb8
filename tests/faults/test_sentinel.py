"""A primary with a replica under three Sentinels; the primary dies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.failover import primaries_die_under_load
from tests.helpers.redis_cluster import Sentinels


@pytest.mark.lasts(60)
async def test_a_primary_under_sentinel_that_dies_under_load_loses_nothing_acknowledged(
    record: Callable[[str], None],
) -> None:
    with Sentinels() as sentinels:
        await primaries_die_under_load(sentinels, kills=3, healthy=sentinels.healthy, say=record)
