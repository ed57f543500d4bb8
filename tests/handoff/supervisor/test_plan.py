from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from handoff.demo.messenger.__main__ import make_demo
from handoff.supervisor.plan import STUCK_AFTER_TIMES, Stage, make_plan
from handoff.supervisor.settings import UpSettings


def test_the_messenger_demo_shares_its_secrets_with_the_hubs_alone(tmp_path: Path) -> None:
    settings = UpSettings.read({"SILTA_VAR": str(tmp_path)}, hubs=2, demo_messenger=True)
    plan = make_plan(settings)
    parts = {part.name: part for part in plan.parts}
    demo = parts["messenger-demo"]
    assert demo.stage < Stage.HUB  # the hub may ask it at its start
    shared = {name: value for name, value in demo.environ.items() if name.startswith("SILTA_MESSENGER_")}
    assert shared["SILTA_MESSENGER_GRAPH_URL"] == plan.demo_url
    told = {**shared, "SILTA_MESSENGER_COURIER": "1"}
    for name, part in parts.items():
        theirs = {key: value for key, value in part.environ.items() if key.startswith("SILTA_MESSENGER_")}
        expected = {"messenger-demo": shared, "hub-1": told, "hub-2": told, "messenger": told}
        assert theirs == expected.get(name, {}), name
    made, port = make_demo(demo.environ)
    assert plan.demo_url == f"http://127.0.0.1:{port}"
    assert set(made.world.profile) == {"get_started", "greeting", "ice_breakers", "persistent_menu"}
    assert made.courier.callback == "http://127.0.0.1:8080/webhooks/messenger"


def test_p7_no_part_tells_anybody_of_what_it_does(tmp_path: Path) -> None:
    plan = make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path), "RASA_TELEMETRY_ENABLED": "true"}))
    for part in plan.parts:
        assert part.environ["RASA_TELEMETRY_ENABLED"] == "false", part.name
    assert plan.environ["RASA_TELEMETRY_ENABLED"] == "false"


def test_secrets_of_the_hub_reach_the_hub_alone(tmp_path: Path) -> None:
    secrets = {name: "x" * 40 for name in ("SILTA_SECRETS", "SILTA_SMTP_PASSWORD", "SILTA_OIDC_SECRET")}
    plan = make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path), **secrets}))
    for part in plan.parts:
        assert (secrets.keys() <= part.environ.keys()) is part.name.startswith("hub-"), part.name
        assert (secrets.keys() & part.environ.keys() != set()) is part.name.startswith("hub-"), part.name


def test_bots_sign_in_to_an_outside_redis_by_their_own_name(tmp_path: Path) -> None:
    urls = {"SILTA_REDIS_URL": "redis://hub:x@r/0", "SILTA_REDIS_BOT_URL": "redis://bot:y@r/0"}
    plan = make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path), **urls}, bots=2))
    told = {part.name: part.environ.get("SILTA_REDIS_URL") for part in plan.parts}
    assert told == {
        "actions": None,
        **dict.fromkeys(("bot-1", "bot-2"), urls["SILTA_REDIS_BOT_URL"]),
        "hub-1": urls["SILTA_REDIS_URL"],
    }


def test_without_the_flag_there_is_no_demo(tmp_path: Path) -> None:
    plan = make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path)}))
    assert plan.demo_url is None
    assert "messenger-demo" not in {part.name for part in plan.parts}


PAGE = {f"SILTA_MESSENGER_{name}": "x" for name in ("APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN")}


def test_a_page_has_a_courier_that_is_there_before_the_hubs_which_leave_the_work_to_it(tmp_path: Path) -> None:
    parts = {part.name: part for part in make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path), **PAGE})).parts}
    assert parts["messenger"].stage < Stage.HUB
    assert parts["hub-1"].environ["SILTA_MESSENGER_COURIER"] == "1"


def test_the_owner_may_leave_the_work_with_the_hubs(tmp_path: Path) -> None:
    given = {"SILTA_VAR": str(tmp_path), **PAGE, "SILTA_MESSENGER_COURIER": "0"}
    parts = {part.name: part for part in make_plan(UpSettings.read(given)).parts}
    assert "messenger" not in parts
    assert parts["hub-1"].environ["SILTA_MESSENGER_COURIER"] == "0"


async def test_a_hub_that_is_started_again_need_not_wait_for_bots(tmp_path: Path) -> None:
    (hub,) = [part for part in make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path)})).parts if part.name == "hub-1"]

    async def hub_without_bot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readline()).split()[1]
        writer.write(b"HTTP/1.1 " + {b"/healthz": b"200 OK", b"/readyz": b"503 -"}[asked] + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    nobody: Any = None
    assert hub.ready_again is not None
    assert not await hub.ready_again(nobody), "it does not listen yet"
    async with await asyncio.start_server(hub_without_bot, "127.0.0.1", int(hub.environ["SILTA_HEALTH_PORT"])):
        assert not await hub.ready(nobody)
        assert await hub.ready_again(nobody)


def test_redis_may_read_its_file_for_as_long_as_it_takes(tmp_path: Path) -> None:
    plan = make_plan(UpSettings.read({"SILTA_VAR": str(tmp_path), "SILTA_PATIENCE": "2"}, bots=2))
    stuck = {part.name: part.stuck_after_s for part in plan.parts}
    assert stuck.pop("redis") is None
    assert stuck == {
        part.name: part.ready_timeout_s * STUCK_AFTER_TIMES for part in plan.parts if part.name != "redis"
    }
