"""Search with a model: it agrees with teacher forcing, and a sentence alone is translated as in a batch."""

from dataclasses import replace

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
    sentences,
    small_model,
)

from seq2seq.errors import UserError
from seq2seq.model.context import ContextFactory
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch, pad
from seq2seq.text.special_tokens import EOS, PAD
from seq2seq.translation.decoding import search_model

BEAM = SearchOptions(beam_size=4, n_best=4, max_length=8)
SAMPLING = SearchOptions(beam_size=3, n_best=3, max_length=8, sampling=True, temperature=1.5)


@each_context
def test_ids_at_padding_do_not_matter(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 1)), random_batch([5, 2, 3])
    other_padding = batch.source.masked_fill(~batch.source_mask, 5)
    options = replace(BEAM, coverage_penalty=0.3 if model.attends else 0.0)
    assert search_model(model, batch.source, batch.source_mask, options) == search_model(
        model, other_padding, batch.source_mask, options
    )


@each_context
@pytest.mark.parametrize("options", [BEAM, SAMPLING], ids=["beam", "sampling"])
def test_search_and_teacher_forcing_agree_on_probabilities(factory: ContextFactory, options: SearchOptions) -> None:
    torch.manual_seed(0)
    model = small_model(factory, (2, 3))
    source, mask = pad(sentences([4, 1, 6]))
    translations = search_model(model, source, mask, options, generator=torch.Generator().manual_seed(1))
    for row, hypotheses in enumerate(translations):
        assert len(hypotheses) == options.n_best
        targets = [list(hypothesis.tokens) for hypothesis in hypotheses]
        assert all(EOS < token < VOCABULARY for target in targets for token in target)
        batch = Batch.from_ids([source[row, mask[row]].tolist()] * len(targets), [[*target, EOS] for target in targets])
        expected = model.log_probabilities(batch).sum(dim=1)
        actual = torch.tensor([hypothesis.log_probability for hypothesis in hypotheses])
        torch.testing.assert_close(actual, expected)


@each_context
@quick
@given(lengths, seeds)
def test_a_sentence_alone_is_translated_as_in_a_batch(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, rows = small_model(factory), sentences(sizes)
    options = replace(BEAM, beam_size=3, n_best=2, coverage_penalty=0.3 if model.attends else 0.0)
    together = search_model(model, *pad(rows), options)
    for row, expected in zip(rows, together, strict=True):
        [alone] = search_model(model, *pad([row]), options)
        assert [hypothesis.tokens for hypothesis in alone] == [hypothesis.tokens for hypothesis in expected]
        for hypothesis, expected_hypothesis in zip(alone, expected, strict=True):
            assert hypothesis.log_probability == pytest.approx(expected_hypothesis.log_probability, abs=1e-4)
            assert hypothesis.score == pytest.approx(expected_hypothesis.score, abs=1e-4)


def test_a_translation_has_at_most_twice_the_sources_tokens_and_ten() -> None:
    torch.manual_seed(0)
    model = small_model()
    with torch.no_grad():
        model.decoder.vocabulary.bias[EOS] = -1e4  # no hypothesis ends before its limit
    source, mask = pad(sentences([2, 7]))
    translations = search_model(model, source, mask, SearchOptions(beam_size=2))
    assert [len(best.tokens) for [best] in translations] == [2 * 3 + 10, 2 * 8 + 10]
    [[best], _] = search_model(model, source, mask, SearchOptions(beam_size=2, max_length=4))
    assert len(best.tokens) == 4


def test_translations_begin_with_the_prefix() -> None:
    torch.manual_seed(0)
    model = small_model()
    prefix = torch.tensor([[7, 8], [9, PAD]])
    first, second = search_model(model, *pad(sentences([3, 4])), BEAM, prefix)
    assert all(hypothesis.tokens[:2] == (7, 8) for hypothesis in first)
    assert all(hypothesis.tokens[:1] == (9,) for hypothesis in second)


def test_the_coverage_penalty_changes_scores_and_needs_attention() -> None:
    torch.manual_seed(0)
    source, mask = pad(sentences([5, 3]))
    plain, covering = (replace(BEAM, coverage_penalty=beta) for beta in (0.0, 2.0))
    model = small_model()
    scores = [
        [hypothesis.score for hypotheses in search_model(model, source, mask, options) for hypothesis in hypotheses]
        for options in (plain, covering)
    ]
    assert scores[0] != scores[1]
    for name in ("fixed", "none"):
        with pytest.raises(UserError, match="coverage_penalty"):
            search_model(small_model(CONTEXTS[name]), source, mask, covering)
