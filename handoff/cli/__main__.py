"""``silta``: subcommands and their arguments. Each is done by a module of this package, imported when it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from handoff.cli import arguments
from handoff.errors import HubError, SettingsError

__all__ = ["main"]

BAD_USAGE = 2
FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 failed, 2 bad usage or input."""
    parser = arguments.parser()
    given = parser.parse_args(argv)
    try:
        status: int = given.run(given)
        return status
    except SettingsError as error:
        _complain(str(error))
        return BAD_USAGE
    except HubError as error:
        _complain(str(error))
        return BAD_USAGE if error.code == "bad_request" else FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _complain(text: str) -> None:
    print(f"silta: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
