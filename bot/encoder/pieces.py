"""The SentencePiece model of the built-in encoder, written from the pieces in the weight file.

The weight file holds pieces and scores in the order of the public tokenizer's ids (``<s>`` 0, ``<pad>`` 1, ``</s>`` 2,
``<unk>`` 3, ``<mask>`` last). A SentencePiece model wants ``<unk>``, ``<s>``, ``</s>`` and then the plain pieces;
``XLMRobertaTokenizer`` maps one order to the other.
"""

from __future__ import annotations

import io
import os
from typing import Any

from bot.encoder.weights import Weights

__all__ = ["sentencepiece_model"]

# A few lines are enough: the throw-away model is trained only for the character map that every model trained with
# the same normalisation rule carries.
_SEED = ("the quick brown fox jumps over the lazy dog", "käännä sivu ja lue loput", "bøgerne ligger på hylden")


def sentencepiece_model(weights: Weights) -> bytes:
    """The serialised model (about 5 MB), ready for ``XLMRobertaTokenizer``."""
    # transformers' generated module: sentencepiece's own does not load under the protobuf that Rasa pins. Nothing
    # here needs a deep-learning framework, so none is imported along with it.
    os.environ.setdefault("USE_TF", "0")
    from transformers.utils import sentencepiece_model_pb2_new as pb2

    model = pb2.ModelProto()
    _specials(model)
    for piece, score in zip(weights.pieces[4:-1], weights.scores[4:-1].tolist(), strict=True):
        model.pieces.add(piece=piece, score=score)
    trainer = model.trainer_spec
    trainer.model_type = pb2.TrainerSpec.UNIGRAM
    trainer.vocab_size = len(model.pieces)
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 0, 1, 2, -1
    normaliser = model.normalizer_spec
    normaliser.name = "nmt_nfkc"
    normaliser.precompiled_charsmap = _character_map(pb2)
    normaliser.add_dummy_prefix = True
    normaliser.remove_extra_whitespaces = True
    normaliser.escape_whitespaces = True
    return bytes(model.SerializeToString())


def _specials(model: Any) -> None:
    kinds = type(model).SentencePiece
    model.pieces.add(piece="<unk>", score=0.0, type=kinds.UNKNOWN)
    model.pieces.add(piece="<s>", score=0.0, type=kinds.CONTROL)
    model.pieces.add(piece="</s>", score=0.0, type=kinds.CONTROL)


def _character_map(pb2: Any) -> bytes:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_SEED),
        model_writer=written,
        vocab_size=40,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    throw_away = pb2.ModelProto()
    throw_away.ParseFromString(written.getvalue())
    return bytes(throw_away.normalizer_spec.precompiled_charsmap)
