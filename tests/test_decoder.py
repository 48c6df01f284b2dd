"""The decoder: a step at a time it says what it says when the words are given, for every way to read memory."""

import pytest
import torch
from examples import (
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
from hypothesis import given
from torch import Tensor

from seq2seq.cells import LSTMState
from seq2seq.context import ContextFactory, Memory
from seq2seq.decoder import Decoder, DecoderOptions, State, stack, unstack
from seq2seq.embedding import Embedding
from seq2seq.tensors import reorder

MEMORY = 8  # a memory state of `small_model`'s encoder
each_height = pytest.mark.parametrize("layers", [(1, 1), (2, 2), (3, 3), (1, 3), (3, 1), (2, 3)], ids=str)


def one_by_one(decoder: Decoder, memory: Memory, state: State, words: Tensor) -> tuple[Tensor, list[State]]:
    """Logits (batch, target, vocabulary) and the states after each word."""
    logits, states = [], []
    for word in words.unbind(1):
        logit, state = decoder.step(memory, state, word.unsqueeze(1))
        logits.append(logit)
        states.append(state)
    return torch.cat(logits, dim=1), states


@each_height
@each_context
def test_steps_say_what_the_unrolled_decoder_says(factory: ContextFactory, layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, layers), random_batch([2, 5, 3])
    memory, state = model.start(batch.source, batch.source_mask)
    assert state.hidden.shape == state.cell.shape == (3, 1, layers[1], 7)
    readouts, weights = model.decoder(memory, state, batch.inputs)
    logits, states = one_by_one(model.decoder, memory, state, batch.inputs)
    torch.testing.assert_close(logits, model.decoder.vocabulary(readouts))
    for step, after in enumerate(states):
        torch.testing.assert_close(after.coverage[:, 0], weights[:, : step + 1].sum(dim=1))


@each_context
def test_steps_and_unrolling_agree_on_random_lengths(factory: ContextFactory) -> None:
    @quick
    @given(lengths, seeds)
    def agree(sizes: list[int], seed: int) -> None:
        torch.manual_seed(seed)
        model, batch = small_model(factory), random_batch(sizes)
        memory, state = model.start(batch.source, batch.source_mask)
        readouts, _ = model.decoder(memory, state, batch.inputs)
        logits, _ = one_by_one(model.decoder, memory, state, batch.inputs)
        torch.testing.assert_close(logits, model.decoder.vocabulary(readouts))

    agree()


@each_context
def test_a_word_is_said_without_knowing_what_comes_after_it(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory), random_batch([5, 5])
    changed = batch.inputs.clone()
    changed[:, 3] = (batch.inputs[:, 3] + 1) % VOCABULARY
    start = model.start(batch.source, batch.source_mask)
    same = (model.decoder(*start, batch.inputs)[0] == model.decoder(*start, changed)[0]).all(dim=-1)  # (batch, target)
    assert same[:, :3].all()
    assert not same[:, 3:].any()


@each_context
def test_hypotheses_share_a_memory(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 2)), random_batch([4, 2])
    memory, state = model.start(batch.source, batch.source_mask)
    wide = reorder(state, torch.zeros(2, 3, dtype=torch.long))
    words = torch.randint(VOCABULARY, (2, 2, 3))  # (steps, batch, width)
    for word in words:
        logits, wide = model.decoder.step(memory, wide, word)
    for place in range(3):
        narrow = state
        for word in words:
            logit, narrow = model.decoder.step(memory, narrow, word[:, place : place + 1])
        torch.testing.assert_close(logits[:, place : place + 1], logit)
        torch.testing.assert_close(reorder(wide, torch.full((2, 1), place)), narrow)


@each_attention
def test_weights_are_distributions_over_real_words(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory), random_batch([2, 5, 3])
    _, weights = model.decoder(*model.start(batch.source, batch.source_mask), batch.inputs)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(batch.inputs.shape))
    assert (weights.masked_select(~batch.source_mask.unsqueeze(1)) == 0).all()


@pytest.mark.parametrize("name", CONTEXTS)
def test_only_the_option_lets_the_last_word_steer_attention(name: str) -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS[name]), random_batch([5])
    memory, state = model.start(batch.source, batch.source_mask)
    coverages = [model.decoder.step(memory, state, torch.tensor([[word]]))[1].coverage for word in (4, 5)]
    assert torch.allclose(*coverages) == (name != "sees-last-word")


def test_without_context_values_are_never_read() -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["none"]), random_batch([5, 3])
    memory, state = model.start(batch.source, batch.source_mask)
    rubbish = memory._replace(values=torch.full_like(memory.values, torch.nan), keys=memory.keys * torch.nan)
    for ours, theirs in zip(
        model.decoder(memory, state, batch.inputs), model.decoder(rubbish, state, batch.inputs), strict=True
    ):
        assert torch.equal(ours, theirs)


@each_height
def test_a_layer_starts_from_the_encoder_layer_of_its_height(layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    encoder_layers, decoder_layers = layers
    memory = random_memory([3], size=MEMORY, layers=encoder_layers)
    decoder = small_model(layers=layers).decoder
    _, state = decoder.start(memory)
    started_from = []
    for height in range(encoder_layers):
        hidden, cell = memory.hidden.clone(), memory.cell.clone()
        hidden[:, height] += 0.1
        cell[:, height] += 0.1
        _, other = decoder.start(memory._replace(hidden=hidden, cell=cell))
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
    start = model.start(batch.source, batch.source_mask)
    once, again = (model.decoder(*start, batch.inputs)[0] for _ in range(2))
    assert torch.equal(once, again)
    model.train()
    once, again = (model.decoder(*start, batch.inputs)[0] for _ in range(2))
    assert not torch.equal(once, again)


def test_state_dropout_is_one_mask_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(2, 2), state_dropout=0.5), random_batch([6, 6, 4])
    start = model.start(batch.source, batch.source_mask)
    read: list[Tensor] = []
    advance = model.decoder.advance

    def spy(memory: Memory, layers: list[LSTMState], gates: Tensor, share: Tensor) -> object:
        read.append(layers[-1].hidden.detach())
        assert (layers[-1].cell != 0).all()  # what is to be remembered is not dropped
        return advance(memory, layers, gates, share)

    monkeypatch.setattr(model.decoder, "advance", spy)
    model.decoder.train()
    model.decoder(*start, batch.inputs)
    dropped = torch.stack(read) == 0  # (target, batch, 1, hidden)
    assert (dropped == dropped[0]).all()
    assert dropped.any()
    assert not dropped.all()
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_stack_is_undone_by_unstack() -> None:
    layers = [LSTMState(torch.randn(2, 3, 4), torch.randn(2, 3, 4)) for _ in range(3)]
    for before, after in zip(layers, unstack(stack(layers, torch.zeros(2, 3, 5))), strict=True):
        assert torch.equal(before.hidden, after.hidden)
        assert torch.equal(before.cell, after.cell)
