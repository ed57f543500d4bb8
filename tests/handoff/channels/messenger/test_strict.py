"""The hub as a process beside the strict Graph of the demo, with a bot that echoes: what the person saw is what the
transcript says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from handoff.desk.transcripts import Transcripts
from handoff.redis_client import connect
from handoff.settings import ROOT
from tests.handoff.clients import Door
from tests.handoff.fake_bot import FakeBot
from tests.handoff.hub_process import HubProcess
from tests.helpers.messenger import Customer, Inbox, Meta, serve_demo
from tests.helpers.redis_server import RedisServer
from tests.helpers.waiting import until


@contextmanager
def with_page(hub: HubProcess) -> Iterator[str]:
    """A demo Graph whose page the hub serves when it is started; its address."""
    with serve_demo(callback=f"{hub.address}/webhooks/messenger") as (demo, address):
        app = demo.world.app
        hub.environ |= {
            "SILTA_MESSENGER_APP_SECRET": app.secret,
            "SILTA_MESSENGER_VERIFY_TOKEN": app.verify_token,
            "SILTA_MESSENGER_PAGE_TOKEN": app.page_token,
            "SILTA_MESSENGER_PAGE_ID": demo.world.page_id,
            "SILTA_MESSENGER_APP_ID": str(app.id),
            "SILTA_MESSENGER_GRAPH_URL": address,
            "SILTA_MESSENGER_MEDIA_HOSTS": "127.0.0.1",
            "SILTA_MESSENGER_LANGUAGE": "en",
        }
        yield address


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[HubProcess, str]]:
    """A hub with a page, and the address of its Graph."""
    redis = RedisServer()
    hub = HubProcess(redis.url)
    try:
        redis.start()
        hub.add_agents()
        with with_page(hub) as address:
            hub.start()
            yield hub, address
    finally:
        hub.close()
        redis.close()


@pytest.fixture
async def meta(served: tuple[HubProcess, str]) -> AsyncIterator[Meta]:
    hub, address = served
    async with Meta(address) as made, FakeBot(hub.redis_url):
        yield made


async def events_of(hub: HubProcess, name: str) -> list[dict[str, Any]]:
    """The transcript of the person with this name."""
    redis = connect(hub.redis_url, timeout_s=5)
    try:
        transcripts = Transcripts(redis)
        for row in await transcripts.list(50):
            raw: Any = await redis.hget(f"{{silta}}:c:{row['conversation']}", "state")
            if str(json.loads(raw)["visitor_name"]).startswith(name):
                return list(await transcripts.show(row["conversation"]))
        return []
    finally:
        await redis.aclose()


def page_said(events: list[dict[str, Any]]) -> list[str]:
    hidden = ("note", "nlu", "channel", "edited", "language")
    return [
        e["text"].strip()
        for e in events
        if e.get("text") and e["author"]["role"] != "visitor" and e["kind"] not in hidden
    ]


async def same(hub: HubProcess, customer: Customer, name: str) -> list[str]:
    """What the person saw from the page is what the transcript has, in its order; returned."""

    async def equal() -> list[str] | None:
        seen = [(one["text"] or "").strip() for one in await customer.screen() if one["by"] != "person"]
        return seen if seen and seen == page_said(await events_of(hub, name)) else None

    try:
        return await until(equal, "transcript and screen are equal", timeout_s=30) or []
    except AssertionError:
        seen = [one["text"] for one in await customer.screen() if one["by"] != "person"]
        raise AssertionError(f"{seen} is not {page_said(await events_of(hub, name))}: {hub.log[-3000:]}") from None


async def test_a_conversation_from_the_first_tap_to_an_agent_and_back(
    served: tuple[HubProcess, str], meta: Meta
) -> None:
    hub, _ = served
    customer = await meta.customer("Maija")
    await customer.types("hello")
    await customer.hear_until("echo: hello")
    await customer.types("buttons")
    await customer.hear_until("Choose")
    await customer.taps("A person")
    async with Door(hub.address) as door:
        agent = await door.agent()
        conversation = await claimed(agent)
        await agent.ask("message", conversation=conversation, text="Aino here.")
        await customer.hear_until("Aino here.")
        await customer.shows("picture")
        mid = await customer.types("thnks")
        await customer.edits(mid, "thanks")
        await customer.reacts((await customer.screen())[0]["mid"], "❤")
        await agent.expect("event", kind="edited")
        await agent.ask("return_to_bot", conversation=conversation, note=None)
    await customer.hear_until("The bot is answering.*")
    await customer.types("bye")
    await customer.hear_until("echo: bye")
    await same(hub, customer, "Maija")
    kinds = [event["kind"] for event in await events_of(hub, "Maija")]
    assert {"edited", "reaction", "delivered", "assigned", "returned_to_bot"} <= set(kinds)


async def claimed(agent: Any) -> str:
    """Take the first conversation that waits."""
    waiting = [entry for entry in agent.welcome["queue"] if entry["status"] == "queued"]
    if not waiting:
        waiting = [await agent.expect("queue", where=lambda frame: (frame["entry"] or {}).get("status") == "queued")]
    await agent.claim(waiting[0]["conversation"])
    return str(waiting[0]["conversation"])


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("Batch", {"batch": 5}),
        ("Twice", {"duplicate": 5}),
        ("Mixed", {"reorder": 5}),
    ],
)
async def test_bad_days_of_the_webhook(
    served: tuple[HubProcess, str], meta: Meta, name: str, days: dict[str, Any]
) -> None:
    hub, _ = served
    customer = await meta.customer(name)
    async with meta.chaos(**days):
        for n in range(5):
            await customer.types(f"{n}")
        await meta.quiet()
    texts = await same(hub, customer, name)
    assert sorted(text for text in texts if text.startswith("echo")) == [f"echo: {n}" for n in range(5)]


async def test_graph_that_fails_and_that_accepts_without_an_answer(served: tuple[HubProcess, str], meta: Meta) -> None:
    hub, _ = served
    customer = await meta.customer("Storm")
    await meta.fail("error", code=2, times=2)
    await customer.types("one")
    await customer.hear_until("echo: one")
    await meta.fail("cut_after_accept")
    await customer.types("two")
    await customer.types("three")
    await customer.hear_until("echo: three", timeout_s=40)
    texts = await same(hub, customer, "Storm")
    assert [text for text in texts if text.startswith("echo")] == ["echo: one", "echo: two", "echo: three"]


async def test_a_token_that_expires_and_is_renewed(served: tuple[HubProcess, str], meta: Meta) -> None:
    hub, _ = served
    customer = await meta.customer("Token")
    await meta.set(token_expired=True)
    async with Door(hub.address) as door:
        there = await door.agent()
        await customer.types("hello")
        told = await there.expect("alert", where=lambda frame: not frame["ended"])
        assert (told["kind"], told["code"]) == ("token", "token")
        later = await door.agent("Mikkel")
        again = await later.expect("alert")
        assert again["text"] == told["text"]
        assert (await meta.calls())[-1]["code"] == 190
        await meta.set(token_expired=False)
        await customer.hear_until("echo: hello")
        for agent in (there, later):
            assert await agent.expect("alert", where=lambda frame: frame["ended"])


async def test_a_human_in_the_page_inbox_comes_and_goes(served: tuple[HubProcess, str], meta: Meta) -> None:
    hub, _ = served
    customer, inbox = await meta.customer("Inbox"), Inbox(meta)
    await customer.types("hello")
    await customer.hear_until("echo: hello")
    await inbox.answers(customer, "Liisa from the page here")
    await customer.hear_until("Liisa from the page here")
    await customer.types("thank you")
    await meta.quiet()
    await inbox.is_done(customer)
    await customer.hear_until("The bot is answering.*")
    await customer.types("bye")
    await customer.hear_until("echo: bye")
    await same(hub, customer, "Inbox")


def test_the_profile_is_set_and_the_doctor_is_content(served: tuple[HubProcess, str]) -> None:
    hub, _ = served
    environ = {**os.environ, **hub.environ, "SILTA_MESSENGER_HUMAN_AGENT": "1"}

    def silta(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(ROOT / "silta"), *words], env=environ, capture_output=True, text=True, timeout=60)

    for _ in range(2):
        done = silta("messenger", "apply-profile")
        assert done.returncode == 0, done.stderr
    found = silta("messenger", "doctor", "--json")
    states = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.returncode == 0, found.stdout + found.stderr
    assert {one["what"]: one["state"] for one in states if one["state"] != "ok"} == {}
