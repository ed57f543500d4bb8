"""Everything that Silta is installed with may be used and passed on under its own licence (Apache 2.0)."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ACCEPTED = re.compile(
    r"(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public|Unlicense|Zlib|CNRI|TCL|0BSD|HPND)", re.I
)
"""Licences that ask for a notice at most, and the MPL, which asks for changes to its own files alone."""

NEVER = re.compile(r"\b(AGPL|GPL|SSPL|BUSL|Commons Clause|Proprietary|Commercial|Non-?commercial|CC-BY-NC)", re.I)

JUDGED = {
    "psycopg2-binary": "LGPL: installed because Rasa asks for it, used unchanged as a library, and never loaded here",
}
"""Packages whose metadata alone would not do, and why they are accepted."""

READ = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        meta = m.metadata(name)
    except m.PackageNotFoundError:
        continue  # for another system or Python
    words = [meta.get("License-Expression") or ""]
    words += [c.split(" :: ")[-1] for c in meta.get_all("Classifier") or () if c.startswith("License")]
    words.append((meta.get("License") or "").strip().partition("\\n")[0][:60])
    found[name] = "; ".join(filter(None, words))
print(json.dumps(found))
"""


def locked(room: str) -> list[str]:
    lines = (ROOT / "ops" / "requirements" / f"{room}.txt").read_text("utf-8").splitlines()
    return [re.split(r"[=<>\[; ]", line)[0] for line in lines if re.match(r"[A-Za-z0-9]", line)]


@pytest.mark.parametrize("room", ["hub", "bot"])
def test_s21_every_locked_package_has_a_licence_that_we_accept(room: str) -> None:
    names = locked(room)
    python = ROOT / ".venv" / room / "bin" / "python"
    said = subprocess.run([python, "-c", READ, *names], capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = json.loads(said)
    assert len(found) > len(names) * 0.8, "the environment is not that of the lock"
    for name, licence in found.items():
        if name in JUDGED:
            continue
        assert ACCEPTED.search(licence), f"{name} is under {licence!r}: judge it, and write down why"
        assert not NEVER.search(licence), f"{name} is under {licence!r}"


def test_s21_what_browsers_load_is_under_licences_that_we_accept() -> None:
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    shipped = {name: one for name, one in packages.items() if name and not one.get("dev")}
    assert shipped
    for name, one in shipped.items():
        assert ACCEPTED.search(one.get("license", "")), f"{name} is under {one.get('license')!r}"


def test_s21_exceptions_for_known_faults_name_a_locked_package_say_why_and_end() -> None:
    folder = ROOT / "ops" / "requirements"
    locked = set(re.findall(r"(?m)^([a-z0-9._-]+)==", (folder / "bot.txt").read_text("utf-8")))
    lines = (folder / "bot-exceptions.txt").read_text("utf-8").splitlines()
    seen = set()
    for line in lines:
        if line.strip() and not line.startswith("#"):
            identifier, until, package, *why = line.split(" ")
            assert re.fullmatch(r"(CVE|GHSA|PYSEC|OSV)-[\w-]+", identifier) and identifier not in seen, line
            assert date.fromisoformat(until), line
            assert package.endswith(":") and package[:-1] in locked, f"{identifier}: {package} is not in bot.txt"
            assert len(why) >= 5, f"{identifier}: why can it not be reached?"
            seen.add(identifier)
    assert seen
