"""The decoder that reads the memory, and then steps (Bahdanau, Cho, Bengio 2015, section 3.1):

    c_i = context(s_{i−1}, memory)
    s_i = cell([E y_{i−1} ; c_i], s_{i−1})
    p(y_i) = softmax(O readout([s_i ; c_i ; E y_{i−1}]))    O is Eᵀ if the embeddings are tied

The paper's readout (its deep output, appendix A.2.2) takes the larger of each pair of units (maxout), and sees s_{i−1}.
Ours is one layer with tanh, and sees s_i.

In teacher forcing, the readout, too, is one product for all steps.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.model.context import Context
from seq2seq.model.decoder import Decoder, DecoderOptions, RecurrentStep, State, make_vocabulary
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Memory


class ReadThenStep(Decoder):
    """A decoder whose query is the state before the step, and whose step takes the context vector as an input.

    Args:
        embedding, memory, options, context: see `Decoder`.
        tied: see `make_vocabulary`.
    """

    def __init__(
        self, embedding: Embedding, memory: int, options: DecoderOptions, context: Context, tied: bool
    ) -> None:
        super().__init__(embedding, memory, options, context)
        token = embedding.embedding_dim
        self.context_gates = context.gate_projection(self.cells[0])
        self.readout = nn.Linear(options.hidden + context.vector_size + token, token)
        self.vocabulary = make_vocabulary(embedding, tied)

    def recurrent_step(
        self,
        memory: Memory,
        state: State,
        token_gates: Float[Tensor, "batch beam gates"],
        token_query: Float[Tensor, "batch beam part"],
    ) -> RecurrentStep:
        """Read with the highest layer's state, then step. The outputs are s_i and c_i. See `Decoder.recurrent_step`."""
        vector, weights = self.context(state.layers[-1].hidden, token_query, memory)
        layers, output, gates = self.run_cells(token_gates + self.context_gates(vector), state.layers)
        return RecurrentStep(State(layers, (), state.coverage), (output, vector), weights, gates)

    def compute_readout(
        self, outputs: tuple[Tensor, ...], embedded: Float[Tensor, "batch tokens embedding"]
    ) -> Float[Tensor, "batch tokens embedding"]:
        """Return [s_i ; c_i ; E y_{i−1}] after one layer. See `Decoder.compute_readout`."""
        return self.dropout(torch.tanh(self.readout(torch.cat([*outputs, embedded], dim=-1))))
