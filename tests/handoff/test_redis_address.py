from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest
from redis.asyncio.connection import ConnectionPool, UnixDomainSocketConnection

from handoff.errors import StoreUnavailable
from handoff.events import Keys
from handoff.redis_address import Address, BadAddress, Kind, parse, pool
from handoff.tasks import end
from tests.handoff.parts import Recorder, new_conversation, parts_on, uid
from tests.helpers.redis_cluster import Sentinels
from tests.helpers.waiting import until


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0", "rediss://shop.example", "unix:///tmp/redis.sock"])
def test_a_single_server_is_the_librarys_matter(url: str) -> None:
    assert parse(url) == Address(Kind.SERVER)
    made = pool(url, ConnectionPool, key=Keys().inbox, socket_timeout=1)
    assert made.connection_kwargs["socket_timeout"] == 1
    assert (made.connection_class is UnixDomainSocketConnection) == url.startswith("unix")


def test_sentinel_names_its_nodes_the_primary_the_secret_and_the_database() -> None:
    made = parse("sentinel://silta:p%40ss@10.0.0.1:26380,[::1]:26381,third/chat/2")
    assert made.nodes == (("10.0.0.1", 26380), ("::1", 26381), ("third", 26379))
    assert (made.kind, made.name, made.username, made.password, made.db) == (Kind.SENTINEL, "chat", "silta", "p@ss", 2)
    assert "p@ss" not in repr(made)


def test_a_cluster_names_some_of_its_nodes() -> None:
    made = parse("cluster://:secret@10.0.0.1:7000,10.0.0.2")
    assert (made.kind, made.nodes, made.password) == (Kind.CLUSTER, (("10.0.0.1", 7000), ("10.0.0.2", 6379)), "secret")
    assert made.username is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://pw@host", "start with one of"),
        ("redis", "start with one of"),
        ("sentinel://host:26379", "name of the primary"),
        ("sentinel://user:pw@/name", "at least one"),
        ("sentinel://host:x/name", "host:port"),
        ("sentinel://host/name/x", "number"),
        ("cluster://host:7000/0", "no numbered databases"),
        ("cluster://host:99999", "host:port"),
    ],
)
def test_an_address_that_cannot_be_used_says_why_and_keeps_the_secret(url: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why) as refused:
        parse(url)
    assert "pw" not in str(refused.value)


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    with Sentinels() as made:
        yield made


async def test_a_hub_works_over_sentinel(sentinels: Sentinels) -> None:
    async with parts_on(sentinels.url) as parts:
        waiting = await parts.queued()
        await parts.assert_numbered(waiting.id)
        role = await parts.redis.execute_command("ROLE")
        assert role[0] == b"master"


async def test_nobody_who_knows_a_primary_is_redis_away(sentinels: Sentinels) -> None:
    nowhere = sentinels.url.replace(Sentinels.NAME, "another")
    async with parts_on(nowhere, timeout_s=2.0) as parts:
        with pytest.raises(Exception, match="try_later: ConnectionError"):
            await parts.queued()


async def test_with_replicas_a_message_counts_when_one_has_it_and_is_told_to_others_only_then(
    sentinels: Sentinels,
) -> None:
    async with parts_on(sentinels.url, replicas=1, timeout_s=1.0) as parts:
        new = new_conversation()
        listening = asyncio.create_task(parts.fanout.listen())
        await parts.fanout.listening.wait()
        recorder = Recorder()
        parts.fanout.subscribe(new.id, 0, recorder)

        async def told() -> bool:
            return recorder.numbers == [1]

        assert await parts.say(new, "heard") == 1
        await until(told, "the notice came")
        (replica,) = [node for node in sentinels.nodes if node is not sentinels.primary()]
        replica.signal(signal.SIGSTOP)
        id = uid()
        try:
            for _ in range(2):  # the second time it is found as answered, and still no replica has it
                with pytest.raises(StoreUnavailable):
                    await parts.say(new, "kept back", id=id)
            with pytest.raises(StoreUnavailable):  # it is in the log, and a failover could still take it back
                await parts.store.events(new.id)
            assert recorder.numbers == [1]
        finally:
            replica.signal(signal.SIGCONT)
        assert await parts.say(new, "kept back", id=id) == 2
        assert [event["text"] for event in await parts.store.events(new.id)] == ["heard", "kept back"]
        assert [event["seq"] for event in await parts.store.events(new.id, after=1, most=1)] == [2]
        await parts.assert_numbered(new.id)
        await end(listening)


async def test_an_answer_that_the_old_primary_still_knew_and_the_new_one_does_not_is_not_given(
    sentinels: Sentinels, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with parts_on(sentinels.url, replicas=1, timeout_s=2.0) as parts:
        new, id = new_conversation(), uid()
        assert await parts.say(new, "heard", id=id) == 1
        key = parts.store.keys.answer(new.id, id)
        before = await parts.store._load_with_answer(new.id, key)
        assert before[1] is not None

        async def as_before(conversation: str, answer_key: str | None) -> object:
            return before

        await parts.redis.delete(key)  # it had reached no replica
        parts.store.forget(new.id)
        with monkeypatch.context() as patched:
            patched.setattr(parts.store, "_load_with_answer", as_before)
            with pytest.raises(StoreUnavailable, match="taken the answer back"):
                await parts.say(new, "heard", id=id)
        assert await parts.say(new, "heard", id=id) == 2, "said again, it is written again"


async def test_without_replicas_to_wait_for_the_primary_is_enough(sentinels: Sentinels) -> None:
    (replica,) = [node for node in sentinels.nodes if node is not sentinels.primary()]
    replica.signal(signal.SIGSTOP)
    try:
        async with parts_on(sentinels.url, timeout_s=1.0) as parts:
            assert await parts.say(new_conversation(), "heard") == 1
    finally:
        replica.signal(signal.SIGCONT)
