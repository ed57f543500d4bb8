"""What is kept in clear is kept sealed, bound to its place, and opens after a change of keys."""

from __future__ import annotations

import stat
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import SettingsError
from handoff.privacy.vault import KEYS_FILE, CannotOpen, Vault, new_key, parse_keys, read_keys

OLD, NEW = new_key(), new_key()


def vault(*keys: str) -> Vault:
    return Vault(parse_keys(keys, "test"))


@given(st.text(), st.text(max_size=50))
def test_what_is_sealed_opens_in_its_place(text: str, context: str) -> None:
    box = vault(OLD)
    sealed = box.seal(text, context)
    assert box.open(sealed, context) == text
    assert Vault.is_sealed(sealed) and sealed.isascii()


def test_nothing_of_the_text_shows_and_no_two_sealings_are_alike() -> None:
    box = vault(OLD)
    sealed = box.seal("+358401234567", "c:phone")
    assert "+358401234567" not in sealed
    assert sealed != box.seal("+358401234567", "c:phone")
    assert OLD.partition(":")[2] not in repr(box)


@pytest.mark.parametrize("place", [-2, -20, 20])
def test_what_was_changed_or_moved_elsewhere_does_not_open(place: int) -> None:
    box = vault(OLD)
    sealed = box.seal("+358401234567", "c1:phone")
    other = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + other + sealed[len(sealed) + place + 1 if place < 0 else place + 1 :]
    for text, context in ((changed, "c1:phone"), (sealed, "c2:phone"), ("", "c1:phone"), ("v1.x.AAAA", "c1:phone")):
        with pytest.raises(CannotOpen):
            box.open(text, context)


def test_no_other_writing_of_the_same_bytes_opens() -> None:
    box = vault(OLD)
    sealed = box.seal("+358401234567", "c1:phone")
    assert sealed.endswith("=") and not sealed.endswith("=="), "two bits of the last letter say nothing"
    for other in set(string.ascii_letters + string.digits + "-_") - {sealed[-2]}:
        with pytest.raises(CannotOpen):
            box.open(f"{sealed[:-2]}{other}=", "c1:phone")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    sealed = vault(OLD).seal("+358401234567", "c")
    both = vault(NEW, OLD)
    assert both.open(sealed, "c") == "+358401234567"
    assert both.seal("x", "c").split(".")[1] == NEW.partition(":")[0]
    with pytest.raises(CannotOpen) as error:
        vault(NEW).open(sealed, "c")
    assert error.value.key == OLD.partition(":")[0]


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = read_keys({}, tmp_path)
    assert read_keys({}, tmp_path) == first
    assert stat.S_IMODE((tmp_path / KEYS_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEYS_FILE]


def test_keys_come_from_the_environment_or_a_named_file(tmp_path: Path) -> None:
    assert list(read_keys({"SILTA_VAULT_KEYS": f"{NEW}, {OLD}"}, tmp_path)) == [
        NEW.partition(":")[0], OLD.partition(":")[0],
    ]
    (tmp_path / "k").write_text(OLD + "\n")
    assert len(read_keys({"SILTA_VAULT_KEYS_FILE": str(tmp_path / "k")}, tmp_path)) == 1
    with pytest.raises(SettingsError):
        read_keys({"SILTA_VAULT_KEYS_FILE": str(tmp_path / "none")}, tmp_path)
    assert not (tmp_path / KEYS_FILE).exists()


@pytest.mark.parametrize("bad", ["a:short", "no-colon", f"{OLD},{OLD}", "A B:" + OLD.partition(":")[2]])
def test_what_is_no_key_is_refused_without_showing_it(bad: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read_keys({"SILTA_VAULT_KEYS": bad}, tmp_path)
    assert OLD.partition(":")[2] not in str(error.value) and "short" not in str(error.value)
