"""The bridge from the encoder's last states to the decoder's first ones."""

import torch
from torch import nn

from seq2seq.model.cells.cell import Cell, CellState


class Bridge(nn.ModuleDict):
    """A layer that makes a decoder layer's first state: h = tanh(W [→h ; ←h] + b), and c = V [→c ; ←c] + d of an LSTM.

    Each tensor of the state comes from the encoder's tensor of the same name. If the encoder's cell has no such tensor,
    it comes from the encoder's h: an LSTM after a GRU starts with c = V [→h ; ←h] + d.

    Bahdanau et al. (2015, appendix A.2.2) have s_0 = tanh(W_s ←h_1), from the backward direction alone. Sutskever et
    al. (2014) and Luong et al. (2015) hand the encoder's states on as they are.

    Args:
        memory: size of a memory state.
        cell: the decoder layer's cell.
    """

    def __init__(self, memory: int, cell: Cell) -> None:
        super().__init__({name: nn.Linear(memory, cell.hidden) for name in cell.state_type._fields})
        self.state_type = cell.state_type

    def forward(self, last: CellState) -> CellState:
        """Return a state with tensors (batch, 1, hidden), from one encoder layer's last states (batch, memory)."""
        given = last._asdict()
        state = {name: layer(given.get(name, last.hidden)).unsqueeze(1) for name, layer in self.items()}
        return self.state_type(**{**state, "hidden": torch.tanh(state["hidden"])})
