from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from handoff.errors import SettingsError
from handoff.owner.canned import load_canned
from handoff.owner.macros import load_macros
from handoff.settings import ROOT
from tests.handoff.clients import Door
from tests.helpers.fixtures import AGENTS, PASSWORD

OWNER = ROOT / "data" / "owner"


def test_the_macros_in_the_repository_are_in_order_in_every_language() -> None:
    macros = load_macros(OWNER, load_canned(OWNER))
    assert macros
    for macro in macros:
        assert set(macro.title) == {"fi", "da", "en"}
        for step in macro.steps:
            assert len(step) == 1
            assert set(step.get("reply", {"fi", "da", "en"})) == {"fi", "da", "en"}


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert load_macros(tmp_path, ()) == ()


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("[]", "1 to 6 steps"),
        ("[{reply: nothing}]", "no reply of canned.yml"),
        ("[{resolve: solved}, {note: x}]", "only be the last step"),
        ("[{resolve: maybe}]", "one of solved"),
        ("[{explode: true}]", "not known here"),
        ("[{note: x, snooze: 5}]", "a step has one name"),
        ("[{snooze: 0}]", "no number"),
        ("[{return_to_bot: false}]", "yes is expected"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, steps: str, why: str) -> None:
    (tmp_path / "macros.yml").write_text(f"macros:\n  x:\n    title: {{fi: a, da: b, en: c}}\n    steps: {steps}\n")
    with pytest.raises(SettingsError) as caught:
        load_macros(tmp_path, ())
    assert any(why in problem and "macros.yml:4:" in problem for problem in caught.value.problems)


async def test_the_console_is_given_them_with_the_replies(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.address, headers={"origin": door.address}, trust_env=False) as http:
        await http.post("/api/login", json={"email": AGENTS["Aino"], "password": PASSWORD})
        told = (await http.get("/api/canned")).json()
    assert "say_goodbye" in {macro["key"] for macro in told["macros"]}
