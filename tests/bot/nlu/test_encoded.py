"""What was encoded, kept on disk: by several at once, and through interruptions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot import ahead, places
from bot.encoder import choice
from bot.nlu import encoded, features
from bot.nlu.encoded import Encoded, key
from bot.nlu.features import keep_encoded


class Numbers:
    """An encoder of numbers, which breaks off at one that is none."""

    identity, layers, hidden = "numbers", (1,), 1

    def __init__(self) -> None:
        self.seen: list[str] = []

    def pools_of(self, texts: list[str]) -> np.ndarray:
        self.seen += texts
        return np.array([float(text) for text in texts], np.float32)[:, None, None]


@pytest.fixture
def kept(tmp_path: Path) -> Encoded:
    return Encoded(tmp_path / "encoded", Numbers())  # type: ignore[arg-type]


def pools(number: float) -> np.ndarray:
    return np.full((1, 1), number, np.float32)


def test_what_several_add_at_once_is_kept_of_all_of_them(kept: Encoded) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: kept.add({key(str(number)): pools(number)}, []), range(12)))
    assert sorted(float(each[0, 0]) for each in kept.read().values()) == list(range(12))


def test_a_writer_that_was_killed_leaves_nothing_behind(kept: Encoded, tmp_path: Path) -> None:
    kept.add({key("1"): pools(1)}, [])
    left_over = tmp_path / "encoded" / ".unfinished-1.npz"
    left_over.write_bytes(b"half")
    assert len(kept.read()) == 1
    kept.add({key("2"): pools(2)}, [])
    assert not left_over.exists() and len(kept.read()) == 2


def test_when_there_are_too_many_those_of_this_training_stay(kept: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "_MOST", 3)
    kept.add({key(text): pools(0) for text in "abc"}, [])
    kept.add({key("d"): pools(1)}, [key("d"), key("a"), key("not yet")])
    assert set(kept.read()) == {key("a"), key("d")}


def test_what_is_done_is_kept_when_it_is_broken_off_and_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_SAVED", 2)
    monkeypatch.setattr(features, "THREADS", 1)
    said: list[str] = []
    with pytest.raises(ValueError):
        keep_encoded(Numbers(), ["1", "2", "3", "bad", "5"], tmp_path, said.append)  # type: ignore[arg-type]
    again = Numbers()
    keep_encoded(again, ["1", "2", "3", "3", "5"], tmp_path, said.append)  # type: ignore[arg-type]
    assert again.seen == ["3", "5"]
    assert said == ["encoded 2 of 5 new texts", "encoded 2 of 2 new texts"]


def test_the_examples_of_topics_and_emotions_are_kept_as_a_training_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(ahead, "encoder_in_use", lambda report: Numbers())
    monkeypatch.setattr(ahead, "keep_encoded", lambda encoder, forms, store, report: kept.extend(forms))
    for name, text in (
        ("nlu/da.yml", "version: '3.1'\nnlu:\n- intent: greet\n  examples: |\n    - Hej med jer\n    - GODDAG\n"),
        ("emotion/all.tsv", "da\tsadness\tJeg er SÅ ked af det\n"),
    ):
        file = tmp_path / name
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(places, "NLU", tmp_path / "nlu")
    monkeypatch.setattr(places, "EMOTION", tmp_path / "emotion")
    ahead.encode_examples(lambda line: None)
    assert kept == ["jeg er så ked af det", "hej med jer", "goddag"]
    monkeypatch.setenv("SILTA_ENCODER", "another")
    said: list[str] = []
    ahead.encode_examples(said.append)
    assert len(kept) == 3 and len(said) == 1


def test_a_training_loads_the_encoder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Numbers] = []

    def prepare(*_: object, **__: object) -> Numbers:
        loaded.append(Numbers())
        return loaded[-1]

    monkeypatch.setattr(choice, "prepare", prepare)
    for name in ("NLU", "EMOTION", "ENCODED"):
        monkeypatch.setattr(places, name, tmp_path / name)
    with ahead.encoding_begun(lambda line: None):
        assert choice.encoder_in_use() is choice.encoder_in_use() is loaded[0]
    assert len(loaded) == 1
    assert choice.encoder_in_use() is not loaded[0], "afterwards whatever is there by then"
