"""The trace of a search is of the search that translates, and its hypotheses fit together."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import CONTEXTS, quick, seeds, small_model

from seq2seq.errors import UserError
from seq2seq.insight.search_trace import LARGEST_BEAM, translate_traced
from seq2seq.search.options import SearchOptions
from seq2seq.search.trace import EMPTY, SearchTrace
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.translator import Translator

SENTENCES = ["der Hund sieht die Katze", "wir", "ein Schüler liest das Buch im Haus"]
PREFIXES = ["", "the", "the dog sees a"]

searches = st.builds(
    SearchOptions,
    beam_size=st.integers(1, 6),
    length_penalty=st.sampled_from([0.0, 0.6, 1.0, -1.0]),
    coverage_penalty=st.sampled_from([0.0, 0.3]),
    max_length=st.sampled_from([3, 12]),
)


def random_translator(translator: Translator, context: str, seed: int) -> Translator:
    """Return a translator with a random model that often takes EOS."""
    torch.manual_seed(seed)
    model = small_model(CONTEXTS[context], vocabulary=translator.tokenizer.target_size)
    with torch.no_grad():
        model.decoder.vocabulary.bias[EOS] += 3
    return Translator(model, translator.tokenizer, translator.options)


def check_trace(trace: SearchTrace) -> None:
    """Check everything that holds for the trace of any search of a sentence that is not blank."""
    live = {EMPTY: 0.0}
    open_slots = trace.options.beam_size
    next_id = EMPTY + 1
    for number, step in enumerate(trace.steps, start=1):
        states = [hypothesis.state for hypothesis in step.hypotheses]
        kept = len(states) - states.count("pruned")
        assert [hypothesis.id for hypothesis in step.hypotheses] == [*range(next_id, next_id + len(states))]
        assert {hypothesis.parent for hypothesis in step.hypotheses} == live.keys()
        assert kept == min(open_slots, len(states))
        assert states[kept:] == ["pruned"] * (len(states) - kept)
        for better, worse in pairwise(step.hypotheses):
            assert better.log_probability >= worse.log_probability
        for hypothesis in step.hypotheses:
            total = torch.tensor(live[hypothesis.parent]) + torch.tensor(hypothesis.token_log_probability)
            assert hypothesis.log_probability == total.item()
            assert hypothesis.token_probability == pytest.approx(torch.tensor(hypothesis.token_log_probability).exp())
            if hypothesis.state != "pruned":
                assert (hypothesis.state == "finished") == (hypothesis.token_id == EOS)
        if step.is_forced:
            assert len(states) == len(live)
        is_last = number == len(trace.steps)
        assert ("goes on" in states) == (not is_last)
        assert is_last or "dropped" not in states
        assert (step.best_reachable_score is None) == (not {"goes on", "dropped"} & {*states})
        live = {each.id: each.log_probability for each in step.hypotheses if each.state == "goes on"}
        open_slots -= states.count("finished")
        next_id += len(states)


def check_finished(trace: SearchTrace) -> None:
    """Check the finished hypotheses of any search of a sentence that is not blank."""
    considered = {hypothesis.id: hypothesis for step in trace.steps for hypothesis in step.hypotheses}
    ended = {hypothesis.id for hypothesis in considered.values() if hypothesis.state == "finished"}
    assert sorted(hypothesis.id for hypothesis in trace.finished) == sorted(ended)
    assert trace.winner == trace.finished[0].id
    for better, worse in pairwise(trace.finished):
        assert better.score >= worse.score
    for hypothesis in trace.finished:
        path = [considered[number] for number in trace.path(hypothesis.id)]
        assert hypothesis.token_ids == [each.token_id for each in path]
        assert hypothesis.tokens == [each.token for each in path]
        assert hypothesis.log_probability == path[-1].log_probability
        penalty = ((5 + len(path)) / 6) ** trace.options.length_penalty
        assert hypothesis.length_penalty == pytest.approx(penalty)
        assert hypothesis.coverage <= 0
        total = hypothesis.log_probability / penalty + hypothesis.coverage
        assert hypothesis.score == pytest.approx(total, rel=1e-5, abs=1e-5)
    reachable = trace.steps[-1].best_reachable_score
    assert reachable is None or reachable <= trace.finished[trace.options.n_best - 1].score


@pytest.mark.parametrize("context", ["additive", "luong", "fixed", "none"])
@settings(quick, max_examples=25)
@given(
    seed=seeds, options=searches, sentence=st.sampled_from(SENTENCES), prefix=st.sampled_from(PREFIXES), data=st.data()
)
def test_a_trace_is_of_the_search_that_translates(
    translator: Translator,
    context: str,
    seed: int,
    options: SearchOptions,
    sentence: str,
    prefix: str,
    data: st.DataObject,
) -> None:
    own = random_translator(translator, context, seed)
    n_best = data.draw(st.integers(1, options.beam_size))
    options = replace(options, n_best=n_best, coverage_penalty=options.coverage_penalty * own.attends)
    _, trace = translate_traced(own, sentence, options, prefix)
    [translations] = own.n_best([sentence], options, prefix)
    assert [(hypothesis.text, hypothesis.score) for hypothesis in trace.finished[:n_best]] == [
        (translation.text, translation.score) for translation in translations
    ]
    for hypothesis, translation in zip(trace.finished, translations, strict=False):
        assert tuple(hypothesis.token_ids) == translation.parts[0].target_ids
        assert tuple(hypothesis.tokens) == translation.parts[0].target_tokens
        assert hypothesis.log_probability == translation.log_probability
    best = own.translate(sentence, options, prefix=prefix)
    assert (trace.finished[0].text, trace.finished[0].score) == (best.text, best.score)
    check_trace(trace)
    check_finished(trace)
    prefix_ids = own.tokenizer.encode_target([prefix])[0][:-1]
    for step, token in zip(trace.steps, prefix_ids, strict=False):
        assert step.is_forced
        assert [hypothesis.token_id for hypothesis in step.hypotheses] == [token]
    assert json.loads(json.dumps(asdict(trace), allow_nan=False))["winner"] == trace.winner


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_context_can_be_traced(translator: Translator, context: str) -> None:
    _, trace = translate_traced(random_translator(translator, context, 1), SENTENCES[0], SearchOptions(4, max_length=8))
    check_trace(trace)
    check_finished(trace)


def test_a_trace_says_what_was_searched(translator: Translator) -> None:
    _, trace = translate_traced(translator, SENTENCES[0], prefix="the")
    assert trace.sentence == SENTENCES[0]
    assert trace.prefix == "the"
    assert trace.options == translator.options
    ids = translator.tokenizer.encode_source([SENTENCES[0]])[0]
    assert tuple(trace.source_tokens) == translator.tokenizer.source_tokens(ids)
    assert [step.is_forced for step in trace.steps[-1:]] == [True]  # EOS at the greatest length


def test_a_blank_sentence_is_not_searched(translator: Translator) -> None:
    _, trace = translate_traced(translator, " \t", prefix="the")
    assert (trace.source_tokens, trace.steps, trace.finished, trace.winner) == ([], [], [], None)


def test_samples_and_huge_beams_are_refused(translator: Translator) -> None:
    with pytest.raises(UserError, match=r"search\.sampling"):
        translate_traced(translator, SENTENCES[0], SearchOptions(sampling=True))
    with pytest.raises(UserError, match=f"the most is {LARGEST_BEAM}"):
        translate_traced(translator, SENTENCES[0], SearchOptions(LARGEST_BEAM + 1))
