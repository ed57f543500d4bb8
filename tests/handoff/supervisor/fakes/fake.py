"""A part of Silta in small: ready when it should be, and misbehaving as ``FAKE_NAME`` in the environment says.

``dies`` ends at once with status 3, ``late`` never becomes ready, ``stubborn`` ignores SIGTERM, ``brief`` ends with
status 5 soon after it was ready, ``alone`` is ready at its first start and no more after: the others are down by then.
``$SILTA_VAR/order`` gets a line for each start and each clean stop.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = os.environ["SILTA_PROCESS"]
WAY = os.environ.get("FAKE_" + NAME.replace("-", "_").upper(), "")


ORDER = Path(os.environ["SILTA_VAR"]) / "order"


def note(what: str) -> None:
    with ORDER.open("a") as file:
        file.write(f"{what} {NAME}\n")


def begin() -> threading.Event:
    """Do what comes before being ready; the event is set by SIGTERM."""
    stop = threading.Event()
    note("start")
    if WAY == "dies":
        print("the cupboard is bare", flush=True)
        sys.exit(3)
    signal.signal(signal.SIGTERM, lambda *_: None if WAY == "stubborn" else stop.set())
    if WAY == "late":
        end(stop)
    return stop


def end(stop: threading.Event) -> None:
    """Run until the signal, then leave with status 0."""
    if WAY == "brief":
        stop.wait(0.5)
        sys.exit(5)
    while not stop.wait(0.05):
        pass
    note("stop")
    sys.exit(0)


def serve(port: int, path: str) -> None:
    """Answer ``GET path`` with 200, or 503 when not all is up, until the signal; ``/healthz`` always with 200."""
    starts = ORDER.read_text().splitlines().count(f"start {NAME}") if ORDER.exists() else 0
    up = WAY != "alone" or starts == 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({path: 200 if up else 503, "/healthz": 200}.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    stop = begin()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    end(stop)
