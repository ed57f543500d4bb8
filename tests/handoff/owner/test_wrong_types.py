"""Whatever stands at any place of any owner's file: it is taken, and then it works, or it is refused by name."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from handoff.conversation import Conversation
from handoff.desk import suggestions
from handoff.desk.suggestions import load_suggestions
from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner import files, texts
from handoff.owner.canned import load_canned
from handoff.owner.files import LiveOwner, read_owner
from handoff.owner.hours_file import SERVICES, read_hours
from handoff.owner.macros import load_macros
from handoff.owner.manners import read_manners
from handoff.owner.rules import read_rules
from handoff.owner.service_texts import KEYS, read_service_texts
from handoff.owner.texts import CHANNEL, REASONS, SYSTEM, load_texts
from handoff.owner.weekly import week_in_words
from handoff.owner.widget_rules import read_widget_rules
from handoff.owner.yamlfile import load
from handoff.privacy.notice import read_notices
from handoff.privacy.rules import PrivacyRules, read_privacy
from handoff.queue.routing import read_routing
from handoff.settings import ROOT
from handoff.tasks import end
from tests.handoff.owner.test_files import change
from tests.handoff.texts_for_tests import OWNER

NOW = datetime(2026, 12, 21, 12, tzinfo=UTC)

VALUES = (
    "null", "on", "7", "-1", ".nan", "2026-12-24", "word", '""', '"{"', "[]", "{}", "[[a]]", "{a: {b: c}}", "[{a: b}]",
    "[null]", '"{until!u}"', '"{name:d}"', '"{0}"', '"{a.b}"',
)  # fmt: skip
"""As an owner, or an editor's slip, may write them."""

ODD = (
    "!!bool maybe", "!!int ''", "!!timestamp soon", "!!python/object:os.system {}", "2026-02-30", "&x [*x]", "<<",
    "[" * 500 + "]" * 500, '"\0"', "\0", "9" * 5000, "2026-12-24 10:00:00", ".inf", '"{}"', "{2026-12-24: on}",
)  # fmt: skip
"""What the YAML library itself stumbles over; at one place of each file."""

NAMES = ("2026-12-24", "on", "null", "7", '""', "? [a, b]\n", "<<", '"{"')
"""Names that YAML takes for something else."""

MARK = "MARK" * 4


REPLIES = load_canned(OWNER)


def use_hours(path: Path) -> None:
    hours = read_hours(path)
    for service in SERVICES:
        for language in LANGUAGES:
            hours.of(service).of(language, "general").after(NOW, 600)
            assert isinstance(week_in_words(hours, service, language), str)


def use_rules(path: Path) -> None:
    rules = read_rules(path)
    assert rules.target("general") > 0 and rules.mode in ("claim", "offer")


def use_service_texts(path: Path) -> None:
    service = read_service_texts(path.parent)
    for language in LANGUAGES:
        for key, names in KEYS.items():
            assert service.say(language, key, **dict.fromkeys(names, "x"))


def use_texts(path: Path) -> None:
    spoken = load_texts(path.parent if path.name == "company.yml" else path.parent.parent)
    for language in LANGUAGES:
        for key, names in SYSTEM.items():
            spoken.say(language, key, **dict.fromkeys(names, "x"))
        for code in REASONS:
            spoken.explain(language, {"code": code, "topic": "human/fraud", "emotion": "fear", "signs": ["capitals"]})
        for code in CHANNEL:
            spoken.channel_said(language, code)
        named = (spoken.titles, spoken.whys, spoken.emotions)
        assert all(isinstance(text, str) for part in named for text in part[language].values())


def use_facts(path: Path) -> None:
    use_texts(path)
    read_owner(path.parent)
    read_notices(path.parent, PrivacyRules().values())
    use_canned(path)


def use_canned(path: Path) -> None:
    json.dumps([reply.public() for reply in load_canned(path.parent)])


def use_macros(path: Path) -> None:
    json.dumps([macro.public() for macro in load_macros(path.parent, REPLIES)])


def use_suggestions(path: Path) -> None:
    topic = {"topic": "faq/place_order", "runners_up": []}
    found = load_suggestions(path.parent.parent, REPLIES)
    json.dumps(found.of(replace(Conversation(id="c1", language="fi"), topics=(topic,)), "da"))


def use_manners(path: Path) -> None:
    read_manners(path).never_mind.said_in("never mind")


def use_routing(path: Path) -> None:
    json.dumps(read_routing(path).of("human/fraud"))


def use_widget(path: Path) -> None:
    assert read_widget_rules(path).uploads.most_bytes > 0


def use_privacy(path: Path) -> None:
    json.dumps(read_privacy(path).values())


CASES: dict[str, Callable[[Path], None]] = {
    "hours.yml": use_hours,
    "routing.yml": use_rules,
    "widget.yml": use_widget,
    "privacy.yml": use_privacy,
    "handoff.yml": use_routing,
    "manners.yml": use_manners,
    "macros.yml": use_macros,
    "canned.yml": use_canned,
    "company.yml": use_facts,
    "texts/service/da.yml": use_service_texts,
    "texts/en.yml": use_texts,
    "texts/fi.yml": use_suggestions,
}

PARTS = {
    "handoff.yml": ("topics",),
    "manners.yml": ("pause_s", "never_mind"),
    "hours.yml": ("chat", "email_within_hours", "shown"),
    "texts/service/da.yml": ("hours", "names"),
    "texts/en.yml": ("system", "emotions", "human"),
    "texts/fi.yml": ("answers",),
}
"""Of files whose parts are read alike: those that stand for the others."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the owner's folder, with two entries of each long part, which stand for all of them."""
    folder = Path(shutil.copytree(OWNER, tmp_path_factory.mktemp("owner") / "owner"))
    for path in [*(folder / "texts").glob("*.yml"), folder / "canned.yml"]:
        raw = yaml.safe_load(path.read_text("utf-8"))
        for part in ("answers", "human", "small_talk", "replies"):
            if part in raw:
                raw[part] = dict(list(raw[part].items())[:2])
        path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a file, but of those alike that stand beside each other the first alone."""
    yield above
    rows = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    tried = set()
    for key, value in rows:
        kind = repr(shape(value))
        if kind not in tried:
            tried.add(kind)
            yield from places(value, (*above, key))


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value).__name__


def marked(raw: Any, place: tuple[Any, ...], *, key: bool) -> str:
    """The file with :data:`MARK` at a place, or in place of the name there."""
    if not place:
        return MARK
    made = copy.deepcopy(raw)
    holder = made
    for step in place[:-1]:
        holder = holder[step]
    if key:
        rows = list(holder.items())
        holder.clear()
        holder.update((MARK if name == place[-1] else name, item) for name, item in rows)
    else:
        holder[place[-1]] = MARK
    text = yaml.safe_dump(made, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10**6)
    assert text.count(MARK) == 1
    return str(text)


def tries(raw: Any, found: Sequence[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], str, bool, str]]:
    """Place, what is written there, whether as its name, and the file with it."""
    for place in found:
        values = (*VALUES, *ODD) if place in (found[1], found[-1]) else VALUES
        text = marked(raw, place, key=False)
        yield from ((place, value, False, text.replace(MARK, value)) for value in values)
        if place and isinstance(place[-1], str):
            text = marked(raw, place, key=True)
            yield from ((place, value, True, text.replace(MARK, value)) for value in NAMES)


def remembered(path: Path, *, found: dict[bytes, Any] = {}) -> Any:  # noqa: B006 -- what was read once
    """What a file says, read once as long as it stays the same: the other languages' files do."""
    said = path.read_bytes()
    if said not in found:
        found[said] = load(path)
    return found[said]


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_value_or_name_is_refused_with_file_and_place_or_does_no_harm(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reader in (texts, suggestions):
        monkeypatch.setattr(reader, "load", remembered)
    path, use = folder / name, CASES[name]
    good = path.read_text("utf-8")
    raw = yaml.safe_load(good)
    parts = PARTS.get(name) or tuple(raw)
    found = [place for place in places(raw) if not place or place[0] in parts]
    tried = refused = 0
    try:
        use(path)
        for place, value, key, text in tries(raw, found):
            tried += 1
            path.write_text(text, "utf-8")
            try:
                use(path)
            except SettingsError as error:
                refused += 1
                told = (name, place, value[:40], key, error.problems)
                assert all(line.startswith(f"{folder}/") and "\n" not in line for line in error.problems), told
                assert not any("cannot be understood" in line for line in error.problems), told
                # A fact that has gone is said by the texts that name it.
                mine = [line for line in error.problems if line.startswith(str(path)) or name == "company.yml"]
                here = [str(place[0]) if place else "", value.strip('"') or value if key else ""]
                assert any(
                    not place
                    or value == "<<"
                    or name == "company.yml"
                    or re.search(r":\d+:", line)
                    or any(one and one in line for one in here)
                    for line in mine
                ), told
            except Exception as error:
                raise AssertionError((name, place, value[:40], key)) from error
    finally:
        path.write_text(good, "utf-8")
    assert refused > tried / 20


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("hours.yml", "# E-mail is answered", "2026-12-24: closed\n# E-mail", "2026-12-24: not known here"),
        ("hours.yml", "# E-mail is answered", "on: closed\n# E-mail", "on: not known here"),
        ("hours.yml", "holidays: [FI]", "holidays: {country: FI}", "chat.holidays: {'country': 'FI'} is no country"),
        ("hours.yml", "holidays: [FI]", "holidays: [[FI, DK]]", "chat.holidays: ['FI', 'DK'] is no country"),
        ("hours.yml", "name: dansk tid", "name: [dansk, tid]", "shown.da.name: ['dansk', 'tid'] is no text"),
        ("texts/service/en.yml", "{until}", "{until!u}", "hours.open_until: {until!u}: only a name may stand"),
        ("texts/service/en.yml", "{until}", "{until:d}", "hours.open_until: {until:d}: only a name may stand"),
    ],
)
def test_a_slip_that_no_reader_foresaw_once_is_refused_and_what_was_before_stays_in_force(
    tmp_path: Path, name: str, old: str, new: str, line: str
) -> None:
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    owner = LiveOwner(read_owner(folder), folder)
    before = owner.now
    change(folder / name, old, new)
    assert owner.look()
    assert owner.now is before
    assert any(line in problem and re.match(rf"{folder / name}:\d+: ", problem) for problem in owner.problems)


async def test_a_failure_that_no_reader_knows_of_ends_no_hub_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[str]:
        raise ZeroDivisionError

    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    owner, told = LiveOwner(read_owner(folder), folder), asyncio.Event()
    before = owner.now
    owner.on_change(told.set)
    monkeypatch.setattr(files, "out_of_step", fails)
    looking = asyncio.create_task(owner.keep_looking(0.01))
    try:
        change(folder / "routing.yml", "mode: claim", "mode: offer")
        async with asyncio.timeout(20):
            await told.wait()
        assert not looking.done() and owner.now is before
        assert owner.problems == (f"{folder}: cannot be understood (ZeroDivisionError)",)
    finally:
        await end(looking)


def test_a_hub_with_a_bad_file_does_not_start_and_says_why_in_one_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    change(folder / "hours.yml", "# E-mail is answered", "2026-12-24: closed\n# E-mail")
    env = {"PATH": os.environ["PATH"], "SILTA_OWNER_DIR": str(folder), "SILTA_VAR": str(tmp_path / "var")}
    for arguments, begin in (([], "hub: "), (["--check"], "")):
        ended = subprocess.run(
            [sys.executable, "-m", "handoff", *arguments],
            cwd=ROOT,
            env={**env, "SILTA_REDIS_URL": "unix:///nowhere"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 1
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"{begin}{folder / 'hours.yml'}:") and "2026-12-24: not known here" in line


def test_braces_that_are_meant_as_such_are_said(tmp_path: Path) -> None:
    """In a fact, and doubled in a text."""
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    change(folder / "company.yml", "company: Havu\n", 'company: "Havu {Nordic"\n')
    path = folder / "texts" / "en.yml"
    raw = yaml.safe_load(path.read_text("utf-8"))
    raw["system"]["assigned"] = "{name} of {company} {{here}}"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    assert load_texts(folder).say("en", "assigned", name="Aino {A}") == "Aino {A} of Havu {Nordic {here}"


def test_a_day_without_hyphens_is_that_day(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OWNER, tmp_path / "owner"))
    change(folder / "hours.yml", '    "12-31": "09:00-13:00"', '    20261222: closed\n    "12-31": "09:00-13:00"')
    hours = read_hours(folder / "hours.yml").of("chat").of("fi")
    assert hours.open_at(NOW) and not hours.open_at(NOW + timedelta(days=1)) and hours.open_at(NOW + timedelta(days=2))
