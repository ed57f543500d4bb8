"""One written form for what a visitor typed, before anything looks at it."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MAX_LENGTH", "clean", "words"]

MAX_LENGTH = 4000
"""Characters of a message that are looked at: the hub lets no longer one through."""

# Zero-width characters, direction marks, soft hyphens and variation selectors: seen by nobody, and each breaks a word.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
# What masking on arrival put in place of a personal number, "[HETU ••••]": the name in it is ours, not the visitor's.
_MASKED = re.compile(r"\[[^\[\]]*•[^\[\]]*\]")
# Control characters, and halves of characters that some clients leave behind.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_STRETCHED = re.compile(r"([^\W\d_])\1{3,}")
_OFTEN = 8
"""Times that a word is said before it is play: who calls for help five times means it."""
_SYLLABLES = re.compile(rf"([^\W\d_]{{2,12}}?)\1{{{_OFTEN - 1},}}")
_REPEATED = re.compile(rf"(?<!\S)(?=\S*[^\W\d_])(\S{{1,40}})(?: \1){{{_OFTEN - 1},}}(?!\S)", re.IGNORECASE)


def clean(text: str) -> str:
    """The text composed (NFC), without invisible characters, with single spaces, and at most :data:`MAX_LENGTH` long.

    What was covered on arrival is dots without a name. Words, case and punctuation stay; a letter drawn out over four
    places or more ("heiiiiii") is cut to two, and so are syllables and words that are said eight times or more: that
    is play, and what weighs words would take it for shouting.
    """
    text = unicodedata.normalize("NFC", text[:MAX_LENGTH])
    text = _CONTROL.sub(" ", _MASKED.sub("••••", _INVISIBLE.sub("", text)))
    text = _SPACE.sub(" ", _STRETCHED.sub(r"\1\1", text)).strip()
    # Few messages have such words, and every message comes by here several times.
    said = text.split(" ")
    if max(map(len, said)) >= 2 * _OFTEN:
        text = _SYLLABLES.sub(r"\1\1", text)
    if len(said) - len({word.lower() for word in said}) >= _OFTEN - 1:
        text = _REPEATED.sub(r"\1 \1", text)
    return text


def words(text: str) -> list[str]:
    """The words of a text in lower case, without digits and punctuation."""
    return [match.group(0).lower() for match in _WORD.finditer(text)]
