"""The memory task: a network sees a symbol, then distractors, then a query, and must name the symbol.

It separates two questions. Can a cell hold something over a gap, and can it learn to? One network of each cell is
trained on all gaps, so that the short gaps teach it first. Further networks, with the same weights at the start, are
each trained on a single gap. They only have the gradient that reaches back over this gap.

The tasks of Hochreiter & Schmidhuber (1997, section 5) and of Bengio, Simard & Frasconi (1994) are of this kind.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from seq2seq.insight.decay import DecayCurve, DecaySamples
from seq2seq.insight.state_gradients import Backwards, state_gradients
from seq2seq.model.cells.cell import CellFactory, stack_records
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.cells.rnn import RNNCell
from seq2seq.model.recurrent_layer import make_layers, unroll
from seq2seq.seeding import check_seed, mix_seeds

CELLS: dict[str, CellFactory] = {"RNN": RNNCell, "GRU": GRUCell, "LSTM": LSTMCell}
GAPS = (5, 10, 20, 50, 100)  # distractors between the symbol and the query
SYMBOLS = 8
DISTRACTORS = 8
INPUTS = SYMBOLS + DISTRACTORS + 1  # one-hot; the last one is the query
HIDDEN = 32
UPDATES = 600  # of each training
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
LARGEST_NORM = 1.0  # of a gradient; a larger one is scaled down
TEST_SIZE = 500  # sequences of each gap
GRADIENT_SIZE = 100  # sequences of the longest gap

Progress = Callable[[int, int], None]  # takes the work that is done and the whole work


@dataclass(frozen=True)
class CellReport:
    """What one cell does in the memory task."""

    cell: str  # "RNN", "GRU" or "LSTM"
    parameters: int  # of a network
    solved_mixed: list[float]  # for each gap, the share of new sequences that are solved after training on all gaps
    solved_alone: list[float]  # for each gap, the same after training on this gap alone
    at_start: list[DecayCurve]  # ∂loss/∂h_{T−k} and ∂loss/∂c_{T−k} before training, at the longest gap
    after_training: list[DecayCurve]  # the same after training on all gaps


@dataclass(frozen=True)
class MemoryTaskReport:
    """The results of the memory task. Naming a symbol at random solves 1 / `symbols`."""

    seed: int
    gaps: list[int]  # distractors between the symbol and the query
    symbols: int
    distractors: int
    hidden: int  # units of each network
    updates: int  # of each training
    batch_size: int
    test_size: int  # sequences of each gap
    cells: list[CellReport]


class Sequences(NamedTuple):
    """A batch of the task. All of its sequences have the same gap."""

    inputs: Float[Tensor, "batch steps input"]  # one-hot
    symbols: Int[Tensor, " batch"]  # to be named


class Network(nn.Module):
    """A recurrent layer, and a projection of its last h to the symbols."""

    def __init__(self, cell: CellFactory, hidden: int) -> None:
        super().__init__()
        [self.layer] = make_layers(cell, [INPUTS], hidden, bidirectional=False)
        self.output = nn.Linear(hidden, SYMBOLS)

    def forward(self, inputs: Float[Tensor, "batch steps input"]) -> Float[Tensor, "batch symbol"]:
        """Return the logits of the symbols after the last step."""
        _, last = self.layer(inputs, torch.full((len(inputs),), inputs.shape[1]))
        logits: Tensor = self.output(last.hidden)
        return logits


def run_memory_task(
    seed: int,
    gaps: Sequence[int] = GAPS,
    hidden: int = HIDDEN,
    updates: int = UPDATES,
    progress: Progress = lambda done, total: None,
) -> MemoryTaskReport:
    """Train the cells on the memory task, on the CPU, and measure what they solve and how their gradients decay.

    The same arguments give the same result on the same machine and with the same number of threads. torch's global
    generator is left as it was.

    Args:
        seed: for the weights and the sequences.
        gaps: numbers of distractors, in ascending order.
        hidden: units of each network.
        updates: of each training.
        progress: is called after each update. The work is counted in steps of the cells.

    Raises:
        UserError: the seed is out of its range.
    """
    check_seed(seed)
    trainings = [list(gaps), *([gap] for gap in gaps)]  # the gaps of each training; they take turns
    total = len(CELLS) * sum(training_steps(training, updates) for training in trainings)
    done = 0

    def count(steps: int) -> None:
        nonlocal done
        done += steps
        progress(done, total)

    cells = []
    for name, cell in CELLS.items():
        start = new_network(cell, hidden, seed)
        mixed, *alone = (train(start, training, updates, seed, count) for training in trainings)
        cells.append(
            CellReport(
                cell=name,
                parameters=sum(parameter.numel() for parameter in start.parameters()),
                solved_mixed=[solved(mixed, gap, seed) for gap in gaps],
                solved_alone=[solved(network, gap, seed) for network, gap in zip(alone, gaps, strict=True)],
                at_start=decay_curves(start, max(gaps), seed),
                after_training=decay_curves(mixed, max(gaps), seed),
            )
        )
    return MemoryTaskReport(seed, list(gaps), SYMBOLS, DISTRACTORS, hidden, updates, BATCH_SIZE, TEST_SIZE, cells)


def training_steps(gaps: Sequence[int], updates: int) -> int:
    """Return the number of steps of a cell in all updates of a training."""
    return sum(gaps[update % len(gaps)] + 2 for update in range(updates))


def new_network(cell: CellFactory, hidden: int, seed: int) -> Network:
    """Return an untrained network. All trainings of a cell start from it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Network(cell, hidden)


def train(start: Network, gaps: Sequence[int], updates: int, seed: int, count: Callable[[int], None]) -> Network:
    """Return a trained copy of a network. The gaps take turns.

    Args:
        count: is called after each update, with the number of its steps.
    """
    network = copy.deepcopy(start)
    generator = torch.Generator().manual_seed(mix_seeds(seed, *gaps))
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, LEARNING_RATE)
    for update in range(updates):
        sequences = draw_sequences(gaps[update % len(gaps)], BATCH_SIZE, generator)
        loss = cross_entropy(network(sequences.inputs), sequences.symbols)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, LARGEST_NORM)
        optimizer.step()
        count(sequences.inputs.shape[1])
    return network


def draw_sequences(gap: int, size: int, generator: torch.Generator) -> Sequences:
    """Draw sequences: a symbol, `gap` distractors, and the query."""
    symbols = torch.randint(SYMBOLS, (size,), generator=generator)
    distractors = torch.randint(SYMBOLS, SYMBOLS + DISTRACTORS, (size, gap), generator=generator)
    query = torch.full((size, 1), INPUTS - 1)
    return Sequences(one_hot(torch.cat([symbols.unsqueeze(1), distractors, query], dim=1), INPUTS).float(), symbols)


@torch.no_grad()
def solved(network: Network, gap: int, seed: int) -> float:
    """Return the share of new sequences whose symbol the network names."""
    sequences = draw_sequences(gap, TEST_SIZE, torch.Generator().manual_seed(mix_seeds(seed, gap, 1)))
    right = int((network(sequences.inputs).argmax(dim=1) == sequences.symbols).sum())
    return right / TEST_SIZE


def decay_curves(network: Network, gap: int, seed: int) -> list[DecayCurve]:
    """Return the curves of ∂loss/∂h_{T−k} (and of c), where T is the query's step, and of the keeping gate's product.

    Our own cells compute them in double precision: a trained network's loss is nearly 0, and so are its gradients.
    """
    network = copy.deepcopy(network).double()
    sequences = draw_sequences(gap, GRADIENT_SIZE, torch.Generator().manual_seed(mix_seeds(seed, gap, 2)))
    [cell] = network.layer.looped().cells
    states, gates = zip(*unroll(cell, sequences.inputs.double()), strict=True)
    loss = cross_entropy(network.output(states[-1].hidden), sequences.symbols, reduction="sum")
    gradients = state_gradients([loss], states[::-1])
    samples = DecaySamples()
    backwards = Backwards(stack_records(gradients, dim=1), stack_records(gates[::-1], dim=1))
    samples.add(
        Backwards(*(type(part)(*(leaf.detach() for leaf in part)) for part in backwards)), torch.ones(1, 1).bool()
    )
    return samples.curves()
