"""The model as a whole: what it is asked for agrees with itself, alone or in a batch, searching or scoring."""

from dataclasses import replace

import pytest
import torch
from examples import (
    CONTEXTS,
    VOCABULARY,
    each_context,
    lengths,
    one,
    quick,
    random_batch,
    seeds,
    sentences,
    small_model,
)
from hypothesis import given

from seq2seq.batch import Batch
from seq2seq.context import ContextFactory
from seq2seq.errors import UserError
from seq2seq.model import coverage
from seq2seq.search import SearchOptions
from seq2seq.tensors import pad
from seq2seq.vocabulary import EOS, PAD

BEAM = SearchOptions(width=4, n_best=4, max_length=8)
SAMPLING = SearchOptions(width=3, n_best=3, max_length=8, sampling=True, temperature=1.5)


@each_context
@quick
@given(lengths, seeds)
def test_a_batch_is_its_pairs_one_by_one(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(factory, (2, 2)), random_batch(sizes)
    log_probabilities, weights = model.log_probabilities(batch), model.align(batch)
    assert (log_probabilities[~batch.target_mask] == 0).all()
    for row, real in enumerate(batch.target_mask):
        alone = one(batch, row)
        torch.testing.assert_close(log_probabilities[row, real], model.log_probabilities(alone)[0])
        torch.testing.assert_close(weights[row, real][:, batch.source_mask[row]], model.align(alone)[0])
        assert (weights[row][:, ~batch.source_mask[row]] == 0).all()


@each_context
def test_what_stands_on_padding_is_not_read(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 1)), random_batch([5, 2, 3])
    rubbish = Batch(
        batch.source.masked_fill(~batch.source_mask, 5),
        batch.source_mask,
        *(ids.masked_fill(~batch.target_mask, 5) for ids in (batch.inputs, batch.labels)),
        batch.target_mask,
    )
    torch.testing.assert_close(model.log_probabilities(batch), model.log_probabilities(rubbish))
    options = replace(BEAM, coverage_penalty=0.3 if model.decoder.context.attends else 0.0)
    assert model.search(batch.source, batch.source_mask, options) == model.search(
        rubbish.source, batch.source_mask, options
    )


def test_logits_are_in_the_order_of_the_real_labels() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([2, 4])
    logits = model(batch)
    assert logits.shape == (int(batch.target_mask.sum()), VOCABULARY)
    expected = torch.cat([model(one(batch, row)) for row in range(2)])
    torch.testing.assert_close(logits, expected)


@each_context
@pytest.mark.parametrize("options", [BEAM, SAMPLING], ids=["beam", "sampling"])
def test_search_and_teacher_forcing_agree_on_probabilities(factory: ContextFactory, options: SearchOptions) -> None:
    torch.manual_seed(0)
    model = small_model(factory, (2, 3))
    source, mask = pad(sentences([4, 1, 6]))
    found = model.search(source, mask, options, generator=torch.Generator().manual_seed(1))
    for row, hypotheses in enumerate(found):
        assert len(hypotheses) == options.n_best
        words = [list(hypothesis.words) for hypothesis in hypotheses]
        assert all(EOS < word < VOCABULARY for said in words for word in said)
        batch = Batch.of([source[row, mask[row]].tolist()] * len(words), [[*said, EOS] for said in words])
        expected = model.log_probabilities(batch).sum(dim=1)
        torch.testing.assert_close(torch.tensor([one.log_probability for one in hypotheses]), expected)


@each_context
@quick
@given(lengths, seeds)
def test_a_sentence_alone_is_translated_as_in_a_batch(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, rows = small_model(factory), sentences(sizes)
    options = replace(BEAM, width=3, n_best=2, coverage_penalty=0.3 if model.decoder.context.attends else 0.0)
    together = model.search(*pad(rows), options)
    for row, expected in zip(rows, together, strict=True):
        [alone] = model.search(*pad([row]), options)
        assert [hypothesis.words for hypothesis in alone] == [hypothesis.words for hypothesis in expected]
        for ours, theirs in zip(alone, expected, strict=True):
            assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-4)
            assert ours.score == pytest.approx(theirs.score, abs=1e-4)


def test_a_translation_is_at_most_twice_its_source_and_ten() -> None:
    torch.manual_seed(0)
    model = small_model()
    with torch.no_grad():
        model.decoder.vocabulary.bias[EOS] = -1e4  # it would never end
    source, mask = pad(sentences([2, 7]))
    found = model.search(source, mask, SearchOptions(width=2))
    assert [len(best.words) for [best] in found] == [2 * 3 + 10, 2 * 8 + 10]
    [[best], _] = model.search(source, mask, SearchOptions(width=2, max_length=4))
    assert len(best.words) == 4


def test_translations_begin_with_the_prefix() -> None:
    torch.manual_seed(0)
    model = small_model()
    prefix = torch.tensor([[7, 8], [9, PAD]])
    found = model.search(*pad(sentences([3, 4])), BEAM, prefix)
    assert all(hypothesis.words[:2] == (7, 8) for hypothesis in found[0])
    assert all(hypothesis.words[:1] == (9,) for hypothesis in found[1])


@quick
@given(lengths, seeds)
def test_coverage_is_wu_et_al_equation_14(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(), random_batch(sizes)
    memory, state = model.start(batch.source, batch.source_mask)
    for words in batch.inputs.unbind(1):
        _, state = model.step(memory, state, words.unsqueeze(1))
    weights = model.align(batch).detach()
    for row, found in enumerate(coverage(memory, state)[:, 0].detach()):
        expected = 0.0
        for word in range(int(batch.source_mask[row].sum())):
            attended = weights[row, :, word].sum()  # over all steps, padding's too: none of these has finished
            expected += float(attended.clamp(min=1e-3, max=1.0).log())
        assert float(found) == pytest.approx(expected, abs=1e-4)
        assert found <= 0


def test_coverage_matters_to_search_only_where_there_is_attention() -> None:
    torch.manual_seed(0)
    source, mask = pad(sentences([5, 3]))
    plain, covering = (replace(BEAM, coverage_penalty=beta) for beta in (0.0, 2.0))
    model = small_model()
    scores = [
        [one.score for best in model.search(source, mask, options) for one in best] for options in (plain, covering)
    ]
    assert scores[0] != scores[1]
    for name in ("fixed", "none"):
        with pytest.raises(UserError, match="coverage_penalty"):
            small_model(CONTEXTS[name]).search(source, mask, covering)


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


@pytest.mark.parametrize("layers", [(1, 1), (3, 1), (1, 3)], ids=str)
@each_context
def test_gradients_reach_every_parameter(factory: ContextFactory, layers: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = small_model(factory, layers, joint=False, tied=False, dropout=0.1, state_dropout=0.1).train()
    model.log_probabilities(random_batch([5, 3, 4])).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any() or not parameter.numel(), name


def test_evaluation_mode_is_deterministic() -> None:
    torch.manual_seed(0)
    model, batch = small_model(dropout=0.5, state_dropout=0.5), random_batch([5, 3])
    assert torch.equal(model.log_probabilities(batch), model.log_probabilities(batch))
    model.train()
    assert not torch.equal(model.log_probabilities(batch), model.log_probabilities(batch))
