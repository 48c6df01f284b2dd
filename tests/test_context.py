"""The four ways to read memory: what holds for each of them, and what sets them apart."""

import pytest
import torch
from examples import CONTEXTS, each_attention, each_context, lengths, quick, random_memory, seeds
from hypothesis import given
from torch import Tensor

from seq2seq.context import AdditiveAttention, Context, ContextFactory, Memory, Sizes
from seq2seq.errors import UserError
from seq2seq.tensors import select

MEMORY, QUERY, WORD = 6, 7, 5


def make(factory: ContextFactory) -> Context:
    return factory(Sizes(MEMORY, QUERY, WORD))


def ask(context: Context, memory: Memory, query: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """All three calls: query (batch, width, query), words (batch, width, word)."""
    prepared = memory._replace(keys=context.prepare(memory))
    vector, weights = context(query, context.word_share(words), prepared)
    return vector, weights


def questions(sentences: int, width: int) -> tuple[Tensor, Tensor]:
    return torch.randn(sentences, width, QUERY), torch.randn(sentences, width, WORD)


@each_context
@quick
@given(lengths, seeds)
def test_weights_sum_to_1_over_real_words_or_are_zero(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    context, memory = make(factory), random_memory(sizes)
    vector, weights = ask(context, memory, *questions(len(sizes), 3))
    assert vector.shape == (len(sizes), 3, context.vector_size)
    assert weights.shape == (len(sizes), 3, max(sizes))
    assert (weights.masked_select(~memory.mask.unsqueeze(1)) == 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.full((len(sizes), 3), float(context.attends)))
    assert (weights >= 0).all()


@each_context
@quick
@given(lengths, seeds)
def test_a_sentence_alone_is_read_as_in_a_batch(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    context, memory = make(factory), random_memory(sizes)
    query, words = questions(len(sizes), 2)
    vector, weights = ask(context, memory, query, words)
    for row, size in enumerate(sizes):
        alone = select(memory, torch.tensor([row]))
        alone = alone._replace(values=alone.values[:, :size], mask=alone.mask[:, :size], keys=alone.keys[:, :size])
        found = ask(context, alone, query[row : row + 1], words[row : row + 1])
        torch.testing.assert_close(found, (vector[row : row + 1], weights[row : row + 1, :, :size]))


@each_context
def test_hypotheses_read_memory_each_for_itself(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    context, memory = make(factory), random_memory([3, 5])
    query, words = questions(2, 3)
    together = ask(context, memory, query, words)
    apart = [ask(context, memory, query[:, i : i + 1], words[:, i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, tuple(torch.cat(parts, dim=1) for parts in zip(*apart, strict=True)))


@pytest.mark.parametrize("name", ["additive", "sees-last-word"])
def test_additive_attention_is_its_equation(name: str) -> None:
    torch.manual_seed(0)
    context, memory = make(CONTEXTS[name]), random_memory([4, 2])
    query, words = questions(2, 3)
    vector, weights = ask(context, memory, query, words)
    parts = dict(context.named_parameters())
    for row, size in enumerate([4, 2]):
        for i in range(3):
            asked = parts["query.weight"] @ query[row, i] + parts["query.bias"]
            if name == "sees-last-word":
                asked = asked + parts["word.weight"] @ words[row, i]
            scores = [
                parts["score.weight"][0] @ torch.tanh(asked + parts["key.weight"] @ memory.values[row, j])
                for j in range(size)
            ]
            expected = torch.stack(scores).softmax(dim=0)
            torch.testing.assert_close(weights[row, i, :size], expected)
            torch.testing.assert_close(vector[row, i], expected @ memory.values[row, :size])


def test_dot_attention_is_its_equation() -> None:
    torch.manual_seed(0)
    context, memory = make(CONTEXTS["dot"]), random_memory([4, 2])
    query, words = questions(2, 3)
    vector, weights = ask(context, memory, query, words)
    weight = dict(context.named_parameters())["key.weight"]
    for row, size in enumerate([4, 2]):
        for i in range(3):
            expected = torch.stack([query[row, i] @ weight @ memory.values[row, j] for j in range(size)]).softmax(dim=0)
            torch.testing.assert_close(weights[row, i, :size], expected)
            torch.testing.assert_close(vector[row, i], expected @ memory.values[row, :size])


@each_attention
def test_attention_looks_where_the_query_tells_it_to(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    context, memory = make(factory), random_memory([5])
    query, words = questions(1, 2)
    _, weights = ask(context, memory, query, words[:, :1].expand(-1, 2, -1))
    assert not torch.allclose(weights[:, 0], weights[:, 1])


@pytest.mark.parametrize("name", CONTEXTS)
def test_only_the_option_lets_the_last_word_steer_attention(name: str) -> None:
    torch.manual_seed(0)
    context, memory = make(CONTEXTS[name]), random_memory([5])
    query, words = questions(1, 2)
    _, weights = ask(context, memory, query[:, :1].expand(-1, 2, -1), words)
    assert torch.allclose(weights[:, 0], weights[:, 1]) == (name != "sees-last-word")


def test_the_fixed_context_is_the_summary_whatever_is_asked() -> None:
    torch.manual_seed(0)
    context, memory = make(CONTEXTS["fixed"]), random_memory([5, 3])
    vector, _ = ask(context, memory, *questions(2, 3))
    assert torch.equal(vector, memory.summary.unsqueeze(1).expand(-1, 3, -1))
    other, _ = ask(context, memory._replace(values=torch.randn_like(memory.values)), *questions(2, 3))
    assert torch.equal(vector, other)


def test_no_context_is_nothing() -> None:
    context = make(CONTEXTS["none"])
    assert context.vector_size == 0
    assert sum(parameter.numel() for parameter in context.parameters()) == 0


def test_attention_needs_a_network_to_score_with() -> None:
    with pytest.raises(UserError, match=r"model\.decoder\.context\.size: must be at least 1, not 0"):
        AdditiveAttention(Sizes(MEMORY, QUERY, WORD), size=0)
