"""What is wrong with the owner's files, as the bot, its training and the actions read them.

For the command line alone: it looks into the actions, which otherwise look into the bot.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from actions.owner import load
from bot import places
from bot.faq.check import check as check_examples
from bot.judgement.course import LEXICON as COURSE
from bot.judgement.cues import Lexicon
from bot.judgement.owner import emotion_at_least
from bot.judgement.training import LEXICON as CUES
from bot.nlu.owner import OwnerSettings
from bot.texts import Texts, owner_directory

__all__ = ["problems", "wrong_examples"]


def problems(folder: Path | None = None) -> list[str]:
    """One line for each file that its reader refuses, with file, place and reason: the first thing it stumbles over."""
    owner = folder or owner_directory()
    reads: list[tuple[Path, Callable[[], object]]] = [
        (owner / "texts", lambda: Texts(owner)),
        (owner / "understanding.yml", lambda: OwnerSettings.read(owner)),
        (owner / "handoff.yml", lambda: emotion_at_least(owner)),
        (owner / "handoff.yml", lambda: load(owner)),
        (places.EMOTION / COURSE, lambda: Lexicon.read(places.EMOTION / COURSE)),
        (places.EMOTION / CUES, lambda: Lexicon.read(places.EMOTION / CUES)),
    ]
    found = []
    for file, read in reads:
        try:
            read()
        except Exception as error:
            # What no reader foresaw (30 February, a tag that is none) stops the start as well.
            code = getattr(error, "code", None)
            told = str(error).removeprefix(f"{code}: ") if code else f"{file}: cannot be understood ({error})"
            found.append(" ".join(told.split()))
    return list(dict.fromkeys(found))


def wrong_examples(folder: Path | None = None) -> list[str]:
    """What ``silta faq check`` calls wrong in answers and examples. Takes seconds: it reads all of them."""
    return [f"{finding.where}: {finding.what}" for finding in check_examples(folder, places.NLU) if finding.wrong]
