"""A Redis Cluster of three primaries with a replica each, of which primaries die."""

from __future__ import annotations

import pytest

from tests.faults.failover import primaries_die_under_load
from tests.helpers.redis_cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_primary_of_a_cluster_that_dies_under_load_loses_nothing_acknowledged() -> None:
    with Cluster() as cluster:
        await primaries_die_under_load(cluster, kills=3, healthy=cluster.healthy)
