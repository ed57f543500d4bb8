"""``silta up``."""

from __future__ import annotations

import argparse
import os

from handoff.supervisor.settings import UpSettings
from handoff.supervisor.up import run_up

__all__ = ["up"]


def up(given: argparse.Namespace) -> int:
    return run_up(UpSettings.read(os.environ, hubs=given.hubs, bots=given.bots, demo_messenger=given.demo_messenger))
