"""The owner's ``routing.yml``: how waiting conversations and agents find each other. Pure but for the reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handoff.errors import SettingsError
from handoff.owner.yamlfile import OwnerFile, read_file, refusing

__all__ = ["MODES", "CallbackRules", "Rules", "read_rules"]

MODES = ("claim", "offer")

GENERAL = "general"


@dataclass(frozen=True)
class CallbackRules:
    """How call-backs are promised and kept. Times in minutes."""

    window_min: int = 60
    """Length of a window: short enough to wait by the phone for."""
    per_window: int = 4
    """Call-backs that one window holds: what the agents can make beside the chat."""
    notice_min: int = 30
    """The earliest window begins so much after now, that somebody can prepare."""
    days_ahead: int = 5
    shown: int = 6
    """Windows that a visitor may choose from at once."""
    remind_min: int = 10
    """Agents are reminded so long before a window begins."""


@dataclass(frozen=True)
class Rules:
    """How conversations and agents find each other. Times in seconds."""

    mode: str = "claim"
    """``claim``: agents take from the queue themselves; ``offer``: each conversation is offered to the best one. In
    both ways agents may claim."""
    lease_s: int = 20
    """How long an offer stands: long enough to finish a sentence, short enough that the visitor loses little."""
    target_s: int = 120
    """Within so long a person shall answer, where a skill has no target of its own."""
    targets: Mapping[str, int] = field(default_factory=dict)
    choices_after_s: int = 180
    """After so long a wait other ways are offered: a call-back, e-mail."""
    other_language_after_s: int = 300
    """After so long, and only if the visitor agrees, an agent of another language may answer."""
    sticky_s: int = 24 * 3600
    """For so long the agent who had the conversation last is asked first, if free."""
    away_after_s: int = 15 * 60
    """An agent who does nothing in any window for so long counts as away."""
    accept_pause_s: int = 30
    """Who let an offer lapse or declined it is not asked again about the same conversation for so long, unless nobody
    else can."""
    channels: Mapping[str, int] = field(default_factory=dict)
    """The most conversations that one agent has on a channel; a channel not named has no limit of its own."""
    growth_per_min: int = 10
    """So many more waiting within a minute is unusual, and supervisors are told."""
    callbacks: CallbackRules = CallbackRules()

    def target(self, skill: str) -> int:
        """Seconds within which a conversation for this skill shall have a person."""
        return self.targets.get(skill, self.target_s)


_SECONDS: Mapping[str, tuple[float, float]] = {
    "lease_s": (5, 300),
    "target_s": (10, 86_400),
    "choices_after_s": (0, 86_400),
    "other_language_after_s": (0, 86_400),
    "sticky_s": (0, 30 * 86_400),
    "away_after_s": (60, 86_400),
    "accept_pause_s": (0, 3600),
    "growth_per_min": (1, 10_000),
}
_CALLBACKS: Mapping[str, tuple[float, float]] = {
    "window_min": (15, 240),
    "per_window": (0, 1000),
    "notice_min": (0, 1440),
    "days_ahead": (1, 30),
    "shown": (1, 20),
    "remind_min": (0, 240),
}


@refusing
def read_rules(path: Path) -> Rules:
    """Read the owner's rules.

    Raises:
        SettingsError: with file, line and reason of everything that is wrong.
    """
    file = read_file(path)
    file.known((), file.raw, ("mode", *_SECONDS, "targets", "channels", "callbacks"))
    mode = file.raw.get("mode", Rules.mode)
    if mode not in MODES:
        file.wrong(("mode",), f"{mode!r}: one of {', '.join(MODES)} is expected")
        mode = Rules.mode
    seconds = {
        name: _whole(file, (name,), file.raw.get(name), limits, getattr(Rules, name))
        for name, limits in _SECONDS.items()
    }
    targets = {
        skill: _whole(file, ("targets", skill), value, _SECONDS["target_s"], Rules.target_s)
        for skill, value in file.mapping(("targets",), file.raw.get("targets")).items()
    }
    channels = {
        channel: _whole(file, ("channels", channel), value, (1, 100), 1)
        for channel, value in file.mapping(("channels",), file.raw.get("channels")).items()
    }
    part = file.mapping(("callbacks",), file.raw.get("callbacks"))
    file.known(("callbacks",), part, tuple(_CALLBACKS))
    callbacks = CallbackRules(
        **{
            name: _whole(file, ("callbacks", name), part.get(name), limits, getattr(CallbackRules, name))
            for name, limits in _CALLBACKS.items()
        }
    )
    if file.problems:
        raise SettingsError(file.problems)
    return Rules(mode=mode, targets=targets, channels=channels, callbacks=callbacks, **seconds)


def _whole(file: OwnerFile, where: tuple[str, ...], value: object, limits: tuple[float, float], default: int) -> int:
    number = file.number(where, value, *limits, default)
    if number != int(number):
        file.wrong(where, f"{value!r} is no whole number")
    return int(number)
