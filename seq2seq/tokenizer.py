"""Text to ids and back: SentencePiece subwords (Kudo & Richardson 2018) with the special ids of `vocabulary`."""

import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sentencepiece

from seq2seq.errors import UserError, require
from seq2seq.files import atomic
from seq2seq.vocabulary import BOS, EOS, PAD, SPECIAL, UNK

JOINT = "tokenizer.model"
SOURCE = "tokenizer.source.model"
TARGET = "tokenizer.target.model"

SPACE = "▁"  # SentencePiece writes a space so (U+2581); in a text it would be read as one
PROBE = "½ ﬁ\u0301 \U0001f600"  # comes back whole only with byte fallback and without Unicode normalisation


@dataclass(frozen=True)
class TokenizerOptions:
    """How text is cut into subwords.

    Args:
        vocab_size: pieces in a model, the 4 special ids and the 256 bytes included. Few pieces spell rare words out of
            often-seen parts, which small corpora need; many pieces give short sentences, which large ones can afford.
        joint: one model for both languages, so that names and cognates are cut alike and embeddings can be tied;
            otherwise a model (of vocab_size pieces) a side.
        kind: "unigram" (Kudo 2018) keeps the pieces that make the corpus most probable, and can cut one word in several
            ways; "bpe" (Sennrich et al. 2016) merges the most frequent neighbours until there are vocab_size pieces.
        sampling: 0 cuts a word always the same way. Above it, training sees a new cut each time, which works against
            overfitting. For "unigram" it is Kudo's alpha: a cut is drawn with a probability in proportion to
            P(cut)^alpha, so a *small* alpha is wild and 1 is tame; 0.1 to 0.5 are usual. For "bpe" it is the share of
            merges dropped (BPE-dropout, Provilkov et al. 2020), so small is tame; 0.1 is usual. Validation and test
            text is never sampled.
        character_coverage: share of the corpus's characters that get a piece of their own; the rest are spelled in
            bytes. 1.0 for alphabets, 0.9995 for Chinese or Japanese.

    Raises:
        UserError: a value is out of its range.
    """

    vocab_size: int = 6000
    joint: bool = True
    kind: Literal["unigram", "bpe"] = "unigram"
    sampling: float = 0.0
    character_coverage: float = 1.0

    def __post_init__(self) -> None:
        rules = (
            ("vocab_size", self.vocab_size >= 1, "must be at least 1"),
            ("sampling", 0 <= self.sampling <= 1, "must be from 0 (off) to 1"),
            ("character_coverage", 0 < self.character_coverage <= 1, "must be more than 0 and at most 1"),
        )
        require("tokenizer", self, rules)


class Tokenizer:
    """Two SentencePiece models, one a side; a joint tokenizer has the same one twice.

    No text is unknown: what has no piece is spelled in UTF-8 bytes, and `decode_target(encode_target([text]))` gives
    back `normalise(text)`, for any text in any script. It pickles, so worker processes can have it.
    """

    def __init__(self, source_model: bytes, target_model: bytes | None = None) -> None:
        """Wrap serialised SentencePiece models; without a target_model the source's serves both sides.

        Raises:
            ValueError: the bytes are no model, or one with other special ids, without byte fallback, or normalising.
        """
        self.joint = target_model is None
        self._source = _processor(source_model)
        self._target = self._source if target_model is None else _processor(target_model)

    @staticmethod
    def train(sources: Iterable[str], targets: Iterable[str], options: TokenizerOptions) -> "Tokenizer":
        """Learn the pieces from raw lines, in memory. The same lines and options give the same models, byte for byte.

        Raises:
            UserError: no text, or a vocab_size that the text cannot fill or that cannot hold its characters.
        """
        if options.joint:
            return Tokenizer(_train([*sources, *targets], options, "corpus"))
        source_model = _train(sources, options, "corpus's source side")
        return Tokenizer(source_model, _train(targets, options, "corpus's target side"))

    def save(self, folder: Path) -> None:
        """Write tokenizer.model (joint), or tokenizer.source.model and tokenizer.target.model, into `folder`.

        They are plain SentencePiece models. Files of the other layout are removed: `load` finds what was saved last.
        """
        if self.joint:
            _write(folder / JOINT, self._source)
        else:
            _write(folder / SOURCE, self._source)
            _write(folder / TARGET, self._target)
        for stale in (SOURCE, TARGET) if self.joint else (JOINT,):
            (folder / stale).unlink(missing_ok=True)

    @staticmethod
    def load(folder: Path) -> "Tokenizer":
        """Read what `save` wrote.

        Raises:
            UserError: a file is missing, damaged, or a SentencePiece model of another making.
        """
        separate = (folder / SOURCE).exists() or (folder / TARGET).exists()
        if separate and not (folder / JOINT).exists():
            return Tokenizer(_read(folder / SOURCE), _read(folder / TARGET))
        return Tokenizer(_read(folder / JOINT))

    def encode_source(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        """Ids of each text, EOS at the end. sampling: as in TokenizerOptions, 0 = off; see `seed_sampling`."""
        return _encode(self._source, texts, sampling)

    def encode_target(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        """Ids of each text, EOS at the end and *no* BOS at the start: these are the words to predict.

        What a decoder reads while it is taught is the same row shifted by one, BOS first: that is the batch's business.
        """
        return _encode(self._target, texts, sampling)

    def decode_target(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Text of each row of ids, as one line each; PAD, BOS and EOS are left out.

        A model may emit bytes that are not UTF-8: those come out as U+FFFD (�).
        """
        return [normalise(self._target.decode(list(row))) for row in rows]  # SentencePiece writes the three as nothing

    def source_pieces(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The pieces as SentencePiece writes them: "▁" begins a word, "<0xE2>" is a byte, "</s>" is EOS."""
        return tuple(self._source.id_to_piece(index) for index in ids)

    def target_pieces(self, ids: Iterable[int]) -> tuple[str, ...]:
        """As `source_pieces`, of the target side."""
        return tuple(self._target.id_to_piece(index) for index in ids)

    @property
    def source_size(self) -> int:
        """Pieces of the source side: its ids are 0 … source_size - 1."""
        return self._source.get_piece_size()

    @property
    def target_size(self) -> int:
        """Pieces of the target side."""
        return self._target.get_piece_size()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the models' bytes, in hexadecimal: equal where every text gets equal ids."""
        models = (self._source,) if self.joint else (self._source, self._target)
        return hashlib.sha256(b"".join(model.serialized_model_proto() for model in models)).hexdigest()


def normalise(text: str) -> str:
    """The text as the tokenizer sees it: all that encoding loses is lost here.

    A run of white space (Python's `str.split`: space, tab, line end, no-break space, …) becomes one space and none
    stays at the ends; "▁" (U+2581) counts as a space; half of a surrogate pair, which is not a character, becomes "?".
    Nothing else: no Unicode normalisation, because a translation should have the references' own quotes and ligatures.
    """
    characters = text.replace(SPACE, " ").encode("utf-8", "replace").decode("utf-8")
    return " ".join(characters.split())


def seed_sampling(seed: int) -> None:
    """Start the sampling of `encode_…` anew, for this process: the same calls in the same order repeat the same cuts.

    Worker processes must each call it, with seeds of their own. SentencePiece keeps this generator to itself, which is
    why it cannot be handed in.
    """
    sentencepiece.set_random_generator_seed(seed)


def _encode(model: sentencepiece.SentencePieceProcessor, texts: Sequence[str], sampling: float) -> list[list[int]]:
    # One text at a time: for a list, SentencePiece starts threads whose generators begin at the seed again on each
    # call, so that every call would draw the same cuts.
    return [
        [*model.encode(normalise(text), enable_sampling=sampling > 0, alpha=sampling, nbest_size=-1), EOS]
        for text in texts
    ]


def _train(texts: Iterable[str], options: TokenizerOptions, where: str) -> bytes:
    lines = [line for line in map(normalise, texts) if line]
    if not lines:
        raise UserError(f"the {where} has no text to train a tokenizer on")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            model_type=options.kind,
            vocab_size=options.vocab_size,
            character_coverage=options.character_coverage,
            byte_fallback=True,
            normalization_rule_name="identity",
            max_sentence_length=2**30,  # bytes; the default drops longer lines without a word
            num_threads=4,  # not the machine's count: sums in another order give another model
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            pad_piece=SPECIAL[PAD],
            unk_piece=SPECIAL[UNK],
            bos_piece=SPECIAL[BOS],
            eos_piece=SPECIAL[EOS],
            minloglevel=3,  # SentencePiece logs every training and every failure; the user gets one line
        )
    except RuntimeError as error:
        raise _vocabulary_error(str(error), options.vocab_size, where) or error from error
    return model.getvalue()


def _vocabulary_error(message: str, size: int, where: str) -> UserError | None:
    """Say in our words what SentencePiece says of a vocabulary size; None where it says something else."""
    if found := re.search(r"too high .* value <= (\d+)", message):
        largest = found.group(1)
        return UserError(f"tokenizer.vocab_size {size} is too large for the {where}; the largest possible is {largest}")
    if found := re.search(r"smaller than required_chars\. \d+ vs (\d+)", message):
        return UserError(
            f"tokenizer.vocab_size {size} is too small for the {where}: its characters, 256 bytes and the special ids "
            f"need {found.group(1)}; give at least that, or a lower tokenizer.character_coverage"
        )
    return None


def _processor(model: bytes) -> sentencepiece.SentencePieceProcessor:
    if not model:
        raise ValueError("it is empty")
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError("it is damaged, or no SentencePiece model") from error
    special = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    if special != (PAD, UNK, BOS, EOS):
        raise ValueError(f"its pad, unk, bos and eos ids are {special}, not {(PAD, UNK, BOS, EOS)}")
    if processor.decode(processor.encode(PROBE)) != PROBE:
        raise ValueError("it has no byte fallback, or normalises text")
    return processor


def _read(path: Path) -> bytes:
    """The bytes of a model that `Tokenizer` will accept."""
    try:
        model = path.read_bytes()
        _processor(model)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}; train a tokenizer first") from error
    except ValueError as error:
        raise UserError(f"{path}: cannot be used as a tokenizer: {error}; train it anew") from error
    return model


def _write(path: Path, model: sentencepiece.SentencePieceProcessor) -> None:
    with atomic(path) as temporary:
        temporary.write_bytes(model.serialized_model_proto())
