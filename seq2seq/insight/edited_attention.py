"""Let a decoder read the source with given attention weights at one step, to see what it would have written.

This works for every attention that keeps the contract of model/context.py, because it uses nothing but that contract:
with a mask that shows a single token, an attention can only read that token.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.model.context import Context
from seq2seq.model.encoder import Memory
from seq2seq.search.step import map_leaves
from seq2seq.translation.translator import Translator


@dataclass(frozen=True)
class AttentionEdit:
    """The attention weights to read with at one step.

    Args:
        step: the step of the decoder, counted from 0. Step 0 writes the first token.
        weights: one for each source token, "</s>" included, 0 or more. They are divided by their sum.

    Raises:
        UserError: the step or the weights are impossible.
    """

    step: int
    weights: Sequence[float]

    def __post_init__(self) -> None:
        if self.step < 0:
            raise UserError(f"step: must be at least 0, not {self.step}")
        if not all(math.isfinite(weight) and weight >= 0 for weight in self.weights):
            raise UserError("weights: must be numbers of 0 or more")
        if not 0 < sum(self.weights) < math.inf:
            raise UserError("weights: one of them must be more than 0")


class EditedContext(Context):
    """A context that reads as another one does, except at one step, where it reads with given weights.

    The vector is λ c_i + Σ_j (w_j − λ α_ij) r_j. Here α_i are the attention's own weights and c_i is its own vector, w
    are the given weights, r_j is what the attention reads if token j is the only one, and λ is the largest share of α_i
    that w still holds: the least w_j / α_ij, at most 1. For an attention with one head, this is Σ_j w_j h_j. The heads
    of a multi-head attention keep the share λ of their own weights and share the rest, so that w is the heads' mean.
    If w is α_i, λ is 1, and the vector is c_i.

    A context is not told the step. This one counts how often it has read since `prepare`, so it serves one sentence at
    a time, in one thread.

    Args:
        context: the attention. It attends.
        edit: the step and the weights.
    """

    def __init__(self, context: Context, edit: AttentionEdit) -> None:
        super().__init__()
        self.vector_size, self.attends = context.vector_size, context.attends
        self.context = context
        self.edit = edit
        self.step = 0

    def prepare(self, memory: Memory) -> Tensor:
        self.step = 0
        return self.context.prepare(memory)

    def token_query(self, embedded: Tensor) -> Tensor:
        return self.context.token_query(embedded)

    def forward(self, query: Tensor, token_query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        vector, weights = self.context(query, token_query, memory)
        step, self.step = self.step, self.step + 1
        if step != self.edit.step:
            return vector, weights
        given = self.given_weights(weights)
        kept = torch.where(weights > 0, given / weights, 1.0).amin(dim=-1, keepdim=True).clamp(max=1.0)
        rest = (given - kept * weights).clamp(min=0.0)  # (1, beam, source)
        alone = self.read_alone(query, token_query, memory)
        return kept * vector + (rest.transpose(0, 2) * alone).sum(dim=0, keepdim=True), given.expand_as(weights)

    def given_weights(self, weights: Tensor) -> Tensor:
        """Return the given weights, divided by their sum: (source,).

        Raises:
            UserError: there are more or fewer than the sentence has tokens.
        """
        tokens = weights.shape[-1]
        if len(self.edit.weights) != tokens:
            raise UserError(f"weights: {len(self.edit.weights)} for {tokens} source tokens; </s> has one, too")
        total = sum(self.edit.weights)
        return weights.new_tensor([weight / total for weight in self.edit.weights])

    def read_alone(self, query: Tensor, token_query: Tensor, memory: Memory) -> Tensor:
        """Return what the attention reads if a source token is the only one, for each token: (source, beam, vector)."""
        tokens = memory.mask.shape[1]
        repeated = map_leaves(lambda leaf: leaf.expand(tokens, *leaf.shape[1:]), memory)
        single = torch.eye(tokens, dtype=torch.bool, device=memory.mask.device)
        queries = (each.expand(tokens, *each.shape[1:]) for each in (query, token_query))
        vectors: Tensor = self.context(*queries, repeated._replace(mask=single))[0]
        return vectors


def edited_translator(translator: Translator, edit: AttentionEdit) -> Translator:
    """Return a translator whose decoder reads with given weights at one step. It shares the weights of the model.

    It is for one sentence, with the edit's number of tokens: it can translate it, and measure its translation. Whoever
    searches with it forces the tokens before the step: otherwise, it is not clear which hypothesis is edited.

    Raises:
        UserError: the model does not attend.
    """
    if not translator.attends:
        raise UserError("this model does not attend to its source, so it has no attention to change")
    shared = {id(tensor): tensor for tensor in (*translator.model.parameters(), *translator.model.buffers())}
    model = copy.deepcopy(translator.model, shared)
    model.decoder.context = EditedContext(model.decoder.context, edit)
    return Translator(model, translator.tokenizer, translator.options, translator.cut_at_sentence_ends)
