"""The proxy's file that we give operators."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "ops" / "Caddyfile"


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed (Debian has it as a package)")
@pytest.mark.parametrize("name", ["", "chat.shop.example"])
def test_caddy_takes_the_file(tmp_path: Path, name: str) -> None:
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    if name:
        environ["SILTA_NAME"] = name
    done = subprocess.run(
        ["caddy", "validate", "--config", str(FILE), "--adapter", "caddyfile"],
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr
