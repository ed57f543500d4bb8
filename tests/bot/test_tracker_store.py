"""The tracker store as Rasa's own machinery uses it, on a real Redis."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore, check_if_tracker_store_async
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.seam.inbox import Inbox
from bot.seam.limits import Limits
from bot.seam.link import Link
from bot.seam.turn import (
    AlreadyAnswered,
    Stage,
    StoreUnavailable,
    TrackerUnreadable,
    Turn,
    TurnConflict,
    TurnLost,
    running,
)
from bot.tracker_store import SeamTrackerStore
from handoff.events import Inbound, Keys, Reply, decode_inbound
from tests.bot.seam.harness import KEYS, Hub, RedisServer

DOMAIN = Domain.from_yaml("version: '3.1'\nslots:\n  order: {type: text, mappings: [{type: custom}]}\n")

pytest_plugins = ["tests.bot.seam.fixtures"]


@pytest_asyncio.fixture
async def store(link: Link) -> SeamTrackerStore:
    await Inbox(link).join()
    return SeamTrackerStore(DOMAIN, link=link)


async def turn_of(hub: Hub, link: Link, message_id: str = "m1") -> Turn:
    await hub.say("c", "hi", message_id)
    (delivery,) = await Inbox(link).read(1)
    return Turn(decode_inbound(delivery.data), delivery.entry)


def events(message_id: str = "m1") -> list[Event]:
    intent = {"name": "hello", "confidence": 1.0}
    parsed = {"text": "hi", "intent": intent, "entities": []}
    return [
        UserUttered("hi", intent, [], parsed, message_id=message_id),
        SlotSet("order", message_id),
        BotUttered("hello"),
        ActionExecuted("action_listen"),
    ]


async def run(store: SeamTrackerStore | FailSafeTrackerStore, message_id: str = "m1") -> DialogueStateTracker:
    """What Rasa's processor does in a turn."""
    tracker: DialogueStateTracker = await store.get_or_create_tracker("c", append_action_listen=False)
    tracker.update_with_events(events(message_id), DOMAIN)
    await store.save(tracker)
    return tracker


async def test_a_turn_is_saved_published_and_acknowledged(hub: Hub, link: Link, store: SeamTrackerStore) -> None:
    turn = await turn_of(hub, link)
    with running(turn):
        await run(store)
    assert turn.stage is Stage.DONE
    (outcome,) = await hub.outcomes("c")
    assert (outcome.message_id, outcome.replies, outcome.slots) == ("m1", (Reply("hello"),), {"order": "m1"})
    assert await hub.said("c") == ["hi"]
    assert await hub.resting()


async def test_the_next_turn_appends_to_what_was_saved(hub: Hub, link: Link, store: SeamTrackerStore) -> None:
    for message_id in ("m1", "m2"):
        with running(await turn_of(hub, link, message_id)):
            await run(store, message_id)
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("order") == "m2"
    assert len(tracker.events) == 2 * len(events())


async def test_the_blank_tracker_that_rasa_saves_first_writes_nothing(
    hub: Hub, link: Link, store: SeamTrackerStore
) -> None:
    turn = await turn_of(hub, link)
    with running(turn):
        await store.get_or_create_tracker("c", append_action_listen=False)
    assert turn.stage is Stage.RUNNING
    assert await hub.redis.exists(KEYS.tracker("c"), KEYS.events) == 0
    assert await hub.redis.xlen(KEYS.inbox) == 1


async def test_a_save_outside_a_turn_stores_and_acknowledges_nothing(
    hub: Hub, link: Link, store: SeamTrackerStore
) -> None:
    await turn_of(hub, link)
    await run(store)
    assert await hub.said("c") == ["hi"]
    assert await hub.outcomes() == []
    assert await hub.redis.xlen(KEYS.inbox) == 1


async def test_a_tracker_saved_twice_stores_its_events_once(hub: Hub, store: SeamTrackerStore) -> None:
    tracker = await run(store)
    await store.save(tracker)
    tracker.update(BotUttered("more"))
    await store.save(tracker)
    assert len(await hub.tracker("c")) == len(events()) + 1


async def test_a_message_that_the_tracker_holds_is_acknowledged_and_not_run(
    hub: Hub, link: Link, store: SeamTrackerStore
) -> None:
    for _ in range(2):
        turn = await turn_of(hub, link)
        with running(turn):
            try:
                await run(store)
            except AlreadyAnswered:
                break
    else:
        raise AssertionError("it was run again")
    assert len(await hub.outcomes("c")) == 1
    assert await hub.resting()


async def test_of_two_that_change_a_tracker_at_once_one_is_told(hub: Hub, link: Link, store: SeamTrackerStore) -> None:
    turn = await turn_of(hub, link)
    with running(turn):
        tracker = await store.get_or_create_tracker("c", append_action_listen=False)
        await asyncio.create_task(_elsewhere(store))
        tracker.update_with_events(events(), DOMAIN)
        with pytest.raises(TurnConflict):
            await store.save(tracker)
    assert await hub.outcomes() == []


async def _elsewhere(store: SeamTrackerStore) -> None:
    other = DialogueStateTracker("c", DOMAIN.slots)
    other.update(BotUttered("reminder"))
    assert store.link is not None
    await store.link.commit("c", events=["{}"])


async def test_a_turn_whose_entry_was_taken_over_is_not_run_and_not_saved(
    hub: Hub, link: Link, store: SeamTrackerStore
) -> None:
    turn = await turn_of(hub, link)
    with running(turn):
        tracker = await store.get_or_create_tracker("c", append_action_listen=False)
        await hub.redis.xclaim(KEYS.inbox, Keys.GROUP, "bot-b", 0, [turn.entry])
        with pytest.raises(TurnLost):
            await store.retrieve("c")
        tracker.update_with_events(events(), DOMAIN)
        with pytest.raises(TurnLost):
            await store.save(tracker)
    assert await hub.redis.exists(KEYS.tracker("c"), KEYS.events) == 0


async def test_rasas_fail_safe_store_lets_no_failure_become_a_blank_tracker(server: RedisServer) -> None:
    link = Link(server.bot_url, limits=Limits(load_patience=0.05, commit_patience=0.05))
    wrapped = FailSafeTrackerStore(SeamTrackerStore(DOMAIN, link=link))
    tracker = await run(wrapped)
    server.kill()
    with pytest.raises(StoreUnavailable):
        await wrapped.retrieve("c")
    tracker.update(BotUttered("more"))
    with pytest.raises(StoreUnavailable):
        await wrapped.save(tracker)
    assert wrapped._fallback_tracker_store is None
    await link.close()


@pytest.mark.parametrize("broken", ["no json", '{"event": "unheard of"}', "[]", '{"event": "user"'])
async def test_what_cannot_be_read_is_no_blank_tracker_either(hub: Hub, store: SeamTrackerStore, broken: str) -> None:
    await hub.redis.rpush(KEYS.tracker("c"), broken)
    with pytest.raises(TrackerUnreadable):
        await FailSafeTrackerStore(store).retrieve("c")


async def test_an_event_that_cannot_be_written_is_told(store: SeamTrackerStore) -> None:
    tracker = await store.get_or_create_tracker("c", append_action_listen=False)
    tracker.update(SlotSet("order", {1, 2}))
    with pytest.raises(TrackerUnreadable):
        await store.save(tracker)


async def test_without_redis_trackers_live_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SILTA_REDIS_URL", raising=False)
    store = SeamTrackerStore(DOMAIN)
    await run(store)
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("order") == "m1"
    assert isinstance(store._in_memory, InMemoryTrackerStore)
    assert list(await store.keys()) == ["c"]


def test_rasa_takes_the_store_for_an_asynchronous_one() -> None:
    assert check_if_tracker_store_async(SeamTrackerStore(DOMAIN))


def test_a_turn_is_only_its_own_conversations() -> None:
    turn = Turn(Inbound("other", "m1", 1), "1-1")
    with running(turn):
        assert SeamTrackerStore._turn_of("c") is None
        assert SeamTrackerStore._turn_of("other") is turn
        turn.stage = Stage.DONE
        assert SeamTrackerStore._turn_of("other") is None


SPEAKING = Domain.from_yaml("version: '3.1'\nslots:\n  language: {type: text, mappings: [{type: custom}]}\n")


async def test_a_new_conversation_speaks_the_hubs_language_from_its_first_answer(hub: Hub, link: Link) -> None:
    await Inbox(link).join()
    store = FailSafeTrackerStore(SeamTrackerStore(SPEAKING, link=link))
    await hub.say("c", "?", language="da")
    (delivery,) = await Inbox(link).read(1)
    with running(Turn(decode_inbound(delivery.data), delivery.entry)):
        tracker = await store.get_or_create_tracker("c", append_action_listen=False)
        tracker.update(SessionStarted())
        assert tracker.copy().get_slot("language") == "da"
        assert len(tracker.events) == 1  # Rasa starts the session only in an empty tracker


async def test_a_language_that_the_visitor_chose_in_the_hub_goes_before_the_trackers(hub: Hub, link: Link) -> None:
    await Inbox(link).join()
    store = SeamTrackerStore(SPEAKING, link=link)
    tracker = await store.get_or_create_tracker("c")
    tracker.update(SlotSet("language", "en"))
    await store.save(tracker)
    await hub.say("c", "?", language="fi")
    (delivery,) = await Inbox(link).read(1)
    with running(Turn(decode_inbound(delivery.data), delivery.entry)):
        loaded = await store.retrieve("c")
        assert loaded is not None
        assert loaded.get_slot("language") == "fi"
        loaded.update(BotUttered("terve"))
        await store.save(loaded)
    again = await store.retrieve("c")
    assert again is not None
    assert again.get_slot("language") == "fi"
    assert len(again.events) == len(await hub.tracker("c"))


async def test_a_language_newer_than_the_hubs_is_told_to_the_pipeline(hub: Hub, link: Link) -> None:
    await Inbox(link).join()
    store = SeamTrackerStore(SPEAKING, link=link)
    tracker = await store.get_or_create_tracker("c")
    tracker.update(UserUttered("where is it", {"name": "hello"}, metadata={"silta": {"language": "fi"}}))
    tracker.update(SlotSet("language", "en"))
    await store.save(tracker)
    await hub.say("c", "12345", language="fi")
    (delivery,) = await Inbox(link).read(1)
    turn = Turn(decode_inbound(delivery.data), delivery.entry, metadata={"language": "fi"})
    with running(turn):
        loaded = await store.retrieve("c")
    assert loaded is not None and loaded.get_slot("language") == "en"
    assert turn.metadata == {"language": "fi", "so_far": "en"}
