"""Fault runs say beforehand how long they take, and at the end what they did: seeds and figures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.ledger import Done, Ledger, nemesis_minutes

RECORD = pytest.StashKey[list[str]]()


LEDGER = pytest.StashKey[Ledger | None]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lasts(seconds): about how long a fault run takes; implies `slow`")
    config.stash[RECORD] = []
    path = os.environ.get("SILTA_FAULTS_LEDGER")
    config.stash[LEDGER] = ledger = Ledger(Path(path)) if path else None
    if ledger is not None and not os.environ.get("SILTA_FAULTS_RESUME"):
        ledger.begin()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("lasts")
        if mark is not None:
            item.add_marker(pytest.mark.slow)
            if item.config.pluginmanager.hasplugin("timeout"):
                item.add_marker(pytest.mark.timeout(3 * mark.args[0] + 120))
    ledger = config.stash[LEDGER]
    if ledger is not None and os.environ.get("SILTA_FAULTS_RESUME"):
        passed = ledger.passed()
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
        items[:] = [item for item in items if item.nodeid not in passed]


def pytest_report_collectionfinish(items: list[pytest.Item]) -> str | None:
    marks = [mark for item in items if (mark := item.get_closest_marker("lasts")) is not None]
    seconds = sum(mark.args[0] for mark in marks)
    return f"fault runs: {len(marks)}, about {seconds / 60:.0f} minutes" if marks else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    ledger = item.config.stash[LEDGER]
    if ledger is not None and (call.when == "call" or not report.passed):
        lines = [line for line in item.config.stash[RECORD] if line.startswith(f"{item.name}: ")]
        ledger.add(Done(item.nodeid, report.outcome, round(call.duration, 1), lines))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    ledger, lines = config.stash[LEDGER], config.stash[RECORD]
    if ledger is not None:
        done = ledger.read()
        terminalreporter.section("what the fault runs did, those before they were taken up again included")
        for one in done:
            terminalreporter.write_line(f"{one.outcome:<8} {one.seconds:6.1f} s  {one.node.partition('::')[2]}")
            for line in one.lines:
                terminalreporter.write_line(f"           {line.partition(': ')[2]}")
        ends = Counter(one.outcome for one in done)
        terminalreporter.write_line(
            f"{', '.join(f'{count} {outcome}' for outcome, count in sorted(ends.items()))}; "
            f"{nemesis_minutes(done):.0f} minutes under random faults"
        )
    elif lines:
        terminalreporter.section("what the fault runs did")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end of the run: seeds, figures, what was caught."""

    def keep(line: str) -> None:
        request.config.stash[RECORD].append(f"{request.node.name}: {line}")

    return keep
