"""The decoder: single steps and teacher forcing give the same results, for every way to read the memory."""

import pytest
import torch
from hypothesis import given
from random_models import (
    CELLS,
    CONTEXTS,
    VOCABULARY,
    each_attention,
    each_context,
    lengths,
    quick,
    random_batch,
    random_memory,
    seeds,
    small_model,
)
from torch import Tensor

from seq2seq.errors import OptionError
from seq2seq.model.cells.lstm import LSTMState
from seq2seq.model.context import ContextFactory
from seq2seq.model.decoder import Decoder, DecoderOptions, State
from seq2seq.model.encoder import EncoderOptions, Memory
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions
from seq2seq.search.step import reorder_hypotheses

MEMORY = 8  # size of a memory state of `small_model`
each_height = pytest.mark.parametrize("layers", [(1, 1), (2, 2), (3, 3), (1, 3), (3, 1), (2, 3)], ids=str)


def step_through(decoder: Decoder, memory: Memory, state: State, tokens: Tensor) -> tuple[Tensor, list[State]]:
    """Return the logits (batch, target, vocabulary) and the state after each token."""
    logits, states = [], []
    for token in tokens.unbind(1):
        logit, state = decoder.step(memory, state, token.unsqueeze(1))
        logits.append(logit)
        states.append(state)
    return torch.cat(logits, dim=1), states


@each_height
@each_context
def test_steps_agree_with_teacher_forcing(factory: ContextFactory, layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, layers), random_batch([2, 5, 3])
    memory, state = model.encode(batch.source, batch.source_mask)
    assert [leaf.shape for layer in state.layers for leaf in layer] == [(3, 1, 7)] * 2 * layers[1]
    readouts, weights = model.decoder(memory, state, batch.inputs)
    logits, states = step_through(model.decoder, memory, state, batch.inputs)
    torch.testing.assert_close(logits, model.decoder.vocabulary(readouts))
    for step, after in enumerate(states):
        torch.testing.assert_close(after.coverage[:, 0], weights[:, : step + 1].sum(dim=1))


@each_context
def test_steps_agree_with_teacher_forcing_for_random_lengths(factory: ContextFactory) -> None:
    @quick
    @given(lengths, seeds)
    def agree(sizes: list[int], seed: int) -> None:
        torch.manual_seed(seed)
        model, batch = small_model(factory), random_batch(sizes)
        memory, state = model.encode(batch.source, batch.source_mask)
        readouts, _ = model.decoder(memory, state, batch.inputs)
        logits, _ = step_through(model.decoder, memory, state, batch.inputs)
        torch.testing.assert_close(logits, model.decoder.vocabulary(readouts))

    agree()


@each_context
def test_a_readout_does_not_depend_on_later_tokens(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory), random_batch([5, 5])
    changed = batch.inputs.clone()
    changed[:, 3] = (batch.inputs[:, 3] + 1) % VOCABULARY
    encoded = model.encode(batch.source, batch.source_mask)
    same = (model.decoder(*encoded, batch.inputs)[0] == model.decoder(*encoded, changed)[0]).all(
        dim=-1
    )  # (batch, target)
    assert same[:, :3].all()
    assert not same[:, 3:].any()


@each_context
def test_hypotheses_are_independent_of_each_other(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 2)), random_batch([4, 2])
    memory, state = model.encode(batch.source, batch.source_mask)
    beam = reorder_hypotheses(state, torch.zeros(2, 3, dtype=torch.long))
    steps = torch.randint(VOCABULARY, (2, 2, 3))  # (steps, batch, beam)
    for tokens in steps:
        logits, beam = model.decoder.step(memory, beam, tokens)
    for index in range(3):
        single = state
        for tokens in steps:
            logit, single = model.decoder.step(memory, single, tokens[:, index : index + 1])
        torch.testing.assert_close(logits[:, index : index + 1], logit)
        torch.testing.assert_close(reorder_hypotheses(beam, torch.full((2, 1), index)), single)


@each_attention
def test_weights_are_distributions_over_real_tokens(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory), random_batch([2, 5, 3])
    _, weights = model.decoder(*model.encode(batch.source, batch.source_mask), batch.inputs)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(batch.inputs.shape))
    assert (weights.masked_select(~batch.source_mask.unsqueeze(1)) == 0).all()


@pytest.mark.parametrize("name", CONTEXTS)
def test_attention_weights_depend_on_the_last_token_only_with_the_option(name: str) -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS[name]), random_batch([5])
    memory, state = model.encode(batch.source, batch.source_mask)
    coverages = [model.decoder.step(memory, state, torch.tensor([[token]]))[1].coverage for token in (4, 5)]
    assert torch.allclose(*coverages) == (name != "sees-last-word" and not name.startswith("luong"))


def test_without_context_values_are_never_read() -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["none"]), random_batch([5, 3])
    memory, state = model.encode(batch.source, batch.source_mask)
    spoiled = memory._replace(values=torch.full_like(memory.values, torch.nan), keys=memory.keys * torch.nan)
    for expected, actual in zip(
        model.decoder(memory, state, batch.inputs), model.decoder(spoiled, state, batch.inputs), strict=True
    ):
        assert torch.equal(expected, actual)


@each_height
def test_a_layer_starts_from_the_encoder_layer_of_its_height(layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    encoder_layers, decoder_layers = layers
    memory = random_memory([3], size=MEMORY, layers=encoder_layers)
    decoder = small_model(layers=layers).decoder
    state = decoder.initial_state(memory)
    started_from = []
    for height in range(encoder_layers):
        last = LSTMState(*(leaf.clone() for leaf in memory.last))
        for leaf in last:
            leaf[:, height] += 0.1
        other = decoder.initial_state(memory._replace(last=last))
        changed = []
        for before, after in zip(state.layers, other.layers, strict=True):
            differences = torch.stack([old != new for old, new in zip(before, after, strict=True)])
            assert differences.all() == differences.any()
            changed.append(differences.all())
        started_from.append(torch.stack(changed))
    heights = torch.stack(started_from).float().argmax(dim=0).tolist()  # of each decoder layer
    expected = {(1, 1): [0], (2, 2): [0, 1], (3, 3): [0, 1, 2], (1, 3): [0, 0, 0], (3, 1): [2], (2, 3): [0, 1, 1]}
    assert heights == expected[layers]
    assert (torch.stack(started_from).sum(dim=0) == torch.ones(decoder_layers)).all()


def test_forget_gates_start_open() -> None:
    decoder = DecoderOptions(hidden=7, layers=2)
    model = EncoderDecoder(ModelOptions(5, EncoderOptions(4), decoder), VOCABULARY, VOCABULARY, joint=True)
    for cell in model.decoder.cells:
        assert (cell.input.bias.chunk(4)[1] == 1).all()


@pytest.mark.parametrize("encoder", CELLS)
@pytest.mark.parametrize("decoder", CELLS)
def test_the_bridge_makes_the_decoders_state_from_what_the_encoder_has(encoder: str, decoder: str) -> None:
    torch.manual_seed(0)
    model, batch = small_model(cells=(CELLS[encoder], CELLS[decoder])), random_batch([3])
    memory, state = model.encode(batch.source, batch.source_mask)
    [bridge], [layer] = model.decoder.bridges, state.layers
    assert type(layer) is model.decoder.cells[0].state_type
    torch.testing.assert_close(layer.hidden, bridge["hidden"](memory.last.hidden).tanh())
    if "lstm" in decoder:
        source = memory.last.cell if "lstm" in encoder else memory.last.hidden  # type: ignore[attr-defined]
        torch.testing.assert_close(layer.cell, bridge["cell"](source))  # type: ignore[attr-defined]
    assert sorted(bridge.keys()) == sorted(layer._fields)  # type: ignore[attr-defined]


def test_residual_connections_add_the_input_of_each_layer_from_the_second_on() -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(1, 3), residual=(False, True)), random_batch([4])
    decoder, (_, state) = model.decoder, model.encode(batch.source, batch.source_mask)
    projected = torch.randn(1, 1, decoder.cells[0].projected_size)
    layers, output, _ = decoder.run_cells(projected, state.layers)
    hidden = [layer.hidden for layer in layers]
    torch.testing.assert_close(output, hidden[0] + hidden[1] + hidden[2])
    third, _ = decoder.cells[2](hidden[0] + hidden[1], state.layers[2])
    torch.testing.assert_close(layers[2], third)
    with pytest.raises(OptionError, match=r"^residual: .* set layers to 2 or more$"):
        DecoderOptions(residual=True)


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(2, 2), dropout=0.5, state_dropout=0.5), random_batch([5, 3])
    encoded = model.encode(batch.source, batch.source_mask)
    first, second = (model.decoder(*encoded, batch.inputs)[0] for _ in range(2))
    assert torch.equal(first, second)
    model.train()
    first, second = (model.decoder(*encoded, batch.inputs)[0] for _ in range(2))
    assert not torch.equal(first, second)


def test_state_dropout_has_one_mask_for_all_steps_of_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(2, 2), state_dropout=0.5), random_batch([6, 6, 4])
    encoded = model.encode(batch.source, batch.source_mask)
    hiddens: list[Tensor] = []
    recurrent_step = model.decoder.recurrent_step

    def spy(memory: Memory, state: State, gates: Tensor, query: Tensor) -> object:
        hidden, cell = state.layers[-1]
        hiddens.append(hidden.detach())
        assert (cell != 0).all()  # the memory cells are never dropped
        return recurrent_step(memory, state, gates, query)

    monkeypatch.setattr(model.decoder, "recurrent_step", spy)
    model.decoder.train()
    model.decoder(*encoded, batch.inputs)
    dropped = torch.stack(hiddens) == 0  # (target, batch, 1, hidden)
    assert (dropped == dropped[0]).all()
    assert dropped.any()
    assert not dropped.all()
    assert not torch.equal(dropped[0, 0], dropped[0, 1])
