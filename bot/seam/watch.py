"""Notices actions that failed.

Rasa logs an action that raised or could not be reached, and then goes on as if it had run: a handoff would vanish.
The log record is the only sign, so a handler on that logger notes it in the current turn.
"""

from __future__ import annotations

import logging
import re

from bot.seam.turn import current_turn

__all__ = ["install", "remove"]

LOGGER = "rasa.core.processor"
_SENTENCE = re.compile(r"while running action '([^']+)'")


class _Watch(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        turn = current_turn()
        if turn is None or record.exc_info is None:
            return
        found = _SENTENCE.search(record.getMessage())
        if found:
            turn.failed_actions.append(found.group(1))


_watch = _Watch(level=logging.ERROR)


def install() -> None:
    """Watch Rasa's processor from now on. Calling it again changes nothing.

    Raises:
        RuntimeError: the logger is silenced for errors, so that failed actions would go unseen.
    """
    logger = logging.getLogger(LOGGER)
    if not logger.isEnabledFor(logging.ERROR):
        raise RuntimeError(f"errors of {LOGGER} are silenced: failed actions would go unseen")
    if _watch not in logger.handlers:
        logger.addHandler(_watch)


def remove() -> None:
    """Stop watching."""
    logging.getLogger(LOGGER).removeHandler(_watch)
