"""``python -m handoff.demo.messenger``: the demo as a process of its own, as ``silta up --demo-messenger`` starts it.

It takes the hub's own settings (``SILTA_MESSENGER_…``), so that both agree on every secret, the hub's address from
``SILTA_HOST`` and ``SILTA_PORT``, the greeting and menu from the owner's texts, and a clock that can be moved from
``SILTA_TEST_CLOCK``.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from handoff.channels.messenger import menu
from handoff.demo.messenger import profile
from handoff.demo.messenger.app import Demo
from handoff.demo.messenger.world import App, Clock, World
from handoff.owner.texts import load_texts
from handoff.settings import ROOT

__all__ = ["main", "make_demo"]

NEEDED = ("APP_ID", "APP_SECRET", "VERIFY_TOKEN", "PAGE_ID", "PAGE_TOKEN", "GRAPH_URL")


def make_demo(environ: Mapping[str, str]) -> tuple[Demo, int]:
    """The demo for these settings, and the port it is to listen on.

    Raises:
        KeyError: a setting is missing.
        SettingsError: the owner's texts have a gap.
    """
    given = {name: environ[f"SILTA_MESSENGER_{name}"] for name in NEEDED}
    clock = environ.get("SILTA_TEST_CLOCK")
    app = App(
        id=int(given["APP_ID"]),
        secret=given["APP_SECRET"],
        verify_token=given["VERIFY_TOKEN"],
        page_token=given["PAGE_TOKEN"],
    )
    world = World(clock=Clock(Path(clock) if clock else None), app=app, page_id=given["PAGE_ID"])
    # What `silta messenger apply-profile` does for a real page.
    owner = Path(environ.get("SILTA_OWNER_DIR", ROOT / "data" / "owner"))
    profile.update(world.profile, menu.profile(load_texts(owner)))
    host = environ.get("SILTA_HOST", "127.0.0.1")
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 (compared, not bound)
    callback = f"http://{f'[{host}]' if ':' in host else host}:{environ.get('SILTA_PORT', '8080')}/webhooks/messenger"
    return Demo(world, callback=callback, address=given["GRAPH_URL"]), urlsplit(given["GRAPH_URL"]).port or 80


def main() -> int:
    """Serve until a signal comes."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    demo, port = make_demo(os.environ)
    uvicorn.run(demo.app, host="127.0.0.1", port=port, log_config=None, log_level="warning", access_log=False,
                timeout_graceful_shutdown=1, server_header=False)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
