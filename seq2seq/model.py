"""The model: an encoder and a decoder, and the three things asked of them: steps, log-probabilities, alignments."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from seq2seq.batch import Batch
from seq2seq.context import Memory
from seq2seq.decoder import Decoder, DecoderOptions, State
from seq2seq.embedding import Embedding
from seq2seq.encoder import Encoder, EncoderOptions
from seq2seq.errors import at_least_1, require
from seq2seq.search import Hypothesis, SearchOptions, search


@dataclass(frozen=True)
class ModelOptions:
    """The model's shape. Sizes that follow from others (vocabulary, memory, context) are worked out, never written.

    Args:
        embedding: size of a word's embedding, on either side.
        encoder: the BiLSTM.
        decoder: the LSTM, and how it reads memory.
        tied: the target embedding is the vocabulary projection, too, and with a joint vocabulary the source embedding.
    """

    embedding: int = 256
    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    decoder: DecoderOptions = field(default_factory=DecoderOptions)
    tied: bool = True

    def __post_init__(self) -> None:
        require("model", self, at_least_1(self, "embedding"))


class Model(nn.Module):
    """p(target | source).

    Args:
        options: the shape.
        source_size, target_size: entries in each vocabulary.
        joint: one vocabulary, so that `tied` shares the source embedding as well.
    """

    def __init__(self, options: ModelOptions, source_size: int, target_size: int, joint: bool) -> None:
        super().__init__()
        source = Embedding(source_size, options.embedding)
        target = source if joint and options.tied else Embedding(target_size, options.embedding)
        self.encoder = Encoder(source, options.encoder)
        self.decoder = Decoder(target, self.encoder.size, options.decoder, options.tied)

    def start(self, source: Tensor, source_mask: Tensor) -> tuple[Memory, State]:
        """Read source (batch, source) with its mask: the prepared memory, and the decoder's first state, of width 1."""
        return self.decoder.start(self.encoder(source, source_mask))

    def step(self, memory: Memory, state: State, words: Tensor) -> tuple[Tensor, State]:
        """The search's `Step`: last words (batch, width) → log-probabilities (batch, width, vocabulary), and state."""
        logits, state = self.decoder.step(memory, state, words)
        return logits.float().log_softmax(dim=-1), state

    def readouts(self, batch: Batch) -> Tensor:
        """Teacher forcing: the readout from which each real label is told, given the words before it, (labels, word).

        The labels are in the order of `batch.labels[batch.target_mask]`: padding is never projected to the vocabulary.
        """
        readouts: Tensor
        readouts, _ = self.decoder(*self.start(batch.source, batch.source_mask), batch.inputs)
        return readouts[batch.target_mask]

    def forward(self, batch: Batch) -> Tensor:
        """Logits of each real label, (labels, vocabulary), in the order of `readouts`."""
        logits: Tensor = self.decoder.vocabulary(self.readouts(batch))
        return logits

    def log_probabilities(self, batch: Batch) -> Tensor:
        """log p of each label, (batch, target), zero where there is none: they sum to a sentence's log-probability."""
        labels = batch.labels[batch.target_mask].unsqueeze(-1)
        chosen = self(batch).float().log_softmax(dim=-1).gather(-1, labels).squeeze(-1)  # (labels,)
        spread: Tensor = chosen.new_zeros(batch.labels.shape).masked_scatter(batch.target_mask, chosen)
        return spread

    def align(self, batch: Batch) -> Tensor:
        """Attention weights (batch, target, source) while the batch's targets are read."""
        _, weights = self.decoder(*self.start(batch.source, batch.source_mask), batch.inputs)
        aligned: Tensor = weights
        return aligned

    def search(
        self,
        source: Tensor,
        source_mask: Tensor,
        options: SearchOptions,
        prefix: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> list[list[Hypothesis]]:
        """Translate source (batch, source): the n best hypotheses of each sentence, best first.

        A translation may have up to twice the source's pieces and ten more, and `options.max_length` at the most.
        """
        memory, state = self.start(source, source_mask)
        limits = 2 * source_mask.sum(dim=1) + 10
        covers = coverage if self.decoder.context.attends else None
        return search(
            self.step, memory, state, options, limits=limits, coverage=covers, prefix=prefix, generator=generator
        )


def coverage(memory: Memory, state: State) -> Tensor:
    """How much of the source was attended to: Σ_j log min(Σ_i α_ij, 1), (batch, width) (Wu et al. 2016, equation 14).

    A word that has had no attention at all counts as one that has had a thousandth.
    """
    attended = state.coverage.clamp(1e-3, 1.0).log()
    return attended.masked_fill(~memory.mask.unsqueeze(1), 0.0).sum(dim=-1)


def parameters(model: nn.Module) -> int:
    """How many weights there are, tied ones counted once."""
    return sum(parameter.numel() for parameter in model.parameters())
