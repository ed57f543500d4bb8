from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.supervisor.settings import ROOT, UpSettings


def test_without_any_setting_it_is_loopback_8080_and_the_folder_of_the_repository() -> None:
    settings = UpSettings.read({})
    assert (settings.host, settings.port, settings.var, settings.redis_url) == ("127.0.0.1", 8080, ROOT / "var", None)
    assert settings.address == "http://127.0.0.1:8080"


def test_relative_paths_start_where_the_command_was_given(tmp_path: Path) -> None:
    settings = UpSettings.read({"SILTA_VAR": "data", "SILTA_OWNER_DIR": "mine"}, cwd=tmp_path)
    assert settings.var == tmp_path / "data"
    assert settings.environ["SILTA_OWNER_DIR"] == str(tmp_path / "mine")


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],  # noqa: S104
)
def test_the_address_shown_can_be_opened_on_this_machine(host: str, address: str) -> None:
    assert UpSettings.read({"SILTA_HOST": host, "SILTA_PORT": "80"}).address == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SILTA_PORT", "0"),
        ("SILTA_PORT", "65536"),
        ("SILTA_PORT", "٨٠"),
        ("SILTA_PORT", "http"),
        ("SILTA_REDIS_URL", "localhost:6379"),
        ("SILTA_PATIENCE", "0"),
        ("SILTA_PATIENCE", "long"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        UpSettings.read({name: value})
    assert len(refused.value.problems) == 1
    assert name in refused.value.problems[0]


@pytest.mark.parametrize("count", [0, 65])
def test_a_senseless_number_of_processes_is_refused(count: int) -> None:
    with pytest.raises(SettingsError) as refused:
        UpSettings.read({}, hubs=count, bots=count)
    assert [problem.split()[0] for problem in refused.value.problems] == ["--hubs", "--bots"]


def test_secrets_in_the_environment_are_not_shown_by_accident() -> None:
    assert "hush" not in repr(UpSettings.read({"SILTA_SECRETS": "hush"}))


def test_the_messenger_demo_and_a_real_page_do_not_mix() -> None:
    assert UpSettings.read({"SILTA_MESSENGER_HUMAN_AGENT": "1"}, demo_messenger=True).demo_messenger
    with pytest.raises(SettingsError) as refused:
        UpSettings.read({"SILTA_MESSENGER_PAGE_TOKEN": "EAA"}, demo_messenger=True)
    assert "SILTA_MESSENGER_PAGE_TOKEN" in refused.value.problems[0]
    assert not UpSettings.read({"SILTA_MESSENGER_PAGE_TOKEN": "EAA"}).demo_messenger


def test_redis_its_flushes_and_the_tenant_are_checked_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        UpSettings.read({"SILTA_REDIS_URL": "sentinel://host", "SILTA_FSYNC": "no", "SILTA_TENANT": "{x}"})
    assert [problem.split()[0].rstrip(":") for problem in refused.value.problems] == [
        "SILTA_REDIS_URL",
        "SILTA_FSYNC",
        "SILTA_TENANT",
    ]
    assert UpSettings.read({"SILTA_FSYNC": "everysec"}).fsync == "everysec"
