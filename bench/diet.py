"""``python -m bench.diet --train TSV --test TSV [--dense] [--epochs N]`` (in .venv/bot): DIET, Rasa's own intent
classifier, on a labelled file.

The peer of ``bench/nlu.py``: files as for that, the same figures. DIET has Rasa's usual features before it (words, and
letters in runs of one to four) and its usual settings; ``--dense`` gives it the built-in encoder's sentence embedding
besides.

``python -m bench.diet --split FOLDER`` writes the project's own examples as ``train.tsv`` and ``test.tsv`` (a fifth,
near-copies never on both sides) for either of them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bench.stock import FEATURES
from bot import places
from bot.encoder.choice import encoder_in_use
from bot.encoder.encoder import unit
from bot.evaluation import BadFile, Row, calibration_error, macro_f1
from bot.nlu.features import featurise_all, written_form
from bot.nlu.groups import folds, near_copies

__all__ = ["Embedding", "main"]

EPOCHS = 60
"""Rasa's default is 300, for hundreds of examples; with thousands its loss hardly moves after a few dozen."""
FOLDS = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Embedding(DenseFeaturizer, GraphComponent):
    """The sentence embedding of the encoder in use, for each token and for the whole message."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = encoder_in_use()

    @staticmethod
    def required_components() -> list[type]:
        """Tokens, for there is to be a row for each."""
        return [Tokenizer]

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to set."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa asks for it."""
        return {**DenseFeaturizer.get_default_config()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Embedding:
        """Rasa's constructor."""
        return cls(config, execution_context.node_name)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to every example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the features to each message."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                row = self._encoder.sentence(written_form(text))[None]
                tokens = np.repeat(row, max(1, len(message.get(TEXT_TOKENS) or ())), axis=0)
                name = self._identifier
                message.add_features(Features(tokens, FEATURE_TYPE_SEQUENCE, TEXT, name))
                message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, name))
        return messages


def config(epochs: int, dense: bool) -> dict[str, Any]:
    """Rasa's usual pipeline for intents."""
    return {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "diet",
        "pipeline": [
            *FEATURES,
            *([{"name": "bench.diet.Embedding"}] if dense else []),
            {"name": "DIETClassifier", "epochs": epochs, "entity_recognition": False, "random_seed": 1},
        ],
        "policies": [],
    }


def split(folder: Path) -> None:
    """Write the project's own examples into ``train.tsv`` and ``test.tsv``."""
    rows = []
    for language in sorted(path.name for path in places.NLU.iterdir() if path.is_dir()):
        for file in sorted((places.NLU / language).glob("*.yml")):
            for block in yaml.safe_load(file.read_text("utf-8"))["nlu"]:
                lines = (line.removeprefix("- ").strip() for line in block.get("examples", "").splitlines())
                rows += [Row(language, block["intent"], line) for line in lines if line and "\t" not in line]
    topics = [row.topic for row in rows]
    examples = featurise_all(encoder_in_use(), [row.text for row in rows], places.ENCODED)
    groups = near_copies(unit(np.stack([example.pools[-1] for example in examples])), topics)
    held = folds(groups, topics, FOLDS) == 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in (("train", False), ("test", True)):
        chosen = [row for row, out in zip(rows, held.tolist(), strict=True) if out is wanted]
        lines = [f"{row.language}\t{row.topic}\t{row.text}\n" for row in chosen]
        (folder / f"{name}.tsv").write_text("".join(lines), "utf-8")


def measure(known: Sequence[Row], rows: Sequence[Row], epochs: int, dense: bool) -> dict[str, Any]:
    """Train DIET on ``known``, try it on ``rows``; the figures as ``bench/nlu.py`` has them."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    names = {topic: f"topic_{number}" for number, topic in enumerate(sorted({row.topic for row in known}))}
    blocks: dict[str, list[str]] = {}
    for row in known:
        blocks.setdefault(names[row.topic], []).append("- " + " ".join(row.text.split()))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        # A literal block would end at nothing in the examples, but brackets in them would be read as entities.
        nlu = [
            {"intent": name, "examples": "\n".join(lines).replace("[", "(").replace("]", ")") + "\n"}
            for name, lines in blocks.items()
        ]
        (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), "utf-8")
        (folder / "config.yml").write_text(yaml.safe_dump(config(epochs, dense)), "utf-8")
        began, cpu = time.monotonic(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            path = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
        if not path:
            raise SystemExit("bench: Rasa made no model")
        trained = {"train_s": time.monotonic() - began, "train_cpu_s": time.process_time() - cpu}
        taken, sure, spent = asyncio.run(_try(Agent.load(path), rows))
    topics = {name: topic for topic, name in names.items()}
    figures: dict[str, Any] = {"accuracy": {}, "macro_f1": {}, "calibration_error": {}}
    for language in sorted({row.language for row in rows}):
        mine = [number for number, row in enumerate(rows) if row.language == language]
        true, found = [rows[number].topic for number in mine], [topics.get(taken[number], "") for number in mine]
        right = [one == other for one, other in zip(true, found, strict=True)]
        figures["accuracy"][language] = round(sum(right) / len(right), 4)
        figures["macro_f1"][language] = round(macro_f1(true, found), 4)
        figures["calibration_error"][language] = round(calibration_error([sure[number] for number in mine], right), 4)
    figures |= {name: round(value, 1) for name, value in trained.items()}
    figures["ms_per_message"] = round(float(np.median(spent)), 2)
    figures["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


async def _try(agent: Any, rows: Sequence[Row]) -> tuple[list[str], list[float], list[float]]:
    taken, sure, spent = [], [], []
    for row in rows:
        before = time.process_time()
        intent = (await agent.parse_message(row.text))["intent"]
        spent.append(1000 * (time.process_time() - before))
        taken.append(intent["name"] or "")
        sure.append(float(intent["confidence"]))
    return taken, sure, spent


def main(given: Sequence[str] | None = None) -> int:
    """Run; exit status 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", type=Path, metavar="FOLDER")
    parser.add_argument("--train", type=Path, metavar="TSV")
    parser.add_argument("--test", type=Path, metavar="TSV")
    parser.add_argument("--dense", action="store_true", help="with the sentence embedding of the encoder in use")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args(given)
    if arguments.split:
        split(arguments.split)
        return 0
    if not (arguments.train and arguments.test):
        parser.error("wants --split, or --train and --test")
    warnings.simplefilter("ignore")
    from bench.labelled import read_labelled

    try:
        known, rows = read_labelled(arguments.train), read_labelled(arguments.test)
    except BadFile as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    figures = measure(known, rows, arguments.epochs, arguments.dense)
    for language, accuracy in figures["accuracy"].items():
        print(
            f"{language:>9}{100 * accuracy:>10.1f}{100 * figures['macro_f1'][language]:>10.1f}"
            f"{100 * figures['calibration_error'][language]:>9.1f}"
        )
    print(
        f"trained in {figures['train_s']} s ({figures['train_cpu_s']} s of processor time), "
        f"{figures['ms_per_message']} ms a message, {figures['rss_mb']} MB"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    raise SystemExit(main())
