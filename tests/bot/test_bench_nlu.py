"""``bench/nlu.py``, started by its path as anybody starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot import places
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
