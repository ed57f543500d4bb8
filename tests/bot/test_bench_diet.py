"""``python -m bench.diet``, as far as it can be tried without minutes of training."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.diet import Embedding, config, main


def test_a_file_of_another_form_is_refused_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.tsv").write_text("a,b,c\n", encoding="utf-8")
    assert main(["--train", str(tmp_path / "bad.tsv"), "--test", str(tmp_path / "bad.tsv")]) == 2
    assert "bad.tsv, line 1" in capsys.readouterr().err


def test_without_files_it_says_what_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "--train and --test" in capsys.readouterr().err


def test_the_embedding_stands_before_diet_only_where_it_is_asked_for() -> None:
    name = f"{Embedding.__module__}.{Embedding.__name__}"
    with_it, without = (
        [part["name"] for part in config(3, dense)["pipeline"]] for dense in (True, False)
    )
    assert with_it == [*without[:-1], name, "DIETClassifier"]
