"""A visitor's own data over the socket: out as a file, and gone, for every socket of it and for good."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import redis.asyncio

from handoff.keys import HubKeys
from tests.handoff.clients import Door
from tests.handoff.hub_process import HubProcess
from tests.helpers.frames import Refusal


async def test_i10_a_visitor_erases_the_conversation_and_every_socket_of_it_learns(door: Door) -> None:
    visitor = await door.visitor("en")
    assert visitor.welcome["may"]["erase"] is True
    await visitor.ask("message", text="forget me, please")
    second, agent = await door.again(visitor), await door.agent("Aino")
    await agent.ask("open", conversation=visitor.conversation, after=0)
    assert (await visitor.ask("erase"))["erased"] is True
    for socket in (visitor, second):
        async with asyncio.timeout(10):
            await socket.socket.wait_closed()
        assert (socket.socket.close_code, socket.socket.close_reason) == (1000, "erased")
    await agent.expect("erased", conversation=visitor.conversation)
    with pytest.raises(Refusal) as refused:
        await agent.ask("open", conversation=visitor.conversation, after=0)
    assert refused.value.code == "not_found"
    late = await door.raw()
    await late.send("hello", token=visitor.token, after=0)
    assert (await late.expect("error"))["code"] == "unauthorized", "the token is dead"


async def test_a_visitor_fetches_the_own_data_once_without_what_agents_said_among_themselves(
    door: Door, running_hub: HubProcess
) -> None:
    visitor, agent = await door.visitor("en"), await door.agent("Aino")
    await visitor.ask("message", text="my own words")
    await agent.ask("note", conversation=visitor.conversation, text="a colleague's word")
    url = (await visitor.ask("export"))["url"]
    async with httpx.AsyncClient(base_url=running_hub.address, trust_env=False) as client:
        reply = await client.get(url)
        assert reply.status_code == 200 and "attachment" in reply.headers["content-disposition"]
        assert "my own words" in reply.text and "colleague's word" not in reply.text
        assert (await client.get(url)).status_code == 401
        assert (await client.get("/api/visitor/export")).status_code == 401


async def test_p8_every_way_to_a_transcript_leaves_a_line(door: Door, running_hub: HubProcess) -> None:
    visitor, agent = await door.visitor("en"), await door.agent("Aino")
    await visitor.ask("message", text="read me")
    await agent.ask("open", conversation=visitor.conversation, after=0)
    await agent.ask("claim", conversation=visitor.conversation)
    async with redis.asyncio.Redis.from_url(running_hub.redis_url) as client:
        rows = await client.xrange(HubKeys().audit)
    lines = [json.loads(fields[b"l"]) for _, fields in rows]
    mine = [(line["action"], line["actor"]["role"]) for line in lines if line["conversation"] == visitor.conversation]
    assert mine == [("transcript.read", "agent"), ("conversation.taken", "agent")]
    assert "read me" not in str(lines)
