"""Texts cut into tokens, as the encoder wants them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["MAX_TOKENS", "PIECES", "Tokenizer", "shortened"]

PIECES = "sentencepiece.bpe.model"
"""The tokenizer's file in an encoder's directory."""

MAX_TOKENS = 256
"""Longer texts keep their first and last half of this: a story's point stands at one of its ends, and the cost of a
message stays bounded (about 0.1 s)."""

_MARK = "<"
"""Every mark of the tokenizer's own ("<s>") begins with it."""
_EVEN = 0.3
"""How much likelier a likely way to cut a text is chosen: 0 not at all, 1 as its own likelihood says."""
_SHIFT = 1
"""The tokenizer's ids lie so far above those of its SentencePiece model; unknown pieces have one of their own."""


class Tokenizer:
    """The tokenizer in a directory.

    Args:
        directory: holds :data:`PIECES`.
        content: the checksum of that file: every build of the encoder has the same, and to load one takes a second
            and 100 MB.
    """

    def __init__(self, directory: Path, content: str) -> None:
        self.whole = _loaded(directory, content)
        self._marks = int(self.whole.bos_token_id), int(self.whole.eos_token_id)
        self._unknown = int(self.whole.unk_token_id)

    def tokens(self, text: str) -> list[int]:
        """The ids of a text between its marks, at most :data:`MAX_TOKENS`."""
        start, end = self._marks
        return shortened([start, *self._plain(text), end], MAX_TOKENS)

    def cut(self, texts: Sequence[str], share: float, seed: int) -> list[list[int]]:
        """The ids of many texts, ``share`` of them cut into other pieces than usual, by chance but likely ones first
        (subword regularisation, Kudo 2018). The same ``seed`` gives the same."""
        import sentencepiece

        generator = np.random.default_rng(seed)
        start, end = self._marks

        def others() -> list[list[int]]:
            found = []
            for text in texts:
                if _MARK in text or generator.random() >= share:
                    found.append(self.tokens(text))
                    continue
                ids = self.whole.sp_model.encode(text, enable_sampling=True, alpha=_EVEN, nbest_size=-1)
                found.append(shortened([start, *map(self._id, ids), end], MAX_TOKENS))
            return found

        # The library's numbers by chance begin anew, from the seed, in each new thread and nowhere else.
        sentencepiece.set_random_generator_seed(seed)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(others).result()

    def pieces(self, text: str) -> list[int]:
        """The ids of a text without marks, at most :data:`MAX_TOKENS`."""
        return self._plain(text)[:MAX_TOKENS]

    def _plain(self, text: str) -> list[int]:
        """As the tokenizer of transformers gives them. What that does beside SentencePiece is to look for its own
        marks, and takes far longer than SentencePiece itself."""
        if _MARK in text:
            ids: list[int] = self.whole(text, verbose=False, add_special_tokens=False)["input_ids"]
            return ids
        return [self._id(number) for number in self.whole.sp_model.encode(text)]

    def _id(self, number: int) -> int:
        return number + _SHIFT if number else self._unknown


def shortened(ids: list[int], most: int) -> list[int]:
    """The first and the last half of ``most`` ids where there are more."""
    return ids if len(ids) <= most else ids[: most - most // 2] + ids[-(most // 2) :]


_LOADED: dict[str, Any] = {}


def _loaded(directory: Path, content: str) -> Any:
    if content in _LOADED:
        return _LOADED[content]
    # The tokenizer needs no deep-learning framework; unless one is loaded already, none is.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("USE_TF", "0")
    from transformers import XLMRobertaTokenizer

    _LOADED[content] = XLMRobertaTokenizer(str(directory / PIECES))
    return _LOADED[content]
