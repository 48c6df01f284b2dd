"""Train a SentencePiece model, and check that a model is one that `text.tokenizer` can use.

SentencePiece's own name for a token is "piece".
"""

import io
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

import sentencepiece

from seq2seq.errors import UserError
from seq2seq.text.special_tokens import BOS, EOS, PAD, SPECIAL_TOKENS, UNK

ModelType: TypeAlias = Literal["unigram", "bpe"]

PROBE = "½ ﬁ\u0301 \U0001f600"  # survives encoding only with byte fallback and without Unicode normalisation


def train_model(
    lines: Iterable[str], model_type: ModelType, vocab_size: int, character_coverage: float, name: str
) -> bytes:
    """Train a model in memory and return it serialised.

    Args:
        lines: normalised text (see `text.normalisation`), without empty lines.
        model_type, vocab_size, character_coverage: see `TokenizerOptions`.
        name: what error messages call the lines.

    Raises:
        UserError: there are no lines, too few different words for vocab_size, or too many characters for it.
    """
    lines = list(lines)
    if not lines:
        raise UserError(f"the {name} has no text to train a tokenizer on")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            model_type=model_type,
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            byte_fallback=True,
            normalization_rule_name="identity",
            max_sentence_length=2**30,  # bytes; by default, longer lines are dropped without a warning
            num_threads=4,  # a fixed number, because sums in another order give another model
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            pad_piece=SPECIAL_TOKENS[PAD],
            unk_piece=SPECIAL_TOKENS[UNK],
            bos_piece=SPECIAL_TOKENS[BOS],
            eos_piece=SPECIAL_TOKENS[EOS],
            minloglevel=3,  # no log on the terminal: the user gets one line if the training fails
        )
    except RuntimeError as error:
        raise vocabulary_size_error(str(error), vocab_size, name) or error from error
    return model.getvalue()


def vocabulary_size_error(message: str, size: int, name: str) -> UserError | None:
    """Return an error with the possible sizes if SentencePiece's message is about the vocabulary's size, or None."""
    if match := re.search(r"too high .* value <= (\d+)", message):
        return UserError(
            f"tokenizer.vocab_size {size} is too large for the {name}; the largest possible is {match.group(1)}"
        )
    if match := re.search(r"smaller than required_chars\. \d+ vs (\d+)", message):
        return UserError(
            f"tokenizer.vocab_size {size} is too small for the {name}: its characters, 256 bytes and the special ids "
            f"need {match.group(1)}; give at least that, or a lower tokenizer.character_coverage"
        )
    return None


def load_model(model: bytes) -> sentencepiece.SentencePieceProcessor:
    """Return the processor of a serialised model.

    Raises:
        ValueError: the bytes are not a SentencePiece model, or the model has other special ids than this project, has
            no byte fallback, or normalises text.
    """
    if not model:
        raise ValueError("it is empty")
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError("it is damaged, or no SentencePiece model") from error
    special_ids = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    if special_ids != (PAD, UNK, BOS, EOS):
        raise ValueError(f"its pad, unk, bos and eos ids are {special_ids}, not {(PAD, UNK, BOS, EOS)}")
    if processor.decode(processor.encode(PROBE)) != PROBE:
        raise ValueError("it has no byte fallback, or normalises text")
    return processor
