"""Why ``silta up`` does not start. The text is one line and names the log to look into."""

from __future__ import annotations

from pathlib import Path

from handoff.errors import StartRefused

__all__ = ["AlreadyRunning", "CommandFailed", "NotSetUp", "PartDied", "PartLate", "PortInUse", "RedisUnfit"]


class AlreadyRunning(StartRefused):
    """Another ``silta up`` uses the same folder for its data."""

    code = "start.already_running"

    def __init__(self, var: Path, pid: str) -> None:
        super().__init__(f"silta is already running with the data in {var} (process {pid or 'unknown'})")


class PortInUse(StartRefused):
    """Something else listens on the public address, or it cannot be bound."""

    code = "start.port_in_use"

    def __init__(self, host: str, port: int, cause: str) -> None:
        super().__init__(f"port {port} on {host} cannot be used ({cause}): free it or set SILTA_PORT to another one")


class NotSetUp(StartRefused):
    """An environment or a part of the project is missing."""

    code = "start.not_set_up"

    def __init__(self, what: Path | str) -> None:
        super().__init__(f"{what} is missing: run 'make setup'")


class RedisUnfit(StartRefused):
    """The outside Redis does not answer or may throw data away."""

    code = "start.redis_unfit"


class CommandFailed(StartRefused):
    """A command that prepares the start, such as the training, ended with an error."""

    code = "start.command_failed"

    def __init__(self, what: str, how: str, last_line: str, log: Path) -> None:
        super().__init__(f"{what} {how}{_said(last_line)} (log: {log})")


class PartDied(StartRefused):
    """A part ended before it was ready, or while the others were being started."""

    code = "start.part_died"

    def __init__(self, name: str, how: str, last_line: str, log: Path) -> None:
        super().__init__(f"{name} {how} during the start{_said(last_line)} (log: {log})")


class PartLate(StartRefused):
    """A part runs but was not ready in time."""

    code = "start.part_late"

    def __init__(self, name: str, timeout_s: float, log: Path) -> None:
        super().__init__(f"{name} was not ready within {timeout_s:.0f} s (log: {log})")


def _said(last_line: str) -> str:
    """The last line of a log, for the end of a sentence; without the name that our commands put in front."""
    return f": {last_line.removeprefix('silta: ')}" if last_line else ""
