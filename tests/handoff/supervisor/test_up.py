"""``silta up`` as its user meets it: the real supervisor and Redis, fakes for the other parts."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
import redis

from handoff.supervisor.redis_server import socket_path
from tests.handoff.supervisor.conftest import FakeHouse, alive, interrupt
from tests.helpers.redis_server import RedisServer
from tests.helpers.redis_users import as_user
from tests.helpers.waiting import until_sync


def assert_nothing_runs(house: FakeHouse, pids: list[int]) -> None:
    for pid in pids:
        until_sync(lambda pid=pid: not alive(pid), f"process {pid} is gone", timeout_s=5)  # type: ignore[misc]
    assert list((house.var / "run").glob("*.pid")) == []


def assert_failed_with_one_line(house: FakeHouse, *words: str) -> None:
    assert house.wait_end() == 1
    lines = house.err.splitlines()
    assert len(lines) == 1, house.err
    for word in words:
        assert word in lines[0]
    assert_nothing_runs(house, [])


def test_parts_start_in_order_and_the_ready_line_names_the_addresses(running: FakeHouse) -> None:
    assert [line for line in running.order if line.endswith("hub-1")] == [running.order[-1]]
    assert f"ready at http://127.0.0.1:{running.port}/ " in running.out
    assert f"http://127.0.0.1:{running.port}/console" in running.out
    assert {file.stem for file in (running.var / "run").glob("*.pid")} == {"redis", "actions", "bot-1", "hub-1"}
    assert all(alive(pid) for pid in running.pids())
    assert running.err == ""


def test_progress_of_the_training_is_shown_and_noise_is_not(running: FakeHouse) -> None:
    assert "silta: train: half way there" in running.out
    assert "noise" not in running.out
    assert "noise" in (running.var / "log" / "train.log").read_text()


def test_ctrl_c_stops_all_in_the_opposite_order_with_status_0(running: FakeHouse) -> None:
    pids = running.pids()
    interrupt(running)
    assert running.wait_end() == 0
    stops = [line.removeprefix("stop ") for line in running.order if line.startswith("stop")]
    assert stops[0] == "hub-1"
    assert sorted(stops[1:]) == ["actions", "bot-1"]
    assert_nothing_runs(running, pids)
    assert "is now ready to exit, bye bye" in (running.var / "log" / "redis.log").read_text()


def test_sigterm_stops_all_too(running: FakeHouse) -> None:
    pids = running.pids()
    assert running.process is not None
    running.process.terminate()
    assert running.wait_end() == 0
    assert_nothing_runs(running, pids)


def test_a_second_start_keeps_what_redis_had_and_shows_no_demo_sign_in(running: FakeHouse) -> None:
    assert "demo sign-in" in running.out
    redis.Redis.from_url(running.redis_url).set("{silta}:kept", "yes")
    interrupt(running)
    running.wait_end()
    running.up()
    running.wait_ready()
    assert redis.Redis.from_url(running.redis_url).get("{silta}:kept") == b"yes"
    assert "demo sign-in" not in running.out


@pytest.mark.parametrize("name", ["redis", "actions", "bot-1", "hub-1"])
def test_a_part_that_dies_is_started_again_and_said_so(running: FakeHouse, name: str) -> None:
    old = running.pid(name)
    os.kill(old, signal.SIGKILL)
    until_sync(lambda: f"{name} is ready again" in running.out, f"{name} is back")
    assert f"{name} was ended by SIGKILL: starting it again in 0.5 s" in running.out
    assert running.pid(name) != old
    assert alive(running.pid(name))


def test_the_back_off_doubles_for_a_part_that_keeps_dying(house: FakeHouse) -> None:
    house.up(environ={"FAKE_BOT_1": "brief"})
    house.wait_ready()
    until_sync(lambda: "starting it again in 2 s" in house.out, "the third new start", timeout_s=20)
    delays = [line.split(" again in ")[1].split(" s")[0] for line in house.out.splitlines() if " again in " in line]
    assert delays[:3] == ["0.5", "1", "2"]


def test_a_hub_that_is_started_again_while_the_bot_is_down_serves_and_is_left_running(house: FakeHouse) -> None:
    house.up(environ={"FAKE_HUB_1": "alone"})
    house.wait_ready()
    os.kill(house.pid("hub-1"), signal.SIGKILL)
    until_sync(lambda: "hub-1 is ready again" in house.out, "the hub is back", timeout_s=10)
    assert "was not ready" not in house.out
    assert house.order.count("start hub-1") == 2


def test_kill_9_of_silta_up_leaves_nothing_that_blocks_the_next_start(running: FakeHouse) -> None:
    pids = running.pids()
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    for pid in pids:
        until_sync(lambda pid=pid: not alive(pid), f"process {pid} is gone")  # type: ignore[misc]
    running.up()
    running.wait_ready()


def test_a_second_silta_on_the_same_data_is_refused(running: FakeHouse) -> None:
    assert running.process is not None
    first = running.process
    running.up(environ={"SILTA_PORT": "1"})
    assert running.wait_end() == 1
    assert f"already running with the data in {running.var} (process {first.pid})" in running.err
    assert first.poll() is None
    first.kill()
    first.wait()


def test_a_port_in_use_is_said_before_anything_starts(house: FakeHouse) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()
        house.up()
        assert_failed_with_one_line(house, f"port {house.port}", "in use", "SILTA_PORT")
    assert house.order == []
    assert not (house.var / "redis").exists()


def test_a_missing_python_is_named(house: FakeHouse) -> None:
    (house.root / ".venv" / "bot" / "bin" / "python").unlink()
    house.up()
    assert_failed_with_one_line(house, ".venv/bot/bin/python is missing", "make setup")


@pytest.mark.parametrize("name", ["actions", "bot-1", "hub-1"])
def test_a_part_that_dies_during_the_start_ends_it_with_its_last_words(house: FakeHouse, name: str) -> None:
    house.up(environ={"FAKE_" + name.replace("-", "_").upper(): "dies"})
    assert_failed_with_one_line(
        house, f"{name} ended with status 3", "the cupboard is bare", f"{house.var}/log/{name}.log"
    )


def test_a_part_that_was_ready_and_dies_while_others_start_ends_the_start(house: FakeHouse) -> None:
    house.up(environ={"FAKE_ACTIONS": "brief", "FAKE_BOT_1": "late"})
    assert_failed_with_one_line(house, "actions ended with status 5")


def test_a_part_that_is_not_ready_in_time_ends_the_start(house: FakeHouse) -> None:
    house.up(environ={"FAKE_HUB_1": "late", "SILTA_PATIENCE": "0.02"})
    assert_failed_with_one_line(house, "hub-1 was not ready within 1 s", f"{house.var}/log/hub-1.log")


def test_a_training_that_fails_ends_the_start(house: FakeHouse) -> None:
    house.up(environ={"FAKE_TRAIN": "dies"})
    assert_failed_with_one_line(
        house, "the training ended with status 1: no examples in data/nlu", f"{house.var}/log/train.log"
    )
    assert house.order == []


def test_redis_that_cannot_start_is_said(house: FakeHouse) -> None:
    (house.var / "redis").mkdir(parents=True)
    (house.var / "redis" / "appendonlydir").write_text("a file where a folder should be")
    house.up()
    assert_failed_with_one_line(house, "redis ended with status 1", f"{house.var}/log/redis.log")


def test_an_outside_redis_that_is_away_is_said_without_its_password(house: FakeHouse) -> None:
    house.up(environ={"SILTA_REDIS_URL": "redis://:secret@127.0.0.1:1/0"})
    assert_failed_with_one_line(house, "SILTA_REDIS_URL does not answer")
    assert "secret" not in house.err + house.out


@pytest.mark.parametrize("moment", ["redis is ready", "train: half way there"])
def test_ctrl_c_during_the_start_leaves_nothing_running(house: FakeHouse, moment: str) -> None:
    house.up(environ={"FAKE_TRAIN": "slow", "SILTA_PATIENCE": "1"})
    until_sync(lambda: moment in house.out, "the moment")
    pids = house.pids()
    interrupt(house)
    assert house.wait_end() == 0
    assert_nothing_runs(house, pids)
    assert "Traceback" not in house.err


def test_a_part_that_ignores_the_request_to_stop_is_ended(house: FakeHouse) -> None:
    house.up(environ={"FAKE_BOT_1": "stubborn"})
    house.wait_ready()
    pids = house.pids()
    interrupt(house)
    assert house.wait_end() == 0
    assert_nothing_runs(house, pids)


def test_a_second_ctrl_c_ends_everything_at_once(house: FakeHouse) -> None:
    house.up(environ={"FAKE_BOT_1": "stubborn", "SILTA_PATIENCE": "10"})
    house.wait_ready()
    pids = house.pids()
    interrupt(house)
    until_sync(lambda: "silta: stopping" in house.out, "the first one is taken")
    interrupt(house)
    assert house.wait_end(5) == 130
    assert_nothing_runs(house, pids)


def test_several_bots_are_waited_for_each_by_itself(house: FakeHouse) -> None:
    house.up(bots=2, environ={"FAKE_BOT_2": "late", "SILTA_PATIENCE": "0.02"})
    assert_failed_with_one_line(house, "bot-2 was not ready")
    assert "bot-1 is ready" in house.out


def test_a_long_path_to_the_data_is_no_obstacle(house: FakeHouse) -> None:
    house.var = house.var / ("long" * 30)
    short = socket_path(house.var / "run").parent
    house.up()
    house.wait_ready()
    assert (short / "redis.sock").is_socket()
    interrupt(house)
    assert house.wait_end() == 0
    assert not short.exists()


def test_messenger_secrets_reach_the_hub_alone(house: FakeHouse) -> None:
    house.up(environ={"SILTA_MESSENGER_APP_SECRET": "hush"})
    house.wait_ready()
    holders = {
        name: b"SILTA_MESSENGER_APP_SECRET=hush" in Path(f"/proc/{house.pid(name)}/environ").read_bytes()
        for name in ("redis", "actions", "bot-1", "hub-1")
    }
    assert holders == {"redis": False, "actions": False, "bot-1": False, "hub-1": True}


def test_s14_each_part_signs_in_to_redis_by_its_own_name_and_no_password_is_shown(running: FakeHouse) -> None:
    def address(name: str) -> str:
        words = Path(f"/proc/{running.pid(name)}/environ").read_bytes().split(b"\0")
        return next((word.decode() for word in words if word.startswith(b"SILTA_REDIS_")), "none")

    parts = ("redis", "actions", "bot-1", "hub-1")
    names = {name: address(name).partition("//")[2].partition(":")[0] for name in parts}
    assert names == {"redis": "", "actions": "", "bot-1": "silta-bot", "hub-1": "silta-hub"}
    kept = running.var / "redis-users.json"
    for path in (kept, running.var / "redis" / "users.acl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = json.loads(kept.read_text()).values()
    shown = [Path(f"/proc/{pid}/cmdline").read_text() for pid in running.pids()]
    shown += [path.read_text() for path in (running.var / "log").iterdir()] + [running.out, running.err]
    assert not any(secret in text for secret in secrets for text in shown)
    nobody = redis.Redis.from_url(f"unix://{running.var}/run/redis.sock")
    with nobody, pytest.raises(redis.AuthenticationError):
        nobody.ping()


def test_s14_an_outside_redis_serves_with_the_users_that_we_print(house: FakeHouse) -> None:
    with RedisServer() as server:
        server.start()
        urls = {"SILTA_REDIS_URL": as_user(server.url, "hub"), "SILTA_REDIS_BOT_URL": as_user(server.url, "bot")}
        house.up(environ=urls)
        house.wait_ready()
        assert [line for line in server.denied() if "config|get" not in line] == []
        assert house.err == ""
        interrupt(house)
        assert house.wait_end() == 0


def test_wrong_settings_are_all_named(root: object) -> None:
    answer = subprocess.run(
        [f"{root}/silta", "up", "--bots", "0"],
        env={**os.environ, "SILTA_PORT": "many", "SILTA_REDIS_URL": "http://x"},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 2
    assert all(name in answer.stderr for name in ("SILTA_PORT", "SILTA_REDIS_URL", "--bots"))


def test_r29_a_torn_file_of_redis_is_noted_for_the_hubs_to_show(running: FakeHouse) -> None:
    with redis.Redis.from_url(running.redis_url) as client:
        client.set("{silta}:kept", "yes")
        client.set("{silta}:long", "x" * 100)
        assert not client.exists("{silta}:torn")
    assert running.process is not None
    running.process.send_signal(signal.SIGSTOP)  # so that the new start finds the file as it is left here
    old = running.pid("redis")
    os.kill(old, signal.SIGKILL)
    until_sync(lambda: not alive(old), "Redis is gone")
    (file,) = (running.var / "redis" / "appendonlydir").glob("*.incr.aof")
    os.truncate(file, file.stat().st_size - 37)
    running.process.send_signal(signal.SIGCONT)

    def noted() -> bool:
        try:
            with redis.Redis.from_url(running.redis_url) as client:
                return client.get("{silta}:kept") == b"yes" and bool(client.exists("{silta}:torn"))
        except redis.RedisError:
            return False

    until_sync(noted, "the supervisor has seen it", timeout_s=10)
