"""List the most probable next tokens at each step of a translation."""

from dataclasses import dataclass

import torch

from seq2seq.insight.forced_reading import ForcedReading
from seq2seq.search.candidates import most_probable
from seq2seq.text.tokenizer import Tokenizer

MOST = 12  # tokens that are listed for a step


@dataclass(frozen=True)
class NextToken:
    """A token that the decoder could write next.

    Args:
        token: as SentencePiece writes it: "▁" begins a word, "</s>" ends the translation.
        id: its number in the target vocabulary.
        probability: the model's, given the tokens before it.
    """

    token: str
    id: int
    probability: float


@dataclass(frozen=True)
class NextTokens:
    """The most probable next tokens of one step, best first: those that a search can take, so not PAD, UNK or BOS."""

    tokens: list[NextToken]


@torch.inference_mode()
def next_tokens(tokenizer: Tokenizer, reading: ForcedReading, most: int = MOST) -> list[NextTokens]:
    """Return the most probable next tokens at each step of a translation, given its tokens before (teacher forcing).

    Args:
        tokenizer: spells the tokens.
        reading: of the translation.
        most: how many tokens to list for each step.
    """
    spell = tokenizer.target_tokens
    candidates = most_probable(reading.log_probabilities.unsqueeze(0), most)
    steps = zip(candidates.tokens[0].tolist(), candidates.log_probability[0].exp().tolist(), strict=True)
    return [NextTokens(list(map(NextToken, spell(ids), ids, probabilities))) for ids, probabilities in steps]
