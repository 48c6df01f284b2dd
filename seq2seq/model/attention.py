"""The ways to read the memory: attention, and the two bottlenecks that attention is compared with.

luong.py has the attention of Luong et al., whose decoder reads the memory after its step.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.errors import OptionError
from seq2seq.model.cells.cell import Cell, initialise_input_weight
from seq2seq.model.context import Context, Sizes, attend, masked_softmax, zero_weights
from seq2seq.model.encoder import Memory
from seq2seq.model.size import LARGEST_SIZE


class AdditiveAttention(Context):
    """Attention that scores with a small network (Bahdanau, Cho, Bengio 2015, section 3.1 and appendix A.1.2).

    e_ij = vᵀ tanh(W s_{i−1} + U h_j);  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j

    W has a bias, which the paper's equation leaves out.

    Args:
        size: units of the scoring network, the length of v.
        sees_last_word: add the last token to the query: W s_{i−1} + V E y_{i−1}. This is not in the paper. The
            query then depends on the last token, as in a conditional decoder (Sennrich et al. 2017, Nematus), but
            costs only one product outside the loop.

    Raises:
        UserError: size is out of its range.
    """

    def __init__(self, sizes: Sizes, size: int = 256, sees_last_word: bool = False) -> None:
        super().__init__()
        check_size(self, size)
        self.vector_size, self.attends = sizes.memory, True
        self.query = nn.Linear(sizes.query, size)  # W
        self.key = nn.Linear(sizes.memory, size, bias=False)  # U
        self.word = nn.Linear(sizes.embedding, size, bias=False) if sees_last_word else None  # V
        self.score = nn.Linear(size, 1, bias=False)  # v

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.key(memory.values)

    def token_query(self, embedded: Float[Tensor, "batch tokens embedding"]) -> Float[Tensor, "batch tokens part"]:
        return embedded.new_zeros(*embedded.shape[:-1], 1) if self.word is None else self.word(embedded)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        queries = self.query(query) + token_query
        hidden = torch.tanh(queries.unsqueeze(2) + memory.keys.unsqueeze(1))  # (batch, beam, source, size)
        return attend(self.score(hidden).squeeze(-1), memory)


class MultiHeadAttention(Context):
    """Several additive attentions side by side, each with a score of its own (heads: Vaswani et al. 2017).

    e^k_ij = v_kᵀ tanh(W_k s_{i−1} + U_k h_j);  α^k_i = softmax over the real j;  c^k_i = V_k Σ_j α^k_ij h_j

    c_i = [c^1_i ; …] is as large as a state of the memory. The weights that are shown, and that count as coverage, are
    the mean of the heads' weights. A single head differs from `AdditiveAttention` by V, and by how v starts.

    Args:
        heads: the number of heads. It divides `size` and the size of the memory.
        size: units of all scoring networks together.

    Raises:
        UserError: an option is out of its range.
    """

    def __init__(self, sizes: Sizes, heads: int = 4, size: int = 256) -> None:
        super().__init__()
        check_size(self, size)
        if not 1 <= heads <= size or size % heads or sizes.memory % heads:
            rule = f"must divide size ({size}) and the units of a memory state ({sizes.memory})"
            raise OptionError(type(self), f"heads: {rule}, not {heads}")
        self.vector_size, self.attends = sizes.memory, True
        self.query = nn.Linear(sizes.query, size)  # all W_k
        self.key = nn.Linear(sizes.memory, size, bias=False)  # all U_k
        self.score = nn.Parameter(torch.empty(heads, size // heads))  # all v_k
        self.value = nn.Parameter(torch.empty(heads, sizes.memory // heads, sizes.memory))  # all V_k
        nn.init.xavier_uniform_(self.score)
        initialise_input_weight(self.value.view(-1, sizes.memory), heads)

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.key(memory.values)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        hidden = torch.tanh(self.query(query).unsqueeze(2) + memory.keys.unsqueeze(1))
        hidden = hidden.view(*hidden.shape[:-1], *self.score.shape)
        scores = (hidden * self.score).sum(dim=-1)  # (batch, beam, source, heads)
        weights = masked_softmax(scores.movedim(-1, 1), memory.mask[:, None, None])  # (batch, heads, beam, source)
        means = weights @ memory.values.unsqueeze(1)  # (batch, heads, beam, memory)
        vectors = means @ self.value.transpose(1, 2)
        return vectors.transpose(1, 2).flatten(2), weights.mean(dim=1)


class DotAttention(Context):
    """Attention that scores with a product (Luong, Pham, Manning 2015, equation 8, "general"). The query is s_{i−1}.

    e_ij = s_{i−1}ᵀ W h_j;  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, True
        self.key = nn.Linear(sizes.memory, sizes.query, bias=False)  # W

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.key(memory.values)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        return attend(query @ memory.keys.transpose(1, 2), memory)


class FixedContext(Context):
    """The bottleneck: every step reads the same vector, the encoder's last states (Cho et al. 2014, equation 3).

    The paper's vector is tanh(V h_T) of one direction; this one is [→h_T ; ←h_1] itself.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, False

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        return memory.summary.unsqueeze(1).expand(-1, query.shape[1], -1), zero_weights(query, memory)


class NoContext(Context):
    """The tighter bottleneck: the memory sets the decoder's first state and is not read again (Sutskever et al. 2014).

    The context vector has size 0. The bridge and the readout, which also sees E y_{i−1}, are not in the paper.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = 0, False

    def gate_projection(self, cell: Cell) -> nn.Module:
        return ZeroProjection()

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam 0"], Float[Tensor, "batch beam source"]]:
        return query[..., :0], zero_weights(query, memory)


class ZeroProjection(nn.Module):
    """A gate projection for a context vector of size 0. It has no parameters and adds zero to each gate."""

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_pre_hook(drop_empty_weight)  # type: ignore[no-untyped-call]

    def forward(self, vector: Float[Tensor, "batch beam 0"]) -> Float[Tensor, "batch beam 1"]:
        """Return one zero for each hypothesis, which broadcasts over its gates."""
        return vector.new_zeros(*vector.shape[:-1], 1)


def drop_empty_weight(module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Ignore the weight of shape (4 · hidden, 0) that older runs stored, when a linear layer stood in this place."""
    weight = state_dict.get(f"{prefix}weight")
    if weight is not None and not weight.numel():
        del state_dict[f"{prefix}weight"]


def check_size(attention: Context, size: int) -> None:
    """Check the units of a scoring network.

    Raises:
        OptionError: there are too few or too many.
    """
    if not 1 <= size <= LARGEST_SIZE:
        rule = "must be at least 1" if size < 1 else f"must be at most {LARGEST_SIZE:,}"
        raise OptionError(type(attention), f"size: {rule}, not {size}")
