"""``python -m bench [NAME…]``: run the named benchmarks, or those that need no model."""

from __future__ import annotations

import sys

from bench import hub, messenger, turn

BENCHES = {"hub": hub.main, "messenger": messenger.main, "turn": turn.main}
USUAL = ["hub", "messenger"]
"""Those that run unless others are named: ``turn`` wants a model, and trains the stock pipeline the first time."""


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"bench: no benchmark {unknown[0]!r}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names or USUAL:
        print(f"== {name}", flush=True)
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
