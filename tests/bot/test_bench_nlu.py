"""``bench/nlu.py``, started by its path as anybody starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.labelled import BadFile, BadLabels, measure, read_labelled
from bot import places
from bot.evaluation import Row
from tests.bot.conftest import EXAMPLES


def test_it_trains_on_a_labelled_file_and_writes_the_figures(tmp_path: Path) -> None:
    rows = [f"xx\t{topic}\t{text}" for topic, texts in EXAMPLES.items() for text in texts.split("|")]
    (tmp_path / "train.tsv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "test.tsv").write_text("\n".join([*rows[::4], "xx\toos\tthe moon is far away"]), encoding="utf-8")
    command = [sys.executable, str(places.ROOT / "bench" / "nlu.py")]
    for name in ("train", "test", "json"):
        command += [f"--{name}", str(tmp_path / (f"{name}.tsv" if name != "json" else "figures.json"))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["accuracy"]["xx"] > 0.9 and 0 < figures["baseline"]["macro_f1"]["xx"] <= 1
    assert {"train_s", "ms_per_message", "rss_mb", "oos_recall", "calibration_error", "macro_f1"} <= figures.keys()


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_file_with_label_and_text_alone_is_read_once_its_language_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "two.tsv", "label\ttext", "play\tput on some music", "", "# a remark", "stop\tbe quiet\r")
    assert read_labelled(file, "en") == [Row("en", "play", "put on some music"), Row("en", "stop", "be quiet")]
    with pytest.raises(BadFile, match=r"line 2: .*--language"):
        read_labelled(file)


def test_headings_and_a_byte_order_mark_are_no_message(tmp_path: Path) -> None:
    file = written(tmp_path / "headed.tsv", "\ufefflanguage\tintent\tutterance", "da\tplay\tspil noget musik")
    assert read_labelled(file) == [Row("da", "play", "spil noget musik")]


@pytest.mark.parametrize(
    "content", [b"", b"# nothing\n\n", b"en\tplay\n", b"en\tplay\t\n", b"a,b,c\n", b"\xff\xfe\tx\ty\n"]
)
def test_a_file_of_another_form_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.tsv").write_bytes(content)
    with pytest.raises(BadFile, match=r"bad\.tsv"):
        read_labelled(tmp_path / "bad.tsv")


def test_nothing_to_learn_or_to_try_is_said_before_anything_is_encoded() -> None:
    one, other = Row("en", "play", "put on some music"), Row("en", "oos", "the moon is far away")
    with pytest.raises(BadLabels, match="1 label"):
        measure([one, other], [one])
    with pytest.raises(BadLabels, match="test file"):
        measure([one, Row("en", "stop", "be quiet")], [other])


@pytest.mark.parametrize("room", ["hub", "bot"])
def test_it_starts_from_either_environment(room: str) -> None:
    python = places.ROOT / ".venv" / room / "bin" / "python"
    if not python.exists():
        pytest.skip(f"the {room}'s environment is not there")
    command = [str(python), str(places.ROOT / "bench" / "nlu.py"), "--train", "none.tsv", "--test", "none.tsv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: none.tsv is not there")
