"""Another encoder by ``SILTA_ENCODER``, tried with a tiny model that is made here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot import places

# In a process of its own: a framework, once imported with or without TensorFlow, stays so.
MAKE = """
import sys
from pathlib import Path
from transformers import BertConfig, BertTokenizer, TFBertModel
folder = Path(sys.argv[1])
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hej", "moi", "pakke", "##n", "paketti", "where", "is"]
(folder / "vocab.txt").write_text("\\n".join(words), encoding="utf-8")
BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
config = BertConfig(vocab_size=len(words), hidden_size=16, num_hidden_layers=4, num_attention_heads=2,
                    intermediate_size=32, max_position_embeddings=40)
model = TFBertModel(config)
model(model.dummy_inputs)
model.save_pretrained(folder)
"""

USE = """
import json, sys
from pathlib import Path
from bot import places
places.MODELS = Path(sys.argv[1])
from bot.encoder.choice import encoder_in_use, encoder_of, identity_in_use, note_encoder
from bot.encoder.manifest import BadEncoder

def use():
    said = []
    encoder = encoder_in_use(said.append)
    vector = encoder.sentence("hej pakken")
    print(json.dumps({"said": said, "layers": list(encoder.layers), "hidden": encoder.hidden,
                      "length": float((vector ** 2).sum()), "long": list(encoder.pools("hej " * 500).shape),
                      "pieces": encoder.pieces("moi pakken"), "identity": encoder.identity,
                      "known": identity_in_use() == encoder.identity}))
    return encoder

use()
use()
(copy,) = places.MODELS.glob("encoder-*")
weights = copy / "tf_model.h5"
weights.write_bytes(weights.read_bytes()[:-100])
encoder = use()

model = places.MODELS / "files"
model.mkdir()
note_encoder(encoder, model)
assert encoder_of(model).identity == encoder.identity
with (Path(sys.argv[2]) / "vocab.txt").open("a") as file:
    file.write("\\nlater")
assert identity_in_use() != encoder.identity
try:
    encoder_of(model)
except BadEncoder as error:
    print(json.dumps(str(error)))
"""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=places.ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    made = python(MAKE, str(folder), USE_TF="1")
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


@pytest.mark.slow
def test_a_local_model_is_taken_in_once_used_fetched_again_when_damaged_and_refused_when_changed(
    tiny: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(tiny, source)
    done = python(USE, str(tmp_path), str(source), SILTA_ENCODER=str(source))
    assert done.returncode == 0, done.stderr[-2000:]
    first, second, third = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert first["said"] == [f"fetching the encoder {source}"]
    assert first["known"] is True
    assert (first["layers"], first["hidden"], first["long"]) == ([3, 4], 16, [2, 16])
    assert first["length"] == pytest.approx(1.0, abs=1e-5)
    assert first["pieces"] == [6, 7, 8]
    assert second == {**first, "said": []}
    assert third == first
    # Changed by hand: not what the model was trained with, and that is said.
    assert json.loads(done.stdout.splitlines()[-1]) == (
        f"encoder.damaged: {source}: is not the one that the model was trained with: run silta train"
    )


def test_a_name_that_nothing_stands_behind_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "encode"],
        cwd=places.ROOT,
        env={**os.environ, "SILTA_ENCODER": str(tmp_path / "empty"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        input="moi\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "encoder.damaged" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
