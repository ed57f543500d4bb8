"""The trainer's own environment, and a training in it.

torch lives in ``.venv/deep``: beside TensorFlow it would double the bot's environment, and nobody needs it but now and
then. ``SILTA_DEEP_PYTHON`` names another Python that has torch and numpy.
"""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path

from bot import places

__all__ = ["DeepFailed", "python", "run"]

Report = Callable[[str], None]
_STEP = "bot.deep.trainer"
_LAST = 5
"""Lines of a failed step that are told."""


class DeepFailed(RuntimeError):
    """The deep training gave nothing; the text says why. The ordinary training is untouched."""

    code = "deep.failed"

    def __init__(self, what: str) -> None:
        super().__init__(f"{self.code}: {what}")


def python(report: Report) -> Path:
    """The Python that has torch; the environment is made when it is not there yet, and brought up to its lock.

    Raises:
        DeepFailed: it cannot be made, or lacks torch.
    """
    named = os.environ.get("SILTA_DEEP_PYTHON")
    found = Path(named) if named else places.ROOT / ".venv" / "deep" / "bin" / "python"
    if not named:
        if not found.exists():
            report("making the environment for deep training, .venv/deep (several minutes, once)")
        _call([str(places.ROOT / "ops" / "setup"), "--deep"], report)
    _call([str(found), "-c", "import numpy, torch"], report)
    return found


def run(interpreter: Path, folder: Path, report: Report) -> None:
    """Train the job in ``folder`` (:mod:`bot.deep.trainer`). Broken off, a second call goes on at the last epoch.

    Raises:
        DeepFailed: it ended otherwise than well.
    """
    # Threads that wait for each other let go of their cores: on a busy machine they would else burn them.
    quiet = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"), "PYTHONPATH": str(places.ROOT)}
    _call([str(interpreter), "-m", _STEP, str(folder)], report, quiet)


def _call(command: list[str], report: Report, environment: dict[str, str] | None = None) -> None:
    """Run a step and pass on what it prints, line by line. It does not outlive us."""
    said: deque[str] = deque(maxlen=_LAST)
    try:
        step = subprocess.Popen(
            command,
            cwd=places.ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise DeepFailed(f"{command[0]} cannot be started ({error.strerror})") from error
    try:
        with step:
            for line in step.stdout or ():
                said.append(line.strip())
                report(line.strip())
    finally:
        if step.poll() is None:
            step.terminate()
            step.wait()
    if step.returncode != 0:
        last = next((line for line in reversed(said) if line), "it said nothing")
        raise DeepFailed(f"{' '.join(command[:3])} ended with status {step.returncode}: {last}")
