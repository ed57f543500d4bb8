"""What holds for all tests, in both environments (so: nothing newer than Python 3.10 here)."""

from __future__ import annotations

import sys

import pytest

IN_HUB = sys.version_info >= (3, 11)

# Each environment sees the tests that it can run.
collect_ignore = ["bot", "actions"] if IN_HUB else ["handoff", "ops", "e2e", "faults"]
pytest_plugins = ["tests.helpers.fixtures"] if IN_HUB else []

TIMEOUT_S = 120
"""For one test: a condition that never comes must fail the test, not hang the run."""

WARNINGS = (
    "error",
    # A socket that a killed peer leaves half closed is collected late; what matters is asserted by the tests.
    "ignore:unclosed transport:ResourceWarning",
)
"""In the hub's environment every warning is an error but these; in the bot's, Rasa's imports warn by the dozen."""


def pytest_configure(config: pytest.Config) -> None:
    if IN_HUB:
        for line in WARNINGS:
            config.addinivalue_line("filterwarnings", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("timeout"):
        return
    for item in items:
        long = item.get_closest_marker("slow") or item.get_closest_marker("e2e")
        if not long and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))
