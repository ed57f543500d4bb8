from __future__ import annotations

import asyncio

from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from handoff.edge.flow import Incoming, Writable
from handoff.edge.server import HubSocket


async def test_what_has_come_is_taken_in_its_order() -> None:
    incoming = Incoming()
    assert incoming.empty()
    for number in range(3):
        incoming.put_nowait(number)
    assert not incoming.empty()
    assert [await incoming.get() for _ in range(3)] == [0, 1, 2]
    assert incoming.empty()


async def test_who_waits_is_woken_by_the_first_and_gets_all_that_came_meanwhile() -> None:
    incoming = Incoming()
    reader = asyncio.create_task(incoming.get())
    await asyncio.sleep(0)
    incoming.put_nowait("first")
    incoming.put_nowait("second")
    assert await reader == "first"
    assert await incoming.get() == "second"


async def test_who_gives_up_waiting_loses_nothing() -> None:
    incoming = Incoming()
    reader = asyncio.create_task(incoming.get())
    await asyncio.sleep(0)
    incoming.put_nowait("kept")
    reader.cancel()
    await asyncio.wait([reader])
    assert reader.cancelled()
    assert await incoming.get() == "kept"


async def test_all_who_wait_to_write_go_on_when_the_peer_has_caught_up() -> None:
    writable = Writable()
    await writable.wait()
    writable.clear()
    waiting = [asyncio.create_task(writable.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not writable.is_set() and not waiting[1].done()
    writable.set()
    await asyncio.gather(*waiting[1:])
    assert waiting[0].cancelled() and not writable._waiting


async def test_a_socket_has_a_slot_for_all_that_the_stock_one_keeps() -> None:
    config = Config(lambda scope, receive, send: None, ws="websockets-sansio", log_config=None)
    config.load()
    stock = WebSocketsSansIOProtocol(config, ServerState(), {})
    ours = HubSocket(config, ServerState(), {})
    assert stock.__dict__.keys() <= set(HubSocket.__slots__)
    assert not ours.__dict__, "what is not in a slot makes a dictionary for each socket"
