"""Luong's attention: the decoder steps, and then reads (Luong, Pham, Manning 2015, sections 3.1 and 3.3):

    s_i = cell([E y_{i−1} ; h̃_{i−1}], s_{i−1})    input feeding: h̃ is an input of the next step
    c_i = context(s_i, memory)
    h̃_i = tanh(W_c [c_i ; s_i])                   the attentional vector
    p(y_i) = softmax(O h̃_i)                       O is Eᵀ if the embeddings are tied

The paper's h̃ is as large as s. Here it is as large as an embedding, so that the embeddings can be tied.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.errors import OptionError
from seq2seq.model.cells.cell import initialise_input_weight
from seq2seq.model.context import Context, Sizes, attend
from seq2seq.model.decoder import Decoder, DecoderOptions, RecurrentStep, State, make_vocabulary
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Memory


class DotScore(nn.Module):
    """e_ij = s_iᵀ h_j. Both vectors have one size."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()

    def keys(self, values: Float[Tensor, "batch source memory"]) -> Float[Tensor, "batch source key"]:
        """Return the part of the scores that depends on the source alone."""
        return values

    def forward(
        self, query: Float[Tensor, "batch beam query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch beam source"]:
        """Return the scores e_ij."""
        return query @ keys.transpose(1, 2)


class GeneralScore(DotScore):
    """e_ij = s_iᵀ W h_j."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes)
        self.weight = nn.Linear(sizes.memory, sizes.query, bias=False)  # W

    def keys(self, values: Float[Tensor, "batch source memory"]) -> Float[Tensor, "batch source key"]:
        """Return W h_j."""
        return self.weight(values)


class ConcatScore(nn.Module):
    """e_ij = vᵀ tanh(W [s_i ; h_j]), with as many units as s has. W is two matrices here, one for each part."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.query = nn.Linear(sizes.query, sizes.query, bias=False)
        self.key = nn.Linear(sizes.memory, sizes.query, bias=False)
        self.score = nn.Linear(sizes.query, 1, bias=False)  # v

    def keys(self, values: Float[Tensor, "batch source memory"]) -> Float[Tensor, "batch source key"]:
        """Return the memory's part of W [s_i ; h_j]."""
        return self.key(values)

    def forward(
        self, query: Float[Tensor, "batch beam query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch beam source"]:
        """Return the scores e_ij."""
        return self.score(torch.tanh(self.query(query).unsqueeze(2) + keys.unsqueeze(1))).squeeze(-1)


SCORES: dict[str, type[DotScore] | type[ConcatScore]] = {
    "dot": DotScore,
    "general": GeneralScore,
    "concat": ConcatScore,
}


class LuongAttention(Context):
    """Luong's global attention: the decoder steps, and then reads (Luong, Pham, Manning 2015, section 3.1).

    α_i = softmax over the real j of e_ij;  c_i = Σ_j α_ij h_j

    Args:
        score: how s_i and h_j are compared (equation 8): dot, s_iᵀ h_j; general, s_iᵀ W h_j; concat,
            vᵀ tanh(W [s_i ; h_j]).

    Raises:
        UserError: the score is dot, and the sizes differ.
    """

    reads_after_step = True

    def __init__(self, sizes: Sizes, score: Literal["dot", "general", "concat"] = "general") -> None:
        super().__init__()
        if score == "dot" and sizes.query != sizes.memory:
            raise OptionError(
                type(self),
                f"score: dot needs vectors of one size, but the decoder's state has {sizes.query} units and a memory "
                f"state {sizes.memory}; set model.decoder.hidden to {sizes.memory}, or score to general",
            )
        self.vector_size, self.attends = sizes.memory, True
        self.score: DotScore | ConcatScore = SCORES[score](sizes)

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.score.keys(memory.values)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        return attend(self.score(query, memory.keys), memory)


class StepThenRead(Decoder):
    """A decoder whose query is the state after the step, and whose attentional vector is an input of the next step.

    Args:
        embedding, memory, options, context: see `Decoder`.
        tied: see `make_vocabulary`.
    """

    def __init__(
        self, embedding: Embedding, memory: int, options: DecoderOptions, context: Context, tied: bool
    ) -> None:
        super().__init__(embedding, memory, options, context)
        token, cell = embedding.embedding_dim, self.cells[0]
        self.fed_gates = nn.Linear(token, cell.projected_size, bias=False)
        initialise_input_weight(self.fed_gates.weight, cell.matrices)
        self.attentional = nn.Linear(context.vector_size + options.hidden, token, bias=False)  # W_c
        self.vocabulary = make_vocabulary(embedding, tied)

    def initial_fed(self, memory: Memory) -> tuple[Float[Tensor, "batch 1 embedding"], ...]:
        """Return a vector of zeros in the place of h̃_0."""
        return (memory.values.new_zeros(len(memory.values), 1, self.embedding.embedding_dim),)

    def recurrent_step(
        self,
        memory: Memory,
        state: State,
        token_gates: Float[Tensor, "batch beam gates"],
        token_query: Float[Tensor, "batch beam part"],
    ) -> RecurrentStep:
        """Step, then read with the output of the highest layer. The only output is h̃_i. See `Decoder.recurrent_step`.

        h̃_i is fed as it is predicted from, after dropout.
        """
        (fed,) = state.fed
        layers, output, gates = self.run_cells(token_gates + self.fed_gates(fed), state.layers)
        vector, weights = self.context(output, token_query, memory)
        attentional = self.dropout(torch.tanh(self.attentional(torch.cat([vector, output], dim=-1))))
        return RecurrentStep(State(layers, (attentional,), state.coverage), (attentional,), weights, gates)

    def compute_readout(
        self, outputs: tuple[Tensor, ...], embedded: Float[Tensor, "batch tokens embedding"]
    ) -> Float[Tensor, "batch tokens embedding"]:
        """Return h̃_i, which `recurrent_step` has computed. See `Decoder.compute_readout`."""
        (attentional,) = outputs
        return attentional
