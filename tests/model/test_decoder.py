"""The decoder: single steps and teacher forcing give the same results, for every way to read the memory."""

import pytest
import torch
from hypothesis import given
from random_models import (
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

from seq2seq.model.attention import ContextFactory
from seq2seq.model.cells import LSTMState
from seq2seq.model.decoder import Decoder, DecoderOptions, State, stack_layers, unstack_layers
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Memory
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
    assert state.hidden.shape == state.cell.shape == (3, 1, layers[1], 7)
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
    assert torch.allclose(*coverages) == (name != "sees-last-word")


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
        hidden, cell = memory.hidden.clone(), memory.cell.clone()
        hidden[:, height] += 0.1
        cell[:, height] += 0.1
        other = decoder.initial_state(memory._replace(hidden=hidden, cell=cell))
        for before, after in zip(state[:2], other[:2], strict=True):
            changed = (before != after).all(dim=-1)[0, 0]
            assert torch.equal(changed, (before != after).any(dim=-1)[0, 0])
        started_from.append(changed)
    heights = torch.stack(started_from).float().argmax(dim=0).tolist()  # of each decoder layer
    expected = {(1, 1): [0], (2, 2): [0, 1], (3, 3): [0, 1, 2], (1, 3): [0, 0, 0], (3, 1): [2], (2, 3): [0, 1, 1]}
    assert heights == expected[layers]
    assert (torch.stack(started_from).sum(dim=0) == torch.ones(decoder_layers)).all()


def test_forget_gates_start_open() -> None:
    embedding = Embedding(VOCABULARY, 5)
    for cell in Decoder(embedding, MEMORY, DecoderOptions(hidden=7, layers=2), tied=True).cells:
        assert (cell.input.bias.chunk(4)[1] == 1).all()


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

    def spy(memory: Memory, layers: list[LSTMState], gates: Tensor, query: Tensor) -> object:
        hiddens.append(layers[-1].hidden.detach())
        assert (layers[-1].cell != 0).all()  # the memory cells are never dropped
        return recurrent_step(memory, layers, gates, query)

    monkeypatch.setattr(model.decoder, "recurrent_step", spy)
    model.decoder.train()
    model.decoder(*encoded, batch.inputs)
    dropped = torch.stack(hiddens) == 0  # (target, batch, 1, hidden)
    assert (dropped == dropped[0]).all()
    assert dropped.any()
    assert not dropped.all()
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_unstack_layers_is_the_inverse_of_stack_layers() -> None:
    layers = [LSTMState(torch.randn(2, 3, 4), torch.randn(2, 3, 4)) for _ in range(3)]
    for before, after in zip(layers, unstack_layers(stack_layers(layers, torch.zeros(2, 3, 5))), strict=True):
        assert torch.equal(before.hidden, after.hidden)
        assert torch.equal(before.cell, after.cell)
