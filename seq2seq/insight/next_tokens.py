"""List the most probable next tokens at each step of a translation."""

from dataclasses import dataclass

import torch

from seq2seq.search.candidates import most_probable
from seq2seq.text.batch import Batch
from seq2seq.translation.sentences import SentenceTranslation
from seq2seq.translation.translator import Translator

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


def next_tokens(translator: Translator, translation: SentenceTranslation, most: int = MOST) -> list[NextTokens]:
    """Return the most probable next tokens at each step of a translation, given its tokens before (teacher forcing).

    Args:
        translator: the trained model.
        translation: of one sentence. A blank one has no steps.
        most: how many tokens to list for each step.
    """
    if not translation.source_ids:
        return []
    device, spell = translator.sentences.device, translator.tokenizer.target_tokens
    batch = Batch(*(leaf.to(device) for leaf in Batch.from_ids([translation.source_ids], [translation.target_ids])))
    with torch.inference_mode():
        log_probabilities = translator.model(batch).float().log_softmax(dim=-1)  # (steps, vocabulary)
        candidates = most_probable(log_probabilities.unsqueeze(0), most)
    steps = zip(candidates.tokens[0].tolist(), candidates.log_probability[0].exp().tolist(), strict=True)
    return [NextTokens(list(map(NextToken, spell(ids), ids, probabilities))) for ids, probabilities in steps]
