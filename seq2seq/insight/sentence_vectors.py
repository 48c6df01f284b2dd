"""Read sentences with an encoder, and keep its vectors and the tokens side by side, without padding."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seq2seq.model.encoder import Encoder
from seq2seq.text.batch import length_mask, pad
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.long_text import PART_TOKENS
from seq2seq.translation.sentences import make_batches

BATCH_TOKENS = 4000

Item = TypeVar("Item")


class TokenizedSentences(NamedTuple):
    """Sentences as token ids, one after another. "</s>", which is the same in all sentences, is left out."""

    rows: list[list[int]]  # the ids of each sentence with "</s>", as the encoder reads them
    tokens: Int[Tensor, " tokens"]
    lengths: Int[Tensor, " sentences"]  # in tokens
    starts: Int[Tensor, " sentences"]  # the index of each sentence's first token in `tokens`


class Occurrences(NamedTuple):
    """Where the sentences have the token at one position."""

    sentences: Int[Tensor, " occurrences"]  # the sentences that are long enough
    tokens: Int[Tensor, " occurrences"]  # the index of each one's token in `TokenizedSentences.tokens`


class SentenceVectors(NamedTuple):
    """What an encoder makes of `TokenizedSentences`, on the CPU."""

    summary: Float[Tensor, "sentences memory"]  # one vector a sentence: `Memory.summary`
    memory: Float[Tensor, "tokens memory"]  # one vector a token: `Memory.values`

    def at(self, places: Occurrences, summary: bool) -> Float[Tensor, "occurrences memory"]:
        """Return one vector for each occurrence: the sentence's summary, or the token's vector in the memory."""
        return self.summary[places.sentences] if summary else self.memory[places.tokens]


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], most_sentences: int, most_tokens: int) -> TokenizedSentences:
    """Return sentences as token ids. Blank ones, and those that `translate` would cut in parts, are left out.

    Args:
        tokenizer: the model's tokenizer.
        texts: raw text, one sentence each.
        most_sentences, most_tokens: if there are more, evenly spaced sentences are taken.
    """
    texts = evenly_spaced(texts, most_sentences)
    rows = [row for row in tokenizer.encode_source(texts) if 1 < len(row) <= PART_TOKENS + 1]
    rows = evenly_spaced(rows, len(rows) * most_tokens // max(sum(map(len, rows)), 1))
    lengths = torch.tensor([len(row) - 1 for row in rows], dtype=torch.long)
    tokens = torch.tensor([token for row in rows for token in row[:-1]], dtype=torch.long)
    return TokenizedSentences(rows, tokens, lengths, lengths.cumsum(dim=0) - lengths)


def evenly_spaced(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` items, at equal distances, in their order."""
    count = min(len(items), most)
    return [items[index * len(items) // count] for index in range(count)]


@torch.inference_mode()
def read_sentences(encoder: Encoder, sentences: TokenizedSentences) -> SentenceVectors:
    """Return the encoder's vectors. The encoder must be in evaluation mode."""
    rows, device = sentences.rows, encoder.embedding.weight.device
    summary = torch.empty(len(rows), encoder.size)
    memory = torch.empty(len(sentences.tokens), encoder.size)
    for indices in make_batches(rows, range(len(rows)), BATCH_TOKENS):
        source, mask = (tensor.to(device) for tensor in pad([rows[index] for index in indices]))
        encoded = encoder(source, mask)
        real = length_mask(sentences.lengths[indices], source.shape[1])
        positions = sentences.starts[indices].unsqueeze(1) + torch.arange(source.shape[1])
        summary[indices] = encoded.summary.float().cpu()
        memory[positions[real]] = encoded.values.float().cpu()[real]
    return SentenceVectors(summary, memory)


def occurrences(sentences: TokenizedSentences, position: int, from_end: bool) -> Occurrences:
    """Return the sentences that have a token at a position, and these tokens.

    Args:
        position: counted from 0.
        from_end: whether position 0 is the last token instead of the first.
    """
    long_enough = (sentences.lengths > position).nonzero().squeeze(1)
    offsets = sentences.lengths[long_enough] - 1 - position if from_end else position
    return Occurrences(long_enough, sentences.starts[long_enough] + offsets)
