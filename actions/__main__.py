"""``python -m actions --port 5055``: the action server, on loopback only."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence

from actions.owner import BadOwnerFile
from actions.server import application
from handoff import log_lines

__all__ = ["main"]

HOST = "127.0.0.1"
"""Only the bot on this machine calls it, and it asks for no password."""


def main(given: Sequence[str] | None = None) -> int:
    """Serve until a signal. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m actions", description="Serve the bot's actions on loopback.")
    parser.add_argument("--port", type=int, default=5055)
    port = parser.parse_args(given).port
    log_lines.begin()
    try:
        app = application()
    except BadOwnerFile as error:
        print(error, file=sys.stderr)
        return 1
    # Bound here: the server itself only logs that it could not, and ends as if all were well.
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            print(f"actions.port: {HOST}:{port}: {error.strerror}", file=sys.stderr)
            return 1
        app.run(sock=listening, workers=1, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
