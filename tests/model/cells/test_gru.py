"""The GRU does what its equations and the names of its gates say."""

from functools import partial

import torch
from cell_cases import GRU, HIDDEN, INPUTS, random_cell, random_state

from seq2seq.model.cells.gru import GRUCell


def test_the_gru_gates_do_what_their_names_say() -> None:
    torch.manual_seed(4)
    state = random_state(GRU, 7, HIDDEN)
    after, gates = random_cell(GRU)(torch.randn(7, INPUTS, dtype=torch.double), state)
    torch.testing.assert_close(after.hidden, torch.lerp(gates.candidate, state.hidden, gates.update))


def test_layer_normalisation_is_its_equation() -> None:
    torch.manual_seed(9)
    cell = random_cell(GRU._replace(ours=partial(GRUCell, layer_norm=True)))
    x, state = torch.randn(INPUTS, dtype=torch.double), random_state(GRU, HIDDEN)

    def normalise(values: torch.Tensor) -> torch.Tensor:
        return (values - values.mean()) / (values.var(correction=0) + 1e-5).sqrt()

    both = slice(0, 2 * HIDDEN), slice(2 * HIDDEN, None)
    (input_gates, input_candidate), (hidden_gates, hidden_candidate) = (
        [normalise(product[part]) for part in both]
        for product in (cell.input.weight @ x, cell.recurrent.weight @ state.hidden)
    )
    gates = input_gates * cell.input_gates_norm.weight + cell.input_gates_norm.bias
    reset, update = (gates + hidden_gates * cell.recurrent_gates_norm.weight).sigmoid().chunk(2)
    candidate = input_candidate * cell.input_candidate_norm.weight + cell.input_candidate_norm.bias
    from_state = hidden_candidate * cell.recurrent_candidate_norm.weight + cell.reset_bias
    candidate = (candidate + reset * from_state).tanh()
    torch.testing.assert_close(cell(x, state)[0].hidden, update * state.hidden + (1 - update) * candidate)
