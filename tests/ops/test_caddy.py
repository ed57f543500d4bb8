"""The proxy's file that we give operators."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "ops" / "Caddyfile"


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed (Debian has it as a package)")
def test_caddy_takes_the_file(tmp_path: Path) -> None:
    home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environ = {**os.environ, **home, "SILTA_NAME": "chat.shop.example"}
    done = subprocess.run(
        ["caddy", "validate", "--config", str(FILE), "--adapter", "caddyfile"],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr
