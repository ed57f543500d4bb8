"""``python -m bench [NAME…]``: run the named benchmarks, or the usual ones."""

from __future__ import annotations

import importlib
import sys

USUAL = ("hub", "idle", "messenger", "queue", "shift")
"""Those that run unless others are named: they need no model and no further processes of somebody else's."""

OTHERS = ("ladder", "replicas", "show", "turn")
"""``show`` prints what is promised and whether it is met, ``ladder`` what each step of a message costs;
``replicas`` starts a second Redis; ``turn`` wants a model, and trains the stock pipeline the first time."""


def main(names: list[str]) -> int:
    known = (*USUAL, *OTHERS)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"bench: no benchmark {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or USUAL:
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
