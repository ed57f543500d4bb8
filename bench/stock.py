"""The stock pipeline, trained beside ours as a peer for its cost: DIET, ResponseSelector, TED, memoization and rules.

Run in the bot's environment: ``python -m bench.stock FOLDER``. It learns the same domain from a part of the same
examples, for one epoch: what a turn costs does not depend on how well it was trained, and its quality is not what is
measured here. Prints the path of the model.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from pathlib import Path
from typing import Any

import yaml

from bot import places

EVERY = 5
"""Each so many-th example is taken."""

FEATURES: tuple[dict[str, Any], ...] = (
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
)
"""What Rasa's default pipeline has before DIET."""

STORIES = """version: "3.1"
stories:
  - story: a greeting and two answers
    steps:
      - intent: greet
      - action: utter_greet
      - intent: faq
      - action: utter_faq
      - intent: faq
      - action: utter_faq
      - intent: thanks
      - action: utter_thanks
"""


def config() -> dict[str, Any]:
    """Rasa's own default pipeline and policies, with a selector for each family of topics."""
    return {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "stock",
        "importers": [{"name": "bot.importer.OwnerTextsImporter"}],
        "pipeline": [
            *FEATURES,
            {"name": "DIETClassifier", "epochs": 1},
            {"name": "ResponseSelector", "retrieval_intent": "faq", "epochs": 1},
            {"name": "ResponseSelector", "retrieval_intent": "human", "epochs": 1},
        ],
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "TEDPolicy", "max_history": 5, "epochs": 1},
        ],
    }


def examples(folder: Path) -> None:
    """Write every :data:`EVERY`-th example of each topic into ``folder``."""
    for file in sorted(places.NLU.rglob("*.yml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        for block in content["nlu"]:
            lines = [line for line in block["examples"].splitlines() if line.strip()]
            block["examples"] = "\n".join(lines[::EVERY]) + "\n"
        target = folder / f"{file.parent.name}-{file.name}"
        target.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def main() -> None:
    """Train into the folder."""
    folder = Path(sys.argv[1])
    (folder / "data").mkdir(parents=True, exist_ok=True)
    examples(folder / "data")
    (folder / "data" / "stories.yml").write_text(STORIES, "utf-8")
    (folder / "config.yml").write_text(yaml.safe_dump(config()), "utf-8")
    warnings.simplefilter("ignore")
    from rasa.model_training import train

    with contextlib.redirect_stdout(io.StringIO()):
        result = train(
            domain=str(places.DOMAIN),
            config=str(folder / "config.yml"),
            training_files=[str(folder / "data"), str(places.RULES)],
            output=str(folder),
            fixed_model_name="stock",
        )
    if not result.model:
        raise SystemExit("bench: Rasa made no stock model")
    print(result.model)


if __name__ == "__main__":
    main()
