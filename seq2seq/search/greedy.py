"""Greedy search: take the most probable token at every step. Read this search first, then plain_beam.py and beam.py."""

import torch
from jaxtyping import Int64
from torch import Tensor

from seq2seq.search.candidates import most_probable
from seq2seq.search.step import Memory, State, Step
from seq2seq.text.special_tokens import BOS, EOS


@torch.inference_mode()
def greedy_search(
    step: Step[Memory, State], memory: Memory, state: State, *, limits: Int64[Tensor, " batch"]
) -> list[tuple[int, ...]]:
    """Return each sentence's greedy translation in tokens, without BOS and EOS.

    Args:
        step: the model; see `Step`.
        memory: leaves (batch, …).
        state: leaves (batch, 1, …), the state before the first token.
        limits: the most tokens of each sentence's translation, EOS not counted.
    """
    tokens = torch.full((len(limits), 1), BOS, device=memory[0].device)
    taken = []
    for _ in range(int(limits.max())):
        log_probabilities, state = step(memory, state, tokens)
        tokens = most_probable(log_probabilities, count=1).tokens.squeeze(2)
        taken.append(tokens)
    rows = torch.cat([*taken, torch.full_like(tokens, EOS)], dim=1).tolist()
    return [tuple(row[: min(row.index(EOS), limit)]) for row, limit in zip(rows, limits.tolist(), strict=True)]
