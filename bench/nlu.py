"""``python bench/nlu.py --train TSV --test TSV [--json FILE]``: the classifier of ``config.yml`` on any labelled file.

Trains the very pipeline of the bot (encoder, features, SVMs, stack, temperature, scope) with the settings of
``config.yml`` on ``language<TAB>label<TAB>text`` lines, and beside it, in the same run, the usual baseline: TF-IDF of
words with a linear SVM, one model a language. Prints accuracy and macro-F1 of each language, the calibration error,
time and memory; where the test file has the label ``oos``, also how much of it the in-domain share finds while 5 % of
the rest are refused. 34,500 lines take about ten minutes on two cores.

``--deep`` tunes the encoder on the training file first, as ``silta train --deep`` does: 34,500 lines take an hour and
a half of two cores. Broken off, the same command goes on where the last epoch ended.

Any Python starts it: what it needs is in the bot's environment, where it goes on by itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
if str(Path(__file__).resolve().parent) in sys.path:
    # Started by its path: Python would look beside it first, and take bench/queue.py for the library's queue.
    sys.path.remove(str(Path(__file__).resolve().parent))

__all__ = ["main"]

_NEEDED = ("numpy", "yaml", "sklearn", "onnxruntime", "transformers")


def main(given: Sequence[str] | None = None) -> int:
    """Run; exit status 0 done, 1 the encoder or the environment is not there, 2 bad input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, metavar="TSV")
    parser.add_argument("--test", type=Path, required=True, metavar="TSV")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--language", metavar="CODE", help="of all lines, for files with label and text alone")
    parser.add_argument("--store", type=Path, metavar="DIR", help="keep what was encoded for the next run")
    parser.add_argument(
        "--deep",
        nargs="*",
        metavar="NAME=VALUE",
        help="tune the encoder first; what follows changes the recipe, such as epochs=2 frozen=9 (bot/deep/job.py)",
    )
    arguments = parser.parse_args(given)
    for path in (arguments.train, arguments.test):
        if not path.is_file():
            print(f"bench: {path} is not there (public data is no part of the repository)", file=sys.stderr)
            return 2
    if arguments.json and not arguments.json.absolute().parent.is_dir():
        print(f"bench: {arguments.json.parent} is no folder", file=sys.stderr)
        return 2
    from bench.labelled import BadFile, BadLabels, measure, read_labelled, show, tuned
    from bot.deep.job import BadRecipe, Recipe
    from bot.deep.side import DeepFailed
    from bot.encoder.manifest import BadEncoder
    from bot.encoder.weights import BadWeights

    try:
        known = read_labelled(arguments.train, arguments.language)
        rows = read_labelled(arguments.test, arguments.language)
        deep = arguments.deep
        encoder = None if deep is None else tuned(known, rows, arguments.store, Recipe.read(deep))
        figures = measure(known, rows, arguments.store, encoder)
    except (BadFile, BadLabels, BadRecipe) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except (BadEncoder, BadWeights, DeepFailed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def in_the_bots_environment() -> int | None:
    """Go on in the bot's environment where this Python lacks what is needed. Does not return then, or returns an exit
    status where there is no such environment."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    python = ROOT / ".venv" / "bot" / "bin" / "python"
    if Path(sys.prefix).resolve() == python.parent.parent.resolve() or not python.exists():
        print(f"bench: this Python has no {missing[0]}, and {python} is not set up: run make setup", file=sys.stderr)
        return 1
    sys.stdout.flush()
    os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - our own Python, our own file


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    status = in_the_bots_environment()
    sys.exit(main() if status is None else status)
