"""What the environment says about the start, read once and passed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handoff import redis_address
from handoff.errors import SettingsError
from handoff.events import Keys

__all__ = ["ROOT", "UpSettings"]

ROOT = Path(__file__).resolve().parents[2]
"""The root of the repository, or of an installed Silta: where bot/, actions/ and models/ lie."""

MOST_PROCESSES = 64
"""Hubs or bots on one machine at most: more is a slip of the finger, not a plan."""

REAL_MESSENGER = tuple(
    f"SILTA_MESSENGER_{name}"
    for name in ("APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN", "PAGE_ID", "APP_ID", "GRAPH_URL", "MEDIA_HOSTS")
)
"""What a real page has set: the demo must neither use it nor hide it."""


@dataclass(frozen=True)
class UpSettings:
    """Settings of ``silta up``.

    ``redis_url`` is None for the embedded Redis. ``environ`` is what child processes inherit.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    var: Path = ROOT / "var"
    redis_url: str | None = None
    bot_redis_url: str | None = None
    """The outside Redis as the bots sign in to it; None for as the hubs do."""
    hubs: int = 1
    bots: int = 1
    demo_messenger: bool = False
    """Whether a Messenger of our own runs beside the hub, see :mod:`handoff.demo.messenger`."""
    patience: float = 1.0
    """Every wait for a part to start or stop is multiplied by this: more for a slow machine (``SILTA_PATIENCE``)."""
    root: Path = ROOT
    fsync: str = "always"
    """When the embedded Redis flushes to disk (``SILTA_FSYNC``), see :data:`handoff.watch.fitness.FSYNC`."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds secrets

    @property
    def run(self) -> Path:
        """Pid files, the lock and the socket of Redis."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def hub_python(self) -> Path:
        return self.root / ".venv" / "hub" / "bin" / "python"

    @property
    def bot_python(self) -> Path:
        return self.root / ".venv" / "bot" / "bin" / "python"

    @property
    def address(self) -> str:
        """The address to show: one that a browser on this machine can open."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 (compared, not bound)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str],
        *,
        hubs: int = 1,
        bots: int = 1,
        demo_messenger: bool = False,
        cwd: Path | None = None,
    ) -> UpSettings:
        """Settings from the environment; relative paths start at ``cwd``.

        Raises:
            SettingsError: with a line for each setting that is wrong.
        """
        problems: list[str] = []
        port = environ.get("SILTA_PORT", "").strip() or "8080"
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            problems.append(f"SILTA_PORT is {port!r}: a number from 1 to 65535 is needed")
            port = "8080"
        for name, count in (("--hubs", hubs), ("--bots", bots)):
            if not 1 <= count <= MOST_PROCESSES:
                problems.append(f"{name} is {count}: a number from 1 to {MOST_PROCESSES} is needed")
        url, bot_url, fsync = _redis(environ, problems)
        if demo_messenger and (real := [name for name in REAL_MESSENGER if environ.get(name)]):
            problems.append(f"--demo-messenger makes settings of its own: take {real[0]} away, or start without it")
        patience = _factor(environ.get("SILTA_PATIENCE", "").strip() or "1", problems)
        if problems:
            raise SettingsError(problems)
        base = cwd or Path.cwd()
        given = dict(environ)
        if owner := given.get("SILTA_OWNER_DIR"):
            given["SILTA_OWNER_DIR"] = str((base / owner).resolve())  # children start in the root, not here
        return cls(
            host=environ.get("SILTA_HOST", "").strip() or "127.0.0.1",
            port=int(port),
            var=(base / environ["SILTA_VAR"]).resolve() if environ.get("SILTA_VAR") else ROOT / "var",
            redis_url=url,
            bot_redis_url=bot_url,
            hubs=hubs,
            bots=bots,
            demo_messenger=demo_messenger,
            patience=patience,
            fsync=fsync,
            environ=given,
        )


def _redis(environ: Mapping[str, str], problems: list[str]) -> tuple[str | None, str | None, str]:
    """Addresses of an outside Redis for hubs and for bots, and when the embedded one flushes."""
    urls: list[str | None] = []
    for name in ("SILTA_REDIS_URL", "SILTA_REDIS_BOT_URL"):
        url = environ.get(name, "").strip() or None
        if url is not None:
            try:
                redis_address.parse(url)
            except redis_address.BadAddress as error:
                problems.append(f"{name}: {error}")
        urls.append(url)
    if urls[1] and not urls[0]:
        problems.append("SILTA_REDIS_BOT_URL: the embedded Redis has its own users: set SILTA_REDIS_URL, too")
    fsync = environ.get("SILTA_FSYNC", "").strip() or "always"
    if fsync not in ("always", "everysec"):
        problems.append(f"SILTA_FSYNC is {fsync!r}: always or everysec is needed")
    try:
        Keys(environ.get("SILTA_TENANT", "").strip())
    except ValueError as error:
        problems.append(str(error))
    return urls[0], urls[1], fsync


def _factor(value: str, problems: list[str]) -> float:
    try:
        factor = float(value)
    except ValueError:
        factor = 0.0
    if not 0.01 <= factor <= 100:
        problems.append(f"SILTA_PATIENCE is {value!r}: a factor from 0.01 to 100 is needed")
    return factor
