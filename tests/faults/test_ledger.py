from __future__ import annotations

from pathlib import Path

from tests.faults.ledger import Done, Ledger, nemesis_minutes


def test_what_has_passed_is_known_when_the_runs_go_on_and_what_was_broken_off_is_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "var" / "faults.jsonl")
    assert ledger.read() == []
    ledger.begin()
    ledger.add(Done("a", "passed", 1.5, ["a: seed 7: 90 s of nemesis, 3 faults"]))
    ledger.add(Done("b", "failed", 2.0))
    ledger.path.write_text(ledger.path.read_text() + '{"node": "c", "outc', "utf-8")
    assert ledger.passed() == {"a"}
    assert [one.node for one in ledger.read()] == ["a", "b"]
    ledger.begin()
    assert ledger.read() == []


def test_only_time_that_proves_something_is_counted() -> None:
    line = "x: seed 7: 90 s of nemesis, 3 faults"
    done = [
        Done("test_nemesis.py::one", "passed", 100, [line]),
        Done("test_nemesis.py::two", "failed", 100, [line]),
        Done("test_broken.py::three", "passed", 100, [line]),
    ]
    assert nemesis_minutes(done) == 1.5
