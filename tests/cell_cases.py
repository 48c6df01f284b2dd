"""The recurrent cells, with random parameters and states, for the tests of the cells."""

from functools import partial
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from seq2seq.model.cells.gru import GRUCell, GRUState
from seq2seq.model.cells.lstm import LSTMCell, LSTMState, PeepholeLSTMCell
from seq2seq.model.cells.rnn import RNNCell, RNNState

INPUTS, HIDDEN = 3, 4


class Case(NamedTuple):
    ours: Any
    state: Any  # the state's NamedTuple
    gates: int


RNN = Case(RNNCell, RNNState, 1)
LSTM = Case(LSTMCell, LSTMState, 4)
PEEPHOLE = Case(PeepholeLSTMCell, LSTMState, 4)
GRU = Case(GRUCell, GRUState, 3)
PLAIN = [pytest.param(case, id=case.ours.__name__) for case in (RNN, LSTM, PEEPHOLE, GRU)]
NORMALISED = [
    pytest.param(case._replace(ours=partial(case.ours, layer_norm=True)), id=f"{case.ours.__name__}-layer_norm")
    for case in (RNN, LSTM, PEEPHOLE, GRU)
]
CASES = [*PLAIN, *NORMALISED]


def random_cell(case: Case, inputs: int = INPUTS, hidden: int = HIDDEN) -> Any:
    """Return a cell in double precision with random parameters, because the initial zeros would hide mistakes."""
    cell: nn.Module = case.ours(inputs, hidden).double()
    for parameter in cell.parameters():
        nn.init.normal_(parameter)
    return cell


def random_state(case: Case, *shape: int) -> Any:
    return case.state(*(torch.randn(*shape, dtype=torch.double, requires_grad=True) for _ in case.state._fields))
