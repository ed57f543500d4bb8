"""Letters that a keyboard did not have: ``missa pakettini on``, ``hvornaar faar jeg``.

Whoever writes without ä, ö, æ, ø and å is understood worse, most of all by the encoder. So words are written back the
way they stand in the examples, where that is beyond doubt. Learnt from the examples, and applied to examples and
messages alike.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Letters"]

_WORD = re.compile(r"[^\W\d_]+")
_SPELT = (
    {"ä": "a", "ö": "o", "æ": "ae", "ø": "o", "å": "a"},
    {"ä": "a", "ö": "o", "æ": "ae", "ø": "oe", "å": "aa"},
    {"ä": "ae", "ö": "oe", "æ": "a", "ø": "o", "å": "aa"},
)
"""How visitors spell them without: each way for a whole word."""
_TABLES = tuple(str.maketrans(spelt) for spelt in _SPELT)
_PLAINER = 3
"""So many times as often must a full spelling occur in the examples as others that look the same when bare."""
_RARE = 30
"""So many times as often must it occur as the bare one, which may be a word itself ("for", Finnish "saa")."""
_FULL = re.compile("[äöæøå]", re.IGNORECASE)
_FILE = "letters.json"


@dataclass
class Letters:
    """Bare spelling → full spelling, both in lower case."""

    full: dict[str, str] = field(default_factory=dict)

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Letters:
        """Find the words of the examples whose bare spelling can mean nothing else."""
        seen: Counter[str] = Counter(word for text in texts for word in _WORD.findall(text.lower()))
        candidates: dict[str, Counter[str]] = {}
        for word, number in seen.items():
            for bare in {word.translate(table) for table in _TABLES} - {word}:
                candidates.setdefault(bare, Counter())[word] += number
        full = {}
        for bare, found in candidates.items():
            word, number = max(found.items(), key=lambda item: (item[1], item[0]))
            if number >= _PLAINER * (sum(found.values()) - number) and number >= _RARE * seen[bare]:
                full[bare] = word
        return cls(full)

    def restore(self, text: str) -> str:
        """The text with bare words written in full; the first letter keeps its case. Whoever has written one of the
        letters has them all."""
        return text if _FULL.search(text) else _WORD.sub(lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        full = self.full.get(word.lower())
        if full is None:
            return word
        return full[:1].upper() + full[1:] if word[:1].isupper() else full

    def save(self, directory: Path) -> None:
        """Write it as JSON."""
        (directory / _FILE).write_text(json.dumps(self.full, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Letters:
        """Read what :meth:`save` wrote."""
        return cls(json.loads((directory / _FILE).read_text(encoding="utf-8")))
