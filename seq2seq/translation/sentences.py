"""Translate single sentences, each short enough for the model to take it whole."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis
from seq2seq.text.batch import Batch, pad
from seq2seq.text.special_tokens import EOS
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.decoding import search_model

Prefix = str | Sequence[int]  # what a translation must begin with: raw text, or target token ids


class SentenceTranslation(NamedTuple):
    """One translation of one sentence. Tokens and ids end with "</s>"; those of a blank sentence are empty."""

    text: str
    score: float  # what the search ranks by: the log-probability, normalised by length
    log_probability: float  # of all target tokens, natural logarithm
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    source_ids: tuple[int, ...]
    target_ids: tuple[int, ...]


EMPTY = SentenceTranslation("", 0.0, 0.0, (), (), (), ())


class SentenceTranslator:
    """Translates batches of sentences with a trained model.

    Args:
        model: the trained model. It is put in evaluation mode.
        tokenizer: the tokenizer that the model was trained with.
    """

    def __init__(self, model: EncoderDecoder, tokenizer: Tokenizer) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    @property
    def device(self) -> torch.device:
        """The model's device."""
        return next(self.model.parameters()).device

    @torch.inference_mode()
    def translate(
        self,
        sentences: Sequence[str],
        options: SearchOptions,
        prefix: Prefix = "",
        generator: torch.Generator | None = None,
        batch_tokens: int = 4000,
        observe: Observer | None = None,
    ) -> list[list[SentenceTranslation]]:
        """Return the n best translations of each sentence, best first. A blank sentence has one empty translation.

        Args:
            sentences: raw text, one sentence each.
            options: how to search.
            prefix: what every translation must begin with.
            generator: the source of randomness for sampling, on the model's device.
            batch_tokens: the most tokens in a batch, padding included.
            observe: see `beam_search`. It watches the search of each batch, one after the other.

        Raises:
            UserError: see `prefix_ids` and `beam_search`.
        """
        translations = [[EMPTY] for _ in sentences]
        sources = self.tokenizer.encode_source(sentences)
        prefix_ids = self.prefix_ids(prefix)
        not_blank = [row for row, ids in enumerate(sources) if ids != [EOS]]
        for rows in make_batches(sources, not_blank, batch_tokens):
            source, mask = (tensor.to(self.device) for tensor in pad([sources[row] for row in rows]))
            forced = source.new_tensor([prefix_ids] * len(rows)) if prefix_ids else None
            results = search_model(self.model, source, mask, options, forced, generator, observe)
            for row, hypotheses in zip(rows, results, strict=True):
                translations[row] = self._decode(sources[row], hypotheses)
        return translations

    def prefix_ids(self, prefix: Prefix) -> list[int]:
        """Return the target tokens that a translation must begin with.

        Raises:
            UserError: an id is not that of a token which a search could take, or it follows EOS.
        """
        if isinstance(prefix, str):
            [[*ids, _]] = self.tokenizer.encode_target([prefix])
            return ids
        for place, index in enumerate(prefix):
            if not EOS <= index < self.tokenizer.target_size:
                raise UserError(
                    f"no translation has token {index}; take one from {EOS} to {self.tokenizer.target_size - 1}"
                )
            if index == EOS and place != len(prefix) - 1:
                raise UserError(f"token {EOS} ends a translation, so no other token can follow it")
        return list(prefix)

    @torch.inference_mode()
    def attention(self, translation: SentenceTranslation) -> Tensor:
        """Return the attention weights while the model reads a translation, with teacher forcing.

        Returns:
            float (target tokens, source tokens), on the CPU. Rows sum to 1; they are all zero if the model does not
            attend. The size is (0, 0) for a blank sentence.
        """
        if not translation.source_ids:
            return torch.zeros(0, 0)
        return self.model.align(self.batch(translation))[0].cpu()

    def batch(self, translation: SentenceTranslation) -> Batch:
        """Return a translation of a sentence that is not blank as a batch of one pair, on the model's device."""
        batch = Batch.from_ids([translation.source_ids], [translation.target_ids])
        return Batch(*(tensor.to(self.device) for tensor in batch))

    def given_pair(self, source: str, target: str) -> SentenceTranslation:
        """Return a given sentence pair as a translation, so that `attention` can read it. Its scores are 0."""
        [source_ids], [target_ids] = self.tokenizer.encode_source([source]), self.tokenizer.encode_target([target])
        return SentenceTranslation(
            text=target,
            score=0.0,
            log_probability=0.0,
            source_tokens=self.tokenizer.source_tokens(source_ids),
            target_tokens=self.tokenizer.target_tokens(target_ids),
            source_ids=tuple(source_ids),
            target_ids=tuple(target_ids),
        )

    def _decode(self, source: Sequence[int], hypotheses: Sequence[Hypothesis]) -> list[SentenceTranslation]:
        """Turn the hypotheses of one sentence into text."""
        targets = [(*hypothesis.tokens, EOS) for hypothesis in hypotheses]
        texts = self.tokenizer.decode_target(targets)
        source_tokens = self.tokenizer.source_tokens(source)
        return [
            SentenceTranslation(
                text=text,
                score=hypothesis.score,
                log_probability=hypothesis.log_probability,
                source_tokens=source_tokens,
                target_tokens=self.tokenizer.target_tokens(target),
                source_ids=tuple(source),
                target_ids=target,
            )
            for text, hypothesis, target in zip(texts, hypotheses, targets, strict=True)
        ]


def make_batches(rows: Sequence[Sequence[int]], indices: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Group the rows at `indices` into batches of similar length, long rows first.

    Args:
        rows: token ids.
        indices: the rows to use.
        batch_tokens: the most tokens in a batch, padding included. A longer row has a batch of its own.

    Returns:
        for each batch, the indices of its rows.
    """
    batches: list[list[int]] = []
    for index in sorted(indices, key=lambda index: -len(rows[index])):
        if not batches or len(rows[batches[-1][0]]) * (len(batches[-1]) + 1) > batch_tokens:
            batches.append([])
        batches[-1].append(index)
    return batches
