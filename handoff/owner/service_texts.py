"""What the service says of hours, waiting, call-backs and alerts: the owner's ``texts/service/LANG.yml``. Code holds
keys only. Unlike the bot's texts these are in no model, so a change needs no training and no restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handoff.errors import SettingsError
from handoff.events import LANGUAGES
from handoff.owner.placeholders import names_in
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["KEYS", "ServiceTexts", "read_service_texts"]

KEYS: Mapping[str, frozenset[str]] = {
    "hours.open_until": frozenset({"until"}),
    "hours.open_always": frozenset(),
    "hours.closed_until": frozenset({"opens"}),
    "hours.closed": frozenset(),
    "hours.answers_in": frozenset({"minutes"}),
    "hours.email_by": frozenset({"by"}),
    "queue.closed_until": frozenset({"opens"}),
    "queue.closed": frozenset(),
    "queue.nobody": frozenset({"language"}),
    "queue.nobody_skilled": frozenset(),
    "queue.consented": frozenset({"language"}),
    "callback.booked": frozenset({"window"}),
    "callback.booked_email": frozenset({"by"}),
    "callback.moved": frozenset({"window"}),
    "callback.reached": frozenset(),
    "callback.no_answer": frozenset(),
    "callback.wrong_number": frozenset(),
    "callback.answered_by_email": frozenset(),
    "callback.cancelled": frozenset(),
    "callback.cancelled_email": frozenset(),
    "waiting.choices": frozenset(),
    "waiting.email_by": frozenset({"by"}),
    "waiting.callback": frozenset(),
    "waiting.email": frozenset(),
    "waiting.language": frozenset({"language"}),
    "waiting.which_window": frozenset(),
    "waiting.no_window": frozenset(),
    "waiting.no_call": frozenset(),
    "waiting.no_email": frozenset(),
    "waiting.over": frozenset(),
    "waiting.window_gone": frozenset(),
    "waiting.which_phone": frozenset(),
    "waiting.phone_wrong": frozenset(),
    "waiting.phone_given": frozenset(),
    "waiting.which_email": frozenset(),
    "waiting.email_wrong": frozenset(),
    "waiting.email_given": frozenset(),
    "people.promised": frozenset({"by"}),
    "people.joined": frozenset({"name"}),
    "people.left": frozenset({"name"}),
    "alerts.wait": frozenset({"minutes", "target"}),
    "alerts.promise": frozenset({"by"}),
    "alerts.snooze": frozenset({"by"}),
    "alerts.callback": frozenset({"window"}),
    "alerts.callback_due": frozenset({"window"}),
    "alerts.nobody": frozenset({"language", "count"}),
    "alerts.growth": frozenset({"count"}),
    "alerts.help": frozenset({"name"}),
    "alerts.mention": frozenset({"name"}),
    "transcript.visitor": frozenset(),
    "transcript.bot": frozenset(),
    "transcript.system": frozenset(),
    "mail.subject": frozenset(),
    "mail.before": frozenset(),
    "mail.after": frozenset(),
    **{f"names.{language}": frozenset() for language in LANGUAGES},
}
"""Keys, with the values that each text may name. ``names`` say in which language somebody answers: "in Finnish"."""


@dataclass(frozen=True)
class ServiceTexts:
    """Texts by language and key; complete."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, language: str, key: str, /, **values: object) -> str:
        """The text ``key`` in ``language``, with the values in place."""
        return self.texts[language][key].format_map(values)


@refusing
def read_service_texts(folder: Path) -> ServiceTexts:
    """Read ``fi.yml``, ``da.yml`` and ``en.yml`` of a folder.

    Raises:
        SettingsError: with file, line and reason of every gap and unknown placeholder.
    """
    problems: list[str] = []
    texts = {}
    for language in LANGUAGES:
        file = read_file(folder / f"{language}.yml")
        texts[language] = _texts(file) if file.read else {}
        problems += file.problems
    if problems:
        raise SettingsError(problems)
    return ServiceTexts(texts)


def _texts(file: OwnerFile) -> dict[str, str]:
    found = {}
    for section in dict.fromkeys(key.partition(".")[0] for key in KEYS):
        part = file.mapping((section,), file.raw.get(section))
        file.known((section,), part, tuple(key.partition(".")[2] for key in KEYS if key.startswith(section + ".")))
        for name, text in part.items():
            key = f"{section}.{name}"
            if key in KEYS and _fits(file, (section, name), text, KEYS[key]):
                found[key] = str(text).strip()
    for key in KEYS:
        if key not in found and not any(f"{key}:" in problem for problem in file.problems):
            file.wrong(tuple(key.split(".")), "missing")
    return found


def _fits(file: OwnerFile, where: tuple[str, ...], text: object, allowed: frozenset[str]) -> bool:
    if not isinstance(text, str) or not text.strip():
        file.wrong(where, "a text is expected")
        return False
    try:
        unknown = names_in(text) - allowed
    except ValueError as error:
        file.wrong(where, str(error))
        return False
    if unknown:
        file.wrong(where, f"unknown placeholder {{{min(unknown)}}}")
    return not unknown
