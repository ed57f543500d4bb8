from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
import redis

from handoff.events import Keys
from handoff.supervisor.errors import RedisUnfit
from handoff.supervisor.readiness import bot_reads, http_ok, redis_answers
from handoff.supervisor.redis_server import check_outside, socket_path
from tests.helpers.redis_server import RedisServer


async def test_redis_answers_only_while_it_runs(redis_server: RedisServer) -> None:
    assert await redis_answers(redis_server.url)
    redis_server.kill()
    assert not await redis_answers(redis_server.url)


# redis-py forgets a connection whose making was cancelled; the collector closes it, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
async def test_a_probe_that_is_cancelled_ends(redis_server: RedisServer) -> None:
    """At whatever moment: redis-py swallowed one of a few on Python 3.11, and the start hung."""

    async def ask_for_ever() -> None:
        while not await bot_reads(redis_server.url, 1):
            pass

    for moment in range(40):
        task = asyncio.create_task(ask_for_ever())
        await asyncio.sleep(moment / 10_000)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=5)
        assert done, f"not ended when cancelled after {moment / 10:.1f} ms"
        assert task.cancelled()


async def test_a_bot_reads_when_the_sign_of_life_is_its_own(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(Keys().alive("other"), '{"pid": 1}')
        client.set(Keys().alive("broken"), "no JSON")
        client.set(Keys().alive("empty"), "{}")
        assert not await bot_reads(redis_server.url, 4711)
        client.set(Keys().alive("mine"), '{"pid": 4711}')
    assert await bot_reads(redis_server.url, 4711)
    redis_server.kill()
    assert not await bot_reads(redis_server.url, 4711)


@pytest.mark.parametrize(
    ("answer", "ready"),
    [(b"HTTP/1.1 200 OK\r\n\r\n", True), (b"HTTP/1.1 503 No\r\n\r\n", False), (b"", False), (b"hello\r\n", False)],
)
async def test_http_is_ready_with_200_alone(answer: bytes, ready: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        assert await http_ok("127.0.0.1", server.sockets[0].getsockname()[1], "/readyz") is ready


async def test_an_outside_redis_that_keeps_its_data_is_fine(redis_server: RedisServer) -> None:
    await check_outside(redis_server.url)


async def test_an_outside_redis_that_may_evict_is_refused(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(RedisUnfit, match="allkeys-lru"):
        await check_outside(redis_server.url)


@pytest.mark.slow
async def test_an_outside_redis_that_hangs_is_refused(redis_server: RedisServer) -> None:
    redis_server.signal(signal.SIGSTOP)
    with pytest.raises(RedisUnfit, match="does not answer"):
        await check_outside(redis_server.url)


def test_the_socket_goes_to_the_data_or_to_a_short_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert socket_path(Path("/srv/silta/run")) == Path("/srv/silta/run/redis.sock")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = Path("/" + "deep/" * 30)
    short = socket_path(deep)
    assert short.parent.parent == tmp_path
    assert short.parent.stat().st_mode & 0o777 == 0o700
    assert socket_path(deep) == short
    assert socket_path(deep / "other") != short
    os.chmod(short.parent, 0o755)  # noqa: S103 (somebody else's, as far as we can tell)
    with pytest.raises(RedisUnfit, match="not a private folder"):
        socket_path(deep)
