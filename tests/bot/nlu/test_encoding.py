"""Encoding in the background."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from bot.encoder.encoder import Encoder
from bot.nlu import features
from bot.nlu.encoding import Encoding
from bot.nlu.features import encoded_ahead, featurise, featurise_all

PATIENCE = 60.0  # seconds for what takes none


class Slow:
    """An encoder of numbers that encodes nothing before it may, and notes what it encodes."""

    identity, layers, hidden = "slow", (1,), 1

    def __init__(self) -> None:
        self.may = threading.Event()
        self.began = threading.Event()
        self.encoded: list[str] = []

    def pools_of(self, texts: list[str]) -> np.ndarray:
        self.began.set()
        assert self.may.wait(PATIENCE)
        if "bad" in texts:
            raise ValueError("bad")
        self.encoded += texts
        return np.array([float(text) for text in texts], np.float32)[:, None, None]


def test_what_somebody_waits_for_comes_before_what_is_only_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.nlu.encoding._AT_ONCE", 1)
    encoder = Slow()
    with Encoding(encoder, threads=1) as encoding:  # type: ignore[arg-type]
        encoding.want(["1", "2", "3", "4"])
        assert encoder.began.wait(PATIENCE)  # the first is being encoded
        found = encoding.get(["4", "5", "4"], meanwhile=encoder.may.set)
        assert {text: float(pools[0, 0]) for text, pools in found.items()} == {"4": 4.0, "5": 5.0}
        assert encoder.encoded[:3] == ["1", "4", "5"]
        encoding.get(["2", "3"])
    assert sorted(encoder.encoded) == ["1", "2", "3", "4", "5"], "each once"


def test_the_longest_come_first_and_no_text_is_lost() -> None:
    encoder = Slow()
    encoder.may.set()
    texts = [f"{number:0{1 + number % 7}}" for number in range(300)]
    with Encoding(encoder, threads=3) as encoding:  # type: ignore[arg-type]
        found = encoding.get(texts)
    assert {text: float(pools[0, 0]) for text, pools in found.items()} == {text: float(text) for text in texts}
    assert len(encoder.encoded) == len(texts)
    lengths = [len(text) for text in encoder.encoded[:64]]
    assert set(lengths) == {7, 6}, "of a length, as far as they go"


def test_what_is_known_is_not_encoded_again() -> None:
    encoder = Slow()
    encoder.may.set()
    with Encoding(encoder, 2, {"7": np.zeros((1, 1), np.float32)}) as encoding:  # type: ignore[arg-type]
        assert float(encoding.get(["7", "8"])["7"][0, 0]) == 0.0
    assert encoder.encoded == ["8"]


def test_its_end_waits_for_nothing_that_was_only_wanted() -> None:
    encoder = Slow()
    with Encoding(encoder, threads=1) as encoding:  # type: ignore[arg-type]
        encoding.want([str(number) for number in range(1000)])
        assert encoder.began.wait(PATIENCE)
        threading.Timer(0.0, encoder.may.set).start()
    assert len(encoder.encoded) <= 1000
    assert not any(thread.name.startswith("encoding-") for thread in threading.enumerate())


@pytest.mark.parametrize("wanted", [True, False])
def test_a_failure_reaches_whoever_waits(wanted: bool) -> None:
    encoder = Slow()
    encoder.may.set()
    with Encoding(encoder, threads=2) as encoding:  # type: ignore[arg-type]
        if wanted:
            encoding.want(["bad"])
        with pytest.raises(ValueError, match="bad"):
            encoding.get(["1", "bad"])


def test_what_was_encoded_ahead_is_used_and_kept(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with encoded_ahead(encoder, tmp_path) as want:
        want(["missä tilaus?", "hvor er min pakke"])
        examples = featurise_all(encoder, ["MISSÄ tilaus?", "hello"], tmp_path)
    assert np.array_equal(examples[0].pools, featurise(encoder, "missä tilaus?").pools)
    with np.load(next(tmp_path.glob("encoded-*.npz"))) as stored:
        assert len(stored["keys"]) == 2, "what was not asked for is not kept"
    said: list[str] = []
    with encoded_ahead(encoder, tmp_path) as want:
        want(["missä tilaus?", "hello"])
        featurise_all(encoder, ["missä tilaus?", "hello"], tmp_path, said.append)
    assert said == [] and features._ahead is None
