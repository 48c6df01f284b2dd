"""The whole model: its results are consistent, alone and in a batch, and its parameters are as its options say."""

import pytest
import torch
from hypothesis import given
from random_models import (
    CONTEXTS,
    VOCABULARY,
    each_context,
    lengths,
    quick,
    random_batch,
    seeds,
    single_pair,
    small_model,
)

from seq2seq.model.context import ContextFactory
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder import EncoderOptions
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions
from seq2seq.text.batch import Batch


@each_context
@quick
@given(lengths, seeds)
def test_a_batch_agrees_with_its_single_pairs(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(factory, (2, 2)), random_batch(sizes)
    log_probabilities, weights = model.log_probabilities(batch), model.align(batch)
    assert (log_probabilities[~batch.target_mask] == 0).all()
    for row, real in enumerate(batch.target_mask):
        alone = single_pair(batch, row)
        torch.testing.assert_close(log_probabilities[row, real], model.log_probabilities(alone)[0])
        torch.testing.assert_close(weights[row, real][:, batch.source_mask[row]], model.align(alone)[0])
        assert (weights[row][:, ~batch.source_mask[row]] == 0).all()


@each_context
def test_ids_at_padding_do_not_matter(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 1)), random_batch([5, 2, 3])
    other_padding = Batch(
        batch.source.masked_fill(~batch.source_mask, 5),
        batch.source_mask,
        *(ids.masked_fill(~batch.target_mask, 5) for ids in (batch.inputs, batch.labels)),
        batch.target_mask,
    )
    torch.testing.assert_close(model.log_probabilities(batch), model.log_probabilities(other_padding))


def test_logits_are_in_the_order_of_the_real_labels() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([2, 4])
    logits = model(batch)
    assert logits.shape == (int(batch.target_mask.sum()), VOCABULARY)
    expected = torch.cat([model(single_pair(batch, row)) for row in range(2)])
    torch.testing.assert_close(logits, expected)


@quick
@given(lengths, seeds)
def test_log_coverage_is_wu_et_al_equation_14(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(), random_batch(sizes)
    memory, state = model.encode(batch.source, batch.source_mask)
    for tokens in batch.inputs.unbind(1):
        _, state = model.step(memory, state, tokens.unsqueeze(1))
    weights = model.align(batch).detach()
    for row, log_coverage in enumerate(model.log_coverage(memory, state)[:, 0].detach()):
        expected = 0.0
        for token in range(int(batch.source_mask[row].sum())):
            attended = weights[row, :, token].sum()  # over all steps, those on padding as well: none has finished
            expected += float(attended.clamp(min=1e-3, max=1.0).log())
        assert float(log_coverage) == pytest.approx(expected, abs=1e-4)
        assert log_coverage <= 0


@pytest.mark.parametrize("joint", [True, False])
def test_tied_embeddings_are_one_parameter(joint: bool) -> None:
    model = small_model(joint=joint, tied=True)
    target = model.decoder.embedding.weight
    assert model.decoder.vocabulary.weight is target
    assert (model.encoder.embedding.weight is target) == joint
    untied = small_model(joint=joint, tied=False)
    assert (
        len({untied.decoder.embedding.weight, untied.decoder.vocabulary.weight, untied.encoder.embedding.weight}) == 3
    )


@each_context
def test_the_seed_decides_the_parameters_and_the_context_does_not_change_the_encoders(factory: ContextFactory) -> None:
    def build(context: ContextFactory) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        options = ModelOptions(embedding=5, encoder=EncoderOptions(4), decoder=DecoderOptions(7, context=context))
        return EncoderDecoder(options, VOCABULARY, VOCABULARY, joint=True).state_dict()

    parameters = build(factory)
    torch.testing.assert_close(build(factory), parameters, rtol=0, atol=0)
    for name, value in build(CONTEXTS["additive"]).items():
        if name.startswith("encoder."):
            assert torch.equal(value, parameters[name])


@pytest.mark.parametrize("layers", [(1, 1), (3, 1), (1, 3)], ids=str)
@each_context
def test_gradients_reach_every_parameter(factory: ContextFactory, layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = small_model(factory, layers, joint=False, tied=False, dropout=0.1, state_dropout=0.1).train()
    model.log_probabilities(random_batch([5, 3, 4])).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_a_model_without_context_ignores_the_empty_weight_of_older_runs() -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["none"]), random_batch([5, 3])
    stored = model.state_dict()
    assert "decoder.context_gates.weight" not in stored
    older = {**stored, "decoder.context_gates.weight": torch.empty(28, 0)}
    loaded = small_model(CONTEXTS["none"])
    loaded.load_state_dict(older)
    assert torch.equal(loaded.log_probabilities(batch), model.log_probabilities(batch))
    with pytest.raises(RuntimeError, match="context_gates"):
        loaded.load_state_dict({**stored, "decoder.context_gates.weight": torch.zeros(28, 8)})


def test_evaluation_mode_is_deterministic() -> None:
    torch.manual_seed(0)
    model, batch = small_model(dropout=0.5, state_dropout=0.5), random_batch([5, 3])
    assert torch.equal(model.log_probabilities(batch), model.log_probabilities(batch))
    model.train()
    assert not torch.equal(model.log_probabilities(batch), model.log_probabilities(batch))


def test_the_default_models_parameters_keep_their_names_and_order() -> None:
    """Weights and optimizer states of earlier versions are read by these."""
    options = ModelOptions(5, EncoderOptions(4, layers=2), DecoderOptions(7, layers=2), tie_embeddings=False)
    names = [name for name, _ in EncoderDecoder(options, VOCABULARY, VOCABULARY, joint=False).named_parameters()]
    torchs = [
        f"{kind}_{part}_l0{way}" for way in ("", "_reverse") for kind in ("weight", "bias") for part in ("ih", "hh")
    ]
    assert names == [
        "encoder.embedding.weight",
        *(f"encoder.layers.{layer}.{name}" for layer in range(2) for name in torchs),
        "decoder.embedding.weight",
        *(f"decoder.context.{name}" for name in ("query.weight", "query.bias", "key.weight", "score.weight")),
        *(f"decoder.cells.{i}.{name}" for i in range(2) for name in ("input.weight", "input.bias", "recurrent.weight")),
        *(
            f"decoder.bridges.{i}.{name}.{kind}"
            for i in range(2)
            for name in ("hidden", "cell")
            for kind in ("weight", "bias")
        ),
        "decoder.context_gates.weight",
        "decoder.readout.weight",
        "decoder.readout.bias",
        "decoder.vocabulary.weight",
        "decoder.vocabulary.bias",
    ]
