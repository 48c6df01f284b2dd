"""Text to token ids and back: SentencePiece subwords (Kudo & Richardson 2018) with the ids of `special_tokens`."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from seq2seq.errors import UserError, at_most, check_options
from seq2seq.files import atomic
from seq2seq.text.normalisation import normalise, on_one_line
from seq2seq.text.special_tokens import EOS
from seq2seq.text.tokenizer_training import ModelType, load_model, train_model

JOINT = "tokenizer.model"
SOURCE = "tokenizer.source.model"
TARGET = "tokenizer.target.model"

LARGEST_VOCABULARY = 1_000_000  # tokens


@dataclass(frozen=True)
class TokenizerOptions:
    """Options for cutting text into tokens, which are subwords.

    Args:
        vocab_size: tokens in a vocabulary, with the 4 special tokens and the 256 bytes. A small vocabulary spells rare
            words with frequent parts, which suits small corpora. A large one gives shorter sentences, which suits large
            corpora.
        joint: one model for both languages, so that names and cognates are cut in the same way and embeddings can be
            tied; otherwise each side has its own model, with vocab_size tokens.
        model_type: "unigram" (Kudo 2018) keeps the tokens that make the corpus most probable, and can cut a word in
            several ways; "bpe" (Sennrich et al. 2016) merges the most frequent neighbours until there are vocab_size
            tokens.
        sampling: 0 always cuts a word in the same way. Above 0, training sees a new cut each time, which reduces
            overfitting. For "unigram", it is Kudo's alpha: a cut is drawn with a probability proportional to
            P(cut)^alpha, so a *small* alpha gives varied cuts and 1 gives mostly the usual ones; 0.1 to 0.5 are common.
            For "bpe", it is the fraction of merges that are dropped (BPE-dropout, Provilkov et al. 2020), so small
            values give mostly the usual cuts; 0.1 is common. Validation and test text is never sampled.
        character_coverage: fraction of the corpus's characters that get a token of their own; the others are spelled in
            bytes. Use 1.0 for alphabets and 0.9995 for Chinese or Japanese.

    Raises:
        UserError: a value is out of its range.
    """

    vocab_size: int = 6000
    joint: bool = True
    model_type: ModelType = "unigram"
    sampling: float = 0.0
    character_coverage: float = 1.0

    def __post_init__(self) -> None:
        rules = (
            ("vocab_size", self.vocab_size >= 1, "must be at least 1"),
            ("sampling", 0 <= self.sampling <= 1, "must be from 0 (off) to 1"),
            ("character_coverage", 0 < self.character_coverage <= 1, "must be more than 0 and at most 1"),
        )
        check_options(self, rules)
        check_options(self, at_most(self, LARGEST_VOCABULARY, "vocab_size"))


class Tokenizer:
    """Two SentencePiece models, one for each side. A joint tokenizer uses the same model twice.

    Every text can be encoded: characters without a token are spelled in UTF-8 bytes. For any text in any script,
    `decode_target(encode_target([text]))` returns `[normalise(text)]`. A tokenizer can be pickled for worker processes.
    """

    def __init__(self, source_model: bytes, target_model: bytes | None = None) -> None:
        """Load serialised SentencePiece models. Without a target_model, the source_model serves both sides.

        Raises:
            ValueError: a model cannot be used; see `load_model`.
        """
        self.joint = target_model is None
        self._source = load_model(source_model)
        self._target = self._source if target_model is None else load_model(target_model)

    @staticmethod
    def train(sources: Iterable[str], targets: Iterable[str], options: TokenizerOptions) -> "Tokenizer":
        """Train a tokenizer on raw lines, in memory. The same lines and options give the same models, byte for byte.

        Raises:
            UserError: there is no text, or it cannot fill vocab_size, or vocab_size cannot hold its characters.
        """

        def train_side(lines: Iterable[str], name: str) -> bytes:
            normalised = filter(None, map(normalise, lines))
            return train_model(normalised, options.model_type, options.vocab_size, options.character_coverage, name)

        if options.joint:
            return Tokenizer(train_side([*sources, *targets], "corpus"))
        source_model = train_side(sources, "corpus's source side")
        return Tokenizer(source_model, train_side(targets, "corpus's target side"))

    def save(self, folder: Path) -> None:
        """Write tokenizer.model (joint), or tokenizer.source.model and tokenizer.target.model, into `folder`.

        They are plain SentencePiece models. Files of the other layout are removed, so that `load` reads these.

        Raises:
            UserError: a file cannot be written.
        """
        if self.joint:
            write_model(folder / JOINT, self._source)
        else:
            write_model(folder / SOURCE, self._source)
            write_model(folder / TARGET, self._target)
        for stale in (SOURCE, TARGET) if self.joint else (JOINT,):
            (folder / stale).unlink(missing_ok=True)

    @staticmethod
    def load(folder: Path) -> "Tokenizer":
        """Read the files that `save` writes.

        Raises:
            UserError: a file is missing, damaged, or a SentencePiece model with other settings.
        """
        separate = (folder / SOURCE).exists() or (folder / TARGET).exists()
        if separate and not (folder / JOINT).exists():
            return Tokenizer(read_model(folder / SOURCE), read_model(folder / TARGET))
        return Tokenizer(read_model(folder / JOINT))

    def encode_source(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        """Return the token ids of each text, with EOS at the end. sampling: see `TokenizerOptions`, `seed_sampling`."""
        return encode(self._source, texts, sampling)

    def encode_target(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        """Return the token ids of each text, with EOS at the end and *no* BOS: the labels of the decoder.

        `Batch` makes the inputs of the decoder from them: the same rows, shifted by one, with BOS at the start.
        """
        return encode(self._target, texts, sampling)

    def decode_target(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Return the text of each row of ids, as one line. PAD, BOS and EOS are left out.

        A model can predict bytes that are not UTF-8. They become U+FFFD (�). The text is not normalised any further,
        so that its words are those that the tokens spell.
        """
        # SentencePiece decodes PAD, BOS and EOS to "".
        return [on_one_line(self._target.decode(list(row))) for row in rows]

    def source_tokens(self, ids: Iterable[int]) -> tuple[str, ...]:
        """Return the tokens as SentencePiece writes them: "▁" begins a word, "<0xE2>" is a byte, "</s>" is EOS."""
        return tuple(self._source.id_to_piece(index) for index in ids)

    def target_tokens(self, ids: Iterable[int]) -> tuple[str, ...]:
        """Return the tokens of the target side. See `source_tokens`."""
        return tuple(self._target.id_to_piece(index) for index in ids)

    @property
    def source_size(self) -> int:
        """The number of tokens in the source vocabulary. Its ids are 0 … source_size - 1."""
        return self._source.get_piece_size()

    @property
    def target_size(self) -> int:
        """The number of tokens in the target vocabulary."""
        return self._target.get_piece_size()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the models' bytes, in hexadecimal. Tokenizers with equal fingerprints give equal ids."""
        models = (self._source,) if self.joint else (self._source, self._target)
        return hashlib.sha256(b"".join(model.serialized_model_proto() for model in models)).hexdigest()


def seed_sampling(seed: int) -> None:
    """Seed the sampling of `encode_source` and `encode_target` in this process, so that it can be repeated.

    Each worker process must call it with a seed of its own. SentencePiece has one global generator, which is why no
    generator can be passed as an argument. SentencePiece 0.2.3 adds a random number of its own in each process: a
    process and its forked workers can repeat their cuts, but another process draws other cuts from the same seed.
    """
    sentencepiece.set_random_generator_seed(seed)


def encode(model: sentencepiece.SentencePieceProcessor, texts: Sequence[str], sampling: float) -> list[list[int]]:
    """Return the token ids of each text, with EOS at the end."""
    # Encode one text at a time: for a list, SentencePiece starts threads whose generators begin at the same seed in
    # each call, so that every call would draw the same cuts.
    return [
        [*model.encode(normalise(text), enable_sampling=sampling > 0, alpha=sampling, nbest_size=-1), EOS]
        for text in texts
    ]


def read_model(path: Path) -> bytes:
    """Return the bytes of a model file that `Tokenizer` accepts.

    Raises:
        UserError: the file cannot be read, or its model cannot be used.
    """
    try:
        model = path.read_bytes()
        load_model(model)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}; train a tokenizer first") from error
    except ValueError as error:
        raise UserError(f"{path}: cannot be used as a tokenizer: {error}; train it anew") from error
    return model


def write_model(path: Path, model: sentencepiece.SentencePieceProcessor) -> None:
    """Write a model file completely or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(model.serialized_model_proto())
