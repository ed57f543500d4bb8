from __future__ import annotations

from pathlib import Path

import pytest

from handoff.errors import SettingsError
from handoff.owner.widget_rules import UploadRules, WidgetRules, read_widget_rules
from handoff.settings import ROOT


def test_without_a_file_everything_is_off(tmp_path: Path) -> None:
    assert read_widget_rules(tmp_path / "widget.yml") == WidgetRules(consent=False, uploads=UploadRules(allowed=False))


def test_the_files_in_the_repository_are_in_order() -> None:
    assert read_widget_rules(ROOT / "data" / "owner" / "widget.yml").uploads.allowed


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "widget.yml"
    path.write_text("consent: maybe\nuploads:\n  allowed: true\n  most_mb: 0\n  colour: red\n", "utf-8")
    with pytest.raises(SettingsError) as caught:
        read_widget_rules(path)
    lines = [problem.partition("widget.yml:")[2].partition(":")[0] for problem in caught.value.problems]
    assert lines == ["5", "4", "1"]
