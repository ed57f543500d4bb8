"""The owner's macros: several acts of an agent in one. The console does their steps one after the other with the rights
of its agent, so that a macro can do nothing that the agent could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.canned import Reply
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["Macro", "load_macros"]

STEPS_MAX = 6
"""More than this nobody foresees."""

SNOOZE_MAX_MIN = 30 * 24 * 60

OUTCOMES = ("solved", "unsolved", "no_reply", "not_for_us")
"""As the console asks for them."""

LAST = ("resolve", "transfer", "return_to_bot")
"""Steps after which the conversation is no longer the agent's."""


@dataclass(frozen=True)
class Macro:
    """One macro. Each step has one name and what it needs; a reply's text is there by language."""

    key: str
    title: Mapping[str, str]
    steps: Sequence[Mapping[str, Any]]

    def public(self) -> dict[str, Any]:
        return {"key": self.key, "title": dict(self.title), "steps": [dict(step) for step in self.steps]}


@refusing
def load_macros(folder: Path, replies: Sequence[Reply]) -> tuple[Macro, ...]:
    """Read ``macros.yml`` of the owner's folder; no file, no macros. A reply is one of ``replies``, by its key.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    path = folder / "macros.yml"
    if not path.is_file():
        return ()
    file = read_file(path)
    texts = {reply.key: reply.text for reply in replies}
    file.known((), file.raw, ("macros",))
    found = [
        _macro(file, key, row, texts) for key, row in file.mapping(("macros",), file.raw.get("macros")).items()
    ]
    if file.problems:
        raise SettingsError(file.problems)
    return tuple(found)


def _macro(file: OwnerFile, key: str, row: Any, texts: Mapping[str, Mapping[str, str]]) -> Macro:
    where = ("macros", key)
    part = file.mapping(where, row)
    file.known(where, part, ("title", "steps"))
    given = file.mapping((*where, "title"), part.get("title"))
    title = {language: file.text((*where, "title", language), text) for language, text in given.items()}
    for language in LANGUAGES:
        if not title.get(language) and given.get(language) in (None, ""):
            file.wrong((*where, "title"), f"{language} is missing")
    rows = part.get("steps")
    if not isinstance(rows, list) or not 1 <= len(rows) <= STEPS_MAX:
        file.wrong((*where, "steps"), f"a list of 1 to {STEPS_MAX} steps is expected")
        rows = []
    steps = []
    for index, step in enumerate(rows):
        at = (*where, "steps", str(index))
        name, made = _step(file, at, step, texts)
        if name in LAST and index < len(rows) - 1:
            file.wrong(at, f"{name} ends the agent's part: it can only be the last step")
        steps.append(made)
    return Macro(key, title, tuple(steps))


def _step(
    file: OwnerFile, where: tuple[str, ...], step: Any, texts: Mapping[str, Mapping[str, str]]
) -> tuple[str, dict[str, Any]]:
    part = file.mapping(where, step)
    if len(part) != 1:
        file.wrong(where, "a step has one name, such as reply or resolve")
        return "", {}
    ((name, value),) = part.items()
    if name == "reply":
        key = value if isinstance(value, str) else str(value)
        if isinstance(value, (dict, list)) or key not in texts:
            file.wrong((*where, name), f"{value!r} is no reply of canned.yml")
        return name, {"reply": dict(texts.get(key, {}))}
    if name == "snooze":
        return name, {"snooze": round(file.number((*where, name), value, 1, SNOOZE_MAX_MIN, 60))}
    if name == "resolve" and value not in OUTCOMES:
        file.wrong((*where, name), f"{value!r}: one of {', '.join(OUTCOMES)} is expected")
    elif name in ("note", "transfer") and not (isinstance(value, str) and value.strip()):
        file.wrong((*where, name), "a text is expected")
    elif name == "return_to_bot" and value is not True:
        file.wrong((*where, name), "yes is expected")
    elif name not in ("note", *LAST):
        file.wrong((*where, name), f"not known here; choose from reply, note, snooze, {', '.join(LAST)}")
    return name, {name: value}
