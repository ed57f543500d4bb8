"""An encoder tuned by the small trainer, on the examples of the small model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.deep import side
from bot.deep.encoder import DeepEncoder
from bot.deep.tune import tune
from bot.encoder.encoder import Encoder
from tests.bot.conftest import EXAMPLES
from tests.bot.deep.tiny import TinyNumbers, fit_head

PAIRS = [(text, topic) for topic, texts in EXAMPLES.items() for text in texts.split("|")]
NUMBERS = TinyNumbers()
Tune = Callable[..., DeepEncoder]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built-in encoder's numbers are kept from one test to the next."""
    return tmp_path_factory.mktemp("encoded")


@pytest.fixture
def tuned(encoder: Encoder, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """Tunes a tiny network on (text, topic) pairs; ``run`` does the trainer's work."""

    def go(run: Callable[[Path], None] = fit_head, pairs: list[tuple[str, str]] = PAIRS, **more: object) -> DeepEncoder:
        monkeypatch.setattr(side, "python", lambda report: Path("python"))
        monkeypatch.setattr(side, "run", lambda interpreter, folder, report: run(folder))
        texts, topics = zip(*pairs, strict=True)
        home, given = tmp_path / "deep", {"numbers": NUMBERS, "beside": (1,), "store": store, **more}
        return tune(encoder, texts, topics, home, **given)  # type: ignore[arg-type]

    return go
