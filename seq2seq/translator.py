"""Text to text: the tokenizer, the model and the search, together. Nothing here knows how a model was trained."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.batch import Batch
from seq2seq.model import Model
from seq2seq.search import SearchOptions
from seq2seq.tensors import pad
from seq2seq.tokenizer import Tokenizer
from seq2seq.vocabulary import EOS


class Translation(NamedTuple):
    """One translation of a sentence."""

    text: str
    score: float  # what the search ranks by: the log-probability, normalised by length
    log_probability: float  # of the pieces and the end, by the model, natural logarithm
    source_pieces: tuple[str, ...]  # as the model read them, "</s>" last
    target_pieces: tuple[str, ...]  # as it wrote them, "</s>" last
    source: tuple[int, ...] = ()  # the pieces' ids
    target: tuple[int, ...] = ()


NOTHING = Translation("", 0.0, 0.0, (), ())


class Translator:
    """Translates sentences with a trained model.

    Args:
        model: put in evaluation mode here.
        tokenizer: the one that it was trained with.
    """

    def __init__(self, model: Model, tokenizer: Tokenizer) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    @torch.inference_mode()
    def translate(
        self,
        sentences: Sequence[str],
        options: SearchOptions,
        prefix: str = "",
        generator: torch.Generator | None = None,
        batch_tokens: int = 4000,
    ) -> list[list[Translation]]:
        """Translate each sentence: its n best translations, best first; a blank one has one empty translation.

        Args:
            sentences: raw text, one sentence each.
            options: how to search.
            prefix: what every translation must begin with.
            generator: what sampling draws from.
            batch_tokens: the most that sentences × the longest one's pieces come to in one batch.
        """
        translations = [[NOTHING] for _ in sentences]
        sources = self.tokenizer.encode_source(sentences)
        full = [index for index, source in enumerate(sources) if source != [EOS]]
        for rows in batches(sources, full, batch_tokens):
            source, mask = self.place(*pad([sources[row] for row in rows]))
            forced = None
            if words := self.tokenizer.encode_target([prefix])[0][:-1]:
                forced = source.new_tensor([words] * len(rows))
            found = self.model.search(source, mask, options, forced, generator)
            for row, hypotheses in zip(rows, found, strict=True):
                targets = [(*hypothesis.words, EOS) for hypothesis in hypotheses]
                texts = self.tokenizer.decode_target(targets)
                pieces = self.tokenizer.source_pieces(sources[row])
                translations[row] = [
                    Translation(
                        text=text,
                        score=hypothesis.score,
                        log_probability=hypothesis.log_probability,
                        source_pieces=pieces,
                        target_pieces=self.tokenizer.target_pieces(target),
                        source=tuple(sources[row]),
                        target=target,
                    )
                    for text, hypothesis, target in zip(texts, hypotheses, targets, strict=True)
                ]
        return translations

    @torch.inference_mode()
    def align(self, translation: Translation) -> Tensor:
        """Attention (target pieces, source pieces) while the translation is read again: rows sum to 1.

        All zero where the model does not attend; of size (0, 0) for a blank sentence.
        """
        if not translation.source:
            return torch.zeros(0, 0)
        batch = Batch(*self.place(*Batch.of([translation.source], [translation.target])))
        return self.model.align(batch)[0].cpu()

    def place(self, *tensors: Tensor) -> list[Tensor]:
        """The tensors, on the model's device."""
        device = next(self.model.parameters()).device
        return [tensor.to(device) for tensor in tensors]


def batches(rows: Sequence[Sequence[int]], indices: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Cut `indices` into batches of rows of similar length, rows × the longest at most `batch_tokens`."""
    found: list[list[int]] = []
    for index in sorted(indices, key=lambda index: -len(rows[index])):
        if not found or len(rows[found[-1][0]]) * (len(found[-1]) + 1) > batch_tokens:
            found.append([])
        found[-1].append(index)
    return found
