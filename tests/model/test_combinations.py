"""Every combination of cells, directions, layers and contexts keeps the promises of a model."""

import torch
from hypothesis import given, settings
from model_combinations import Combination, combinations
from random_models import lengths, quick, random_batch, seeds, sentences, single_pair

from seq2seq.search.step import map_leaves, reorder_hypotheses
from seq2seq.text.batch import pad

many = settings(max_examples=60, deadline=None, derandomize=True)


@many
@given(combinations, lengths, seeds)
def test_steps_agree_with_teacher_forcing(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch(sizes)
    memory, state = model.encode(batch.source, batch.source_mask)
    readouts, weights = model.decoder(memory, state, batch.inputs)
    for step, tokens in enumerate(batch.inputs.unbind(1)):
        logits, after = model.decoder.step(memory, state, tokens.unsqueeze(1))
        torch.testing.assert_close(logits[:, 0], model.decoder.vocabulary(readouts[:, step]))
        torch.testing.assert_close((after.coverage - state.coverage)[:, 0], weights[:, step])
        assert [type(layer) for layer in after.layers] == [cell.state_type for cell in model.decoder.cells]
        state = after


@many
@given(combinations, lengths, seeds)
def test_a_batch_agrees_with_its_single_pairs(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch(sizes)
    log_probabilities, weights = model.log_probabilities(batch), model.align(batch)
    for row, real in enumerate(batch.target_mask):
        alone = single_pair(batch, row)
        torch.testing.assert_close(log_probabilities[row, real], model.log_probabilities(alone)[0])
        torch.testing.assert_close(weights[row, real][:, batch.source_mask[row]], model.align(alone)[0])
        assert (weights[row][:, ~batch.source_mask[row]] == 0).all()


@many
@given(combinations, lengths, seeds)
def test_more_padding_changes_nothing(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch(sizes)
    source, mask = (torch.cat([leaf, torch.zeros_like(leaf[:, :2])], dim=1) for leaf in batch[:2])
    source = source.masked_fill(~mask, 5)
    padded = batch._replace(source=source, source_mask=mask)
    torch.testing.assert_close(model.log_probabilities(padded), model.log_probabilities(batch))


@many
@given(combinations, seeds)
def test_gradients_reach_every_parameter(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model = combination.build(dropout=0.1).train()
    model.log_probabilities(random_batch([5, 3, 4])).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@many
@given(combinations, seeds)
def test_hypotheses_are_independent_of_each_other(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch([4, 2])
    memory, state = model.encode(batch.source, batch.source_mask)
    beam = reorder_hypotheses(state, torch.zeros(2, 2, dtype=torch.long))
    tokens = torch.tensor([[4, 5], [6, 7]])
    logits, after = model.decoder.step(memory, beam, tokens)
    for index in range(2):
        logit, single = model.decoder.step(memory, state, tokens[:, index : index + 1])
        torch.testing.assert_close(logits[:, index : index + 1], logit)
        torch.testing.assert_close(map_leaves(lambda leaf, i=index: leaf[:, i : i + 1], after), single)  # type: ignore[misc]


@quick
@given(combinations, lengths, seeds)
def test_the_trace_is_what_the_encoder_computed(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    encoder, rows = combination.build().eval().encoder, sentences(sizes)
    source, mask = pad(rows)
    memory, traces = encoder(source, mask), encoder.trace(source, mask)
    assert len(traces) == len(encoder.layers)
    top = torch.cat([direction.states.hidden for direction in traces[-1]], dim=-1)
    if combination.residual and len(traces) > 1:
        return  # the memory has the sum of the top layer's states and its inputs
    torch.testing.assert_close(top[mask], memory.values[mask], rtol=1e-4, atol=1e-5)


@quick
@given(combinations, lengths, seeds)
def test_a_trace_has_a_sentences_gates_whatever_stands_beside_it(
    combination: Combination, sizes: list[int], seed: int
) -> None:
    torch.manual_seed(seed)
    encoder, rows = combination.build().eval().encoder, sentences(sizes)
    together = encoder.trace(*pad(rows))
    for index, row in enumerate(rows):
        for layer, layer_alone in zip(together, encoder.trace(*pad([row])), strict=True):
            for direction, alone in zip(layer, layer_alone, strict=True):
                for record, record_alone in zip(direction, alone, strict=True):
                    for values, values_alone in zip(record, record_alone, strict=True):
                        torch.testing.assert_close(values[index, : len(row)], values_alone[0], rtol=1e-4, atol=1e-5)


@quick
@given(combinations, lengths, seeds)
def test_the_decoders_trace_is_what_it_computed(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build().eval(), random_batch(sizes)
    memory, state = model.encode(batch.source, batch.source_mask)
    traces = model.decoder.trace(memory, state, batch.inputs)
    for step, tokens in enumerate(batch.inputs.unbind(1)):
        _, state = model.decoder.step(memory, state, tokens.unsqueeze(1))
        for trace, layer, cell in zip(traces, state.layers, model.decoder.cells, strict=True):
            for values, expected in zip(trace.states, layer, strict=True):
                torch.testing.assert_close(values[:, step], expected[:, 0])
            assert isinstance(trace.states, cell.state_type)
            assert all(values.shape == trace.states.hidden.shape for values in trace.gates)
