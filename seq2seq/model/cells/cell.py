"""What all recurrent cells have in common: their contract, and how their weights start.

In the equations of the cells, x is the input, h the hidden state, c an LSTM's memory cell, and ⊙ the element-wise
product. Tensors may have any number of leading dimensions, `*batch`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn


@runtime_checkable
class CellState(Protocol):
    """What a cell hands from one step to the next: a NamedTuple of tensors (*batch, hidden).

    A state has what its cell needs, and nothing else: an LSTM's has h and c, a GRU's has h alone.
    """

    @property
    def hidden(self) -> Tensor: ...  # h, in (-1, 1): what the cell hands to the next layer, the context and the readout

    def __iter__(self) -> Iterator[Tensor]: ...

    def _asdict(self) -> dict[str, Tensor]: ...

    def _replace(self, *, hidden: Tensor) -> "CellState": ...


class Cell(nn.Module, ABC):
    """One step of a recurrent network: a state and an input become the next state.

    W x + b does not depend on the state. For a sequence, `project` computes it for all steps in one product, and `step`
    then does the rest, one step at a time. If an input has a part that is known only during the steps, such as a
    context vector, the product of this part is added to `projected`.

    A cell of one's own sets the two class attributes and writes `step`.

    Args:
        inputs: size of the input x.
        hidden: units.
        bias: whether W x has a bias b.

    Attributes:
        state_type: the NamedTuple that a state is; see `CellState`.
        matrices: how many matrices (hidden, inputs) W consists of, one below the other: one for each gate, and one for
            the candidate. U has as many matrices (hidden, hidden).
        hidden: units, the size of each tensor of a state.
        projected_size: the size of what `project` returns.
    """

    state_type: ClassVar[Any]
    matrices: ClassVar[int]

    def __init__(self, inputs: int, hidden: int, bias: bool = True) -> None:
        super().__init__()
        self.hidden = hidden
        self.projected_size = self.matrices * hidden
        self.input = nn.Linear(inputs, self.projected_size, bias)  # W and b
        self.recurrent = nn.Linear(hidden, self.projected_size, bias=False)  # U
        initialise_input_weight(self.input.weight, self.matrices)
        initialise_recurrent_weight(self.recurrent.weight, self.matrices)
        if bias:
            nn.init.zeros_(self.input.bias)

    @classmethod
    def count_parameters(cls, inputs: int, hidden: int) -> int:
        """Return the number of weights of a cell before it is built, without those of layer normalisation."""
        return cls.matrices * hidden * (inputs + hidden + 1)

    def project(self, inputs: Float[Tensor, "*batch input"]) -> Float[Tensor, "*batch projected"]:
        """Return W x + b, the part of a step that the input alone decides."""
        return self.input(inputs)

    @abstractmethod
    def step(self, projected: Float[Tensor, "*batch projected"], state: Any) -> tuple[Any, Any]:
        """Return the next state, and the gates of one time step as a NamedTuple.

        Args:
            projected: comes from `project`. It need not be added to U h: a GRU's reset gate comes between the two.
            state: the state before the step, of `state_type`.
        """

    def forward(self, inputs: Float[Tensor, "*batch input"], state: Any) -> tuple[Any, Any]:
        """Return the next state and the gates."""
        return self.step(self.project(inputs), state)

    def zero_state(self, projected: Float[Tensor, "*batch projected"]) -> Any:
        """Return the state before the first step of a sequence, for as many sequences as `projected` has."""
        zeros = projected.new_zeros(*projected.shape[:-1], self.hidden)
        return self.state_type(*(zeros for _ in self.state_type._fields))


CellFactory = Callable[[int, int], Cell]  # a cell's class, or a `partial` of one: sizes of input and state → a cell


def stack_records(records: Iterable[Any], dim: int) -> Any:
    """Stack the tensors of NamedTuples, states or gates, along a new dimension."""
    first, *others = records
    return type(first)(*(torch.stack(tensors, dim) for tensors in zip(first, *others, strict=True)))


@torch.no_grad()
def initialise_input_weight(weight: Float[Tensor, "projected input"], matrices: int) -> None:
    """Draw the weights that read an input, Glorot-uniform (Glorot & Bengio 2010).

    Each gate is drawn as a matrix of its own, because Glorot's range depends on the size of the output.

    Args:
        weight: the gates' matrices, one below the other. They are drawn from torch's global generator, like the
            weights of every torch module.
        matrices: how many matrices there are.
    """
    for matrix in weight.chunk(matrices):
        nn.init.xavier_uniform_(matrix)


@torch.no_grad()
def initialise_recurrent_weight(weight: Float[Tensor, "projected hidden"], matrices: int) -> None:
    """Draw the weights that read the state, orthogonal, so that repeated steps keep its size (Saxe et al. 2014).

    See `initialise_input_weight` for the arguments.
    """
    for matrix in weight.chunk(matrices):
        nn.init.orthogonal_(matrix)
