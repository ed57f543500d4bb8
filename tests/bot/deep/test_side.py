"""The trainer's environment: missing, without torch, failing, talking."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import places
from bot.deep import side
from bot.deep.side import DeepFailed


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_not_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SILTA_DEEP_PYTHON", str(tmp_path / "python"))
    with pytest.raises(DeepFailed, match=r"deep\.failed: .*python cannot be started \(No such file") as caught:
        side.python(lambda _: None)
    assert "\n" not in str(caught.value)


def test_a_python_without_torch_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = script(
        tmp_path / "python", "echo Traceback; echo \"ModuleNotFoundError: No module named 'torch'\"; exit 1"
    )
    monkeypatch.setenv("SILTA_DEEP_PYTHON", str(python))
    with pytest.raises(DeepFailed, match="status 1: ModuleNotFoundError: No module named 'torch'"):
        side.python(lambda _: None)


def test_the_environment_is_made_when_it_is_first_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SILTA_DEEP_PYTHON", raising=False)
    monkeypatch.setattr(places, "ROOT", tmp_path)
    script(
        tmp_path / "ops" / "setup",
        'echo "setup: $1"; mkdir -p .venv/deep/bin; printf "#!/bin/sh\\n" >.venv/deep/bin/python; '
        "chmod +x .venv/deep/bin/python",
    )
    said: list[str] = []
    assert side.python(said.append) == tmp_path / ".venv" / "deep" / "bin" / "python"
    assert "making the environment" in said[0] and said[1] == "setup: --deep"
    said.clear()
    side.python(said.append)
    assert said == ["setup: --deep"]


def test_an_environment_that_cannot_be_made_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SILTA_DEEP_PYTHON", raising=False)
    monkeypatch.setattr(places, "ROOT", tmp_path)
    script(tmp_path / "ops" / "setup", "echo 'setup: installing failed: no space left' >&2; exit 1")
    with pytest.raises(DeepFailed, match="no space left"):
        side.python(lambda _: None)


def test_what_the_trainer_prints_is_passed_on(tmp_path: Path) -> None:
    python = script(tmp_path / "python", 'echo "$2 $3"; echo "epoch 1 of 4"')
    said: list[str] = []
    side.run(python, tmp_path / "job", said.append)
    assert said == [f"bot.deep.trainer {tmp_path / 'job'}", "epoch 1 of 4"]


def test_a_trainer_does_not_outlive_the_one_who_waits_for_it(tmp_path: Path) -> None:
    python = script(tmp_path / "python", f"echo $$ >{tmp_path / 'pid'}; echo started; exec sleep 600")

    def interrupted(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side.run(python, tmp_path / "job", interrupted)
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()
