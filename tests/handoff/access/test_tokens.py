from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from handoff.access.tokens import VisitorTokens, new_id, signing_key
from handoff.errors import Unauthorized

KEY = "k" * 32
DAY_S = 86_400


def tokens(*keys: str, max_age_s: int = DAY_S) -> VisitorTokens:
    return VisitorTokens(keys or (KEY,), max_age_s=max_age_s)


def test_a_token_names_its_conversation() -> None:
    made = tokens()
    assert made.conversation(made.issue("c1")) == "c1"


def test_s4_what_was_not_issued_here_is_refused() -> None:
    made = tokens()
    good = made.issue("c1")
    head, _, tail = good.partition(".")
    forged = [
        "",
        ".",
        "..",
        "c1",
        good[:-1],
        good + "x",
        "x" + good,
        head[:-1] + ("A" if head[-1] != "A" else "B") + "." + tail,
        made.issue("c2").partition(".")[0] + "." + tail,
        tokens("other key, just as long as it must be").issue("c1"),
        URLSafeTimedSerializer([KEY], salt="another purpose").dumps("c1"),
        "ä" * 10,
        "\x00",
    ]
    for token in forged:
        with pytest.raises(Unauthorized):
            made.conversation(str(token))


@pytest.mark.parametrize("named", ["", 7, None, ["c1"], {"conversation": "c1"}])
def test_a_signed_token_that_names_no_conversation_is_refused(named: object) -> None:
    signed = URLSafeTimedSerializer([KEY], salt="silta.visitor").dumps(named)
    with pytest.raises(Unauthorized):
        tokens().conversation(str(signed))


def test_an_expired_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = tokens(max_age_s=60)
    token = made.issue("c1")
    signed_at = made._serializer.make_signer().get_timestamp()  # type: ignore[attr-defined]
    signer = "itsdangerous.timed.TimestampSigner.get_timestamp"
    monkeypatch.setattr(signer, lambda _: signed_at + 60)
    assert made.conversation(token) == "c1"
    monkeypatch.setattr(signer, lambda _: signed_at + 61)
    with pytest.raises(Unauthorized):
        made.conversation(token)


def test_keys_are_rotated_without_losing_anybody() -> None:
    old = tokens("old " * 8)
    both = tokens("new " * 8, "old " * 8)
    assert both.conversation(old.issue("c1")) == "c1"
    assert tokens("new " * 8).conversation(both.issue("c2")) == "c2", "the first key signs"
    with pytest.raises(Unauthorized):
        old.conversation(both.issue("c2"))


def test_ids_are_random_and_long_enough() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(id) == 24 for id in made), "144 bits"


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "not" / "yet"
    key = signing_key(var)
    assert len(key) == 64 and signing_key(var) == key
    assert stat.S_IMODE((var / "secret").stat().st_mode) == 0o600
    assert [path.name for path in var.iterdir()] == ["secret"], "no drafts are left"


def test_hubs_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    keys: list[str] = []

    def start() -> None:
        together.wait()
        keys.append(signing_key(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_hub_that_lost_the_race_takes_the_winners_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text
    looks = []

    def first_look_is_too_early(path: Path, *arguments: str) -> str:
        looks.append(path)
        if len(looks) == 1:
            (tmp_path / "secret").write_text("the winner's\n")
            raise FileNotFoundError
        return read(path, *arguments)

    monkeypatch.setattr(Path, "read_text", first_look_is_too_early)
    assert signing_key(tmp_path) == "the winner's"
