"""``python -m handoff.channels.messenger``: the courier, see :mod:`handoff.channels.messenger.courier`.

Exit status 0 after it was told to stop, 1 with one line on standard error when it must not start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from handoff import log_lines
from handoff.channels.messenger.courier import niceness, serve
from handoff.errors import HubError, SettingsError
from handoff.settings import Settings


def main() -> int:
    log_lines.begin()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines would name addresses with the page's token
    problems: list[str] = []
    nice = niceness(os.environ, problems)
    try:
        if problems:
            raise SettingsError(problems)
        settings = Settings.from_environment(os.environ)
        os.nice(nice)
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except SettingsError as error:
        for problem in error.problems:
            print(f"messenger: {problem}", file=sys.stderr)
        return 1
    except (HubError, OSError) as error:
        print(f"messenger: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
