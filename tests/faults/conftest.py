"""Fault runs say beforehand how long they take, and at the end what they did: seeds and figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

RECORD = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lasts(seconds): about how long a fault run takes; implies `slow`")
    config.stash[RECORD] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("lasts")
        if mark is not None:
            item.add_marker(pytest.mark.slow)
            if item.config.pluginmanager.hasplugin("timeout"):
                item.add_marker(pytest.mark.timeout(3 * mark.args[0] + 120))


def pytest_report_collectionfinish(items: list[pytest.Item]) -> str | None:
    marks = [mark for item in items if (mark := item.get_closest_marker("lasts")) is not None]
    seconds = sum(mark.args[0] for mark in marks)
    return f"fault runs: {len(marks)}, about {seconds / 60:.0f} minutes" if marks else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[RECORD]
    if lines:
        terminalreporter.section("what the fault runs did")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end of the run: seeds, figures, what was caught."""

    def keep(line: str) -> None:
        request.config.stash[RECORD].append(f"{request.node.name}: {line}")

    return keep
